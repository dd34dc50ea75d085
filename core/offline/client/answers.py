"""Parts that several operations share: times, tags, tokens, pages."""

import base64
import binascii
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

import msgspec

from core.files import fingerprint
from core.offline.client.errors import invalid, service_error

_DEFAULT_PAGE = 100
_MOST_TAGS = 50

Item = TypeVar("Item")


class _Repeatable(Protocol):
    @property
    def token(self) -> str: ...
    @property
    def fingerprint(self) -> str: ...


Made = TypeVar("Made", bound=_Repeatable)


def moment(seconds: float) -> datetime:
    """Return an aware time in whole milliseconds, as the service gives them."""
    return datetime.fromtimestamp(round(seconds, 3), tz=UTC)


def times(**members: float | None) -> dict[str, datetime]:
    """Return the members that have a value, as aware times."""
    return {name: moment(value) for name, value in members.items() if value is not None}


def token_of(request: Mapping[str, Any]) -> str:
    """Return the client's request token, or a fresh one, as boto3 fills it in."""
    return request.get("ClientRequestToken") or str(uuid.uuid4())


def print_of(request: Mapping[str, Any]) -> str:
    """Return the fingerprint of a request without its token."""
    rest = {name: value for name, value in request.items() if name != "ClientRequestToken"}
    return fingerprint(msgspec.json.encode(rest, order="deterministic"))


def made_before(operation: str, request: Mapping[str, Any], made: Sequence[Made]) -> Made | None:
    """Return what an earlier request with the same token made; None when there is nothing.

    Raises:
        ClientError: ``InvalidRequestException`` when that request asked for something else.
    """
    token = request.get("ClientRequestToken")
    if token is None:
        return None
    found = next((record for record in made if record.token == token), None)
    if found is not None and found.fingerprint != print_of(request):
        raise invalid(
            operation,
            "The client request token was used before with other parameters. "
            "Use a new token, or send the same parameters again.",
        )
    return found


def tags_of(operation: str, tags: Sequence[Mapping[str, str]] | None) -> dict[str, str]:
    """Return tags by key.

    Raises:
        ClientError: ``TooManyTagsException`` above 50 tags.
    """
    found = {tag["Key"]: tag.get("Value", "") for tag in tags or ()}
    if len(found) > _MOST_TAGS:
        raise service_error(
            operation,
            "TooManyTagsException",
            f"The request contains too many tags: {len(found)}, at most {_MOST_TAGS} are allowed.",
        )
    return found


def chosen_filter(
    operation: str, request: Mapping[str, Any], code: str = "InvalidFilterException"
) -> tuple[str, Any]:
    """Return name and value of the one filter of a list request; ("", None) without one.

    Raises:
        ClientError: more than one filter was given.
    """
    given = request.get("Filter") or {}
    if len(given) > 1:
        raise service_error(operation, code, "Use one filter at a time: " + ", ".join(given) + ".")
    return next(iter(given.items()), ("", None))


def page(
    operation: str,
    request: Mapping[str, Any],
    items: Sequence[Item],
    key: Callable[[Item], str],
) -> tuple[list[Item], dict[str, str]]:
    """Return one page of `items` and the `NextToken` of the following one, if any.

    A token names the last item of its page, so that items made or deleted between two pages
    neither repeat nor hide others.

    Raises:
        ClientError: ``InvalidRequestException`` for a token that is not the twin's.
    """
    start = 0
    if "NextToken" in request:
        last = _decoded(operation, request["NextToken"])
        positions = [number for number, item in enumerate(items, 1) if key(item) == last]
        if not positions:
            raise invalid(operation, "NextToken is not valid any more; list from the start.")
        start = positions[0]
    size = request.get("MaxResults", _DEFAULT_PAGE)
    chosen = list(items[start : start + size])
    if not chosen or start + size >= len(items):
        return chosen, {}
    return chosen, {"NextToken": base64.urlsafe_b64encode(key(chosen[-1]).encode()).decode()}


def _decoded(operation: str, token: str) -> str:
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise invalid(operation, "NextToken is not valid.") from error


def newest_first(
    records: Sequence[Item], time_of: Callable[[Item], float], name: str, value: Any
) -> list[Item]:
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
