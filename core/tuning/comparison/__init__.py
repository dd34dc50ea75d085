"""Two sets of decisions on the same documents, compared in pairs: what differs, and how surely."""

from core.tuning.comparison.comparing import compare_decisions, compare_runs
from core.tuning.comparison.decisions import Decisions, decide
from core.tuning.comparison.differences import (
    Comparison,
    Difference,
    PairedDifference,
    Verdict,
)

__all__ = [
    "Comparison",
    "Decisions",
    "Difference",
    "PairedDifference",
    "Verdict",
    "compare_decisions",
    "compare_runs",
    "decide",
]
