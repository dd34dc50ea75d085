"""The curve of one label and the figures read from it."""

import dataclasses
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from core.tuning.curves.counting import IntArray
from core.tuning.curves.counts import Counts
from core.tuning.decimals import FloatArray, exact_value, exact_values, limit_for


def _none_unknown() -> FloatArray:
    return np.zeros(0, dtype=np.float32)


@dataclass(frozen=True)
class Curve:
    """True and false positives of a label at every distinct returned score."""

    label: str
    values: FloatArray
    """(k,) distinct returned scores, ascending, in the dtype of the scores; see `thresholds`."""
    tp: IntArray
    """int64 (k,): positives at or above each value."""
    fp: IntArray
    """int64 (k,): negatives at or above each value."""
    positives: int
    """Documents with the label, those with an unknown score included."""
    negatives: int
    """Documents without the label, those with an unknown score included."""
    positive_ceilings: FloatArray = field(default_factory=_none_unknown)
    """Ascending ceilings of the positives whose score is unknown, in the dtype of `values`."""
    negative_ceilings: FloatArray = field(default_factory=_none_unknown)
    """Ascending ceilings of the negatives whose score is unknown, in the dtype of `values`."""

    def __len__(self) -> int:
        """Number of points."""
        return len(self.values)

    @cached_property
    def thresholds(self) -> npt.NDArray[np.float64]:
        """float64 (k,), ascending: the values as the decimals that thresholds are written in."""
        return exact_values(self.values)

    @cached_property
    def unknown_positives(self) -> IntArray:
        """int64 (k,): positives with an unknown score that may reach each threshold."""
        return self._may_reach(self.positive_ceilings)

    @cached_property
    def unknown_negatives(self) -> IntArray:
        """int64 (k,): negatives with an unknown score that may reach each threshold."""
        return self._may_reach(self.negative_ceilings)

    @property
    def precision(self) -> npt.NDArray[np.float64]:
        """float64 (k,); at least one document is flagged at every point."""
        return self.tp / (self.tp + self.fp)

    @property
    def recall(self) -> npt.NDArray[np.float64]:
        """float64 (k,); 0 without positives."""
        return self.tp / max(self.positives, 1)

    @property
    def f1(self) -> npt.NDArray[np.float64]:
        """float64 (k,): 2TP / (2TP + FP + FN), unknown scores taken as not flagged."""
        return 2 * self.tp / (self.tp + self.fp + self.positives)

    @property
    def f1_low(self) -> npt.NDArray[np.float64]:
        """float64 (k,): the lowest F1 that the unknown scores allow."""
        return 2 * self.tp / (self.tp + self.fp + self.unknown_negatives + self.positives)

    @property
    def f1_high(self) -> npt.NDArray[np.float64]:
        """float64 (k,): the highest F1 that the unknown scores allow."""
        tp = self.tp + self.unknown_positives
        return 2 * tp / (tp + self.fp + self.positives)

    @property
    def returned_share(self) -> float:
        """Share of the positives whose score is known; 1 without positives."""
        known = self.positives - len(self.positive_ceilings)
        return known / self.positives if self.positives else 1.0

    @property
    def average_precision(self) -> float | None:
        """Area under the steps of precision over recall, None without positives.

        Steps, not straight lines, between points: lines are too optimistic (Davis & Goadrich 2006).
        Unknown scores are taken as ranked last.
        """
        if not self.positives:
            return None
        gained = self.tp - np.append(self.tp[1:], 0)
        return float(np.sum(gained * self.precision) / self.positives)

    def threshold_at(self, index: int) -> float:
        """The threshold of one point, without writing out all the others."""
        return exact_value(self.values[index])

    def index_of(self, threshold: float) -> int:
        """The first point whose value reaches `threshold`; k when none does."""
        return int(np.searchsorted(self.values, limit_for(self.values.dtype, threshold)))

    def at(self, threshold: float) -> Counts:
        """The counts at any threshold, looked up in O(log k)."""
        index = self.index_of(threshold)
        tp, fp = (int(self.tp[index]), int(self.fp[index])) if index < len(self) else (0, 0)
        limit = limit_for(self.values.dtype, threshold)
        unknown = [
            len(ceilings) - int(np.searchsorted(ceilings, limit))
            for ceilings in (self.positive_ceilings, self.negative_ceilings)
        ]
        return Counts(threshold, tp, fp, self.positives - tp, self.negatives - fp, *unknown)

    def _may_reach(self, ceilings: FloatArray) -> IntArray:
        return len(ceilings) - np.searchsorted(ceilings, self.values).astype(np.int64)


def thin(curve: Curve, n_points: int) -> Curve:
    """A curve of at most `n_points` of the same points, for drawing and export only.

    Keeps both ends and the best F1, and otherwise points at even distances in rank. Never choose a
    threshold on it: the best may be among the points left out.
    """
    if len(curve) <= n_points:
        return curve
    even = np.linspace(0, len(curve) - 1, max(n_points - 1, 1)).round().astype(np.intp)
    kept = np.unique(np.append(even, np.argmax(curve.f1)))
    return dataclasses.replace(
        curve, values=curve.values[kept], tp=curve.tp[kept], fp=curve.fp[kept]
    )
