"""The oversample step: plan arms, train them, compare them, adopt one; or one training file."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol, cast
from weakref import WeakKeyDictionary

from textual import on
from textual.app import ComposeResult
from textual.message import Message
from textual.message_pump import MessagePump
from textual.widgets import Input

from core.errors import Interrupted, Refused, TunerError
from core.progress import Watch
from core.text import plural, printable
from core.workflow.experiments.arms import arm_statuses, retry_failed, versions
from core.workflow.experiments.compare import (
    ArmsSettings,
    adopt_arm,
    compare_experiment,
    load_comparison,
)
from core.workflow.experiments.plan import (
    ArmStatus,
    ExperimentPlan,
    ExperimentReport,
    Version,
    plan_experiment,
)
from core.workflow.experiments.run import run_experiment, start_experiment
from core.workflow.health import require_health
from core.workflow.money import require_budget
from core.workflow.oversample import OversamplePreview, clear_oversampling
from core.workflow.overview import Overview
from core.workflow.session import Session
from core.workflow.state import ExperimentState, OversamplingState
from tui.jobs import JobFailed, JobFinished, JobProgressed, Work
from tui.screens.base import WAITING, PaidStepScreen
from tui.screens.oversample_windows import (
    ARMS_HELP,
    LEAD,
    ArmsWish,
    OptionsModal,
    SingleFile,
    VersionsModal,
    adopt_facts,
    arm_price,
    arm_text,
    arms_text,
    figures_text,
    head_text,
    hint_text,
    plan_lead,
    plan_text,
    question_facts,
    read_arms,
    sweep_text,
    toggled,
    whole_price,
    wish_of,
)
from tui.widgets.arms import (
    FINAL,
    ArmCells,
    ArmsBoard,
    ArmsInput,
    ArmsPlan,
    ArmsView,
    PlanView,
    counts_of,
    shown_names,
)
from tui.widgets.chrome import KeyFooter
from tui.widgets.preflight import PreflightPanel, summary
from tui.windows import PayModal, TextWindow

if TYPE_CHECKING:
    from core.workflow.thresholds import Tuned
    from tui.app import TunerApp


# A sweep that goes on while other screens are open, and tells the one that shows it.
#
# Arms wait for their turn and are scored after they are trained, so ending the work with its screen
# would end the sweep. Leaving the app ends it; the jobs of the engine run on even then.


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


# What the oversample screen reads and does in threads.


@dataclass(frozen=True)
class ExperimentView:
    """An experiment as it stands."""

    experiment: ExperimentState | None = None
    statuses: tuple[ArmStatus, ...] = ()
    report: ExperimentReport | None = None
    """The comparison of its present scores; None when there is none."""

    faults: tuple[ArmStatus, ...] = ()
    """Arms that the last run gave up for now; trying again may help."""

    @property
    def shown(self) -> tuple[ArmStatus, ...]:
        """The arms, with why those that were given up stand still."""
        reasons = {fault.arm.run: fault for fault in self.faults}
        return tuple(
            one if one.stage in FINAL else reasons.get(one.arm.run, one) for one in self.statuses
        )

    @property
    def is_finished(self) -> bool:
        """Whether no arm is left to be trained or scored."""
        return bool(self.statuses) and all(one.stage in FINAL for one in self.statuses)

    @property
    def is_comparable(self) -> bool:
        """Whether the base and another arm have scores."""
        done = {one.arm.plan.group for one in self.statuses if one.stage == "done"}
        return "base" in done and len(done) > 1

    @property
    def failed(self) -> tuple[ArmStatus, ...]:
        """The arms that failed."""
        return tuple(one for one in self.statuses if one.stage == "failed")


@dataclass(frozen=True)
class PlannedSweep:
    """What a wish would come to, or why it cannot be."""

    wish: ArmsWish
    inputs: object
    """What else the plan depends on, as it was when the plan was asked for."""
    plan: ExperimentPlan | None = None
    problem: TunerError | None = None


def inputs_of(overview: Overview) -> object:
    """What an experiment and its plan depend on."""
    state = overview.state
    runs = [
        (
            run.name,
            [(job.id, job.arn, job.status and job.status.state) for job in run.jobs()],
            [kept.fingerprint for kept in run.scores.values()],
        )
        for run in state.runs
    ]
    experiments = [
        (
            one.id,
            one.comparison and one.comparison.made_at,
            [(arm.run, arm.skipped) for arm in one.arms],
        )
        for one in state.experiments
    ]
    split = state.split.fingerprint if state.split is not None else ""
    money = state.prices, state.budget_usd, state.engine, state.twin
    return state.dataset.fingerprint, split, runs, experiments, state.adopted, money


def view_of(session: Session, experiment_id: str = "") -> ExperimentView:
    """Read an experiment, or the newest; nothing is asked of the engine."""
    state = session.state()
    named = [one for one in state.experiments if one.id == experiment_id]
    experiment = named[0] if named else state.experiment
    if experiment is None:
        return ExperimentView()
    statuses = arm_statuses(session, state, experiment)
    return ExperimentView(experiment, statuses, load_comparison(session, experiment))


def plan_work(session: Session, wish: ArmsWish, inputs: object) -> Work:
    """Count what a wish would train and cost."""

    def work(
        watch: Watch,
    ) -> PlannedSweep | None:
        try:
            plan = plan_experiment(
                session,
                wish.request(),
                groups=wish.groups,
                patience=wish.patience,
                watch=watch,
            )
        except Interrupted:
            return None
        except TunerError as error:
            return PlannedSweep(wish, inputs, problem=error)
        return PlannedSweep(wish, inputs, plan)

    return work


def carry_on_work(session: Session, experiment: str) -> Work:
    """Count what is left of an experiment."""

    def work(
        watch: Watch,
    ) -> ExperimentPlan:
        found = next(one for one in session.state().experiments if one.id == experiment)
        return plan_experiment(
            session,
            None,
            objective=found.objective,
            patience=found.patience,
            experiment=experiment,
            watch=watch,
        )

    return work


def sweep_work(session: Session, plan: ExperimentPlan) -> Work:
    """Keep the arms, then train and score them."""

    def work(
        watch: Watch,
    ) -> tuple[ArmStatus, ...]:
        start_experiment(session, plan)
        watch.report(f"experiment {plan.id}", 0, len(plan.arms), "arms")
        return run_experiment(session, plan.id, watch)

    return work


def compare_work(session: Session, experiment: str) -> Work:
    """Compare every arm with the base."""

    def work(
        watch: Watch,
    ) -> ExperimentReport:
        return compare_experiment(session, experiment, ArmsSettings(), watch)

    return work


def adopt_work(session: Session, run: str) -> Work:
    """Make the run of an arm the session's, with thresholds of its own."""

    def work(
        watch: Watch,
    ) -> "Tuned":
        return adopt_arm(session, run, watch)

    return work


def versions_work(session: Session) -> Work:
    """Read the history of every run."""

    def work(
        watch: Watch,
    ) -> tuple[Version, ...]:
        return versions(session)

    return work


def retry_work(session: Session, experiment: str) -> Work:
    """Intend the failed arms anew."""

    def work(
        watch: Watch,
    ) -> int:
        return retry_failed(session, experiment)

    return work


# The plan of the oversample screen: what is wished, and the count of what it comes to.


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


# The keys that the footer of the oversample screen shows: other ones for what is in sight.


def footer_of(
    face: Face, is_single: bool, view: ExperimentView | None, is_busy: bool
) -> Mapping[str, str]:
    """Actions with their labels, the most wanted first."""
    if face != "experiment":
        if is_single:
            return {"edit": "target", "run_step": "keep", "clear": "forget", "choose": "experiment"}
        results = {"face": "results"} if view is not None and view.experiment is not None else {}
        return {"choose": "choose", "arms": "arms", "run_step": "run", **(results or _OPTIONS)}
    if is_busy:
        return {"open": "figures", "stop": "stop", "face": "plan"}
    if view is not None and not view.is_finished:
        again = {"retry": "retry"} if view.failed else {}
        return {"open": "figures", "run_step": "carry on", **again, "face": "plan"}
    if view is not None and view.failed:
        return {"open": "figures", "retry": "retry", "adopt": "adopt", "face": "plan"}
    return {"open": "figures", "adopt": "adopt", "versions": "versions", "face": "plan"}


_OPTIONS = {"options": "options"}


# The plan face of the oversample screen, made from what is wished and what was counted.


_SINGLE_ENDING = "e target · space plans an experiment instead · D forgets"


@dataclass(frozen=True)
class Planned:
    """What stands on the plan."""

    single: SingleFile | None
    """None without a split of the present dataset."""
    is_single: bool
    """Whether the single training file is meant, not the experiment."""
    wish: ArmsWish
    sweep: PlannedSweep | None
    """What the wish comes to; None while it is counted."""
    place: int
    """Of the highlighted arm."""
    is_busy: bool = False
    """Whether arms are trained or compared at this moment."""


def plan_view(planned: Planned, kept: OversamplingState | None, missing: str) -> PlanView:
    """What the pane shows.

    Args:
        planned: what is wished, and what was counted.
        kept: the single training file of the session.
        missing: what planning needs first.
    """
    single, wish, sweep = planned.single, planned.wish, planned.sweep
    if single is None:
        return PlanView((missing,), (), True)
    if planned.is_single:
        return PlanView(
            LEAD, single.rows(), True, texts=(single.summary(kept),), ending=_SINGLE_ENDING
        )
    counts = counts_of(single.before, single.before, {}, wish.labels)
    view = PlanView(plan_lead(wish), counts, False)
    if not wish.is_complete:
        return replace(view, texts=("no label chosen · o options · e a single training file",))
    if sweep is None:
        return replace(view, texts=("counting …",))
    if sweep.plan is None:
        problem = sweep.problem
        hint = f"; {problem.hint}" if problem is not None and problem.hint else ""
        return replace(view, texts=(f"! {problem.message}{hint}" if problem is not None else "",))
    return _swept(view, sweep.plan, wish, planned)


def _swept(view: PlanView, plan: ExperimentPlan, wish: ArmsWish, planned: Planned) -> PlanView:
    place = min(planned.place, len(plan.arms) - 1)
    arm = plan.arms[place]
    cells = [
        ArmCells(one.plan.id, f"{one.documents:,}", arm_price(one), one.is_there)
        for one in plan.arms
    ]
    if not plan.trainings and not plan.estimate.high_usd:
        start = "trained and scored: p shows it"
    elif planned.is_busy:
        start = "r after what runs now"
    else:
        start = "r carries it on" if plan.is_resumed else "r starts it"
    return replace(
        view,
        labels=counts_of(plan.before, arm.after, arm.distinct, wish.labels),
        arms=tuple(cells),
        place=place,
        price_title="price" if plan.is_paid else "on AWS",
        texts=(arm_text(plan, arm, place), sweep_text(plan)),
        cautions=tuple(f"! {text}" for text in plan.cautions),
        ending=f"{start} · ←→ arm · o options · enter all of it",
    )


# What the oversample screen shows, and the background work that brings it.
#
# It has two faces: the plan (labels, arms, what they come to) and the experiment (arms with their
# figures). Whatever is counted is counted in a thread; an older count is given up for a newer one.


COMPARING = "compare arms"
_REFRESH_S = 1.0
"""Seconds between two looks at the arms while they run, at least."""


class OversampleBase(OversamplePlanning):
    """Reads and shows; keys are those of the subclass."""

    step_id: ClassVar[str] = "oversample"
    title_words: ClassVar[str] = "oversample"

    def __init__(self) -> None:
        super().__init__()
        self._wanted = ""
        """The experiment that is looked at; empty for the newest."""
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
        self._wanted = self.relay.experiment
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

    def show_session(self, overview: Overview) -> None:
        """Show what is known, and read the arms again when something has changed."""
        self._begin_split(overview)
        seen = inputs_of(overview)
        if seen != self._seen:
            self._seen = seen
            self._look_at_arms()
        self._replan_when_stale()
        self.show_view()

    def _look_at_arms(self) -> None:
        session, wanted = self.session, self._wanted
        self._looked_at = time.monotonic()
        self.look(lambda watch: view_of(session, wanted), self.looked)

    def look_at(self, experiment_id: str) -> None:
        """Show another experiment, now and when this screen opens again."""
        self._wanted = self.relay.experiment = experiment_id
        self._look_at_arms()

    def lacks_experiment(self) -> bool:
        """Say that there is no experiment yet; whether there is none."""
        is_missing = self.view is None or self.view.experiment is None
        if is_missing:
            self.tell("no experiment yet: choose labels with space, then r starts it")
        return is_missing

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

    def compare_when_due(self) -> None:
        """Compare a finished experiment whose comparison is missing or stale, once."""
        view = self.view
        if view is None or view.experiment is None or view.report is not None:
            return
        if self.is_busy or self.is_looking:  # what is being read may hold the comparison
            return
        key = (view.experiment.id, self._seen)
        if view.is_finished and view.is_comparable and self._compared != key:
            self._compared = key
            self.start_job(COMPARING, compare_work(self.session, view.experiment.id))

    def show_view(self) -> None:
        """Show the face that is open."""
        is_experiment = self._face == "experiment"
        keys = footer_of(self._face, self._is_single, self.view, self.is_busy)
        self.query_one(KeyFooter).show(keys)
        self.plan_pane.display = not is_experiment and not self.is_report_open
        self.board.display = is_experiment and not self.is_report_open
        if is_experiment:
            self._show_experiment()
        else:
            sweep = (
                self._sweep if self._sweep is not None and self._sweep.wish == self._wish else None
            )
            planned = Planned(
                self._single, self._is_single, self._wish, sweep, self._place, self.is_busy
            )
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
                hint_text(self._name, names, len(self.overview.state.experiments)),
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


# Running on the oversample screen: start, carry on, compare, retry, adopt; what comes of it.


FORGET, PREVIEW = "forget", "preview"
COUNTING = "one moment: the arms are being counted"
_KEEP, _ADOPT, _VERSIONS = "keep", "adopt", "versions"
_RETRY, _CARRY_ON = "retry", "count what is left"


class OversampleRuns(OversampleBase):
    """What starts jobs of the engine, and what waits for them."""

    _versions_job = 0

    def waits(self) -> bool:
        """Say that a job of this screen runs; whether one does."""
        if self.is_busy:
            self.tell("not while this goes on: x stops waiting, the jobs go on")
        return self.is_busy

    def action_run_step(self) -> None:
        """Start the experiment or carry it on; or write the single training file."""
        if self._single is None or self.waits():
            self.lacks_split()
            return
        if self._face == "experiment":
            self._carry_on()
        elif self._is_single:
            self._keep_single()
        elif not self._wish.is_complete:
            self.banner.show_note("nothing to train yet: space chooses the labels to raise")
        elif self._sweep is None or not self._sweep_is_of_wish:
            self.banner.show_note(COUNTING)
        elif self._sweep.plan is None:
            if self._sweep.problem is not None:
                self.banner.show_error(self._sweep.problem)
        elif not self.refuses("training"):
            self._start_or_ask(self._sweep.plan)

    def _keep_single(self) -> None:
        single = self._single
        if single is None or not single.targets:
            self.banner.show_note("no target yet: press e to set the highlighted label's")
        else:
            self.start_job(_KEEP, single.keep_work(self.session))

    def _carry_on(self) -> None:
        view = self.view
        if view is None or view.experiment is None:
            return
        if not view.is_finished:
            if not self.refuses("training"):
                self.start_job(_CARRY_ON, carry_on_work(self.session, view.experiment.id))
        elif view.report is None and view.is_comparable:
            self.action_measure()
        elif view.failed:
            self.banner.show_note("the failed arms stay as they are; R trains them again")
        else:
            self.banner.show_note("finished and compared; A adopts the highlighted arm")

    def action_measure(self) -> None:
        """Compare the arms that have scores now."""
        view = self.view
        if self.lacks_experiment() or self.waits() or view is None or view.experiment is None:
            return
        if view.report is not None:
            self.banner.show_note("these scores are compared already")
        elif not view.is_comparable:
            self.banner.show_note("nothing to compare yet: the base and one more arm need scores")
        else:
            self.start_job(COMPARING, compare_work(self.session, view.experiment.id))

    def _start_or_ask(self, plan: ExperimentPlan) -> None:
        try:
            if plan.trainings:
                require_health(self.overview.state, despite_findings=False)
            if plan.is_over_budget:
                require_budget(self.overview.state, whole_price(plan))
        except Refused as error:
            self.banner.show_error(error)
            return
        if plan.is_paid and plan.estimate.high_usd:
            self.check_first(partial(self._ask, plan))
        else:
            self._start(plan)

    def _ask(self, plan: ExperimentPlan) -> None:
        facts = question_facts(plan)
        if self.report is not None:
            facts.append(("checks", summary(self.report)))
        title = f"Train {plural(plan.trainings, 'classifier')} and score them?"
        modal = PayModal(title, facts, "upload, train and score")
        self.app.push_screen(modal, lambda agreed: self._start(plan) if agreed else None)

    def _start(self, plan: ExperimentPlan) -> None:
        self.open_face("experiment")
        self.banner.clear()
        self._faults, self._has_begun = (), False
        self._current_job = self.relay.start(WAITING, sweep_work(self.session, plan))
        self.look_at(plan.id)

    def action_retry(self) -> None:
        """Train the failed arms again."""
        view = self.view
        if self.lacks_experiment() or self.waits() or view is None or view.experiment is None:
            return
        if self.refuses("training"):
            return
        if view.failed:
            self.start_job(_RETRY, retry_work(self.session, view.experiment.id))
        else:
            self.banner.show_note("no arm has failed")

    def action_stop(self) -> None:
        """Stop waiting or comparing; the arms' jobs go on."""
        if not self.cancel_job():
            self.banner.show_note(
                "nothing waits; j shows the jobs, where a training can be stopped"
            )

    def action_adopt(self) -> None:
        """Make the highlighted arm the session's run, after a question."""
        group, view = self.board.group, self.view
        if self.lacks_experiment() or self.waits() or view is None:
            return
        if self._face != "experiment" or group is None:
            self.tell("an arm is adopted in the experiment: p shows it")
            return
        arm = group.adoptable
        if arm is None:
            self.banner.show_note(f"{group.name} has no scores yet")
            return
        facts = adopt_facts(group, arm.run, view.report, self.overview.state)
        modal = PayModal(f"Adopt arm {printable(group.name, 40)}?", facts, "adopt it")
        work = adopt_work(self.session, arm.run)
        self.app.push_screen(modal, lambda agreed: self.start_job(_ADOPT, work) if agreed else None)

    def action_versions(self) -> None:
        """Show every trained run of the session."""
        if not self.overview.state.runs:
            self.tell("no run yet: 4 (Train) trains one, or an experiment its arms")
            return
        self._versions_job = self.tuner.jobs.start(self, _VERSIONS, versions_work(self.session))

    @on(JobFinished)
    def _show_versions(self, message: JobFinished) -> None:
        if message.ended.job == self._versions_job and self.is_current:
            shown = cast("tuple[Version, ...]", message.ended.result)
            self.app.push_screen(VersionsModal(shown, self.tuner.settings.ascii_only))

    @on(JobFailed)
    def _show_no_versions(self, message: JobFailed) -> None:
        error = message.ended.error
        if message.ended.job == self._versions_job and error is not None:
            if isinstance(error, TunerError):
                self.banner.show_error(error)
            else:
                self.tuner.show_defect(error)

    def job_finished(self, name: str, result: object) -> None:
        """Use what came out, and say what comes next."""
        super().job_finished(name, result)
        if name == WAITING:
            self._swept(cast("tuple[ArmStatus, ...]", result))
        single = self._single
        if isinstance(result, OversamplePreview | OversamplingState) and single is not None:
            single.take(result.after, result.added)
        if name == _KEEP:
            self.tuner.say("kept: the next run (4 Train) uses it")
        elif name == FORGET and single is not None:
            single.forget()
            self.tuner.say("forgotten: the next run trains on the part as it was split")
        elif name == _CARRY_ON:
            self._start_or_ask(cast("ExperimentPlan", result))
        elif name == _RETRY and self.view is not None and self.view.experiment is not None:
            self.start_job(_CARRY_ON, carry_on_work(self.session, self.view.experiment.id))
        elif name == _ADOPT:
            run = self.overview.state.run
            whose = run.name if run is not None else ""
            self.banner.show_note(f"run {whose} is the session's, with its own thresholds (6)")
        self.show_view()
        self.compare_when_due()

    def _swept(self, statuses: tuple[ArmStatus, ...]) -> None:
        """Keep why arms stand still, which is known to nobody else."""
        if self.tuner.settings.bell:
            self.tuner.bell()
        self._faults = tuple(one for one in statuses if one.stage == "failed")
        if self._faults:
            words = plural(len(self._faults), "arm")
            self.banner.show_note(f"{words} did not end: r tries again, R retrains failed ones")

    def job_failed(self, name: str, error: TunerError) -> None:
        """A target that cannot be met has no counts; stopping is no fault."""
        super().job_failed(name, error)
        if name == PREVIEW and self._single is not None:
            self._single.take({}, 0)
        if isinstance(error, Interrupted) and name == WAITING:
            self.banner.show_note(self.stopped_note())
        elif isinstance(error, Interrupted) and name == COMPARING:
            self.banner.show_note("not compared; r compares")
        self.show_view()

    def stopped_note(self) -> str:
        """What goes on after the wait was ended."""
        return "stopped waiting; trainings that run go on. r waits again, j shows the jobs"


class OversampleScreen(OversampleRuns):
    """The keys of planning and looking; those of running are its base's."""

    def action_face(self) -> None:
        """Change between the plan and the experiment."""
        if self._face == "experiment":
            self.open_face("plan")
        elif not self.lacks_experiment():
            self.open_face("experiment")
            plan = self._sweep.plan if self._sweep is not None else None
            if plan is not None and plan.is_resumed and self._sweep_is_of_wish:
                self.look_at(plan.id)

    def action_experiment(self, steps: int) -> None:
        """Look at another experiment of the session."""
        if self.lacks_experiment():
            return
        known = [one.id for one in self.overview.state.experiments]
        shown = self.view.experiment.id if self.view and self.view.experiment else known[-1]
        if len(known) == 1:
            self.tell(f"{shown} is the only experiment of this session")
        elif self._face == "experiment":
            self.look_at(known[(known.index(shown) + steps) % len(known)])
        self.open_face("experiment")

    def action_choose(self) -> None:
        """Let the arms raise the highlighted label, or no longer."""
        if self._face == "experiment":
            self.tell("labels are chosen on the plan: p opens it")
            return
        label = self.plan_pane.highlighted
        if not self.lacks_split() and self._single is not None and label is not None:
            self._plan_sweep(toggled(self._wish, label, tuple(self._single.before)))

    def _plan_sweep(self, wish: ArmsWish) -> None:
        if wish.is_whole_set != self._wish.is_whole_set or wish.amounts != self._wish.amounts:
            self._place = 0
        self._wish, self._is_single = wish, False
        if not self.is_busy:
            self.banner.clear()
        self._replan_when_stale()
        self.show_view()

    def action_move(self, steps: int) -> None:
        """Highlight another arm of the plan, or show the figures of another label."""
        view = self.view
        if self._face == "experiment" and view is not None and view.experiment is not None:
            names = shown_names(view.experiment)
            at = names.index(self._name) if self._name in names else 0
            self._name = names[(at + steps) % len(names)]
        elif self._has_arms():
            assert self._sweep is not None and self._sweep.plan is not None
            self._place = (self._place + steps) % len(self._sweep.plan.arms)
        self.show_view()

    def _has_arms(self) -> bool:
        """Whether there are counted arms; when not, say why."""
        if self.lacks_split():
            return False
        sweep = self._sweep if self._sweep_is_of_wish else None
        if self._is_single or not self._wish.is_complete:
            self.tell("no arms yet: space chooses the labels to raise")
        elif sweep is None:
            self.tell(COUNTING)
        elif sweep.plan is None and sweep.problem is not None:
            self.banner.show_error(sweep.problem)
        return sweep is not None and sweep.plan is not None and not self._is_single

    def action_arms(self) -> None:
        """Type the arms of the experiment."""
        if self.lacks_split():
            return
        self.open_face("plan")
        self.line.open("arms", f"arms: {ARMS_HELP}", arms_text(self._wish))

    def action_options(self) -> None:
        """Replicates, repeated few, stop rule, seed, label groups."""
        if self.lacks_split():
            return
        self.open_face("plan")

        def taken(wish: ArmsWish | None) -> None:
            if wish is not None:
                self._plan_sweep(wish)

        self.app.push_screen(OptionsModal(self._wish), taken)

    def action_edit(self) -> None:
        """Type the positives wanted of the highlighted label, or LABEL=N, in one training file."""
        if self._single is None or self.waits():
            self.lacks_split()
            return
        self.open_face("plan")
        label = self.plan_pane.highlighted
        if label is not None:
            target = self._single.targets.get(label)
            name = f"positives of {printable(label, 30)} in train, or LABEL=N (empty: no target)"
            self.line.open("target", name, "" if target is None else str(target))

    def action_open(self) -> None:
        """All figures of the highlighted arm; on the plan all it comes to, or a target."""
        group = self.board.group
        ascii_only = self.tuner.settings.ascii_only
        if self._face == "experiment" and self.view is not None and group is not None:
            text = figures_text(group, self.view.report, ascii_only)
            self.app.push_screen(TextWindow(f"Arm {printable(group.name, 40)}", text))
        elif self._face == "plan" and not self._is_single and self._wish.is_complete:
            if self._has_arms():
                assert self._sweep is not None and self._sweep.plan is not None
                text = plan_text(self._sweep.plan, ascii_only)
                self.app.push_screen(TextWindow("The experiment", text))
        elif self._face == "plan":
            self.action_edit()

    @on(Input.Submitted, "#oversample-input")
    def _take_typed(self, event: Input.Submitted) -> None:
        text, label, single = event.value.strip(), self.plan_pane.highlighted, self._single
        try:
            if self.line.asked == "arms":
                wish = read_arms(self._wish, text)
                self.close_line()
                self._plan_sweep(wish)
            elif single is not None and label is not None:
                single.read_target(label, text)
                self.close_line()
                self._preview_single()
        except TunerError as error:
            self.banner.show_error(error)

    def _preview_single(self) -> None:
        self._is_single = True
        assert self._single is not None
        self.show_view()
        if self._single.targets:
            self.start_job(PREVIEW, self._single.preview_work(self.session))

    async def action_back(self) -> None:
        """Leave the input, then the check, then the session."""
        if self.line.asked:
            self.close_line()
        else:
            await super().action_back()

    def action_clear(self) -> None:
        """Forget the repeated documents, kept or not, and the chosen labels."""
        if self._single is None or self.waits():
            self.lacks_split()
            return
        self._wish, session = ArmsWish(), self.session
        if self.overview.state.oversampling is None:
            self.job_finished(FORGET, None)
        else:
            self.start_job(FORGET, lambda watch,: clear_oversampling(session))

    def equivalent_command(self) -> str:
        """Planning and training the same arms, comparing them, or keeping the single file."""
        base = f"comprehend-tuner --session {self.session_argument}"
        view = self.view
        if self._face == "experiment" and view is not None and view.experiment is not None:
            of = f"--experiment {view.experiment.id}"
            is_newest = view.experiment.id == self.overview.state.experiments[-1].id
            if view.is_finished:
                return f"{base} compare{'' if is_newest else f' {of}'}"
            return f"{base} oversample {'--resume' if is_newest else of}"
        if self._single is not None and not self._is_single and self._wish.is_complete:
            return f"{base} oversample {self._wish.options()}"
        options = self._single.options() if self._single is not None else "--clear"
        return f"{base} oversample {options}"

    def copied_value(self) -> str:
        """The run of the highlighted arm, or the highlighted label."""
        group = self.board.group
        if self._face == "experiment" and group is not None:
            return group.arm.run
        return self.plan_pane.highlighted or self.equivalent_command()
