"""Errors that a user can act on.

Every expected failure is a `TunerError`: a title, what happened, what to do, and the exit code of
the command. Front doors show these four and nothing else; anything that is not a `TunerError` is a
defect.
"""


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
