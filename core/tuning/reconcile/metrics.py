"""The service's metrics from counts, and the threshold that gives reported ones."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from core.tuning.evidence import Interval
from core.tuning.parts import PartArrays
from core.tuning.reconcile.matching import Cells

_ROUNDING = 0.00011
"""Reported metrics have four decimals."""


def macro_figures(cells: Sequence[Cells]) -> dict[str, float]:
    """Means over labels of precision, recall and F1, under the service's names.

    `Accuracy` is left out: what it counts for multi-label is not documented clearly.
    """
    counts = np.array([[c.tp, c.fp, c.fn] for c in cells], dtype=np.float64).reshape(-1, 3)
    return {name: float(value[0]) for name, value in _figures(counts.T[:, :, None]).items()}


def point_of_metrics(part: PartArrays, metrics: Mapping[str, float]) -> Interval | None:
    """The thresholds, common to all labels, whose figures are the reported ones.

    None when there is none, when fewer than two of the figures were reported, or when scores are
    unknown. From the lowest fitting threshold (exclusive) to the highest (inclusive).
    """
    curves = [curve for curve in part.curves().values() if curve.positives]
    if not curves or np.isnan(part.scores).any():
        return None
    grid = np.unique(np.concatenate([curve.thresholds for curve in curves]))
    counts = np.zeros((3, len(curves), len(grid)))
    for row, curve in enumerate(curves):
        index = np.searchsorted(curve.thresholds, grid)
        tp, fp = (np.append(found, 0)[index] for found in (curve.tp, curve.fp))
        counts[:, row] = tp, fp, curve.positives - tp
    figures = _figures(counts)
    named = [name for name in figures if name in metrics]
    if len(named) < 2:
        return None
    off = np.max([np.abs(figures[name] - metrics[name]) for name in named], axis=0)
    fitting = np.flatnonzero(off <= _ROUNDING)
    if not len(fitting):
        return None
    first = int(fitting[0])
    return Interval(
        low=float(grid[first - 1]) if first else 0.0, high=float(grid[int(fitting[-1])])
    )


def _figures(counts: npt.NDArray[np.float64]) -> dict[str, npt.NDArray[np.float64]]:
    """Macro precision, recall, F1 from tp, fp, fn of shape (3, n_labels, n_thresholds)."""
    tp, fp, fn = counts

    def mean(
        above: npt.NDArray[np.float64], below: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        shares = np.divide(above, below, out=np.zeros_like(above), where=below > 0)
        return np.asarray(shares.mean(axis=0))

    return {
        "Precision": mean(tp, tp + fp),
        "Recall": mean(tp, tp + fn),
        "F1Score": mean(2 * tp, 2 * tp + fp + fn),
    }
