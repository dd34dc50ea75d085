"""Keep an experiment, and start the trainings of one arm."""

import msgspec

from core.comprehend.clients import Clients
from core.comprehend.pricing import Estimate, keeping_estimate, total_estimate, training_estimate
from core.progress import CancelToken, Reporter, silent
from core.workflow.actions.budget import require_budget
from core.workflow.actions.check import require_health
from core.workflow.actions.launching import launch
from core.workflow.actions.new_runs import run_to_train
from core.workflow.actions.score import charged_units
from core.workflow.actions.training_files import write_group_files
from core.workflow.actions.training_intents import NewRun, add_run
from core.workflow.experiments.drafting import Wanted, draft_experiment
from core.workflow.experiments.finding import find_experiment, run_of_arm, split_of_experiment
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
        InvalidInput: there is no split of the present dataset, or no bucket or role was chosen.
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
        found = find_experiment(state, plan.id)
        arms = found.arms
        if found.patience != plan.patience:
            arms = [msgspec.structs.replace(arm, skipped="") for arm in arms]
        return msgspec.structs.replace(
            found, objective=plan.objective, patience=plan.patience, arms=arms
        )
    wanted = Wanted(plan.request, plan.groups, plan.objective, plan.patience)
    return draft_experiment(session, state, wanted).experiment


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
            _intend(session, state, clients, experiment, arm, reporter, cancel)
        state = session.state()
        run = run_of_arm(state, arm)
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
    split = split_of_experiment(state, experiment)
    over = write_arm(session, state, split, experiment.id, arm)
    new = _new_run(state, experiment, arm, over)
    files = write_group_files(session, state, split, over, new.groups, reporter, cancel)
    documents = over.training.documents if over else split.training["train"].documents
    with session.editing() as now_state:
        require_budget(now_state, _price(now_state, new, documents))
        kept = find_experiment(now_state, experiment.id)
        kept.arms = [
            msgspec.structs.replace(one, made=over) if one.plan.id == arm.plan.id else one
            for one in kept.arms
        ]
        add_run(now_state, split, over, clients, new, files)


def _new_run(
    state: SessionState, experiment: ExperimentState, arm: ArmState, over: OversamplingState | None
) -> NewRun:
    """The run of an arm; a base that is no run of its own takes over what is trained already."""
    is_own = arm.run.startswith(f"{experiment.id}-")
    if over is not None or is_own:
        return NewRun(arm.run, experiment.groups, "", experiment.id)
    split = split_of_experiment(state, experiment)
    planned = run_to_train(state, split, None, None, experiment.groups, "rare")
    return NewRun(arm.run, planned.groups, planned.shared)


def _price(state: SessionState, new: NewRun, documents: int) -> Estimate:
    """Price of the trainings of a new run, with a month of their classifiers."""
    count = len(new.trained)
    if not count:
        return Estimate(0.0, 0.0, "nothing is left to be started")
    training = training_estimate(documents, count, state.prices)
    return total_estimate([training, keeping_estimate(count, state.prices)])
