"""Curves thinned for drawing."""

import numpy as np
import numpy.typing as npt

from core.tuning.curves import Curve
from core.workflow.reporting.contents import DrawnCurve

MOST_DRAWN = 60
"""Labels whose curves are drawn; a page with more would be too heavy to open."""
_COLUMNS = 160
_LOG_BELOW = 0.05
"""Thresholds below it are drawn on a logarithmic axis."""
_DIGITS = 5


def drawn_curve(curve: Curve, part: str, threshold: float) -> DrawnCurve:
    """One label's curves with one point in each of `_COLUMNS` columns, the one of highest F1.

    Args:
        curve: the exact curve.
        part: the part that it was counted on.
        threshold: the label's, which the axis must show.
    """
    low = _axis_low(threshold)
    kept = _kept(curve, low)
    tp, fp = curve.tp[kept], curve.fp[kept]
    more_tp, more_fp = curve.unknown_positives[kept], curve.unknown_negatives[kept]
    positives = max(curve.positives, 1)
    return DrawnCurve(
        label=curve.label,
        part=part,
        points=len(curve),
        axis_low=low,
        thresholds=tuple(float(value) for value in curve.thresholds[kept]),
        precision_low=_numbers(tp / np.maximum(tp + fp + more_fp, 1)),
        precision_high=_numbers((tp + more_tp) / np.maximum(tp + more_tp + fp, 1)),
        recall_low=_numbers(tp / positives),
        recall_high=_numbers((tp + more_tp) / positives),
        f1_low=_numbers(curve.f1_low[kept]),
        f1_high=_numbers(curve.f1_high[kept]),
    )


def _axis_low(threshold: float) -> float:
    if not 0 < threshold < _LOG_BELOW:
        return 0.0
    return float(10.0 ** np.floor(np.log10(threshold) - 0.3))


def _kept(curve: Curve, low: float) -> npt.NDArray[np.intp]:
    """Indices of the points to draw, ascending."""
    values = curve.thresholds
    shown = np.flatnonzero(values >= low)
    if not len(shown):
        return shown
    at = values[shown]
    place = at if low == 0 else 1 - np.log10(np.minimum(at, 1)) / np.log10(low)
    columns = np.minimum((np.clip(place, 0, 1) * _COLUMNS).astype(np.intp), _COLUMNS - 1)
    order = np.lexsort((-curve.f1[shown], columns))
    is_first = np.append(True, np.diff(columns[order]) > 0)
    return np.unique([shown[0], *shown[order[is_first]], shown[-1]])


def _numbers(values: npt.NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(round(float(value), _DIGITS) for value in values)
