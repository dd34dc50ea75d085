"""Amazon on this machine: S3, STS and IAM by moto, Comprehend by the offline twin, over HTTP.

Started by hand with ``python -m tests.aws.server``; in tests it is the fixture `aws`.
"""

import json
import threading
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from core.comprehend.engine import EngineSettings
from tests.aws.server import front, surprises
from tests.aws.server.front import Call, Front
from tests.aws.server.identity import ACCOUNT
from tests.aws.server.state import ServerState
from tests.aws.server.workers import JobsHere

__all__ = ["ACCOUNT", "BUCKET", "REGION", "ROLE_ARN", "AwsServer", "Call"]

BUCKET = "tuner-bucket"
"""Bucket that exists from the start."""
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/ComprehendTunerRole"
"""Data access role that exists from the start."""
REGION = "us-east-1"
"""Region of both."""
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "comprehend.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


@cache
def _session() -> Any:
    """One boto3 session for every test: reading the service models takes longer than a test."""
    import boto3

    return boto3.Session()


class _Handler(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        """Say nothing; `AwsServer.calls` tells what was served."""


class AwsServer(ServerState):
    """One server with a port and a state of its own, served from `start` to `stop`.

    moto keeps its state per process: starting a server resets it, so one runs at a time.

    Args:
        folder: where the twin keeps its files.
        in_process: whether jobs run in threads here instead of processes of their own.
    """

    def __init__(self, folder: Path, in_process: bool = True) -> None:
        root = folder / "twin"
        root.mkdir(parents=True, exist_ok=True)
        super().__init__(root)
        self._jobs = JobsHere(root) if in_process else None
        self._front = Front(self)
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Address of every service."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def settings(self) -> EngineSettings:
        """Settings of a session that works on this server."""
        return EngineSettings(
            name="aws",
            region=REGION,
            bucket=BUCKET,
            role_arn=ROLE_ARN,
            endpoint_url=self.url,
            poll_s=0.02,
        )

    @property
    def calls(self) -> list[Call]:
        """Every request served, in order."""
        return self._front.calls

    def operations(self, service: str | None = None) -> list[str]:
        """Return the operations of `calls`, of one service or of all."""
        return [call.operation for call in self.calls if service in (None, call.service)]

    def creates(self, kind: str | None = None) -> int:
        """Return how many resources were really made, however often they were asked for.

        Args:
            kind: ``classifier``, ``job`` or ``endpoint``; None for all of them.
        """
        kinds = Counter(
            {
                "document-classifier": "classifier",
                "document-classification-job": "job",
                "document-classifier-endpoint": "endpoint",
            }[arn.split(":", 5)[5].partition("/")[0]]
            for arn in self.twin.made
        )
        return sum(kinds.values()) if kind is None else kinds[kind]

    def surprise(self, kind: surprises.Kind, times: int = 1) -> None:
        """Let states or outputs differ from what they are; see `Surprises.add`."""
        self.surprises.add(kind, times)

    def client(self, service: str, **options: Any) -> Any:
        """Return boto3's client of a service, on this server."""
        return _session().client(
            service,
            **{
                "endpoint_url": self.url,
                "region_name": REGION,
                "aws_access_key_id": "testing",
                "aws_secret_access_key": "testing",
            }
            | options,
        )

    def start(self, port: int = 0) -> None:
        """Serve, with nothing in the account but the bucket and the role.

        Args:
            port: where to listen; 0 for a free one.
        """
        front.reset_moto()
        if self._jobs is not None:
            self._jobs.start()
        self._server = make_server(
            "127.0.0.1", port, self._front, threaded=True, request_handler=_Handler
        )
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()
        front.furnish(BUCKET, ROLE_ARN.rpartition("/")[2], json.dumps(_TRUST))

    def stop(self) -> None:
        """Stop serving and end the jobs under way."""
        assert self._server is not None and self._thread is not None
        self._front.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        if self._jobs is not None:
            self._jobs.stop()
