"""An experiment as the oversample screen reads it: where its arms stand, and what that offers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from core.workflow.experiments.arms import arm_statuses
from core.workflow.experiments.compare import load_comparison
from core.workflow.experiments.plan import ArmStatus, ExperimentReport
from core.workflow.overview import Overview
from core.workflow.session import Session
from core.workflow.state import ExperimentState
from tui.widgets.arms import FINAL

Face = Literal["", "plan", "experiment"]
"""What the screen shows; empty before it is known."""


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
            status if status.stage in FINAL else reasons.get(status.arm.run, status)
            for status in self.statuses
        )

    @property
    def is_finished(self) -> bool:
        """Whether no arm is left to be trained or scored."""
        return bool(self.statuses) and all(status.stage in FINAL for status in self.statuses)

    @property
    def is_comparable(self) -> bool:
        """Whether the base and another arm have scores."""
        done = {status.arm.plan.group for status in self.statuses if status.stage == "done"}
        return "base" in done and len(done) > 1

    @property
    def failed(self) -> tuple[ArmStatus, ...]:
        """The arms that failed."""
        return tuple(status for status in self.statuses if status.stage == "failed")


def experiment_inputs(overview: Overview) -> object:
    """What an experiment and its plan depend on."""
    state = overview.state
    runs = [
        (
            run.name,
            [(job.id, job.arn, job.status and job.status.state) for job in run.jobs()],
            [scores.fingerprint for scores in run.scores.values()],
        )
        for run in state.runs
    ]
    experiments = [
        (
            experiment.id,
            experiment.comparison and experiment.comparison.made_at,
            [(arm.run, arm.skipped) for arm in experiment.arms],
        )
        for experiment in state.experiments
    ]
    split = state.split.fingerprint if state.split is not None else ""
    money = state.prices, state.budget_usd, state.engine, state.twin
    return state.dataset.fingerprint, split, runs, experiments, state.adopted, money


def read_experiment(session: Session, experiment_id: str = "") -> ExperimentView:
    """Read an experiment, or the newest; nothing is asked of the engine."""
    state = session.state()
    named = [each for each in state.experiments if each.id == experiment_id]
    experiment = named[0] if named else state.experiment
    if experiment is None:
        return ExperimentView()
    statuses = arm_statuses(session, state, experiment)
    return ExperimentView(experiment, statuses, load_comparison(session, experiment))


def footer_of(
    face: Face, is_single: bool, view: ExperimentView | None, is_busy: bool
) -> Mapping[str, str]:
    """Actions with their labels for what is in sight, the most wanted first."""
    if face != "experiment":
        if is_single:
            return {"edit": "target", "run_step": "keep", "clear": "forget", "choose": "experiment"}
        has_results = view is not None and view.experiment is not None
        last = {"face": "results"} if has_results else {"options": "options"}
        return {"choose": "choose", "arms": "arms", "run_step": "run", **last}
    if is_busy:
        return {"open": "figures", "stop": "stop", "face": "plan"}
    if view is not None and not view.is_finished:
        again = {"retry": "retry"} if view.failed else {}
        return {"open": "figures", "run_step": "carry on", **again, "face": "plan"}
    if view is not None and view.failed:
        return {"open": "figures", "retry": "retry", "adopt": "adopt", "face": "plan"}
    return {"open": "figures", "adopt": "adopt", "versions": "versions", "face": "plan"}
