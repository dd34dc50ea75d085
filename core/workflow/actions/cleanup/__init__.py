"""The clean-up step: list what a session created, delete it in order, and prove that it is gone.

Only the session's own things are touched: what its ledger names, what carries its tag, and what
lies below its own prefix in the bucket; nothing that was adopted from elsewhere. Whatever is found
beyond the ledger is entered there before it is deleted. Each deletion is saved as it happens, so an
interrupted clean-up is finished by repeating it. Scores, thresholds and reports stay in the
session's folder.
"""

from core.workflow.actions.cleanup.deleting import clean_up
from core.workflow.actions.cleanup.inventory import Inventory, InventoryRow, cleanup_inventory
from core.workflow.actions.cleanup.proof import CleanedUp, Left

__all__ = [
    "CleanedUp",
    "Inventory",
    "InventoryRow",
    "Left",
    "clean_up",
    "cleanup_inventory",
]
