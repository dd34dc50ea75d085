"""Two runs on the same documents."""

import dataclasses

import numpy as np
import numpy.typing as npt
import pytest

from core.errors import Interrupted, InvalidInput
from core.progress import CancelToken, Progress, Watch
from core.tuning.comparison import compare_runs
from core.tuning.paired import Comparison, family_level
from core.tuning.part import Part

LABELS = ("rare", "common", "clean")
SHARES = np.array([0.05, 0.3, 0.6])
AT = dict.fromkeys(LABELS, 0.5)


def scored(truth: npt.NDArray[np.bool_], seed: int, skill: float = 2.0) -> Part:
    """A run: scores that rank by truth with fresh noise."""
    noise = np.random.default_rng(seed).normal(size=truth.shape)
    scores = 1 / (1 + np.exp(-(noise + skill * truth - skill / 2)))
    return Part("test", LABELS, np.round(scores, 4).astype(np.float32), truth)


def truth_of(n: int, seed: int) -> npt.NDArray[np.bool_]:
    return np.random.default_rng(seed).random((n, 3)) < SHARES


def compared(seed: int, n: int = 400, comparisons: int = 1) -> Comparison:
    """Two runs that differ by noise alone."""
    truth = truth_of(n, seed)
    a, b = scored(truth, 10_000 + seed), scored(truth, 20_000 + seed)
    return compare_runs(a, AT, b, AT, resamples=400, seed=seed, comparisons=comparisons)


def test_a8_a_run_against_itself_cannot_be_told_apart() -> None:
    a = scored(truth_of(500, 1), 2)
    found = compare_runs(a, AT, a, AT, resamples=200)
    for difference in (found.macro_f1, found.micro_f1, *found.labels):
        assert difference.verdict == "cannot tell apart"
        assert (difference.interval.low, difference.interval.high) == (0.0, 0.0)
    assert any("nothing differs" in note for note in found.notes)


def test_a8_runs_that_differ_by_noise_are_called_different_in_at_most_5_percent() -> None:
    found = [compared(seed) for seed in range(200)]
    different = "cannot tell apart"
    assert sum(one.macro_f1.verdict == different for one in found) >= 190
    assert sum(all(label.verdict == different for label in one.labels) for one in found) >= 190
    assert any(one.macro_f1.difference > 0.02 for one in found), "the noise is not negligible"


def test_a8_a_planted_improvement_on_many_documents_is_found() -> None:
    truth = truth_of(20_000, 3)
    a = scored(truth, 4)
    wrong = np.flatnonzero((a.scores[:, 1] < 0.5) & truth[:, 1])
    better = a.scores.copy()
    better[wrong[: int(0.045 * truth[:, 1].sum())], 1] = 0.9
    b = dataclasses.replace(a, scores=better)
    label = compare_runs(a, AT, b, AT, resamples=400).labels[1]
    assert label.difference == pytest.approx(0.02, abs=0.005)
    assert label.verdict == "better"
    assert compare_runs(b, AT, a, AT, resamples=400).labels[1].verdict == "worse"


def test_a8_four_documents_that_happen_to_agree_are_no_evidence() -> None:
    truth = np.zeros((400, 3), dtype=np.bool_)
    truth[:40] = True
    a = Part("test", LABELS, truth.astype(np.float32), truth)
    missed = a.scores.copy()
    missed[:4, 0] = 0.1
    worse = dataclasses.replace(a, scores=missed)
    four = compare_runs(worse, AT, a, AT).labels[0]
    assert four.difference > 0.04 and four.interval.low == 0.0
    assert four.verdict == "cannot tell apart"
    missed[:14, 0] = 0.1
    assert compare_runs(worse, AT, a, AT).labels[0].verdict == "better"


def test_the_kinds_of_units_give_the_naive_bootstrap() -> None:
    truth = truth_of(300, 5)
    a, b = scored(truth, 6), scored(truth, 7, 2.5)
    draws, differences = np.random.default_rng(0), []
    flags_a, flags_b = a.scores[:, 1] >= 0.5, b.scores[:, 1] >= 0.5
    for _ in range(3_000):
        rows = draws.integers(300, size=300)
        y = truth[rows, 1]
        f1 = [2 * (y & f[rows]).sum() / (y.sum() + f[rows].sum()) for f in (flags_a, flags_b)]
        differences.append(f1[1] - f1[0])
    found = compare_runs(a, AT, b, AT, resamples=3_000, level=0.9).labels[1]
    tail = (1 - family_level(0.9, 3)) / 2
    assert found.interval.low == pytest.approx(np.quantile(differences, tail), abs=0.01)
    assert found.interval.high == pytest.approx(np.quantile(differences, 1 - tail), abs=0.01)


def test_a9_copies_of_every_document_do_not_narrow_the_interval() -> None:
    truth = truth_of(300, 8)
    a, b = scored(truth, 9), scored(truth, 10)
    rows = np.tile(np.arange(300), 3)
    copies = [
        dataclasses.replace(
            run, scores=run.scores[rows], truth=truth[rows], clusters=rows.astype(np.int32)
        )
        for run in (a, b)
    ]
    once = compare_runs(a, AT, b, AT, seed=1)
    thrice = compare_runs(copies[0], AT, copies[1], AT, seed=1)
    assert thrice.distinct_documents == 300 and thrice.documents == 900
    for one, three in zip(once.labels, thrice.labels, strict=True):
        assert three.difference == pytest.approx(one.difference)
        assert three.interval.width == pytest.approx(one.interval.width, rel=0.15)
    unmarked = [dataclasses.replace(run, clusters=None) for run in copies]
    narrow = compare_runs(unmarked[0], AT, unmarked[1], AT, seed=1).labels[1].interval
    assert narrow.width < 0.75 * once.labels[1].interval.width


def test_a9_clusters_of_several_sizes_count_all_their_documents() -> None:
    truth = truth_of(200, 11)
    clusters = np.random.default_rng(12).integers(0, 120, 200).astype(np.int32)
    a = dataclasses.replace(scored(truth, 13), clusters=clusters)
    b = dataclasses.replace(scored(truth, 14), clusters=clusters)
    found = compare_runs(a, AT, b, AT, resamples=200)
    for column, label in enumerate(found.labels):
        flags = a.scores[:, column] >= 0.5
        hits = (flags & truth[:, column]).sum()
        assert label.a == pytest.approx(2 * hits / (flags.sum() + truth[:, column].sum()))
        assert label.support == truth[:, column].sum()


def test_a10_six_null_arms_are_corrected_for() -> None:
    corrected = plain = 0
    for seed in range(30):
        truth = truth_of(200, seed)
        base = scored(truth, 1_000 + seed)
        arms = [scored(truth, 7 * seed + arm) for arm in range(6)]
        for comparisons in (1, 6):
            verdicts = [
                compare_runs(
                    base, AT, arm, AT, resamples=200, seed=seed, comparisons=comparisons
                ).macro_f1.verdict
                for arm in arms
            ]
            is_wrong = any(verdict != "cannot tell apart" for verdict in verdicts)
            corrected += is_wrong and comparisons == 6
            plain += is_wrong and comparisons == 1
    assert corrected <= 3 < plain


def test_c3_averages_are_shown_without_the_none_label() -> None:
    truth = truth_of(500, 15)
    a, b = scored(truth, 16), scored(truth, 17)
    found = compare_runs(a, AT, b, AT, resamples=200, none_label="clean")
    assert found.macro_f1_without_none is not None
    assert found.macro_f1.a == pytest.approx(np.mean([label.a for label in found.labels]))
    assert found.macro_f1_without_none.a == pytest.approx(
        np.mean([label.a for label in found.labels[:2]])
    )
    assert compare_runs(a, AT, b, AT, resamples=200).macro_f1_without_none is None


def test_c8_labels_are_matched_by_name_not_by_position() -> None:
    truth = truth_of(300, 18)
    a, b = scored(truth, 19), scored(truth, 20)
    turned = Part("test", LABELS[::-1], b.scores[:, ::-1], truth[:, ::-1])
    assert compare_runs(a, AT, turned, AT, seed=3) == compare_runs(a, AT, b, AT, seed=3)


@pytest.mark.parametrize("what", ["part", "size", "truth", "labels", "clusters"])
def test_other_documents_are_refused(what: str) -> None:
    truth = truth_of(100, 21)
    a = scored(truth, 22)
    others = {
        "part": dataclasses.replace(a, name="calibration"),
        "size": dataclasses.replace(a, scores=a.scores[:50], truth=truth[:50]),
        "truth": dataclasses.replace(a, truth=~truth),
        "labels": dataclasses.replace(a, labels=("rare", "common", "other")),
        "clusters": dataclasses.replace(a, clusters=np.zeros(100, dtype=np.int32)),
    }
    with pytest.raises(InvalidInput, match=r"^Different (documents|labels)"):
        compare_runs(a, AT, others[what], {**AT, "other": 0.5})


def test_unknown_scores_are_a_range_and_never_zero() -> None:
    truth = truth_of(400, 23)
    a = scored(truth, 24)
    hidden = a.scores.copy()
    hidden[truth[:, 0], 0] = np.nan
    b = dataclasses.replace(a, scores=hidden, ceilings=np.full_like(hidden, 0.9))
    label = compare_runs(a, AT, b, AT).labels[0]
    assert label.b == 0.0 and label.b_range is not None and label.a_range is None
    assert label.b_range.high > label.a
    assert label.verdict == "cannot tell apart"
    assert label.average_precision_b is None and label.average_precision_a is not None
    low = dataclasses.replace(b, ceilings=np.full_like(hidden, 0.1))
    assert compare_runs(a, AT, low, AT).labels[0].verdict == "worse"


def test_e9_scores_that_only_moved_are_told_from_a_better_ranking() -> None:
    truth = truth_of(3_000, 25)
    a = scored(truth, 26)
    halved = dataclasses.replace(a, scores=(a.scores / 2).astype(np.float32))
    found = compare_runs(halved, AT, a, AT, resamples=300)
    for label in found.labels:
        assert label.verdict == "better"
        assert label.average_precision_a == label.average_precision_b
    assert any("ranking" in note and "rare, common, clean" in note for note in found.notes)
    sharper = scored(truth, 26, 3.0)
    found = compare_runs(a, AT, sharper, AT, resamples=300)
    assert found.labels[1].verdict == "better" and not any("ranking" in n for n in found.notes)


def test_e9_a_ranking_that_surely_differs_is_not_called_the_same() -> None:
    truth = np.zeros((4_000, 3), dtype=np.bool_)
    truth[:1_000] = True
    high = np.where(truth, 0.9, 0.1).astype(np.float32)
    low = high.copy()
    low[:60, 0] = 0.6
    low[1_000:1_006, 0] = 0.7
    a, b = (Part("test", LABELS, scores, truth) for scores in (low, high))
    found = compare_runs(a, {**AT, "rare": 0.8}, b, AT, resamples=300)
    ranking = found.labels[0].average_precision
    assert ranking is not None and ranking.verdict == "better" and ranking.difference < 0.01
    assert found.labels[0].verdict == "better"
    assert not any("the ranking (average precision) does not" in note for note in found.notes)


def test_the_same_decisions_from_other_rankings_are_not_called_the_same() -> None:
    truth = truth_of(400, 31)
    a = scored(truth, 32)
    other = dataclasses.replace(a, scores=np.where(a.scores >= 0.5, 0.9, 0.1).astype(np.float32))
    notes = compare_runs(a, AT, other, AT, resamples=200).notes
    assert "both make the same decisions in effect: F1 does not differ, the rankings do" in notes


def test_the_seed_decides_and_progress_can_be_stopped() -> None:
    events: list[Progress] = []
    truth = truth_of(200, 27)
    a, b = scored(truth, 28), scored(truth, 29)
    assert compare_runs(a, AT, b, AT, seed=5) == compare_runs(
        a, AT, b, AT, seed=5, watch=Watch(events.append)
    )
    assert events[-1].done == events[-1].total == 2_000
    stop = CancelToken()
    stop.cancel()
    with pytest.raises(Interrupted):
        compare_runs(a, AT, b, AT, watch=Watch(token=stop))


def test_a_label_without_positives_is_left_out_of_the_macro_mean() -> None:
    truth = truth_of(200, 30)
    truth[:, 0] = False
    a, b = scored(truth, 31), scored(truth, 32)
    found = compare_runs(a, AT, b, AT, resamples=200)
    assert found.labels[0].support == 0 and found.labels[0].average_precision_a is None
    assert found.macro_f1.a == pytest.approx((found.labels[1].a + found.labels[2].a) / 2)
    assert any("rough" in note and "rare" in note for note in found.notes)
