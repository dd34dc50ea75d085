"""Which threshold is taken, and when none is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.tuning.curves import Curve, label_curve
from core.tuning.objectives import choose

rows_strategy = st.lists(
    st.tuples(st.integers(0, 10_000).map(lambda step: step / 10_000), st.booleans()),
    min_size=1,
    max_size=50,
)


def curve_of(scores: list[float], truth: list[int]) -> Curve:
    return label_curve("threat", np.array(scores, dtype=np.float32), np.array(truth, dtype=bool))


@given(rows_strategy)
def test_b9_no_threshold_has_a_higher_f1_and_no_higher_one_the_same(
    rows: list[tuple[float, bool]],
) -> None:
    choice = choose(curve_of([score for score, _ in rows], [truth for _, truth in rows]))
    if choice.status != "tuned":
        return

    def f1(threshold: float) -> float:
        tp = sum(truth for score, truth in rows if score >= threshold)
        flagged = sum(score >= threshold for score, _ in rows)
        return 2 * tp / (flagged + sum(truth for _, truth in rows))

    tried = {score: f1(score) for score, _ in rows}
    assert choice.counts.f1 == f1(choice.threshold) == max(tried.values())
    assert choice.threshold == max(
        score for score, worth in tried.items() if worth == max(tried.values())
    )


def test_b9_an_optimum_between_the_steps_of_any_grid_is_found() -> None:
    scores = [0.0055] * 10 + [0.0054] * 90 + [0.0053] * 900
    choice = choose(curve_of(scores, [1] * 10 + [0] * 990))
    assert (choice.threshold, choice.counts.f1) == (0.0055, 1.0)


def test_b6_equal_neighbours_are_a_plateau_and_the_highest_is_taken() -> None:
    # Flagging 1 of 2 positives alone, or both with 2 negatives: F1 is 2/3 both times.
    choice = choose(curve_of([0.9, 0.5, 0.5, 0.5, 0.1], [1, 1, 0, 0, 0]))
    assert choice.counts.f1 == pytest.approx(2 / 3)
    assert choice.threshold == 0.9
    assert choice.plateau == (0.5, 0.9)
    assert choice.note == ""


def test_b6_an_equal_optimum_elsewhere_is_told() -> None:
    choice = choose(curve_of([0.9, 0.8, 0.5, 0.4, 0.1], [1, 0, 0, 1, 0]))
    assert choice.threshold == 0.9
    assert choice.plateau == (0.9, 0.9)
    assert choice.counts.f1 == pytest.approx(curve_of([0.9], [1]).at(0.9).f1 * 2 / 3)
    assert "1 lower threshold(s) are as good" in choice.note


def test_b3_no_positives_keeps_the_default() -> None:
    choice = choose(curve_of([0.9, 0.2, 0.1], [0, 0, 0]))
    assert (choice.status, choice.threshold, choice.objective) == ("no positives", 0.5, "default")
    assert (choice.counts.fp, choice.counts.tn) == (1, 2)
    assert "default is kept" in choice.note


def test_b4_only_positives_takes_the_lowest_score() -> None:
    choice = choose(curve_of([0.9, 0.2, 0.1], [1, 1, 1]))
    assert (choice.status, choice.threshold) == ("no negatives", 0.1)
    assert choice.counts.recall == 1


def test_a4_constant_scores_have_the_all_positive_f1_and_are_uninformative() -> None:
    curve = curve_of([0.3] * 10, [1] * 2 + [0] * 8)
    share = 0.2
    assert len(curve) == 1
    assert curve.f1[0] == pytest.approx(2 * share / (1 + share))
    choice = choose(curve)
    assert (choice.status, choice.threshold) == ("uninformative", 0.5)
    assert "every document" in choice.note


def test_a4_scores_that_rank_the_wrong_way_are_uninformative() -> None:
    curve = curve_of([0.9, 0.8, 0.7, 0.2, 0.1], [0, 0, 0, 1, 1])
    assert choose(curve).status == "uninformative"


def test_a4_a_threshold_that_flags_most_documents_is_remarked_on() -> None:
    scores = [0.9] * 60 + [0.1] * 40
    choice = choose(curve_of(scores, [1] * 10 + [0] * 90))
    assert choice.status == "tuned"
    assert "flags 60% of all documents" in choice.note


def test_d6_a_label_whose_positives_were_not_returned_is_not_tuned() -> None:
    scores = np.array([0.9, np.nan, np.nan, 0.1, 0.2], dtype=np.float32)
    truth = np.array([True, True, True, False, False])
    choice = choose(label_curve("threat", scores, truth, np.full(5, 0.3, dtype=np.float32)))
    assert (choice.status, choice.threshold) == ("not returned", 0.5)
    assert "33%" in choice.note
    assert choose(curve_of([0.9, 0.1], [1, 0]), returned_share=0.4).status == "not returned"
    assert choose(curve_of([0.9, 0.1], [1, 0]), returned_share=0.5).status == "tuned"


def test_d6_with_unknown_scores_the_certain_f1_is_maximised() -> None:
    # At 0.2 all three positives are certain, but 40 unknown negatives may be flagged with them.
    scores = np.array([0.9, 0.9, 0.2] + [np.nan] * 40, dtype=np.float32)
    truth = np.array([True] * 3 + [False] * 40)
    curve = label_curve("threat", scores, truth, np.full(43, 0.3, dtype=np.float32))
    assert curve.f1.argmax() == 0
    choice = choose(curve)
    assert choice.threshold == 0.9
    assert choice.counts.f1_low == choice.counts.f1 == pytest.approx(0.8)


def test_nothing_returned_at_all_keeps_the_default() -> None:
    scores = np.full(3, np.nan, dtype=np.float32)
    assert choose(label_curve("a", scores, np.array([True, False, True]))).status == "not returned"


def test_a7_rescaled_scores_rescale_the_threshold_exactly() -> None:
    generator = np.random.default_rng(5)
    truth = generator.random(2_000) < 0.1
    scores = (generator.random(2_000) * 0.6 + truth * 0.3).astype(np.float32)
    whole, half = (choose(label_curve("a", s, truth)) for s in (scores, scores * np.float32(0.5)))
    assert np.float32(half.threshold) == np.float32(whole.threshold) / 2
    assert half.counts.f1 == whole.counts.f1


def test_an_unknown_objective_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidInput) as caught:
        choose(curve_of([0.9], [1]), "best\x1b[2J")
    assert "\x1b" not in caught.value.message
    assert "max_f1" in caught.value.hint
