"""What every step screen has: frame, session, jobs, the equivalent command.

A step screen shows the overview that the app holds, starts jobs of core, and reloads the overview
when one has ended. It holds no logic of its own.
"""

from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import Screen

from core.errors import TunerError
from core.workflow.overview import Overview
from core.workflow.session import Session
from tui.jobs import Work
from tui.keys import bindings_of
from tui.messages import JobFailed, JobFinished, JobProgressed
from tui.widgets.chrome import Banner, KeyFooter, SessionLine, StepBar

if TYPE_CHECKING:
    from tui.app import TunerApp


class StepScreen(Screen[None]):
    """Base of the step screens; `step_id` names the step in registry, help and step bar."""

    step_id: ClassVar[str] = ""
    AUTO_FOCUS = ""
    title_words: ClassVar[str] = ""
    """What the session line says on the right."""

    def __init__(self) -> None:
        super().__init__(id=f"screen-{self.step_id}")
        for binding in bindings_of(self.step_id):
            for key in binding.key.split(","):
                self._bindings.bind(
                    key, binding.action, binding.description, show=False,
                    priority=binding.priority,
                )  # fmt: skip
        self._current_job = 0

    @property
    def tuner(self) -> "TunerApp":
        """The app, with its type."""
        return cast("TunerApp", self.app)

    @property
    def overview(self) -> Overview:
        """The session as last read."""
        overview = self.tuner.overview
        assert overview is not None, "a step screen needs a session"
        return overview

    @property
    def session(self) -> Session:
        """The open session."""
        return Session(self.overview.folder)

    @property
    def session_argument(self) -> str:
        """What ``--session`` takes for the open session, quoted for a shell."""
        return self.overview.argument(self.tuner.settings.directory)

    def compose(self) -> ComposeResult:
        """Frame and body."""
        ascii_only = self.tuner.settings.ascii_only
        yield SessionLine(ascii_only)
        yield StepBar(ascii_only)
        yield Banner(ascii_only)
        with Vertical(id="body"):
            yield from self.compose_body()
        yield KeyFooter(self.step_id, ascii_only)

    def compose_body(self) -> ComposeResult:
        """The widgets of this step."""
        yield from ()

    def on_mount(self) -> None:
        """Fill the frame and the body."""
        self.set_class(self.tuner.settings.ascii_only, "-ascii")
        self.show_overview()

    def on_screen_resume(self) -> None:
        """Fill them again when the screen comes back."""
        if self.is_mounted:
            self.show_overview()

    def show_overview(self) -> None:
        """Show the session as it is now."""
        overview = self.tuner.overview
        self.query_one(SessionLine).show(overview, self.where())
        self.query_one(StepBar).show(overview, self.step_id)
        if overview is not None:
            self.show_session(overview)

    def where(self) -> str:
        """What the session line says on the right."""
        return self.title_words

    def show_session(self, overview: Overview) -> None:
        """Fill the body; called on opening and whenever the session has changed."""

    def equivalent_command(self) -> str:
        """The command that does what this screen does, with the present settings."""
        return f"comprehend-tuner --session {self.session_argument} {self.step_id}"

    def copied_value(self) -> str:
        """What the copy key copies."""
        return self.equivalent_command()

    def start_job(self, name: str, work: Work) -> None:
        """Run `work` in a thread; an earlier job of this screen is no longer listened to."""
        self.banner.clear()
        self._current_job = self.tuner.jobs.start(self, name, work)

    def cancel_job(self) -> bool:
        """Ask the running job to stop; whether there was one."""
        if not self.tuner.jobs.is_running(self._current_job):
            return False
        self.tuner.jobs.cancel(self._current_job)
        self.banner.show_note("stopping at the next safe point …")
        return True

    @property
    def is_busy(self) -> bool:
        """Whether a job of this screen runs."""
        return self.tuner.jobs.is_running(self._current_job)

    @property
    def banner(self) -> Banner:
        """Errors and progress of this step."""
        return self.query_one(Banner)

    @on(JobProgressed)
    def _show_progress(self, message: JobProgressed) -> None:
        if message.job == self._current_job:
            self.banner.show_progress(message.progress)

    @on(JobFinished)
    def _take_result(self, message: JobFinished) -> None:
        if message.ended.job != self._current_job:
            return
        self.banner.clear()
        self.tuner.reload()
        self.job_finished(message.ended.name, message.ended.result)

    @on(JobFailed)
    def _take_error(self, message: JobFailed) -> None:
        if message.ended.job != self._current_job:
            return
        error = message.ended.error
        self.banner.clear()
        self.tuner.reload()
        if isinstance(error, TunerError):
            self.banner.show_error(error)
            self.job_failed(message.ended.name, error)
        elif error is not None:
            self.tuner.show_defect(error)

    def job_finished(self, name: str, result: object) -> None:
        """Use the result of this screen's job; called after the session was read again."""

    def job_failed(self, name: str, error: TunerError) -> None:
        """React to an expected failure beyond showing it."""
