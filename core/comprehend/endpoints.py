"""Endpoints: the request that creates one, its state, and the scores of one text.

An endpoint is charged for every second that it exists, used or not. The service never deletes one
by itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any, Literal

from core.comprehend.engine import entries, member_of
from core.comprehend.jobs import MOST_FAULTS
from core.comprehend.requests import (
    check,
    check_classifier,
    check_resource_name,
    check_token,
    tag_list,
)
from core.comprehend.service_errors import code_of, explained, is_expired, tolerating
from core.errors import Interrupted, InvalidInput, OperationFailed, TryAgain, TunerError
from core.progress import UNWATCHED, Watch
from core.text import printable

if TYPE_CHECKING:
    from core.comprehend.engine import ComprehendClient


LONGEST_NAME = 40
"""Characters of an endpoint's name."""
MOST_UNITS = 50
"""Inference units that one endpoint may have without a higher quota."""
LONGEST_TEXT_BYTES = 10 * 1024
"""Bytes in UTF-8 of a text that an endpoint takes."""
DELETED = "DELETED"
"""State of an endpoint that does not exist any more; a word of this product."""


@dataclass(frozen=True)
class EndpointStatus:
    """One description of an endpoint."""

    arn: str
    state: str
    """The service's own word, also when it is a new one."""
    message: str = ""
    """Why it failed, in the service's words."""

    @property
    def is_serving(self) -> bool:
        """Whether it answers; an endpoint whose capacity is being changed still does."""
        return self.state in ("IN_SERVICE", "UPDATING")

    @property
    def is_lost(self) -> bool:
        """Whether it will never answer any more."""
        return self.state in ("FAILED", "DELETING", DELETED)


@dataclass(frozen=True)
class TextScores:
    """What an endpoint returned for one text; not every label need be among it."""

    mode: Literal["multi-label", "multi-class"]
    pairs: tuple[tuple[str, float], ...]
    """Name and score, as returned."""


def endpoint_request(
    *, name: str, classifier_arn: str, inference_units: int, token: str, tags: Mapping[str, str]
) -> dict[str, Any]:
    """Keyword arguments for `create_endpoint`.

    Args:
        name: at most 40 characters; `resource_name` makes a valid one.
        classifier_arn: the classifier version that answers.
        inference_units: capacity; each handles 100 characters a second and is charged by itself.
        token: saved beforehand, so that repeating the request creates nothing a second time.
        tags: tags of the endpoint.

    Raises:
        InvalidInput: a value breaks a rule of the service; the message names value and rule.
    """
    check_resource_name("endpoint name", name, LONGEST_NAME)
    check_classifier(classifier_arn)
    units = str(inference_units)
    check(1 <= inference_units <= MOST_UNITS, "inference units", units, f"1 to {MOST_UNITS}")
    check_token(token)
    return {
        "EndpointName": name,
        "ModelArn": classifier_arn,
        "DesiredInferenceUnits": inference_units,
        "ClientRequestToken": token,
        "Tags": tag_list(tags),
    }


def create_endpoint(client: "ComprehendClient", request: Mapping[str, Any]) -> str:
    """Send a request to create an endpoint; return its ARN.

    A name that exists already is no error when the endpoint belongs to the same classifier: names
    hold the session's own digits, so it is the one that an earlier call made and lost the reply of.

    Raises:
        TunerError: the service refuses it or cannot be reached.
    """
    try:
        with explained():
            return str(member_of(client.create_endpoint(**request), "EndpointArn"))
    except TunerError as error:
        if code_of(error) != "ResourceInUseException":
            raise
        existing = find_endpoint(client, request["EndpointName"], request["ModelArn"])
        if existing is None or existing.state == "DELETING":
            raise
        return existing.arn


def was_not_created(error: TunerError) -> bool:
    """Whether a failed `create_endpoint` surely created nothing.

    That is so when the service refused the only request that was sent, or none was sent. A lost
    connection or a fault of the service leaves it open.
    """
    cause: BaseException | None = error
    while cause is not None:
        response = getattr(cause, "response", None)
        if isinstance(response, dict):
            answered = response.get("ResponseMetadata") or {}
            is_refusal = 400 <= int(answered.get("HTTPStatusCode", 0)) < 500
            return is_refusal and not answered.get("RetryAttempts")
        cause = cause.__cause__
    return isinstance(error, InvalidInput)


def describe_endpoint(client: "ComprehendClient", arn: str) -> EndpointStatus | None:
    """Ask for the state of an endpoint; None when the service does not know it.

    Raises:
        TunerError: the service cannot be asked.
    """
    with tolerating("ResourceNotFoundException"), explained():
        answer = client.describe_endpoint(EndpointArn=arn)
        return _status(member_of(answer, "EndpointProperties"))
    return None


def find_endpoint(
    client: "ComprehendClient", name: str, classifier_arn: str
) -> EndpointStatus | None:
    """The endpoint of a classifier by its name, from the service's list; None when not listed.

    Raises:
        TunerError: the service cannot be asked.
    """
    of_classifier = {"ModelArn": classifier_arn}
    for entry in entries(client.list_endpoints, "EndpointPropertiesList", Filter=of_classifier):
        if str(entry["EndpointArn"]).rpartition("/")[2] == name:
            return _status(entry)
    return None


def classify_text(client: "ComprehendClient", arn: str, text: str) -> TextScores:
    """The scores of one text.

    Raises:
        InvalidInput: the text is blank, no Unicode, or longer than an endpoint takes; nothing was
            sent.
        TryAgain: the endpoint does not answer yet.
        OperationFailed: the answer holds no scores.
    """
    check_text(text)
    with explained():
        answer = client.classify_document(EndpointArn=arn, Text=text)
    for key, mode in _MODES.items():
        if answer.get(key):
            pairs = tuple((str(entry["Name"]), float(entry["Score"])) for entry in answer[key])
            return TextScores(mode, pairs)
    reasons = "; ".join(str(entry.get("ErrorMessage", "")) for entry in answer.get("Errors") or [])
    if not answer.get("Errors") and not any(key in answer for key in _MODES):
        member_of(answer, "Labels")
    raise OperationFailed(
        "No scores",
        f"the endpoint returned neither Labels nor Classes: {printable(reasons, 300) or 'no word'}",
        "try a longer text",
    )


_MODES: dict[str, Literal["multi-label", "multi-class"]] = {
    "Labels": "multi-label",
    "Classes": "multi-class",
}


def check_text(text: str) -> None:
    """Refuse a text that an endpoint does not take.

    Raises:
        InvalidInput: it is blank, no Unicode, or longer than 10 KB in UTF-8.
    """
    if not text.strip():
        raise InvalidInput("No text", "the document is blank", "give a text to classify")
    try:
        size = len(text.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise InvalidInput(
            "Not a text", f"character {error.start + 1:,} is no Unicode", "give the text as UTF-8"
        ) from error
    if size > LONGEST_TEXT_BYTES:
        raise InvalidInput(
            "The text is too long",
            f"{size:,} bytes in UTF-8; an endpoint takes at most {LONGEST_TEXT_BYTES:,}",
            "shorten it; scoring jobs take documents of any length up to 10 MB",
        )


def _status(properties: Mapping[str, Any]) -> EndpointStatus:
    return EndpointStatus(
        arn=str(properties["EndpointArn"]),
        state=str(properties.get("Status") or "unknown"),
        message=str(properties.get("Message") or ""),
    )


def wait_until_serving(
    describe: Callable[[], EndpointStatus | None],
    watch: Watch = UNWATCHED,
    first_interval_s: float = 15.0,
    longest_interval_s: float = 60.0,
    random: Random | None = None,
) -> EndpointStatus | None:
    """Describe an endpoint until it answers or never will; stopping the wait leaves it as it is.

    The interval grows by half each time, with a fifth of jitter. Passing faults are borne, expired
    credentials for as long as it takes to sign in again, and so is an endpoint that is not to be
    seen at first: a new one may take a moment to appear.

    Returns:
        The last description; None when it was not to be seen `MOST_FAULTS` times in a row.

    Raises:
        Interrupted: stopping was asked for.
        TunerError: describing failed, or failed more than `MOST_FAULTS` times in a row.
    """
    jitter = random or Random()
    interval_s, faults, waited_s = first_interval_s, 0, 0.0
    while True:
        status, note = None, "not to be seen yet"
        try:
            status = describe()
        except TunerError as error:
            if is_expired(error):
                faults, note = 0, "credentials expired: sign in again; waiting goes on"
            elif isinstance(error, TryAgain) and faults < MOST_FAULTS:
                note = error.title
            else:
                raise
        if status is not None and (status.is_serving or status.is_lost):
            return status
        faults = faults + 1 if status is None else 0
        if faults > MOST_FAULTS:
            return None
        note = printable(status.state if status else note, 60)
        seconds = interval_s * jitter.uniform(0.8, 1.2)
        _tick(watch, waited_s, seconds, note)
        waited_s += seconds
        interval_s = min(interval_s * 1.5, max(longest_interval_s, first_interval_s))


def _tick(watch: Watch, waited_s: float, seconds: float, note: str) -> None:
    """Wait in steps of a second, reporting at each."""
    for left in watch.ticks(seconds):
        shown = f"{note}, next look in {max(1, round(left))} s"
        done = int(waited_s + seconds - left)
        watch.report("waiting for the endpoint", done, None, "seconds", shown)
    if watch.is_cancelled:
        raise Interrupted(
            "Interrupted",
            "stopped waiting; the endpoint goes on and is charged",
            "delete it with: comprehend-tuner endpoint stop",
        )
