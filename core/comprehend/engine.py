"""An engine: its settings, and what it is once opened: client, store, and who it is."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

import msgspec

from core.errors import InvalidInput, TryAgain
from core.progress import UNWATCHED, Watch
from core.text import printable

Answer = dict[str, Any]
"""A response in boto3's shape, `ResponseMetadata` included."""
_MOST_PAGES = 10_000


class ComprehendClient(Protocol):
    """The operations of boto3's Comprehend client that are used; all arguments are keywords.

    Every method raises `botocore.exceptions.ParamValidationError` for a malformed request and
    `botocore.exceptions.ClientError` with the service's code otherwise.
    """

    def create_document_classifier(self, **request: Any) -> Answer:
        """Start training; the answer holds `DocumentClassifierArn`."""

    def describe_document_classifier(self, **request: Any) -> Answer:
        """Return `DocumentClassifierProperties` of one classifier version."""

    def list_document_classifiers(self, **request: Any) -> Answer:
        """Return a page of `DocumentClassifierPropertiesList`, newest first."""

    def list_document_classifier_summaries(self, **request: Any) -> Answer:
        """Return a page of `DocumentClassifierSummariesList`, one entry per classifier name."""

    def stop_training_document_classifier(self, **request: Any) -> Answer:
        """Ask a training that is under way to stop."""

    def delete_document_classifier(self, **request: Any) -> Answer:
        """Start deleting a classifier version that nothing uses."""

    def start_document_classification_job(self, **request: Any) -> Answer:
        """Start scoring; the answer holds `JobId` and `JobArn`."""

    def describe_document_classification_job(self, **request: Any) -> Answer:
        """Return `DocumentClassificationJobProperties` of one job."""

    def list_document_classification_jobs(self, **request: Any) -> Answer:
        """Return a page of `DocumentClassificationJobPropertiesList`, newest first."""

    def create_endpoint(self, **request: Any) -> Answer:
        """Start an endpoint; the answer holds `EndpointArn`."""

    def describe_endpoint(self, **request: Any) -> Answer:
        """Return `EndpointProperties` of one endpoint."""

    def list_endpoints(self, **request: Any) -> Answer:
        """Return a page of `EndpointPropertiesList`."""

    def update_endpoint(self, **request: Any) -> Answer:
        """Change the capacity or the classifier of an endpoint."""

    def delete_endpoint(self, **request: Any) -> Answer:
        """Start deleting an endpoint."""

    def classify_document(self, **request: Any) -> Answer:
        """Score one text on an endpoint; `Labels` or `Classes` in the answer."""

    def tag_resource(self, **request: Any) -> Answer:
        """Set tags of a classifier, job or endpoint."""

    def untag_resource(self, **request: Any) -> Answer:
        """Remove tags by key."""

    def list_tags_for_resource(self, **request: Any) -> Answer:
        """Return `Tags` of a classifier, job or endpoint."""


def member_of(answer: Answer, name: str) -> Any:
    """What an answer must hold.

    Raises:
        TryAgain: it does not; an answer that was cut off on the way is read as an empty one.
    """
    if name not in answer:
        raise TryAgain(
            "The answer was cut off",
            f"{name} is missing in it",
            "repeat; the same request is sent again, never a second one",
        )
    return answer[name]


def entries(
    call: Callable[..., Answer], member: str, *, may_lack: bool = False, **request: Any
) -> Iterator[Answer]:
    """Every entry of a list operation, page by page.

    Args:
        call: the operation.
        member: what holds the entries in its answer.
        may_lack: whether an answer without `member` is one without entries.
        request: the arguments of the first call.

    Raises:
        TunerError: the service refuses it, cannot be reached, or its answer was cut off.
    """
    from core.comprehend.service_errors import explained

    for _ in range(_MOST_PAGES):
        with explained():
            answer = call(**request)
        yield from (answer.get(member) or ()) if may_lack else member_of(answer, member)
        if not answer.get("NextToken"):
            return
        request["NextToken"] = answer["NextToken"]


@dataclass(frozen=True)
class StoredObject:
    """One object of a store."""

    uri: str
    """Address, ``s3://bucket/key``."""
    size: int
    """Bytes."""


class Store(Protocol):
    """Objects addressed by ``s3://bucket/key``."""

    def upload(self, path: Path, uri: str, watch: Watch = UNWATCHED) -> None:
        """Copy the file `path` to `uri`, replacing what is there; a reader never sees a part."""

    def download(self, uri: str, path: Path, watch: Watch = UNWATCHED) -> None:
        """Copy the object `uri` to the file `path`, which appears whole or not at all."""

    def list(self, prefix_uri: str) -> list[StoredObject]:
        """Every object whose key begins with the key of `prefix_uri`, sorted by address."""

    def delete(self, uri: str) -> None:
        """Remove one object; removing an absent one is no error, as in S3."""


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


Terms = tuple[tuple[str, float], ...]
"""Words of a text with what each adds to a score's log-odds, strongest first."""


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
    explain_score: Callable[[str, str, str], Terms | None] = lambda arn, text, label: None
    """The words of a text that move a label's score most, by classifier ARN, text and label; None
    where the engine does not say."""
    at_once: int = 1
    """Trainings that the engine works on at the same time, and as many scoring jobs."""
    accepted: int = 1
    """Trainings, and as many scoring jobs, that it takes before any of them has ended."""
    poll_s: float = 0.2
    """Seconds between the first two looks at something that changes."""
    longest_poll_s: float = 1.0
    """Seconds that the interval between two looks grows to."""


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


SERVICE_LIKE = TwinOptions()
"""The twin's quirks as they were seen on the service."""


# Settings of an engine, checked before anything is sent or saved.
#
# The patterns are those of botocore's service model of Comprehend, which boto3 does not check, and
# those of S3.


_BUCKET = re.compile(r"[a-z0-9][.\-a-z0-9]{1,61}[a-z0-9]")
_ROLE = re.compile(r"arn:aws(-[^:]+)?:iam::([0-9]{12}):role/.+")
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]+")
_LONGEST_ROLE = 2048


def check_settings(settings: EngineSettings) -> None:
    """Make sure that an engine can be reached under these settings, as far as can be told here.

    Nothing is sent: the Regions and profiles are those that the AWS libraries know on this machine.

    Raises:
        InvalidInput: a name breaks its pattern, Comprehend is not in the Region, or there is no
            such profile.
    """
    check_patterns(settings)
    if settings.name == "aws":
        _check_known(settings)


def check_patterns(settings: EngineSettings) -> None:
    """Make sure that Region, bucket, role and address can be what they claim; loads nothing.

    Raises:
        InvalidInput: a name breaks its pattern.
    """
    if not _REGION.fullmatch(settings.region):
        raise _unusable("Region", settings.region, "write it as in --region eu-west-1")
    if settings.bucket is not None and not _BUCKET.fullmatch(settings.bucket):
        raise _unusable(
            "bucket name",
            settings.bucket,
            "a name has 3 to 63 lower-case letters, digits, '-' and '.'; give it without s3://",
        )
    role = settings.role_arn
    if role is not None and (len(role) > _LONGEST_ROLE or not _ROLE.fullmatch(role)):
        raise _unusable("role", role, "write it as arn:aws:iam::ACCOUNT:role/NAME")
    if settings.endpoint_url is not None and not _is_address(settings.endpoint_url):
        raise _unusable(
            "address of the service", settings.endpoint_url, "write it as https://host:port"
        )


def engine_label(settings: EngineSettings) -> str:
    """The badge that stands beside every number: ``OFFLINE`` or ``AWS 1234… eu-west-1``.

    An address that is neither Amazon's own nor on this machine is part of it.
    """
    if settings.name == "offline":
        return "OFFLINE"
    account = account_of(settings.role_arn or "")
    badge = f"AWS {account[:4]}… {settings.region}" if account else f"AWS {settings.region}"
    host = urlsplit(settings.endpoint_url or "").hostname or ""
    is_far = host not in ("", "localhost", "127.0.0.1", "::1")
    return f"{badge} via {printable(host, 40)}" if is_far else badge


def account_of(role_arn: str) -> str:
    """The account of a role's ARN; empty when it is none."""
    match = _ROLE.fullmatch(role_arn)
    return match[2] if match else ""


def require_bucket(info: EngineInfo) -> str:
    """The bucket of an opened engine.

    Raises:
        InvalidInput: none was chosen.
    """
    if not info.bucket:
        raise InvalidInput(
            "No bucket",
            f"{printable(info.label)} has no bucket for training files and output",
            "give one in the same Region: comprehend-tuner --bucket NAME …",
        )
    return info.bucket


def require_role(info: EngineInfo) -> str:
    """The ARN of an opened engine's data access role.

    Raises:
        InvalidInput: none was chosen.
    """
    if not info.role_arn:
        raise InvalidInput(
            "No data access role",
            f"{printable(info.label)} has no role that lets the service read and write the bucket",
            "give --role-arn ARN, or make one with: comprehend-tuner setup-role",
        )
    return info.role_arn


def configured_region(profile: str | None) -> str | None:
    """The Region that the AWS configuration of this machine names; None for none.

    Raises:
        InvalidInput: there is no such profile.
    """
    from botocore.session import Session

    from core.comprehend.service_errors import explained

    with explained():
        region = Session(profile=profile).get_config_variable("region")
    return region if isinstance(region, str) else None


def _check_known(settings: EngineSettings) -> None:
    from botocore.session import Session

    from core.comprehend.service_errors import explained

    with explained():
        session = Session(profile=settings.profile)
        session.get_scoped_config()
        regions = [
            region
            for partition in session.get_available_partitions()
            for region in session.get_available_regions("comprehend", partition)
        ]
    if settings.endpoint_url is None and settings.region not in regions:
        raise InvalidInput(
            "Comprehend is not in this Region",
            f"{printable(settings.region, 40)} is none of its Regions",
            f"use one of {', '.join(sorted(regions))}",
        )


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        return is_web and parts.username is None
    except ValueError:
        return False


def _unusable(what: str, value: str, hint: str) -> InvalidInput:
    return InvalidInput(f"Unusable {what}", repr(printable(value, 120)), hint)
