"""The state of a job, as the service describes it."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from core.comprehend.service_errors import explained

if TYPE_CHECKING:
    from core.comprehend.clients import ComprehendClient

TRAINING_STATES: dict[str, tuple[bool, bool]] = {
    "SUBMITTED": (False, False),
    "TRAINING": (False, False),
    "STOP_REQUESTED": (False, False),
    "STOPPED": (True, False),
    "TRAINED": (True, True),
    "TRAINED_WITH_WARNING": (True, True),
    "IN_ERROR": (True, False),
    "DELETING": (False, False),
}
"""State of a classifier -> (is final, is usable)."""

SCORING_STATES: dict[str, tuple[bool, bool]] = {
    "SUBMITTED": (False, False),
    "IN_PROGRESS": (False, False),
    "COMPLETED": (True, True),
    "FAILED": (True, False),
    "STOP_REQUESTED": (False, False),
    "STOPPED": (True, False),
}
"""State of a scoring job -> (is final, is usable)."""


class JobStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One description of a training or scoring job."""

    kind: Literal["training", "scoring"]
    """What the job does."""
    state: str
    """The service's own word, also when it is a new one."""
    is_final: bool
    """Whether the state will not change by itself; False for a state that is not known."""
    is_usable: bool
    """Whether the classifier can score, or the scores can be fetched."""
    arn: str = ""
    """ARN of the classifier or of the job."""
    message: str = ""
    """The service's message: the reason of a failure, or the warning."""
    submitted_at: str | None = None
    """ISO time, UTC."""
    started_at: str | None = None
    """ISO time, UTC; for a training the start of the billed interval."""
    ended_at: str | None = None
    """ISO time, UTC; for a training the end of the billed interval when it is known."""
    input_uri: str | None = None
    """Address of the training or scoring file."""
    output_uri: str | None = None
    """Address of `output.tar.gz`, which exists once the job is usable."""
    classifier_arn: str | None = None
    """For a scoring job: the classifier that scores."""
    metrics: dict[str, float] = {}
    """The service's `EvaluationMetrics`; empty until trained."""
    documents_trained: int | None = None
    """Documents used for training."""
    documents_tested: int | None = None
    """Documents behind the metrics; the service may cap them at 10,000."""
    labels: int | None = None
    """Number of labels in the training data."""
    mode: str = ""
    """For a training: ``MULTI_LABEL`` or ``MULTI_CLASS``."""
    input_format: str = ""
    """For a scoring job: ``ONE_DOC_PER_LINE`` or ``ONE_DOC_PER_FILE``."""

    @property
    def has_warning(self) -> bool:
        """Whether the job ended usable but not clean."""
        return self.state == "TRAINED_WITH_WARNING"


def describe_training(client: "ComprehendClient", arn: str) -> JobStatus:
    """Ask for the state of a classifier.

    Raises:
        TunerError: it does not exist, or the service cannot be reached.
    """
    with explained():
        answer = client.describe_document_classifier(DocumentClassifierArn=arn)
    found = answer["DocumentClassifierProperties"]
    state = str(found["Status"])
    is_final, is_usable = TRAINING_STATES.get(state, (False, False))
    details = found.get("ClassifierMetadata") or {}
    return JobStatus(
        kind="training",
        state=state,
        is_final=is_final,
        is_usable=is_usable,
        arn=str(found.get("DocumentClassifierArn", arn)),
        message=str(found.get("Message") or ""),
        submitted_at=_iso(found.get("SubmitTime")),
        started_at=_iso(found.get("TrainingStartTime")),
        ended_at=_iso(found.get("TrainingEndTime") or found.get("EndTime")),
        input_uri=(found.get("InputDataConfig") or {}).get("S3Uri"),
        output_uri=(found.get("OutputDataConfig") or {}).get("S3Uri"),
        metrics={k: float(v) for k, v in (details.get("EvaluationMetrics") or {}).items()},
        documents_trained=details.get("NumberOfTrainedDocuments"),
        documents_tested=details.get("NumberOfTestDocuments"),
        labels=details.get("NumberOfLabels"),
        mode=str(found.get("Mode") or "MULTI_CLASS"),
    )


def describe_scoring(client: "ComprehendClient", job_id: str) -> JobStatus:
    """Ask for the state of a scoring job.

    Raises:
        TunerError: it does not exist, or the service cannot be reached.
    """
    with explained():
        answer = client.describe_document_classification_job(JobId=job_id)
    found = answer["DocumentClassificationJobProperties"]
    state = str(found["JobStatus"])
    is_final, is_usable = SCORING_STATES.get(state, (False, False))
    return JobStatus(
        kind="scoring",
        state=state,
        is_final=is_final,
        is_usable=is_usable,
        arn=str(found.get("JobArn", "")),
        message=str(found.get("Message") or ""),
        submitted_at=_iso(found.get("SubmitTime")),
        ended_at=_iso(found.get("EndTime")),
        input_uri=(found.get("InputDataConfig") or {}).get("S3Uri"),
        output_uri=(found.get("OutputDataConfig") or {}).get("S3Uri"),
        classifier_arn=found.get("DocumentClassifierArn"),
        input_format=str((found.get("InputDataConfig") or {}).get("InputFormat") or ""),
    )


def _iso(value: Any) -> str | None:
    """ISO time in UTC of a datetime, of seconds since 1970 or of an ISO text."""
    if value is None:
        return None
    if isinstance(value, int | float):
        moment = datetime.fromtimestamp(value, UTC)
    else:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment.astimezone(UTC).isoformat()
