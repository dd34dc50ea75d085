"""What the oversample screen reads and does in threads."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import Interrupted, TunerError
from core.progress import CancelToken, Progress, Reporter
from core.workflow.experiments import (
    ArmsSettings,
    ArmStatus,
    ExperimentPlan,
    ExperimentReport,
    Version,
    adopt_arm,
    arm_statuses,
    compare_experiment,
    load_comparison,
    newest_experiment,
    plan_experiment,
    retry_failed,
    run_experiment,
    start_experiment,
    versions,
)
from core.workflow.overview import Overview
from core.workflow.session import Session
from core.workflow.state import ExperimentState
from tui.jobs import Work
from tui.screens.oversample_wish import ArmsWish
from tui.widgets.arms_lines import FINAL

if TYPE_CHECKING:
    from core.workflow.actions.tune import Tuned


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
    experiment = named[0] if named else newest_experiment(state)
    if experiment is None:
        return ExperimentView()
    statuses = arm_statuses(session, state, experiment)
    return ExperimentView(experiment, statuses, load_comparison(session, experiment))


def plan_work(session: Session, wish: ArmsWish, inputs: object) -> Work:
    """Count what a wish would train and cost."""

    def work(reporter: Reporter, cancel: CancelToken) -> PlannedSweep | None:
        try:
            plan = plan_experiment(
                session, wish.request(), groups=wish.groups, patience=wish.patience,
                reporter=reporter, cancel=cancel,
            )  # fmt: skip
        except Interrupted:
            return None
        except TunerError as error:
            return PlannedSweep(wish, inputs, problem=error)
        return PlannedSweep(wish, inputs, plan)

    return work


def carry_on_work(session: Session, experiment: str) -> Work:
    """Count what is left of an experiment."""

    def work(reporter: Reporter, cancel: CancelToken) -> ExperimentPlan:
        found = next(one for one in session.state().experiments if one.id == experiment)
        return plan_experiment(
            session, None, objective=found.objective, patience=found.patience,
            experiment=experiment, reporter=reporter, cancel=cancel,
        )  # fmt: skip

    return work


def sweep_work(session: Session, plan: ExperimentPlan) -> Work:
    """Keep the arms, then train and score them."""

    def work(reporter: Reporter, cancel: CancelToken) -> tuple[ArmStatus, ...]:
        start_experiment(session, plan)
        reporter(Progress(f"experiment {plan.id}", 0, len(plan.arms), "arms"))
        return run_experiment(session, plan.id, reporter, cancel)

    return work


def compare_work(session: Session, experiment: str) -> Work:
    """Compare every arm with the base."""

    def work(reporter: Reporter, cancel: CancelToken) -> ExperimentReport:
        return compare_experiment(session, experiment, ArmsSettings(), reporter, cancel)

    return work


def adopt_work(session: Session, run: str) -> Work:
    """Make the run of an arm the session's, with thresholds of its own."""

    def work(reporter: Reporter, cancel: CancelToken) -> "Tuned":
        return adopt_arm(session, run, reporter, cancel)

    return work


def versions_work(session: Session) -> Work:
    """Read the history of every run."""

    def work(reporter: Reporter, cancel: CancelToken) -> tuple[Version, ...]:
        return versions(session)

    return work


def retry_work(session: Session, experiment: str) -> Work:
    """Intend the failed arms anew."""

    def work(reporter: Reporter, cancel: CancelToken) -> int:
        return retry_failed(session, experiment)

    return work
