"""Checks before something that was started elsewhere is adopted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.comprehend.artifacts import read_confusion
from core.comprehend.jobs import JobStatus, check_classifier
from core.errors import InvalidInput, OperationFailed
from core.text import printable
from core.workflow.actions.attached_files import Reader, matching_part
from core.workflow.actions.metrics import require_same_labels
from core.workflow.state import Revision, SplitState


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
            "Not a usable classifier", f"{where} is {printable(status.state, 40)}{reason}",
            "attach one that is TRAINED or still being trained",
        )  # fmt: skip
    mode = "multi-label" if status.mode == "MULTI_LABEL" else "multi-class"
    if mode != revision.mode:
        raise InvalidInput(
            "Another mode", f"{where} is {mode}, the dataset is {revision.mode}",
            "attach a classifier of the dataset's mode",
        )  # fmt: skip
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
            found = read_confusion(path, status.metrics).all_labels
    except (InvalidInput, OperationFailed):
        return
    require_same_labels(found, labels, f"classifier {printable(status.arn, 200)}")


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
            "No such part", f"{printable(part)!r} is not a part of split {split.id}",
            f"parts: {', '.join(split.part_names)}",
        )  # fmt: skip
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
            "Another input format", f"{where} read {printable(status.input_format, 40)}",
            "attach a job with one document a line",
        )  # fmt: skip
    found, uri = matching_part(reader, split, status.input_uri, part)
    return AttachedJob(found, job_id, uri, status)


def refuse_repeated_parts(jobs: Sequence[AttachedJob]) -> None:
    """Refuse two jobs of one part.

    Raises:
        InvalidInput: a part was scored by more than one of the jobs.
    """
    parts = [job.part for job in jobs]
    for part in parts:
        if parts.count(part) > 1:
            raise InvalidInput(
                "Two jobs of one part", f"part {printable(part)} was scored by more than one job",
                "attach one of them",
            )  # fmt: skip
