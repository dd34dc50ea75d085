"""A sweep that goes on while other screens are open, and tells the one that shows it.

Arms wait for their turn and are scored after they are trained, so ending the work with its screen
would end the sweep. Leaving the app ends it; the jobs of the engine run on even then.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from weakref import WeakKeyDictionary

from textual.message import Message
from textual.message_pump import MessagePump

from tui.jobs import Work
from tui.messages import JobProgressed

if TYPE_CHECKING:
    from tui.app import TunerApp


class Listener(Protocol):
    """A screen that wants to hear of the sweep."""

    def post_message(self, message: Message) -> bool:
        """Take a message; from any thread."""


class SweepRelay(MessagePump):
    """Owns the job of a session's sweep in place of the screen that started it."""

    def __init__(self, tuner: "TunerApp") -> None:
        super().__init__(tuner)
        self._tuner = tuner
        self.listener: Listener | None = None
        """The screen that is open; None while another one is."""
        self.job = 0
        self.experiment = ""
        """The experiment that was looked at last; empty for the newest."""

    @property
    def is_running(self) -> bool:
        """Whether the sweep goes on."""
        return self._tuner.jobs.is_running(self.job)

    def start(self, name: str, work: Work) -> int:
        """Run a sweep in a thread; return the job's number."""
        self.job = self._tuner.jobs.start(self, name, work)
        return self.job

    def post_message(self, message: Message) -> bool:
        """Hand a message to the open screen; without one the app learns of the end."""
        if self.listener is not None:
            return self.listener.post_message(message)
        if not isinstance(message, JobProgressed):
            self._tuner.call_later(self._ended)
        return False

    def _ended(self) -> None:
        if self._tuner.settings.bell:
            self._tuner.bell()
        self._tuner.say("the experiment has ended; 8 shows it")
        self._tuner.reload()


_RELAYS: "WeakKeyDictionary[TunerApp, dict[Path, SweepRelay]]" = WeakKeyDictionary()
"""One per session that was swept; they end with the app."""


def relay_of(tuner: "TunerApp", folder: Path) -> SweepRelay:
    """The relay of a session."""
    relays = _RELAYS.setdefault(tuner, {})
    return relays.setdefault(folder, SweepRelay(tuner))
