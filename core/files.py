"""The product without a terminal library: datasets, Comprehend, tuning, and the workflow."""

import contextlib
import hashlib
import os
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from core.errors import OperationFailed, TryAgain
from core.text import printable

# Files that survive being killed: atomic writes, locks, fingerprints.
#
# A reader sees the old file or the new one, never a part of either.


@contextlib.contextmanager
def atomic_writer(path: Path, mode: int = 0o600) -> Iterator[BinaryIO]:
    """Yield a binary file that replaces `path` when the block ends, and vanishes when it fails.

    Args:
        path: the file to write; its folder is made when absent.
        mode: permission bits of the new file.

    Raises:
        OperationFailed: the disk is full, or the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise _cannot_write(path, error) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        if isinstance(error, OSError):
            raise _cannot_write(path, error) from error
        raise


def write_atomic(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write `data` to `path` so that a reader sees the old content or all of the new.

    Raises:
        OperationFailed: the disk is full, or the folder cannot be written.
    """
    with atomic_writer(path, mode) as file:
        file.write(data)


def _cannot_write(path: Path, error: OSError) -> OperationFailed:
    return OperationFailed(
        "Cannot write", f"{path}: {error.strerror or error}", "check free space and permissions"
    )


def _sync_folder(folder: Path) -> None:
    """Make a finished rename survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def locked(path: Path, what: str, timeout_s: float = 0.0) -> Iterator[None]:
    """Hold the lock file `path` for the block; the lock ends with the process, however it ends.

    Args:
        path: the lock file.
        what: what is locked, in the user's words, for the error.
        timeout_s: how long to wait for another holder.

    Raises:
        TryAgain: another process holds the lock.
    """
    from filelock import FileLock, Timeout

    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path, timeout=timeout_s)
    try:
        lock.acquire()
    except Timeout as error:
        raise TryAgain(
            "In use elsewhere",
            f"{what} is open in another terminal",
            "close it there, or wait until its step ends",
        ) from error
    try:
        yield
    finally:
        lock.release()


def fingerprint(*parts: bytes | str) -> str:
    """Return ``sha256:…`` of the parts in order; each part's length counts."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return f"sha256:{digest.hexdigest()}"


def file_fingerprint(path: Path) -> str:
    """Return ``sha256:…`` of a file's bytes, read in blocks."""
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


# Defects of the program: the traceback goes to a file, the user gets one line.


def write_defect(error: BaseException) -> str:
    """Write the traceback of `error` to the log folder; return the line to show."""
    from platformdirs import user_log_path

    path = user_log_path("comprehend-tuner") / f"error-{os.getpid()}.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
        path.chmod(0o600)
        where = f"details: {path}"
    except OSError:
        where = "its details could not be written"
    kind = type(error).__name__
    message = printable(str(error), 200)
    return f"Unexpected error: {kind}: {message} — the session is kept; {where}"
