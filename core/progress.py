"""Progress as typed events on a callback, and cooperative cancelling, in one `Watch`.

The same core function feeds a progress bar, a line on stderr, or nothing.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

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


_TICK_S = 1.0
"""Seconds between two reports of a wait."""

Reporter = Callable[[Progress], None]
_Item = TypeVar("_Item")


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


@dataclass(frozen=True)
class Watch:
    """Whoever watches a piece of work: is told how far it has come, and may ask it to stop."""

    reporter: Reporter = silent
    """Called with each event, in the thread of the work."""
    token: CancelToken = field(default_factory=CancelToken)
    """Where stopping is asked for."""

    def report(
        self, task: str, done: int, total: int | None, unit: str = "", note: str = ""
    ) -> None:
        """Tell how far the work has come; the arguments are the fields of `Progress`."""
        self.reporter(Progress(task, done, total, unit, note))

    def quietly(self) -> "Watch":
        """The same token and no reporter, for steps too small to be told about."""
        return Watch(token=self.token)

    @property
    def is_cancelled(self) -> bool:
        """Whether stopping was asked for."""
        return self.token.is_cancelled

    def wait(self, seconds: float) -> bool:
        """Sleep up to `seconds`, less when cancelled; return whether stopping was asked for."""
        return self.token.wait(seconds)

    def ticks(self, seconds: float) -> Iterator[float]:
        """Sleep in steps of a second; each yields the seconds left, and stopping ends them."""
        left = seconds
        while left > 0:
            yield left
            if self.wait(min(left, _TICK_S)):
                return
            left -= _TICK_S

    def check(self) -> None:
        """Stop here when asked to.

        Raises:
            Interrupted: stopping was asked for.
        """
        self.token.check()

    def over(self, items: Iterable[_Item], every: int = 1024) -> Iterator[_Item]:
        """Yield the items; before each `every`-th of them, stop when asked to.

        Raises:
            Interrupted: stopping was asked for.
        """
        for number, item in enumerate(items):
            if number % every == 0:
                self.check()
            yield item


UNWATCHED = Watch()
"""Nobody is told, and nobody asks to stop."""
