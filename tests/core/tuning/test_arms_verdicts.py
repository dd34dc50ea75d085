"""What is said of an arm, and whether it bears what the figures show."""

import numpy as np

from core.tuning.arms import compare_arms
from tests.core.tuning.arm_examples import (
    LABELS,
    arm_of,
    base_of,
    figures,
    run_of,
    scores_of,
    truth_of,
)

AT = dict.fromkeys(LABELS, 0.5)


def test_e9_scores_that_move_without_the_ranking_are_no_improvement() -> None:
    truth = truth_of(1_000, 10)
    low = np.round(scores_of(truth, 11) * 0.5, 4)
    base = run_of("base", truth, low, dict.fromkeys(LABELS, 0.25))
    arm = run_of("n500", truth, low * 2, AT)
    found = compare_arms(base_of(base), [arm_of("n500", arm)], ["rare"], resamples=300)
    row, rare = found.arms[0], figures(found.arms[0], "rare")
    assert rare.f1_default > figures(found.base, "rare").f1_default + 0.2
    assert rare.f1_default_effect is not None and rare.f1_default_effect.verdict == "better"
    assert rare.average_precision == figures(found.base, "rare").average_precision
    assert rare.f1_tuned == figures(found.base, "rare").f1_tuned
    assert row.outcome == "cannot tell apart"
    assert "the scores moved, which a threshold does for free" in row.verdict
    assert "F1 of rare at the default threshold +" in row.verdict


def test_a_lucky_threshold_is_no_improvement() -> None:
    truth = truth_of(1_000, 12)
    scores = scores_of(truth, 13)
    base = run_of("base", truth, scores, {**AT, "rare": 0.95})
    arm = run_of("n100", truth, scores, {**AT, "rare": 0.75})
    row = compare_arms(base_of(base), [arm_of("n100", arm)], ["rare"], resamples=300).arms[0]
    tuned = figures(row, "rare").f1_tuned_effect
    assert tuned is not None and tuned.verdict == "better"
    assert row.outcome == "cannot tell apart"
    assert "not bear it out: the threshold may be why" in row.verdict


def test_a_better_ranking_and_a_better_f1_are_an_improvement() -> None:
    truth = truth_of(2_000, 14)
    base = run_of("base", truth, scores_of(truth, 15, (1, 2, 2)))
    arm = run_of("n500", truth, scores_of(truth, 16, (5, 2, 2)))
    found = compare_arms(base_of(base), [arm_of("n500", arm)], ["rare"], resamples=300)
    assert found.arms[0].outcome == "better"
    assert found.arms[0].verdict.startswith("better: rare tuned F1 +.")
    back = compare_arms(base_of(arm), [arm_of("n10", base, kind="distinct")], ["rare"])
    assert back.arms[0].outcome == "worse"


def test_other_labels_that_get_worse_are_named() -> None:
    truth = truth_of(2_000, 17)
    base = run_of("base", truth, scores_of(truth, 18, (2, 5, 2)))
    arm = run_of("n500", truth, scores_of(truth, 19, (2, 1, 2)))
    row = compare_arms(base_of(base), [arm_of("n500", arm)], ["rare"], resamples=300).arms[0]
    assert row.verdict.endswith("worse for common, not chosen")


def test_a_label_whose_ranking_does_not_bear_out_its_f1_is_named_beside_a_better_one() -> None:
    truth = truth_of(2_000, 34)
    scores, better = scores_of(truth, 35, (1, 2, 2)), scores_of(truth, 36, (5, 2, 2))
    better[:, 1] = scores[:, 1]
    base = run_of("base", truth, scores)
    arm = run_of("n500", truth, better, {**AT, "common": 0.95})
    row = compare_arms(
        base_of(base), [arm_of("n500", arm)], ["rare", "common"], resamples=300
    ).arms[0]
    assert row.outcome == "cannot tell apart"
    assert row.verdict.startswith("better: rare tuned F1 +.")
    assert "; tuned F1 of common –." in row.verdict
    assert "its ranking does not bear it out" in row.verdict


def test_rankings_that_move_either_way_are_both_told() -> None:
    truth = truth_of(2_000, 37)
    never = dict.fromkeys(LABELS, 1.0)
    base = run_of("base", truth, scores_of(truth, 38, (1, 5, 2)) * 0.9, never)
    arm = run_of("n500", truth, scores_of(truth, 39, (5, 1, 2)) * 0.9, never)
    row = compare_arms(
        base_of(base), [arm_of("n500", arm)], ["rare", "common"], resamples=300
    ).arms[0]
    assert row.outcome == "cannot tell apart"
    assert "ranks better (average precision of rare +." in row.verdict
    assert ", and worse (average precision of common –." in row.verdict
