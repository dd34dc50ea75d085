"""Jobs, classifiers and endpoints, as they are saved."""

from typing import Any, Literal

import msgspec

from core.comprehend.clients import TwinOptions
from core.comprehend.jobs import JobStatus
from core.comprehend.pricing import Estimate


class JobState(msgspec.Struct, kw_only=True):
    """A training or scoring job, written ahead of the call that starts it."""

    id: str
    """Name within the session, such as ``base/c1/train``."""
    kind: Literal["training", "scoring"]
    part: str = ""
    """The part that a scoring job reads."""
    token: str
    """ClientRequestToken: repeating the call with it starts nothing a second time."""
    request: dict[str, Any]
    uploads: dict[str, str]
    """Object URI by the session file that is uploaded to it."""
    intended_at: str
    arn: str = ""
    """Empty until the call that starts the job has answered."""
    job_id: str = ""
    status: JobStatus | None = None
    artifact: str = ""
    """The fetched output archive; empty until it is here and was read."""
    estimate: Estimate | None = None
    twin: TwinOptions | None = None
    """The twin's quirks that a scoring job ran with; None on Amazon's side."""
    started_at: str = ""
    """When the call that starts the job was answered; empty before, and for an adopted job."""
    is_adopted: bool = False
    """Whether it was started elsewhere; an adopted job's things are never cleaned up."""


class ClassifierState(msgspec.Struct, kw_only=True):
    """One trained classifier of a run with the jobs that used it."""

    id: str
    """``c1``, ``c2`` …"""
    labels: tuple[str, ...]
    name: str
    version: str
    training: JobState
    scoring: dict[str, JobState] = {}


class EndpointState(msgspec.Struct, kw_only=True):
    """An endpoint of one classifier, written ahead of the call that creates it."""

    name: str
    """Endpoint name, at most 40 characters."""
    run: str
    classifier: str
    """Id of the classifier within the run."""
    token: str
    """ClientRequestToken: repeating the call with it creates nothing a second time."""
    request: dict[str, Any]
    inference_units: int
    intended_at: str
    delete_at: str
    """When it is to be deleted; ISO time, UTC."""
    arn: str = ""
    """Empty until the creating call has answered."""
    created_at: str = ""
    """When the creating call was answered; the price counts from here."""
    state: str = ""
    """The service's own word, as last seen; ``DELETED`` once it is gone."""
    message: str = ""
    deleted_at: str = ""
    """When it was found gone; empty while it may exist."""
