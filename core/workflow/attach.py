"""Adopt a classifier and scoring jobs that were started elsewhere, such as in the console.

What is adopted was paid by somebody else: it is never entered into the ledger and never deleted.
"""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Literal

from core.comprehend.confusion import read_confusion
from core.comprehend.engine import Clients, StoredObject
from core.comprehend.jobs import JobStatus, describe_scoring, describe_training
from core.comprehend.requests import check_classifier
from core.dataset.formats.comprehend_files import one_line
from core.errors import InvalidInput, OperationFailed
from core.files import file_fingerprint
from core.progress import UNWATCHED, Watch
from core.text import command_word, plural, printable
from core.workflow.jobs import sender, session_clients, wait_for
from core.workflow.metrics import collect_training, require_same_labels
from core.workflow.recorded import verified
from core.workflow.score import collect_scores
from core.workflow.session import Session, check_name, now
from core.workflow.state import (
    ClassifierState,
    JobState,
    Revision,
    RunState,
    SessionState,
    SplitState,
)

# Compare what a job made elsewhere has read with the files of this session's split.


_MOST_BYTES = 5 << 30
_LONGEST_CELL = 2**31 - 1


@dataclass(frozen=True)
class Reader:
    """Fetches objects for comparing, into a folder that vanishes afterwards."""

    session: Session
    clients: Clients
    watch: Watch = UNWATCHED

    def objects(self, address: str) -> list[StoredObject]:
        """The objects that the service reads at an address, which it takes for a prefix."""
        return [entry for entry in self.clients.store.list(address) if entry.size]

    def fetched(self, uri: str, folder: Path) -> Path:
        """Copy an object into a folder, where it replaces the one before."""
        path = folder / "object"
        patiently = sender(self.clients, "reading for comparison", self.watch)
        patiently(lambda: self.clients.store.download(uri, path, self.watch))
        return path

    def folder(self) -> tempfile.TemporaryDirectory[str]:
        """A folder for copies, beside the session's own files."""
        return tempfile.TemporaryDirectory(prefix=".attach-", dir=self.session.folder)


TrainingOutcome = Literal["same", "oversampled", "another", "unreadable"]
"""The split's own training file, the one with repeated positives, another one, or not known."""


@dataclass(frozen=True)
class TrainingFile:
    """How the file that a classifier was trained on relates to the session's split."""

    outcome: TrainingOutcome
    notes: tuple[str, ...]
    """What a reader of the run's figures must know; empty for the same file."""


def compare_training(
    reader: Reader, split: SplitState, outcomes: Mapping[str, TrainingOutcome], address: str | None
) -> TrainingFile:
    """Say whether a classifier was trained on this split's training part.

    Args:
        outcomes: what each of the split's own training files counts as, by fingerprint.
        address: where the service read the training file; None when it does not say.

    Raises:
        TryAgain: the store cannot be reached.
    """
    unsure = "cannot tell whether calibration and test documents were trained on"
    if address is None:
        return TrainingFile("unreadable", (f"{unsure}: the service names no training file",))
    try:
        entries = reader.objects(address)
        if not entries:
            raise OperationFailed("Gone", f"nothing is at {printable(address, 200)}")
        if sum(entry.size for entry in entries) > _MOST_BYTES:
            raise OperationFailed("Too large", f"{printable(address, 200)} is above 5 GB")
        with reader.folder() as folder:
            return _compared(reader, split, outcomes, entries, Path(folder))
    except (InvalidInput, OperationFailed) as error:
        reason = f"{unsure}: its training file cannot be read ({error.message})"
        return TrainingFile("unreadable", (reason,))


def _compared(
    reader: Reader,
    split: SplitState,
    outcomes: Mapping[str, TrainingOutcome],
    entries: list[StoredObject],
    folder: Path,
) -> TrainingFile:
    held_out = {part: _texts_of(reader.session, split, part) for part in split.held_out_parts}
    seen: dict[str, set[str]] = {part: set() for part in held_out}
    for entry in entries:
        path = reader.fetched(entry.uri, folder)
        mark = file_fingerprint(path)
        if len(entries) == 1 and mark in outcomes:
            return TrainingFile(outcomes[mark], ())
        for text in _training_texts(path):
            for part, texts in held_out.items():
                if text in texts:
                    seen[part].add(text)
    leaks = [
        f"{len(texts):,} of {plural(len(held_out[part]), f'{part} text')}"
        for part, texts in seen.items()
        if texts
    ]
    if leaks:
        return TrainingFile(
            "another",
            (
                f"{' and '.join(leaks)} are in its training file: it has seen these documents, and"
                " figures measured on them are too good",
            ),
        )
    return TrainingFile(
        "another",
        ("it was trained on another file, which holds no calibration or test text to the letter",),
    )


def _texts_of(session: Session, split: SplitState, part: str) -> set[str]:
    data = verified(session, session.state(), split.scoring[part].path).read_bytes()
    return set(data.decode("utf-8", "replace").removesuffix("\n").split("\n"))


def _training_texts(path: Path) -> Iterator[str]:
    """The texts of a two-column file, each as one line, as the scoring files hold them."""
    csv.field_size_limit(_LONGEST_CELL)
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        try:
            for row in csv.reader(file):
                if len(row) > 1:
                    yield one_line(row[1])
        except csv.Error as error:
            raise OperationFailed("Not CSV", printable(str(error), 120)) from error


def matching_part(
    reader: Reader, split: SplitState, address: str, part_name: str
) -> tuple[str, str]:
    """The part whose scoring file a job has read, and the address of the object itself.

    Line ends may differ; every line must be equal, because scores are joined by line number.

    Args:
        address: the job's input.
        part_name: the part that it must be; empty for whichever fits.

    Raises:
        InvalidInput: the input is not one object, or its lines are not those of the part.
        TunerError: it cannot be read.
    """
    entries = reader.objects(address)
    if len(entries) != 1:
        raise InvalidInput(
            "Not one file",
            f"{plural(len(entries), 'object')} at {printable(address, 200)}",
            "attach a job that read exactly one file with one document a line",
        )
    parts = (part_name,) if part_name else split.part_names
    with reader.folder() as folder:
        path = reader.fetched(entries[0].uri, Path(folder))
        mark = file_fingerprint(path)
        differences = {}
        for part in parts:
            if mark == split.scoring[part].fingerprint:
                return part, entries[0].uri
            session = reader.session
            ours = verified(session, session.state(), split.scoring[part].path)
            difference = _first_difference(ours, path)
            if difference is None:
                return part, entries[0].uri
            differences[part] = difference
    part = max(differences, key=lambda name: differences[name][0])
    raise _other_lines(part, entries[0].uri, *differences[part])


def _first_difference(ours: Path, theirs: Path) -> tuple[int, str, str] | None:
    """Number (from 1) and both forms of the first line that differs; None when none does."""
    with ours.open("rb") as first, theirs.open("rb") as second:
        for number, pair in enumerate(zip_longest(first, second), 1):
            left, right = (None if line is None else line.rstrip(b"\r\n") for line in pair)
            if left != right:
                return number, _shown(left), _shown(right)
    return None


def _shown(line: bytes | None) -> str:
    if line is None:
        return "the end of the file"
    return repr(printable(io.BytesIO(line).read(400).decode("utf-8", "replace"), 60))


def _other_lines(part: str, uri: str, number: int, ours: str, theirs: str) -> InvalidInput:
    return InvalidInput(
        "The job scored another file",
        f"{printable(uri, 200)} differs from part {printable(part)} first at line {number:,}:"
        f" it has {theirs}, the part has {ours}",
        "attach the job that scored this part's file to the letter, or score the part here",
    )


# Checks before something that was started elsewhere is adopted.


@dataclass(frozen=True)
class AttachedJob:
    """A scoring job that is to be adopted."""

    part: str
    job_id: str
    input_uri: str
    """The very object that it reads."""
    status: JobStatus


def chosen_classifier(given: str, jobs: Iterable[JobStatus], region: str) -> str:
    """ARN of the classifier that is to be adopted.

    Args:
        given: the ARN that the user named; empty for the one that the jobs used.
        jobs: the scoring jobs that are to be adopted.
        region: where the session works.

    Raises:
        InvalidInput: none is named, no ARN, or in another region.
    """
    arns = {status.classifier_arn or "" for status in jobs}
    arn = given or (arns.pop() if len(arns) == 1 else "")
    if not arn:
        raise InvalidInput(
            "Which classifier?",
            "the jobs used different classifiers"
            if arns
            else "neither classifier nor job is named",
            "give --classifier ARN, --job JOBID or both",
        )
    check_classifier(arn)
    place = arn.split(":")[3]
    if place != region:
        raise InvalidInput(
            "Another region",
            f"the classifier lies in {place}, the session works in {printable(region)}",
            f"use a session in {place}: comprehend-tuner --region {place} new …",
        )
    return arn


def check_usable(status: JobStatus, revision: Revision) -> None:
    """Refuse a classifier that can never score, or that answers another question.

    Args:
        revision: the dataset whose labels and mode it must have.

    Raises:
        InvalidInput: it is of no use; the message says why.
    """
    where = f"classifier {printable(status.arn, 200)}"
    if (status.is_final and not status.is_usable) or status.state == "DELETING":
        reason = f": {printable(status.message, 200)}" if status.message else ""
        raise InvalidInput(
            "Not a usable classifier",
            f"{where} is {printable(status.state, 40)}{reason}",
            "attach one that is TRAINED or still being trained",
        )
    mode = "multi-label" if status.mode == "MULTI_LABEL" else "multi-class"
    if mode != revision.mode:
        raise InvalidInput(
            "Another mode",
            f"{where} is {mode}, the dataset is {revision.mode}",
            "attach a classifier of the dataset's mode",
        )
    if status.labels is not None and status.labels != len(revision.labels):
        raise InvalidInput(
            "Other labels",
            f"{where} knows {status.labels} labels, the dataset has {len(revision.labels)}:"
            f" {', '.join(printable(label, 40) for label in revision.labels[:12])}",
            "use the dataset that it was trained on",
        )


def check_labels(reader: Reader, status: JobStatus, labels: Sequence[str]) -> None:
    """Compare the labels in a classifier's confusion matrix with the dataset's, when it is there.

    Raises:
        InvalidInput: they differ; the message names the difference.
        TryAgain: the store cannot be reached.
    """
    if not status.is_usable or status.output_uri is None:
        return
    try:
        with reader.folder() as folder:
            path = reader.fetched(status.output_uri, Path(folder))
            labels_there = read_confusion(path, status.metrics).all_labels
    except (InvalidInput, OperationFailed):
        return
    require_same_labels(labels_there, labels, f"classifier {printable(status.arn, 200)}")


def checked_job(
    reader: Reader, split: SplitState, arn: str, part: str, job_id: str, status: JobStatus
) -> AttachedJob:
    """Look at one scoring job; refuse one that scored something else, or otherwise.

    Args:
        arn: the classifier that it must have used.
        part: the part that it must have scored; empty for whichever fits.

    Raises:
        InvalidInput: it cannot be adopted; the message says why.
        TunerError: its input cannot be read.
    """
    where = f"job {printable(job_id, 60)}"
    if part and part not in split.part_names:
        raise InvalidInput(
            "No such part",
            f"{printable(part)!r} is not a part of split {split.id}",
            f"parts: {', '.join(split.part_names)}",
        )
    if status.is_final and not status.is_usable:
        raise InvalidInput(
            "Not a usable job",
            f"{where} is {printable(status.state, 40)}: {printable(status.message, 200)}",
            "attach one that is COMPLETED or still running",
        )
    if status.classifier_arn != arn:
        raise InvalidInput(
            "This is another job",
            f"{where} used {printable(status.classifier_arn or 'no classifier', 200)}",
            f"attach a job of {printable(arn, 200)}",
        )
    if status.input_format not in ("", "ONE_DOC_PER_LINE") or status.input_uri is None:
        raise InvalidInput(
            "Another input format",
            f"{where} read {printable(status.input_format, 40)}",
            "attach a job with one document a line",
        )
    part, uri = matching_part(reader, split, status.input_uri, part)
    return AttachedJob(part, job_id, uri, status)


def refuse_repeated_parts(jobs: Sequence[AttachedJob]) -> None:
    """Refuse two jobs of one part.

    Raises:
        InvalidInput: a part was scored by more than one of the jobs.
    """
    parts = [job.part for job in jobs]
    for part in parts:
        if parts.count(part) > 1:
            raise InvalidInput(
                "Two jobs of one part",
                f"part {printable(part)} was scored by more than one job",
                "attach one of them",
            )


@dataclass(frozen=True)
class AttachRequest:
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


def plan_attach(session: Session, request: AttachRequest, watch: Watch = UNWATCHED) -> AttachPlan:
    """Look at everything that is to be adopted, and change nothing.

    Raises:
        TunerError: something cannot be adopted, or not be reached; the message says what and why.
    """
    state = session.state()
    clients = session_clients(session)
    reader = Reader(session, clients, watch)
    statuses = {job_id: describe_scoring(clients.comprehend, job_id) for _, job_id in request.jobs}
    arn = chosen_classifier(request.classifier_arn, statuses.values(), clients.info.region)
    status = describe_training(clients.comprehend, arn)
    run = next((run for run in state.runs for c in run.classifiers if c.training.arn == arn), None)
    split = state.split_of(run) if run is not None else state.present_split()
    revision = state.revision_of(split)
    check_usable(status, revision)
    check_labels(reader, status, revision.labels)
    name, is_new = _run_name(state, request.run, run)
    compared = TrainingFile("same", ())
    if is_new:
        files = _training_files(state, split)
        compared = compare_training(reader, split, files, status.input_uri)
    jobs = tuple(
        checked_job(reader, split, arn, part, job_id, statuses[job_id])
        for part, job_id in request.jobs
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
        if split is None or plan.is_new == (state.find_run(plan.run) is not None):
            raise InvalidInput("Session changed", "it changed since", "attach once more")
        if plan.is_new:
            state.adopted = ""
            state.runs.append(_new_run(state, split, plan))
        run = state.run_named(plan.run)
        classifier = next(c for c in run.classifiers if c.training.arn == plan.classifier.arn)
        if not classifier.is_trained:
            classifier.training.status = plan.classifier
        for job in plan.jobs:
            _adopt_job(run, classifier, split, job)
    for job in plan.jobs:
        session.record("attached", run=plan.run, part=job.part, job=job.job_id)
    session.record("attached", run=plan.run, arn=plan.classifier.arn, notes=plan.notes)
    return session.state().run_named(plan.run)


def finish_attached(session: Session, run_name: str, watch: Watch = UNWATCHED) -> RunState:
    """Wait for what still runs of a run's adopted work, fetch it and join its scores.

    A classifier whose confusion matrix cannot be fetched keeps what the service describes.

    Raises:
        OperationFailed: a job failed, or its output does not fit.
        Interrupted: cancelled; the jobs go on.
    """
    clients = session_clients(session)
    for classifier in session.state().run_named(run_name).classifiers:
        if not classifier.is_trained:
            wait_for(session, clients, run_name, classifier.training.id, watch)
            collect_training(session, clients, run_name, classifier.id, watch, needs_matrix=False)
    run = session.state().run_named(run_name)
    for part in run.asked_parts():
        jobs = [c.scoring[part] for c in run.classifiers if part in c.scoring]
        for job in jobs:
            if not job.is_usable:
                wait_for(session, clients, run_name, job.id, watch)
        if len(jobs) == len(run.classifiers):
            collect_scores(session, clients, run_name, part, watch)
    return session.state().run_named(run_name)


def _training_files(state: SessionState, split: SplitState) -> dict[str, TrainingOutcome]:
    """What each training file of a split counts as, by fingerprint."""
    over = state.oversampling_of(split)
    outcomes: dict[str, TrainingOutcome] = {split.training["train"].fingerprint: "same"}
    if over is not None:
        outcomes[over.training.fingerprint] = "oversampled"
    return outcomes


def _run_name(state: SessionState, given: str | None, run: RunState | None) -> tuple[str, bool]:
    if run is not None:
        if given not in (None, run.name):
            raise InvalidInput(
                "Attached already",
                f"the classifier belongs to run {printable(run.name)}",
                f"leave out --run or give --run {command_word(run.name)}",
            )
        return run.name, False
    taken = state.taken_names
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
    revision = state.revision_of(split)
    over = state.oversampling_of(split)
    return RunState(
        name=plan.run,
        split=split.id,
        inputs=split.training_inputs(over),
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
