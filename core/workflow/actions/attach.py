"""Adopt a classifier and scoring jobs that were started elsewhere, such as in the console.

What is adopted was paid by somebody else: it is never entered into the ledger and never deleted.
"""

from dataclasses import dataclass

from core.comprehend.jobs import JobStatus, describe_scoring, describe_training
from core.errors import InvalidInput
from core.progress import CancelToken, Reporter, silent
from core.text import printable
from core.workflow.actions.attached_checks import (
    AttachedJob,
    check_labels,
    check_usable,
    checked_job,
    chosen_classifier,
    refuse_repeated_parts,
)
from core.workflow.actions.attached_files import (
    Reader,
    TrainingFile,
    TrainingOutcome,
    compare_training,
)
from core.workflow.actions.joining import collect_scores
from core.workflow.actions.launching import session_clients, wait_for
from core.workflow.actions.metrics import collect_training
from core.workflow.actions.new_runs import taken_names
from core.workflow.actions.runs import find_run
from core.workflow.session import Session, check_name, now
from core.workflow.state import (
    ClassifierState,
    JobState,
    Revision,
    RunState,
    SessionState,
    SplitState,
)
from core.workflow.steps import (
    is_trained,
    is_usable,
    oversampling_in_force,
    split_of,
    training_inputs,
)


@dataclass(frozen=True)
class AttachWish:
    """What a user wants to adopt."""

    classifier_arn: str = ""
    """Exact ARN of a classifier version; empty when a scoring job names it."""
    run: str | None = None
    """Name of the run that it becomes; None for the next free one."""
    jobs: tuple[tuple[str, str], ...] = ()
    """Part and id of each scoring job; an empty part is found by the content of the job's input."""


@dataclass(frozen=True)
class AttachPlan:
    """What would be adopted, after everything was looked at."""

    run: str
    is_new: bool
    """Whether the run is made for it; a run with this classifier is otherwise carried on."""
    split: str
    classifier: JobStatus
    training_file: TrainingOutcome
    """How its training file relates to the split's training part."""
    jobs: tuple[AttachedJob, ...]
    notes: tuple[str, ...]
    """What a reader of the run's figures must know."""
    engine: str


def plan_attach(
    session: Session,
    wish: AttachWish,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> AttachPlan:
    """Look at everything that is to be adopted, and change nothing.

    Raises:
        TunerError: something cannot be adopted, or not be reached; the message says what and why.
    """
    state = session.state()
    clients = session_clients(session)
    reader = Reader(session, clients, reporter, cancel)
    found = {job_id: describe_scoring(clients.comprehend, job_id) for _, job_id in wish.jobs}
    arn = chosen_classifier(wish.classifier_arn, found.values(), clients.info.region)
    status = describe_training(clients.comprehend, arn)
    run = next((run for run in state.runs for c in run.classifiers if c.training.arn == arn), None)
    split = _split(state, run)
    _check(reader, status, next(r for r in state.revisions if r.id == split.revision))
    name, is_new = _run_name(state, wish.run, run)
    compared = TrainingFile("same", ())
    if is_new:
        files = _training_files(state, split)
        compared = compare_training(reader, split, files, status.input_uri)
    jobs = tuple(
        checked_job(reader, split, arn, part, job_id, found[job_id]) for part, job_id in wish.jobs
    )
    refuse_repeated_parts(jobs)
    return AttachPlan(
        run=name,
        is_new=is_new,
        split=split.id,
        classifier=status,
        training_file=compared.outcome,
        jobs=jobs,
        notes=compared.notes,
        engine=clients.info.label,
    )


def attach(session: Session, plan: AttachPlan) -> RunState:
    """Enter what was looked at into the session; what has ended is fetched afterwards.

    Raises:
        InvalidInput: the session has changed since the plan was made.
        TryAgain: another terminal runs a step of this session.
    """
    with session.working(), session.editing() as state:
        split = next((split for split in state.splits if split.id == plan.split), None)
        if split is None or plan.is_new == any(run.name == plan.run for run in state.runs):
            raise InvalidInput("Session changed", "it changed since", "attach once more")
        if plan.is_new:
            state.adopted = ""
            state.runs.append(_new_run(state, split, plan))
        run = find_run(state, plan.run)
        classifier = next(c for c in run.classifiers if c.training.arn == plan.classifier.arn)
        if not is_trained(classifier):
            classifier.training.status = plan.classifier
        for job in plan.jobs:
            _adopt_job(run, classifier, split, job)
    for job in plan.jobs:
        session.record("attached", run=plan.run, part=job.part, job=job.job_id)
    session.record("attached", run=plan.run, arn=plan.classifier.arn, notes=plan.notes)
    return find_run(session.state(), plan.run)


def finish_attached(
    session: Session,
    run_name: str,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> RunState:
    """Wait for what still runs of a run's adopted work, fetch it and join its scores.

    A classifier whose confusion matrix cannot be fetched keeps what the service describes.

    Raises:
        OperationFailed: a job failed, or its output does not fit.
        Interrupted: cancelled; the jobs go on.
    """
    clients = session_clients(session)
    for classifier in find_run(session.state(), run_name).classifiers:
        if not is_trained(classifier):
            wait_for(session, clients, run_name, classifier.training.id, reporter, cancel)
            collect_training(
                session, clients, run_name, classifier.id, reporter, cancel, needs_matrix=False
            )
    run = find_run(session.state(), run_name)
    for part in sorted({part for c in run.classifiers for part in c.scoring}):
        jobs = [c.scoring[part] for c in run.classifiers if part in c.scoring]
        for job in jobs:
            if not is_usable(job):
                wait_for(session, clients, run_name, job.id, reporter, cancel)
        if len(jobs) == len(run.classifiers):
            collect_scores(session, clients, run_name, part, reporter, cancel)
    return find_run(session.state(), run_name)


def _check(reader: Reader, status: JobStatus, revision: Revision) -> None:
    check_usable(status, revision)
    check_labels(reader, status, revision.labels)


def _training_files(state: SessionState, split: SplitState) -> dict[str, TrainingOutcome]:
    """What each training file of a split counts as, by fingerprint."""
    over = oversampling_in_force(state, split)
    known: dict[str, TrainingOutcome] = {split.training["train"].fingerprint: "same"}
    if over is not None:
        known[over.training.fingerprint] = "oversampled"
    return known


def _split(state: SessionState, run: RunState | None) -> SplitState:
    if run is not None:
        return split_of(state, run)
    if state.split is None or state.split.dataset != state.dataset.fingerprint:
        raise InvalidInput(
            "No split", "the present dataset is not split yet", "run: comprehend-tuner split"
        )
    return state.split


def _run_name(state: SessionState, given: str | None, run: RunState | None) -> tuple[str, bool]:
    if run is not None:
        if given not in (None, run.name):
            raise InvalidInput(
                "Attached already",
                f"the classifier belongs to run {printable(run.name)}",
                f"leave out --run or give --run {printable(run.name)}",
            )
        return run.name, False
    taken = taken_names(state)
    if given is None:
        names = ("attached" if number == 1 else f"attached{number}" for number in range(1, 10_000))
        return next(name for name in names if name not in taken), True
    if given in taken:
        raise InvalidInput(
            "Run exists",
            f"run {printable(given)} has another classifier, or is an arm of an experiment",
            "give the new run another name with --run NAME",
        )
    return check_name(given), True


def _new_run(state: SessionState, split: SplitState, plan: AttachPlan) -> RunState:
    resource = plan.classifier.arn.partition(":document-classifier/")[2]
    name, _, version = resource.partition("/version/")
    revision = next(r for r in state.revisions if r.id == split.revision)
    over = oversampling_in_force(state, split)
    return RunState(
        name=plan.run,
        split=split.id,
        inputs=training_inputs(split, over),
        oversampled=dict(over.after) if over and plan.training_file == "oversampled" else {},
        classifiers=[
            ClassifierState(
                id="c1",
                labels=revision.labels,
                name=name,
                version=version,
                training=JobState(
                    id=f"{plan.run}/c1/train",
                    kind="training",
                    token="",
                    request={},
                    uploads={},
                    intended_at=now(),
                    arn=plan.classifier.arn,
                    status=plan.classifier,
                    is_adopted=True,
                ),
            )
        ],
        notes=plan.notes,
        made_at=now(),
    )


def _adopt_job(
    run: RunState, classifier: ClassifierState, split: SplitState, job: AttachedJob
) -> None:
    """Make a job the one that counts for its part."""
    former = classifier.scoring.get(job.part)
    if former is not None:
        if former.arn == job.status.arn:
            return
        run.replaced_jobs.append(former)
    stem = f"{run.name}/{classifier.id}/score-{job.part}"
    earlier = [old for old in run.replaced_jobs if old.part == job.part]
    attempt = 1 + sum(old.id.startswith(stem) for old in earlier)
    classifier.scoring[job.part] = JobState(
        id=stem + (f"-{attempt}" if attempt > 1 else ""),
        kind="scoring",
        part=job.part,
        token="",
        request={
            "DocumentClassifierArn": job.status.classifier_arn,
            "InputDataConfig": {"S3Uri": job.status.input_uri, "InputFormat": "ONE_DOC_PER_LINE"},
        },
        uploads={split.scoring[job.part].path: job.input_uri},
        intended_at=now(),
        arn=job.status.arn,
        job_id=job.job_id,
        status=job.status,
        is_adopted=True,
    )
