"""The search for the best combination of thresholds: exact, or with a gap that holds."""

import dataclasses
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pytest

from core.tuning import joint
from core.tuning.curves import Curve, label_curves
from core.tuning.joint import Problem, _problem, best_micro, best_micro_macro, choose_all
from core.tuning.objectives import choose

LABELS = ("a", "b", "c")


def small_problem(seed: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Three labels of two decimals, so that all combinations can be scanned."""
    generator = np.random.default_rng(seed)
    n = int(generator.integers(10, 120))
    scores, truth = generator.random((n, 3)), generator.random((n, 3))
    holds = truth < generator.uniform(0.1, 0.6, 3)
    scores = np.round(scores, 2) * 0.7 + holds * generator.uniform(0.1, 0.4, 3)
    return np.round(np.clip(scores, 0, 1), 2).astype(np.float64), holds


def highest(problem: Problem, curves: Mapping[str, Curve], with_macro: bool) -> float:
    """The highest worth over all combinations, the labels of the curves being free."""
    tp, size = np.array(float(problem.tp)), np.array(float(problem.size))
    macro = np.array(problem.macro)
    for curve in curves.values():
        tp = np.add.outer(tp, curve.tp)
        size = np.add.outer(size, curve.tp + curve.fp)
        macro = np.add.outer(macro, curve.f1 / problem.n_macro)
    return float((2 * tp / size + (macro if with_macro else 0)).max())


def reached(problem: Problem, chosen: list[int], with_macro: bool) -> float:
    tp, size = problem.totals(chosen)
    f1s = [
        2 * points.tp[index] / (points.flagged[index] + points.positives)
        for points, index in zip(problem.points, chosen, strict=True)
    ]
    macro = problem.macro + sum(f1s) / problem.n_macro
    return 2 * tp / size + (macro if with_macro else 0)


def all_free(curves: Mapping[str, Curve]) -> Problem:
    return _problem(curves, {label: choose(curve) for label, curve in curves.items()}, [*curves])


@pytest.mark.parametrize("seed", [17, 38, 71, 73, 116, 122, 124])
def test_c2_micro_f1_is_highest_where_one_step_is_not_enough(seed: int) -> None:
    curves = label_curves(LABELS, *small_problem(seed))
    problem = all_free(curves)
    found = reached(problem, best_micro(problem), False)
    assert found == pytest.approx(highest(problem, curves, False), abs=1e-12)


@pytest.mark.parametrize("seed", [335, 1461, 4127, 5918])
def test_c2_micro_and_macro_are_highest_where_the_first_guesses_are_not(seed: int) -> None:
    curves = label_curves(LABELS, *small_problem(seed))
    problem = all_free(curves)
    chosen, gap = best_micro_macro(problem)
    assert gap == 0
    found = reached(problem, chosen, True)
    assert found == pytest.approx(highest(problem, curves, True), abs=1e-12)


@pytest.mark.parametrize("at_once", [1, 30, 3_000])
@pytest.mark.parametrize("seed", range(12))
def test_no_combination_beats_the_certified_gap(
    seed: int, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A poor start, every micro F1 possible and few combinations tried at once: all is searched.
    def poor_start(problem: Problem, best: joint._Incumbent) -> joint._Interval:
        root = good_start(problem, joint._Incumbent(problem))
        best.offer([0] * len(problem.points))
        return dataclasses.replace(root, low=0.0, high=1.0)

    good_start = joint._root
    monkeypatch.setattr(joint, "_root", poor_start)
    monkeypatch.setattr(joint, "_MOST_COMBINATIONS", at_once)
    curves = label_curves(LABELS, *small_problem(seed))
    problem = all_free(curves)
    chosen, gap = best_micro_macro(problem)
    short = highest(problem, curves, True) - reached(problem, chosen, True)
    assert -1e-12 < short <= 2 * gap + 1e-12
    assert gap == 0 or at_once == 1


def test_a_spent_budget_leaves_a_certified_gap() -> None:
    curves = label_curves(LABELS, *small_problem(3))
    choices = {label: choose(curve) for label, curve in curves.items()}
    problem = _problem(curves, choices, list(curves))
    best, gap = best_micro_macro(problem)
    assert gap == 0
    assert best_micro_macro(problem, most_intervals=0)[1] > 0
    full = list(choose_all(curves, "joint_micro_macro_f1").values())
    for place, choice in enumerate(full):
        index = int(problem.points[place].index[best[place]])
        assert curves[choice.label].threshold_at(index) == choice.threshold
