"""The combination of thresholds with the highest sum of micro F1 and macro F1.

A choice with T true positives and size S has micro F1 m = 2T / S, so for any number u its worth is

    macro F1 + m = macro F1 + m + u (2T - m S)

because the bracket is 0. For a fixed m and u the right side is a sum of one term for each label, so
its maximum V(m, u) over all choices is found label by label, and no choice with micro F1 m is worth
more. For a fixed u, V is convex in m: over an interval of m it is highest at an end. So the two
ends bound every choice whose micro F1 lies in the interval, and every single point of a label: a
point whose bound is below the best choice known is dropped. Intervals are halved until the points
that are left are few enough to try every combination (branch and bound on Lagrangian relaxation,
Geoffrion 1974, with m as in Dinkelbach's method, 1967).
"""

import heapq
import itertools
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from core.progress import CancelToken
from core.tuning.objectives.micro import Problem, best_micro

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

SLACK = 1e-12
"""Sums that differ by less are equal: rounding errors are smaller."""
MOST_INTERVALS = 400
"""Intervals looked at before the search stops with the gap that is left."""
_MOST_COMBINATIONS = 50_000
"""Combinations tried at once; an interval with more is halved."""
_STEPS = 30
"""Halvings in the search for the u of an interval."""


@dataclass(frozen=True)
class _Terms:
    """One label: what each of its points adds."""

    macro: Floats
    twice_tp: Floats
    flagged: Floats

    def at(self, micro: float, u: float) -> Floats:
        """The label's terms of V."""
        return self.macro + u * (self.twice_tp - micro * self.flagged)

    def only(self, kept: npt.NDArray[np.bool_]) -> "_Terms":
        """The points that are kept."""
        return _Terms(self.macro[kept], self.twice_tp[kept], self.flagged[kept])


@dataclass(order=True)
class _Interval:
    """Choices whose micro F1 lies between two numbers, the most promising first."""

    urgency: float
    """Minus the bound: no choice inside is worth more than the bound."""
    low: float
    high: float
    terms: list[_Terms] = field(compare=False)
    indices: list[Indices] = field(compare=False)
    """Per label, where the points of `terms` are in the problem."""


@dataclass
class _Incumbent:
    """The best choice so far."""

    problem: Problem
    worth: float = -np.inf
    flagged: int = 0
    chosen: list[int] = field(default_factory=list)

    def offer(self, chosen: list[int]) -> tuple[float, float]:
        """Take a choice when it is better, or as good with fewer flagged; its micro F1 and 1/S."""
        tp, size = self.problem.totals(chosen)
        worth = 2 * tp / size + self.problem.macro + sum(
            2 * int(points.tp[index]) / (int(points.flagged[index]) + points.positives)
            for points, index in zip(self.problem.points, chosen, strict=True)
        ) / self.problem.n_macro  # fmt: skip
        as_good = worth >= self.worth - SLACK
        if worth > self.worth + SLACK or (as_good and size < self.flagged):
            self.flagged, self.chosen = size, chosen
        self.worth = max(self.worth, worth)
        return 2 * tp / size, 1 / size


def best_micro_macro(
    problem: Problem, cancel: CancelToken | None = None, most_intervals: int = MOST_INTERVALS
) -> tuple[list[int], float]:
    """The point of every label at the highest micro F1 + macro F1, and how much it can fall short.

    Choices of equal worth go to the one that flags the fewest documents.

    Args:
        problem: with at least one label.
        cancel: looked at before each interval.
        most_intervals: the budget.

    Returns:
        The points and the certified gap in (micro F1 + macro F1) / 2: no choice is better by more;
        0 when the choice is proven to be optimal.

    Raises:
        Interrupted: stopped through `cancel`.
    """
    best = _Incumbent(problem)
    queue = [_root(problem, best)]
    for _ in range(most_intervals):
        if not queue or -queue[0].urgency < best.worth - SLACK:
            return best.chosen, 0.0
        if cancel is not None:
            cancel.check()
        for part in _searched(heapq.heappop(queue), problem, best):
            heapq.heappush(queue, part)
    gap = max((-part.urgency for part in queue), default=-np.inf) - best.worth
    return best.chosen, gap / 2 if gap > SLACK else 0.0


def _root(problem: Problem, best: _Incumbent) -> _Interval:
    """All choices that can beat the best of a few good ones."""
    terms = [
        _Terms(
            2 * p.tp / (p.flagged + p.positives) / problem.n_macro,
            (2 * p.tp).astype(np.float64), p.flagged.astype(np.float64),
        )
        for p in problem.points
    ]  # fmt: skip
    highest_micro = best_micro(problem)
    highest, _ = best.offer(highest_micro)
    for start in (highest_micro, [int(np.argmax(t.macro)) for t in terms]):
        chosen, seen = start, 0
        while seen < 10:
            micro, u = best.offer(chosen)
            after = [int(np.argmax(t.at(micro, u))) for t in terms]
            chosen, seen = after, 10 if after == chosen else seen + 1
    lowest = best.worth - problem.macro - sum(float(t.macro.max()) for t in terms)
    indices = [np.arange(len(p.tp)) for p in problem.points]
    return _Interval(-np.inf, max(lowest - SLACK, 0.0), highest, terms, indices)


def _searched(part: _Interval, problem: Problem, best: _Incumbent) -> list[_Interval]:
    """What is left of an interval: nothing when it is settled, else its two halves."""
    ends = (part.low, part.high)
    u = _multiplier(part, problem)
    values = [[t.at(end, u) for t in part.terms] for end in ends]
    bounds = []
    for end, found in zip(ends, values, strict=True):
        bounds.append(_constant(problem, end, u) + sum(float(v.max()) for v in found))
        best.offer([int(i[np.argmax(v)]) for i, v in zip(part.indices, found, strict=True)])
    bound, needed = max(bounds), best.worth - SLACK
    if bound < needed:
        return []
    losses = [[v - v.max() for v in found] for found in values]
    keep = [
        (low >= needed - bounds[0]) | (high >= needed - bounds[1])
        for low, high in zip(*losses, strict=True)
    ]
    terms = [t.only(kept) for t, kept in zip(part.terms, keep, strict=True)]
    indices = [i[kept] for i, kept in zip(part.indices, keep, strict=True)]
    losses = [[v[kept] for v, kept in zip(found, keep, strict=True)] for found in losses]
    if _try_all(losses, indices, (needed - bounds[0], needed - bounds[1]), terms, best):
        return []
    middle = (part.low + part.high) / 2
    if bound <= best.worth + SLACK:
        return []
    return [
        _Interval(-bound, low, high, terms, indices)
        for low, high in itertools.pairwise((part.low, middle, part.high))
    ]


def _constant(problem: Problem, micro: float, u: float) -> float:
    """The part of V that no choice changes."""
    return micro + problem.macro + u * (2 * problem.tp - micro * problem.size)


def _multiplier(part: _Interval, problem: Problem) -> float:
    """The u whose bound over the interval is lowest: any u bounds, this one best.

    The bound is convex in u with the slope 2T - m S of the choice that attains it.
    """
    low, high = 0.0, 4 / (problem.size + sum(float(t.flagged.min()) for t in part.terms))
    for _ in range(_STEPS):
        u = (low + high) / 2
        bounds, slopes = [], []
        for micro in (part.low, part.high):
            bound, slope = _constant(problem, micro, u), 2 * problem.tp - micro * problem.size
            for t in part.terms:
                value = t.at(micro, u)
                index = int(np.argmax(value))
                bound += float(value[index])
                slope += float(t.twice_tp[index] - micro * t.flagged[index])
            bounds.append(bound)
            slopes.append(slope)
        if slopes[0 if bounds[0] >= bounds[1] else 1] > 0:
            high = u
        else:
            low = u
    return (low + high) / 2


def _try_all(
    losses: list[list[Floats]], indices: list[Indices], needed: tuple[float, float],
    terms: list[_Terms], best: _Incumbent,
) -> bool:  # fmt: skip
    """Offer the best of all combinations whose loss is small enough; False if there are too many.

    Args:
        losses: per end of the interval and label, how far each point is below the label's best.
        indices: per label, the points.
        needed: per end, the lowest sum of losses that can still be worth it.
        terms: per label, of the same points.
        best: is offered the best combination.
    """
    labels = sorted(range(len(indices)), key=lambda label: len(indices[label]))
    columns: dict[int, Indices] = {}
    at_low = at_high = np.zeros(1)
    for label in labels:
        n_points = len(indices[label])
        if len(at_low) * n_points > _MOST_COMBINATIONS:
            return False
        low = np.add.outer(at_low, losses[0][label]).ravel()
        high = np.add.outer(at_high, losses[1][label]).ravel()
        kept = np.flatnonzero((low >= needed[0]) | (high >= needed[1]))
        at_low, at_high = low[kept], high[kept]
        columns = {other: column[kept // n_points] for other, column in columns.items()}
        columns[label] = kept % n_points
    if not len(at_low):
        return True
    problem = best.problem
    size = problem.size + sum(terms[label].flagged[columns[label]] for label in labels)
    twice_tp = 2 * problem.tp + sum(terms[label].twice_tp[columns[label]] for label in labels)
    macro = sum((terms[label].macro[columns[label]] for label in labels), np.zeros(len(at_low)))
    worth = twice_tp / size + macro
    for row in _fewest_flagged(worth, np.asarray(size)):
        best.offer([int(i[columns[label][row]]) for label, i in enumerate(indices)])
    return True


def _fewest_flagged(worth: Floats, size: Floats) -> Indices:
    """(1,): among the combinations of highest worth the one that flags the fewest."""
    rows = np.flatnonzero(worth >= worth.max() - SLACK)
    return rows[[np.argmin(size[rows])]]
