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
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from msgspec.structs import replace

from core.comprehend.engine import JobProgress
from core.decoding import Undecodable, decode_json
from core.errors import OperationFailed, TunerError, refusal
from core.files import locked, make_folder, open_private, sweep, take_lock
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
from core.offline.store import FolderStore

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
    """Hold a job's lock and yield its file descriptor, to be handed to a worker.

    Raises:
        TunerError: the lock's file cannot be made, or the file system knows no locks.
    """
    try:
        make_folder(folder)
        descriptor = open_private(folder / _LOCK, os.O_RDWR)
    except OSError as error:
        raise refusal(error, folder, "Cannot start a worker") from error
    try:
        while not take_lock(descriptor, folder / _LOCK):
            time.sleep(_LOOK_INTERVAL_S)
        yield descriptor
    finally:
        os.close(descriptor)


def is_running(folder: Path) -> bool:
    """Return whether a worker of this job lives, or is being started.

    Raises:
        TunerError: the lock's file cannot be opened, or the file system knows no locks.
    """
    try:
        descriptor = os.open(folder / _LOCK, os.O_RDONLY)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise refusal(error, folder / _LOCK, "Cannot look at a worker") from error
    try:
        return not take_lock(descriptor, folder / _LOCK, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


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
    with os.fdopen(open_private(folder / LOG, os.O_WRONLY | os.O_APPEND), "ab") as log:
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
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()
    with os.fdopen(open_private(temporary, os.O_WRONLY), "wb") as file:
        file.write(msgspec.json.encode(progress))
    os.replace(temporary, folder / _PROGRESS)


def read_progress(folder: Path) -> JobProgress | None:
    """Return the progress published last; None when there is none."""
    try:
        return decode_json((folder / _PROGRESS).read_bytes(), JobProgress)
    except (FileNotFoundError, NotADirectoryError, Undecodable):
        return None


def take_slot(slots: Path, count: int) -> int | None:
    """Return the descriptor of one of `count` work places, held until it is closed; else None."""
    make_folder(slots)
    for number in range(count):
        path = slots / f"{number}.lock"
        descriptor = open_private(path, os.O_RDWR)
        if take_lock(descriptor, path):
            return descriptor
        os.close(descriptor)
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
    make_folder(line)
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


_ATTEMPTS = 3
"""Workers of a job that may fail to come up before it is given up."""
MOST_KILLED = 5
"""Workers of a job that may be killed before it is given up; the others take its place."""
_COUNTS_TIMEOUT_S = 10.0
_LOOK_INTERVAL_S = 0.02
_KILLED = (
    f"INTERNAL_FAILURE: The worker process ended before the job did, {MOST_KILLED} times: it was "
    "killed, ran out of memory, or the machine restarted."
)
_NEVER_CAME_UP = "INTERNAL_FAILURE: The worker process did not come up; its log.txt says why."


def submit(folder: Path, record: Record) -> None:
    """Make a new job visible and start its worker; the caller holds the twin's lock."""
    with reserved(folder) as lock:
        save_record(folder, record)
        _start(folder, record, lock)


def current(twin: Twin, folder: Path) -> Record | None:
    """Return a job's record as it stands now; None when there is no such job."""
    record = load_record(folder)
    if record is None or not _needs_care(folder, record):
        return record
    with twin.lock():
        return settled(folder)


def described(twin: Twin, folder: Path) -> Record | None:
    """As `current`, for who asks about this job: says what the machine refuses its workers.

    Once said, the next look starts a worker again, so that the job goes on when the cause is gone.

    Raises:
        OperationFailed: the machine refuses its workers something; the job is not lost.
    """
    record = current(twin, folder)
    if record is None or record.status not in ACTIVE or not _is_stuck(record):
        return record
    with twin.lock():
        record = load_record(folder)
        if record is not None and _is_stuck(record) and not is_running(folder):
            save_record(folder, replace(record, hindrance="", hindered=0))
            raise OperationFailed(
                "The offline job cannot go on",
                record.hindrance,
                "free what is short, then repeat the command: the same job goes on",
            )
    return record


def settled(folder: Path) -> Record | None:
    """As `current`, for a caller that holds the twin's lock."""
    record = load_record(folder)
    if record is None or not _needs_care(folder, record):
        return record
    if record.status == "DELETING":
        remove_job(folder)
        _forget_texts(root_of(folder))
        return None
    follower = None if record.status == "STOP_REQUESTED" else _follower(record)
    if follower is not None:
        return record if follower is record else _restarted(folder, follower)
    _remove_output(folder, record)
    record = (
        replace(record, status="STOPPED", ended_at=clock())
        if record.status == "STOP_REQUESTED"
        else failed_record(record, _KILLED if record.is_taken else _NEVER_CAME_UP)
    )
    save_record(folder, record)
    return record


def _follower(record: Record) -> Record | None:
    """What another worker starts with; the record itself when it must wait, None to give up."""
    if _is_stuck(record):
        return record
    if record.hindrance:
        return replace(record, hindrance="")
    if record.is_taken:
        killed = record.killed + 1
        return replace(record, killed=killed, attempts=0) if killed < MOST_KILLED else None
    return replace(record, is_taken=False) if record.attempts < _ATTEMPTS else None


def _is_stuck(record: Record) -> bool:
    """Whether the machine has refused something to two workers in a row, and nobody was told."""
    return bool(record.hindrance) and record.hindered >= 2


def remove_leftovers(folder: Path, record: Record) -> None:
    """Remove the temporary files that an earlier worker of a job left when it was killed."""
    for path in folder.glob("*.tmp"):
        path.unlink(missing_ok=True)
    sweep(folder, 0.0)
    if record.output_uri is not None:
        output = FolderStore(root_of(folder) / "bucket").path_of(record.output_uri)
        sweep(output.parent, 0.0)


def _remove_output(folder: Path, record: Record) -> None:
    """Leave nothing in the bucket of a job that ends without output."""
    with contextlib.suppress(OSError, TunerError):
        remove_leftovers(folder, record)
        if record.output_uri is not None:
            FolderStore(root_of(folder) / "bucket").delete(record.output_uri)


def failed_record(record: Record, message: str) -> Record:
    """Return the record of a job that ended with an error."""
    status = "IN_ERROR" if isinstance(record, TrainingRecord) else "FAILED"
    return replace(record, status=status, message=message, ended_at=clock())


def _needs_care(folder: Path, record: Record) -> bool:
    if record.status == "DELETING":
        return clock() >= (record.deleted_at or 0) + record.behaviour.delete_s
    return record.status in ACTIVE and not is_running(folder)


def _restarted(folder: Path, record: Record) -> Record:
    record = replace(record, attempts=record.attempts + 1, is_taken=False)
    with reserved(folder) as lock:
        save_record(folder, record)
        return _start(folder, record, lock)


def _start(folder: Path, record: Record, lock: int) -> Record:
    """Start the worker; what the machine refuses it stands in the record that is returned."""
    try:
        spawn(folder, lock)
    except OSError as error:
        record = hindered(replace(record, attempts=1), error)
        save_record(folder, record)
    return record


def hindered(record: Record, error: OSError | MemoryError) -> Record:
    """Return the record of a job whose worker could not go on for want of what a machine gives."""
    refused = refusal(error)
    return replace(
        record,
        hindrance=f"{refused.title}: {refused.message}",
        hindered=record.hindered + 1,
        is_taken=False,
    )


def _forget_texts(root: Path) -> None:
    """Remove the counts of texts with the last classifier of a twin, whatever its region.

    A worker keeps counts under the same lock and while its job has a record, so none can bring
    them back.
    """
    if any(root.glob(f"*/classifiers/*/{RECORD}")):
        return
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(TunerError):
            lock = locked(root / COUNTS_LOCK, "the offline twin's counts", _COUNTS_TIMEOUT_S)
            stack.enter_context(lock)
        shutil.rmtree(root / COUNTS, ignore_errors=True)
