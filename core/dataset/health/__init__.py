"""Dataset health: a registry of small checks that each give one finding, and fixes for some."""

from core.dataset.health.findings import Example, Finding, HealthContext, Severity
from core.dataset.health.fixes import apply_fix, fix_ids
from core.dataset.health.measures import LabelCount, cooccurrence, label_distribution
from core.dataset.health.registry import run_checks, run_part_checks

__all__ = [
    "Example",
    "Finding",
    "HealthContext",
    "LabelCount",
    "Severity",
    "apply_fix",
    "cooccurrence",
    "fix_ids",
    "label_distribution",
    "run_checks",
    "run_part_checks",
]
