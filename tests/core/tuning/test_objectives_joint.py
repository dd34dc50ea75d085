"""Thresholds of all labels together: brute force over every combination agrees."""

import dataclasses
import itertools
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Interrupted, InvalidInput
from core.progress import CancelToken, Watch
from core.tuning.curves import Counts, Curve, label_curves
from core.tuning.joint import _problem, choose_all
from core.tuning.objectives import Choice, choose

LABELS = ("a", "b", "c")

score = st.one_of(st.integers(1, 9).map(lambda step: step / 10), st.just(float("nan")))
documents = st.lists(
    st.tuples(st.tuples(score, score, score), st.tuples(*[st.booleans()] * 3), st.just(0.3)),
    min_size=4,
    max_size=14,
)
Document = tuple[tuple[float, float, float], tuple[bool, bool, bool], float]


def curves_of(rows: list[Document]) -> dict[str, Curve]:
    return label_curves(
        LABELS,
        np.array([scores for scores, _, _ in rows], dtype=np.float32),
        np.array([truth for _, truth, _ in rows]),
        np.array([ceiling for _, _, ceiling in rows], dtype=np.float32),
    )


def certain_f1(counts: list[Counts]) -> float:
    tp = sum(found.tp for found in counts)
    size = sum(found.flagged + found.unknown_negatives + found.positives for found in counts)
    return 2 * tp / size if size else 0.0


def worth(counts: list[Counts], objective: str) -> float:
    micro = certain_f1(counts)
    if objective == "joint_micro_f1":
        return micro
    macro = [certain_f1([found]) for found in counts if found.positives]
    return (micro + sum(macro) / len(macro)) / 2


def combinations(curves: Mapping[str, Curve], fixed: Mapping[str, Choice]) -> list[list[Counts]]:
    """The counts of every combination of distinct scores, fixed labels left where they are."""
    options = [
        [fixed[label].counts]
        if label in fixed
        else [curve.at(curve.threshold_at(index)) for index in range(len(curve))]
        for label, curve in curves.items()
    ]
    return [list(counts) for counts in itertools.product(*options)]


def fixed_labels(curves: Mapping[str, Curve]) -> dict[str, Choice]:
    """Labels that cannot be tuned stay where each by itself is put."""
    single = {label: choose(curve) for label, curve in curves.items()}
    return {label: choice for label, choice in single.items() if choice.status != "tuned"}


@given(documents, st.sampled_from(["joint_micro_f1", "joint_micro_macro_f1"]))
def test_c2_no_combination_of_thresholds_is_better(rows: list[Document], objective: str) -> None:
    curves = curves_of(rows)
    choices = choose_all(curves, objective)
    fixed = fixed_labels(curves)
    assert {label: choices[label] for label in fixed} == fixed
    if len(fixed) == len(LABELS):
        return
    worths = [worth(counts, objective) for counts in combinations(curves, fixed)]
    found = worth([choice.counts for choice in choices.values()], objective)
    assert found == pytest.approx(max(worths), abs=1e-12)
    for label, choice in choices.items():
        assert choice.objective == (fixed[label].objective if label in fixed else objective)
        assert "proven" not in choice.note


@given(documents)
def test_b6_equally_good_combinations_give_every_label_its_highest_threshold(
    rows: list[Document],
) -> None:
    curves = curves_of(rows)
    choices = choose_all(curves, "joint_micro_f1")
    fixed = fixed_labels(curves)
    tried = combinations(curves, fixed)
    if not tried or len(fixed) == len(LABELS):
        return
    best = max(worth(counts, "joint_micro_f1") for counts in tried)
    good = [counts for counts in tried if worth(counts, "joint_micro_f1") == best]
    for column, label in enumerate(LABELS):
        if label not in fixed:
            assert choices[label].threshold == max(counts[column].threshold for counts in good)


def problem_of(
    seed: int, n_labels: int = 4, n: int = 400, decimals: int = 4
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    generator = np.random.default_rng(seed)
    shares = generator.uniform(0.03, 0.5, n_labels)
    truth = generator.random((n, n_labels)) < shares
    odds = np.log(shares / (1 - shares)) - 1 + 2 * truth
    scores = np.round(1 / (1 + np.exp(-generator.normal(odds, 1.3))), decimals)
    return scores.astype(np.float32), truth


def figures(choices: Mapping[str, Choice]) -> tuple[float, float]:
    counts = [choice.counts for choice in choices.values()]
    return certain_f1(counts), sum(found.f1_low for found in counts) / len(counts)


@pytest.mark.parametrize("seed", [0, 1, 3, 4, 7])
def test_c2_each_objective_wins_at_what_it_is_for(seed: int) -> None:
    names = [f"label {column}" for column in range(4)]
    curves = label_curves(names, *problem_of(seed))
    micro_of_single, macro_of_single = figures(choose_all(curves))
    micro_of_joint, macro_of_joint = figures(choose_all(curves, "joint_micro_f1"))
    micro_of_both, macro_of_both = figures(choose_all(curves, "joint_micro_macro_f1"))
    assert micro_of_joint > micro_of_single
    assert macro_of_single > macro_of_joint
    assert micro_of_joint >= micro_of_both >= micro_of_single
    assert macro_of_single >= macro_of_both >= macro_of_joint
    both = micro_of_both + macro_of_both
    assert both >= max(micro_of_single + macro_of_single, micro_of_joint + macro_of_joint) - 1e-12


def test_fixed_labels_are_part_of_the_pooled_counts() -> None:
    scores = np.array([[0.9, 0.9, 0.6], [0.6, np.nan, 0.3], [0.2, np.nan, 0.3], [0.1, 0.2, 0.8]])
    truth = np.array([[1, 0, 1], [1, 0, 1], [0, 0, 0], [0, 0, 0]], dtype=bool)
    curves = label_curves(LABELS, scores, truth, np.full(4, 0.6))
    choices = {label: choose(curve) for label, curve in curves.items()}
    problem = _problem(curves, choices, ["a"])
    counts = [choices["b"].counts, choices["c"].counts]
    assert counts[0].unknown_negatives == 2
    assert problem.tp == counts[0].tp + counts[1].tp
    # Flagged for certain or possibly: 1 + 2 by b, 2 by c; positives: 2 of a, none of b, 2 of c.
    assert problem.size == 1 + 2 + 2 + 4
    assert problem.n_macro == 2
    assert counts[1].f1_low == 0.5
    assert problem.macro == choices["c"].counts.f1_low / 2


def test_b6_a_plateau_is_what_one_label_may_do_while_the_others_stay() -> None:
    scores = np.array([[0.9, 0.9], [0.5, 0.8], [0.5, 0.1], [0.5, 0.1], [0.1, 0.1]])
    truth = np.array([[1, 1], [1, 0], [0, 1], [0, 0], [0, 0]], dtype=bool)
    curves = label_curves(("a", "b"), scores, truth)
    choices = choose_all(curves, "joint_micro_f1")
    assert (choices["a"].threshold, choices["b"].threshold) == (0.9, 0.9)
    assert choices["a"].plateau == (0.5, 0.9)


def test_labels_that_cannot_be_tuned_stay_and_are_counted() -> None:
    scores = np.array([[0.9, 0.9, 0.3]] * 3 + [[0.7, 0.8, 0.3]] * 4 + [[0.1, 0.7, 0.3]] * 13)
    truth = np.zeros((20, 3), dtype=bool)
    truth[:5, 0] = True
    truth[:10, 2] = True
    curves = label_curves(("threat", "never", "flat"), scores, truth)
    choices = choose_all(curves, "joint_micro_f1")
    assert (choices["never"].status, choices["never"].threshold) == ("no positives", 0.5)
    assert (choices["flat"].status, choices["flat"].threshold) == ("uninformative", 0.5)
    # 20 wrongly flagged and 10 missed elsewhere make the ratio low, so flagging more pays.
    assert choices["threat"].threshold == 0.7
    alone = label_curves(("threat",), scores[:, :1], truth[:, :1])
    assert choose_all(alone, "joint_micro_f1")["threat"].threshold == 0.7


@given(documents)
def test_with_one_label_the_highest_micro_f1_is_its_highest_f1(rows: list[Document]) -> None:
    curves = {"a": curves_of(rows)["a"]}
    single = choose(curves["a"])
    for objective in ("joint_micro_f1", "joint_micro_macro_f1"):
        name = objective if single.status == "tuned" else single.objective
        expected = dataclasses.replace(single, objective=name)
        assert choose_all(curves, objective)["a"] == expected


def test_a_label_may_have_an_objective_of_its_own() -> None:
    names = tuple(f"label {column}" for column in range(4))
    curves = label_curves(names, *problem_of(3))
    own = {"label 1": "precision:0.8"}
    for objective in ("max_f1", "recall:0.7", "joint_micro_f1", "joint_micro_macro_f1"):
        choices = choose_all(curves, objective, own)
        assert choices["label 1"] == choose(curves["label 1"], "precision:0.8")
        assert {c.objective for c in choices.values()} == {objective, "precision:0.8"}
        assert list(choices) == list(names)
    free = [name for name in names if name != "label 1"]
    joint = choose_all(curves, "joint_micro_f1", own)
    kept = joint["label 1"].counts
    best = certain_f1([choice.counts for choice in joint.values()])
    for label in free:
        others = [joint[other].counts for other in free if other != label]
        for index in range(len(curves[label])):
            moved = curves[label].at(curves[label].threshold_at(index))
            assert certain_f1([*others, kept, moved]) <= best


def test_wrong_settings_are_refused() -> None:
    curves = label_curves(("a", "b"), *problem_of(1, 2, 50))
    with pytest.raises(InvalidInput, match="an objective is given for z"):
        choose_all(curves, per_label={"z\x1b[2J": "max_f1"})
    with pytest.raises(InvalidInput, match="weighs all labels together"):
        choose_all(curves, per_label={"a": "joint_micro_f1"})
    with pytest.raises(InvalidInput, match="No such objective"):
        choose_all(curves, "best")
    assert choose_all({}, "joint_micro_f1") == {}


def test_the_note_tells_a_gap_that_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "core.tuning.joint.best_micro_macro",
        lambda problem, watch: ([0] * len(problem.points), 0.0003),
    )
    curves = label_curves(("a", "b"), *problem_of(1, 2, 200))
    for choice in choose_all(curves, "joint_micro_macro_f1").values():
        assert "chosen jointly, proven to be within 0.0003 of the best" in choice.note


def test_the_joint_search_can_be_cancelled() -> None:
    cancel = CancelToken()
    cancel.cancel()
    curves = label_curves(("a", "b"), *problem_of(1, 2, 200))
    with pytest.raises(Interrupted):
        choose_all(curves, "joint_micro_macro_f1", watch=Watch(token=cancel))
