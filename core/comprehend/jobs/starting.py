"""Starting and stopping jobs, and finding one whose answer was lost."""

import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from core.comprehend.service_errors import code_of, explained
from core.errors import InvalidInput, TryAgain
from core.text import printable

if TYPE_CHECKING:
    from core.comprehend.clients import ComprehendClient


def new_token() -> str:
    """A fresh `ClientRequestToken`; save it before the request is sent."""
    return str(uuid.uuid4())


def start_training(client: "ComprehendClient", request: Mapping[str, Any]) -> str:
    """Send a training request; return the classifier's ARN.

    When the name and version exist already and that classifier was made by the very same request,
    as when an earlier answer was lost, it is the one that is returned.

    Raises:
        TryAgain: a passing fault, or the classifier that has the name is not listed yet.
        TunerError: the service refuses it or cannot be reached.
    """
    try:
        with explained():
            return str(client.create_document_classifier(**request)["DocumentClassifierArn"])
    except InvalidInput as error:
        if code_of(error) != "ResourceInUseException":
            raise
        return _own_classifier(client, request, error)


def start_scoring(client: "ComprehendClient", request: Mapping[str, Any]) -> tuple[str, str]:
    """Send a scoring request; return the job's id and ARN.

    Raises:
        TunerError: the service refuses it or cannot be reached.
    """
    with explained():
        answer = client.start_document_classification_job(**request)
    return str(answer["JobId"]), str(answer["JobArn"])


def find_scoring(
    client: "ComprehendClient", request: Mapping[str, Any], known: Collection[str] = ()
) -> tuple[str, str] | None:
    """Id and ARN of the job that a request has started already; None when there is none.

    For a request whose token the service may have forgotten. A job counts as the request's when
    name, classifier, input, tags and the place of its output agree.

    Args:
        client: the service.
        request: the request as it was saved.
        known: ARNs of jobs that belong to other requests.

    Raises:
        TunerError: the service cannot be reached.
    """
    listed = _listed(
        client.list_document_classification_jobs,
        "DocumentClassificationJobPropertiesList",
        {"JobName": request["JobName"]},
    )
    for found in listed:
        if (
            found.get("DocumentClassifierArn") == request["DocumentClassifierArn"]
            and _contains(found.get("InputDataConfig"), request["InputDataConfig"])
            and _is_below(found.get("OutputDataConfig"), request["OutputDataConfig"])
            and found["JobArn"] not in known
            and _has_tags(client, str(found["JobArn"]), request)
        ):
            return str(found["JobId"]), str(found["JobArn"])
    return None


def stop_training(client: "ComprehendClient", arn: str) -> None:
    """Ask a training to stop; it may still end as TRAINED when it was about to.

    Raises:
        TunerError: the service refuses it or cannot be reached.
    """
    with explained():
        client.stop_training_document_classifier(DocumentClassifierArn=arn)


def _own_classifier(
    client: "ComprehendClient", request: Mapping[str, Any], clash: InvalidInput
) -> str:
    """ARN of the classifier that has the request's name, when this very request has made it."""
    name, version = request["DocumentClassifierName"], request.get("VersionName")
    ending = f":document-classifier/{name}" + (f"/version/{version}" if version else "")
    listed = _listed(
        client.list_document_classifiers,
        "DocumentClassifierPropertiesList",
        {"DocumentClassifierName": name},
    )
    found = next((c for c in listed if str(c["DocumentClassifierArn"]).endswith(ending)), None)
    if found is None:
        raise TryAgain(
            "The classifier is not listed yet",
            f"{printable(name, 80)} exists, but the service does not list it",
            "repeat the command in a minute; it adopts the classifier",
        ) from clash
    arn = str(found["DocumentClassifierArn"])
    if (
        _contains(found.get("InputDataConfig"), request["InputDataConfig"])
        and found.get("Mode", "MULTI_CLASS") == request["Mode"]
        and _has_tags(client, arn, request)
    ):
        return arn
    raise InvalidInput(
        "The classifier exists",
        f"{printable(arn, 200)} was made by another request",
        "train under another name: comprehend-tuner train --run NAME",
    ) from clash


def _listed(
    operation: Callable[..., dict[str, Any]], member: str, chosen: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """Every entry of a list, page by page."""
    page: dict[str, Any] = {}
    while True:
        with explained():
            answer = operation(Filter=dict(chosen), **page)
        yield from answer[member]
        if not answer.get("NextToken"):
            return
        page = {"NextToken": answer["NextToken"]}


def _has_tags(client: "ComprehendClient", arn: str, request: Mapping[str, Any]) -> bool:
    with explained():
        tags = client.list_tags_for_resource(ResourceArn=arn).get("Tags") or []
    found = {tag["Key"]: tag.get("Value") for tag in tags}
    return all(found.get(tag["Key"]) == tag.get("Value") for tag in request.get("Tags", ()))


def _contains(found: Any, wanted: Mapping[str, Any]) -> bool:
    """Whether every member that was asked for is described with the same value."""
    return all((found or {}).get(name) == value for name, value in wanted.items())


def _is_below(found: Any, wanted: Mapping[str, Any]) -> bool:
    return str((found or {}).get("S3Uri", "")).startswith(wanted["S3Uri"])
