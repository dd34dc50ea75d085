"""Jobs are started, described and told apart by what the service says, word for word."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.stub import Stubber

from core.comprehend.engine import StoredObject
from core.comprehend.jobs import (
    SCORING_STATES,
    TRAINING_STATES,
    JobStatus,
    check_job_belongs,
    describe_scoring,
    describe_training,
    require_single_object,
    start_scoring,
    start_training,
    stop_training,
)
from core.comprehend.requests import scoring_request, training_request
from core.errors import InvalidInput, TryAgain
from core.progress import UNWATCHED, Watch
from tests.core.comprehend.test_jobs_requests import ARN, SCORING, TRAINING


@pytest.fixture
def client() -> Any:
    return botocore.session.get_session().create_client(
        "comprehend",
        region_name="us-east-1",
        aws_access_key_id="none",
        aws_secret_access_key="none",
    )


def training_reply(**changes: Any) -> dict[str, Any]:
    return {"DocumentClassifierProperties": {"DocumentClassifierArn": ARN, **changes}}


def test_a_training_is_started_and_its_arn_returned(client: Any) -> None:
    request = training_request(**TRAINING)
    with Stubber(client) as stubber:
        stubber.add_response("create_document_classifier", {"DocumentClassifierArn": ARN}, request)
        assert start_training(client, request) == ARN


def test_a_scoring_job_is_started_and_its_id_and_arn_returned(client: Any) -> None:
    request = scoring_request(**SCORING)
    job = "arn:aws:comprehend:us-east-1:123456789012:document-classification-job/abc"
    with Stubber(client) as stubber:
        stubber.add_response(
            "start_document_classification_job", {"JobId": "abc", "JobArn": job}, request
        )
        assert start_scoring(client, request) == ("abc", job)


def test_refusals_become_errors_with_a_hint(client: Any) -> None:
    with Stubber(client) as stubber:
        stubber.add_client_error("create_document_classifier", "InvalidRequestException", "no")
        with pytest.raises(InvalidInput) as caught:
            start_training(client, training_request(**TRAINING))
        assert caught.value.hint
        stubber.add_client_error("stop_training_document_classifier", "TooManyRequestsException")
        with pytest.raises(TryAgain):
            stop_training(client, ARN)


def test_a_trained_classifier_is_described_with_its_metrics_in_utc(client: Any) -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2)))
    reply = training_reply(
        Status="TRAINED",
        SubmitTime=moment,
        TrainingStartTime=moment + timedelta(minutes=4),
        TrainingEndTime=moment + timedelta(minutes=37),
        EndTime=moment + timedelta(minutes=38),
        InputDataConfig={"S3Uri": "s3://bucket/train.csv"},
        OutputDataConfig={"S3Uri": "s3://bucket/out/1-CLR-2/output/output.tar.gz"},
        ClassifierMetadata={
            "NumberOfLabels": 3,
            "NumberOfTrainedDocuments": 5016,
            "NumberOfTestDocuments": 557,
            "EvaluationMetrics": {"Accuracy": 0.9856, "F1Score": 0.9673},
        },
    )
    with Stubber(client) as stubber:
        stubber.add_response("describe_document_classifier", reply, {"DocumentClassifierArn": ARN})
        status = describe_training(client, ARN)
    assert status.is_final and status.is_usable and not status.has_warning
    assert status.submitted_at == "2026-01-02T01:04:05+00:00"
    assert status.started_at == "2026-01-02T01:08:05+00:00"
    assert status.ended_at == "2026-01-02T01:41:05+00:00"
    assert status.output_uri == "s3://bucket/out/1-CLR-2/output/output.tar.gz"
    assert status.metrics == {"Accuracy": 0.9856, "F1Score": 0.9673}
    assert (status.documents_trained, status.documents_tested, status.labels) == (5016, 557, 3)


def test_a_training_just_submitted_has_nothing_yet(client: Any) -> None:
    with Stubber(client) as stubber:
        stubber.add_response(
            "describe_document_classifier", training_reply(Status="SUBMITTED", OutputDataConfig={})
        )
        status = describe_training(client, ARN)
    assert not status.is_final and status.output_uri is None and status.metrics == {}


def test_f6_every_state_of_the_service_is_known() -> None:
    model = botocore.session.get_session().get_service_model("comprehend")
    assert set(TRAINING_STATES) == set(model.shape_for("ModelStatus").enum)  # type: ignore[attr-defined]
    assert set(SCORING_STATES) == set(model.shape_for("JobStatus").enum)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("state", "is_final", "is_usable"),
    [
        ("TRAINED", True, True),
        ("TRAINED_WITH_WARNING", True, True),
        ("STOPPED", True, False),
        ("IN_ERROR", True, False),
        ("STOP_REQUESTED", False, False),
        ("DELETING", False, False),
        ("SOMETHING_NEW", False, False),
    ],
)
def test_f6_states_are_distinct_and_unknown_ones_are_literal(
    client: Any, state: str, is_final: bool, is_usable: bool
) -> None:
    with Stubber(client) as stubber:
        stubber.add_response(
            "describe_document_classifier", training_reply(Status=state, Message="m: why")
        )
        status = describe_training(client, ARN)
    assert (status.state, status.is_final, status.is_usable) == (state, is_final, is_usable)
    assert status.message == "m: why"
    assert status.has_warning == (state == "TRAINED_WITH_WARNING")


def described_scoring(client: Any, **changes: Any) -> JobStatus:
    reply = {
        "DocumentClassificationJobProperties": {
            "JobId": "abc",
            "JobStatus": "COMPLETED",
            "SubmitTime": datetime(2026, 1, 2, tzinfo=UTC),
            "DocumentClassifierArn": ARN,
            "InputDataConfig": {"S3Uri": SCORING["input_uri"]},
            "OutputDataConfig": {"S3Uri": "s3://bucket/out/output.tar.gz"},
            **changes,
        }
    }
    with Stubber(client) as stubber:
        stubber.add_response("describe_document_classification_job", reply, {"JobId": "abc"})
        return describe_scoring(client, "abc")


@pytest.mark.parametrize("state", ["FAILED", "STOPPED", "STOP_REQUESTED", "IN_PROGRESS"])
def test_f6_only_a_completed_scoring_job_is_usable(client: Any, state: str) -> None:
    assert described_scoring(client).is_usable
    assert not described_scoring(client, JobStatus=state).is_usable


def test_d13_a_job_of_another_part_or_classifier_is_refused(client: Any) -> None:
    status = described_scoring(client)
    check_job_belongs(status, input_uri=SCORING["input_uri"], classifier_arn=ARN)
    with pytest.raises(InvalidInput, match=r"test\.txt"):
        check_job_belongs(status, input_uri="s3://bucket/run/score/test.txt", classifier_arn=ARN)
    with pytest.raises(InvalidInput, match="its classifier is"):
        check_job_belongs(status, input_uri=SCORING["input_uri"], classifier_arn=ARN[:-1] + "2")


class Bucket:
    """A store that only lists."""

    def __init__(self, *uris: str) -> None:
        self.uris = list(uris)

    def upload(
        self,
        path: Path,
        uri: str,
        watch: Watch = UNWATCHED,
    ) -> None:
        raise NotImplementedError

    def download(
        self,
        uri: str,
        path: Path,
        watch: Watch = UNWATCHED,
    ) -> None:
        raise NotImplementedError

    def list(self, prefix_uri: str) -> list[StoredObject]:
        return [StoredObject(uri, 1) for uri in self.uris if uri.startswith(prefix_uri)]

    def delete(self, uri: str) -> None:
        if uri in self.uris:
            self.uris.remove(uri)


def test_d11_an_address_must_match_exactly_one_object() -> None:
    uri = "s3://bucket/train.csv"
    require_single_object(Bucket(uri, "s3://bucket/test.csv"), uri)
    with pytest.raises(InvalidInput, match=r"train\.csv\.bak"):
        require_single_object(Bucket(uri, uri + ".bak"), uri)
    for bucket in (Bucket(), Bucket(uri + ".bak")):
        with pytest.raises(InvalidInput, match="nothing at"):
            require_single_object(bucket, uri)
