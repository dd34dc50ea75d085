"""How good the decisions at given thresholds are: per label and on average.

Macro figures are means over labels (macro F1 is the mean of the label F1 scores, not the F1 of mean
precision and recall); micro figures pool the counts first. A label without positives has no F1 to
speak of: it is left out of the macro means and listed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.text import printable
from core.tuning.curves import BoolArray, Counts, Curve, label_curves
from core.tuning.decimals import FloatArray, reached


@dataclass(frozen=True)
class LabelResult:
    """One label at one threshold."""

    label: str
    counts: Counts
    average_precision: float | None
    """Quality of the ranking, whatever the threshold; None without positives."""


@dataclass(frozen=True)
class Averages:
    """Figures over several labels."""

    macro_f1: float
    """Mean of the label F1 scores."""
    macro_precision: float
    macro_recall: float
    micro_f1: float
    """F1 of the counts pooled over labels."""
    micro_precision: float
    micro_recall: float
    macro_f1_low: float
    """Mean of the lowest label F1 scores that unknown scores allow."""
    macro_f1_high: float
    """Mean of the highest label F1 scores that unknown scores allow."""
    hamming_loss: float
    """Share of wrong decisions; tiny on rare labels even when none is ever found."""
    subset_accuracy: float
    """Share of documents whose whole label set is right."""
    labels_without_support: tuple[str, ...]
    """Labels left out of the macro figures because no document has them."""


@dataclass(frozen=True)
class Evaluation:
    """Decisions of one set of thresholds on one set of documents."""

    labels: tuple[LabelResult, ...]
    averages: Averages
    """Over all labels."""
    averages_without_none: Averages | None
    """Over all labels but the none-label; None when there is none."""
    measured_on: str
    """The part, such as "test"."""
    n_documents: int


def evaluate(
    labels: Sequence[str],
    scores: FloatArray,
    truth: BoolArray,
    thresholds: Mapping[str, float],
    *,
    measured_on: str,
    none_label: str | None,
    ceilings: FloatArray | None = None,
) -> Evaluation:
    """Multi-label decisions at `thresholds`: a document has a label when its score reaches it.

    Args:
        labels: names of the columns.
        scores: (n_documents, n_labels), NaN for unknown, as in `curves.label_curve`.
        truth: bool (n_documents, n_labels).
        thresholds: of every label.
        measured_on: the part that the documents are.
        none_label: the label of documents without a label, left out of `averages_without_none`.
        ceilings: highest values of unknown scores, (n_documents,) or (n_documents, n_labels).

    Raises:
        InvalidInput: a label has no threshold, or a score is outside [0, 1].
    """
    missing = [label for label in labels if label not in thresholds]
    if missing:
        names = ", ".join(printable(label, 60) for label in missing[:5])
        raise InvalidInput("No threshold", f"for {names}", "tune the thresholds of all labels")
    curves = label_curves(labels, scores, truth, ceilings)
    flags = np.column_stack(
        [reached(scores[:, column], thresholds[label]) for column, label in enumerate(labels)]
    )
    counts = [curves[label].at(thresholds[label]) for label in labels]
    return summarise(curves, counts, flags, truth, measured_on=measured_on, none_label=none_label)


def evaluate_classes(
    labels: Sequence[str],
    scores: FloatArray,
    truth: BoolArray,
    thresholds: Mapping[str, float],
    *,
    measured_on: str,
    none_label: str | None = None,
) -> Evaluation:
    """Multi-class decisions: the class of highest score, or none when below the class's threshold.

    A class missing from `thresholds` has threshold 0, which never abstains. With thresholds of 0
    the subset accuracy is the plain accuracy. Arguments as in `evaluate`.

    Raises:
        InvalidInput: a score is outside [0, 1].
    """
    return evaluate(
        labels,
        multiclass_scores(scores),
        truth,
        {label: thresholds.get(label, 0.0) for label in labels},
        measured_on=measured_on,
        none_label=none_label,
    )


def multiclass_scores(scores: FloatArray) -> FloatArray:
    """Scores in which each document keeps only its highest class; the others are -inf.

    So a curve counts a document for a class only where it would be predicted. The first of equal
    classes wins. A class that was not returned cannot be the highest; a document for which nothing
    was returned stays unknown throughout.

    Args:
        scores: (n_documents, n_labels), NaN for not returned.
    """
    known = np.where(np.isnan(scores), -np.inf, scores)
    top = known.argmax(axis=1)[:, None]
    result = np.full_like(scores, -np.inf)
    np.put_along_axis(result, top, np.take_along_axis(scores, top, axis=1), axis=1)
    result[np.isnan(scores).all(axis=1)] = np.nan
    return result


def summarise(
    curves: Mapping[str, Curve],
    counts: Sequence[Counts],
    flags: BoolArray,
    truth: BoolArray,
    *,
    measured_on: str,
    none_label: str | None,
) -> Evaluation:
    """Figures of decisions that are already made.

    Args:
        curves: of the labels, in column order; for the average precision.
        counts: of the decisions, one per label.
        flags: bool (n_documents, n_labels), the decisions.
        truth: bool (n_documents, n_labels).
        measured_on: the part that the documents are.
        none_label: left out of `averages_without_none`.
    """
    results = tuple(
        LabelResult(curve.label, at, curve.average_precision)
        for curve, at in zip(curves.values(), counts, strict=True)
    )
    without = None
    if none_label in curves and len(curves) > 1:
        kept = [column for column, label in enumerate(curves) if label != none_label]
        without = averages_of([results[column] for column in kept], flags[:, kept], truth[:, kept])
    return Evaluation(results, averages_of(results, flags, truth), without, measured_on, len(truth))


def averages_of(results: Sequence[LabelResult], flags: BoolArray, truth: BoolArray) -> Averages:
    """Macro and micro figures over `results`; `flags` and `truth` have their columns alike."""
    counts = [result.counts for result in results]
    pooled = pool(counts)
    wrong = pooled.fp + pooled.fn
    with_support = [label for label in counts if label.positives]
    return Averages(
        macro_f1=_mean([label.f1 for label in with_support]),
        macro_precision=_mean([label.precision for label in with_support]),
        macro_recall=_mean([label.recall for label in with_support]),
        micro_f1=pooled.f1,
        micro_precision=pooled.precision,
        micro_recall=pooled.recall,
        macro_f1_low=_mean([label.f1_low for label in with_support]),
        macro_f1_high=_mean([label.f1_high for label in with_support]),
        hamming_loss=wrong / flags.size if flags.size else 0.0,
        subset_accuracy=float((flags == truth).all(axis=1).mean()) if len(flags) else 0.0,
        labels_without_support=tuple(
            result.label for result in results if not result.counts.positives
        ),
    )


def pool(counts: Sequence[Counts], threshold: float = 0.0) -> Counts:
    """The sum of counts; `threshold` is what the sum is to stand under."""
    return Counts(
        threshold,
        *(
            sum(getattr(found, name) for found in counts)
            for name in ("tp", "fp", "fn", "tn", "unknown_positives", "unknown_negatives")
        ),
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


# Scores and truth of one part of a split, as every figure of this room is computed from them.


@dataclass(frozen=True)
class PartArrays:
    """Scores and truth of the same documents."""

    name: str
    """The part, such as "test"."""
    labels: tuple[str, ...]
    """Names of the columns."""
    scores: FloatArray
    """(n_documents, n_labels): what thresholds are compared with, NaN where not returned; for
    multi-class `evaluation.multiclass_scores`."""
    truth: BoolArray
    """bool (n_documents, n_labels)."""
    ceilings: FloatArray | None = None
    """(n_documents, n_labels): highest values of unknown scores; None for 1."""
    clusters: npt.NDArray[np.int32] | None = None
    """int32 (n_documents,): copies and groups share a number; None when all are distinct."""

    def __len__(self) -> int:
        """Number of documents."""
        return len(self.truth)

    def curves(self) -> dict[str, Curve]:
        """The exact curve of every label."""
        return label_curves(self.labels, self.scores, self.truth, self.ceilings)
