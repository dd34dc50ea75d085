"""Policy documents, each granting the least that the product uses.

The shapes follow "Role-based permissions required for asynchronous operations" and the identity
policies of the Amazon Comprehend developer guide; which action takes which resource follows the
service authorization reference.
"""

import json
from dataclasses import dataclass
from typing import Any

Policy = dict[str, Any]
"""A policy document as Python values."""
Statement = dict[str, Any]

SERVICE_PRINCIPAL = "comprehend.amazonaws.com"
"""Who assumes the data access role."""
ACCOUNT_PLACEHOLDER = "ACCOUNT_ID"
"""Stands for the account's number in a document that is made without asking for it."""

ACTIONS_ON_CLASSIFIERS = (
    "comprehend:CreateDocumentClassifier", "comprehend:DescribeDocumentClassifier",
    "comprehend:StopTrainingDocumentClassifier", "comprehend:DeleteDocumentClassifier",
    "comprehend:StartDocumentClassificationJob", "comprehend:CreateEndpoint",
    "comprehend:TagResource", "comprehend:ListTagsForResource",
)  # fmt: skip
"""What the caller does to classifiers."""
ACTIONS_ON_JOBS = (
    "comprehend:StartDocumentClassificationJob", "comprehend:DescribeDocumentClassificationJob",
    "comprehend:TagResource", "comprehend:ListTagsForResource",
)  # fmt: skip
"""What the caller does to scoring jobs."""
ACTIONS_ON_ENDPOINTS = (
    "comprehend:CreateEndpoint", "comprehend:DescribeEndpoint", "comprehend:UpdateEndpoint",
    "comprehend:DeleteEndpoint", "comprehend:ClassifyDocument", "comprehend:TagResource",
    "comprehend:ListTagsForResource",
)  # fmt: skip
"""What the caller does to endpoints."""
_ACTIONS_ON_FLYWHEELS = (
    "comprehend:DescribeFlywheel", "comprehend:DeleteFlywheel", "comprehend:ListTagsForResource",
)  # fmt: skip
ACTIONS_ON_LISTS = (
    "comprehend:ListDocumentClassifiers", "comprehend:ListDocumentClassifierSummaries",
    "comprehend:ListDocumentClassificationJobs", "comprehend:ListEndpoints",
    "comprehend:ListFlywheels",
)  # fmt: skip
"""Lists, which no policy can narrow to a resource."""
_ACTIONS_ON_NEW_ROLES = (
    "iam:CreateRole", "iam:TagRole", "iam:GetRole", "iam:PutRolePolicy", "iam:ListRolePolicies",
    "iam:ListAttachedRolePolicies", "iam:DeleteRolePolicy", "iam:DetachRolePolicy",
    "iam:DeleteRole",
)  # fmt: skip


@dataclass(frozen=True)
class Scope:
    """What policies are narrowed to."""

    account: str
    """Account number, or `ACCOUNT_PLACEHOLDER`."""
    region: str
    """Region name."""
    bucket: str
    """Bucket name."""
    prefix: str
    """Beginning of every key, with the final slash; empty for the whole bucket."""
    role_arn: str
    """The data access role."""

    @property
    def partition(self) -> str:
        """The partition that the Region lies in."""
        return partition_of(self.region)


def partition_of(region_or_arn: str) -> str:
    """The partition of a Region or ARN: ``aws``, ``aws-us-gov`` or ``aws-cn``."""
    if region_or_arn.startswith("arn:"):
        return region_or_arn.split(":")[1]
    for beginning, partition in (("us-gov-", "aws-us-gov"), ("cn-", "aws-cn")):
        if region_or_arn.startswith(beginning):
            return partition
    return "aws"


def policy_text(policy: Policy) -> str:
    """A document as indented JSON, to be read and pasted."""
    return json.dumps(policy, indent=2)


def document(*statements: Statement) -> Policy:
    """A policy of these statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def trust_policy(account: str) -> Policy:
    """Let Comprehend assume the role, on behalf of this account only.

    The condition keeps another account's jobs from borrowing the role (the "confused deputy").
    """
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Service": SERVICE_PRINCIPAL},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": account}},
        }
    )


def role_policy(bucket: str, prefix: str, partition: str = "aws") -> Policy:
    """What the data access role may do: read and write below the prefix, and list the bucket.

    Listing is not narrowed to the prefix: the service's way of listing is not documented, and the
    documented policy leaves it open.
    """
    return document(
        {
            "Sid": "Objects",
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject"],
            "Resource": object_address(bucket, prefix + "*", partition),
        },
        {
            "Sid": "Bucket",
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": f"arn:{partition}:s3:::{bucket}",
        },
    )


def caller_policy(account: str, region: str, bucket: str, prefix: str, role_arn: str) -> Policy:
    """Everything that the person or program running the product needs."""
    scope = Scope(account, region, bucket, prefix, role_arn)
    return document(
        *store_statements(scope), *comprehend_statements(scope), pass_role_statement(scope),
        _preflight_statement(scope), _quota_statement(),
    )  # fmt: skip


def setup_policy(account: str, region: str, role_name: str) -> Policy:
    """What making and removing the data access role needs on top of the caller's policy."""
    return document(
        {
            "Sid": "DataAccessRole",
            "Effect": "Allow",
            "Action": list(_ACTIONS_ON_NEW_ROLES),
            "Resource": f"arn:{partition_of(region)}:iam::{account}:role/{role_name}",
        }
    )


def object_address(bucket: str, key: str, partition: str = "aws") -> str:
    """ARN of an object or of a pattern of objects."""
    return f"arn:{partition}:s3:::{bucket}/{key}"


def store_statements(scope: Scope) -> tuple[Statement, ...]:
    """The caller's rights on the bucket."""
    bucket = f"arn:{scope.partition}:s3:::{scope.bucket}"
    return (
        {
            "Sid": "Objects",
            "Effect": "Allow",
            "Action": [
                "s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:AbortMultipartUpload",
                "s3:ListMultipartUploadParts",
            ],
            "Resource": object_address(scope.bucket, scope.prefix + "*", scope.partition),
        },
        {
            "Sid": "List",
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": bucket,
            "Condition": {"StringLike": {"s3:prefix": scope.prefix + "*"}},
        },
        {
            "Sid": "Bucket",
            "Effect": "Allow",
            "Action": [
                "s3:GetBucketLocation", "s3:GetEncryptionConfiguration", "s3:GetBucketVersioning",
                "s3:GetBucketPolicy", "s3:ListBucketMultipartUploads",
            ],
            "Resource": bucket,
        },
    )  # fmt: skip


def comprehend_statements(scope: Scope) -> tuple[Statement, ...]:
    """The caller's rights in Comprehend, on this account's resources in one Region."""
    base = f"arn:{scope.partition}:comprehend:{scope.region}:{scope.account}"
    return (
        _allow("Classifiers", ACTIONS_ON_CLASSIFIERS, f"{base}:document-classifier/*"),
        _allow("ScoringJobs", ACTIONS_ON_JOBS, f"{base}:document-classification-job/*"),
        _allow("Endpoints", ACTIONS_ON_ENDPOINTS, f"{base}:document-classifier-endpoint/*"),
        _allow("Flywheels", _ACTIONS_ON_FLYWHEELS, f"{base}:flywheel/*"),
        _allow("Lists", ACTIONS_ON_LISTS, "*"),
    )


def pass_role_statement(scope: Scope) -> Statement:
    """The right to hand the data access role to Comprehend, and to nothing else."""
    return {
        "Sid": "PassRole",
        "Effect": "Allow",
        "Action": "iam:PassRole",
        "Resource": scope.role_arn,
        "Condition": {"StringEquals": {"iam:PassedToService": SERVICE_PRINCIPAL}},
    }


def key_statement(key_arn: str) -> Statement:
    """The right to use an encryption key for reading inputs and writing outputs."""
    return {
        "Sid": "Key",
        "Effect": "Allow",
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": key_arn,
    }


def _preflight_statement(scope: Scope) -> Statement:
    """Reading the role, and simulating policies so that a missing right is found beforehand."""
    base = f"arn:{scope.partition}:iam::{scope.account}"
    return {
        "Sid": "Preflight",
        "Effect": "Allow",
        "Action": ["iam:GetRole", "iam:SimulatePrincipalPolicy"],
        "Resource": [f"{base}:role/*", f"{base}:user/*"],
    }


def _quota_statement() -> Statement:
    return _allow("Quotas", ("servicequotas:GetServiceQuota",), "*")


def _allow(sid: str, actions: tuple[str, ...], resource: str) -> Statement:
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": resource}
