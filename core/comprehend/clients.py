"""The one seam: a Comprehend client and a store, Amazon's or the offline twin's.

Whoever holds the result of `open_clients` need not ask which one it has: both answer boto3's method
names and shapes, and `EngineInfo.is_paid` says whether a call costs money.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, cast

import msgspec

from core.errors import InvalidInput
from core.progress import CancelToken, Reporter, silent

OFFLINE_ACCOUNT = "000000000000"
"""Account of everything the twin makes; no real account has it."""
OFFLINE_BUCKET = "offline-comprehend-tuner"
"""Bucket of the twin when the settings name none."""
OFFLINE_ROLE = f"arn:aws:iam::{OFFLINE_ACCOUNT}:role/OfflineComprehendRole"
"""Data access role of the twin when the settings name none."""

Answer = dict[str, Any]
"""A response in boto3's shape, `ResponseMetadata` included."""


class ComprehendClient(Protocol):
    """The operations of boto3's Comprehend client that are used; all arguments are keywords.

    Every method raises `botocore.exceptions.ParamValidationError` for a malformed request and
    `botocore.exceptions.ClientError` with the service's code otherwise.
    """

    def create_document_classifier(self, **request: Any) -> Answer:
        """Start training; the answer holds `DocumentClassifierArn`."""
        ...

    def describe_document_classifier(self, **request: Any) -> Answer:
        """Return `DocumentClassifierProperties` of one classifier version."""
        ...

    def list_document_classifiers(self, **request: Any) -> Answer:
        """Return a page of `DocumentClassifierPropertiesList`, newest first."""
        ...

    def list_document_classifier_summaries(self, **request: Any) -> Answer:
        """Return a page of `DocumentClassifierSummariesList`, one entry per classifier name."""
        ...

    def stop_training_document_classifier(self, **request: Any) -> Answer:
        """Ask a training that is under way to stop."""
        ...

    def delete_document_classifier(self, **request: Any) -> Answer:
        """Start deleting a classifier version that nothing uses."""
        ...

    def start_document_classification_job(self, **request: Any) -> Answer:
        """Start scoring; the answer holds `JobId` and `JobArn`."""
        ...

    def describe_document_classification_job(self, **request: Any) -> Answer:
        """Return `DocumentClassificationJobProperties` of one job."""
        ...

    def list_document_classification_jobs(self, **request: Any) -> Answer:
        """Return a page of `DocumentClassificationJobPropertiesList`, newest first."""
        ...

    def create_endpoint(self, **request: Any) -> Answer:
        """Start an endpoint; the answer holds `EndpointArn`."""
        ...

    def describe_endpoint(self, **request: Any) -> Answer:
        """Return `EndpointProperties` of one endpoint."""
        ...

    def list_endpoints(self, **request: Any) -> Answer:
        """Return a page of `EndpointPropertiesList`."""
        ...

    def update_endpoint(self, **request: Any) -> Answer:
        """Change the capacity or the classifier of an endpoint."""
        ...

    def delete_endpoint(self, **request: Any) -> Answer:
        """Start deleting an endpoint."""
        ...

    def classify_document(self, **request: Any) -> Answer:
        """Score one text on an endpoint; `Labels` or `Classes` in the answer."""
        ...

    def tag_resource(self, **request: Any) -> Answer:
        """Set tags of a classifier, job or endpoint."""
        ...

    def untag_resource(self, **request: Any) -> Answer:
        """Remove tags by key."""
        ...

    def list_tags_for_resource(self, **request: Any) -> Answer:
        """Return `Tags` of a classifier, job or endpoint."""
        ...


@dataclass(frozen=True)
class StoredObject:
    """One object of a store."""

    uri: str
    """Address, ``s3://bucket/key``."""
    size: int
    """Bytes."""


class Store(Protocol):
    """Objects addressed by ``s3://bucket/key``."""

    def upload(
        self, path: Path, uri: str, reporter: Reporter = silent, cancel: CancelToken | None = None
    ) -> None:
        """Copy the file `path` to `uri`, replacing what is there; a reader never sees a part."""
        ...

    def download(
        self, uri: str, path: Path, reporter: Reporter = silent, cancel: CancelToken | None = None
    ) -> None:
        """Copy the object `uri` to the file `path`, which appears whole or not at all."""
        ...

    def list(self, prefix_uri: str) -> list[StoredObject]:
        """Every object whose key begins with the key of `prefix_uri`, sorted by address."""
        ...

    def delete(self, uri: str) -> None:
        """Remove one object; removing an absent one is no error, as in S3."""
        ...


@dataclass(frozen=True)
class EngineInfo:
    """Which engine answers, and under which identity."""

    name: Literal["offline", "aws"]
    """The engine."""
    is_paid: bool
    """Whether calls cost money, so that they need confirming."""
    account: str
    """Account id, twelve digits."""
    region: str
    """Region name, such as ``eu-west-1``."""
    bucket: str
    """Bucket for training files, scoring files and output."""
    role_arn: str
    """Data access role passed to training and scoring jobs."""
    label: str
    """Badge shown beside every number: ``OFFLINE`` or ``AWS 1234… eu-west-1``."""


class EngineSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the user chose about the engine; stored in the session."""

    name: Literal["offline", "aws"] = "offline"
    """The engine."""
    region: str = "us-east-1"
    """Region name."""
    profile: str | None = None
    """Profile of the AWS configuration; None for the default chain."""
    bucket: str | None = None
    """Bucket; None for the engine's default."""
    role_arn: str | None = None
    """Data access role; None for the engine's default."""
    endpoint_url: str | None = None
    """Address that answers instead of Amazon's own endpoints; None for the region's own."""
    poll_s: float | None = None
    """Seconds between the first two looks at a running job; None for the engine's default."""


class TwinOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How the offline twin behaves; each observed quirk of the service can be turned off."""

    returned: int | Literal["all"] = 3
    """Highest-scoring labels returned per document, beside every label at 0.5 or above."""
    decimals: int | None = 4
    """Decimals of scores in job output; None for full precision."""
    shuffle: bool = True
    """Write output lines in an order of their own, as the service promises none."""
    queue_s: float = 0.0
    """Seconds that a training or scoring job waits as SUBMITTED."""
    endpoint_s: float = 0.0
    """Seconds that an endpoint stays CREATING or UPDATING."""
    delete_s: float = 0.0
    """Seconds that a deleted classifier or endpoint is still described as DELETING."""
    fail: str | None = None
    """Message with which every job that starts under these options fails; None for no failure."""
    warn: str | None = None
    """Message with which a training ends as TRAINED_WITH_WARNING; None for a plain TRAINED."""
    throttle: int = 0
    """Number of requests answered with TooManyRequestsException before one is served."""
    active_trainings: int = 10
    """Trainings that may be under way at once."""
    active_jobs: int = 10
    """Scoring jobs that may be under way at once."""


_SERVICE_LIKE = TwinOptions()


@dataclass(frozen=True)
class JobProgress:
    """How far a job has come."""

    done: int
    """Units finished."""
    total: int | None
    """Units in all; None when unknown."""
    stage: str
    """What the job is doing, such as "reading documents" or "scoring"."""


def _no_account(service: str) -> Any:
    raise InvalidInput(
        "No account", f"the offline twin has no {service}", "this needs a session on --engine aws"
    )


@dataclass(frozen=True)
class Clients:
    """Everything that talks to an engine."""

    comprehend: ComprehendClient
    """Comprehend's operations."""
    store: Store
    """The bucket."""
    info: EngineInfo
    """Which engine this is."""
    progress: Callable[[str], JobProgress | None]
    """Progress of a classifier (by ARN) or scoring job (by ARN or id); None when not known."""
    service: Callable[[str], Any] = _no_account
    """boto3's client of another service (``sts``, ``iam``, ``s3``, ``servicequotas``); offline it
    raises `InvalidInput`, since there is no account."""
    poll_s: float = 0.2
    """Seconds between the first two looks at something that changes."""
    longest_poll_s: float = 1.0
    """Seconds that the interval between two looks grows to."""


def open_clients(
    settings: EngineSettings, session_folder: Path, twin: TwinOptions = _SERVICE_LIKE
) -> Clients:
    """Open the engine that the settings name; nothing is loaded or sent before the first request.

    Args:
        settings: which engine, under which identity.
        session_folder: the session; the twin keeps everything in its ``offline/``.
        twin: behaviour of the offline twin; no effect on Amazon's engine.

    Raises:
        InvalidInput: the engine is Amazon's, which this version does not reach.
    """
    if settings.name != "offline":
        raise InvalidInput(
            "Engine not available",
            f"engine {settings.name!r} was asked for and this version runs offline only",
            "use --engine offline",
        )
    from core.offline.client import OfflineComprehend
    from core.offline.store import FolderStore

    root = session_folder / "offline"
    bucket = settings.bucket or OFFLINE_BUCKET
    client = OfflineComprehend(root, twin, region=settings.region, account=OFFLINE_ACCOUNT)

    def progress(job: str) -> JobProgress | None:
        state = client.progress(job)
        return None if state is None else JobProgress(state.done, state.total, state.stage)

    return Clients(
        comprehend=client,
        store=cast(Store, FolderStore(root / "bucket")),
        info=EngineInfo(
            name="offline",
            is_paid=False,
            account=OFFLINE_ACCOUNT,
            region=settings.region,
            bucket=bucket,
            role_arn=settings.role_arn or OFFLINE_ROLE,
            label="OFFLINE",
        ),
        progress=progress,
        poll_s=settings.poll_s or 0.2,
        longest_poll_s=max(1.0, settings.poll_s or 0.0),
    )
