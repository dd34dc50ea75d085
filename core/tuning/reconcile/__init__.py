"""The service's own confusion cells, reproduced from the joined scores, or why they cannot be.

The operating point behind the service's cells is inferred, never assumed: per label every threshold
that gives exactly these counts, and the thresholds that do so for all labels. Where there is none,
the usual faults are tried one by one.
"""

from core.tuning.reconcile.findings import FINDINGS, Outcome, ReconcileFinding, Reconciliation
from core.tuning.reconcile.reconciling import ServiceMatrix, reconcile

__all__ = [
    "FINDINGS",
    "Outcome",
    "ReconcileFinding",
    "Reconciliation",
    "ServiceMatrix",
    "reconcile",
]
