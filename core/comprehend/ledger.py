"""What a session created, and what of it is left to delete."""

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from core.comprehend.pricing import DEFAULT_PRICES, PriceList
from core.text import plural

ResourceKind = Literal["object", "classifier", "endpoint", "flywheel", "role", "upload"]
EntryState = Literal["intended", "created", "deleted"]

DELETE_ORDER: tuple[ResourceKind, ...] = (
    "endpoint",
    "flywheel",
    "classifier",
    "upload",
    "object",
    "role",
)
"""Endpoints and flywheels hold classifiers in use, and running trainings read objects."""

_MONTH_S = 730 * 3600


class LedgerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a session created or was about to create."""

    kind: ResourceKind
    """What it is."""
    name: str
    """Its ``s3://`` address or ARN; an unfinished upload's address ends in ``?uploadId=ID``. For
    an intended classifier, endpoint or role the name asked for."""
    created_at: str
    """ISO time, UTC."""
    run: str
    """The run it belongs to; empty for the session's own."""
    state: EntryState
    """How far it has come; an intended thing may exist, when the reply was lost."""


class CleanupItem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to delete."""

    kind: ResourceKind
    """What it is."""
    name: str
    """Its address or ARN."""
    run: str
    """The run it belongs to."""


def cleanup_plan(entries: Iterable[LedgerEntry]) -> tuple[CleanupItem, ...]:
    """What is left to delete, in the order of `DELETE_ORDER`.

    The latest entry of a thing counts. An intended classifier or endpoint without an ARN is left
    out: its name may belong to somebody else. See `unresolved`.
    """
    latest: dict[tuple[str, str], LedgerEntry] = {}
    for entry in entries:
        latest[entry.kind, entry.name] = entry
    return in_delete_order(
        CleanupItem(kind=entry.kind, name=entry.name, run=entry.run)
        for entry in latest.values()
        if entry.state != "deleted" and _has_address(entry)
    )


def in_delete_order(items: Iterable[CleanupItem]) -> tuple[CleanupItem, ...]:
    """The items in the order in which they can be deleted."""
    return tuple(sorted(items, key=lambda item: DELETE_ORDER.index(item.kind)))


def unresolved(entries: Iterable[LedgerEntry]) -> tuple[LedgerEntry, ...]:
    """Intended classifiers, endpoints and roles whose ARN was never saved; they may exist."""
    latest = {(entry.kind, entry.name): entry for entry in entries}
    return tuple(
        entry for entry in latest.values() if entry.state == "intended" and not _has_address(entry)
    )


def monthly_usd(
    items: Iterable[CleanupItem],
    prices: PriceList = DEFAULT_PRICES,
    inference_units: Mapping[str, int] | None = None,
) -> float:
    """What keeping the items costs per month of 730 hours.

    Objects are not counted: S3 charges them by size, cents for files like these.

    Args:
        inference_units: units of an endpoint by its ARN; one where it is not named.
    """
    units = inference_units or {}
    total = 0.0
    for item in items:
        if item.kind == "classifier":
            total += prices.model_per_month
        elif item.kind == "endpoint":
            total += units.get(item.name, 1) * prices.endpoint_per_unit_second * _MONTH_S
    return total


def kept_by_service(scoring_jobs: int) -> str:
    """What clean-up cannot remove, as a sentence; empty without scoring jobs."""
    if not scoring_jobs:
        return ""
    return (
        f"{plural(scoring_jobs, 'finished scoring job')} {'stays' if scoring_jobs == 1 else 'stay'}"
        " in the service's list: no call deletes them, and they cost nothing"
    )


def _has_address(entry: LedgerEntry) -> bool:
    return entry.name.startswith("s3://" if entry.kind in ("object", "upload") else "arn:")
