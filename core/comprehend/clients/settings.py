"""What can be chosen about an engine; stored in the session."""

from typing import Literal

import msgspec


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
