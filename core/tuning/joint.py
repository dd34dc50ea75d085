"""The thresholds of all labels together.

The best threshold of every label by itself gives the highest macro F1, but not the highest micro
F1, which pools the counts of all labels first: there a label's threshold depends on the others.
"""

import heapq
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.progress import UNWATCHED, Watch
from core.text import printable
from core.tuning.curves import Curve, IntArray
from core.tuning.objectives import (
    Choice,
    Objective,
    Worth,
    as_objective,
    at_most_flagged,
    choose,
    tuned,
)

# The combination of thresholds with the highest micro F1.


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


# The combination of thresholds with the highest sum of micro F1 and macro F1.
#
# A choice with T true positives and size S has micro F1 m = 2T / S, so for any number u its worth
# is
#
#     macro F1 + m = macro F1 + m + u (2T - m S)
#
# because the bracket is 0. For a fixed m and u the right side is a sum of one term for each
# label, so its maximum V(m, u) over all choices is found label by label, and no choice with micro
# F1 m is worth more. For a fixed u, V is convex in m: over an interval of m it is highest at an
# end. So the two ends bound every choice whose micro F1 lies in the interval, and every single
# point of a label: a point whose bound is below the best choice known is dropped. Intervals are
# halved until the points that are left are few enough to try every combination (branch and bound
# on Lagrangian relaxation, Geoffrion 1974, with m as in Dinkelbach's method, 1967).


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

    def only(self, is_left: npt.NDArray[np.bool_]) -> "_Terms":
        """The points that are kept."""
        return _Terms(self.macro[is_left], self.twice_tp[is_left], self.flagged[is_left])


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
        worth = (
            2 * tp / size
            + self.problem.macro
            + sum(
                2 * int(points.tp[index]) / (int(points.flagged[index]) + points.positives)
                for points, index in zip(self.problem.points, chosen, strict=True)
            )
            / self.problem.n_macro
        )
        as_good = worth >= self.worth - SLACK
        if worth > self.worth + SLACK or (as_good and size < self.flagged):
            self.flagged, self.chosen = size, chosen
        self.worth = max(self.worth, worth)
        return 2 * tp / size, 1 / size


def best_micro_macro(
    problem: Problem, watch: Watch = UNWATCHED, most_intervals: int = MOST_INTERVALS
) -> tuple[list[int], float]:
    """The point of every label at the highest micro F1 + macro F1, and how much it can fall short.

    Choices of equal worth go to the one that flags the fewest documents.

    Args:
        problem: with at least one label.
        watch: looked at before each interval.
        most_intervals: the budget.

    Returns:
        The points and the certified gap in (micro F1 + macro F1) / 2: no choice is better by more;
        0 when the choice is proven to be optimal.

    Raises:
        Interrupted: stopped through `watch`.
    """
    best = _Incumbent(problem)
    queue = [_root(problem, best)]
    for _ in range(most_intervals):
        if not queue or -queue[0].urgency < best.worth - SLACK:
            return best.chosen, 0.0
        watch.check()
        for part in _searched(heapq.heappop(queue), problem, best):
            heapq.heappush(queue, part)
    gap = max((-part.urgency for part in queue), default=-np.inf) - best.worth
    return best.chosen, gap / 2 if gap > SLACK else 0.0


def _root(problem: Problem, best: _Incumbent) -> _Interval:
    """All choices that can beat the best of a few good ones."""
    terms = [
        _Terms(
            2 * p.tp / (p.flagged + p.positives) / problem.n_macro,
            (2 * p.tp).astype(np.float64),
            p.flagged.astype(np.float64),
        )
        for p in problem.points
    ]
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
    for end, worths in zip(ends, values, strict=True):
        bounds.append(_constant(problem, end, u) + sum(float(v.max()) for v in worths))
        best.offer([int(i[np.argmax(v)]) for i, v in zip(part.indices, worths, strict=True)])
    bound, needed = max(bounds), best.worth - SLACK
    if bound < needed:
        return []
    losses = [[v - v.max() for v in worths] for worths in values]
    keep = [
        (low >= needed - bounds[0]) | (high >= needed - bounds[1])
        for low, high in zip(*losses, strict=True)
    ]
    terms = [t.only(is_left) for t, is_left in zip(part.terms, keep, strict=True)]
    indices = [i[is_left] for i, is_left in zip(part.indices, keep, strict=True)]
    losses = [[v[is_left] for v, is_left in zip(worths, keep, strict=True)] for worths in losses]
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
    losses: list[list[Floats]],
    indices: list[Indices],
    needed: tuple[float, float],
    terms: list[_Terms],
    best: _Incumbent,
) -> bool:
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
        rows = np.flatnonzero((low >= needed[0]) | (high >= needed[1]))
        at_low, at_high = low[rows], high[rows]
        columns = {other: column[rows // n_points] for other, column in columns.items()}
        columns[label] = rows % n_points
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


TakeAll = Callable[[Mapping[str, Curve]], dict[str, Choice]]
"""Chooses thresholds on the curves of all labels."""
NO_LABELS: Mapping[str, str] = MappingProxyType({})


def choose_all(
    curves: Mapping[str, Curve],
    objective: str | Objective = "max_f1",
    per_label: Mapping[str, str] = NO_LABELS,
    default: float = 0.5,
    *,
    watch: Watch = UNWATCHED,
) -> dict[str, Choice]:
    """The thresholds that an objective takes for all labels.

    A joint objective is solved exactly over every combination of distinct scores, certain counts
    taken where scores are unknown. Labels that cannot be tuned (see `choose`) and labels with an
    objective of their own stand where that puts them; they are not part of the joint choice, but
    their counts are part of micro F1 and macro F1. If the optimum of micro and macro F1 could not
    be proven within the budget, the note says how far from it the choice can be at most.

    Args:
        curves: by label, exact.
        objective: of every label without one of its own; may be joint.
        per_label: objectives of single labels; not joint.
        default: the threshold of labels that are not tuned.
        watch: looked at during the joint search.

    Raises:
        InvalidInput: no such objective or label, or a joint objective for a single label.
        Interrupted: stopped through `watch`.
    """
    asked = as_objective(objective)
    stray = [label for label in per_label if label not in curves]
    if stray:
        raise InvalidInput(
            "No such label",
            f"an objective is given for {printable(stray[0], 60)}",
            f"labels: {', '.join(printable(label, 60) for label in curves)}",
        )
    base = Objective("max_f1") if asked.is_joint else asked
    choices = {
        label: choose(curve, per_label.get(label, base), default) for label, curve in curves.items()
    }
    if asked.is_joint:
        choices |= _chosen_together(curves, asked, choices, per_label, watch)
    return choices


def _chosen_together(
    curves: Mapping[str, Curve],
    objective: Objective,
    choices: Mapping[str, Choice],
    per_label: Mapping[str, str],
    watch: Watch,
) -> dict[str, Choice]:
    free = [
        label
        for label, choice in choices.items()
        if choice.status == "tuned" and label not in per_label
    ]
    if not free:
        return {}
    problem = _problem(curves, choices, free)
    with_macro = objective.kind == "joint_micro_macro_f1"
    remark = ""
    if with_macro:
        chosen, gap = best_micro_macro(problem, watch)
        if gap:
            remark = f"chosen jointly, proven to be within {gap:.1g} of the best"
    else:
        chosen = best_micro(problem)
    result = {}
    for place, label in enumerate(free):
        worth = _worth_beside_others(curves[label], problem, chosen, place, with_macro)
        index = int(problem.points[place].index[chosen[place]])
        result[label] = tuned(curves[label], objective.name, worth, index, remark)
    return result


def _problem(
    curves: Mapping[str, Curve], choices: Mapping[str, Choice], free: list[str]
) -> Problem:
    fixed = [choice.counts for label, choice in choices.items() if label not in free]
    n_macro = sum(curve.positives > 0 for curve in curves.values())
    return Problem(
        points=tuple(_points(curves[label]) for label in free),
        tp=sum(counts.tp for counts in fixed),
        size=sum(counts.flagged + counts.unknown_negatives for counts in fixed)
        + sum(curve.positives for curve in curves.values()),
        macro=sum(counts.f1_low for counts in fixed if counts.positives) / n_macro,
        n_macro=n_macro,
    )


def _points(curve: Curve) -> Points:
    """The points that can be part of an optimum: no higher threshold finds as many positives."""
    index = np.flatnonzero(curve.tp > np.append(curve.tp[1:], -1))
    return Points(curve.tp[index], at_most_flagged(curve)[index], curve.positives, index)


def _worth_beside_others(
    curve: Curve, problem: Problem, chosen: list[int], place: int, with_macro: bool
) -> Worth:
    """float64 (k,): what every point would be worth with the other labels as chosen."""
    tp, size = problem.totals(chosen)
    own = problem.points[place]
    tp, size = tp - int(own.tp[chosen[place]]), size - int(own.flagged[chosen[place]])
    micro = 2 * (tp + curve.tp) / (size + at_most_flagged(curve))
    return micro + curve.f1_low / problem.n_macro if with_macro else micro
