"""Check account, bucket, role and rights before anything is paid; offline, this machine."""

import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from core.comprehend.clients import Clients, EngineSettings, account_of, open_clients
from core.comprehend.jobs import resource_name
from core.comprehend.preflight import (
    PreflightLine,
    PreflightSettings,
    ProbeNotes,
    folder_lines,
    offline_lines,
    run_preflight,
)
from core.comprehend.roles import (
    ACCOUNT_PLACEHOLDER,
    Policy,
    caller_policy,
    partition_of,
    role_policy,
    setup_policy,
    trust_policy,
)
from core.progress import CancelToken, Reporter, silent
from core.workflow.actions.launching import intended, session_clients
from core.workflow.actions.runs import resource_tags
from core.workflow.actions.setup_role import default_role_name, key_prefix
from core.workflow.session import Session
from core.workflow.state import SessionState

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


def run_doctor(
    session: Session,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
    may_write: bool = True,
) -> DoctorReport:
    """Check everything that a session's paid steps need, with its real names.

    Nothing paid is started. On AWS one small object is written below the session's prefix and
    removed; the ledger knows of it in between.

    Args:
        may_write: whether that object may be written.

    Raises:
        InvalidInput: the engine's settings are unusable.
        Interrupted: cancelled; the object was removed.
    """
    state = session.state()
    clients = session_clients(session)
    lines = folder_lines(session.folder)
    if not clients.info.is_paid:
        report = _report(clients, (*lines, *offline_lines(clients)))
    else:
        settings = _session_settings(state, clients, may_write)
        found = run_preflight(clients, settings, reporter, cancel, _ledger_notes(session))
        report = _report(clients, (*lines, *found.lines), found.leftovers)
    outcomes = Counter(line.outcome for line in report.lines)
    failed = [line.id for line in report.lines if line.outcome == "failed"]
    session.record("doctor", outcomes=dict(outcomes), failed=failed)
    return report


def check_engine(
    settings: EngineSettings,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
    may_write: bool = True,
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
        wanted = PreflightSettings(prefix=_PREFIX, classifier_names=names, may_write=may_write)
        found = run_preflight(clients, wanted, reporter, cancel)
        return _report(clients, found.lines, found.leftovers)


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
    known = [
        classifier.name
        for run in state.runs
        for classifier in run.classifiers
        if not classifier.training.is_adopted
    ]
    planned = resource_name("ct", state.name, state.uid, "base", "c1")
    return PreflightSettings(
        prefix=key_prefix(state, clients),
        classifier_names=tuple(dict.fromkeys(known or [planned])),
        mode=state.dataset.mode,
        delimiter=state.split.delimiter if state.split else "|",
        tags=tuple(resource_tags(state, "base").items()),
        may_write=may_write,
    )


def _ledger_notes(session: Session) -> ProbeNotes:
    """Keep the probe object in the ledger for as long as it may be in the bucket."""

    def enter(uri: str) -> None:
        with session.editing() as state:
            state.ledger.append(intended("object", uri, ""))

    def strike(uri: str) -> None:
        with session.editing() as state:
            state.ledger = [entry for entry in state.ledger if entry.name != uri]

    return ProbeNotes(enter, strike)


def _report(
    clients: Clients, lines: tuple[PreflightLine, ...], leftovers: tuple[str, ...] = ()
) -> DoctorReport:
    is_ok = all(line.outcome != "failed" for line in lines)
    return DoctorReport(clients.info.label, lines, is_ok, leftovers)
