"""One way to drive Comprehend for two engines: the twin itself, and the twin behind the wire."""

import csv
import io
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from core.comprehend.engine import TwinOptions
from core.offline.client import OfflineComprehend
from core.offline.store import FolderStore
from tests.aws.server import BUCKET, ROLE_ARN, AwsServer
from tests.aws.server.identity import ACCOUNT

FINAL = {"TRAINED", "TRAINED_WITH_WARNING", "IN_ERROR", "STOPPED", "COMPLETED", "FAILED"}
"""States in which nothing changes any more."""
OFFLINE_ACCOUNT = "000000000000"
_LONGEST_WAIT_S = 60.0
_PAUSE_S = 0.01


class Engine(Protocol):
    """What a test of the contract needs."""

    account: str
    bucket: str
    role: str

    @property
    def comprehend(self) -> Any: ...
    def behave(self, **options: Any) -> None: ...
    def put(self, key: str, data: bytes) -> str: ...
    def get(self, uri: str) -> bytes: ...


class TwinEngine:
    """The twin, called directly.

    Args:
        root: its folder.
    """

    account = OFFLINE_ACCOUNT
    bucket = "offline-comprehend-tuner"
    role = f"arn:aws:iam::{OFFLINE_ACCOUNT}:role/OfflineComprehendRole"

    def __init__(self, root: Path) -> None:
        self._root = root
        self._store = FolderStore(root / "bucket")
        self.comprehend: Any = OfflineComprehend(root)

    def behave(self, **options: Any) -> None:
        """Change how the twin behaves from the next request on."""
        self.comprehend = OfflineComprehend(self._root, TwinOptions(**options))

    def put(self, key: str, data: bytes) -> str:
        """Store an object; return its address."""
        source = self._root / "upload.tmp"
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_bytes(data)
        self._store.upload(source, f"s3://{self.bucket}/{key}")
        return f"s3://{self.bucket}/{key}"

    def get(self, uri: str) -> bytes:
        """Return the bytes of an object."""
        return self._store.path_of(uri).read_bytes()


class WireEngine:
    """The twin behind HTTP, called by boto3."""

    account = ACCOUNT
    bucket = BUCKET
    role = ROLE_ARN

    def __init__(self, aws: AwsServer) -> None:
        self._aws = aws
        self.comprehend: Any = aws.client("comprehend")
        self._s3: Any = aws.client("s3")

    def behave(self, **options: Any) -> None:
        """Change how the twin behaves from the next request on."""
        self._aws.options = TwinOptions(**options)

    def put(self, key: str, data: bytes) -> str:
        """Store an object; return its address."""
        self._s3.put_object(Bucket=self.bucket, Key=key, Body=data)
        return f"s3://{self.bucket}/{key}"

    def get(self, uri: str) -> bytes:
        """Return the bytes of an object."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        data: bytes = self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return data


def training(engine: Engine, name: str = "tickets", **changes: Any) -> dict[str, Any]:
    """A request that trains on ``in/train.csv``; a change to None leaves a member out."""
    request = {
        "DocumentClassifierName": name,
        "LanguageCode": "en",
        "Mode": "MULTI_LABEL",
        "DataAccessRoleArn": engine.role,
        "InputDataConfig": {"S3Uri": f"s3://{engine.bucket}/in/train.csv"},
        "OutputDataConfig": {"S3Uri": f"s3://{engine.bucket}/out"},
    } | changes
    return {key: value for key, value in request.items() if value is not None}


def scoring(engine: Engine, arn: str, **changes: Any) -> dict[str, Any]:
    """A request that scores ``in/docs.txt``."""
    return {
        "DocumentClassifierArn": arn,
        "DataAccessRoleArn": engine.role,
        "InputDataConfig": {
            "S3Uri": f"s3://{engine.bucket}/in/docs.txt",
            "InputFormat": "ONE_DOC_PER_LINE",
        },
        "OutputDataConfig": {"S3Uri": f"s3://{engine.bucket}/out/"},
    } | changes


def put_training_rows(engine: Engine, rows: Sequence[Sequence[str]]) -> str:
    """Store rows of labels and text as ``in/train.csv``; return its address."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return engine.put("in/train.csv", text.getvalue().encode())


def describe_classifier(engine: Engine, arn: str) -> dict[str, Any]:
    """Return `DocumentClassifierProperties`."""
    answer = engine.comprehend.describe_document_classifier(DocumentClassifierArn=arn)
    found: dict[str, Any] = answer["DocumentClassifierProperties"]
    return found


def describe_job(engine: Engine, job_id: str) -> dict[str, Any]:
    """Return `DocumentClassificationJobProperties`."""
    answer = engine.comprehend.describe_document_classification_job(JobId=job_id)
    found: dict[str, Any] = answer["DocumentClassificationJobProperties"]
    return found


def describe_endpoint(engine: Engine, arn: str) -> dict[str, Any]:
    """Return `EndpointProperties`."""
    found: dict[str, Any] = engine.comprehend.describe_endpoint(EndpointArn=arn)[
        "EndpointProperties"
    ]
    return found


def create(engine: Engine, name: str = "tickets", **changes: Any) -> str:
    """Start a training; return the classifier's ARN."""
    answer = engine.comprehend.create_document_classifier(**training(engine, name, **changes))
    return str(answer["DocumentClassifierArn"])


def trained(engine: Engine, name: str = "tickets", **changes: Any) -> str:
    """Train to the end; return the classifier's ARN."""
    arn = create(engine, name, **changes)
    found = ended(lambda: describe_classifier(engine, arn))
    assert found["Status"] == "TRAINED", found
    return arn


def scored(engine: Engine, arn: str, **changes: Any) -> Mapping[str, Any]:
    """Score to the end; return the job's properties."""
    started = engine.comprehend.start_document_classification_job(**scoring(engine, arn, **changes))
    found = ended(lambda: describe_job(engine, started["JobId"]))
    assert found["JobStatus"] == "COMPLETED", found
    return found


def ended(describe: Callable[[], dict[str, Any]], *states: str) -> dict[str, Any]:
    """Describe until a state, by default any final one, is reached."""
    pause = threading.Event()
    until = time.monotonic() + _LONGEST_WAIT_S
    while time.monotonic() < until:
        found = describe()
        if found.get("Status", found.get("JobStatus")) in (states or FINAL):
            return found
        pause.wait(_PAUSE_S)
    raise AssertionError(f"still {found}")
