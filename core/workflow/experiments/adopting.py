"""Adopt an arm: its classifier and its own thresholds become the session's."""

from core.errors import InvalidInput
from core.progress import CancelToken, Reporter, silent
from core.text import printable
from core.workflow.actions.runs import pick_run
from core.workflow.actions.tune import Tuned, TuningSettings, tune_thresholds
from core.workflow.experiments.arms import is_scored
from core.workflow.experiments.finding import run_of_arm
from core.workflow.session import Session
from core.workflow.state import (
    ArmState,
    ExperimentState,
    OversamplingState,
    RunState,
    SessionState,
)
from core.workflow.steps import training_inputs


def adopt_arm(
    session: Session,
    run_or_arm: str,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> Tuned:
    """Tune the thresholds of an arm's run on its own scores and make it the session's run.

    The thresholds of another run are never taken over: they belong to its classifier. The training
    file of the arm comes into force, so that the run is not called trained on other data; so does
    the part as it was split for a run that was trained on it.

    Args:
        run_or_arm: name of a run, or id of an arm of the newest experiment that has it.

    Raises:
        InvalidInput: there is no such arm or run, or it is not scored yet.
        OperationFailed: its scores contradict the counts that the service reported.
        TryAgain: another terminal runs a step of this session.
        Interrupted: cancelled; the session is as it was.
    """
    state = session.state()
    found = _arm(state, run_or_arm)
    run = adoptable_run(session, run_or_arm)
    objective = found[0].objective if found is not None else _objective(run)
    tuned = tune_thresholds(
        session, TuningSettings(run=run.name, objective=objective), cancel, reporter
    )
    with session.editing() as state:
        state.adopted = run.name
        made = _training_file(state, run)
        if state.split is not None and run.inputs == training_inputs(state.split, made):
            state.oversampling = made
    session.record("adopted", run=run.name)
    return tuned


def adoptable_run(session: Session, run_or_arm: str) -> RunState:
    """The run that `adopt_arm` would adopt.

    Raises:
        InvalidInput: there is no such arm or run, or it is not scored yet.
    """
    state = session.state()
    found = _arm(state, run_or_arm)
    run = pick_run(state, found[1].run if found is not None else run_or_arm)
    if not is_scored(session, state, run):
        raise InvalidInput(
            "Not scored yet",
            f"run {printable(run.name)} has no scores of every held-out part",
            "carry on with: comprehend-tuner oversample --resume",
        )
    return run


def _arm(state: SessionState, name: str) -> tuple[ExperimentState, ArmState] | None:
    """The arm of this id or of this run, in the newest experiment that has it."""
    for experiment in reversed(state.experiments):
        for arm in experiment.arms:
            if name == arm.plan.id and run_of_arm(state, arm) is not None:
                return experiment, arm
    for experiment in reversed(state.experiments):
        for arm in experiment.arms:
            if name == arm.run:
                return experiment, arm
    return None


def _training_file(state: SessionState, run: RunState) -> OversamplingState | None:
    """The changed training file of an arm's run; experiments that share the run have it once."""
    arms = [arm for experiment in state.experiments for arm in experiment.arms]
    return next((arm.made for arm in arms if arm.run == run.name and arm.made is not None), None)


def _objective(run: RunState) -> str:
    return run.thresholds.objective if run.thresholds is not None else "max_f1"
