"""What the oversample screen shows, and the background work that brings it.

It has two faces: the plan (labels, arms, what they come to) and the experiment (arms with their
figures). Whatever is counted is counted in a thread; an older count is given up for a newer one.
"""

import time
from dataclasses import replace
from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult

from core.errors import TunerError
from core.workflow.experiments import ArmStatus
from core.workflow.overview import Overview
from core.workflow.state import OversamplingState
from tui.messages import JobFailed, JobFinished, JobProgressed
from tui.screens.engine_step import WAITING
from tui.screens.oversample_plan import Planned, plan_view
from tui.screens.oversample_relay import SweepRelay, relay_of
from tui.screens.oversample_single import SingleFile
from tui.screens.oversample_texts import head_text, hint_text
from tui.screens.oversample_wish import ArmsWish, wish_of
from tui.screens.oversample_work import (
    ExperimentView,
    PlannedSweep,
    compare_work,
    inputs_of,
    plan_work,
    view_of,
)
from tui.screens.paid_step import PaidStepScreen
from tui.widgets.arms_board import ArmsBoard, ArmsView
from tui.widgets.arms_input import ArmsInput
from tui.widgets.arms_lines import shown_names
from tui.widgets.arms_plan import ArmsPlan
from tui.widgets.preflight import PreflightPanel

Face = Literal["", "plan", "experiment"]

COMPARING = "compare arms"
_REFRESH_S = 1.0
"""Seconds between two looks at the arms while they run, at least."""


class OversampleBase(PaidStepScreen[ExperimentView]):
    """Reads and shows; keys are those of the subclass."""

    step_id: ClassVar[str] = "oversample"
    title_words: ClassVar[str] = "oversample"

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
        self._planned: object = None
        """What the running count is of."""
        self._name = ""
        self._looked_at = 0.0
        self._has_begun = False
        """Whether the app has seen that the sweep runs."""
        self._faults: tuple[ArmStatus, ...] = ()
        """Arms that the last run gave up for now."""
        self._compared: object = None
        """The experiment that comparing was begun for; not begun twice."""

    def compose_body(self) -> ComposeResult:
        """The check of the account, both faces, a line to type in."""
        ascii_only = self.tuner.settings.ascii_only
        yield PreflightPanel(ascii_only)
        yield ArmsPlan(ascii_only)
        board = ArmsBoard(ascii_only)
        board.display = False
        yield board
        yield ArmsInput(ascii_only)

    relay: SweepRelay
    """Where the session's sweep runs."""

    def on_mount(self) -> None:
        """Hear of a sweep that another screen of this step has started."""
        self.relay = relay_of(self.tuner, self.overview.folder)
        self.relay.listener = self
        if self.relay.is_running:
            self._current_job = self.relay.job

    def on_unmount(self) -> None:
        """Let a sweep go on unheard."""
        if self.relay.listener is self:
            self.relay.listener = None

    @property
    def plan_pane(self) -> ArmsPlan:
        """Labels and arms that are planned."""
        return self.query_one(ArmsPlan)

    @property
    def board(self) -> ArmsBoard:
        """The experiment."""
        return self.query_one(ArmsBoard)

    @property
    def line(self) -> ArmsInput:
        """Where arms and targets are typed."""
        return self.query_one(ArmsInput)

    @property
    def kept(self) -> OversamplingState | None:
        """The single training file that the session keeps for the present split."""
        state = self.overview.state
        over = state.oversampling
        is_arm = any(arm.made == over for one in state.experiments for arm in one.arms)
        return None if over is None or is_arm or over.split != self._split else over

    def show_session(self, overview: Overview) -> None:
        """Show what is known, and read the arms again when something has changed."""
        self._begin_split(overview)
        seen = inputs_of(overview)
        if seen != self._seen:
            self._seen = seen
            self._look_at_arms()
        self._replan_when_stale()
        self.show_view()

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

    def _look_at_arms(self) -> None:
        session = self.session
        self._looked_at = time.monotonic()
        self.look(lambda reporter, cancel: view_of(session))

    @on(JobProgressed)
    def _follow_arms(self, message: JobProgressed) -> None:
        """Look at the arms again while they run, now and then."""
        if message.job != self._current_job or message.name != WAITING:
            return
        if not self._has_begun:
            self._has_begun = True
            self.tuner.reload()
        elif time.monotonic() - self._looked_at >= _REFRESH_S and not self.is_looking:
            self._look_at_arms()

    def looked(self, result: object) -> None:
        """Show the arms; the first time choose the face and take over what was planned."""
        assert isinstance(result, ExperimentView)
        if self.view is None:
            self._begin_with(result)
        super().looked(replace(result, faults=self._faults))
        self._replan_when_stale()
        self.compare_when_due()

    def _begin_with(self, view: ExperimentView) -> None:
        split = self.overview.state.split
        experiment = view.experiment
        is_of_split = experiment is not None and split is not None and experiment.split == split.id
        if experiment is not None and is_of_split:
            self._wish = wish_of(experiment)
        if not self._face:
            self._face = "experiment" if is_of_split else "plan"

    def _replan_when_stale(self) -> None:
        """Count again what the wish would come to, when it is to be seen and not known."""
        is_seen = self._face == "plan" and not self._is_single and not self._missing
        if not is_seen or self.is_busy or not self._wish.is_complete:
            return
        known = self._sweep
        if known is not None and (known.wish, known.inputs) == (self._wish, self._seen):
            return
        if self.tuner.jobs.is_running(self._plan_job):
            if self._planned == (self._wish, self._seen):
                return
            self.tuner.jobs.cancel(self._plan_job)
        self._planned = (self._wish, self._seen)
        work = plan_work(self.session, self._wish, self._seen)
        self._plan_job = self.tuner.jobs.start(self, "plan", work)

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

    def compare_when_due(self) -> None:
        """Compare a finished experiment whose comparison is missing or stale, once."""
        view = self.view
        if view is None or view.experiment is None or view.report is not None or self.is_busy:
            return
        key = (view.experiment.id, self._seen)
        if view.is_finished and view.is_comparable and self._compared != key:
            self._compared = key
            self.start_job(COMPARING, compare_work(self.session, view.experiment.id))

    def show_view(self) -> None:
        """Show the face that is open."""
        is_experiment = self._face == "experiment"
        self.plan_pane.display = not is_experiment and not self.is_report_open
        self.board.display = is_experiment and not self.is_report_open
        if is_experiment:
            self._show_experiment()
        else:
            sweep = (
                self._sweep if self._sweep is not None and self._sweep.wish == self._wish else None
            )
            planned = Planned(self._single, self._is_single, self._wish, sweep, self._place)
            self.plan_pane.show(plan_view(planned, self.kept, self._missing))

    def focus_first(self) -> None:
        """The table of the face that is open, when nothing else has the focus."""
        focused = self.focused
        if self.is_current and (focused is None or not focused.display or not focused.visible):
            self.focus_table()

    def focus_table(self) -> None:
        """Go to the labels, or to the arms."""
        if self.is_report_open:
            return
        is_experiment = self._face == "experiment"
        (self.board.table if is_experiment else self.plan_pane.table).focus()

    def _show_experiment(self) -> None:
        view = self.view
        if view is None or view.experiment is None:
            return
        names = shown_names(view.experiment)
        self._name = self._name if self._name in names else names[0]
        self.board.show(
            ArmsView(
                head_text(view.experiment, view.report, self.overview.state),
                view.shown,
                view.report,
                self._name,
                hint_text(self._name, names),
            )
        )

    def open_face(self, face: Face) -> None:
        """Show the plan or the experiment, its table in focus."""
        self.line.close()
        self._face = face
        if not self.is_busy:
            self.banner.clear()
        self._replan_when_stale()
        self.show_view()
        self.focus_table()

    def close_line(self) -> None:
        """Stop typing and go back to the labels."""
        self.line.close()
        self.banner.clear()
        self.focus_table()
