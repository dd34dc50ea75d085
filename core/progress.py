"""Progress as typed events on a callback, and cooperative cancelling.

The same core function feeds a progress bar, a line on stderr, or nothing.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from core.errors import Interrupted


@dataclass(frozen=True)
class Progress:
    """How far a piece of work has come."""

    task: str
    """What is being done, such as "reading comments.csv"; may hold outside text."""
    done: int
    """Units finished."""
    total: int | None
    """Units in all; None when unknown."""
    unit: str = ""
    """What is counted: "rows", "bytes", "documents", "seconds"."""
    note: str = ""
    """A short addition, such as a job's state."""


Reporter = Callable[[Progress], None]


def silent(event: Progress) -> None:
    """Report nothing."""


class CancelToken:
    """A request to stop, asked for by the user and honoured at the next safe point."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask the work to stop."""
        self._event.set()

    @property
    def is_cancelled(self) -> bool:
        """Whether stopping was asked for."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleep up to `seconds`, less when cancelled; return whether stopping was asked for."""
        return self._event.wait(seconds)

    def check(self) -> None:
        """Stop here when asked to.

        Raises:
            Interrupted: stopping was asked for.
        """
        if self._event.is_set():
            raise Interrupted("Interrupted", "stopped at your request", "run it again to go on")
