"""The clean-up step: list what a session created, delete it in order, and prove that it is gone.

Only the session's own things are touched: what its ledger names, what carries its tag, and what
lies below its own prefix in the bucket; nothing that was adopted from elsewhere. Whatever is found
beyond the ledger is entered there before it is deleted. Each deletion is saved as it happens, so an
interrupted clean-up is finished by repeating it. Scores, thresholds and reports stay in the
session's folder.
"""

import contextlib
import datetime
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from core.comprehend.deletion import CleanupResult, delete_item
from core.comprehend.engine import Clients
from core.comprehend.jobs import SCORING_STATES, JobStatus
from core.comprehend.ledger import (
    DELETE_ORDER,
    CleanupItem,
    LedgerEntry,
    ResourceKind,
    cleanup_plan,
    in_delete_order,
    kept_by_service,
    monthly_usd,
    unresolved,
)
from core.comprehend.lookup import (
    keeps_versions,
    name_of,
    objects_below,
    tagged_resources,
    unfinished_uploads,
    verify_gone,
    version_of,
)
from core.comprehend.service_errors import DENIED_CODES, code_of, explained
from core.errors import TryAgain, TunerError
from core.progress import UNWATCHED, Watch
from core.text import plural, printable
from core.workflow.following import collect_finished
from core.workflow.jobs import note_in_ledger, refresh, session_clients
from core.workflow.session import Session, now
from core.workflow.state import EndpointState, JobState, RunState, SessionState
from core.workflow.trust import editing_settings

# Which things are a session's own, or one run's.


SESSION_TAG = "comprehend-tuner:session"
RUN_TAG = "comprehend-tuner:run"


@dataclass(frozen=True)
class Scope:
    """What one clean-up may touch."""

    run: str | None
    """The only run that is cleaned up; None for the whole session."""
    tags: Mapping[str, str]
    """What a resource must carry to be the session's."""
    session_prefix: str
    """Address below which only the session writes; empty without a bucket."""
    prefix: str
    """Address below which everything may go; empty without a bucket."""
    adopted: frozenset[str]
    """Addresses and ARNs of what was adopted from elsewhere; never touched."""

    def holds(self, run: str, name: str) -> bool:
        """Whether a thing of `run` may be deleted."""
        return (self.run is None or run == self.run) and name not in self.adopted


def scope_of(state: SessionState, clients: Clients, run: str | None) -> Scope:
    """The scope of a clean-up.

    Raises:
        InvalidInput: there is no such run.
    """
    whole = ""
    if clients.info.bucket:
        whole = state.object_base(clients.info.bucket) + "/"
    if run is not None:
        state.run_named(run)
    return Scope(
        run=run,
        tags=state.own_tag,
        session_prefix=whole,
        prefix=f"{whole}{run}/" if run is not None and whole else whole,
        adopted=_adopted(state),
    )


def plan_of(entries: Iterable[LedgerEntry], scope: Scope) -> tuple[CleanupItem, ...]:
    """What the ledger says is left to delete within the scope."""
    return tuple(item for item in cleanup_plan(entries) if scope.holds(item.run, item.name))


def runs_of(state: SessionState, scope: Scope) -> list[RunState]:
    """The runs within the scope."""
    return [run for run in state.runs if scope.run in (None, run.name)]


def inference_units(state: SessionState) -> dict[str, int]:
    """Inference units of the session's endpoints by ARN."""
    return {endpoint.arn: endpoint.inference_units for endpoint in state.endpoints if endpoint.arn}


def _adopted(state: SessionState) -> frozenset[str]:
    names: set[str] = set()
    for job in (job for run in state.runs for job in run.all_jobs()):
        if job.is_adopted:
            status = job.status
            outside = (status.input_uri, status.output_uri) if status is not None else ()
            names.update(name for name in (job.arn, *outside) if name)
    return frozenset(names)


# Finding what a session made and its ledger does not know, and closing what was never made.


GRACE_S = 300.0
"""Seconds that something whose creating call was not answered is given to appear."""
_NAMES_BEGIN = "ct-"
_LISTS_OF_BUCKET: tuple[tuple[ResourceKind, Callable[[Clients, str], tuple[str, ...]]], ...] = (
    ("object", objects_below),
    ("upload", unfinished_uploads),
)


@dataclass(frozen=True)
class Discovery:
    """What was found beyond the ledger."""

    items: tuple[CleanupItem, ...]
    """In the order of deletion; the ledger lacks them or calls them deleted."""
    cannot_tell: tuple[str, ...]
    """What could not be looked at, as printable sentences."""


def find_beyond(state: SessionState, clients: Clients, scope: Scope) -> Discovery:
    """Look for the session's things in the account: by tag, and below its prefix.

    Raises:
        TunerError: the engine cannot be asked.
    """
    if not (state.runs or state.ledger or state.endpoints):
        return Discovery((), ())
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
            if code_of(error) not in DENIED_CODES:
                raise
            cannot_tell.append(f"{kind}s below the prefix could not be listed: {error.message}")
            continue
        items += [_below(scope, name, kind) for name in names]
    items += _roles(state, clients, scope, cannot_tell)
    entered = {(entry.kind, entry.name) for entry in state.ledger if entry.state != "deleted"}
    new = [
        item
        for item in items
        if scope.holds(item.run, item.name) and (item.kind, item.name) not in entered
    ]
    return Discovery(in_delete_order(new), tuple(cannot_tell))


def enter(session: Session, beyond: Discovery) -> None:
    """Enter what was found into the ledger, and as the answer of the call that made it."""
    if not beyond.items:
        return
    with session.editing() as state:
        for item in beyond.items:
            note_in_ledger(state, item.kind, item.name, item.run)
            if item.kind in ("endpoint", "classifier", "role"):
                _answer(state, item)


def foreign_roles(state: SessionState, clients: Clients, scope: Scope) -> frozenset[str]:
    """Names of intended roles that somebody else had made before; they were never the session's.

    Raises:
        TunerError: IAM cannot be asked.
    """
    names = set()
    for entry in state.ledger_entries("role", "intended"):
        try:
            role = _role(clients, entry.name)
        except TunerError as error:
            if code_of(error) not in DENIED_CODES:
                raise
            continue
        if role is not None and not _is_tagged(role, scope):
            names.add(entry.name)
    return frozenset(names)


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


def close_unanswered(session: Session, scope: Scope, open_items: tuple[CleanupItem, ...]) -> None:
    """Record that intended things were looked for and do not exist, all but `open_items`.

    An intended training stays as it is: repeating the step sends the same request.
    """
    open_names = {item.name for item in open_items}
    state = session.state()
    if not _unresolved(state, scope) and not _open_endpoints(state, scope):
        return
    with session.editing() as state:
        closed = {(e.kind, e.name) for e in _unresolved(state, scope) if e.name not in open_names}
        state.mark_in_ledger("deleted", closed)
        for endpoint in _open_endpoints(state, scope):
            if endpoint.name not in open_names:
                endpoint.state, endpoint.deleted_at = "DELETED", now()


def is_recent(at: str) -> bool:
    """Whether a moment, in ISO time, is so near that the service need not show its effect yet."""
    age = datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(at)
    return age.total_seconds() < GRACE_S


def _below(scope: Scope, name: str, kind: ResourceKind) -> CleanupItem:
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
            if code_of(error) not in DENIED_CODES:
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
    state.strike(item.kind, name)
    if item.kind == "endpoint":
        for endpoint in state.endpoints:
            if endpoint.name == name and not endpoint.arn and not endpoint.deleted_at:
                endpoint.arn, endpoint.created_at = item.name, endpoint.created_at or now()
    if item.kind == "classifier":
        for job in (job for run in state.runs for job in run.jobs()):
            if job.kind == "training" and not job.arn and _is_answer(job, item.name):
                job.arn, job.started_at = item.name, job.started_at or now()


def _is_answer(job: JobState, arn: str) -> bool:
    asked = (job.request["DocumentClassifierName"], job.request.get("VersionName", ""))
    return asked == (name_of(arn), version_of(arn))


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


# What became of a clean-up: what was looked up again, what is left, and what cannot go.


@dataclass(frozen=True)
class Left:
    """One thing that can still be seen."""

    kind: ResourceKind
    name: str
    """Address or ARN."""
    run: str
    monthly_usd: float
    """What keeping it costs; objects are charged by size and count as 0."""
    reason: str
    """Why it is still there; printable, empty when it appeared only now."""
    hint: str
    """What to do about it; printable."""
    is_refused: bool
    """Whether repeating is of no use until somebody has done something."""


@dataclass(frozen=True)
class CleanedUp:
    """What became of everything, and the proof."""

    results: tuple[CleanupResult, ...]
    left: tuple[Left, ...]
    """What the engine still shows, looked up afresh."""
    left_monthly_usd: float
    """What keeping the rest costs a month."""
    proof: tuple[str, ...]
    """Sentences about what was looked up and found; printable."""


def look_again(
    state: SessionState, clients: Clients, scope: Scope, results: tuple[CleanupResult, ...]
) -> tuple[Left, ...]:
    """What the engine still shows of everything that was ever in the ledger.

    Raises:
        TunerError: the engine cannot be asked.
    """
    reasons = {result.item.name: result for result in results if result.outcome == "still there"}
    return tuple(
        _left(state, item, why.message, why.hint, why.is_refused)
        if (why := reasons.get(item.name)) is not None
        else _left(state, item, "", "repeat the clean-up")
        for item in verify_gone(clients, _ever_entered(state, scope))
    )


def may_appear(state: SessionState, waiting: tuple[CleanupItem, ...]) -> tuple[Left, ...]:
    """What was asked for a moment ago and may exist although nothing shows it."""
    reason = "the call that creates it was never answered; it may yet appear"
    hint = "repeat the clean-up in a few minutes"
    return tuple(_left(state, item, reason, hint) for item in waiting)


def _left(
    state: SessionState, item: CleanupItem, reason: str, hint: str, is_refused: bool = False
) -> Left:
    monthly = monthly_usd([item], state.prices, inference_units(state))
    return Left(item.kind, item.name, item.run, monthly, reason, hint, is_refused)


def _ever_entered(state: SessionState, scope: Scope) -> tuple[CleanupItem, ...]:
    """Everything within the scope that was ever in the ledger."""
    return plan_of([msgspec.structs.replace(e, state="created") for e in state.ledger], scope)


def proof_of(
    state: SessionState,
    clients: Clients,
    scope: Scope,
    left: tuple[Left, ...],
    beyond: Discovery,
    closed: tuple[str, ...],
) -> tuple[str, ...]:
    """Sentences about what was looked up and found, what stays, and what cannot be told.

    Raises:
        TunerError: the bucket cannot be listed.
    """
    lines = [_asked(state, scope, left)]
    is_listed = not any("objects" in sentence for sentence in beyond.cannot_tell)
    if scope.prefix and is_listed and (state.runs or state.ledger):
        below = len(objects_below(clients, scope.prefix))
        lines.append(f"{plural(below, 'object')} below {printable(scope.prefix)}")
    if state.runs and not beyond.cannot_tell:
        tag = f"{SESSION_TAG}={printable(scope.tags[SESSION_TAG])}"
        kinds = ("endpoint", "flywheel", "classifier")
        there = sum(entry.kind in kinds for entry in left)
        lines.append(
            f"tagged {tag}: {plural(there, 'endpoint, flywheel or classifier', '')}"
            if there
            else f"no endpoint, flywheel or classifier is tagged {tag}"
        )
    return (
        *lines,
        *(f"cannot tell: {sentence}" for sentence in beyond.cannot_tell),
        *(f"asked for and never found: {printable(name, 80)}" for name in closed),
        *staying(state, clients, scope.run),
        "scores, thresholds and reports stay in the session",
    )


def staying(state: SessionState, clients: Clients, run: str | None) -> tuple[str, ...]:
    """What a clean-up cannot remove, as printable sentences."""
    jobs = {
        job.id
        for each in state.runs
        if run in (None, each.name)
        for job in each.all_jobs()
        if job.kind == "scoring" and job.arn and not job.is_adopted
    }
    sentences = [kept_by_service(len(jobs))]
    if clients.info.bucket and state.ledger_entries("object"):
        sentences.append(_versions(clients))
    return tuple(sentence for sentence in sentences if sentence)


def _versions(clients: Clients) -> str:
    bucket = printable(clients.info.bucket, 80)
    try:
        if not keeps_versions(clients, clients.info.bucket):
            return ""
    except TunerError as error:
        return (
            f"cannot tell whether bucket {bucket} keeps older versions of deleted objects: "
            f"{error.message}"
        )
    return (
        f"bucket {bucket} keeps versions: deleted objects may remain as older versions, charged by "
        "size until its own rules remove them"
    )


def _asked(state: SessionState, scope: Scope, left: tuple[Left, ...]) -> str:
    counts = Counter(item.kind for item in _ever_entered(state, scope))
    asked = ", ".join(plural(counts[kind], kind) for kind in DELETE_ORDER if counts[kind])
    outcome = f"{plural(len(left), 'is', 'are')} still there" if left else "nothing left"
    return f"asked again for {asked or 'nothing'}: {outcome}"


# The list of what a clean-up would delete.


@dataclass(frozen=True)
class InventoryRow:
    """One thing that is there, or may be."""

    kind: ResourceKind
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
    run: str | None
    """The only run that is listed; None for the whole session."""
    engine: str
    """The badge: OFFLINE, or account and Region."""
    is_paid: bool
    bucket: str
    prefix: str
    """Address below which only this session writes."""
    rows: tuple[InventoryRow, ...]
    unresolved: tuple[str, ...]
    """Names of classifiers, endpoints and roles that were asked for and could not be found."""
    cannot_tell: tuple[str, ...]
    """What could not be looked at, as printable sentences."""
    stays: tuple[str, ...]
    """What a clean-up cannot remove, as printable sentences."""
    monthly_usd: float


def cleanup_inventory(session: Session, run: str | None = None) -> Inventory:
    """List what the session created and is still there; nothing is changed.

    Args:
        run: the only run to list; None for the whole session.

    Raises:
        InvalidInput: there is no such run.
        TunerError: the engine cannot be asked.
    """
    state = session.state()
    clients = session_clients(session)
    scope = scope_of(state, clients, run)
    beyond = find_beyond(state, clients, scope)
    foreign = foreign_roles(state, clients, scope)
    plan = [item for item in plan_of(state.ledger, scope) if item.name not in foreign]
    rows = _rows(state, (*plan, *beyond.items))
    new_names = {item.name.rpartition("/version/")[0] or item.name for item in beyond.items}
    return Inventory(
        session=state.name,
        run=run,
        engine=clients.info.label,
        is_paid=clients.info.is_paid,
        bucket=clients.info.bucket,
        prefix=scope.prefix,
        rows=rows,
        unresolved=tuple(
            name
            for name in unanswered(state, scope)
            if name not in foreign and not any(other.endswith(f"/{name}") for other in new_names)
        ),
        cannot_tell=beyond.cannot_tell,
        stays=staying(state, clients, run) if rows else (),
        monthly_usd=sum(row.monthly_usd for row in rows),
    )


def _rows(state: SessionState, items: tuple[CleanupItem, ...]) -> tuple[InventoryRow, ...]:
    entries = {(e.kind, e.name): e for e in state.ledger if e.state != "deleted"}
    units = inference_units(state)
    return tuple(
        InventoryRow(
            kind=item.kind,
            name=item.name,
            run=item.run,
            created_at=entry.created_at if entry is not None else "",
            state=entry.state if entry is not None else "found",
            monthly_usd=monthly_usd([item], state.prices, units),
        )
        for item in in_delete_order(items)
        for entry in [entries.get((item.kind, item.name))]
    )


# Bringing a session's jobs to rest before what they use is deleted.


def settle_jobs(session: Session, clients: Clients, scope: Scope) -> None:
    """Fetch finished output; refuse while a scoring job runs; give up output that stays behind.

    Raises:
        TryAgain: a scoring job runs, which the service cannot stop.
        TunerError: the engine cannot be asked.
    """
    for run in runs_of(session.state(), scope):
        for job in run.jobs():
            if not job.is_adopted and _runs_on(session, clients, run.name, job):
                raise TryAgain(
                    "A scoring job runs",
                    f"{printable(job.id)} uses the classifier, and the service cannot stop it",
                    "clean up once it has ended; watch it with: comprehend-tuner jobs --watch",
                )
    with contextlib.suppress(TunerError):
        collect_finished(session)
    with session.editing() as state:
        for job in (job for run in runs_of(state, scope) for job in run.jobs()):
            status = job.status
            if status is not None and job.has_new_output and not job.is_adopted:
                job.status = msgspec.structs.replace(
                    status, is_usable=False, message="its output was cleaned up unread"
                )


def _runs_on(session: Session, clients: Clients, run_name: str, job: JobState) -> bool:
    """Whether a scoring job is under way; a training is stopped when its turn comes."""
    if job.is_final:
        return False
    if not job.arn:
        return job.kind == "scoring" and _is_listed_as_running(clients, job)
    try:
        return not refresh(session, clients, run_name, job.id).is_final and job.kind == "scoring"
    except TunerError as error:
        if code_of(error) in ("ResourceNotFoundException", "JobNotFoundException"):
            return False
        raise


def _is_listed_as_running(clients: Clients, job: JobState) -> bool:
    """Whether a job whose start was never answered runs; its name holds the session's digits."""
    try:
        with explained():
            answer = clients.comprehend.list_document_classification_jobs(
                Filter={"JobName": job.request["JobName"]}
            )
    except TunerError as error:
        if code_of(error) in DENIED_CODES:
            return False
        raise
    return any(
        not SCORING_STATES.get(str(entry["JobStatus"]), (False, False))[0]
        for entry in answer["DocumentClassificationJobPropertiesList"]
    )


# Deleting what a session created, each deletion saved as it happens.


def clean_up(session: Session, watch: Watch = UNWATCHED, run: str | None = None) -> CleanedUp:
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
        settle_jobs(session, clients, scope)
        _find(session, clients, scope, watch)
        results: list[CleanupResult] = []
        plan = plan_of(session.state().ledger, scope)
        for done, item in enumerate(plan):
            task = f"deleting {item.kind} {printable(item.name, 60)}"
            watch.report(task, done, len(plan), "resources")
            watch.check()
            results.append(_delete(session, clients, scope, item, watch))
        return _prove(session, clients, scope, tuple(results))


def _find(session: Session, clients: Clients, scope: Scope, watch: Watch) -> None:
    """Enter what the ledger lacks; what was asked for and is not found is looked for again."""
    foreign = foreign_roles(session.state(), clients, scope)
    if foreign:
        with session.editing() as state:
            for name in foreign:
                state.strike("role", name)
    enter(session, find_beyond(session.state(), clients, scope))
    if unanswered(session.state(), scope):
        watch.wait(clients.poll_s)
        watch.check()
        enter(session, find_beyond(session.state(), clients, scope))


def _prove(
    session: Session, clients: Clients, scope: Scope, results: tuple[CleanupResult, ...]
) -> CleanedUp:
    """Look everything up again."""
    beyond = find_beyond(session.state(), clients, scope)
    enter(session, beyond)
    closed = unanswered(session.state(), scope)
    waiting = pending(session.state(), clients, scope)
    if not beyond.cannot_tell:
        close_unanswered(session, scope, waiting)
    state = session.state()
    left = (*look_again(state, clients, scope, results), *may_appear(state, waiting))
    _reopen(session, left)
    proof = proof_of(state, clients, scope, left, beyond, closed)
    deleted = sum(result.outcome != "still there" for result in results)
    session.record("cleanup", run=scope.run, deleted=deleted, left=[item.name for item in left])
    return CleanedUp(results, left, sum(item.monthly_usd for item in left), proof)


def _reopen(session: Session, left: tuple[Left, ...]) -> None:
    """What was recorded as deleted and is seen again is to be deleted again."""
    names = {(item.kind, item.name) for item in left}
    with session.editing() as state:
        deleted = {(entry.kind, entry.name) for entry in state.ledger_entries(state="deleted")}
        state.mark_in_ledger("created", names & deleted)
        for endpoint in state.endpoints:
            if ("endpoint", endpoint.arn) in names:
                endpoint.deleted_at = ""


def _delete(
    session: Session, clients: Clients, scope: Scope, item: CleanupItem, watch: Watch
) -> CleanupResult:
    """Delete one thing and save that it is gone."""
    gone = {entry.name for entry in session.state().ledger_entries(state="deleted")}
    result = delete_item(
        clients, item, watch, tags=scope.tags, prefix=scope.session_prefix, gone=gone
    )
    if result.outcome != "still there":
        with editing_settings(session) as state:
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
    state.mark_in_ledger("deleted", {(item.kind, item.name)})
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
        if not job.is_final:
            job.status = JobStatus(
                kind="training",
                state="STOPPED",
                is_final=True,
                is_usable=False,
                arn=arn,
                message="its classifier was deleted by the clean-up",
            )
