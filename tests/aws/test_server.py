"""The server itself, asked by real boto3: one bucket for S3 and the twin, rights, records."""

import os
import signal
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from core.comprehend.engine import TwinOptions
from tests.aws.server import BUCKET, ROLE_ARN, AwsServer
from tests.aws.server.engines import (
    WireEngine,
    create,
    describe_classifier,
    describe_job,
    ended,
    put_training_rows,
    scored,
    scoring,
    trained,
)
from tests.aws.server.identity import ACCOUNT
from tests.core.offline.conftest import rows

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def wire(aws: AwsServer) -> WireEngine:
    """boto3 on the server, with something to train on and to score."""
    engine = WireEngine(aws)
    put_training_rows(engine, rows(60))
    engine.put("in/docs.txt", b"abouta thinga1\naboutb thingb2\naboutc\n")
    return engine


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def keys(aws: AwsServer, prefix: str = "") -> list[str]:
    found = aws.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix)
    return [item["Key"] for item in found.get("Contents", [])]


def test_boto3_speaks_json_to_comprehend_and_finds_the_account(aws: AwsServer) -> None:
    sent: list[Any] = []
    client = aws.client("comprehend")
    client.meta.events.register("before-send.comprehend", lambda request, **_: sent.append(request))
    assert client.list_document_classifiers()["DocumentClassifierPropertiesList"] == []
    assert sent[0].headers["Content-Type"] == b"application/x-amz-json-1.1"
    assert aws.client("sts").get_caller_identity()["Account"] == ACCOUNT
    assert aws.client("iam").get_role(RoleName="ComprehendTunerRole")["Role"]["Arn"] == ROLE_ARN
    assert keys(aws) == []


def test_operations_that_the_twin_does_not_know_are_answered_by_moto(aws: AwsServer) -> None:
    assert aws.client("comprehend").list_flywheels()["FlywheelSummaryList"] == []


@pytest.mark.parametrize("round_", [1, 2])
def test_every_test_begins_with_an_empty_account(wire: WireEngine, round_: int) -> None:
    create(wire)
    assert len(wire.comprehend.list_document_classifiers()["DocumentClassifierPropertiesList"]) == 1


def test_what_is_uploaded_is_trained_on_and_the_output_is_an_object(
    wire: WireEngine, aws: AwsServer
) -> None:
    arn = trained(wire)
    assert arn == f"arn:aws:comprehend:us-east-1:{ACCOUNT}:document-classifier/tickets"
    uri = describe_classifier(wire, arn)["OutputDataConfig"]["S3Uri"]
    assert f"/out/{ACCOUNT}-CLR-" in uri
    with tarfile.open(fileobj=BytesIO(wire.get(uri))) as archive:
        assert "output/confusion_matrix.json" in archive.getnames()


def test_an_output_that_is_deleted_stays_deleted(wire: WireEngine, aws: AwsServer) -> None:
    arn = trained(wire)
    job = scored(wire, arn)
    (training_key, scoring_key) = sorted(keys(aws, "out/"), key=lambda key: "-CLN-" in key)
    aws.client("s3").delete_object(Bucket=BUCKET, Key=scoring_key)
    assert describe_job(wire, job["JobId"])["JobStatus"] == "COMPLETED"
    assert keys(aws, "out/") == [training_key]


def test_a_finished_output_is_listed_although_nobody_described_the_job(
    wire: WireEngine, aws: AwsServer
) -> None:
    arn = trained(wire)
    wire.comprehend.start_document_classification_job(**scoring(wire, arn))
    for _ in range(2000):
        if any("-CLN-" in key for key in keys(aws, "out/")):
            break
    else:
        raise AssertionError("no output")
    assert "DescribeDocumentClassificationJob" not in aws.operations()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"InputDataConfig": {"S3Uri": f"s3://{BUCKET}/absent.csv"}}, "NO_READ_ACCESS_TO_INPUT"),
        ({"InputDataConfig": {"S3Uri": "s3://no-such-bucket/a.csv"}}, "NO_READ_ACCESS_TO_INPUT"),
        (
            {"DataAccessRoleArn": f"arn:aws:iam::{ACCOUNT}:role/ComprehendNobody"},
            "NO_READ_ACCESS_TO_INPUT",
        ),
        ({"OutputDataConfig": {"S3Uri": "s3://no-such-bucket/out"}}, "NO_WRITE_ACCESS_TO_OUTPUT"),
    ],
)
def test_what_the_role_cannot_reach_surfaces_as_the_jobs_message(
    wire: WireEngine, changes: dict[str, Any], message: str
) -> None:
    arn = create(wire, **changes)
    found = ended(lambda: describe_classifier(wire, arn))
    assert found["Status"] == "IN_ERROR"
    assert found["Message"].startswith(message)


def test_a_job_waits_as_submitted_and_stops_without_ending_the_server(
    wire: WireEngine, aws: AwsServer
) -> None:
    aws.options = TwinOptions(queue_s=600)
    arn = create(wire)
    assert describe_classifier(wire, arn)["Status"] == "SUBMITTED"
    wire.comprehend.stop_training_document_classifier(DocumentClassifierArn=arn)
    found = ended(lambda: describe_classifier(wire, arn))
    assert found["Status"] == "STOPPED"


def test_a_training_is_seen_in_every_state(wire: WireEngine, aws: AwsServer) -> None:
    aws.options = TwinOptions(queue_s=0.05)
    arn = create(wire)
    seen = [describe_classifier(wire, arn)["Status"]]
    while seen[-1] != "TRAINED":
        seen.append(describe_classifier(wire, arn)["Status"])
        assert seen[-1] != "IN_ERROR"
    assert list(dict.fromkeys(seen)) in (
        ["SUBMITTED", "TRAINING", "TRAINED"],
        ["SUBMITTED", "TRAINED"],
    )


def test_regions_hold_their_own_classifiers(wire: WireEngine, aws: AwsServer) -> None:
    create(wire)
    elsewhere = aws.client("comprehend", region_name="eu-west-1")
    assert elsewhere.list_document_classifiers()["DocumentClassifierPropertiesList"] == []


def test_every_request_is_recorded_in_order_in_boto3s_names(aws: AwsServer, tmp_path: Path) -> None:
    path = tmp_path / "big.bin"
    path.write_bytes(b"x" * (11 << 20))
    s3 = aws.client("s3")
    one_by_one = TransferConfig(multipart_threshold=5 << 20, use_threads=False)
    s3.upload_file(str(path), BUCKET, "a b/ü.bin", Config=one_by_one)
    s3.head_object(Bucket=BUCKET, Key="a b/ü.bin")
    s3.delete_object(Bucket=BUCKET, Key="a b/ü.bin")
    with pytest.raises(ClientError):
        s3.get_object(Bucket=BUCKET, Key="a b/ü.bin")
    assert aws.operations("s3") == [
        "CreateMultipartUpload",
        "UploadPart",
        "UploadPart",
        "CompleteMultipartUpload",
        "HeadObject",
        "DeleteObject",
        "GetObject",
    ]
    assert {(call.request["Bucket"], call.request["Key"]) for call in aws.calls} == {
        (BUCKET, "a b/ü.bin")
    }
    assert [call.status for call in aws.calls] == [200] * 5 + [204, 404]
    assert aws.calls[2].request["PartNumber"] == "2"


def test_what_was_made_is_counted_and_not_what_was_asked_for(
    wire: WireEngine, aws: AwsServer
) -> None:
    for _ in range(3):
        create(wire, ClientRequestToken="once")
    with pytest.raises(ClientError):
        create(wire)
    assert aws.creates() == aws.creates("classifier") == 1
    assert aws.operations("comprehend") == ["CreateDocumentClassifier"] * 4


def test_simulated_rights_follow_what_is_denied(aws: AwsServer) -> None:
    aws.denied = {"comprehend:CreateEndpoint"}
    aws.role_denied = {"s3:PutObject"}
    iam = aws.client("iam")

    def decisions(principal: str) -> dict[str, str]:
        answer = iam.simulate_principal_policy(
            PolicySourceArn=principal,
            ActionNames=["s3:GetObject", "s3:PutObject", "comprehend:CreateEndpoint"],
            ResourceArns=[f"arn:aws:s3:::{BUCKET}/*"],
        )
        assert not answer["IsTruncated"]
        return {
            item["EvalActionName"].partition(":")[2]: item["EvalDecision"]
            for item in answer["EvaluationResults"]
        }

    caller = aws.client("sts").get_caller_identity()["Arn"]
    assert decisions(caller) == {
        "GetObject": "allowed",
        "PutObject": "allowed",
        "CreateEndpoint": "implicitDeny",
    }
    assert decisions(ROLE_ARN)["PutObject"] == "implicitDeny"
    with pytest.raises(ClientError) as error:
        decisions(f"{ROLE_ARN}X")
    assert code_of(error) == "NoSuchEntity"


@pytest.mark.parametrize(
    ("action", "service", "method", "request_", "code"),
    [
        ("comprehend:ListEndpoints", "comprehend", "list_endpoints", {}, "AccessDeniedException"),
        ("s3:PutObject", "s3", "put_object", {"Key": "k", "Body": b"x"}, "AccessDenied"),
        ("s3:ListBucket", "s3", "list_objects_v2", {}, "AccessDenied"),
        ("s3:ListBucket", "s3", "head_bucket", {}, "403"),
        ("iam:GetRole", "iam", "get_role", {"RoleName": "x"}, "AccessDenied"),
        ("sts:GetCallerIdentity", "sts", "get_caller_identity", {}, "AccessDenied"),
    ],
)
def test_a_denied_action_is_refused_when_it_is_tried(
    aws: AwsServer, action: str, service: str, method: str, request_: dict[str, Any], code: str
) -> None:
    aws.denied = {action}
    bucket = {"Bucket": BUCKET} if service == "s3" else {}
    with pytest.raises(ClientError) as error:
        getattr(aws.client(service), method)(**bucket, **request_)
    assert code_of(error) == code
    if code != "403":
        assert action in str(error.value)


def test_passing_the_role_is_a_right_of_its_own(wire: WireEngine, aws: AwsServer) -> None:
    aws.denied = {"iam:PassRole"}
    with pytest.raises(ClientError) as error:
        create(wire)
    assert code_of(error) == "AccessDeniedException" and "iam:PassRole" in str(error.value)
    assert aws.creates() == 0


def test_it_serves_by_hand_until_it_is_interrupted(
    isolated_environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    import boto3

    server = subprocess.Popen(
        [sys.executable, "-m", "tests.aws.server"], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert server.stdout is not None
    server.stdout.readline()
    url = server.stdout.readline().split("--endpoint-url ")[1].split()[0]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    s3 = boto3.client("s3", endpoint_url=url, region_name="us-east-1")
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == [BUCKET]
    os.kill(server.pid, signal.SIGINT)
    assert server.wait(30) == 0
    server.stdout.close()
