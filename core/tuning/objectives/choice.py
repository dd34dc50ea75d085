"""A threshold chosen on a curve, and the remarks that go with it."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from core.tuning.curves import Counts, Curve

LabelStatus = Literal[
    "tuned", "no positives", "no negatives", "not returned", "uninformative", "infeasible"
]

LEAST_RETURNED_SHARE = 0.5
"""A label with a smaller share of its positives returned is not tuned."""
_MANY_FLAGGED = 0.5
"""Share of all documents; a threshold that flags more, and twice the positives, is remarked on."""


@dataclass(frozen=True)
class Choice:
    """A threshold chosen on a curve, and what it does there."""

    label: str
    threshold: float
    status: LabelStatus
    """Whether the threshold was tuned, or why the default was kept."""
    objective: str
    """Name of the objective; "default" when the default was kept."""
    counts: Counts
    """At the threshold, on the rows it was chosen on: optimistic for a tuned threshold."""
    plateau: tuple[float, float]
    """Lowest and highest of the neighbouring curve points that are worth the same; for a joint
    objective with the other labels left where they are."""
    note: str = ""
    """A sentence for the user on what is special; empty when nothing is."""


def tuned(
    curve: Curve, objective: str, worth: npt.NDArray[np.float64], index: int, remark: str = ""
) -> Choice:
    """The choice of one point.

    Args:
        curve: the whole curve.
        objective: its name.
        worth: float64 (k,) of every point; the point is among the best.
        index: the point.
        remark: said first in the note; empty for nothing.
    """
    threshold = curve.threshold_at(index)
    counts = curve.at(threshold)
    lower = np.flatnonzero(worth[:index] != worth[index])
    first = int(lower[-1]) + 1 if len(lower) else 0
    notes = [remark] if remark else []
    elsewhere = int(np.count_nonzero(worth == worth[index])) - (index - first + 1)
    if elsewhere:
        notes.append(f"{elsewhere} lower threshold(s) are as good; the highest is taken")
    documents = curve.positives + curve.negatives
    if counts.flagged > max(_MANY_FLAGGED * documents, 2 * curve.positives):
        notes.append(f"flags {counts.flagged / documents:.0%} of all documents")
    return Choice(
        curve.label, threshold, "tuned", objective, counts,
        (curve.threshold_at(first), threshold), "; ".join(notes),
    )  # fmt: skip


def kept(curve: Curve, default: float, status: LabelStatus, note: str) -> Choice:
    """The default, because the label cannot be tuned."""
    note = f"{note}; the default is kept"
    return Choice(
        curve.label, default, status, "default", curve.at(default), (default, default), note
    )
