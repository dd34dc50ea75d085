"""The first screen: recent sessions, a new one, the sample."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from core.progress import Progress, Watch
from core.text import printable
from tui.jobs import Listener, Slot
from tui.keys import bindings_of
from tui.render import literal, plain
from tui.widgets.chrome import Banner, KeyFooter, SessionLine
from tui.widgets.tables import FilterLine

if TYPE_CHECKING:
    from tui.app import TunerApp


_T = TypeVar("_T")

WELCOME = "Choose each label's decision threshold, and know how far to trust it."
OFFLINE = "Everything works offline on this machine; nothing here is charged."
NEW, SAMPLE = "new", "sample"


@dataclass(frozen=True)
class SessionRow:
    """A session in the list."""

    folder: Path
    text: str


class SessionsScreen(Screen[None]):
    """Recent sessions with step, engine and age."""

    step_id = "sessions"

    def __init__(self) -> None:
        super().__init__(id="screen-sessions")
        for binding in bindings_of("sessions"):
            for key in binding.key.split(","):
                self._bindings.bind(key, binding.action, binding.description, show=False)
        self._rows: tuple[SessionRow, ...] = ()
        self._reading, self._importing = Slot(), Slot()
        self._has_read = False

    @property
    def tuner(self) -> "TunerApp":
        """The app, with its type."""
        return cast("TunerApp", self.app)

    def compose(self) -> ComposeResult:
        """Welcome, list, filter."""
        ascii_only = self.tuner.settings.ascii_only
        yield SessionLine(ascii_only)
        yield Banner(ascii_only)
        with Vertical(id="body"):
            yield Static(literal(WELCOME), classes="lead")
            yield Static(literal(plain(self._engine_words(), ascii_only)), classes="muted")
        yield KeyFooter("sessions", ascii_only)

    def _engine_words(self) -> str:
        """What a new session runs on, and whether that costs money."""
        engine = self.tuner.settings.engine
        if engine.name != "aws":
            return OFFLINE
        given = (engine.region, engine.profile and f"profile {engine.profile}", engine.bucket)
        where = printable(" · ".join(filter(None, given)), 60)
        return (
            f"New sessions run on AWS{f' ({where})' if where else ''}. Training, scoring, kept"
            " models and endpoints are charged there: each price is shown and confirmed first."
        )

    def on_mount(self) -> None:
        """Show the ways to begin at once; the sessions follow when they are read."""
        self.query_one(SessionLine).show(None, "sessions")
        self.call_after_refresh(self._add_list)

    async def _add_list(self) -> None:
        """Add filter and list behind the first frame, which they would hold up."""
        line = FilterLine("#sessions", "filter")
        await self.query_one("#body").mount(line, OptionList(id="sessions"))
        self._fill()
        self.query_one(OptionList).focus()
        self._read_sessions()

    def on_screen_resume(self) -> None:
        """Read the sessions again when the user comes back."""
        if self.is_mounted and self._has_read:
            self._read_sessions()

    def _read_sessions(self) -> None:
        directory = self.tuner.settings.directory
        self._has_read = True

        def work(watch: Watch) -> tuple[SessionRow, ...]:
            from core.workflow.overview import recent_sessions

            return tuple(SessionRow(row.folder, row.summary) for row in recent_sessions(directory))

        self._run(self._reading, work, self._show_sessions)

    def _run(
        self,
        slot: Slot,
        work: Callable[[Watch], _T],
        then: Callable[[_T], object],
        told: Callable[[Progress], object] | None = None,
    ) -> None:
        banner = self.query_one(Banner)

        def finished(result: _T) -> None:
            banner.clear()
            then(result)

        def failed(error: BaseException) -> None:
            self.tuner.show_failure(error, banner.show_error)

        self.tuner.jobs.run(slot, work, Listener(self, finished, failed, told))

    def _show_sessions(self, rows: tuple[SessionRow, ...]) -> None:
        self._rows = rows
        self._fill()

    @on(FilterLine.Changed)
    def _fill(self) -> None:
        ascii_only = self.tuner.settings.ascii_only
        line = self.query_one(FilterLine)
        shown = [row for row in self._rows if line.lets_through(row.text)]
        options = [
            Option(literal(plain(printable(row.text), ascii_only)), id=str(row.folder))
            for row in shown
        ]
        begin = [
            Option(literal("new session from a labelled file"), id=NEW),
            Option(literal("try the sample (offline, free)"), id=SAMPLE),
        ]
        choices = self.query_one(OptionList)
        choices.clear_options()
        choices.add_options([*options, *begin])
        choices.highlighted = 0 if options else 1

    @on(OptionList.OptionSelected, "#sessions")
    def _open(self, event: OptionList.OptionSelected) -> None:
        chosen = event.option.id or ""
        if chosen == NEW:
            self.action_new_session()
        elif chosen == SAMPLE:
            self.action_sample()
        else:
            self.tuner.open_session(Path(chosen))

    def action_new_session(self) -> None:
        """Choose a file for a new session."""
        from tui.screens.data import DataScreen

        self.tuner.push_screen(DataScreen())

    def action_sample(self) -> None:
        """Import the sample tickets as a session."""
        directory = self.tuner.settings.directory

        def work(watch: Watch) -> Path:
            from core.workflow.demo import sample_session

            return sample_session(directory, watch).folder

        self._run(
            self._importing, work, self.tuner.open_session, self.query_one(Banner).show_progress
        )

    def action_filter(self) -> None:
        """Type words that the sessions must hold."""
        self.query_one(FilterLine).open()

    async def action_back(self) -> None:
        """Clear the filter."""
        self.query_one(FilterLine).close()
        self.query_one(OptionList).focus()
