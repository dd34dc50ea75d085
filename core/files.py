"""Files that survive being killed: atomic writes, locks, fingerprints, private modes."""

import contextlib
import errno
import fcntl
import functools
import hashlib
import os
import re
import tempfile
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from core.errors import (
    NO_LOCKS,
    OperationFailed,
    Refused,
    TryAgain,
    no_locks,
    refusal,
)
from core.text import printable

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
        make_folder(path.parent)
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise _cannot_write(path, error) from error
    try:
        _mark_as_used(descriptor)
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


def append_line(path: Path, line: bytes) -> None:
    """Append a line whole or not at all; one that a crash cut short before it is ended first.

    Raises:
        OperationFailed: the disk is full, or the file cannot be written.
    """
    try:
        descriptor = open_private(path, os.O_RDWR | os.O_APPEND)
    except OSError as error:
        raise _cannot_write(path, error) from error
    try:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            line = b"\n" + line
        if os.write(descriptor, line) < len(line):
            os.ftruncate(descriptor, size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError as error:
        raise _cannot_write(path, error) from error
    finally:
        os.close(descriptor)


def _cannot_write(path: Path, error: OSError) -> OperationFailed:
    return refusal(error, path, "Cannot write")


_never_made: set[Path] = set()


def never_make(folder: Path) -> None:
    """From now on let no write make this folder anew: it was moved, or its disk is not mounted."""
    _never_made.add(folder)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it that are absent, for this user alone, whatever the umask.

    Raises:
        OSError: it cannot be made, or one that is never made anew is gone.
    """
    if folder.is_dir():
        return
    if folder in _never_made:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(folder))
    make_folder(folder.parent)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        folder.chmod(0o700)


def open_private(path: Path, flags: int) -> int:
    """Open a file, made when absent for this user alone, whatever the umask; a descriptor.

    A link is not followed: the file may lie in a session that came from elsewhere.

    Raises:
        OSError: it cannot be opened or made, or is a link.
    """
    flags |= os.O_NOFOLLOW
    try:
        return os.open(path, flags & ~os.O_CREAT)
    except FileNotFoundError:
        descriptor = os.open(path, flags | os.O_CREAT, 0o600)
        os.fchmod(descriptor, 0o600)
        return descriptor


# What a killed process leaves: temporary files, whose writers hold a lock for as long as they live.


_TEMPORARY = re.compile(r"\..+\.[a-z0-9_]{8}")
_LEAST_AGE_S = 60.0
"""A younger file may belong to a writer that has not locked it yet."""


def _mark_as_used(descriptor: int) -> None:
    with contextlib.suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)


def sweep(folder: Path, least_age_s: float = _LEAST_AGE_S) -> int:
    """Remove what killed writers left below `folder`; return how many files.

    A file is left alone while its writer lives or may live, and where nothing can be removed.
    """
    removed = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            if _TEMPORARY.fullmatch(name):
                removed += _removed(Path(parent) / name, least_age_s)
    return removed


def _removed(path: Path, least_age_s: float) -> bool:
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            is_old = abs(time.time() - os.fstat(descriptor).st_mtime) >= least_age_s
            if is_old:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(path)
                return True
        finally:
            os.close(descriptor)
    return False


def _sync_folder(folder: Path) -> None:
    """Make a finished rename survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_LOCK_INTERVAL_S = 0.05


@contextlib.contextmanager
def locked(path: Path, what: str, timeout_s: float = 0.0) -> Iterator[None]:
    """Hold the lock file `path` for the block; the lock ends with the process, however it ends.

    Args:
        path: the lock file; its folder must exist.
        what: what is locked, in the user's words, for the error.
        timeout_s: how long to wait for another holder.

    Raises:
        TryAgain: another process holds the lock.
        InvalidInput: the file system knows no locks.
        Refused: the folder cannot be written.
        OperationFailed: the folder is gone, or too many files are open.
    """
    try:
        descriptor = open_private(path, os.O_RDWR | os.O_CLOEXEC)
    except PermissionError as error:
        raise _read_only(path.parent) from error
    except OSError as error:
        if is_read_only(path.parent):
            raise _read_only(path.parent) from error
        raise refusal(error, path, "Cannot lock") from error
    try:
        deadline = time.monotonic() + timeout_s
        while not take_lock(descriptor, path):
            if time.monotonic() >= deadline:
                raise TryAgain(
                    "In use elsewhere",
                    f"{what} is open in another terminal",
                    "close it there, or wait until its step ends",
                )
            time.sleep(_LOCK_INTERVAL_S)
        try:
            yield
        finally:  # closing is not enough where a forked child holds the same open file
            fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)


def take_lock(descriptor: int, path: Path, how: int = fcntl.LOCK_EX) -> bool:
    """Take the lock of an open file without waiting; whether nobody else holds it.

    Raises:
        InvalidInput: the file system knows no locks.
    """
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno in NO_LOCKS:
            raise no_locks(error, path.parent) from error
        raise refusal(error, path, "Cannot lock") from error
    return True


def is_read_only(folder: Path) -> bool:
    """Whether a folder is there and this user cannot write in it."""
    return folder.is_dir() and not os.access(folder, os.W_OK)


def _read_only(folder: Path) -> Refused:
    return Refused(
        "Read-only folder",
        f"{printable(str(folder), 300)} cannot be written, so nothing of it is changed",
        "make it writable, or copy it and name the copy: --session PATH",
    )


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


def known_fingerprint(path: Path) -> str:
    """`file_fingerprint` of a file, worked out once per process for each state of the file.

    Raises:
        OSError: it cannot be read.
    """
    stat = path.stat()
    signature = (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
    return _signed_fingerprint(path, signature)


@functools.lru_cache(maxsize=1024)
def _signed_fingerprint(path: Path, signature: tuple[int, ...]) -> str:
    return file_fingerprint(path)


def write_defect(error: BaseException) -> str:
    """Write the traceback of `error` to the log folder; return the line to show."""
    from platformdirs import user_log_path

    path = user_log_path("comprehend-tuner") / f"error-{os.getpid()}.log"
    try:
        make_folder(path.parent)
        path.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
        path.chmod(0o600)
        where = f"details: {path}"
    except OSError:
        where = "its details could not be written"
    kind = type(error).__name__
    message = printable(str(error), 200)
    return f"Unexpected error: {kind}: {message} — the session is kept; {where}"
