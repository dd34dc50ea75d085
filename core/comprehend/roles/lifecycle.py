"""Making and removing the data access role; only a role that carries the session's tags is touched.

Every function may be repeated after an interruption at any instant.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.comprehend.roles.policies import Policy, policy_text
from core.comprehend.service_errors import code_of, explained
from core.errors import Refused, TryAgain, TunerError
from core.text import printable

if TYPE_CHECKING:
    from core.comprehend.clients import Clients

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
    try:
        with explained():
            role: dict[str, Any] = clients.service("iam").get_role(RoleName=name)["Role"]
    except TunerError as error:
        if code_of(error) == _GONE:
            return None
        raise
    trust = role.get("AssumeRolePolicyDocument")
    if isinstance(trust, str):
        role["AssumeRolePolicyDocument"] = json.loads(trust)
    return role


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
    with _gone_is_fine():
        for page in iam.get_paginator("list_role_policies").paginate(RoleName=name):
            for policy in page["PolicyNames"]:
                with _gone_is_fine():
                    iam.delete_role_policy(RoleName=name, PolicyName=policy)
    with _gone_is_fine():
        for page in iam.get_paginator("list_attached_role_policies").paginate(RoleName=name):
            for attached in page["AttachedPolicies"]:
                with _gone_is_fine():
                    iam.detach_role_policy(RoleName=name, PolicyArn=attached["PolicyArn"])
    with _gone_is_fine():
        iam.delete_role(RoleName=name)


@contextlib.contextmanager
def _gone_is_fine() -> Iterator[None]:
    try:
        with explained():
            yield
    except TunerError as error:
        if code_of(error) != _GONE:
            raise


def require_tags(role: Mapping[str, Any], tags: Mapping[str, str]) -> None:
    """Make sure that a role is the session's own.

    Raises:
        Refused: a tag is missing or has another value.
    """
    found = {tag["Key"]: tag["Value"] for tag in role.get("Tags", ())}
    if not tags or any(found.get(key) != value for key, value in tags.items()):
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
        found = find_role(clients, spec.name)
        if found is None:
            raise _not_known_yet(spec.name) from error
        return found
    return {**role, "Tags": [{"Key": key, "Value": value} for key, value in spec.tags.items()]}


def _not_known_yet(name: str) -> TryAgain:
    return TryAgain(
        "The role is not known yet",
        f"IAM has taken role {printable(name, 64)} and does not show it everywhere yet",
        "repeat the command in a minute; it continues where it stopped",
    )
