"""Answers on the wire: JSON of Comprehend, errors in each service's way of speaking."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from tests.aws.server.asked import Asked

REQUEST_ID = "00000000-1111-2222-3333-444444444444"


@dataclass(frozen=True)
class Reply:
    """A complete HTTP answer."""

    status: int
    """HTTP status."""
    body: bytes
    """Its body."""
    headers: list[tuple[str, str]] = field(default_factory=list)
    """Its headers, without the length."""


def json_reply(answer: dict[str, Any], status: int = 200) -> Reply:
    """Return an answer in JSON 1.1: times are seconds since the epoch."""
    body = json.dumps(answer, default=_plain).encode()
    return Reply(
        status,
        body,
        [("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-RequestId", REQUEST_ID)],
    )


def _plain(value: object) -> float:
    assert isinstance(value, datetime)
    return value.timestamp()


def error_reply(asked: Asked, status: int, code: str, message: str, **detail: Any) -> Reply:
    """Return an error as the service of the request words it.

    Args:
        asked: the request.
        status: HTTP status.
        code: the service's code.
        message: the service's message.
        detail: members beside the message, such as `Reason`.
    """
    if asked.protocol == "json":
        return json_reply({"__type": code, "Message": message, **detail}, status)
    if asked.is_head:
        return Reply(status, b"", [("x-amz-request-id", REQUEST_ID)])
    inner = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    if asked.protocol == "s3":
        text = f"<Error>{inner}<RequestId>{REQUEST_ID}</RequestId></Error>"
    else:
        text = (
            f"<ErrorResponse><Error><Type>Sender</Type>{inner}</Error>"
            f"<RequestId>{REQUEST_ID}</RequestId></ErrorResponse>"
        )
    head = b'<?xml version="1.0" encoding="UTF-8"?>\n'
    return Reply(status, head + text.encode(), [("Content-Type", "application/xml")])
