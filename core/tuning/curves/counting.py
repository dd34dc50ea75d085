"""True and false positives at every distinct score, by sorting or by an exact histogram."""

from typing import Any

import numpy as np
import numpy.typing as npt

from core.tuning.decimals import FloatArray

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
