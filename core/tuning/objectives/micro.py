"""The combination of thresholds with the highest micro F1."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.tuning.curves import IntArray


@dataclass(frozen=True)
class Points:
    """The points of one label that can be part of an optimum, thresholds ascending."""

    tp: IntArray
    """int64 (k,): positives flagged, strictly descending."""
    flagged: IntArray
    """int64 (k,): documents flagged, unknown negatives included, strictly descending."""
    positives: int
    index: IntArray
    """int64 (k,): where each point is on the curve."""


@dataclass(frozen=True)
class Problem:
    """One point is to be chosen for each of several labels, beside labels that are fixed."""

    points: tuple[Points, ...]
    tp: int
    """True positives of the fixed labels."""
    size: int
    """Documents flagged by the fixed labels, plus the positives of all labels."""
    macro: float
    """What the F1 of the fixed labels adds to macro F1."""
    n_macro: int
    """Labels in the macro mean: those with positives."""

    def totals(self, chosen: Sequence[int]) -> tuple[int, int]:
        """(T, S) of a choice, whose micro F1 is 2T / S; S is everything flagged and positive."""
        pairs = list(zip(self.points, chosen, strict=True))
        return (
            self.tp + sum(int(points.tp[index]) for points, index in pairs),
            self.size + sum(int(points.flagged[index]) for points, index in pairs),
        )


def best_micro(problem: Problem) -> list[int]:
    """The point of every label, at the highest micro F1 of all combinations; ties to the highest
    thresholds.

    Dinkelbach's method (1967): a ratio 2T / S of r can be beaten exactly if some choice has
    2T - r S > 0, and that difference is the sum of one term for each label, so every label is
    maximised by itself. Starting from any choice, its ratio is the next r; when none beats it, it
    is proven to be the highest. In whole numbers throughout, so nothing is lost to rounding.
    """
    chosen = [int(np.argmax(p.tp / (p.flagged + p.positives))) for p in problem.points]
    while True:
        tp, size = problem.totals(chosen)
        better = [_last_best(2 * size * p.tp - 2 * tp * p.flagged) for p in problem.points]
        new_tp, new_size = problem.totals(better)
        if new_tp * size <= tp * new_size:
            return better
        chosen = better


def _last_best(worth: IntArray) -> int:
    return len(worth) - 1 - int(np.argmax(worth[::-1]))
