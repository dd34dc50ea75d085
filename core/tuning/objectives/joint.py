"""The thresholds of all labels together.

The best threshold of every label by itself gives the highest macro F1, but not the highest micro
F1, which pools the counts of all labels first: there a label's threshold depends on the others.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from core.errors import InvalidInput
from core.progress import CancelToken
from core.text import printable
from core.tuning.curves import Curve
from core.tuning.objectives.choice import Choice, tuned
from core.tuning.objectives.goals import Objective, as_objective
from core.tuning.objectives.micro import Points, Problem, best_micro
from core.tuning.objectives.micro_macro import best_micro_macro
from core.tuning.objectives.single import Worth, at_most_flagged, choose

NO_LABELS: Mapping[str, str] = MappingProxyType({})


def choose_all(
    curves: Mapping[str, Curve],
    objective: str | Objective = "max_f1",
    per_label: Mapping[str, str] = NO_LABELS,
    default: float = 0.5,
    *,
    cancel: CancelToken | None = None,
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
        cancel: looked at during the joint search.

    Raises:
        InvalidInput: no such objective or label, or a joint objective for a single label.
        Interrupted: stopped through `cancel`.
    """
    wanted = as_objective(objective)
    stray = [label for label in per_label if label not in curves]
    if stray:
        raise InvalidInput(
            "No such label",
            f"an objective is given for {printable(stray[0], 60)}",
            f"labels: {', '.join(printable(label, 60) for label in curves)}",
        )
    base = Objective("max_f1") if wanted.is_joint else wanted
    choices = {
        label: choose(curve, per_label.get(label, base), default) for label, curve in curves.items()
    }
    if wanted.is_joint:
        choices |= _chosen_together(curves, wanted, choices, per_label, cancel)
    return choices


def _chosen_together(
    curves: Mapping[str, Curve],
    objective: Objective,
    choices: Mapping[str, Choice],
    per_label: Mapping[str, str],
    cancel: CancelToken | None,
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
        chosen, gap = best_micro_macro(problem, cancel)
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
