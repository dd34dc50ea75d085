"""Workers as processes of their own, known to be alive by a lock that only death releases.

The parent takes a job's lock before the job becomes visible and hands the open file to the worker,
which keeps it for life. So a free lock always means that no worker lives: the parent was killed
before it started one, or the worker was killed. There is no moment in between, no process number
that could be reused, and nothing to clean up after a crash.
"""

import contextlib
import fcntl
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

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


class WorkerProgress(msgspec.Struct, frozen=True):
    """How far a worker has come."""

    done: int
    """Units finished."""
    total: int | None
    """Units in all; None when unknown."""
    stage: str
    """What it is doing."""


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


def write_progress(folder: Path, progress: WorkerProgress) -> None:
    """Publish progress; not made durable, as it is worth nothing after a power cut."""
    temporary = folder / f".{_PROGRESS}"
    temporary.write_bytes(msgspec.json.encode(progress))
    os.replace(temporary, folder / _PROGRESS)


def read_progress(folder: Path) -> WorkerProgress | None:
    """Return the progress published last; None when there is none."""
    try:
        return msgspec.json.decode((folder / _PROGRESS).read_bytes(), type=WorkerProgress)
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
