"""How good the decisions at given thresholds are: per label and on average.

Macro figures are means over labels (macro F1 is the mean of the label F1 scores, not the F1 of mean
precision and recall); micro figures pool the counts first. A label without positives has no F1 to
speak of: it is left out of the macro means and listed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.tuning.curves import BoolArray, Counts, Curve


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
    macro = macro_f1(counts)
    wrong = pooled.fp + pooled.fn
    with_support = [label for label in counts if label.positives]
    return Averages(
        macro_f1=_mean([label.f1 for label in with_support]),
        macro_precision=_mean([label.precision for label in with_support]),
        macro_recall=_mean([label.recall for label in with_support]),
        micro_f1=pooled.f1,
        micro_precision=pooled.precision,
        micro_recall=pooled.recall,
        macro_f1_low=macro.low,
        macro_f1_high=macro.high,
        hamming_loss=wrong / flags.size if flags.size else 0.0,
        subset_accuracy=float((flags == truth).all(axis=1).mean()) if len(flags) else 0.0,
        labels_without_support=tuple(
            result.label for result in results if not result.counts.positives
        ),
    )


@dataclass(frozen=True)
class FigureRange:
    """A figure; the two ends differ where unknown scores could change it."""

    low: float
    high: float


def macro_f1(counts: Iterable[Counts]) -> FigureRange:
    """Mean of the label F1 scores; labels without positives are left out."""
    with_support = [label for label in counts if label.positives]
    return FigureRange(
        _mean([label.f1_low for label in with_support]),
        _mean([label.f1_high for label in with_support]),
    )


def micro_f1(counts: Iterable[Counts]) -> FigureRange:
    """F1 of the counts pooled over labels."""
    return FigureRange(*pool(list(counts)).f1_range)


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
