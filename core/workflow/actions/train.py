"""The train step: plan the classifiers of a run, create them, fetch their metrics."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.comprehend.pricing import (
    Estimate,
    PriceList,
    keeping_estimate,
    scoring_estimate,
    total_estimate,
    training_estimate,
)
from core.dataset.label_groups import Group
from core.progress import CancelToken, Reporter, silent
from core.workflow.actions.budget import exceeds_budget, left_usd, require_budget
from core.workflow.actions.check import require_health
from core.workflow.actions.label_needs import GroupKind, wanted_groups
from core.workflow.actions.launching import launch, session_clients, wait_for
from core.workflow.actions.metrics import MetricsFile, collect_training, load_metrics
from core.workflow.actions.new_runs import named_run, run_to_train, usable_split
from core.workflow.actions.runs import find_run
from core.workflow.actions.score import charged_units
from core.workflow.actions.spending import PlanRow
from core.workflow.actions.training_files import main_files, write_group_files
from core.workflow.actions.training_intents import (
    NewRun,
    add_run,
    replace_failed_trainings,
)
from core.workflow.session import Session
from core.workflow.state import RunState, SessionState, SplitState
from core.workflow.steps import (
    held_out_parts,
    is_failed,
    is_trained,
    oversampling_in_force,
)


@dataclass(frozen=True)
class TrainingPlan:
    """What a training would upload, create and cost."""

    run: str
    is_resumed: bool
    """Whether the run exists and is only carried on."""
    split: str
    mode: str
    labels: tuple[str, ...]
    groups: tuple[Group, ...]
    """Labels of the classifiers beside the main one: ``c2``, ``c3`` …"""
    shared: str
    """The run whose main classifier a new run takes over, not trained again; empty for none."""
    uploads: tuple[tuple[str, int], ...]
    """Session files with their size in bytes; those of groups are written when they start."""
    classifiers: int
    documents: int
    rows: tuple[PlanRow, ...]
    """Price of each training that is still to be started."""
    estimate: Estimate
    """Their sum, without keeping the classifiers."""
    keeping: Estimate
    """Keeping the classifiers that these trainings make, per month."""
    scoring: Estimate
    """Scoring the held-out parts with the classifiers that these trainings make."""
    budget_usd: float | None
    left_usd: float | None
    """What the budget leaves beside everything started and intended; None without a budget."""
    is_over_budget: bool
    """Whether what is new would be refused."""
    engine: str
    is_paid: bool


def plan_training(
    session: Session,
    run_name: str | None = None,
    groups: GroupKind | None = None,
    labels: Sequence[str] = (),
) -> TrainingPlan:
    """Say what `train` would do, without doing it.

    A run with groups has the main classifier, taken over from the run that has it already, and one
    classifier per group of labels, which returns their every score.

    Args:
        groups: None carries on the newest run of these inputs, or plans a single classifier.
        labels: what the groups must cover; the labels in need, or all, when empty.

    Raises:
        InvalidInput: there is no split of the present dataset, the run's name is taken, or it
            cannot be told which labels are in need.
    """
    state = session.state()
    split = usable_split(state)
    if groups is None and labels:
        groups = "rare"
    wanted = None if groups is None else wanted_groups(session, state, split, groups, labels)
    over = oversampling_in_force(state, split)
    new = run_to_train(state, split, over, run_name, wanted, groups or "single")
    clients = session_clients(session)
    files = main_files(split, over)
    run = next((run for run in state.runs if run.name == new.name), None)
    trainings = _trainings_to_start(run, new)
    documents = files["train"].documents
    one = training_estimate(documents, 1, state.prices)
    is_main = "c1" in trainings or run is not None
    uploads = [(file.path, session.path(file.path).stat().st_size) for file in files.values()]
    return TrainingPlan(
        run=new.name,
        is_resumed=run is not None,
        split=split.id,
        mode=state.dataset.mode,
        labels=state.dataset.labels,
        groups=new.groups,
        shared=new.shared,
        uploads=tuple(uploads) if is_main else (),
        classifiers=len(trainings) if run is None else len(run.classifiers),
        documents=documents,
        rows=tuple(
            PlanRow(f"{classifier} training", documents, None, one.low_usd, one.high_usd)
            for classifier in trainings
        ),
        estimate=_training_price(len(trainings), documents, state.prices),
        keeping=keeping_estimate(len(trainings), state.prices),
        scoring=_scoring_price(session, state, split, len(trainings)),
        budget_usd=state.budget_usd,
        left_usd=left_usd(state),
        is_over_budget=exceeds_budget(state, _new_price(state, split, new)),
        engine=clients.info.label,
        is_paid=clients.info.is_paid,
    )


def start_training_run(
    session: Session,
    plan: TrainingPlan,
    despite_findings: bool = False,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> RunState:
    """Create the run's classifiers, or carry on where an interrupted call stopped.

    Raises:
        InvalidInput: there is no split of the present dataset, or no bucket or role was chosen.
        Refused: the health gate is closed, or the budget does not allow what is new.
        TryAgain: another terminal runs a step of this session.
        TunerError: an upload or a call failed.
    """
    with session.working():
        state = session.state()
        clients = session_clients(session)
        split = usable_split(state)
        over = oversampling_in_force(state, split)
        new = named_run(state, split, over, plan.run, plan.groups)
        exists = any(run.name == new.name for run in state.runs)
        if not exists or _has_failed(find_run(state, new.name)):
            require_health(state, despite_findings)
        files = [] if exists else write_group_files(
            session, state, split, over, new.groups, reporter, cancel
        )  # fmt: skip
        with session.editing() as state:
            require_budget(state, _new_price(state, split, new))
            if exists:
                state.adopted = new.name
                replace_failed_trainings(state, clients, find_run(state, new.name))
            else:
                add_run(state, split, over, clients, new, files)
        for classifier in find_run(session.state(), new.name).classifiers:
            launch(session, clients, new.name, classifier.training.id, reporter, cancel)
        return find_run(session.state(), new.name)


def finish_training(
    session: Session,
    run_name: str,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> tuple[MetricsFile, ...]:
    """Wait for the run's trainings and fetch their metrics; interrupting leaves them running.

    Raises:
        OperationFailed: a training failed.
        Interrupted: cancelled; the trainings go on.
    """
    clients = session_clients(session)
    for classifier in find_run(session.state(), run_name).classifiers:
        if is_trained(classifier):
            continue
        wait_for(session, clients, run_name, classifier.training.id, reporter, cancel)
        collect_training(session, clients, run_name, classifier.id, reporter, cancel)
    return load_metrics(session, run_name)


def _trainings_to_start(run: RunState | None, new: NewRun) -> list[str]:
    """Ids of the classifiers whose training was not started, or failed and is started anew."""
    if run is None:
        return list(new.trained)
    return [c.id for c in run.classifiers if not c.training.arn or is_failed(c.training)]


def _training_price(n_trainings: int, documents: int, prices: PriceList) -> Estimate:
    if not n_trainings:
        return Estimate(0.0, 0.0, "nothing is left to be started")
    return training_estimate(documents, n_trainings, prices)


def _scoring_price(
    session: Session, state: SessionState, split: SplitState, n_classifiers: int
) -> Estimate:
    units = sum(
        charged_units(session, split.scoring[part], state.prices) for part in held_out_parts(split)
    )
    return scoring_estimate(units * n_classifiers, state.prices)


def _new_price(state: SessionState, split: SplitState, new: NewRun) -> Estimate:
    """Price of the trainings that no intent was saved for, with a month of their classifiers."""
    run = next((run for run in state.runs if run.name == new.name), None)
    count = len(new.trained) if run is None else sum(is_failed(c.training) for c in run.classifiers)
    documents = main_files(split, oversampling_in_force(state, split))["train"].documents
    price = _training_price(count, documents, state.prices)
    return total_estimate([price, keeping_estimate(count, state.prices)])


def _has_failed(run: RunState) -> bool:
    return any(is_failed(classifier.training) for classifier in run.classifiers)
