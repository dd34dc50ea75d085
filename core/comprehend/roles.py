"""The data access role that the service assumes, and the policies that it and the caller need.

Policies are the least that the product uses: one bucket and prefix, one role, one account and
Region.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.comprehend.service_errors import code_of, explained, tolerating
from core.decoding import decode_json
from core.errors import Refused, TryAgain, TunerError
from core.text import printable

if TYPE_CHECKING:
    from core.comprehend.engine import Clients


# Policy documents, each granting the least that the product uses.
#
# The shapes follow "Role-based permissions required for asynchronous operations" and the identity
# policies of the Amazon Comprehend developer guide; which action takes which resource follows the
# service authorization reference.


Policy = dict[str, Any]
"""A policy document as Python values."""
Statement = dict[str, Any]

SERVICE_PRINCIPAL = "comprehend.amazonaws.com"
"""Who assumes the data access role."""
ACCOUNT_PLACEHOLDER = "ACCOUNT_ID"
"""Stands for the account's number in a document that is made without asking for it."""


def _actions(service: str, names: str) -> tuple[str, ...]:
    """IAM actions of a service by their names, divided by blanks."""
    return tuple(f"{service}:{name}" for name in names.split())


ACTIONS_ON_CLASSIFIERS = _actions(
    "comprehend",
    "CreateDocumentClassifier DescribeDocumentClassifier StopTrainingDocumentClassifier "
    "DeleteDocumentClassifier StartDocumentClassificationJob CreateEndpoint TagResource "
    "ListTagsForResource",
)
"""What the caller does to classifiers."""
ACTIONS_ON_JOBS = _actions(
    "comprehend",
    "StartDocumentClassificationJob DescribeDocumentClassificationJob TagResource "
    "ListTagsForResource",
)
"""What the caller does to scoring jobs."""
ACTIONS_ON_ENDPOINTS = _actions(
    "comprehend",
    "CreateEndpoint DescribeEndpoint UpdateEndpoint DeleteEndpoint ClassifyDocument "
    "TagResource ListTagsForResource",
)
"""What the caller does to endpoints."""
_ACTIONS_ON_FLYWHEELS = _actions(
    "comprehend", "DescribeFlywheel DeleteFlywheel ListTagsForResource"
)
ACTIONS_ON_LISTS = _actions(
    "comprehend",
    "ListDocumentClassifiers ListDocumentClassifierSummaries "
    "ListDocumentClassificationJobs ListEndpoints ListFlywheels",
)
"""Lists, which no policy can narrow to a resource."""
_ACTIONS_ON_NEW_ROLES = _actions(
    "iam",
    "CreateRole TagRole GetRole PutRolePolicy ListRolePolicies ListAttachedRolePolicies "
    "DeleteRolePolicy DetachRolePolicy DeleteRole",
)


@dataclass(frozen=True)
class PolicyScope:
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
        _allow(
            "Objects",
            ["s3:GetObject", "s3:PutObject"],
            object_address(bucket, prefix + "*", partition),
        ),
        _allow("Bucket", "s3:ListBucket", f"arn:{partition}:s3:::{bucket}"),
    )


def caller_policy(account: str, region: str, bucket: str, prefix: str, role_arn: str) -> Policy:
    """Everything that the person or program running the product needs."""
    scope = PolicyScope(account, region, bucket, prefix, role_arn)
    return document(
        *store_statements(scope),
        *comprehend_statements(scope),
        pass_role_statement(scope),
        _preflight_statement(scope),
        _allow("Quotas", ["servicequotas:GetServiceQuota"], "*"),
    )


def setup_policy(account: str, region: str, role_name: str) -> Policy:
    """What making and removing the data access role needs on top of the caller's policy."""
    return document(
        _allow(
            "DataAccessRole",
            _ACTIONS_ON_NEW_ROLES,
            f"arn:{partition_of(region)}:iam::{account}:role/{role_name}",
        )
    )


def object_address(bucket: str, key: str, partition: str = "aws") -> str:
    """ARN of an object or of a pattern of objects."""
    return f"arn:{partition}:s3:::{bucket}/{key}"


def store_statements(scope: PolicyScope) -> tuple[Statement, ...]:
    """The caller's rights on the bucket."""
    bucket = f"arn:{scope.partition}:s3:::{scope.bucket}"
    return (
        _allow(
            "Objects",
            [
                "s3:PutObject",
                "s3:GetObject",
                "s3:DeleteObject",
                "s3:AbortMultipartUpload",
                "s3:ListMultipartUploadParts",
            ],
            object_address(scope.bucket, scope.prefix + "*", scope.partition),
        ),
        _allow("List", "s3:ListBucket", bucket, {"StringLike": {"s3:prefix": scope.prefix + "*"}}),
        _allow(
            "Bucket",
            [
                "s3:GetBucketLocation",
                "s3:GetEncryptionConfiguration",
                "s3:GetBucketVersioning",
                "s3:GetBucketPolicy",
                "s3:ListBucketMultipartUploads",
            ],
            bucket,
        ),
    )


def comprehend_statements(scope: PolicyScope) -> tuple[Statement, ...]:
    """The caller's rights in Comprehend, on this account's resources in one Region."""
    base = f"arn:{scope.partition}:comprehend:{scope.region}:{scope.account}"
    return (
        _allow("Classifiers", ACTIONS_ON_CLASSIFIERS, f"{base}:document-classifier/*"),
        _allow("ScoringJobs", ACTIONS_ON_JOBS, f"{base}:document-classification-job/*"),
        _allow("Endpoints", ACTIONS_ON_ENDPOINTS, f"{base}:document-classifier-endpoint/*"),
        _allow("Flywheels", _ACTIONS_ON_FLYWHEELS, f"{base}:flywheel/*"),
        _allow("Lists", ACTIONS_ON_LISTS, "*"),
    )


def pass_role_statement(scope: PolicyScope) -> Statement:
    """The right to hand the data access role to Comprehend, and to nothing else."""
    return _allow(
        "PassRole",
        "iam:PassRole",
        scope.role_arn,
        {"StringEquals": {"iam:PassedToService": SERVICE_PRINCIPAL}},
    )


def key_statement(key_arn: str) -> Statement:
    """The right to use an encryption key for reading inputs and writing outputs."""
    return _allow("Key", ["kms:Decrypt", "kms:GenerateDataKey"], key_arn)


def _preflight_statement(scope: PolicyScope) -> Statement:
    """Reading the role, and simulating policies so that a missing right is found beforehand."""
    base = f"arn:{scope.partition}:iam::{scope.account}"
    return _allow(
        "Preflight",
        ["iam:GetRole", "iam:SimulatePrincipalPolicy"],
        [f"{base}:role/*", f"{base}:user/*"],
    )


def _allow(
    sid: str,
    actions: str | Sequence[str],
    resource: str | list[str],
    condition: Mapping[str, Mapping[str, str]] | None = None,
) -> Statement:
    action = actions if isinstance(actions, str) else list(actions)
    statement = {"Sid": sid, "Effect": "Allow", "Action": action, "Resource": resource}
    return statement | ({"Condition": condition} if condition else {})


# Making and removing the data access role; only a role that carries the session's tags is touched.
#
# Every function may be repeated after an interruption at any instant.


ROLE_POLICY_NAME = "ComprehendTunerData"
"""Name of the inline policy of a role that was made here."""
_GONE = "NoSuchEntity"
_EXISTS = "EntityAlreadyExists"


@dataclass(frozen=True)
class RoleSpec:
    """A role to make."""

    name: str
    """Role name, at most 64 characters."""
    trust: Policy
    """Who may assume it."""
    permissions: Policy
    """What it may do."""
    tags: Mapping[str, str]
    """Tags by which it is known again."""


def role_name_of(role_arn: str) -> str:
    """The name in a role's ARN, which may hold a path before it."""
    return role_arn.rpartition("/")[2]


def find_role(clients: "Clients", name: str) -> dict[str, Any] | None:
    """What IAM says of a role, its tags and trust policy included; None when there is none.

    Raises:
        TunerError: IAM denies the look or cannot be reached.
    """
    with tolerating(_GONE), explained():
        role: dict[str, Any] = clients.service("iam").get_role(RoleName=name)["Role"]
        trust = role.get("AssumeRolePolicyDocument")
        if isinstance(trust, str):
            role["AssumeRolePolicyDocument"] = decode_json(trust.encode(), dict[str, Any])
        return role
    return None


def role_exists(clients: "Clients", role_arn: str) -> bool:
    """Whether IAM knows the role.

    Raises:
        TunerError: IAM denies the look or cannot be reached.
    """
    return find_role(clients, role_name_of(role_arn)) is not None


def create_role(clients: "Clients", spec: RoleSpec) -> str:
    """Make a role with its inline policy, or complete the one that an earlier call began.

    Returns:
        The role's ARN.

    Raises:
        Refused: a role of this name exists without the tags; it was not touched.
        TryAgain: IAM does not know the new role yet.
        TunerError: IAM refuses or cannot be reached.
    """
    role = find_role(clients, spec.name) or _create(clients, spec)
    require_tags(role, spec.tags)
    try:
        with explained():
            clients.service("iam").put_role_policy(
                RoleName=spec.name,
                PolicyName=ROLE_POLICY_NAME,
                PolicyDocument=policy_text(spec.permissions),
            )
    except TunerError as error:
        if code_of(error) == _GONE:
            raise _not_known_yet(spec.name) from error
        raise
    return str(role["Arn"])


def delete_role(clients: "Clients", role_arn: str, tags: Mapping[str, str]) -> None:
    """Remove a role, its inline policies first; a role that is gone already is no error.

    Managed policies that were attached to it are detached and stay.

    Raises:
        Refused: the role does not carry the tags; it was not touched.
        TunerError: IAM refuses or cannot be reached.
    """
    name = role_name_of(role_arn)
    role = find_role(clients, name)
    if role is None:
        return
    require_tags(role, tags)
    iam = clients.service("iam")
    with tolerating(_GONE), explained():
        for page in iam.get_paginator("list_role_policies").paginate(RoleName=name):
            for policy in page["PolicyNames"]:
                with tolerating(_GONE), explained():
                    iam.delete_role_policy(RoleName=name, PolicyName=policy)
    with tolerating(_GONE), explained():
        for page in iam.get_paginator("list_attached_role_policies").paginate(RoleName=name):
            for attached in page["AttachedPolicies"]:
                with tolerating(_GONE), explained():
                    iam.detach_role_policy(RoleName=name, PolicyArn=attached["PolicyArn"])
    with tolerating(_GONE), explained():
        iam.delete_role(RoleName=name)


def require_tags(role: Mapping[str, Any], tags: Mapping[str, str]) -> None:
    """Make sure that a role is the session's own.

    Raises:
        Refused: a tag is missing or has another value.
    """
    carried = {tag["Key"]: tag["Value"] for tag in role.get("Tags", ())}
    if not tags or any(carried.get(key) != value for key, value in tags.items()):
        raise Refused(
            "Not this session's role",
            f"role {printable(str(role['RoleName']), 64)} exists and does not carry the session's"
            " tags; it was not touched",
            "choose another name with --name, or use that role with --role-arn",
        )


def _create(clients: "Clients", spec: RoleSpec) -> dict[str, Any]:
    """Create the role; a role that exists after all, such as when the reply was lost, is read."""
    try:
        with explained():
            role: dict[str, Any] = clients.service("iam").create_role(
                RoleName=spec.name,
                AssumeRolePolicyDocument=policy_text(spec.trust),
                Description="Lets Amazon Comprehend read and write the files of comprehend-tuner",
                Tags=[{"Key": key, "Value": value} for key, value in spec.tags.items()],
            )["Role"]
    except TunerError as error:
        if code_of(error) != _EXISTS:
            raise
        existing = find_role(clients, spec.name)
        if existing is None:
            raise _not_known_yet(spec.name) from error
        return existing
    return {**role, "Tags": [{"Key": key, "Value": value} for key, value in spec.tags.items()]}


def _not_known_yet(name: str) -> TryAgain:
    return TryAgain(
        "The role is not known yet",
        f"IAM has taken role {printable(name, 64)} and does not show it everywhere yet",
        "repeat the command in a minute; it continues where it stopped",
    )
