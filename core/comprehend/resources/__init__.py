"""Everything a session created, and its ordered removal with proof.

Only what the ledger names or a session's tag marks is touched. Deleting is asynchronous at the
service: a thing counts as gone when describing or listing no longer finds it, not when the delete
call returned.
"""

from core.comprehend.resources.bucket import keeps_versions, objects_below, unfinished_uploads
from core.comprehend.resources.codes import DENIED
from core.comprehend.resources.deletion import (
    CleanupResult,
    Outcome,
    Patience,
    delete_item,
    patience_of,
)
from core.comprehend.resources.ledger import (
    DELETE_ORDER,
    CleanupItem,
    Kind,
    LedgerEntry,
    cleanup_plan,
    in_order,
    kept_by_service,
    monthly_usd,
    unresolved,
)
from core.comprehend.resources.lookup import (
    Tagged,
    name_of,
    tagged_resources,
    verify_gone,
    version_of,
)

__all__ = [
    "DELETE_ORDER",
    "DENIED",
    "CleanupItem",
    "CleanupResult",
    "Kind",
    "LedgerEntry",
    "Outcome",
    "Patience",
    "Tagged",
    "cleanup_plan",
    "delete_item",
    "in_order",
    "keeps_versions",
    "kept_by_service",
    "monthly_usd",
    "name_of",
    "objects_below",
    "patience_of",
    "tagged_resources",
    "unfinished_uploads",
    "unresolved",
    "verify_gone",
    "version_of",
]
