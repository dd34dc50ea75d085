"""Arms of an experiment against its base on the same documents."""

import dataclasses

import msgspec
import numpy as np
import pytest

from core.errors import Interrupted, InvalidInput
from core.progress import CancelToken, Progress, Watch
from core.tuning.arm_effects import ArmsComparison
from core.tuning.arms import compare_arms
from core.tuning.comparison import compare_runs
from core.tuning.paired import family_level
from tests.core.tuning.arm_examples import (
    LABELS,
    arm_of,
    base_of,
    figures,
    null_arms,
    run_of,
    scores_of,
    truth_of,
)

AT = dict.fromkeys(LABELS, 0.5)


def test_a8_an_arm_against_the_base_is_the_paired_comparison_of_both_runs() -> None:
    truth = truth_of(500, 1)
    a, b = run_of("a", truth, scores_of(truth, 2)), run_of("b", truth, scores_of(truth, 3))
    found = compare_arms(base_of(a), [arm_of("n100", b)], ["rare"], resamples=300, seed=4)
    pair = compare_runs(a.test, AT, b.test, AT, resamples=300, seed=4)
    for column, label in enumerate(LABELS):
        arm, base = found.arms[0].labels[column], found.base.labels[column]
        assert arm.f1_tuned_effect is not None and base.f1_tuned_effect is None
        assert arm.f1_tuned_effect.difference == pytest.approx(pair.labels[column].difference)
        assert (base.f1_tuned, arm.f1_tuned) == pytest.approx(
            (pair.labels[column].a, pair.labels[column].b)
        )
        assert arm.average_precision == pytest.approx(pair.labels[column].average_precision_b)
        assert arm.name == label and arm.support == truth[:, column].sum()
    assert found.arms[0].macro.f1_tuned == pytest.approx(pair.macro_f1.b)
    assert pair.micro_f1.precision is not None
    assert found.arms[0].micro.precision == pytest.approx(pair.micro_f1.precision.b)
    assert found.base.outcome == "base"


def test_a8_pairs_find_what_overlapping_intervals_miss() -> None:
    truth = truth_of(1_500, 5)
    scores = scores_of(truth, 6, (1.5, 2, 2))
    better = scores.copy()
    missed = np.flatnonzero(truth[:, 0])[:40]
    better[missed, 0] = np.clip(scores[missed, 0] + 0.15, 0, 1)
    base, arm = run_of("a", truth, scores), run_of("b", truth, better)
    row = compare_arms(base_of(base), [arm_of("n100", arm)], ["rare"], resamples=500).arms[0]
    ranking = figures(row, "rare").average_precision_effect
    assert ranking is not None and ranking.verdict == "better"
    draws, alone = np.random.default_rng(0), []
    for run in (base, arm):
        part = run.test
        resampled = []
        for _ in range(200):
            rows = draws.integers(len(truth), size=len(truth))
            drawn = dataclasses.replace(part, scores=part.scores[rows], truth=truth[rows])
            resampled.append(drawn.curves()["rare"].average_precision)
        alone.append(np.quantile(np.array(resampled, dtype=float), (0.025, 0.975)))
    assert alone[0][1] > alone[1][0], "each by itself, the intervals overlap"


def test_a9_copies_of_every_document_do_not_narrow_the_intervals() -> None:
    truth = truth_of(300, 7)
    scores = [scores_of(truth, seed) for seed in (8, 9)]
    rows = np.tile(np.arange(300), 3)

    def compared(rows: np.ndarray, is_marked: bool) -> ArmsComparison:
        clusters = rows.astype(np.int32) if is_marked else None
        base, arm = (
            run_of(str(k), truth[rows], one[rows], clusters=clusters)
            for k, one in enumerate(scores)
        )
        return compare_arms(base_of(base), [arm_of("n100", arm)], ["rare"], resamples=500)

    once, thrice, unmarked = (
        compared(np.arange(300), False),
        compared(rows, True),
        compared(rows, False),
    )
    assert thrice.documents == 900 and thrice.distinct_documents == 300
    for name in ("average_precision_effect", "f1_tuned_effect"):
        widths = [
            getattr(figures(found.arms[0], "common"), name).interval.width
            for found in (once, thrice, unmarked)
        ]
        assert widths[1] == pytest.approx(widths[0], rel=0.15)
        assert widths[2] < 0.75 * widths[0]


def has_claim(found: ArmsComparison) -> bool:
    """Whether a look that verdicts rest on is called different."""
    return any(
        effect is not None and effect.verdict != "cannot tell apart"
        for row in found.arms
        for one in (*row.labels, row.macro)
        if one.name in (*found.chosen, "macro")
        for effect in (one.average_precision_effect, one.f1_tuned_effect)
    )


def test_a10_six_null_arms_share_the_level() -> None:
    together = alone = 0
    for seed in range(24):
        base, arms = null_arms(seed, n=200)
        found = compare_arms(base, arms, ["rare"], level=0.8, resamples=200, seed=seed)
        together += has_claim(found)
        alone += any(
            has_claim(compare_arms(base, [arm], [], level=0.8, resamples=200, seed=seed))
            for arm in arms
        )
    assert found.claims == 6 * 2 * 2
    assert found.claim_level == pytest.approx(family_level(0.8, 24))
    assert any("24 looks" in note for note in found.notes)
    assert together <= 9 < alone


def test_a_label_chosen_twice_is_one_look() -> None:
    base, arms = null_arms(40, arms=1)
    once, twice = (compare_arms(base, arms, ["rare"] * times, resamples=200) for times in (1, 2))
    assert once == twice and once.chosen == ("rare",) and len(once.advice) == 1


@pytest.mark.parametrize("level", [0.95, 0.999, 0.99999])
def test_no_level_reads_as_certainty(level: float) -> None:
    base, arms = null_arms(41, arms=6)
    found = compare_arms(base, arms, ["rare"], level=level, resamples=200)
    assert not any("100%" in note or "100.0" in note for note in found.notes)


def test_the_order_of_the_arms_changes_nothing() -> None:
    base, arms = null_arms(42)
    found, turned = (
        compare_arms(base, some, ["rare"], resamples=200) for some in (arms, arms[::-1])
    )
    assert found.arms == turned.arms[::-1]
    assert found.advice == turned.advice


def test_without_chosen_labels_macro_decides() -> None:
    truth = truth_of(2_000, 20)
    base = run_of("base", truth, scores_of(truth, 21, (1, 1, 1)))
    arm = run_of("ros25", truth, scores_of(truth, 22, (4, 4, 4)))
    found = compare_arms(base_of(base), [arm_of("ros25", arm, kind="ml-ros")], [], resamples=300)
    assert found.claims == 2 and found.advice == ()
    assert found.arms[0].outcome == "better"
    assert found.arms[0].verdict.startswith("better: macro tuned F1 +")


def test_c3_macro_and_micro_leave_out_the_none_label_and_say_so() -> None:
    base, arms = null_arms(23, arms=1)
    found = compare_arms(base, arms, ["rare"], resamples=200, none_label="clean")
    row = found.arms[0]
    assert row.macro.f1_tuned == pytest.approx(np.mean([one.f1_tuned for one in row.labels[:2]]))
    assert row.macro.average_precision == pytest.approx(
        np.mean([one.average_precision for one in row.labels[:2] if one.average_precision])
    )
    assert "macro and micro leave out clean" in found.notes


def test_c8_labels_are_matched_by_name_not_by_position() -> None:
    base, arms = null_arms(24, arms=1)
    run = arms[0].replicates[0]
    turned = run_of(
        run.name,
        run.test.truth[:, ::-1],
        run.test.scores[:, ::-1].astype(np.float64),
        labels=LABELS[::-1],
    )
    other = dataclasses.replace(arms[0], replicates=(turned,))
    assert compare_arms(base, [other], ["rare"], resamples=200) == compare_arms(
        base, arms, ["rare"], resamples=200
    )


def test_unknown_scores_are_ranges_and_leave_the_ranking_unknown() -> None:
    truth = truth_of(500, 25)
    scores = scores_of(truth, 26)
    hidden = scores.copy()
    hidden[scores[:, 0] < 0.6, 0] = np.nan
    base, arm = run_of("base", truth, hidden), run_of("n100", truth, scores)
    part = dataclasses.replace(base.test, ceilings=np.full(truth.shape, 0.6, np.float32))
    may = np.isnan(hidden)
    tuned = dataclasses.replace(base.tuned, may_flag=may)
    base = dataclasses.replace(base, test=part, tuned=tuned)
    found = compare_arms(base_of(base), [arm_of("n100", arm)], ["rare"], resamples=200)
    rare = figures(found.base, "rare")
    assert rare.average_precision is None and found.base.macro.average_precision is None
    assert rare.f1_tuned_range is not None and rare.f1_tuned_range.low < rare.f1_tuned_range.high
    assert figures(found.arms[0], "rare").average_precision_effect is None
    assert "scores were not returned, ranking not known: rare" in found.notes
    assert found.arms[0].outcome == "cannot tell apart"


def test_few_positives_and_labels_without_any_are_noted() -> None:
    truth = truth_of(400, 27, (0.02, 0.3, 0.6))
    truth[:, 2] = False
    runs = [run_of(str(seed), truth, scores_of(truth, seed)) for seed in (28, 29)]
    found = compare_arms(base_of(runs[0]), [arm_of("n100", runs[1])], ["rare"], resamples=200)
    assert "fewer than 20 positives on test, rough: rare" in found.notes
    assert "no positives on test, not in macro: clean" in found.notes
    assert figures(found.base, "clean").average_precision is None
    assert found.base.macro.average_precision is not None


def test_the_comparison_survives_json() -> None:
    base, arms = null_arms(30, arms=2)
    found = compare_arms(base, arms, ["rare"], resamples=200)
    assert msgspec.json.decode(msgspec.json.encode(found), type=ArmsComparison) == found


@pytest.mark.parametrize("what", ["label", "run", "documents"])
def test_nonsense_is_refused(what: str) -> None:
    base, arms = null_arms(31, arms=1)
    chosen = ["\x1b[31mother"] if what == "label" else ["rare"]
    if what == "run":
        arms = [dataclasses.replace(arms[0], replicates=())]
    if what == "documents":
        arms = null_arms(32, arms=1)[1]
    with pytest.raises(InvalidInput) as error:
        compare_arms(base, arms, chosen, resamples=200)
    assert "\x1b" not in str(error.value.message)


def test_progress_is_told_and_a_cancelled_comparison_stops() -> None:
    base, arms = null_arms(33, arms=2)
    seen: list[Progress] = []
    compare_arms(base, arms, ["rare"], resamples=200, watch=Watch(seen.append))
    assert {event.task for event in seen} == {"resampling rankings", "comparing arms"}
    assert seen[-1].done == seen[-1].total == 2
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Interrupted):
        compare_arms(base, arms, ["rare"], resamples=200, watch=Watch(token=cancel))
