"""What an objective would change, before it is applied."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.progress import CancelToken
from core.tuning.curves import Counts, Curve
from core.tuning.evaluation import pool
from core.tuning.objectives.choice import LabelStatus
from core.tuning.objectives.goals import Objective
from core.tuning.objectives.joint import NO_LABELS, choose_all


@dataclass(frozen=True)
class FigureRange:
    """A figure; the two ends differ where unknown scores could change it."""

    low: float
    high: float


@dataclass(frozen=True)
class PreviewRow:
    """One label, on the documents of its curve: optimistic where the threshold was tuned there."""

    label: str
    before: Counts
    after: Counts
    status: LabelStatus
    note: str


@dataclass(frozen=True)
class Preview:
    """What an objective would do on the part that the curves are of."""

    objective: str
    rows: tuple[PreviewRow, ...]
    macro_f1_before: FigureRange
    """Mean of the label F1 scores, labels without positives left out."""
    macro_f1_after: FigureRange
    micro_f1_before: FigureRange
    micro_f1_after: FigureRange
    coverage_before: FigureRange | None
    """Share of the documents that get an answer; None for multi-label."""
    coverage_after: FigureRange | None


def preview(
    curves: Mapping[str, Curve],
    current: Mapping[str, float],
    objective: str | Objective,
    per_label: Mapping[str, str] = NO_LABELS,
    default: float = 0.5,
    *,
    multiclass: bool = False,
    cancel: CancelToken | None = None,
) -> Preview:
    """Counts and averages at the present thresholds and at those of an objective.

    Args:
        curves: by label, exact, of the part to tune on.
        current: present thresholds; labels without one stand at the default.
        objective: as for `choose_all`.
        per_label: as for `choose_all`.
        default: as for `choose_all`; 0 for multi-class.
        multiclass: whether the curves are of `evaluation.multiclass_scores`: each document is
            counted for one class at most.
        cancel: as for `choose_all`.

    Raises:
        InvalidInput: as for `choose_all`.
        Interrupted: stopped through `cancel`.
    """
    choices = choose_all(curves, objective, per_label, default, cancel=cancel)
    rows = tuple(
        PreviewRow(
            label, curve.at(current.get(label, default)), choices[label].counts,
            choices[label].status, choices[label].note,
        )
        for label, curve in curves.items()
    )  # fmt: skip
    before, after = [row.before for row in rows], [row.after for row in rows]
    return Preview(
        objective if isinstance(objective, str) else objective.name,
        rows, _macro(before), _macro(after), _micro(before), _micro(after),
        _coverage(before) if multiclass else None, _coverage(after) if multiclass else None,
    )  # fmt: skip


def _macro(counts: Iterable[Counts]) -> FigureRange:
    supported = [found for found in counts if found.positives]
    n_labels = max(len(supported), 1)
    return FigureRange(
        sum(found.f1_low for found in supported) / n_labels,
        sum(found.f1_high for found in supported) / n_labels,
    )


def _micro(counts: list[Counts]) -> FigureRange:
    pooled = pool(counts)
    return FigureRange(pooled.f1_low, pooled.f1_high)


def _coverage(counts: list[Counts]) -> FigureRange:
    """A document of unknown scores is unknown for every class, so it is counted once."""
    documents = max((found.positives + found.fp + found.tn for found in counts), default=0)
    answered = sum(found.flagged for found in counts)
    unknown = max(
        (found.unknown_positives + found.unknown_negatives for found in counts), default=0
    )
    whole = max(documents, 1)
    return FigureRange(answered / whole, (answered + unknown) / whole)
