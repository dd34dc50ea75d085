"""Deleting what a session created, each deletion saved as it happens."""

import msgspec

from core.comprehend.clients import Clients
from core.comprehend.jobs import JobStatus
from core.comprehend.resources import CleanupItem, CleanupResult, delete_item
from core.progress import CancelToken, Progress, Reporter, silent
from core.text import printable
from core.workflow.actions.cleanup.finding import (
    Found,
    close_unanswered,
    enter_found,
    find_beyond,
    foreign_roles,
    pending,
    strike,
    unanswered,
)
from core.workflow.actions.cleanup.proof import CleanedUp, Left, look_again, may_appear, proof_of
from core.workflow.actions.cleanup.scope import Scope, plan_of, scope_of
from core.workflow.actions.cleanup.settling import settle_jobs
from core.workflow.actions.launching import session_clients
from core.workflow.session import Session, now
from core.workflow.state import SessionState


def clean_up(
    session: Session,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
    run: str | None = None,
) -> CleanedUp:
    """Delete everything the session created and look it up again.

    Output of finished jobs that was not fetched yet is fetched first. A training under way is
    stopped. What cannot be deleted for lack of a right, or because somebody else's endpoint
    serves it, is reported and the rest goes on. Repeating an interrupted clean-up finishes it.

    Args:
        run: the only run to clean up; None for the whole session, its role included.

    Raises:
        InvalidInput: there is no such run.
        TryAgain: a scoring job runs, which the service cannot stop, or another terminal runs a
            step of this session.
        Interrupted: cancelled; what was deleted before is recorded.
        TunerError: the engine refuses or cannot be reached.
    """
    with session.working():
        clients = session_clients(session)
        scope = scope_of(session.state(), clients, run)
        token = cancel or CancelToken()
        settle_jobs(session, clients, scope)
        _find(session, clients, scope, token)
        results: list[CleanupResult] = []
        plan = plan_of(session.state().ledger, scope)
        for done, item in enumerate(plan):
            task = f"deleting {item.kind} {printable(item.name, 60)}"
            reporter(Progress(task, done, len(plan), "resources"))
            token.check()
            results.append(_delete(session, clients, scope, item, reporter, token))
        return _prove(session, clients, scope, tuple(results))


def _find(session: Session, clients: Clients, scope: Scope, cancel: CancelToken) -> None:
    """Enter what the ledger lacks; what was asked for and is not found is looked for again."""
    strike(session, foreign_roles(session.state(), clients, scope))
    enter_found(session, find_beyond(session.state(), clients, scope))
    if unanswered(session.state(), scope):
        cancel.wait(clients.poll_s)
        cancel.check()
        enter_found(session, find_beyond(session.state(), clients, scope))


def _prove(
    session: Session, clients: Clients, scope: Scope, results: tuple[CleanupResult, ...]
) -> CleanedUp:
    """Look everything up again."""
    found: Found = find_beyond(session.state(), clients, scope)
    enter_found(session, found)
    closed = unanswered(session.state(), scope)
    waiting = pending(session.state(), clients, scope)
    if not found.cannot_tell:
        close_unanswered(session, scope, waiting)
    state = session.state()
    left = (*look_again(state, clients, scope, results), *may_appear(state, waiting))
    _reopen(session, left)
    proof = proof_of(state, clients, scope, left, found, closed)
    deleted = sum(result.outcome != "still there" for result in results)
    session.record("cleanup", run=scope.run, deleted=deleted, left=[item.name for item in left])
    return CleanedUp(results, left, sum(item.monthly_usd for item in left), proof)


def _reopen(session: Session, left: tuple[Left, ...]) -> None:
    """What was recorded as deleted and is seen again is to be deleted again."""
    names = {(item.kind, item.name) for item in left}
    with session.editing() as state:
        state.ledger = [
            msgspec.structs.replace(entry, state="created")
            if entry.state == "deleted" and (entry.kind, entry.name) in names
            else entry
            for entry in state.ledger
        ]
        for endpoint in state.endpoints:
            if ("endpoint", endpoint.arn) in names:
                endpoint.deleted_at = ""


def _delete(
    session: Session,
    clients: Clients,
    scope: Scope,
    item: CleanupItem,
    reporter: Reporter,
    cancel: CancelToken,
) -> CleanupResult:
    """Delete one thing and save that it is gone."""
    gone = {entry.name for entry in session.state().ledger if entry.state == "deleted"}
    result = delete_item(clients, item, cancel, reporter, tags=scope.tags, gone=gone)
    if result.outcome != "still there":
        with session.editing() as state:
            _mark_deleted(state, item)
        session.record(
            "deleted",
            kind=item.kind,
            name=item.name,
            outcome=result.outcome,
            message=result.message,
        )
    return result


def _mark_deleted(state: SessionState, item: CleanupItem) -> None:
    state.ledger = [
        msgspec.structs.replace(entry, state="deleted")
        if (entry.kind, entry.name) == (item.kind, item.name)
        else entry
        for entry in state.ledger
    ]
    if item.kind == "classifier":
        _end_trainings(state, item.name)
    elif item.kind == "endpoint":
        for endpoint in state.endpoints:
            if endpoint.arn == item.name and not endpoint.deleted_at:
                endpoint.state, endpoint.deleted_at = "DELETED", now()
    elif item.kind == "role" and state.engine.role_arn == item.name:
        state.engine = msgspec.structs.replace(state.engine, role_arn=None)


def _end_trainings(state: SessionState, arn: str) -> None:
    """A training whose classifier is gone has ended, so that nobody asks for it again."""
    for job in (job for run in state.runs for job in run.jobs() if job.arn == arn):
        if job.status is None or not job.status.is_final:
            job.status = JobStatus(
                kind="training",
                state="STOPPED",
                is_final=True,
                is_usable=False,
                arn=arn,
                message="its classifier was deleted by the clean-up",
            )
