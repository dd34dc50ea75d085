"""The WSGI application in front: who answers, what is refused, which connection breaks."""

import io
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any

from tests.aws.server import identity
from tests.aws.server.answers import Reply
from tests.aws.server.asked import Asked, signed_for, understood
from tests.aws.server.faults import Kind, refused
from tests.aws.server.objects import role_exists, user_exists
from tests.aws.server.state import ServerState
from tests.aws.server.twin import is_known

_LOOK_S = 0.02
_OBJECTS_READ = ("GetObject", "HeadObject", "ListObjects", "ListObjectsV2", "ListObjectVersions")
Environ = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One request that was served."""

    service: str
    """Name of boto3's client, such as ``s3``."""
    operation: str
    """Operation, such as ``PutObject``."""
    request: dict[str, Any]
    """Its parameters."""
    status: int
    """HTTP status of the answer; 0 when the operation was not executed and nothing answered."""
    at: float
    """When it was served, in seconds of a clock that only runs forward."""
    is_answered: bool = True
    """Whether the whole answer was sent."""


class Front:
    """Answers every request of one server."""

    def __init__(self, state: ServerState) -> None:
        self._state = state
        self._lock = threading.Lock()
        self.calls: list[Call] = []
        """Every request, in the order of its being served."""
        self.closing = threading.Event()
        """Set when the server ends, so that no request is left hanging."""

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        service, _ = signed_for(environ)
        body = b"" if service == "s3" else _body(environ)
        asked = understood(environ, body)
        fault = self._state.faults.take(asked.operation)
        if fault in ("reset", "timeout"):
            return self._never(environ, asked, fault)
        if fault == "reset-midway" and environ["REQUEST_METHOD"] in ("PUT", "POST"):
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0) // 2)
            return self._never(environ, asked, fault)
        reply = self._refusal(asked, fault)
        if reply is None:
            reply = self._served(environ, asked, body)
        elif service == "s3":
            _body(environ)
        is_whole = fault not in ("reset-after", "truncated", "reset-midway")
        self._record(asked, reply.status, is_whole)
        if fault == "reset-after":
            return _broken(environ)
        return _sent(environ, start_response, reply, is_whole)

    def _record(self, asked: Asked, status: int, is_answered: bool) -> None:
        with self._lock:
            self.calls.append(
                Call(
                    asked.service,
                    asked.operation,
                    asked.request,
                    status,
                    time.monotonic(),
                    is_answered,
                )
            )

    def _never(self, environ: Environ, asked: Asked, fault: Kind) -> Iterable[bytes]:
        self._record(asked, 0, False)
        if fault == "timeout":
            self._hang(environ["werkzeug.socket"])
        return _broken(environ)

    def _hang(self, connection: socket.socket) -> None:
        """Wait until the client gives up, the server ends or the time for this is over."""
        until = time.monotonic() + self._state.faults.timeout_s
        while time.monotonic() < until and not self.closing.is_set():
            readable, _, _ = select.select([connection], [], [], _LOOK_S)
            if readable and not connection.recv(1, socket.MSG_PEEK):
                return
            self.closing.wait(_LOOK_S)

    def _refusal(self, asked: Asked, fault: Kind | None) -> Reply | None:
        needed = identity.actions(asked)
        if fault == "denied":
            return identity.refusal(asked, needed[0], self._state.caller_arn)
        if fault is not None:
            return refused(asked, fault)
        for action in needed:
            if action in self._state.denied:
                return identity.refusal(asked, action, self._state.caller_arn)
        return None

    def _served(self, environ: Environ, asked: Asked, body: bytes) -> Reply:
        if asked.service == "comprehend" and is_known(asked):
            return self._state.twin.reply(asked)
        if asked.operation == "GetCallerIdentity":
            return identity.caller_identity(self._state.caller_arn)
        if asked.operation == "SimulatePrincipalPolicy":
            return self._simulated(asked)
        if asked.operation in _OBJECTS_READ:
            self._state.objects.deliver()
        return _moto(environ, None if asked.service == "s3" else body)

    def _simulated(self, asked: Asked) -> Reply:
        source = asked.request.get("PolicySourceArn", "")
        is_role = role_exists(source)
        is_caller = source in (self._state.caller_arn, identity.USER_ARN)
        denied = self._state.denied | (self._state.role_denied if is_role else set())
        return identity.simulated(asked, denied, is_role or is_caller or user_exists(source))


def _body(environ: Environ) -> bytes:
    """Read the whole body."""
    if environ.get("wsgi.input_terminated"):
        data: bytes = environ["wsgi.input"].read()
        return data
    length = int(environ.get("CONTENT_LENGTH") or 0)
    return environ["wsgi.input"].read(length) if length else b""


def _broken(environ: Environ) -> Iterable[bytes]:
    """Break the connection without another byte."""
    connection: socket.socket = environ["werkzeug.socket"]
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionResetError("a fault broke this connection")


def _sent(
    environ: Environ, start_response: Callable[..., Any], reply: Reply, is_whole: bool
) -> Iterable[bytes]:
    headers = [pair for pair in reply.headers if pair[0].lower() != "content-length"]
    is_head = environ["REQUEST_METHOD"] == "HEAD"
    length = next(
        (value for name, value in reply.headers if name.lower() == "content-length" and is_head),
        str(len(reply.body)),
    )
    line = f"{reply.status} {HTTPStatus(reply.status).phrase}"
    start_response(line, [*headers, ("Content-Length", length)])
    body = b"" if is_head else reply.body
    return [body] if is_whole else _half(environ, body)


def _half(environ: Environ, body: bytes) -> Iterator[bytes]:
    yield body[: len(body) // 2]
    yield from _broken(environ)


@cache
def _moto_application() -> Any:
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    return DomainDispatcherApplication(create_backend_app)


def reset_moto() -> None:
    """Empty the account."""
    from moto.moto_api._internal.models import moto_api_backend

    moto_api_backend.reset()


def furnish(bucket: str, role: str, trust: str) -> None:
    """Make a bucket and a role in the account, without a request.

    Args:
        bucket: its name.
        role: its name.
        trust: its trust policy, JSON.
    """
    from moto.iam.models import iam_backends
    from moto.s3.models import s3_backends

    s3_backends[identity.ACCOUNT]["aws"].create_bucket(bucket, "us-east-1")
    iam_backends[identity.ACCOUNT]["aws"].create_role(role, trust, "/", None, "", [], "3600")


def _moto(environ: Environ, body: bytes | None) -> Reply:
    """Let moto answer.

    Args:
        environ: the request.
        body: its body when it was read already.
    """
    from werkzeug.test import run_wsgi_app

    if body is not None:
        environ["wsgi.input"] = io.BytesIO(body)
    chunks, status, headers = run_wsgi_app(_moto_application(), environ, buffered=True)
    return Reply(int(status.split()[0]), b"".join(chunks), list(headers))
