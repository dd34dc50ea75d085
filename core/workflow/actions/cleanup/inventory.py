"""The list of what a clean-up would delete."""

from dataclasses import dataclass

from core.comprehend.clients import Clients
from core.comprehend.resources import CleanupItem, Kind, in_order, monthly_usd
from core.workflow.actions.cleanup.finding import find_beyond, foreign_roles, unanswered
from core.workflow.actions.cleanup.proof import staying
from core.workflow.actions.cleanup.scope import inference_units, plan_of, scope_of
from core.workflow.actions.launching import session_clients
from core.workflow.session import Session
from core.workflow.state import SessionState


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
    found = find_beyond(state, clients, scope)
    foreign = foreign_roles(state, clients, scope)
    plan = [item for item in plan_of(state.ledger, scope) if item.name not in foreign]
    rows = _rows(state, (*plan, *found.items))
    found_names = {item.name.rpartition("/version/")[0] or item.name for item in found.items}
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
            if name not in foreign and not any(other.endswith(f"/{name}") for other in found_names)
        ),
        cannot_tell=found.cannot_tell,
        stays=_stays(state, clients, rows, run),
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
        for item in in_order(items)
        for entry in [entries.get((item.kind, item.name))]
    )


def _stays(
    state: SessionState, clients: Clients, rows: tuple[InventoryRow, ...], run: str | None
) -> tuple[str, ...]:
    return staying(state, clients, run) if rows else ()
