"""Training and scoring jobs: requests, start, description, waiting.

A request is checked against the service's rules before it is sent, because boto3 checks neither
patterns nor enumerations nor lengths. It carries a token that its owner has saved beforehand, so
that sending it again never pays twice.
"""

from core.comprehend.jobs.checks import check_job_belongs, require_single_object
from core.comprehend.jobs.pacing import SPACING_S, take_turn
from core.comprehend.jobs.requests import (
    TrainingParameters,
    check_classifier,
    check_role,
    resource_name,
    scoring_request,
    training_request,
)
from core.comprehend.jobs.retrying import send_patiently
from core.comprehend.jobs.starting import (
    find_scoring,
    new_token,
    start_scoring,
    start_training,
    stop_training,
)
from core.comprehend.jobs.status import (
    SCORING_STATES,
    TRAINING_STATES,
    JobStatus,
    describe_scoring,
    describe_training,
)
from core.comprehend.jobs.waiting import wait_until_final

__all__ = [
    "SCORING_STATES",
    "SPACING_S",
    "TRAINING_STATES",
    "JobStatus",
    "TrainingParameters",
    "check_classifier",
    "check_job_belongs",
    "check_role",
    "describe_scoring",
    "describe_training",
    "find_scoring",
    "new_token",
    "require_single_object",
    "resource_name",
    "scoring_request",
    "send_patiently",
    "start_scoring",
    "start_training",
    "stop_training",
    "take_turn",
    "training_request",
    "wait_until_final",
]
