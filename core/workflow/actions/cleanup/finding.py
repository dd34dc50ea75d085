"""Finding what a session made and its ledger does not know, and closing what was never made."""

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from core.comprehend.clients import Clients
from core.comprehend.resources import (
    DENIED,
    CleanupItem,
    Kind,
    LedgerEntry,
    in_order,
    name_of,
    objects_below,
    tagged_resources,
    unfinished_uploads,
    unresolved,
    version_of,
)
from core.comprehend.service_errors import code_of
from core.errors import TunerError
from core.text import printable
from core.workflow.actions.cleanup.scope import RUN_TAG, Scope, runs_of
from core.workflow.actions.launching import note_in_ledger
from core.workflow.session import Session, now
from core.workflow.state import EndpointState, JobState, SessionState

GRACE_S = 300.0
"""Seconds that something whose creating call was not answered is given to appear."""
_NAMES_BEGIN = "ct-"
_LISTS_OF_BUCKET: tuple[tuple[Kind, Callable[[Clients, str], tuple[str, ...]]], ...] = (
    ("object", objects_below),
    ("upload", unfinished_uploads),
)


@dataclass(frozen=True)
class Found:
    """What was found beyond the ledger."""

    items: tuple[CleanupItem, ...]
    """In the order of deletion; the ledger lacks them or calls them deleted."""
    cannot_tell: tuple[str, ...]
    """What could not be looked at, as printable sentences."""


def find_beyond(state: SessionState, clients: Clients, scope: Scope) -> Found:
    """Look for the session's things in the account: by tag, and below its prefix.

    Raises:
        TunerError: the engine cannot be asked.
    """
    if not (state.runs or state.ledger or state.endpoints):
        return Found((), ())
    tagged = tagged_resources(clients, _NAMES_BEGIN, scope.tags)
    items = [
        CleanupItem(kind=kind, name=arn, run=tags.get(RUN_TAG, ""))
        for kind, arn, tags in tagged.arns
    ]
    cannot_tell = list(tagged.cannot_tell)
    for kind, listed in _LISTS_OF_BUCKET:
        try:
            names = listed(clients, scope.prefix) if scope.prefix else ()
        except TunerError as error:
            if code_of(error) not in DENIED:
                raise
            cannot_tell.append(f"{kind}s below the prefix could not be listed: {error.message}")
            continue
        items += [_below(scope, name, kind) for name in names]
    items += _roles(state, clients, scope, cannot_tell)
    known = {(entry.kind, entry.name) for entry in state.ledger if entry.state != "deleted"}
    new = [
        item
        for item in items
        if scope.holds(item.run, item.name) and (item.kind, item.name) not in known
    ]
    return Found(in_order(new), tuple(cannot_tell))


def enter_found(session: Session, found: Found) -> None:
    """Enter what was found into the ledger, and as the answer of the call that made it."""
    if not found.items:
        return
    with session.editing() as state:
        for item in found.items:
            note_in_ledger(state, item.kind, item.name, item.run)
            if item.kind in ("endpoint", "classifier", "role"):
                _answer(state, item)


def foreign_roles(state: SessionState, clients: Clients, scope: Scope) -> frozenset[str]:
    """Names of intended roles that somebody else had made before; they were never the session's.

    Raises:
        TunerError: IAM cannot be asked.
    """
    names = set()
    for entry in state.ledger:
        if entry.kind == "role" and entry.state == "intended":
            try:
                role = _role(clients, entry.name)
            except TunerError as error:
                if code_of(error) not in DENIED:
                    raise
                continue
            if role is not None and not _is_tagged(role, scope):
                names.add(entry.name)
    return frozenset(names)


def strike(session: Session, names: frozenset[str]) -> None:
    """Take intended roles out of the ledger that turned out to be somebody else's."""
    if names:
        with session.editing() as state:
            state.ledger = [
                entry
                for entry in state.ledger
                if not (entry.kind == "role" and entry.state == "intended" and entry.name in names)
            ]


def unanswered(state: SessionState, scope: Scope) -> tuple[str, ...]:
    """Names of what was asked for and whose creation was never confirmed."""
    names = [
        *(entry.name for entry in _unresolved(state, scope)),
        *(endpoint.name for endpoint in _open_endpoints(state, scope)),
        *(job.request["DocumentClassifierName"] for job in _open_trainings(state, scope)),
    ]
    return tuple(dict.fromkeys(names))


def pending(state: SessionState, clients: Clients, scope: Scope) -> tuple[CleanupItem, ...]:
    """What may yet appear: asked for a moment ago, unanswered, and not listed so far.

    Offline what is not listed does not exist.
    """
    if not clients.info.is_paid:
        return ()
    items = [
        CleanupItem(kind=entry.kind, name=entry.name, run=entry.run)
        for entry in _unresolved(state, scope)
        if is_recent(entry.created_at)
    ]
    items += [
        CleanupItem(kind="endpoint", name=endpoint.name, run=endpoint.run)
        for endpoint in _open_endpoints(state, scope)
        if is_recent(endpoint.intended_at)
    ]
    sent = {entry.name for entry in state.ledger if entry.state != "intended"}
    items += [
        CleanupItem(
            kind="classifier",
            name=job.request["DocumentClassifierName"],
            run=job.id.partition("/")[0],
        )
        for job in _open_trainings(state, scope)
        if is_recent(job.intended_at) and sent.issuperset(job.uploads.values())
    ]
    return tuple(dict.fromkeys(items))


def close_unanswered(session: Session, scope: Scope, kept: tuple[CleanupItem, ...]) -> None:
    """Record that intended things were looked for and do not exist, all but `kept`.

    An intended training stays as it is: repeating the step sends the same request.
    """
    kept_names = {item.name for item in kept}
    state = session.state()
    if not _unresolved(state, scope) and not _open_endpoints(state, scope):
        return
    with session.editing() as state:
        closed = {(e.kind, e.name) for e in _unresolved(state, scope) if e.name not in kept_names}
        state.ledger = [
            msgspec.structs.replace(entry, state="deleted")
            if (entry.kind, entry.name) in closed
            else entry
            for entry in state.ledger
        ]
        for endpoint in _open_endpoints(state, scope):
            if endpoint.name not in kept_names:
                endpoint.state, endpoint.deleted_at = "DELETED", now()


def is_recent(at: str) -> bool:
    """Whether a moment, in ISO time, is so near that the service need not show its effect yet."""
    age = datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(at)
    return age.total_seconds() < GRACE_S


def _below(scope: Scope, name: str, kind: Kind) -> CleanupItem:
    run = name[len(scope.session_prefix) :].partition("/")[0]
    return CleanupItem(kind=kind, name=name, run=run)


def _roles(
    state: SessionState, clients: Clients, scope: Scope, cannot_tell: list[str]
) -> Iterator[CleanupItem]:
    """Roles that were asked for by name and exist with the session's tag."""
    for entry in (entry for entry in _unresolved(state, scope) if entry.kind == "role"):
        try:
            role = _role(clients, entry.name)
        except TunerError as error:
            if code_of(error) not in DENIED:
                raise
            cannot_tell.append(f"role {printable(entry.name, 80)}: {error.message}")
            continue
        if role is not None and _is_tagged(role, scope):
            yield CleanupItem(kind="role", name=str(role["Arn"]), run=entry.run)


def _role(clients: Clients, name_or_arn: str) -> dict[str, Any] | None:
    from core.comprehend.roles import find_role, role_name_of

    return find_role(clients, role_name_of(name_or_arn))


def _is_tagged(role: dict[str, Any], scope: Scope) -> bool:
    carried = {tag["Key"]: tag["Value"] for tag in role.get("Tags", ())}
    return scope.tags.items() <= carried.items()


def _answer(state: SessionState, item: CleanupItem) -> None:
    """Save an ARN where its intent was written ahead."""
    name = name_of(item.name)
    state.ledger = [
        entry
        for entry in state.ledger
        if not (entry.kind == item.kind and entry.name == name and entry.state == "intended")
    ]
    if item.kind == "endpoint":
        for endpoint in state.endpoints:
            if endpoint.name == name and not endpoint.arn and not endpoint.deleted_at:
                endpoint.arn, endpoint.created_at = item.name, endpoint.created_at or now()
    if item.kind == "classifier":
        for job in (job for run in state.runs for job in run.jobs()):
            if job.kind == "training" and not job.arn and _is_answer(job, item.name):
                job.arn, job.started_at = item.name, job.started_at or now()


def _is_answer(job: JobState, arn: str) -> bool:
    wanted = (job.request["DocumentClassifierName"], job.request.get("VersionName", ""))
    return wanted == (name_of(arn), version_of(arn))


def _unresolved(state: SessionState, scope: Scope) -> list[LedgerEntry]:
    return [entry for entry in unresolved(state.ledger) if scope.holds(entry.run, entry.name)]


def _open_endpoints(state: SessionState, scope: Scope) -> list[EndpointState]:
    return [
        endpoint
        for endpoint in state.endpoints
        if not endpoint.arn and not endpoint.deleted_at and scope.holds(endpoint.run, endpoint.name)
    ]


def _open_trainings(state: SessionState, scope: Scope) -> list[JobState]:
    return [
        job
        for run in runs_of(state, scope)
        for job in run.jobs()
        if job.kind == "training" and not job.arn and not job.is_adopted
    ]
