"""An opened engine: its client, its store, and who it is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from core.comprehend.clients.protocols import ComprehendClient, Store
from core.errors import InvalidInput


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


def _unexplained(arn: str, text: str, label: str) -> Terms | None:
    """The service does not say which words make a score."""
    return None


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
    explain_score: Callable[[str, str, str], Terms | None] = _unexplained
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
