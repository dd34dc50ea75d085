"""Requests checked against botocore's model of Comprehend, and parts that answers share."""

import base64
import binascii
import functools
import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import msgspec

from core.files import fingerprint
from core.offline.records import Twin

if TYPE_CHECKING:
    from botocore.exceptions import ClientError


_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
_CLASSIFIER = re.compile(r"document-classifier/([^/]+)(?:/version/([^/]+))?")


def arn(twin: Twin, resource: str) -> str:
    """Return the full name of a resource such as ``document-classifier/tickets``."""
    starts = (name for start, name in _PARTITIONS.items() if twin.region.startswith(start))
    return f"arn:{next(starts, 'aws')}:comprehend:{twin.region}:{twin.account}:{resource}"


def classifier_arn(twin: Twin, name: str, version: str | None) -> str:
    """Return the full name of a classifier version."""
    suffix = "" if version is None else f"/version/{version}"
    return arn(twin, f"document-classifier/{name}{suffix}")


def classifier_folder(twin: Twin, name: str, version: str | None) -> Path:
    """Return the folder of a classifier version; ``@`` occurs in no name."""
    return twin.classifiers / (name if version is None else f"{name}@{version}")


def folder_of_classifier(twin: Twin, full_name: str) -> Path | None:
    """Return the folder of a classifier by ARN; None when it belongs to another twin."""
    match = _CLASSIFIER.fullmatch(_resource(twin, full_name))
    return None if match is None else classifier_folder(twin, match[1], match[2])


def folder_of_job(twin: Twin, name: str) -> Path | None:
    """Return the folder of a scoring job by id or ARN; None when no job can have that name."""
    identifier = _resource(twin, name).removeprefix("document-classification-job/") or name
    return twin.jobs / identifier if re.fullmatch("[0-9a-f]{32}", identifier) else None


def path_of_endpoint(twin: Twin, full_name: str) -> Path | None:
    """Return the file of an endpoint by ARN; None when it belongs to another twin."""
    kind, _, name = _resource(twin, full_name).partition("/")
    if kind != "document-classifier-endpoint" or not re.fullmatch("[a-zA-Z0-9-]+", name):
        return None
    return twin.endpoints / f"{name}.json"


def _resource(twin: Twin, full_name: str) -> str:
    """Return what follows account and region; "" when these are not the twin's."""
    start = arn(twin, "")
    return full_name.removeprefix(start) if full_name.startswith(start) else ""


_NOT_FOUND = frozenset(
    {"ResourceNotFoundException", "JobNotFoundException", "ResourceUnavailableException"}
)
_STATUSES = {"TooManyRequestsException": 429, "InternalServerException": 500}


def service_error(operation: str, code: str, message: str, **detail: Any) -> "ClientError":
    """Return the error of `operation` with the service's `code`.

    Args:
        operation: name such as "CreateEndpoint".
        code: the service's error code.
        message: the service's message.
        detail: members that the service puts beside the error, such as `Reason`.
    """
    from botocore.exceptions import ClientError

    status = _STATUSES.get(code, 404 if code in _NOT_FOUND else 400)
    response: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {
            "RequestId": "00000000-0000-0000-0000-000000000000",
            "HTTPStatusCode": status,
            "HTTPHeaders": {},
            "RetryAttempts": 0,
        },
        **detail,
    }
    return ClientError(response, operation)


class Refusal(Exception):
    """What the service says to a request that it refuses; the operation's name is added later."""

    def __init__(self, code: str, message: str, **detail: Any) -> None:
        super().__init__(message)
        self.code = code
        self.detail = detail

    def error_of(self, operation: str) -> "ClientError":
        """The error as boto3 raises it for `operation`."""
        return service_error(operation, self.code, str(self), **self.detail)


def not_found(what: str) -> Refusal:
    """Return the error of naming a resource that does not exist."""
    return Refusal("ResourceNotFoundException", f"RESOURCE_NOT_FOUND: Could not find {what}.")


def invalid(message: str, **detail: Any) -> Refusal:
    """Return the error of a request whose members do not fit together."""
    return Refusal("InvalidRequestException", message, **detail)


_DEFAULT_PAGE = 100
_MOST_TAGS = 50

_Item = TypeVar("_Item")


class _Repeatable(Protocol):
    @property
    def token(self) -> str: ...
    @property
    def fingerprint(self) -> str: ...


_Made = TypeVar("_Made", bound=_Repeatable)


def aware_time(seconds: float) -> datetime:
    """Return an aware time in whole milliseconds, as the service gives them."""
    return datetime.fromtimestamp(round(seconds, 3), tz=UTC)


def times(**members: float | None) -> dict[str, datetime]:
    """Return the members that have a value, as aware times."""
    return {name: aware_time(value) for name, value in members.items() if value is not None}


def token_of(request: Mapping[str, Any]) -> str:
    """Return the client's request token, or a fresh one, as boto3 fills it in."""
    return request.get("ClientRequestToken") or str(uuid.uuid4())


def print_of(request: Mapping[str, Any]) -> str:
    """Return the fingerprint of a request without its token."""
    rest = {name: value for name, value in request.items() if name != "ClientRequestToken"}
    return fingerprint(msgspec.json.encode(rest, order="deterministic"))


def made_before(request: Mapping[str, Any], made: Sequence[_Made]) -> _Made | None:
    """Return what an earlier request with the same token made; None when there is nothing.

    Raises:
        Refusal: ``InvalidRequestException`` when that request asked for something else.
    """
    token = request.get("ClientRequestToken")
    if token is None:
        return None
    earlier = next((record for record in made if record.token == token), None)
    if earlier is not None and earlier.fingerprint != print_of(request):
        raise invalid(
            "The client request token was used before with other parameters. "
            "Use a new token, or send the same parameters again."
        )
    return earlier


def tags_by_key(tags: Sequence[Mapping[str, str]] | None) -> dict[str, str]:
    """Return tags by key.

    Raises:
        Refusal: ``TooManyTagsException`` above 50 tags.
    """
    by_key = {tag["Key"]: tag.get("Value", "") for tag in tags or ()}
    if len(by_key) > _MOST_TAGS:
        raise Refusal(
            "TooManyTagsException",
            f"The request contains too many tags: {len(by_key)}, at most {_MOST_TAGS} are allowed.",
        )
    return by_key


def chosen_filter(
    request: Mapping[str, Any], code: str = "InvalidFilterException"
) -> tuple[str, Any]:
    """Return name and value of the one filter of a list request; ("", None) without one.

    Raises:
        Refusal: more than one filter was given.
    """
    given = request.get("Filter") or {}
    if len(given) > 1:
        raise Refusal(code, "Use one filter at a time: " + ", ".join(given) + ".")
    return next(iter(given.items()), ("", None))


def page(
    request: Mapping[str, Any], items: Sequence[_Item], key: Callable[[_Item], str]
) -> tuple[list[_Item], dict[str, str]]:
    """Return one page of `items` and the `NextToken` of the following one, if any.

    A token names the last item of its page, so that items made or deleted between two pages
    neither repeat nor hide others.

    Raises:
        Refusal: ``InvalidRequestException`` for a token that is not the twin's.
    """
    start = 0
    if "NextToken" in request:
        last = _decoded(request["NextToken"])
        positions = [number for number, item in enumerate(items, 1) if key(item) == last]
        if not positions:
            raise invalid("NextToken is not valid any more; list from the start.")
        start = positions[0]
    size = request.get("MaxResults", _DEFAULT_PAGE)
    chosen = list(items[start : start + size])
    if not chosen or start + size >= len(items):
        return chosen, {}
    return chosen, {"NextToken": base64.urlsafe_b64encode(key(chosen[-1]).encode()).decode()}


def _decoded(token: str) -> str:
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise invalid("NextToken is not valid.") from error


def newest_first(
    records: Sequence[_Item], time_of: Callable[[_Item], float], name: str, value: Any
) -> list[_Item]:
    """Sort by time, newest first, and apply a time filter.

    `...Before` keeps what is older, oldest first; `...After` keeps what is newer, newest first.
    """
    if name.endswith(("Before", "After")):
        from botocore.utils import parse_to_aware_datetime

        bound = parse_to_aware_datetime(value).timestamp()
        is_before = name.endswith("Before")
        records = [
            item
            for item in records
            if (time_of(item) < bound if is_before else time_of(item) > bound)
        ]
    return sorted(records, key=time_of, reverse=not name.endswith("Before"))


# Checking requests against botocore's own model of Comprehend.
#
# boto3 checks required members, types, minimum lengths and unknown keys, and raises
# `ParamValidationError`; that is done by botocore's validator itself. The service checks maximum
# lengths, patterns and enums as well, and answers ``ValidationException``; that is done here.


_CLASSES = {
    r"\p{L}": r"\w",
    r"\p{N}": r"\w",
    r"\p{Z}": " \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
    r"\p{ASCII}": r"[\x00-\x7f]",
}


@functools.cache
def service_model() -> Any:
    """Return botocore's service model of Comprehend, read once per process."""
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    return ServiceModel(Loader().load_service_model("comprehend", "service-2"), "comprehend")


@functools.cache
def paginator_config() -> dict[str, Any]:
    """Return botocore's description of the operations that come in pages."""
    from botocore.loaders import Loader

    pagination: dict[str, Any] = Loader().load_service_model("comprehend", "paginators-1")
    return dict(pagination["pagination"])


def check_request(operation: str, request: Mapping[str, Any]) -> None:
    """Refuse a request that boto3 or the service would refuse by its shape.

    Raises:
        botocore.exceptions.ParamValidationError: where boto3 itself raises it.
        botocore.exceptions.ClientError: ``ValidationException`` where the service answers it.
    """
    from botocore.exceptions import ParamValidationError
    from botocore.validate import ParamValidator

    shape = service_model().operation_model(operation).input_shape
    report = ParamValidator().validate(dict(request), shape)
    if report.has_errors():
        raise ParamValidationError(report=report.generate_report())
    violations = list(_violations(request, shape, ""))
    if violations:
        count = f"{len(violations)} validation error{'s' if len(violations) > 1 else ''} detected"
        raise service_error(operation, "ValidationException", f"{count}: {'; '.join(violations)}")


def _violations(value: Any, shape: Any, name: str) -> Iterator[str]:
    """Yield what the service would say about `value`, which boto3 has let through."""
    if shape.type_name == "structure":
        for key, item in value.items():
            member = key[:1].lower() + key[1:]
            yield from _violations(item, shape.members[key], f"{name}.{member}" if name else member)
    elif shape.type_name == "list":
        yield from _length(value, shape, name)
        for position, item in enumerate(value, start=1):
            yield from _violations(item, shape.member, f"{name}.{position}.member")
    elif shape.type_name in ("string", "blob"):
        yield from _length(value, shape, name)
        if isinstance(value, str):
            yield from _wording(value, shape, name)
    elif shape.type_name in ("integer", "long"):
        largest = shape.metadata.get("max")
        if largest is not None and value > largest:
            limit = f"Member must have value less than or equal to {largest}"
            yield _violation(value, name, limit)


def _length(value: Any, shape: Any, name: str) -> Iterator[str]:
    longest = shape.metadata.get("max")
    if longest is not None and len(value) > longest:
        limit = f"Member must have length less than or equal to {longest}"
        yield _violation(value, name, limit)


def _wording(value: str, shape: Any, name: str) -> Iterator[str]:
    allowed = shape.metadata.get("enum")
    if allowed and value not in allowed:
        yield _violation(value, name, f"Member must satisfy enum value set: [{', '.join(allowed)}]")
    pattern = shape.metadata.get("pattern")
    if pattern and not _compiled(pattern).fullmatch(value):
        yield _violation(value, name, f"Member must satisfy regular expression pattern: {pattern}")


def _violation(value: Any, name: str, rule: str) -> str:
    shown = str(value)
    shown = shown if len(shown) <= 200 else shown[:200] + "..."
    return f"Value '{shown}' at '{name}' failed to satisfy constraint: {rule}"


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compile a Java pattern of the model; a value must match it from end to end."""
    for java, python in _CLASSES.items():
        pattern = pattern.replace(java, python)
    return re.compile(pattern.removesuffix("$"))
