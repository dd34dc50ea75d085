"""Checks before a job reads a file and before its output is believed."""

from typing import TYPE_CHECKING

from core.comprehend.jobs.status import JobStatus
from core.errors import InvalidInput
from core.text import printable

if TYPE_CHECKING:
    from core.comprehend.clients import Store


def check_job_belongs(
    status: JobStatus, *, input_uri: str, classifier_arn: str | None = None
) -> None:
    """Refuse a job that did other work than the one it is taken for.

    Args:
        status: the described job.
        input_uri: the file it must have read.
        classifier_arn: for a scoring job, the classifier it must have used.

    Raises:
        InvalidInput: it read another file or used another classifier.
    """
    pairs: tuple[tuple[str, str | None, str], ...] = (("input", status.input_uri, input_uri),)
    if classifier_arn is not None:
        pairs += (("classifier", status.classifier_arn, classifier_arn),)
    for what, found, wanted in pairs:
        if found != wanted:
            raise InvalidInput(
                "This is another job",
                f"its {what} is {printable(str(found), 200)}, expected {printable(wanted, 200)}",
                "use the job that was started for this part and classifier",
            )


def require_single_object(store: "Store", uri: str) -> None:
    """Make sure that an address, which the service reads as a prefix, is exactly one object.

    Raises:
        InvalidInput: the object is absent, or the keys of others begin with the same text.
    """
    found = [entry.uri for entry in store.list(uri)]
    if uri not in found:
        raise InvalidInput(
            "The object does not exist", f"nothing at {printable(uri, 200)}", "upload it again"
        )
    others = [other for other in found if other != uri]
    if others:
        raise InvalidInput(
            "The address matches several objects",
            f"Comprehend would read {printable(others[0], 200)} as part of {printable(uri, 200)}",
            "move or delete the other object",
        )
