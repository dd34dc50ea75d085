"""A label's curve: what every possible threshold would do.

A threshold predicts the label when ``score >= threshold``. A curve has one point for every distinct
score that was returned, so no threshold is missed and documents with equal scores are never parted.

A score that the service did not return is unknown, not zero: it lies between 0 and the document's
ceiling (the lowest score returned for the document), and may reach a threshold when the ceiling
does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.progress import UNWATCHED, Watch
from core.text import printable
from core.tuning.decimals import FloatArray, exact_value, exact_values, limit_for

# True and false positives at every distinct score, by sorting or by an exact histogram.


IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_STEPS = 10_000
"""Scores with four decimals are multiples of 1 / 10,000."""
_PROBE = 512
"""Scores looked at before the histogram is tried on all of them."""
_BLOCK = 4_096
"""Rows turned at once by `columns`, few enough to stay in the processor's cache."""


def columns(matrix: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The matrix turned, (n_columns, n_rows), each column contiguous; faster than one big copy."""
    turned = np.empty(matrix.shape[::-1], dtype=matrix.dtype)
    for start in range(0, len(matrix), _BLOCK):
        turned[:, start : start + _BLOCK] = matrix[start : start + _BLOCK].T
    return turned


def count_at_scores(scores: FloatArray, truth: BoolArray) -> tuple[FloatArray, IntArray, IntArray]:
    """Distinct scores, ascending, with the positives and the negatives that reach each of them.

    Equal scores are one threshold: the rows of a tie enter together.

    Args:
        scores: float (n,), contiguous, each in [0, 1].
        truth: bool (n,), whether the document has the label.

    Returns:
        values (k,) of the dtype of `scores`, tp int64 (k,), fp int64 (k,).
    """
    if not len(scores):
        empty = np.zeros(0, dtype=np.int64)
        return scores, empty, empty
    steps = _ten_thousandths(scores)
    return _by_sorting(scores, truth) if steps is None else _by_histogram(steps, truth)


def _ten_thousandths(scores: FloatArray) -> FloatArray | None:
    """(n,) whole numbers, 10,000 times the scores, when all have at most four decimals; else None.

    A quotient of two exact numbers is rounded once, so it equals the score only if that is what the
    decimal rounds to.
    """
    scale = scores.dtype.type(_STEPS)
    steps = scores
    for part in (scores[:_PROBE], scores):
        steps = np.rint(part * scale)
        if not np.array_equal(steps / scale, part):
            return None
    return steps


def _by_histogram(steps: FloatArray, truth: BoolArray) -> tuple[FloatArray, IntArray, IntArray]:
    codes = (steps + steps + truth.astype(steps.dtype)).astype(np.intp)
    rows = np.bincount(codes, minlength=2 * (_STEPS + 1))
    negatives, positives = rows[0::2], rows[1::2]
    present = np.flatnonzero(negatives + positives)
    values = present / _STEPS
    if steps.dtype == np.float32:
        values = values.astype(np.float32)
    return values, _at_or_above(positives[present]), _at_or_above(negatives[present])


def _at_or_above(counts: npt.NDArray[np.intp]) -> IntArray:
    return np.ascontiguousarray(np.cumsum(counts[::-1], dtype=np.int64)[::-1])


def _by_sorting(scores: FloatArray, truth: BoolArray) -> tuple[FloatArray, IntArray, IntArray]:
    """Sort the scores with the truth carried along in the lowest bit of an integer key.

    The bits of non-negative IEEE numbers order as the numbers do, and their sign bit is free:
    shifted out, it makes room for the truth, so one plain sort of integers replaces an indirect
    sort.
    """
    kind: Any = np.uint32 if scores.dtype == np.float32 else np.uint64
    keys = scores.view(kind) << kind(1)
    keys |= truth
    keys.sort()
    bits = keys >> kind(1)
    starts = np.concatenate(([0], np.flatnonzero(bits[1:] != bits[:-1]) + 1))
    positives = np.cumsum(keys & kind(1), dtype=np.int64)
    before = np.where(starts > 0, positives[starts - 1], 0)
    tp = positives[-1] - before
    fp = len(keys) - starts - tp
    return bits[starts].view(scores.dtype), tp, fp


# The decisions of one threshold, counted.


@dataclass(frozen=True)
class Counts:
    """Decisions of one threshold on a set of documents, unknown scores taken as not flagged."""

    threshold: float
    tp: int
    """Documents with the label that were flagged."""
    fp: int
    """Documents without the label that were flagged."""
    fn: int
    """Documents with the label that were not flagged."""
    tn: int
    """Documents without the label that were not flagged."""
    unknown_positives: int = 0
    """Documents among `fn` whose unknown score may reach the threshold."""
    unknown_negatives: int = 0
    """Documents among `tn` whose unknown score may reach the threshold."""

    @property
    def unknown(self) -> int:
        """Documents whose unknown score may reach the threshold."""
        return self.unknown_positives + self.unknown_negatives

    @property
    def flagged(self) -> int:
        """Documents that get the label."""
        return self.tp + self.fp

    @property
    def positives(self) -> int:
        """Documents with the label: its support here."""
        return self.tp + self.fn

    @property
    def precision(self) -> float:
        """TP / (TP + FP), 0 when nothing is flagged."""
        return _ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        """TP / (TP + FN), 0 without positives."""
        return _ratio(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> float:
        """2TP / (2TP + FP + FN), 0 when undefined."""
        return _ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    @property
    def f1_low(self) -> float:
        """F1 if every unknown score were as unlucky as it may be: the negatives flagged."""
        return _ratio(2 * self.tp, 2 * self.tp + self.fp + self.unknown_negatives + self.fn)

    @property
    def f1_high(self) -> float:
        """F1 if every unknown score were as lucky as it may be: the positives flagged."""
        tp = self.tp + self.unknown_positives
        return _ratio(2 * tp, tp + self.fp + self.positives)

    @property
    def f1_range(self) -> tuple[float, float]:
        """Lowest and highest F1 that the unknown scores allow."""
        return self.f1_low, self.f1_high

    @property
    def precision_range(self) -> tuple[float, float]:
        """Lowest and highest precision that the unknown scores allow."""
        most = self.tp + self.unknown_positives
        low = _ratio(self.tp, self.tp + self.fp + self.unknown_negatives)
        return low, _ratio(most, most + self.fp)

    @property
    def recall_range(self) -> tuple[float, float]:
        """Lowest and highest recall that the unknown scores allow."""
        return self.recall, _ratio(self.tp + self.unknown_positives, self.positives)


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


# The curve of one label and the figures read from it.


def _none_unknown() -> FloatArray:
    return np.zeros(0, dtype=np.float32)


@dataclass(frozen=True, eq=False)
class Curve:
    """True and false positives of a label at every distinct returned score.

    A curve equals itself alone, so that what is worked out of it can be kept beside it.
    """

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


# Curves counted from scores and truth.


def label_curve(
    label: str, scores: FloatArray, truth: BoolArray, ceilings: FloatArray | None = None
) -> Curve:
    """The exact curve of one label.

    Args:
        label: its name.
        scores: float32 or float64 (n,): a score in [0, 1], NaN for unknown, -inf for a document
            that no threshold flags.
        truth: bool (n,), whether each document has the label.
        ceilings: (n,), the highest value that an unknown score may have; None for 1.

    Raises:
        InvalidInput: a score is outside [0, 1].
    """
    scores = scores if scores.flags.c_contiguous else scores.copy()
    truth = np.ascontiguousarray(truth, dtype=np.bool_)
    positives = int(np.count_nonzero(truth))
    negatives = len(truth) - positives
    with np.errstate(invalid="ignore"):
        returned = scores >= 0
    if returned.all():
        _check_range(label, scores)
        return Curve(label, *count_at_scores(scores, truth), positives, negatives)
    unknown = np.isnan(scores)
    _check_range(label, scores[~unknown & (scores != -np.inf)])
    values, tp, fp = count_at_scores(scores[returned], truth[returned])
    highest = _same_dtype(np.ones(len(scores)) if ceilings is None else ceilings, scores.dtype)
    return Curve(
        label,
        values,
        tp,
        fp,
        positives,
        negatives,
        _ascending(highest[unknown & truth]),
        _ascending(highest[unknown & ~truth]),
    )


def label_curves(
    labels: Sequence[str],
    scores: FloatArray,
    truth: BoolArray,
    ceilings: FloatArray | None = None,
    watch: Watch = UNWATCHED,
) -> dict[str, Curve]:
    """The exact curve of every label.

    Scores of at most four decimals, as the service writes them, are counted in a histogram; others
    are sorted. Both give the same points.

    Args:
        labels: names of the columns.
        scores: (n_documents, n_labels), as in `label_curve`.
        truth: bool (n_documents, n_labels).
        ceilings: (n_documents,) or (n_documents, n_labels); None for 1.
        watch: told after each label.

    Raises:
        InvalidInput: a score is outside [0, 1].
        Interrupted: stopped through `watch`.
    """
    curves: dict[str, Curve] = {}
    score_columns, truth_columns = columns(scores), columns(truth)
    for column, label in enumerate(labels):
        watch.check()
        highest = column_of(ceilings, column)
        curves[label] = label_curve(label, score_columns[column], truth_columns[column], highest)
        watch.report("counting at every score", column + 1, len(labels), "labels")
    return curves


def column_of(ceilings: FloatArray | None, column: int) -> FloatArray | None:
    """(n,) ceilings of one label, from none, one per document, or one per document and label."""
    return ceilings[:, column] if ceilings is not None and ceilings.ndim == 2 else ceilings


def _ascending(ceilings: FloatArray) -> FloatArray:
    result = ceilings.copy()
    result.sort()
    return result


def _same_dtype(ceilings: FloatArray, dtype: np.dtype[np.floating]) -> FloatArray:
    if dtype == np.float64:
        return exact_values(ceilings)
    return ceilings.astype(np.float32)


def _check_range(label: str, scores: FloatArray) -> None:
    if not len(scores):
        return
    low, high = float(scores.min()), float(scores.max())
    if low < 0 or high > 1:
        raise InvalidInput(
            "Not a score",
            f"label {printable(label, 60)} has the score {low if low < 0 else high:g}; "
            "scores lie between 0 and 1",
            "check that the scores are the classifier's confidences",
        )
