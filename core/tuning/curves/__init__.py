"""A label's curve: what every possible threshold would do.

A threshold predicts the label when ``score >= threshold``. A curve has one point for every distinct
score that was returned, so no threshold is missed and documents with equal scores are never parted.

A score that the service did not return is unknown, not zero: it lies between 0 and the document's
ceiling (the lowest score returned for the document), and may reach a threshold when the ceiling
does.
"""

from core.tuning.curves.building import column_of, label_curve, label_curves
from core.tuning.curves.counting import BoolArray, IntArray
from core.tuning.curves.counts import Counts
from core.tuning.curves.curve import Curve, thin

__all__ = [
    "BoolArray",
    "Counts",
    "Curve",
    "IntArray",
    "column_of",
    "label_curve",
    "label_curves",
    "thin",
]
