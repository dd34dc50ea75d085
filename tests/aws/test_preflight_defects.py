"""Each defect planted in an account that is fine fails its own line, and no other."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from core.comprehend.engine import EngineSettings, TwinOptions
from core.workflow.doctor import check_engine
from tests.aws.doctor_reports import OTHER_TRUST, by_outcome, changed, line_of, objects
from tests.aws.server import BUCKET, ROLE_ARN, AwsServer
from tests.aws.server.identity import ACCOUNT

ROLE = ROLE_ARN.rpartition("/")[2]


@dataclass(frozen=True)
class Defect:
    """Something planted, and the one line that must fail because of it."""

    line: str
    plant: Callable[[AwsServer], EngineSettings]
    remedy: str
    policy: str = ""
    """A text that the policy holds; empty when there is none."""


def _no_bucket(aws: AwsServer) -> EngineSettings:
    return changed(aws.settings, bucket="not-there-at-all")


def _unnamed_bucket(aws: AwsServer) -> EngineSettings:
    return changed(aws.settings, bucket=None)


def _far_bucket(aws: AwsServer) -> EngineSettings:
    aws.client("s3", region_name="eu-west-1").create_bucket(
        Bucket="far-away", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    return changed(aws.settings, bucket="far-away")


def _unseen_bucket(aws: AwsServer) -> EngineSettings:
    for operation in ("HeadBucket", "GetBucketLocation"):
        aws.faults.add("denied", operation, times=9)
    return aws.settings


def _region_without(aws: AwsServer) -> EngineSettings:
    aws.client("s3", region_name="eu-north-1").create_bucket(
        Bucket="northern", CreateBucketConfiguration={"LocationConstraint": "eu-north-1"}
    )
    return changed(aws.settings, region="eu-north-1", bucket="northern")


def _refusing(operation: str) -> Callable[[AwsServer], EngineSettings]:
    def plant(aws: AwsServer) -> EngineSettings:
        aws.faults.add("denied", operation)
        return aws.settings

    return plant


def _denying(action: str) -> Callable[[AwsServer], EngineSettings]:
    def plant(aws: AwsServer) -> EngineSettings:
        aws.denied.add(action)
        return aws.settings

    return plant


def _role(arn: str | None) -> Callable[[AwsServer], EngineSettings]:
    return lambda aws: changed(aws.settings, role_arn=arn)


def _trusting_others(aws: AwsServer) -> EngineSettings:
    aws.client("iam").update_assume_role_policy(
        RoleName=ROLE, PolicyDocument=json.dumps(OTHER_TRUST)
    )
    return aws.settings


def _role_denied(aws: AwsServer) -> EngineSettings:
    aws.role_denied.add("s3:PutObject")
    return aws.settings


def _no_slots(aws: AwsServer) -> EngineSettings:
    aws.options = TwinOptions(queue_s=3600.0)
    aws.client("s3").put_object(Bucket=BUCKET, Key="busy/train.csv", Body=b"a,x\nb,y\n" * 20)
    for number in range(10):
        aws.client("comprehend").create_document_classifier(
            DocumentClassifierName=f"busy-{number}",
            DataAccessRoleArn=ROLE_ARN,
            LanguageCode="en",
            InputDataConfig={"S3Uri": f"s3://{BUCKET}/busy/train.csv"},
        )
    aws.client("s3").delete_object(Bucket=BUCKET, Key="busy/train.csv")
    return aws.settings


DEFECTS = {
    "role of another account": Defect(
        "identity", _role("arn:aws:iam::999999999999:role/ComprehendX"), "--profile"
    ),
    "region without Comprehend": Defect("region", _region_without, "eu-west-1"),
    "list denied": Defect(
        "comprehend", _denying("comprehend:ListEndpoints"), "add this", "comprehend:ListEndpoints"
    ),
    "create denied": Defect(
        "caller-rights",
        _denying("comprehend:CreateDocumentClassifier"),
        "add this",
        "comprehend:CreateDocumentClassifier",
    ),
    "no free slot": Defect("quota", _no_slots, "wait until a training ends"),
    "bucket missing": Defect("bucket", _no_bucket, "aws s3 mb"),
    "bucket not chosen": Defect("bucket", _unnamed_bucket, "--bucket"),
    "bucket in another region": Defect("bucket", _far_bucket, "--region eu-west-1"),
    "bucket denied": Defect("bucket", _unseen_bucket, "allow the caller", BUCKET),
    "put denied": Defect("put-object", _refusing("PutObject"), "s3:PutObject", BUCKET),
    "get denied": Defect("get-object", _refusing("GetObject"), "s3:GetObject", BUCKET),
    "list objects denied": Defect(
        "list-objects", _refusing("ListObjectsV2"), "s3:ListBucket", "s3:ListBucket"
    ),
    "role not chosen": Defect("role", _role(None), "setup-role", "s3:GetObject"),
    "role missing": Defect(
        "role", _role(f"arn:aws:iam::{ACCOUNT}:role/ComprehendNone"), "setup-role", BUCKET
    ),
    "role under another path": Defect(
        "role", _role(f"arn:aws:iam::{ACCOUNT}:role/path/{ROLE}"), f"--role-arn {ROLE_ARN}"
    ),
    "trust for another account": Defect("trust", _trusting_others, "trust policy", ACCOUNT),
    "role may not write": Defect("role-rights", _role_denied, "inline policy", "s3:PutObject"),
    "role may not be passed": Defect(
        "pass-role", _denying("iam:PassRole"), "add this", "iam:PassedToService"
    ),
}


@pytest.mark.parametrize("name", DEFECTS)
def test_a_planted_defect_fails_its_own_line_and_says_what_to_do(name: str, aws: AwsServer) -> None:
    defect = DEFECTS[name]
    report = check_engine(defect.plant(aws))
    assert not report.ok
    assert by_outcome(report, "failed") == [defect.line], report.lines
    line = line_of(report, defect.line)
    assert defect.remedy in line.remedy
    assert line.found
    if defect.policy:
        policy = json.loads(line.policy)
        assert policy["Version"] == "2012-10-17"
        assert defect.policy in json.dumps(policy)
    else:
        assert line.policy == ""
    assert objects(aws) == []
    assert report.leftovers == ()


def test_missing_rights_on_endpoints_alone_do_not_keep_from_training(aws: AwsServer) -> None:
    aws.denied |= {"comprehend:CreateEndpoint", "comprehend:ClassifyDocument"}
    report = check_engine(aws.settings)
    assert report.ok
    assert by_outcome(report, "warning") == ["caller-rights"]
    statements = json.loads(line_of(report, "caller-rights").policy)["Statement"]
    assert [statement["Sid"] for statement in statements] == ["Classifiers", "Endpoints"]
