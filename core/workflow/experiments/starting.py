"""Keep an experiment, and start the trainings of one arm."""

import msgspec

from core.comprehend.clients import Clients
from core.comprehend.pricing import Estimate, keeping_estimate, total_estimate, training_estimate
from core.errors import InvalidInput
from core.progress import CancelToken, Reporter, silent
from core.workflow.actions.budget import require_budget
from core.workflow.actions.check import require_health
from core.workflow.actions.launching import launch
from core.workflow.actions.new_runs import run_to_train
from core.workflow.actions.score import charged_units
from core.workflow.actions.training_files import write_group_files
from core.workflow.actions.training_intents import NewRun, add_run
from core.workflow.experiments.drafting import Wanted, draft_experiment, with_wishes
from core.workflow.experiments.finding import (
    find_experiment,
    run_of_arm,
    split_of_experiment,
    trained_run,
)
from core.workflow.experiments.planning import arm_work, new_price
from core.workflow.experiments.resampling import write_arm
from core.workflow.experiments.views import ExperimentPlan
from core.workflow.session import Session
from core.workflow.state import ArmState, ExperimentState, OversamplingState, SessionState
from core.workflow.steps import held_out_parts


def start_experiment(
    session: Session, plan: ExperimentPlan, despite_findings: bool = False
) -> ExperimentState:
    """Keep the arms of an experiment; `run_experiment` trains them. Nothing is paid yet.

    Raises:
        InvalidInput: there is no split of the present dataset, or another one than was planned on.
        Refused: the health gate is closed, or the whole of it does not fit into the budget.
        TryAgain: another terminal runs a step of this session.
    """
    with session.working():
        state = session.state()
        if plan.trainings:
            require_health(state, despite_findings)
        experiment = _experiment(session, state, plan)
        split = split_of_experiment(state, experiment)
        units = {
            part: charged_units(session, split.scoring[part], state.prices)
            for part in held_out_parts(split)
        }
        with session.editing() as state:
            works = [arm_work(state, experiment, arm, units) for arm in experiment.arms]
            require_budget(state, new_price(state, works))
            others = [one for one in state.experiments if one.id != experiment.id]
            state.experiments = [*others, experiment]
        session.record(
            "experiment", id=experiment.id, request=experiment.request, arms=len(experiment.arms)
        )
        return experiment


def _experiment(session: Session, state: SessionState, plan: ExperimentPlan) -> ExperimentState:
    """The experiment of a plan, as it is there or newly drafted."""
    if plan.is_resumed:
        return with_wishes(find_experiment(state, plan.id), plan.objective, plan.patience)
    wanted = Wanted(plan.request, plan.groups, plan.objective, plan.patience)
    drafted = draft_experiment(session, state, wanted).experiment
    if drafted.split != plan.split:
        raise InvalidInput(
            "Split changed",
            f"the arms were planned on split {plan.split}; the newest is {drafted.split} now",
            "plan them again",
        )
    return drafted


def start_arm(
    session: Session,
    clients: Clients,
    experiment_id: str,
    arm_id: str,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> None:
    """Write the training files of an arm, intend its trainings and start them, or carry on.

    Raises:
        InvalidInput: a document to repeat is held out too, or no bucket or role was chosen.
        Refused: the budget does not allow what is new.
        TryAgain: another terminal runs a step of this session.
        TunerError: an upload or a call failed.
    """
    with session.working():
        state = session.state()
        experiment = find_experiment(state, experiment_id)
        arm = experiment.arm(arm_id)
        if run_of_arm(state, arm) is None:
            if arm.skipped:
                return
            _intend(session, state, clients, experiment, arm, reporter, cancel)
        state = session.state()
        run = run_of_arm(state, find_experiment(state, experiment_id).arm(arm_id))
        assert run is not None
        for classifier in run.classifiers:
            launch(session, clients, run.name, classifier.training.id, reporter, cancel)


def _intend(
    session: Session,
    state: SessionState,
    clients: Clients,
    experiment: ExperimentState,
    arm: ArmState,
    reporter: Reporter,
    cancel: CancelToken | None,
) -> None:
    """Put the arm's run into the state; one that was trained on the same files is taken instead.

    A base that is trained for the experiment does not take the place of the session's own run.
    """
    split = split_of_experiment(state, experiment)
    over = write_arm(session, state, split, experiment.id, arm)
    found = trained_run(state, split, experiment.groups, over)
    if found is not None:
        with session.editing() as now_state:
            _note(now_state, experiment, arm, over, found.name)
        return
    new = _new_run(state, experiment, arm, over)
    files = write_group_files(session, state, split, over, new.groups, reporter, cancel)
    documents = over.training.documents if over else split.training["train"].documents
    with session.editing() as now_state:
        require_budget(now_state, _price(now_state, new, documents))
        _note(now_state, experiment, arm, over, arm.run)
        own = now_state.run
        add_run(now_state, split, over, clients, new, files)
        if own is not None and not new.experiment:
            now_state.adopted = own.name


def _note(
    state: SessionState,
    experiment: ExperimentState,
    arm: ArmState,
    over: OversamplingState | None,
    run: str,
) -> None:
    """Note what an arm is trained on, and as which run."""
    kept = find_experiment(state, experiment.id)
    kept.arms = [
        msgspec.structs.replace(one, made=over, run=run) if one.plan.id == arm.plan.id else one
        for one in kept.arms
    ]


def _new_run(
    state: SessionState, experiment: ExperimentState, arm: ArmState, over: OversamplingState | None
) -> NewRun:
    """The run of an arm; the base takes over what is trained of it already."""
    is_arm = over is not None or arm.run.startswith(f"{experiment.id}-")
    shared = ""
    if over is None:
        split = split_of_experiment(state, experiment)
        shared = run_to_train(state, split, None, None, experiment.groups, "rare").shared
    return NewRun(arm.run, experiment.groups, shared, experiment.id if is_arm else "")


def _price(state: SessionState, new: NewRun, documents: int) -> Estimate:
    """Price of the trainings of a new run, with a month of their classifiers."""
    count = len(new.trained)
    if not count:
        return Estimate(0.0, 0.0, "nothing is left to be started")
    training = training_estimate(documents, count, state.prices)
    return total_estimate([training, keeping_estimate(count, state.prices)])
