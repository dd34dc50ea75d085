"""What ``session.json`` holds, as typed structs.

Paths are relative to the session's folder, so the folder can be moved. Times are ISO 8601 in UTC.
Every artefact names the fingerprint of what it was made from; `core.workflow.steps` derives from
these whether a step is done or stale.
"""

from core.workflow.state.dataset import (
    HealthState,
    OversamplingState,
    PartFile,
    Revision,
    SplitState,
)
from core.workflow.state.experiments import ArmState, ComparisonState, ExperimentState
from core.workflow.state.jobs import ClassifierState, EndpointState, JobState
from core.workflow.state.runs import RunState, ScoresState, ThresholdsState
from core.workflow.state.whole import SCHEMA_VERSION, SessionState

__all__ = [
    "SCHEMA_VERSION", "ArmState", "ClassifierState", "ComparisonState", "EndpointState",
    "ExperimentState", "HealthState", "JobState", "OversamplingState", "PartFile", "Revision",
    "RunState", "ScoresState", "SessionState", "SplitState", "ThresholdsState",
]  # fmt: skip
