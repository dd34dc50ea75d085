"""Every fault the server can be asked for: what boto3 makes of it, and what really happened."""

import gzip
import json
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    HTTPClientError,
    ReadTimeoutError,
)

from core.comprehend.engine import TwinOptions
from tests.aws.server import BUCKET, AwsServer, faults, surprises
from tests.aws.server.engines import (
    WireEngine,
    create,
    describe_classifier,
    ended,
    put_training_rows,
    scored,
    trained,
    training,
)
from tests.core.offline.conftest import rows

ONCE = Config(retries={"total_max_attempts": 1}, read_timeout=10)
_MEANT = {
    "throttled": ("TooManyRequestsException", 429),
    "error-500": ("InternalServerException", 500),
    "error-503": ("ServiceUnavailable", 503),
    "expired": ("ExpiredTokenException", 400),
    "denied": ("AccessDeniedException", 400),
}


@pytest.fixture
def wire(aws: AwsServer) -> WireEngine:
    """boto3 on the server, every request sent once, with something to train on and to score."""
    engine = WireEngine(aws)
    engine.comprehend = aws.client("comprehend", config=ONCE)
    put_training_rows(engine, rows(60))
    engine.put("in/docs.txt", b"".join(f"about{name}\n".encode() for name in "abcd" * 4))
    return engine


@pytest.mark.parametrize("kind", _MEANT)
def test_a_refusal_has_its_code_and_status_and_nothing_is_made(
    wire: WireEngine, aws: AwsServer, kind: faults.Kind
) -> None:
    fault = aws.faults.add(kind, "CreateDocumentClassifier")
    with pytest.raises(ClientError) as error:
        create(wire)
    response: Any = error.value.response
    found = (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"])
    assert found == _MEANT[kind] and response["Error"]["Message"]
    assert (aws.creates(), fault.hits) == (0, 1)
    create(wire)
    assert [call.status for call in aws.calls if call.service == "comprehend"] == [
        _MEANT[kind][1],
        200,
    ]


@pytest.mark.parametrize(
    ("kind", "code", "status"),
    [
        ("throttled", "SlowDown", 503),
        ("error-500", "InternalError", 500),
        ("expired", "ExpiredToken", 400),
        ("denied", "AccessDenied", 403),
    ],
)
def test_s3_words_a_refusal_in_its_own_way(
    aws: AwsServer, kind: faults.Kind, code: str, status: int
) -> None:
    aws.faults.add(kind, "PutObject")
    s3 = aws.client("s3", config=ONCE)
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket=BUCKET, Key="k", Body=b"x" * 100_000)
    response: Any = error.value.response
    assert response["Error"]["Code"] == code
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)


def test_iam_and_sts_word_a_refusal_in_their_own_way(aws: AwsServer) -> None:
    aws.faults.add("throttled", "GetRole")
    aws.faults.add("expired", "GetCallerIdentity")
    with pytest.raises(ClientError, match="Throttling"):
        aws.client("iam", config=ONCE).get_role(RoleName="x")
    with pytest.raises(ClientError, match="ExpiredToken"):
        aws.client("sts", config=ONCE).get_caller_identity()


def test_a_reset_before_makes_nothing_and_a_reset_after_has_made_it(
    wire: WireEngine, aws: AwsServer
) -> None:
    aws.faults.add("reset", "CreateDocumentClassifier")
    with pytest.raises(ConnectionClosedError):
        create(wire, ClientRequestToken="once")
    assert (aws.creates(), aws.calls[-1].status) == (0, 0)
    aws.faults.add("reset-after", "CreateDocumentClassifier")
    with pytest.raises(ConnectionClosedError):
        create(wire, ClientRequestToken="once")
    assert (aws.creates(), aws.calls[-1].status, aws.calls[-1].is_answered) == (1, 200, False)
    create(wire, ClientRequestToken="once")
    assert aws.creates() == 1


def test_boto3_repeats_by_itself_with_the_same_token(wire: WireEngine, aws: AwsServer) -> None:
    aws.faults.add("reset-after", "CreateDocumentClassifier")
    aws.client("comprehend").create_document_classifier(**training(wire))
    sent = [call for call in aws.calls if call.operation == "CreateDocumentClassifier"]
    assert len(sent) == 2 and aws.creates() == 1
    assert len({call.request["ClientRequestToken"] for call in sent}) == 1


def test_boto3_takes_truncated_json_for_an_empty_answer_and_truncated_xml_for_an_error(
    wire: WireEngine, aws: AwsServer
) -> None:
    aws.faults.add("truncated", "CreateDocumentClassifier")
    answer = wire.comprehend.create_document_classifier(**training(wire))
    assert "DocumentClassifierArn" not in answer and aws.creates() == 1
    aws.faults.add("truncated", "ListObjectsV2")
    with pytest.raises(ClientError, match="500"):
        aws.client("s3", config=ONCE).list_objects_v2(Bucket=BUCKET)
    assert aws.calls[-1].status == 200


def test_a_request_that_is_never_answered_ends_with_the_clients_patience(
    wire: WireEngine, aws: AwsServer
) -> None:
    aws.faults.timeout_s = 60
    aws.faults.add("timeout", "ListEndpoints")
    impatient = aws.client(
        "comprehend", config=Config(retries={"total_max_attempts": 1}, read_timeout=0.1)
    )
    with pytest.raises(ReadTimeoutError):
        impatient.list_endpoints()
    aws.faults.timeout_s = 0.05
    aws.faults.add("timeout", "ListEndpoints")
    with pytest.raises(ConnectionClosedError):
        wire.comprehend.list_endpoints()


def test_an_upload_that_breaks_midway_leaves_no_object(aws: AwsServer) -> None:
    aws.faults.add("reset-midway", "PutObject")
    s3 = aws.client("s3", config=ONCE)
    with pytest.raises(HTTPClientError):
        s3.put_object(Bucket=BUCKET, Key="k", Body=b"x" * (4 << 20))
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)
    assert [call.status for call in aws.calls if call.operation == "PutObject"] == [0]


def test_a_download_that_breaks_midway_gives_half_and_fails(aws: AwsServer) -> None:
    s3 = aws.client("s3", config=ONCE)
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"x" * 100_000)
    aws.faults.add("reset-midway", "GetObject")
    body = s3.get_object(Bucket=BUCKET, Key="k")["Body"]
    assert len(body.read(50_000)) == 50_000
    with pytest.raises(HTTPClientError):
        body.read()
    assert len(s3.get_object(Bucket=BUCKET, Key="k")["Body"].read()) == 100_000


def test_faults_wait_for_their_operation_pass_some_and_are_used_up(aws: AwsServer) -> None:
    client = aws.client("comprehend", config=ONCE)
    aws.faults.add("error-500", "ListEndpoints", times=2, after=1)
    client.list_endpoints()
    client.list_document_classifiers()
    for _ in range(2):
        with pytest.raises(ClientError):
            client.list_endpoints()
    client.list_endpoints()
    aws.faults.add("error-500", "*", times=9)
    aws.faults.clear()
    client.list_endpoints()


def test_states_jump_before_they_tell_the_truth(wire: WireEngine, aws: AwsServer) -> None:
    arn = trained(wire)
    aws.surprise("jump")
    create(wire, "other")
    looks = [describe_classifier(wire, arn.replace("tickets", "other")) for _ in range(3)]
    assert [look["Status"] for look in looks] == ["TRAINING", "SUBMITTED", "MIGRATING"]
    assert all("EndTime" not in look for look in looks)
    found = ended(lambda: describe_classifier(wire, arn.replace("tickets", "other")))
    assert found["Status"] == "TRAINED"


def test_a_new_resource_can_be_unknown_at_first(wire: WireEngine, aws: AwsServer) -> None:
    aws.surprise("not-found-at-first", times=2)
    arn = create(wire)
    for _ in range(2):
        with pytest.raises(ClientError) as error:
            describe_classifier(wire, arn)
        assert error.value.response["Error"]["Code"] == "ResourceNotFoundException"
    assert ended(lambda: describe_classifier(wire, arn))["Status"] == "TRAINED"


def test_a_deleted_resource_can_still_be_there(wire: WireEngine, aws: AwsServer) -> None:
    arn = trained(wire)
    aws.surprise("still-there", times=2)
    wire.comprehend.delete_document_classifier(DocumentClassifierArn=arn)
    assert [describe_classifier(wire, arn)["Status"] for _ in range(2)] == ["TRAINED", "TRAINED"]
    with pytest.raises(ClientError) as error:
        describe_classifier(wire, arn)
    assert error.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_a_deletion_that_is_refused_leaves_the_truth(wire: WireEngine, aws: AwsServer) -> None:
    aws.surprise("still-there", times=2)
    aws.options = TwinOptions(queue_s=600)
    arn = create(wire)
    with pytest.raises(ClientError):
        wire.comprehend.delete_document_classifier(DocumentClassifierArn=arn)
    wire.comprehend.stop_training_document_classifier(DocumentClassifierArn=arn)
    assert ended(lambda: describe_classifier(wire, arn))["Status"] == "STOPPED"


def lines_of(archive: bytes) -> list[dict[str, Any]]:
    with tarfile.open(fileobj=BytesIO(gzip.decompress(archive))) as source:
        file = source.extractfile("predictions.jsonl")
        assert file is not None
        return [json.loads(line) for line in file.read().decode().splitlines()]


def names_of(lines: list[dict[str, Any]]) -> set[str]:
    return {label["Name"] for line in lines for label in line["Labels"]}


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("labels-missing", {"b", "c", "d"}),
        ("labels-renamed", {"a (old)", "b", "c", "d"}),
        ("shuffled", {"a", "b", "c", "d"}),
    ],
)
def test_predictions_can_differ_from_what_was_trained(
    wire: WireEngine, aws: AwsServer, kind: surprises.Kind, names: set[str]
) -> None:
    aws.options = TwinOptions(returned="all", shuffle=False)
    arn = trained(wire)
    aws.surprise(kind)
    lines = lines_of(wire.get(scored(wire, arn)["OutputDataConfig"]["S3Uri"]))
    assert names_of(lines) == names
    numbers = [int(line["Line"]) for line in lines]
    assert sorted(numbers) == list(range(16))
    assert (numbers == sorted(numbers)) == (kind != "shuffled")


def test_every_job_can_fail_with_a_message(wire: WireEngine, aws: AwsServer) -> None:
    aws.options = TwinOptions(fail="INTERNAL_FAILURE: no capacity")
    arn = create(wire)
    found = ended(lambda: describe_classifier(wire, arn))
    assert (found["Status"], found["Message"]) == ("IN_ERROR", "INTERNAL_FAILURE: no capacity")


def test_a_download_through_the_transfer_layer_survives_one_break(
    aws: AwsServer, tmp_path: Path
) -> None:
    s3 = aws.client("s3")
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"x" * 100_000)
    fault = aws.faults.add("reset-midway", "GetObject")
    s3.download_file(BUCKET, "k", str(tmp_path / "k"))
    assert (tmp_path / "k").stat().st_size == 100_000 and fault.hits == 1
