"""What became of a clean-up: what was looked up again, what is left, and what cannot go."""

from dataclasses import dataclass

import msgspec

from core.comprehend.clients import Clients
from core.comprehend.resources import (
    DELETE_ORDER,
    CleanupItem,
    CleanupResult,
    Kind,
    keeps_versions,
    kept_by_service,
    monthly_usd,
    objects_below,
    verify_gone,
)
from core.errors import TunerError
from core.text import plural, printable
from core.workflow.actions.cleanup.finding import Found
from core.workflow.actions.cleanup.scope import SESSION_TAG, Scope, inference_units, plan_of
from core.workflow.state import SessionState


@dataclass(frozen=True)
class Left:
    """One thing that can still be seen."""

    kind: Kind
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
    everything = [msgspec.structs.replace(entry, state="created") for entry in state.ledger]
    reasons = {result.item.name: result for result in results if result.outcome == "still there"}
    units = inference_units(state)
    return tuple(
        Left(
            kind=item.kind,
            name=item.name,
            run=item.run,
            monthly_usd=monthly_usd([item], state.prices, units),
            reason=why.message if why is not None else "",
            hint=why.hint if why is not None else "repeat the clean-up",
            is_refused=why is not None and why.is_refused,
        )
        for item in verify_gone(clients, plan_of(everything, scope))
        for why in [reasons.get(item.name)]
    )


def may_appear(state: SessionState, waiting: tuple[CleanupItem, ...]) -> tuple[Left, ...]:
    """What was asked for a moment ago and may exist although nothing shows it."""
    return tuple(
        Left(
            kind=item.kind,
            name=item.name,
            run=item.run,
            monthly_usd=monthly_usd([item], state.prices),
            reason="the call that creates it was never answered; it may yet appear",
            hint="repeat the clean-up in a few minutes",
            is_refused=False,
        )
        for item in waiting
    )


def proof_of(
    state: SessionState,
    clients: Clients,
    scope: Scope,
    left: tuple[Left, ...],
    found: Found,
    closed: tuple[str, ...],
) -> tuple[str, ...]:
    """Sentences about what was looked up and found, what stays, and what cannot be told.

    Raises:
        TunerError: the bucket cannot be listed.
    """
    lines = [_asked(state, scope, left)]
    is_listed = not any("objects" in sentence for sentence in found.cannot_tell)
    if scope.prefix and is_listed and (state.runs or state.ledger):
        below = len(objects_below(clients, scope.prefix))
        lines.append(f"{plural(below, 'object')} below {printable(scope.prefix)}")
    if state.runs and not found.cannot_tell:
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
        *(f"cannot tell: {sentence}" for sentence in found.cannot_tell),
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
        for job in (*each.jobs(), *each.replaced_jobs)
        if job.kind == "scoring" and job.arn and not job.is_adopted
    }
    sentences = [kept_by_service(len(jobs))]
    if clients.info.bucket and any(entry.kind == "object" for entry in state.ledger):
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
    everything: list[CleanupItem] = list(
        plan_of([msgspec.structs.replace(e, state="created") for e in state.ledger], scope)
    )
    counts = {kind: sum(item.kind == kind for item in everything) for kind in DELETE_ORDER}
    asked = ", ".join(plural(count, kind) for kind, count in counts.items() if count) or "nothing"
    found = f"{plural(len(left), 'is', 'are')} still there" if left else "nothing left"
    return f"asked again for {asked}: {found}"
