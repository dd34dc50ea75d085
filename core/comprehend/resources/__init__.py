"""Everything a session created, and its ordered removal with proof.

Only what the ledger names is touched. Deleting is asynchronous at the service: a thing counts as
gone when describing or listing no longer finds it, not when the delete call returned.
"""

from core.comprehend.resources.deletion import (
    DEFAULT_PATIENCE,
    CleanupResult,
    Outcome,
    Patience,
    delete_item,
    verify_gone,
)
from core.comprehend.resources.ledger import (
    DELETE_ORDER,
    KEPT_BY_SERVICE,
    CleanupItem,
    Kind,
    LedgerEntry,
    cleanup_plan,
    monthly_usd,
    unresolved,
)

__all__ = [
    "DEFAULT_PATIENCE",
    "DELETE_ORDER",
    "KEPT_BY_SERVICE",
    "CleanupItem",
    "CleanupResult",
    "Kind",
    "LedgerEntry",
    "Outcome",
    "Patience",
    "cleanup_plan",
    "delete_item",
    "monthly_usd",
    "unresolved",
    "verify_gone",
]
