"""Curves counted from scores and truth."""

from collections.abc import Sequence

import numpy as np

from core.errors import InvalidInput
from core.progress import CancelToken, Progress, Reporter, silent
from core.text import printable
from core.tuning.curves.counting import BoolArray, columns, count_at_scores
from core.tuning.curves.curve import Curve
from core.tuning.decimals import FloatArray, exact_values


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
        label, values, tp, fp, positives, negatives,
        _ascending(highest[unknown & truth]), _ascending(highest[unknown & ~truth]),
    )  # fmt: skip


def label_curves(
    labels: Sequence[str],
    scores: FloatArray,
    truth: BoolArray,
    ceilings: FloatArray | None = None,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> dict[str, Curve]:
    """The exact curve of every label.

    Scores of at most four decimals, as the service writes them, are counted in a histogram; others
    are sorted. Both give the same points.

    Args:
        labels: names of the columns.
        scores: (n_documents, n_labels), as in `label_curve`.
        truth: bool (n_documents, n_labels).
        ceilings: (n_documents,) or (n_documents, n_labels); None for 1.
        reporter: told after each label.
        cancel: looked at before each label.

    Raises:
        InvalidInput: a score is outside [0, 1].
        Interrupted: stopped through `cancel`.
    """
    curves: dict[str, Curve] = {}
    score_columns, truth_columns = columns(scores), columns(truth)
    for column, label in enumerate(labels):
        if cancel is not None:
            cancel.check()
        highest = column_of(ceilings, column)
        curves[label] = label_curve(label, score_columns[column], truth_columns[column], highest)
        reporter(Progress("counting at every score", column + 1, len(labels), "labels"))
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
