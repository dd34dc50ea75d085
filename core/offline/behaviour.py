"""How the twin behaves: observed quirks of the service, delays, limits and failures on demand."""

from typing import Literal

import msgspec


class Behaviour(msgspec.Struct, frozen=True, kw_only=True):
    """Options of the twin, stored with each job that starts under them."""

    returned: int | Literal["all"] = 3
    """Highest-scoring labels returned per document, beside every label at 0.5 or above."""
    decimals: int | None = 4
    """Decimals of scores in job output; None for full precision."""
    shuffle: bool = True
    """Whether output lines come in an order of their own."""
    queue_s: float = 0.0
    """Seconds that a job waits as SUBMITTED."""
    endpoint_s: float = 0.0
    """Seconds that an endpoint stays CREATING or UPDATING."""
    delete_s: float = 0.0
    """Seconds that a deleted classifier or endpoint is still described as DELETING."""
    fail: str | None = None
    """Message with which every job fails; None for no failure."""
    warn: str | None = None
    """Message with which a training ends as TRAINED_WITH_WARNING."""
    throttle: int = 0
    """Requests of a client that are answered with TooManyRequestsException first."""
    active_trainings: int = 10
    """Trainings that may be under way at once."""
    active_jobs: int = 10
    """Scoring jobs that may be under way at once."""
