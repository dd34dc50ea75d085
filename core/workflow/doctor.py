"""Check account, bucket, role and rights before anything is paid; offline, this machine."""

import re
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import msgspec

from core.comprehend.clients import open_clients
from core.comprehend.engine import Clients, EngineInfo, EngineSettings, account_of, require_bucket
from core.comprehend.preflight import folder_lines, offline_lines, run_preflight
from core.comprehend.requests import resource_name
from core.comprehend.rights import PreflightLine, PreflightSettings, ProbeNotes
from core.comprehend.roles import (
    ACCOUNT_PLACEHOLDER,
    Policy,
    RoleSpec,
    caller_policy,
    create_role,
    find_role,
    partition_of,
    require_tags,
    role_policy,
    setup_policy,
    trust_policy,
)
from core.comprehend.service_errors import explained
from core.errors import InvalidInput
from core.progress import UNWATCHED, Watch
from core.text import printable
from core.workflow.jobs import note_in_ledger, session_clients
from core.workflow.session import Session
from core.workflow.state import SessionState
from core.workflow.trust import editing_settings, require_trust

# Make the data access role, recorded so that clean-up removes it.


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
    base = state.object_base(clients.info.bucket)
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
    tags = state.tags_of("")
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
            if not state.in_ledger(plan.arn):
                note_in_ledger(state, "role", plan.arn, "", "intended")
        spec = RoleSpec(plan.name, plan.trust, plan.permissions, plan.tags)
        arn = create_role(session_clients(session), spec)
        with editing_settings(session) as state:
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


_PREFIX = "comprehend-tuner/"
"""Beginning of the keys of every session."""


@dataclass(frozen=True)
class DoctorReport:
    """What was checked and found."""

    engine: str
    """The badge: OFFLINE, or account and Region."""
    lines: tuple[PreflightLine, ...]
    ok: bool
    """Whether nothing failed."""
    leftovers: tuple[str, ...] = ()
    """Addresses of objects that were written and could not be removed."""


def run_doctor(session: Session, watch: Watch = UNWATCHED, may_write: bool = True) -> DoctorReport:
    """Check everything that a session's paid steps need, with its real names.

    Nothing paid is started. On AWS one small object is written below the session's prefix and
    removed; the ledger knows of it in between.

    Args:
        may_write: whether that object may be written.

    Raises:
        InvalidInput: the engine's settings are unusable.
        Untrusted: the session was not made here.
        Interrupted: cancelled; the object was removed.
    """
    require_trust(session)
    state = session.state()
    clients = session_clients(session)
    lines = folder_lines(session.folder)
    if not clients.info.is_paid:
        report = _report(clients, (*lines, *offline_lines(clients)))
    else:
        settings = _session_settings(state, clients, may_write)
        preflight = run_preflight(clients, settings, watch, _ledger_notes(session))
        report = _report(clients, (*lines, *preflight.lines), preflight.leftovers)
    outcomes = Counter(line.outcome for line in report.lines)
    failed = [line.id for line in report.lines if line.outcome == "failed"]
    session.record("doctor", outcomes=dict(outcomes), failed=failed)
    return report


def check_engine(
    settings: EngineSettings, watch: Watch = UNWATCHED, may_write: bool = True
) -> DoctorReport:
    """Check an engine before there is a session.

    Raises:
        InvalidInput: the engine's settings are unusable.
        Interrupted: cancelled.
    """
    with tempfile.TemporaryDirectory(prefix="comprehend-tuner-") as folder:
        clients = open_clients(settings, Path(folder))
        if not clients.info.is_paid:
            return _report(clients, offline_lines(clients))
        names = (resource_name("ct", "preflight"),)
        probes = PreflightSettings(prefix=_PREFIX, classifier_names=names, may_write=may_write)
        preflight = run_preflight(clients, probes, watch)
        return _report(clients, preflight.lines, preflight.leftovers)


def policy_documents(settings: EngineSettings, state: SessionState | None) -> dict[str, Policy]:
    """Every policy that a session needs, by who it is for; nothing is asked or sent.

    What is not known stands in capitals: the account number without a role, the bucket.
    """
    bucket = settings.bucket or "BUCKET"
    account = account_of(settings.role_arn or "") or ACCOUNT_PLACEHOLDER
    prefix = f"{_PREFIX}{state.name}-{state.uid}/" if state else _PREFIX
    partition = partition_of(settings.region)
    name = default_role_name(state) if state else "ComprehendTuner"
    role_arn = settings.role_arn or f"arn:{partition}:iam::{account}:role/{name}"
    return {
        "caller": caller_policy(account, settings.region, bucket, prefix, role_arn),
        "role": role_policy(bucket, prefix, partition),
        "trust": trust_policy(account),
        "setup-role": setup_policy(account, settings.region, name),
    }


def _session_settings(state: SessionState, clients: Clients, may_write: bool) -> PreflightSettings:
    names = [
        classifier.name
        for run in state.runs
        for classifier in run.classifiers
        if not classifier.training.is_adopted
    ]
    planned = resource_name("ct", state.name, state.uid, "base", "c1")
    return PreflightSettings(
        prefix=key_prefix(state, clients),
        classifier_names=tuple(dict.fromkeys(names or [planned])),
        mode=state.dataset.mode,
        delimiter=state.split.delimiter if state.split else "|",
        tags=tuple(state.tags_of("base").items()),
        may_write=may_write,
    )


def _ledger_notes(session: Session) -> ProbeNotes:
    """Keep the probe object in the ledger for as long as it may be in the bucket."""

    def enter(uri: str) -> None:
        with session.editing() as state:
            note_in_ledger(state, "object", uri, "", "intended")

    def strike(uri: str) -> None:
        with session.editing() as state:
            state.strike("object", uri)

    return ProbeNotes(enter, strike)


def _report(
    clients: Clients, lines: tuple[PreflightLine, ...], leftovers: tuple[str, ...] = ()
) -> DoctorReport:
    is_ok = all(line.outcome != "failed" for line in lines)
    return DoctorReport(clients.info.label, lines, is_ok, leftovers)
