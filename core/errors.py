"""Errors that a user can act on.

Every expected failure is a `TunerError`: a title, what happened, what to do, and the exit code of
the command. Front doors show these four and nothing else; anything that is not a `TunerError` is a
defect.
"""

import errno
import os
from pathlib import Path
from typing import TypeGuard


class TunerError(Exception):
    """An expected failure, worded for the user.

    Args:
        title: a few words, such as "Cannot read the source".
        message: what is wrong and where (file, line, value).
        hint: what the user can do next; empty when there is nothing to add.
    """

    exit_code = 1

    def __init__(self, title: str, message: str, hint: str = "") -> None:
        super().__init__(f"{title}: {message}")
        self.title = title
        self.message = message
        self.hint = hint


class OperationFailed(TunerError):
    """Something that was started did not succeed: a job failed, a file could not be written."""

    exit_code = 1


class InvalidInput(TunerError):
    """Usage, configuration or data is wrong; the user must change something."""

    exit_code = 2


class TryAgain(TunerError):
    """A passing fault, such as throttling or a lock held elsewhere; the call may succeed later."""

    exit_code = 3


class Refused(TunerError):
    """Not done, because it was not confirmed, the session is read-only or a gate is closed."""

    exit_code = 4


class Interrupted(TunerError):
    """The user stopped the work; what was finished before is kept."""

    exit_code = 130


# What the operating system refused, in words that say what to do.


_LOCAL_DISK = "copy the session to a local disk and name the copy: --session PATH"
_REFUSALS: dict[tuple[int, ...], tuple[str, str]] = {
    (errno.ENOSPC, errno.EDQUOT): ("Disk full", "free some space, then repeat the command"),
    (errno.EFBIG,): ("File size limit", "raise it (ulimit -f), then repeat the command"),
    (errno.EMFILE, errno.ENFILE): (
        "Too many open files",
        "raise the limit (ulimit -n 1024), then repeat the command",
    ),
    (errno.EROFS, errno.EACCES, errno.EPERM): (
        "No permission",
        "check the permissions of file and folder; a read-only session can be copied elsewhere:"
        " --session PATH",
    ),
    (errno.ENOENT, errno.ENOTDIR, errno.ESTALE, errno.ENOTCONN): (
        "File or folder gone",
        "put it back or mount it again, then repeat the command",
    ),
    (errno.EIO, errno.ENXIO, errno.ENODEV): (
        "Disk fault",
        f"check the disk; {_LOCAL_DISK}",
    ),
    (errno.ENOMEM, errno.EAGAIN): (
        "Out of memory or processes",
        "end other programs or raise the limit (ulimit -a), then repeat the command",
    ),
    (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS): (
        "No file locks here",
        f"network folders often have none; {_LOCAL_DISK}",
    ),
}
_REFUSAL_OF = {number: words for numbers, words in _REFUSALS.items() for number in numbers}
NO_LOCKS = frozenset({errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL})
"""How a file system that knows no locks answers; `EINVAL` says so only about a lock."""


def is_refusal(error: BaseException) -> TypeGuard[OSError | MemoryError]:
    """Whether the operating system refused something for a reason that has words here."""
    return isinstance(error, MemoryError) or (
        isinstance(error, OSError) and error.errno in _REFUSAL_OF
    )


def refusal(
    error: OSError | MemoryError, place: Path | str | None = None, title: str = ""
) -> OperationFailed:
    """What the operating system refused, as an error to act on.

    Args:
        error: a full disk, a limit, missing rights, a folder that is gone.
        place: the file or folder; that of the error when None.
        title: what could not be done, such as "Cannot write"; the kind of refusal when empty.
    """
    from core.text import printable

    if isinstance(error, MemoryError):
        error = OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
    otherwise = "check free space and permissions"
    if error.errno == errno.ELOOP:  # nothing that the machine lacks: no reason to try again
        otherwise = "put the file itself in the link's place"
    known_title, hint = _REFUSAL_OF.get(error.errno or 0, ("Cannot go on", otherwise))
    where = str(place or error.filename or "")
    why = error.strerror or str(error)
    message = f"{where}: {why}" if where else why
    return OperationFailed(title or known_title, printable(message, 400), hint)


def no_locks(error: OSError, place: Path | str) -> InvalidInput:
    """The error for a folder on a file system that knows no locks."""
    from core.text import printable

    title, hint = _REFUSAL_OF[errno.ENOLCK]
    why = error.strerror or "not supported"
    return InvalidInput(title, f"{printable(str(place), 300)} cannot be locked: {why}", hint)


class Untrusted(TunerError):
    """Something would be sent for a session that was not made on this machine by this user."""

    exit_code = 4
