"""Whether new scores look like those that thresholds were tuned and measured on.

A reference is kept with each threshold: how many documents it flagged and how many scores lay at or
above a few points. New predictions are counted at the same points. Scores alone say that something
moved, never what: fewer flagged documents may be fewer positives, or the same positives with lower
scores. Only labelled documents tell them apart.
"""

from core.tuning.drift.checking import DriftReport, DriftVerdict, LabelDrift, drift_check
from core.tuning.drift.references import (
    DriftReference,
    ScorePoint,
    Tally,
    count_scores,
    drift_reference,
)

__all__ = [
    "DriftReference",
    "DriftReport",
    "DriftVerdict",
    "LabelDrift",
    "ScorePoint",
    "Tally",
    "count_scores",
    "drift_check",
    "drift_reference",
]
