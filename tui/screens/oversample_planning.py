"""The plan of the oversample screen: what is wished, and the count of what it comes to."""

from typing import Literal

from textual import on

from core.errors import TunerError
from core.workflow.overview import Overview
from core.workflow.state import OversamplingState
from tui.messages import JobFailed, JobFinished
from tui.screens.oversample_single import SingleFile
from tui.screens.oversample_wish import ArmsWish
from tui.screens.oversample_work import (
    ExperimentView,
    PlannedSweep,
    inputs_of,
    plan_work,
    view_of,
)
from tui.screens.paid_step import PaidStepScreen

Face = Literal["", "plan", "experiment"]


class OversamplePlanning(PaidStepScreen[ExperimentView]):
    """Counts in a thread; an older count is given up for a newer one."""

    def __init__(self) -> None:
        super().__init__(inputs_of, view_of)
        self._face: Face = ""
        self._missing = ""
        self._split = ""
        self._single: SingleFile | None = None
        self._is_single = False
        self._wish = ArmsWish()
        self._sweep: PlannedSweep | None = None
        self._plan_job = self._place = 0
        self._planned: tuple[ArmsWish, object] | None = None
        """What the running count is of."""

    def tell(self, text: str) -> None:
        """Answer a key; beside the banner while that shows progress."""
        if self.is_busy:
            self.tuner.say(text)
        else:
            self.banner.show_note(text)

    def lacks_split(self) -> bool:
        """Say what planning needs first; whether it needs anything."""
        if self._single is None:
            self.tell(self._missing)
        return self._single is None

    @property
    def kept(self) -> OversamplingState | None:
        """The single training file that the session keeps for the present split."""
        state = self.overview.state
        over = state.oversampling
        is_arm = any(arm.made == over for one in state.experiments for arm in one.arms)
        return None if over is None or is_arm or over.split != self._split else over

    def _begin_split(self, overview: Overview) -> None:
        """Begin anew with every split; say what is missing without one."""
        split = overview.state.split
        self._missing = ""
        if split is None:
            self._missing = "needs a split: press 3 (Split) to deal the documents"
        elif split.dataset != overview.state.dataset.fingerprint:
            self._missing = "the dataset changed since the split: press 3 (Split) to deal it again"
        if split is None or self._missing:
            self._single, self._split = None, ""
        elif split.fingerprint != self._split:
            self._split = split.fingerprint
            self._single = SingleFile(split, self.kept)
            self._is_single = bool(self._single.targets)
            self._wish, self._sweep = ArmsWish(), None

    def _replan_when_stale(self) -> None:
        """Count again what the wish would come to, when it is to be seen and not known."""
        is_seen = self._face == "plan" and not self._is_single and not self._missing
        if not is_seen or not self._wish.is_complete:
            return
        known = self._sweep
        if known is not None and self._is_of_now(known.wish, known.inputs):
            return
        if self.is_planning:
            if self._planned is not None and self._is_of_now(*self._planned):
                return
            self.tuner.jobs.cancel(self._plan_job)
        self._planned = (self._wish, self._seen)
        work = plan_work(self.session, self._wish, self._seen)
        self._plan_job = self.tuner.jobs.start(self, "plan", work)

    def _is_of_now(self, wish: ArmsWish, inputs: object) -> bool:
        """Whether a count is of the wish; the session changes all the time while arms run."""
        return wish == self._wish and (self.is_busy or inputs == self._seen)

    @property
    def _sweep_is_of_wish(self) -> bool:
        """Whether what was counted is what is wished now."""
        return self._sweep is not None and self._sweep.wish == self._wish

    @property
    def is_planning(self) -> bool:
        """Whether a count runs."""
        return self.tuner.jobs.is_running(self._plan_job)

    @on(JobFinished)
    def _take_plan(self, message: JobFinished) -> None:
        result = message.ended.result
        if message.ended.job != self._plan_job or self.tuner.overview is None:
            return
        if isinstance(result, PlannedSweep) and result.wish == self._wish:
            self._sweep = result
            arms = len(result.plan.arms) if result.plan is not None else 1
            self._place = min(self._place or arms - 1, arms - 1)
            self.show_view()

    @on(JobFailed)
    def _take_failed_plan(self, message: JobFailed) -> None:
        error = message.ended.error
        if message.ended.job == self._plan_job and error is not None:
            if isinstance(error, TunerError):
                self.banner.show_error(error)
            else:
                self.tuner.show_defect(error)
