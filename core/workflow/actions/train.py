"""The train step: plan the classifiers of a run, create them, fetch their metrics."""

from dataclasses import dataclass
from pathlib import Path

from core.comprehend.clients import Clients, require_bucket, require_role
from core.comprehend.jobs import new_token, resource_name, training_request
from core.comprehend.pricing import (
    Estimate,
    PriceList,
    keeping_estimate,
    total_estimate,
    training_estimate,
)
from core.errors import InvalidInput
from core.progress import CancelToken, Reporter, silent
from core.text import printable
from core.workflow.actions.budget import exceeds_budget, left_usd, require_budget
from core.workflow.actions.check import require_health
from core.workflow.actions.launching import launch, replace_failed, session_clients, wait_for
from core.workflow.actions.metrics import MetricsFile, collect_training, load_metrics
from core.workflow.actions.runs import find_run, object_base, resource_tags
from core.workflow.actions.spending import PlanRow
from core.workflow.session import Session, check_name, now
from core.workflow.state import (
    ClassifierState,
    JobState,
    PartFile,
    RunState,
    SessionState,
    SplitState,
)
from core.workflow.steps import is_failed, is_trained, training_inputs


@dataclass(frozen=True)
class TrainingPlan:
    """What a training would upload, create and cost."""

    run: str
    is_resumed: bool
    """Whether the run exists and is only carried on."""
    split: str
    mode: str
    labels: tuple[str, ...]
    uploads: tuple[tuple[str, int], ...]
    """Session files with their size in bytes."""
    classifiers: int
    documents: int
    rows: tuple[PlanRow, ...]
    """Price of each training that is still to be started."""
    estimate: Estimate
    """Their sum, without keeping the classifiers."""
    keeping: Estimate
    """Keeping the classifiers that these trainings make, per month."""
    budget_usd: float | None
    left_usd: float | None
    """What the budget leaves beside everything started and intended; None without a budget."""
    is_over_budget: bool
    """Whether what is new would be refused."""
    engine: str
    is_paid: bool


def plan_training(session: Session, run_name: str | None = None) -> TrainingPlan:
    """Say what `train` would do, without doing it.

    Raises:
        InvalidInput: there is no split of the present dataset, or the run's name is taken.
    """
    state = session.state()
    split = _usable_split(state)
    name, exists = _run_name(state, split, run_name)
    clients = session_clients(session)
    files = _training_files(state, split)
    trainings = _trainings_to_start(state, name)
    documents = files["train"].documents
    one = training_estimate(documents, 1, state.prices)
    sizes = [(file.path, session.path(file.path).stat().st_size) for file in files.values()]
    return TrainingPlan(
        run=name,
        is_resumed=exists,
        split=split.id,
        mode=state.dataset.mode,
        labels=state.dataset.labels,
        uploads=tuple(sizes),
        classifiers=len(find_run(state, name).classifiers) if exists else 1,
        documents=documents,
        rows=tuple(
            PlanRow(f"{classifier} training", documents, None, one.low_usd, one.high_usd)
            for classifier in trainings
        ),
        estimate=_training_price(len(trainings), documents, state.prices),
        keeping=keeping_estimate(len(trainings), state.prices),
        budget_usd=state.budget_usd,
        left_usd=left_usd(state),
        is_over_budget=exceeds_budget(state, _new_price(state, split, name)),
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
        split = _usable_split(state)
        name, exists = _run_name(state, split, plan.run)
        if not exists or _has_failed(find_run(state, name)):
            require_health(state, despite_findings)
        with session.editing() as state:
            require_budget(state, _new_price(state, split, name))
            _write_ahead(state, split, name, clients)
        for classifier in find_run(session.state(), name).classifiers:
            launch(session, clients, name, classifier.training.id, reporter, cancel)
        return find_run(session.state(), name)


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


def _trainings_to_start(state: SessionState, name: str) -> list[str]:
    """Ids of the classifiers whose training was not started, or failed and is started anew."""
    run = next((run for run in state.runs if run.name == name), None)
    if run is None:
        return ["c1"]
    return [c.id for c in run.classifiers if not c.training.arn or is_failed(c.training)]


def _training_price(n_trainings: int, documents: int, prices: PriceList) -> Estimate:
    if not n_trainings:
        return Estimate(0.0, 0.0, "nothing is left to be started")
    return training_estimate(documents, n_trainings, prices)


def _new_price(state: SessionState, split: SplitState, name: str) -> Estimate:
    """Price of the trainings that no intent was saved for, with a month of their classifiers."""
    run = next((run for run in state.runs if run.name == name), None)
    new = 1 if run is None else sum(is_failed(c.training) for c in run.classifiers)
    documents = _training_files(state, split)["train"].documents
    price = _training_price(new, documents, state.prices)
    return total_estimate([price, keeping_estimate(new, state.prices)])


def _has_failed(run: RunState) -> bool:
    return any(is_failed(classifier.training) for classifier in run.classifiers)


def _usable_split(state: SessionState) -> SplitState:
    if state.split is None or state.split.dataset != state.dataset.fingerprint:
        raise InvalidInput(
            "No split", "the present dataset is not split yet", "run: comprehend-tuner split"
        )
    return state.split


def _run_name(state: SessionState, split: SplitState, given: str | None) -> tuple[str, bool]:
    """Name of the run to train, and whether it is there already with the same inputs."""
    inputs = training_inputs(state, split)
    same = [run for run in state.runs if run.inputs == inputs]
    if given is None:
        if same:
            return same[-1].name, True
        taken = {run.name for run in state.runs}
        names = ("base" if number == 1 else f"run{number}" for number in range(1, 10_000))
        return next(name for name in names if name not in taken), False
    for run in state.runs:
        if run.name == given and run.inputs != inputs:
            raise InvalidInput(
                "Run exists",
                f"run {printable(given)} was trained on other data",
                "give the new run another name with --run NAME",
            )
    return check_name(given), any(run.name == given for run in state.runs)


def _training_files(state: SessionState, split: SplitState) -> dict[str, PartFile]:
    files = dict(split.training)
    over = state.oversampling
    if over is not None and over.split == split.fingerprint:
        files["train"] = over.training
    return files


def _write_ahead(state: SessionState, split: SplitState, name: str, clients: Clients) -> None:
    """Put the run and the intent of each training into the state; the call comes after saving."""
    run = next((run for run in state.runs if run.name == name), None)
    if run is None:
        files = _training_files(state, split)
        classifier = ClassifierState(
            id="c1",
            labels=state.dataset.labels,
            name=resource_name("ct", state.name, state.uid, name, "c1"),
            version="v1",
            training=_training_job(state, clients, name, "c1", files, split.delimiter, 1),
        )
        over = state.oversampling
        state.runs.append(
            RunState(
                name=name,
                split=split.id,
                inputs=training_inputs(state, split),
                oversampled=dict(over.after) if over and over.split == split.fingerprint else {},
                classifiers=[classifier],
                made_at=now(),
            )
        )
        return
    for classifier in run.classifiers:
        if replace_failed(run, classifier.training):
            attempt = sum(job.kind == "training" for job in run.replaced_jobs) + 1
            files = _training_files(state, split)
            classifier.version = f"v{attempt}"
            classifier.training = _training_job(
                state, clients, name, classifier.id, files, split.delimiter, attempt
            )


def _training_job(
    state: SessionState,
    clients: Clients,
    run_name: str,
    classifier_id: str,
    files: dict[str, PartFile],
    delimiter: str,
    attempt: int,
) -> JobState:
    require_bucket(clients.info)
    base = object_base(state, clients, run_name, classifier_id)
    uris = {part: f"{base}/{part}-data/{Path(file.path).name}" for part, file in files.items()}
    token = new_token()
    request = training_request(
        name=resource_name("ct", state.name, state.uid, run_name, classifier_id),
        version=f"v{attempt}",
        train_uri=uris["train"],
        test_uri=uris.get("test"),
        output_uri=f"{base}/training-output/",
        role_arn=require_role(clients.info),
        mode=state.dataset.mode,
        delimiter=delimiter,
        token=token,
        tags=resource_tags(state, run_name),
    )
    return JobState(
        id=f"{run_name}/{classifier_id}/train" + (f"-{attempt}" if attempt > 1 else ""),
        kind="training",
        token=token,
        request=request,
        uploads={files[part].path: uri for part, uri in uris.items()},
        intended_at=now(),
        estimate=training_estimate(files["train"].documents, 1, state.prices),
    )
