"""The app: it holds the open session, switches screens, and owns the threads' results."""

import signal
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.screen import Screen

from core.errors import TunerError
from core.text import printable
from core.workflow.step_table import STEPS
from tui.jobs import RunningJobs
from tui.keys import EVERYWHERE, SCREENS, bindings
from tui.render import clipboard_sequence, use_scroll_bars
from tui.settings import AppSettings
from tui.watcher import JobWatcher

if TYPE_CHECKING:
    from core.workflow.overview import Overview
    from tui.screens.oversample import Sweep
    from tui.screens.thresholds import HeldRun


class TunerApp(App[int]):
    """The terminal app of comprehend-tuner."""

    CSS_PATH = "app.tcss"
    TITLE = "comprehend-tuner"
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (60, "-narrow"), (81, "-normal"), (110, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (15, "-short"), (25, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(EVERYWHERE)]
    CLOSE_TIMEOUT = 2.0

    def __init__(self, settings: AppSettings) -> None:
        super().__init__()
        self.settings = self._given = settings
        self.jobs = RunningJobs()
        self.overview: Overview | None = None
        self.defect: BaseException | None = None
        self.watcher = JobWatcher(self)
        self.held_runs: dict[tuple[Path, str], HeldRun] = {}
        """By session folder and run: thresholds that were moved and are not saved, which outlive
        the screen."""
        self.sweeps: dict[Path, Sweep] = {}
        """By session folder: arms at work, which outlive the screen that started them."""
        self.theme = settings.theme
        self.animation_level = "none"
        use_scroll_bars(settings.ascii_only)
        if settings.ascii_only:
            self.add_class("-ascii")

    def on_mount(self) -> None:
        """Restore the terminal on SIGTERM and SIGHUP, then open the first screen."""
        import asyncio

        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._leave_on_signal, number)
        self.call_after_refresh(self._open_first_screen)

    def get_default_screen(self) -> "Screen[None]":
        """An empty screen, shown until the sessions are read."""
        from tui.screens.sessions import SessionsScreen

        return SessionsScreen()

    def _open_first_screen(self) -> None:
        if self.settings.session_folder is not None:
            self.open_session(self.settings.session_folder, self.settings.step)

    def open_session(self, folder: Path, step_id: str = "") -> None:
        """Open a session at a step, or at the next useful one."""
        from core.workflow.overview import session_overview
        from core.workflow.session import Session

        session = Session(folder)
        try:
            self.overview = session_overview(session)
        except TunerError as error:
            self.say(f"{error.title}: {error.message}", is_error=True)
            return
        self.settings = replace(
            self._given, read_only=self._given.read_only or session.is_read_only
        )
        if session.is_read_only:
            self.say("this session's folder cannot be written by you: opened read-only")
        following = self.overview.following
        self.show_step(step_id or (following.id if following else "thresholds"))
        self.watcher.update()

    def close_session(self) -> None:
        """Go back to the list of sessions."""
        self.overview = None
        while len(self.screen_stack) > 1:
            self.pop_screen()

    def reload(self) -> None:
        """Read the session again and tell the open screen."""
        from core.errors import TunerError
        from core.workflow.overview import session_overview
        from core.workflow.session import Session
        from tui.screens.base import StepScreen

        if self.overview is None:
            return
        try:
            self.overview = session_overview(Session(self.overview.folder))
        except TunerError as error:
            self.say(f"{error.title}: {error.message}", is_error=True)
            return
        for screen in self.screen_stack:
            if isinstance(screen, StepScreen) and screen.is_current:
                screen.show_overview()
        self.watcher.update()

    def show_step(self, step_id: str) -> None:
        """Open the screen of a step in place of the one that is open."""
        from tui.screens import step_screen

        if getattr(self.screen, "step_id", "") == step_id:
            return
        self.reload()
        screen = step_screen(step_id)
        if len(self.screen_stack) > 1:
            self.switch_screen(screen)
        else:
            self.push_screen(screen)

    def action_step(self, number: int) -> None:
        """Open a step by its digit."""
        if self.overview is None:
            self.say("open or start a session first")
        elif not self.is_modal_open:
            self.show_step(STEPS[number - 1].id)

    def action_next_step(self) -> None:
        """Open the next useful step."""
        if self.overview is None or self.is_modal_open:
            return
        following = self.overview.following
        if following is None:
            self.say("every step of the main line is done; 9 cleans up")
        else:
            self.show_step(following.id)

    def action_open_screen(self, screen_id: str) -> None:
        """Open a screen that is no step of the line: the jobs, or the endpoint."""
        if self.overview is None:
            self.say("open or start a session first")
        elif not self.is_modal_open:
            self.show_step(screen_id)

    @property
    def is_modal_open(self) -> bool:
        """Whether a question waits for an answer."""
        from textual.screen import ModalScreen

        return isinstance(self.screen, ModalScreen)

    def say(self, text: str, is_error: bool = False) -> None:
        """Show a short message for a moment; outside text stays literal."""
        severity: Literal["error", "information"] = "error" if is_error else "information"
        self.notify(printable(text, 300), severity=severity, markup=False, timeout=4)

    def copy(self, text: str) -> None:
        """Send text to the terminal's clipboard, which works over SSH and inside tmux."""
        sequence = clipboard_sequence(text)
        if sequence is None:
            self.say("too long for the terminal's clipboard: save it to a file")
        elif self._driver is not None:
            self._driver.write(sequence)
            self.say(f"sent to terminal: {text}")

    def _handle_exception(self, error: Exception) -> None:
        """Leave with the error kept for the front door, instead of a traceback on the screen."""
        if self.is_headless:
            super()._handle_exception(error)
            return
        self.defect = error
        self.jobs.cancel_all()
        self.exit(1, return_code=1)

    def show_failure(
        self, error: BaseException, show_expected: Callable[[TunerError], object]
    ) -> None:
        """Show why work failed: an expected error where the caller says, a defect in a window."""
        if isinstance(error, TunerError):
            show_expected(error)
        else:
            self.show_defect(error)

    def show_defect(self, error: BaseException) -> None:
        """Show an unexpected error; the app stays alive."""
        from tui.windows import error_window

        self.push_screen(error_window(error))

    def get_system_commands(self, screen: "Screen[object]") -> "Iterable[SystemCommand]":
        """What the palette offers."""
        return palette_commands(self, screen)

    def action_help(self) -> None:
        """Explain the open step."""
        from tui.windows import HelpScreen

        if not self.is_modal_open:
            step_id = getattr(self.screen, "step_id", "sessions")
            self.push_screen(HelpScreen(step_id, self.settings.ascii_only))

    def action_log(self) -> None:
        """Open the event log."""
        from tui.windows import LogScreen

        if self.overview is not None and not self.is_modal_open:
            self.push_screen(LogScreen(self.overview.folder))

    def action_show_command(self) -> None:
        """Show the equivalent command."""
        from tui.screens.base import StepScreen
        from tui.windows import TextModal

        if isinstance(self.screen, StepScreen):
            self.push_screen(TextModal("The same by command", self.screen.equivalent_command()))

    def action_copy_value(self) -> None:
        """Copy what the open screen offers."""
        from tui.screens.base import StepScreen

        if isinstance(self.screen, StepScreen):
            self.copy(self.screen.copied_value())

    async def action_back(self) -> None:
        """Go back to the sessions."""
        if not self.is_modal_open and self.overview is not None:
            self.close_session()

    async def action_quit(self) -> None:
        """Leave; jobs of an engine run on, work of this process stops at its next safe point."""
        self.jobs.cancel_all()
        self.exit(0)

    def _leave_on_signal(self, number: int) -> None:
        self.jobs.cancel_all()
        self.exit(128 + number)

    def watch_theme(self, theme: str) -> None:
        """Remember the theme for the next start."""
        if self.is_running:
            from core.workflow.preferences import remember_theme

            remember_theme(theme)


# The command palette: every action of the open screen, then those of every screen.


def palette_commands(app: "TunerApp", screen: Screen[object]) -> Iterable[SystemCommand]:
    """The commands that the palette offers on `screen`."""
    scope = getattr(screen, "step_id", "")
    for key in (*SCREENS.get(scope, ()), *EVERYWHERE):
        if key.action not in ("command_palette", "back"):
            title = f"{key.scope or 'go'}: {key.label}"
            yield SystemCommand(title, key.purpose, _runner(app, screen, key.action))
    yield SystemCommand("theme", "choose the colours", app.action_change_theme)


def _runner(
    app: "TunerApp", screen: Screen[object], action: str
) -> Callable[[], Awaitable[object]]:
    async def run() -> bool:
        return await app.run_action(action, default_namespace=screen)

    return run
