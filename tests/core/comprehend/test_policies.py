"""Policies: narrow, complete, and well-formed; trust policies read as IAM would."""

import json
import re
from fnmatch import fnmatchcase
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

import core
from core.comprehend.rights import trust_problem
from core.comprehend.roles import (
    Policy,
    caller_policy,
    partition_of,
    policy_text,
    role_policy,
    setup_policy,
    trust_policy,
)

ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ComprehendTuner-toxic"
PREFIX = "comprehend-tuner/toxic-0a1b2c3d/"
CALLER = caller_policy(ACCOUNT, "eu-west-1", "my-bucket", PREFIX, ROLE)
SERVICES = ("s3", "iam", "sts", "comprehend", "kms", "servicequotas")
OBJECT_ACTIONS = {
    "HeadObject": "GetObject",
    "HeadBucket": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "UploadPart": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "ListParts": "ListMultipartUploadParts",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "GetBucketEncryption": "GetEncryptionConfiguration",
}
"""Actions that are not named as their operation."""
CLASSIFIER = f"arn:aws:comprehend:eu-west-1:{ACCOUNT}:document-classifier/ct-toxic/version/v1"
JOB = f"arn:aws:comprehend:eu-west-1:{ACCOUNT}:document-classification-job/{'0' * 32}"


def actions(policy: Policy) -> set[str]:
    """Every action that a policy allows."""
    return {
        action
        for statement in policy["Statement"]
        for action in (
            [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        )
    }


def called_operations(service: str) -> set[str]:
    """Operations of a service that the code names as methods of a client."""
    source = "\n".join(
        path.read_text(encoding="utf-8")
        for path in Path(core.__path__[0]).rglob("*.py")
        if "offline" not in path.parts and path.name != "protocols.py"
    )
    model = botocore.session.get_session().get_service_model(service)
    return {
        name
        for name in model.operation_names
        if re.search(rf"""[."']{xform_name(name)}["'(,)]""", source)
    }


def test_the_caller_policy_allows_every_comprehend_operation_that_the_code_calls() -> None:
    operations = called_operations("comprehend")
    assert {"CreateDocumentClassifier", "ClassifyDocument", "ListFlywheels"} <= operations
    needed = {f"comprehend:{name}" for name in operations}
    assert needed <= actions(CALLER), needed - actions(CALLER)


def test_the_policies_allow_every_operation_on_roles_that_the_code_calls() -> None:
    operations = called_operations("iam")
    assert {"CreateRole", "DeleteRole", "GetRole"} <= operations
    allowed = actions(CALLER) | actions(setup_policy(ACCOUNT, "eu-west-1", "R"))
    needed = {f"iam:{name}" for name in operations}
    assert needed <= allowed, needed - allowed


def test_the_caller_policy_allows_every_operation_on_the_bucket_that_the_code_calls() -> None:
    operations = called_operations("s3")
    assert {"PutObject", "ListObjectsV2", "HeadObject"} <= operations
    needed = {f"s3:{OBJECT_ACTIONS.get(name, name)}" for name in operations}
    assert needed <= actions(CALLER), needed - actions(CALLER)


def test_tags_of_new_things_are_allowed_where_the_things_are() -> None:
    tagged = [s for s in CALLER["Statement"] if "comprehend:TagResource" in s["Action"]]
    assert [s["Sid"] for s in tagged] == ["Classifiers", "ScoringJobs", "Endpoints"]


def test_starting_a_scoring_job_is_allowed_on_the_classifier_and_on_the_job() -> None:
    resources = [
        statement["Resource"]
        for statement in CALLER["Statement"]
        if "comprehend:StartDocumentClassificationJob" in statement["Action"]
    ]
    assert any(fnmatchcase(CLASSIFIER, resource) for resource in resources)
    assert any(fnmatchcase(JOB, resource) for resource in resources)


def test_nothing_is_allowed_on_everything_but_lists_and_quotas() -> None:
    wide = [s["Sid"] for s in CALLER["Statement"] if s["Resource"] == "*"]
    assert wide == ["Lists", "Quotas"]
    assert not any("*" in action for action in actions(CALLER))
    for policy in (CALLER, role_policy("my-bucket", PREFIX), setup_policy(ACCOUNT, "x", "R")):
        assert {action.partition(":")[0] for action in actions(policy)} <= set(SERVICES)


def test_objects_are_narrowed_to_bucket_and_prefix() -> None:
    for policy in (CALLER, role_policy("my-bucket", PREFIX)):
        (objects,) = [s for s in policy["Statement"] if s["Sid"] == "Objects"]
        assert objects["Resource"] == f"arn:aws:s3:::my-bucket/{PREFIX}*"
    (listing,) = [s for s in CALLER["Statement"] if s["Sid"] == "List"]
    assert listing["Condition"] == {"StringLike": {"s3:prefix": f"{PREFIX}*"}}


def test_only_the_one_role_may_be_passed_and_only_to_comprehend() -> None:
    (passing,) = [s for s in CALLER["Statement"] if s["Action"] == "iam:PassRole"]
    assert passing["Resource"] == ROLE
    assert passing["Condition"] == {
        "StringEquals": {"iam:PassedToService": "comprehend.amazonaws.com"}
    }


@pytest.mark.parametrize(
    ("place", "partition"),
    [
        ("eu-west-1", "aws"),
        ("us-gov-west-1", "aws-us-gov"),
        ("cn-north-1", "aws-cn"),
        ("arn:aws-us-gov:iam::111122223333:role/x", "aws-us-gov"),
    ],
)
def test_the_partition_follows_the_region(place: str, partition: str) -> None:
    assert partition_of(place) == partition


def test_every_arn_of_another_partition_carries_it() -> None:
    role = ROLE.replace("arn:aws:", "arn:aws-us-gov:")
    text = policy_text(caller_policy(ACCOUNT, "us-gov-west-1", "b-b", PREFIX, role))
    assert set(re.findall(r"arn:([^:]+):", text)) == {"aws-us-gov"}


def test_a_policy_fits_the_limits_of_iam() -> None:
    role = role_policy("b" * 63, "comprehend-tuner/" + "n" * 40 + "-0a1b2c3d/")
    assert len(re.sub(r"\s", "", policy_text(CALLER))) <= 6144, "a managed policy"
    assert len(re.sub(r"\s", "", policy_text(role))) <= 10240, "a role's inline policies"
    assert json.loads(policy_text(CALLER)) == CALLER


def trusts(policy: Policy) -> tuple[bool, str]:
    """What a trust policy is found to be."""
    return trust_problem(policy, ACCOUNT, (CLASSIFIER, JOB))


def statement(**changes: object) -> Policy:
    """A trust policy of one good statement with changes."""
    good = {
        "Effect": "Allow",
        "Principal": {"Service": "comprehend.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    return {"Version": "2012-10-17", "Statement": good | changes}


def test_the_own_trust_policy_is_trusted() -> None:
    assert trusts(trust_policy(ACCOUNT)) == (True, "")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"Principal": {"Service": ["ec2.amazonaws.com", "comprehend.amazonaws.com"]}},
        {"Action": ["sts:TagSession", "sts:AssumeRole"]},
        {"Action": "sts:*"},
        {"Condition": {"StringEquals": {"aws:sourceaccount": [ACCOUNT, "999999999999"]}}},
        {"Condition": {"StringLike": {"aws:SourceAccount": "1111*"}}},
        {"Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:comprehend:*:{ACCOUNT}:*"}}},
    ],
)
def test_a_trust_policy_that_lets_comprehend_in(changes: dict[str, object]) -> None:
    assert trusts(statement(**changes)) == (True, "")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"Principal": {"Service": "ec2.amazonaws.com"}}, "does not trust"),
        ({"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}, "does not trust"),
        ({"Action": "sts:TagSession"}, "does not trust"),
        ({"Effect": "Deny"}, "denies"),
        ({"Condition": {"StringEquals": {"aws:SourceAccount": "999999999999"}}}, "999999999999"),
        ({"Condition": {"ArnEquals": {"aws:SourceArn": CLASSIFIER}}}, "does not cover"),
    ],
)
def test_a_trust_policy_that_keeps_comprehend_out(changes: dict[str, object], why: str) -> None:
    is_trusted, problem = trusts(statement(**changes))
    assert not is_trusted
    assert why in problem


def test_a_condition_that_cannot_be_judged_is_named() -> None:
    is_trusted, problem = trusts(statement(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}))
    assert is_trusted
    assert "aws:SourceIp" in problem


def test_one_good_statement_among_bad_ones_is_enough() -> None:
    bad = statement(Condition={"StringEquals": {"aws:SourceAccount": "999999999999"}})["Statement"]
    good = trust_policy(ACCOUNT)["Statement"]
    assert trusts({"Statement": [bad, *good]}) == (True, "")
