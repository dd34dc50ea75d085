"""Make the data access role, recorded so that clean-up removes it."""

import re
from dataclasses import dataclass

import msgspec

from core.comprehend.clients import Clients, EngineInfo, require_bucket
from core.comprehend.jobs import resource_name
from core.comprehend.roles import (
    Policy,
    RoleSpec,
    create_role,
    find_role,
    partition_of,
    require_tags,
    role_policy,
    trust_policy,
)
from core.comprehend.service_errors import explained
from core.errors import InvalidInput
from core.text import printable
from core.workflow.actions.launching import intended, note_in_ledger, session_clients
from core.workflow.actions.runs import object_base, resource_tags
from core.workflow.session import Session
from core.workflow.state import SessionState

_NAME = re.compile(r"[A-Za-z0-9_+=,.@-]{1,64}")
_LONGEST = 64


@dataclass(frozen=True)
class RolePlan:
    """What `set_up_role` would make."""

    name: str
    arn: str
    """The ARN that the role has or will have."""
    exists: bool
    """Whether an earlier call made it already, so that it is only completed."""
    engine: str
    account: str
    bucket: str
    prefix: str
    """Beginning of the keys that it may read and write."""
    trust: Policy
    permissions: Policy
    tags: dict[str, str]
    replaces: str
    """The role that the session uses now, when it is another; empty otherwise."""


def default_role_name(state: SessionState) -> str:
    """Name of a session's own role; it holds “Comprehend”, which AWS's own policies look for."""
    return resource_name("ComprehendTuner", state.name, state.uid, limit=_LONGEST)


def key_prefix(state: SessionState, clients: Clients) -> str:
    """Beginning of all keys of a session, with the final slash."""
    base = object_base(state, clients, "", "").rstrip("/")
    return base.removeprefix(f"s3://{clients.info.bucket}/") + "/"


def plan_role(session: Session, name: str | None = None) -> RolePlan:
    """Say what `set_up_role` would make; the account is asked who calls, nothing is changed.

    Raises:
        InvalidInput: the session is offline or has no bucket, or the name is unusable.
        Refused: another role has this name.
        TunerError: the account cannot be asked.
    """
    state = session.state()
    clients = session_clients(session)
    chosen = default_role_name(state) if name is None else name
    _check_name(chosen)
    with explained():
        account = str(clients.service("sts").get_caller_identity()["Account"])
    info: EngineInfo = clients.info
    bucket, prefix = require_bucket(info), key_prefix(state, clients)
    partition = partition_of(info.region)
    tags = resource_tags(state, "")
    role = find_role(clients, chosen)
    if role is not None:
        require_tags(role, tags)
    arn = str(role["Arn"]) if role else f"arn:{partition}:iam::{account}:role/{chosen}"
    return RolePlan(
        name=chosen,
        arn=arn,
        exists=role is not None,
        engine=info.label,
        account=account,
        bucket=bucket,
        prefix=prefix,
        trust=trust_policy(account),
        permissions=role_policy(bucket, prefix, partition),
        tags=tags,
        replaces=info.role_arn if info.role_arn not in ("", arn) else "",
    )


def set_up_role(session: Session, plan: RolePlan) -> str:
    """Make the role, or complete the one that an interrupted call began; the session then uses it.

    The intent is in the ledger before the call is made, so clean-up knows of the role whatever
    happens in between.

    Returns:
        The role's ARN.

    Raises:
        Refused: another role has taken the name; it was not touched.
        TryAgain: IAM does not know the new role everywhere yet; repeating completes it.
        TunerError: IAM refuses or cannot be reached.
    """
    with session.working():
        with session.editing() as state:
            if all(e.name != plan.arn or e.state == "deleted" for e in state.ledger):
                state.ledger = [entry for entry in state.ledger if entry.name != plan.arn]
                state.ledger.append(intended("role", plan.arn, ""))
        spec = RoleSpec(plan.name, plan.trust, plan.permissions, plan.tags)
        arn = create_role(session_clients(session), spec)
        with session.editing() as state:
            note_in_ledger(state, "role", arn, "")
            state.engine = msgspec.structs.replace(state.engine, role_arn=arn)
    session.record("setup-role", arn=arn)
    return arn


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            "Unusable role name",
            f"{printable(name, 80)!r}: at most 64 letters, digits and _ + = , . @ -",
            "choose another one with --name, such as ComprehendTuner-toxic",
        )
