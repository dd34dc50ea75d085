"""What can go wrong on the wire, asked for in advance and used up one request at a time."""

import threading
from dataclasses import dataclass
from typing import Literal, get_args

from tests.aws.server.answers import Reply, error_reply
from tests.aws.server.asked import Asked

Kind = Literal[
    "throttled",
    "error-500",
    "error-503",
    "timeout",
    "reset",
    "reset-after",
    "reset-midway",
    "truncated",
    "expired",
    "denied",
]
"""A fault on the wire."""
KINDS: tuple[Kind, ...] = get_args(Kind)
"""All of them."""


@dataclass
class Fault:
    """One fault that waits for its requests."""

    kind: Kind
    """What happens."""
    operation: str
    """To which operation; ``*`` for any."""
    times: int
    """How often still."""
    after: int
    """Requests that pass unharmed first."""
    hits: int = 0
    """How often it happened."""


class Faults:
    """The faults of one server."""

    def __init__(self) -> None:
        self.timeout_s = 2.0
        """Seconds after which a request that is never answered loses its connection."""
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, kind: Kind, operation: str, times: int = 1, after: int = 0) -> Fault:
        """Let a fault happen.

        Args:
            kind: what happens: ``reset`` before the operation is executed, ``reset-after`` when it
                is and nobody hears of it, ``reset-midway`` in the middle of an object's bytes.
            operation: to which operation, such as ``PutObject``; ``*`` for any.
            times: to how many requests.
            after: how many requests of that operation pass first.
        """
        assert kind in KINDS, kind
        fault = Fault(kind, operation, times, after)
        with self._lock:
            self._faults.append(fault)
        return fault

    @property
    def hits(self) -> int:
        """How often any fault happened."""
        with self._lock:
            return sum(fault.hits for fault in self._faults)

    def clear(self) -> None:
        """Forget every fault."""
        with self._lock:
            self._faults.clear()

    def take(self, operation: str) -> Kind | None:
        """Return the fault that happens to this request, and count it."""
        with self._lock:
            for fault in self._faults:
                if fault.operation not in ("*", operation) or fault.times <= 0:
                    continue
                if fault.after > 0:
                    fault.after -= 1
                    continue
                fault.times -= 1
                fault.hits += 1
                return fault.kind
        return None


def refused(asked: Asked, kind: Kind) -> Reply | None:
    """Return the answer of a fault that is an answer; None for those that break the connection."""
    if kind == "throttled":
        status, code = {
            "json": (429 if asked.service == "comprehend" else 400, _throttling(asked.service)),
            "query": (400, "Throttling"),
            "s3": (503, "SlowDown"),
        }[asked.protocol]
        return error_reply(asked, status, code, "Rate exceeded")
    if kind == "error-500":
        code = "InternalServerException" if asked.protocol == "json" else "InternalError"
        return error_reply(asked, 500, code, "We encountered an internal error.")
    if kind == "error-503":
        return error_reply(asked, 503, "ServiceUnavailable", "Please try again.")
    if kind == "expired":
        message = "The security token included in the request is expired"
        status, code = {
            "json": (400, "ExpiredTokenException"),
            "query": (403, "ExpiredToken"),
            "s3": (400, "ExpiredToken"),
        }[asked.protocol]
        return error_reply(asked, status, code, message)
    return None


def _throttling(service: str) -> str:
    return "TooManyRequestsException" if service == "comprehend" else "ThrottlingException"
