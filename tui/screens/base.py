"""What every step screen has: frame, session, jobs, the equivalent command.

A step screen shows the overview that the app holds, starts jobs of core, and reloads the overview
when one has ended. It holds no logic of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar, cast

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import Screen

from core.comprehend.pricing import Estimate
from core.errors import Interrupted, Refused, Untrusted
from core.progress import Progress, Watch
from core.text import plural, printable
from core.workflow.following import JobRow, stop_job
from core.workflow.money import require_budget
from core.workflow.overview import Overview
from core.workflow.score import ScoringPlan
from core.workflow.session import Session
from core.workflow.train import TrainingPlan
from tui.jobs import Listener, Slot
from tui.keys import bindings_of
from tui.render import glyph
from tui.widgets.chrome import Banner, KeyFooter, SessionLine, StepBar
from tui.widgets.preflight import PreflightPanel, summary
from tui.widgets.tables import FilterLine
from tui.windows import PayModal

if TYPE_CHECKING:
    from core.workflow.doctor import DoctorReport
    from tui.app import TunerApp


_S = TypeVar("_S")
_T = TypeVar("_T")


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
                    key,
                    binding.action,
                    binding.description,
                    show=False,
                    priority=binding.priority,
                )
        self.main_slot = Slot()
        """The work that the banner tells of."""
        self._own_slot = self.main_slot
        self._looking = Slot()

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

    def run(
        self,
        work: Callable[[Watch], _T],
        then: Callable[[_T], object] | None = None,
        failed: Callable[[BaseException], object] | None = None,
        told: Callable[[Progress], object] | None = None,
        slot: Slot | None = None,
    ) -> None:
        """Run `work` in a thread and show in the banner how it fares.

        An earlier job of this screen goes on, but nobody hears of it any more. When work ends the
        overview is read again, then `then` is called; an expected error is shown in the banner and
        any other one in a window, then `failed` is called.

        Args:
            then: takes the result.
            failed: reacts to an error beyond showing it.
            told: takes progress, beyond showing it.
            slot: where the job belongs when it outlives this screen; None for the screen's own.
        """
        self.banner.clear()
        self.main_slot = slot or self._own_slot
        self.tuner.jobs.run(self.main_slot, work, self.listener(then, failed, told))

    def listener(
        self,
        then: Callable[[_T], object] | None = None,
        failed: Callable[[BaseException], object] | None = None,
        told: Callable[[Progress], object] | None = None,
    ) -> Listener[_T]:
        """Hears of a job as `run` says; for a slot whose job another screen has started."""

        def finished(result: _T) -> None:
            self.banner.clear()
            self.tuner.reload()
            if then is not None:
                then(result)

        def missed(error: BaseException) -> None:
            self.banner.clear()
            self.tuner.reload()
            self.show_failure(error)
            if isinstance(error, Untrusted):
                self._ask_trust()
            if failed is not None:
                failed(error)

        def heard(event: Progress) -> None:
            self.banner.show_progress(event)
            if told is not None:
                told(event)

        return Listener(self, finished, missed, heard)

    def _ask_trust(self) -> None:
        """Show where requests would go, and ask once whether that is right."""
        if self.tuner.settings.read_only:
            return
        from core.workflow.trust import destination_of, trust

        session, facts = self.session, destination_of(self.overview.state).lines()

        def answered(agreed: bool | None) -> None:
            if agreed:
                self.run(
                    lambda watch: trust(session),
                    lambda _: self.banner.show_note("trusted from now on; press the key again"),
                )

        title = f"Send requests for session {printable(session.name, 40)}? It was not made here"
        self.app.push_screen(PayModal(title, facts, "trust it"), answered)

    def run_beside(
        self,
        slot: Slot,
        work: Callable[[Watch], _T],
        then: Callable[[_T], object],
        failed: Callable[[BaseException], object] | None = None,
        told: Callable[[Progress], object] | None = None,
    ) -> None:
        """Run `work` in a thread beside what the banner tells of, as the newest job of `slot`.

        Neither banner nor overview change, and nothing is called once the session is closed.

        Args:
            then: takes the result.
            failed: takes an error in place of showing it.
            told: takes progress.
        """

        def finished(result: _T) -> None:
            if self.tuner.overview is not None:
                then(result)

        def missed(error: BaseException) -> None:
            if self.tuner.overview is not None:
                (failed or self.show_failure)(error)

        self.tuner.jobs.run(slot, work, Listener(self, finished, missed, told))

    def show_failure(self, error: BaseException) -> None:
        """Show an expected error in the banner, and any other one in a window."""
        self.tuner.show_failure(error, self.banner.show_error)

    def look(
        self,
        work: Callable[[Watch], _T],
        then: Callable[[_T], object],
        failed: Callable[[BaseException], object] | None = None,
    ) -> None:
        """Read something in a thread as `run_beside` says; the newest look counts."""
        self.run_beside(self._looking, work, then, failed)

    @property
    def is_looking(self) -> bool:
        """Whether a look runs."""
        return self._looking.is_running

    def cancel_job(self) -> bool:
        """Ask the running job to stop; whether there was one."""
        if not self.is_busy:
            return False
        self.main_slot.cancel()
        self.banner.show_note("stopping at the next safe point …")
        return True

    nothing_runs: ClassVar[str] = "nothing runs that could be stopped"
    """What the stop key says then."""

    def action_stop(self) -> None:
        """Stop what runs at its next safe point."""
        if not self.cancel_job():
            self.banner.show_note(self.nothing_runs)

    def action_filter(self) -> None:
        """Type words that the rows must hold."""
        self.query_one(FilterLine).open()

    async def action_back(self) -> None:
        """Clear the filter, or go back to the sessions."""
        lines = self.query(FilterLine)
        if not (lines and lines.first().close()):
            await self.tuner.action_back()

    def refuses(self, what: str) -> bool:
        """Say so when the app is read-only; whether it is."""
        if self.tuner.settings.read_only:
            way_on = "make the session's folder writable, or copy it and open the copy"
            if not self.session.is_read_only:
                way_on = "start the app without --read-only"
            self.banner.show_error(Refused("Read-only", f"{what} is not done", way_on))
        return self.tuner.settings.read_only

    @property
    def is_busy(self) -> bool:
        """Whether a job of this screen runs."""
        return self.main_slot.is_running

    @property
    def banner(self) -> Banner:
        """Errors and progress of this step."""
        return self.query_one(Banner)


# A step that starts jobs of the engine and waits for them.
#
# Leaving, stopping or losing the terminal ends only the waiting; the jobs go on, and the same key
# waits for them again.


@dataclass
class Stage:
    """Where a started step is; its thread and its screen both read and write it."""

    is_waiting: bool = False
    """Whether everything is started, so that ending the wait loses nothing."""
    is_left: bool = False
    """Whether nobody looks any more."""
    is_seen: bool = False
    """Whether the screen has shown that the jobs run."""


class EngineStepScreen(StepScreen):
    """Base of the screens around jobs of the engine: waiting for them, stopping a training."""

    def __init__(self) -> None:
        super().__init__()
        self._stage = Stage()

    def begin(
        self,
        start: Callable[[Watch], _S],
        finish: Callable[[_S, Watch], object],
        done: str,
        stopped: str,
    ) -> None:
        """Start jobs and wait for them; leaving the screen ends the wait once they are started.

        Args:
            start: starts the jobs.
            finish: waits for what `start` has returned.
            done: the note when the wait has brought something.
            stopped: the note when the wait was ended.
        """
        self._stage = stage = Stage()
        tuner = self.tuner

        def work(watch: Watch) -> object:
            started = start(watch)
            stage.is_waiting = True
            if stage.is_left:
                tuner.call_later(tuner.reload)
                return None
            return finish(started, watch)

        def ended(result: object) -> None:
            if tuner.settings.bell:
                tuner.bell()
            if result:
                self.banner.show_note(done)

        def failed(error: BaseException) -> None:
            if isinstance(error, Interrupted):
                early = "stopped before everything was started; r goes on, nothing is paid twice"
                self.banner.show_note(stopped if stage.is_waiting else early)

        self.run(work, ended, failed, lambda event: self._show_started(stage))

    def _show_started(self, stage: Stage) -> None:
        """Show once that the jobs run, so that the step bar and the app's watcher know."""
        if stage.is_waiting and not stage.is_seen:
            stage.is_seen = True
            self.tuner.reload()

    def on_unmount(self) -> None:
        """Stop waiting; what is still being uploaded goes on until its job is started."""
        self._stage.is_left = True
        if self._stage.is_waiting:
            self.main_slot.cancel()

    def ask_to_stop(self, row: JobRow) -> None:
        """Ask, then stop a running training."""
        if self.refuses("stopping a job"):
            return
        facts = [
            f"job      {row.id}",
            f"engine   {self.overview.badge}",
            f"state    {row.state}",
            "",
            "A stopped training cannot go on; training again starts from the beginning.",
            "On AWS the time until now is charged."
            if self.overview.badge != "OFFLINE"
            else "Nothing is charged offline.",
        ]
        modal = PayModal("Stop this training?", facts, "stop it")
        self.app.push_screen(modal, lambda agreed: self.stop_training(row.id) if agreed else None)

    def stop_training(self, job_id: str) -> None:
        """Ask the engine to stop a training, and say what it answers."""
        session = self.session
        self.run(lambda watch: stop_job(session, job_id), self.told_to_stop)

    def told_to_stop(self, state: str) -> None:
        """Say how a training stopped."""
        self.banner.show_note(f"asked to stop; the engine says {state}")


# A step that may cost money: account and rights are checked before the first one.


View = TypeVar("View")


class PaidStepScreen(EngineStepScreen, Generic[View]):
    """Base of the steps that are charged on AWS; their body holds a `PreflightPanel`.

    Args:
        inputs_of: what the view depends on; when it changes the view is read again.
        read: reads the view; called in a thread.
    """

    def __init__(
        self, inputs_of: Callable[[Overview], object], read: Callable[[Session], View]
    ) -> None:
        super().__init__()
        self._inputs_of = inputs_of
        self._read = read
        self._seen: object = None
        self.view: View | None = None
        """What the screen shows beside the overview; None until it was read."""
        self.report: DoctorReport | None = None
        """What the last check of account and rights found; None before there was one."""

    def show_session(self, overview: Overview) -> None:
        """Show what is known, and read the rest when something has changed."""
        seen = self._inputs_of(overview)
        if seen != self._seen and not self.is_busy:
            self._seen = seen
            session, read = self.session, self._read
            self.look(lambda watch: read(session), self.looked)
        self.show_view()

    def looked(self, view: View) -> None:
        """Show what was read."""
        self.view = view
        self.show_view()
        self.focus_first()

    def show_view(self) -> None:
        """Show the overview and what was read."""

    @property
    def is_checked(self) -> bool:
        """Whether a paid step may start: the last check passed, or one was started before."""
        if self.report is not None:
            return self.report.ok
        jobs = [job for run in self.overview.state.runs for job in run.jobs()]
        return any(job.arn and not job.is_adopted for job in jobs)

    def check_first(self, go_on: Callable[[], None]) -> None:
        """Do `go_on`, after the check when there was none that passed."""
        if self.is_checked:
            go_on()
        else:
            self._check(go_on)

    def fits_budget(self, plan: TrainingPlan | ScoringPlan, price: Estimate) -> bool:
        """Whether the budget allows a plan; when not, the banner says so."""
        if not plan.is_over_budget:
            return True
        try:
            require_budget(self.overview.state, price)
        except Refused as error:
            self.banner.show_error(error)
            return False
        return True

    def action_check_account(self) -> None:
        """Check account, bucket, role and rights, without starting anything."""
        if not self.is_busy:
            self._check(None)

    def _check(self, go_on: Callable[[], None] | None) -> None:
        session, may_write = self.session, not self.tuner.settings.read_only

        def work(watch: Watch) -> "DoctorReport":
            from core.workflow.doctor import run_doctor

            return run_doctor(session, watch, may_write)

        self.run(work, partial(self._show_checked, go_on), self._check_failed)

    def _show_checked(self, go_on: Callable[[], None] | None, report: "DoctorReport") -> None:
        """Show what the check found, or go on when it passed."""
        self.report = report
        if report.ok and go_on is not None:
            self._panel.display = False
            self.show_overview()
            go_on()
            return
        self._panel.show_report(report)
        self.show_overview()
        if go_on is not None:
            failed = plural(sum(line.outcome == "failed" for line in report.lines), "check")
            self.banner.show_error(
                Refused(
                    "Not started",
                    f"{failed} failed; nothing was created and nothing is charged",
                    "do what the highlighted line says; r then checks again and goes on",
                )
            )

    def _check_failed(self, error: BaseException) -> None:
        """A check that was stopped has changed nothing."""
        if isinstance(error, Interrupted):
            self.banner.show_note("stopped checking; nothing was started")

    @property
    def _panel(self) -> PreflightPanel:
        return self.query_one(PreflightPanel)

    @property
    def is_report_open(self) -> bool:
        """Whether the lines of the check stand in place of the plan."""
        return bool(self._panel.display)

    async def action_back(self) -> None:
        """Close the lines of the check, or go back to the sessions."""
        if not self.is_report_open:
            await self.tuner.action_back()
            return
        self._panel.display = False
        self.banner.clear()
        self.show_overview()
        self.set_focus(None)
        self.focus_first()

    def focus_first(self) -> None:
        """Give the focus to what the step shows first, when nothing has it."""

    def checked_words(self) -> str:
        """What is known of account and rights."""
        if self.report is not None:
            sign = glyph("passed" if self.report.ok else "error", self.tuner.settings.ascii_only)
            return f"{sign} {summary(self.report)}; d checks again"
        if self.is_checked:
            return "a step was started before; d checks again"
        return "not checked yet: r does it first, d does it alone"

    def copied_value(self) -> str:
        """The policy that the highlighted check asks for; the command without one."""
        policy = self._panel.policy if self.is_report_open else ""
        return policy or self.equivalent_command()
