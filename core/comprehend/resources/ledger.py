"""What a session created, and what of it is left to delete."""

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from core.comprehend.pricing import DEFAULT_PRICES, PriceList

Kind = Literal["object", "classifier", "endpoint", "flywheel", "role"]

DELETE_ORDER: tuple[Kind, ...] = ("endpoint", "flywheel", "classifier", "object", "role")
"""Endpoints hold classifiers in use, and running trainings read objects."""
KEPT_BY_SERVICE = (
    "Finished scoring jobs stay in the service's list: no call deletes them, and they cost nothing."
)
"""What clean-up cannot remove, as a sentence."""


class LedgerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a session created or was about to create."""

    kind: Kind
    """What it is."""
    name: str
    """Its ``s3://`` address or ARN; for an intended classifier or endpoint the name asked for."""
    created_at: str
    """ISO time, UTC."""
    run: str
    """The run it belongs to; empty for the session's own."""
    state: Literal["intended", "created", "deleted"]
    """How far it has come; an intended thing may exist, when the reply was lost."""


class CleanupItem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to delete."""

    kind: Kind
    """What it is."""
    name: str
    """Its address or ARN."""
    run: str
    """The run it belongs to."""


def cleanup_plan(entries: Iterable[LedgerEntry]) -> tuple[CleanupItem, ...]:
    """What is left to delete, endpoints first, then classifiers, then objects.

    The latest entry of a thing counts. An intended classifier or endpoint without an ARN is left
    out: its name may belong to somebody else. See `unresolved`.
    """
    latest: dict[tuple[str, str], LedgerEntry] = {}
    for entry in entries:
        latest[entry.kind, entry.name] = entry
    return tuple(
        CleanupItem(kind=entry.kind, name=entry.name, run=entry.run)
        for kind in DELETE_ORDER
        for entry in latest.values()
        if entry.kind == kind and entry.state != "deleted" and _has_address(entry)
    )


def unresolved(entries: Iterable[LedgerEntry]) -> tuple[LedgerEntry, ...]:
    """Intended classifiers and endpoints whose ARN was never saved; they may exist."""
    latest = {(entry.kind, entry.name): entry for entry in entries}
    return tuple(
        entry for entry in latest.values() if entry.state == "intended" and not _has_address(entry)
    )


def monthly_usd(items: Iterable[CleanupItem], prices: PriceList = DEFAULT_PRICES) -> float:
    """What keeping the items costs per month of 730 hours, with one inference unit per endpoint.

    Objects are not counted: S3 charges them by size, cents for files like these.
    """
    price: Mapping[Kind, float] = {
        "classifier": prices.model_per_month,
        "endpoint": prices.endpoint_per_unit_second * 3600 * 730,
        "object": 0.0,
        "flywheel": 0.0,
        "role": 0.0,
    }
    return sum(price[item.kind] for item in items)


def _has_address(entry: LedgerEntry) -> bool:
    return entry.name.startswith("s3://" if entry.kind == "object" else "arn:")
