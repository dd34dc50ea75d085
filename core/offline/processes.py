"""Workers as processes of their own, known to be alive by a lock that only death releases.

The parent takes a job's lock before the job becomes visible and hands the open file to the worker,
which keeps it for life. So a free lock always means that no worker lives: the parent was killed
before it started one, or the worker was killed. There is no moment in between, no process number
that could be reused, and nothing to clean up after a crash.
"""

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from msgspec.structs import replace

from core.comprehend.engine import JobProgress
from core.errors import TryAgain
from core.files import locked
from core.offline.records import (
    ACTIVE,
    COUNTS,
    COUNTS_LOCK,
    RECORD,
    Record,
    TrainingRecord,
    Twin,
    clock,
    load_record,
    remove_job,
    root_of,
    save_record,
)

LOG = "log.txt"
"""What a worker printed, in its job's folder."""
_LOCK = "worker.lock"
_PROGRESS = "progress.json"
_THREAD_LIMITS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
_children: list[subprocess.Popen[bytes]] = []


@contextlib.contextmanager
def reserved(folder: Path) -> Iterator[int]:
    """Hold a job's lock and yield its file descriptor, to be handed to a worker."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def is_running(folder: Path) -> bool:
    """Return whether a worker of this job lives, or is being started."""
    try:
        descriptor = os.open(folder / _LOCK, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def spawn(folder: Path, lock: int) -> None:
    """Start the worker of a job in a session of its own; it inherits the lock `lock`.

    Raises:
        OSError: the machine cannot start another process.
    """
    reap()
    package_root = str(Path(__file__).resolve().parents[2])
    paths = [package_root, *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | dict.fromkeys(_THREAD_LIMITS, "1")
    environment["PYTHONPATH"] = os.pathsep.join(paths)
    command = [sys.executable, "-P", "-m", "core.offline.worker", str(folder.resolve()), str(lock)]
    with (folder / LOG).open("ab") as log:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            env=environment,
            start_new_session=True,
            pass_fds=(lock,),
        )
    _children.append(child)


def reap() -> None:
    """Forget the children that have ended, so that none stays behind as a zombie."""
    for child in list(_children):
        if child.poll() is not None:
            with contextlib.suppress(ValueError):
                _children.remove(child)


def write_progress(folder: Path, progress: JobProgress) -> None:
    """Publish progress; not made durable, as it is worth nothing after a power cut."""
    temporary = folder / f".{_PROGRESS}"
    temporary.write_bytes(msgspec.json.encode(progress))
    os.replace(temporary, folder / _PROGRESS)


def read_progress(folder: Path) -> JobProgress | None:
    """Return the progress published last; None when there is none."""
    try:
        return msgspec.json.decode((folder / _PROGRESS).read_bytes(), type=JobProgress)
    except (FileNotFoundError, NotADirectoryError):
        return None


def take_slot(slots: Path, count: int) -> int | None:
    """Return the descriptor of one of `count` work places, held until it is closed; else None."""
    slots.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        descriptor = os.open(slots / f"{number}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            continue
        return descriptor
    return None


@contextlib.contextmanager
def in_line(root: Path, folder: Path, since: float) -> Iterator[Callable[[], int]]:
    """Stand in line for a work place; yield what tells how many living workers stand before.

    Two stand for all that may follow, so that the cost does not grow with the line.

    Args:
        root: the twin's folder.
        folder: the job's folder, three levels below.
        since: when the job was submitted, in seconds since the epoch.
    """
    line = root / "slots" / "line"
    line.mkdir(parents=True, exist_ok=True)
    own = f"{since:020.6f} {' '.join(folder.relative_to(root).parts)}"
    (line / own).touch()
    try:
        yield lambda: _number_before(line, own, root)
    finally:
        (line / own).unlink(missing_ok=True)


def _number_before(line: Path, own: str, root: Path) -> int:
    """Living workers that stand before, at most 2; the places of dead ones are removed."""
    living = 0
    for name in sorted(os.listdir(line)):
        if name >= own or living == 2:
            break
        if is_running(root.joinpath(*name.split(" ")[1:])):
            living += 1
        else:
            (line / name).unlink(missing_ok=True)
    return living


# What becomes of a job whose worker is missing, and of a resource whose deletion is due.


_ATTEMPTS = 3
_COUNTS_TIMEOUT_S = 10.0
_KILLED = (
    "INTERNAL_FAILURE: The worker process ended before the job did: it was killed, "
    "ran out of memory, or the machine restarted."
)
_NEVER_CAME_UP = "INTERNAL_FAILURE: The worker process did not come up; its log.txt says why."


def submit(folder: Path, record: Record) -> None:
    """Make a new job visible and start its worker; the caller holds the twin's lock."""
    with reserved(folder) as lock:
        save_record(folder, record)
        _start(folder, lock)


def current(twin: Twin, folder: Path) -> Record | None:
    """Return a job's record as it stands now; None when there is no such job."""
    record = load_record(folder)
    if record is None or not _needs_care(folder, record):
        return record
    with twin.lock():
        return settled(folder)


def settled(folder: Path) -> Record | None:
    """As `current`, for a caller that holds the twin's lock."""
    record = load_record(folder)
    if record is None or not _needs_care(folder, record):
        return record
    if record.status == "DELETING":
        remove_job(folder)
        _forget_texts(root_of(folder))
        return None
    if record.status == "STOP_REQUESTED":
        record = replace(record, status="STOPPED", ended_at=clock())
    elif record.is_taken:
        record = failed(record, _KILLED)
    elif record.attempts >= _ATTEMPTS:
        record = failed(record, _NEVER_CAME_UP)
    else:
        return _restarted(folder, record)
    save_record(folder, record)
    return record


def failed(record: Record, message: str) -> Record:
    """Return the record of a job that ended with an error."""
    status = "IN_ERROR" if isinstance(record, TrainingRecord) else "FAILED"
    return replace(record, status=status, message=message, ended_at=clock())


def _needs_care(folder: Path, record: Record) -> bool:
    if record.status == "DELETING":
        return clock() >= (record.deleted_at or 0) + record.behaviour.delete_s
    return record.status in ACTIVE and not is_running(folder)


def _restarted(folder: Path, record: Record) -> Record:
    record = replace(record, attempts=record.attempts + 1)
    with reserved(folder) as lock:
        save_record(folder, record)
        _start(folder, lock)
    return record


def _start(folder: Path, lock: int) -> None:
    """Start the worker; when the machine cannot, the next describe tries again."""
    with contextlib.suppress(OSError):
        spawn(folder, lock)


def _forget_texts(root: Path) -> None:
    """Remove the counts of texts with the last classifier of a twin, whatever its region.

    A worker keeps counts under the same lock and while its job has a record, so none can bring
    them back.
    """
    if any(root.glob(f"*/classifiers/*/{RECORD}")):
        return
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(TryAgain):
            lock = locked(root / COUNTS_LOCK, "the offline twin's counts", _COUNTS_TIMEOUT_S)
            stack.enter_context(lock)
        shutil.rmtree(root / COUNTS, ignore_errors=True)
