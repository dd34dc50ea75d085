"""Which point of a curve to take as the threshold.

An objective gives every point of a curve a worth; the point of highest worth is taken and, among
equal ones, the highest threshold, which flags the fewest documents.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.text import printable
from core.tuning.curves import Counts, Curve

LabelStatus = Literal["tuned", "no positives", "no negatives", "not returned", "uninformative"]

Objective = Callable[[Curve], npt.NDArray[np.float64]]
"""Worth of every point, float64 (k,): higher is better, -inf where the point is not allowed."""

OBJECTIVES: dict[str, Objective] = {"max_f1": lambda curve: curve.f1_low}
"""Objectives by name. With unknown scores the F1 that is certain counts, not the hoped-for one."""

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
    """Lowest and highest of the neighbouring curve points that are worth the same."""
    note: str = ""
    """A sentence for the user on what is special; empty when nothing is."""


def max_f1(curve: Curve, default: float = 0.5) -> Choice:
    """The threshold of highest F1 (of highest certain F1 where scores are unknown).

    Ties go to the highest threshold. See `choose` for labels that cannot be tuned.
    """
    return choose(curve, "max_f1", default)


def choose(
    curve: Curve,
    objective: str = "max_f1",
    default: float = 0.5,
    returned_share: float | None = None,
) -> Choice:
    """The threshold that an objective takes on a curve.

    The default is kept when the curve cannot tell: no positives, most positives not returned, or no
    threshold better than giving the label to every document, which has F1 = 2p / (1 + p) at a share
    p of positives and needs no scores (Lipton et al. 2014, section 5). Without negatives the lowest
    score is taken, which flags every returned document.

    Args:
        curve: exact, never a thinned one.
        objective: a name in `OBJECTIVES`.
        default: the threshold of a label that is not tuned.
        returned_share: share of the positives whose score was returned; None for the curve's own.

    Raises:
        InvalidInput: no such objective.
    """
    if objective not in OBJECTIVES:
        raise InvalidInput(
            "No such objective", printable(objective, 60), f"choose one of {', '.join(OBJECTIVES)}"
        )
    share = curve.returned_share if returned_share is None else returned_share
    if not curve.positives:
        return _kept(curve, default, "no positives", "no document here has the label")
    if not len(curve) or share < LEAST_RETURNED_SHARE:
        note = f"the service returned the score of {share:.0%} of the positives only"
        return _kept(curve, default, "not returned", note)
    if not curve.negatives:
        return _lowest(curve, objective)
    worth = OBJECTIVES[objective](curve)
    everything = all_positive_f1(curve)
    if math.isinf(worth.max()) or (objective == "max_f1" and worth.max() <= everything):
        note = f"no threshold beats giving the label to every document (F1 {everything:.2f})"
        return _kept(curve, default, "uninformative", note)
    return _tuned(curve, objective, *_highest_of_best(worth))


def all_positive_f1(curve: Curve) -> float:
    """F1 of giving the label to every document: 2p / (1 + p) at a share p of positives."""
    return 2 * curve.positives / (2 * curve.positives + curve.negatives) if curve.positives else 0.0


def _highest_of_best(worth: npt.NDArray[np.float64]) -> tuple[int, int, int]:
    """The last best point, the first of the unbroken run that it ends, and how many are best."""
    best = np.flatnonzero(worth == worth.max())
    index = int(best[-1])
    lower = np.flatnonzero(worth[:index] != worth[index])
    first = int(lower[-1]) + 1 if len(lower) else 0
    return index, first, len(best)


def _tuned(curve: Curve, objective: str, index: int, first: int, n_best: int) -> Choice:
    threshold = curve.threshold_at(index)
    counts = curve.at(threshold)
    notes = []
    elsewhere = n_best - (index - first + 1)
    if elsewhere:
        notes.append(f"{elsewhere} lower threshold(s) are as good; the highest is taken")
    documents = curve.positives + curve.negatives
    if counts.flagged > max(_MANY_FLAGGED * documents, 2 * curve.positives):
        notes.append(f"flags {counts.flagged / documents:.0%} of all documents")
    return Choice(
        curve.label, threshold, "tuned", objective, counts,
        (curve.threshold_at(first), threshold), "; ".join(notes),
    )  # fmt: skip


def _lowest(curve: Curve, objective: str) -> Choice:
    lowest = curve.threshold_at(0)
    note = "every document here has the label; the lowest score is taken"
    return Choice(
        curve.label, lowest, "no negatives", objective, curve.at(lowest), (lowest, lowest), note
    )


def _kept(curve: Curve, default: float, status: LabelStatus, note: str) -> Choice:
    note = f"{note}; the default is kept"
    return Choice(
        curve.label, default, status, "default", curve.at(default), (default, default), note
    )
