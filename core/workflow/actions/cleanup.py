"""The clean-up step: list what a session created, delete it in order, and prove that it is gone.

Only the session's own things are touched: what its ledger names, classifiers whose name holds the
session's random digits, and objects below its own prefix. Whatever is found beyond the ledger is
entered there before it is deleted. Each deletion is saved as it happens, so an interrupted clean-up
is finished by repeating it. Scores, thresholds and reports stay in the session's folder.
"""

import contextlib
from dataclasses import dataclass

import msgspec

from core.comprehend.clients import Clients
from core.comprehend.jobs import JobStatus
from core.comprehend.resources import (
    DEFAULT_PATIENCE,
    KEPT_BY_SERVICE,
    CleanupItem,
    CleanupResult,
    Kind,
    Patience,
    cleanup_plan,
    delete_item,
    monthly_usd,
    unresolved,
    verify_gone,
)
from core.comprehend.service_errors import code_of, explained
from core.errors import TryAgain, TunerError
from core.progress import CancelToken, Progress, Reporter, silent
from core.text import plural, printable
from core.workflow.actions.launching import note_in_ledger, refresh, session_clients
from core.workflow.actions.runs import object_base
from core.workflow.actions.watch import collect_finished
from core.workflow.session import Session
from core.workflow.state import JobState, SessionState
from core.workflow.steps import is_usable

_OFFLINE_PATIENCE = Patience(first_interval_s=0.1, longest_interval_s=0.5, longest_wait_s=30.0)


@dataclass(frozen=True)
class InventoryRow:
    """One thing that is there, or may be."""

    kind: Kind
    name: str
    """Address or ARN."""
    run: str
    created_at: str
    """ISO time, UTC; empty when only the engine knows of it."""
    state: str
    """``created``; ``intended`` when the reply was lost; ``found`` when the ledger lacks it."""
    monthly_usd: float
    """What Amazon charges for keeping it; objects are charged by size and count as 0."""


@dataclass(frozen=True)
class Inventory:
    """What a clean-up would delete, in its order."""

    session: str
    engine: str
    """The badge: OFFLINE, or account and Region."""
    is_paid: bool
    bucket: str
    prefix: str
    """Address below which only this session writes."""
    rows: tuple[InventoryRow, ...]
    unresolved: tuple[str, ...]
    """Names of classifiers and endpoints that were asked for and could not be found."""
    monthly_usd: float


@dataclass(frozen=True)
class CleanedUp:
    """What became of everything, and the proof."""

    results: tuple[CleanupResult, ...]
    left: tuple[CleanupItem, ...]
    """What the engine still shows, looked up afresh."""
    proof: tuple[str, ...]
    """Sentences about what was looked up and found."""


def cleanup_inventory(session: Session) -> Inventory:
    """List what the session created and is still there; nothing is changed.

    Raises:
        TunerError: the engine cannot be asked.
    """
    state = session.state()
    clients = session_clients(session)
    entries = {(entry.kind, entry.name): entry for entry in state.ledger}
    found = [item for item in _beyond_ledger(state, clients) if _key(item) not in entries]
    plan = cleanup_plan(state.ledger)
    order: tuple[Kind, ...] = ("endpoint", "classifier", "object")
    rows = [
        InventoryRow(
            kind=item.kind,
            name=item.name,
            run=item.run,
            created_at=entries[_key(item)].created_at if _key(item) in entries else "",
            state=entries[_key(item)].state if _key(item) in entries else "found",
            monthly_usd=monthly_usd([item]),
        )
        for kind in order
        for item in (*plan, *found)
        if item.kind == kind
    ]
    return Inventory(
        session=state.name,
        engine=clients.info.label,
        is_paid=clients.info.is_paid,
        bucket=clients.info.bucket,
        prefix=_prefix(state, clients),
        rows=tuple(rows),
        unresolved=tuple(entry.name for entry in unresolved(state.ledger)),
        monthly_usd=sum(row.monthly_usd for row in rows),
    )


def clean_up(
    session: Session, reporter: Reporter = silent, cancel: CancelToken | None = None
) -> CleanedUp:
    """Delete everything the session created and look it up again.

    Output of finished jobs that was not fetched yet is fetched first. A training under way is
    stopped. Repeating an interrupted clean-up finishes it.

    Raises:
        TryAgain: a scoring job runs, which the service cannot stop, or another terminal runs a
            step of this session.
        Interrupted: cancelled; what was deleted before is recorded.
        TunerError: the engine refuses or cannot be reached.
    """
    with session.working():
        clients = session_clients(session)
        _settle_jobs(session, clients)
        _enter_found(session, clients)
        results = []
        plan = cleanup_plan(session.state().ledger)
        for done, item in enumerate(plan):
            if cancel is not None:
                cancel.check()
            task = f"deleting {item.kind} {printable(item.name, 60)}"
            reporter(Progress(task, done, len(plan), "resources"))
            results.append(_delete(session, clients, item, reporter, cancel))
        _enter_found(session, clients)
        left = _left(session, clients)
        proof = _proof(session.state(), clients, left)
        deleted = sum(result.outcome != "still there" for result in results)
        session.record("cleanup", deleted=deleted, left=[item.name for item in left])
        return CleanedUp(tuple(results), left, proof)


def _delete(
    session: Session,
    clients: Clients,
    item: CleanupItem,
    reporter: Reporter,
    cancel: CancelToken | None,
) -> CleanupResult:
    """Delete one thing and save that it is gone."""
    patience = DEFAULT_PATIENCE if clients.info.is_paid else _OFFLINE_PATIENCE
    result = delete_item(clients, item, cancel, reporter, patience)
    if result.outcome != "still there":
        with session.editing() as state:
            state.ledger = [
                msgspec.structs.replace(entry, state="deleted")
                if (entry.kind, entry.name) == _key(item)
                else entry
                for entry in state.ledger
            ]
            if item.kind == "classifier":
                _end_trainings(state, item.name)
        session.record("deleted", kind=item.kind, name=item.name, outcome=result.outcome)
    return result


def _settle_jobs(session: Session, clients: Clients) -> None:
    """Fetch finished output; refuse while a scoring job runs; give up output that stays behind."""
    for run in session.state().runs:
        for job in run.jobs():
            is_open = bool(job.arn) and not (job.status is not None and job.status.is_final)
            if is_open and not _has_ended(session, clients, run.name, job.id):
                if job.kind == "scoring":
                    raise TryAgain(
                        "A scoring job runs",
                        f"{printable(job.id)} uses the classifier, and the service cannot stop it",
                        "clean up once it has ended; watch it with: comprehend-tuner jobs --watch",
                    )
    with contextlib.suppress(TunerError):
        collect_finished(session)
    with session.editing() as state:
        for run in state.runs:
            for job in run.jobs():
                status_now = job.status
                if status_now is not None and status_now.is_usable and not is_usable(job):
                    job.status = msgspec.structs.replace(
                        status_now, is_usable=False, message="its output was cleaned up unread"
                    )


def _has_ended(session: Session, clients: Clients, run_name: str, job_id: str) -> bool:
    """Whether a job does nothing any more; one that the service no longer knows has ended."""
    try:
        return refresh(session, clients, run_name, job_id).is_final
    except TunerError as error:
        if code_of(error) in ("ResourceNotFoundException", "JobNotFoundException"):
            return True
        raise


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


def _enter_found(session: Session, clients: Clients) -> None:
    """Enter what the engine shows of this session and the ledger lacks or calls deleted."""
    state = session.state()
    known = {(entry.kind, entry.name) for entry in state.ledger if entry.state != "deleted"}
    found = [item for item in _beyond_ledger(state, clients) if _key(item) not in known]
    if found:
        with session.editing() as state:
            for item in found:
                note_in_ledger(state, item.kind, item.name, item.run)


def _beyond_ledger(state: SessionState, clients: Clients) -> list[CleanupItem]:
    """Classifiers whose creating call was never answered, and every object below the prefix."""
    lost = [
        CleanupItem(kind="classifier", name=arn, run=run.name)
        for run in state.runs
        for classifier in run.classifiers
        if not classifier.training.arn
        for arn in _classifiers_named(clients, classifier.name, classifier.training)
    ]
    prefix = _prefix(state, clients)
    objects = [
        CleanupItem(kind="object", name=entry.uri, run=entry.uri[len(prefix) :].split("/")[0])
        for entry in (clients.store.list(prefix) if state.runs else [])
    ]
    return [*lost, *objects]


def _classifiers_named(clients: Clients, name: str, job: JobState) -> list[str]:
    """ARNs of the versions that a training's request may have created."""
    with explained():
        answer = clients.comprehend.list_document_classifiers(
            Filter={"DocumentClassifierName": name}
        )
    arns = [entry["DocumentClassifierArn"] for entry in answer["DocumentClassifierPropertiesList"]]
    version = job.request.get("VersionName", "")
    return [arn for arn in arns if not version or arn.endswith(f"/version/{version}")]


def _left(session: Session, clients: Clients) -> tuple[CleanupItem, ...]:
    """What the engine still shows of everything that was ever in the ledger."""
    entries = session.state().ledger
    everything = [msgspec.structs.replace(entry, state="created") for entry in entries]
    return verify_gone(clients, cleanup_plan(everything))


def _proof(state: SessionState, clients: Clients, left: tuple[CleanupItem, ...]) -> tuple[str, ...]:
    counts = {
        kind: sum(entry.kind == kind for entry in state.ledger)
        for kind in ("endpoint", "classifier", "object")
    }
    asked = ", ".join(plural(count, kind) for kind, count in counts.items() if count)
    lines = [
        f"asked again for {asked or 'nothing'}: "
        + (f"{plural(len(left), 'is', 'are')} still there" if left else "nothing left"),
    ]
    if state.runs:
        below = len(clients.store.list(_prefix(state, clients)))
        lines.append(f"{plural(below, 'object')} below {_prefix(state, clients)}")
    return (*lines, "scores, thresholds and reports stay in the session", KEPT_BY_SERVICE)


def _prefix(state: SessionState, clients: Clients) -> str:
    return object_base(state, clients, "", "").rstrip("/") + "/"


def _key(item: CleanupItem) -> tuple[Kind, str]:
    return item.kind, item.name
