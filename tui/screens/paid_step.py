"""A step that may cost money: account and rights are checked before the first one."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from core.comprehend.pricing import Estimate
from core.errors import Interrupted, Refused, TunerError
from core.progress import CancelToken, Reporter
from core.text import plural
from core.workflow.actions.budget import require_budget
from core.workflow.actions.score import ScoringPlan
from core.workflow.actions.train import TrainingPlan
from core.workflow.overview import Overview
from core.workflow.session import Session
from tui.render import glyph
from tui.screens.engine_step import EngineStepScreen
from tui.widgets.preflight import PreflightPanel, summary

if TYPE_CHECKING:
    from core.workflow.actions.doctor import DoctorReport

CHECKING = "check account and rights"


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
        self._go_on: Callable[[], None] | None = None
        self.report: DoctorReport | None = None
        """What the last check of account and rights found; None before there was one."""

    def show_session(self, overview: Overview) -> None:
        """Show what is known, and read the rest when something has changed."""
        seen = self._inputs_of(overview)
        if seen != self._seen and not self.is_busy:
            self._seen = seen
            session, read = self.session, self._read
            self.look(lambda reporter, cancel: read(session))
        self.show_view()

    def looked(self, result: object) -> None:
        """Show what was read."""
        self.view = cast(View, result)
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

        def work(reporter: Reporter, cancel: CancelToken) -> object:
            from core.workflow.actions.doctor import run_doctor

            return run_doctor(session, reporter, cancel, may_write)

        self._go_on = go_on
        self.start_job(CHECKING, work)

    def job_finished(self, name: str, result: object) -> None:
        """Show what the check found, or go on when it passed."""
        super().job_finished(name, result)
        if name != CHECKING:
            return
        self.report = report = cast("DoctorReport", result)
        go_on, self._go_on = self._go_on, None
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

    def job_failed(self, name: str, error: TunerError) -> None:
        """A check that was stopped has changed nothing."""
        super().job_failed(name, error)
        if name == CHECKING and isinstance(error, Interrupted):
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
