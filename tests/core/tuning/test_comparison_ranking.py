"""Average precision of two runs on the same documents, and how surely it differs."""

import dataclasses

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Interrupted
from core.progress import CancelToken, Watch
from core.tuning.comparison import compare_runs
from core.tuning.curves import label_curve
from core.tuning.part import Part
from core.tuning.ranking import MOST_BINS, rank, rank_runs, ranking_difference
from tests.core.tuning.arm_examples import LABELS, run_of, scores_of, truth_of

AT = dict.fromkeys(LABELS, 0.5)
Weights = npt.NDArray[np.float32]


def ones(n: int) -> Weights:
    return np.ones((n, 1), np.float32)


def naive(scores: npt.NDArray[np.float64], truth: npt.NDArray[np.bool_]) -> float:
    """Average precision of documents repeated as often as they are drawn."""
    found = label_curve("x", scores, truth).average_precision
    return float("nan") if found is None else found


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_b5_weighted_average_precision_is_that_of_repeated_documents(data: st.DataObject) -> None:
    n = data.draw(st.integers(2, 30))
    seed = data.draw(st.integers(0, 10_000))
    generator = np.random.default_rng(seed)
    scores = generator.integers(0, data.draw(st.integers(1, 20)), n) / 20
    scores[generator.random(n) < 0.1] = -np.inf
    truth = generator.random(n) < 0.4
    truth[0] = True
    units = generator.integers(0, max(1, n // 2), n)
    n_units = int(units.max()) + 1
    ranking = rank(scores, truth, units, n_units)
    weights = generator.integers(0, 3, (n_units, 5)).astype(np.float32)
    found = ranking.average_precision(weights)
    for draw in range(5):
        rows = np.repeat(np.arange(n), weights[units, draw].astype(int))
        assert found[draw] == pytest.approx(naive(scores[rows], truth[rows]), nan_ok=True)


def test_the_figure_with_all_weights_1_is_that_of_the_curve() -> None:
    truth = truth_of(3_000, 1, (0.01, 0.1, 0.9))
    scores = scores_of(truth, 2)
    for column in range(3):
        curve = label_curve("x", scores[:, column], truth[:, column])
        exact = rank(scores[:, column], truth[:, column], np.arange(3_000), 3_000, most_bins=None)
        assert exact.average_precision(ones(3_000))[0] == pytest.approx(
            curve.average_precision, abs=1e-7
        )


def test_many_bins_are_merged_without_moving_the_figure_much() -> None:
    truth = np.random.default_rng(3).random(20_000) < 0.3
    noise = np.random.default_rng(4).normal(size=20_000)
    scores = 1 / (1 + np.exp(-(noise + truth)))
    exact, merged = (
        rank(scores, truth, np.arange(20_000), 20_000, bins) for bins in (None, MOST_BINS)
    )
    assert merged.n_bins == MOST_BINS < exact.n_bins
    gap = exact.average_precision(ones(20_000))[0] - merged.average_precision(ones(20_000))[0]
    assert 0 < gap < 0.0005


def parts(
    seed: int, n: int, positives: int, skill: float = 2.0, gain: float = 0.0, common: float = 0.5
) -> tuple[Part, Part]:
    """Two runs of one label whose scores share some of their noise."""
    generator = np.random.default_rng(seed)
    truth = np.zeros((n, 1), dtype=np.bool_)
    truth[:positives] = True
    shared = np.sqrt(common) * generator.normal(size=(n, 1))
    runs = []
    for more in (0.0, gain):
        own = np.sqrt(1 - common) * generator.normal(size=(n, 1))
        scores = 1 / (1 + np.exp(-(shared + own + (skill + more) * truth)))
        runs.append(Part("test", ("rare",), scores, truth))
    return runs[0], runs[1]


@pytest.mark.parametrize(("skill", "common"), [(1.5, 0.5), (2.5, 0.8)])
def test_a8_equally_good_rankings_are_held_to_be_so(skill: float, common: float) -> None:
    held = 0
    for seed in range(60):
        runs = rank_runs(
            parts(seed, 800, 12, skill, common=common), 300, np.random.default_rng(seed)
        )
        found = ranking_difference(runs[0], runs[1], [0], 0.95, np.random.default_rng(0))
        assert found is not None
        held += found.verdict == "cannot tell apart"
    assert held >= 52


def test_a8_a_better_ranking_is_found() -> None:
    a, b = parts(5, 4_000, 200, 1.5, gain=1.0)
    runs = rank_runs((a, b), 400, np.random.default_rng(0))
    better, worse = (
        ranking_difference(one, other, [0], 0.99, np.random.default_rng(0))
        for one, other in (runs, runs[::-1])
    )
    assert better is not None and worse is not None
    assert (better.verdict, worse.verdict) == ("better", "worse")
    assert better.interval.low == pytest.approx(-worse.interval.high)
    assert better.difference == pytest.approx(better.b - better.a)
    assert better.interval.holds(better.difference)


def test_a8_four_positives_that_happen_to_agree_are_no_evidence() -> None:
    truth = np.zeros((400, 1), dtype=np.bool_)
    truth[:40] = True
    good = truth.astype(np.float64)
    for moved, verdict in ((4, "cannot tell apart"), (14, "better")):
        missed = good.copy()
        missed[:moved, 0] = -np.inf
        runs = [Part("test", ("rare",), scores, truth) for scores in (missed, good)]
        ranked = rank_runs(runs, 1_000, np.random.default_rng(0))
        found = ranking_difference(ranked[0], ranked[1], [0], 0.95, np.random.default_rng(0))
        assert found is not None and found.difference == pytest.approx(moved / 40)
        assert found.verdict == verdict


def test_one_positive_tells_nothing() -> None:
    runs = rank_runs(parts(6, 200, 1), 200, np.random.default_rng(0))
    found = ranking_difference(runs[0], runs[1], [0], 0.95, np.random.default_rng(0))
    assert found is not None and found.verdict == "cannot tell apart"
    assert found.interval.low == pytest.approx(-found.a)
    assert found.interval.high == pytest.approx(1 - found.a)


def test_a_ranking_against_itself_does_not_differ() -> None:
    a, _ = parts(7, 500, 30)
    runs = rank_runs((a, a), 200, np.random.default_rng(0))
    found = ranking_difference(runs[0], runs[1], [0], 0.95, np.random.default_rng(0))
    assert found is not None and (found.interval.low, found.interval.high) == (0.0, 0.0)


def test_a9_copies_of_every_document_do_not_narrow_the_interval() -> None:
    rows = np.tile(np.arange(600), 3)
    once = parts(8, 600, 60)
    widths = []
    for clusters in (None, rows.astype(np.int32)):
        copies = [
            dataclasses.replace(
                part, scores=part.scores[rows], truth=part.truth[rows], clusters=clusters
            )
            for part in once
        ]
        ranked = rank_runs(copies, 600, np.random.default_rng(0))
        found = ranking_difference(ranked[0], ranked[1], [0], 0.95, np.random.default_rng(0))
        assert found is not None
        widths.append(found.interval.width)
    ranked = rank_runs(once, 600, np.random.default_rng(0))
    found = ranking_difference(ranked[0], ranked[1], [0], 0.95, np.random.default_rng(0))
    assert found is not None
    assert widths[1] == pytest.approx(found.interval.width, rel=0.1)
    assert widths[0] < 0.75 * found.interval.width


def test_a_comparison_has_intervals_for_ranking_precision_and_recall() -> None:
    truth = truth_of(1_000, 9)
    a, b = (run_of(str(seed), truth, scores_of(truth, seed)).test for seed in (10, 11))
    found = compare_runs(a, AT, b, AT, resamples=300, none_label="clean")
    curves = [part.curves() for part in (a, b)]
    for label in found.labels:
        assert label.average_precision is not None
        assert label.precision is not None and label.recall is not None
        assert label.average_precision_a == label.average_precision.a
        assert label.average_precision.b == curves[1][label.name].average_precision
        counts = curves[1][label.name].at(0.5)
        assert label.precision.b == pytest.approx(counts.precision)
        assert label.recall.b == pytest.approx(counts.recall)
        for paired in (label.average_precision, label.precision, label.recall):
            assert paired.interval.holds(paired.difference)
    for average in (found.macro_f1, found.macro_f1_without_none):
        assert average is not None and average.average_precision is not None
    mean = np.mean([label.average_precision_b for label in found.labels[:2]])
    assert found.macro_f1_without_none is not None
    assert found.macro_f1_without_none.average_precision_b == pytest.approx(mean)
    assert found.micro_f1.average_precision is None and found.micro_f1.recall is not None


def test_an_unknown_score_leaves_the_ranking_unknown() -> None:
    truth = truth_of(300, 12)
    a, b = (run_of(str(seed), truth, scores_of(truth, seed)).test for seed in (13, 14))
    hidden = b.scores.copy()
    hidden[np.flatnonzero(hidden[:, 0] < 0.3), 0] = np.nan
    b = dataclasses.replace(b, scores=hidden, ceilings=np.full(truth.shape, 0.3, np.float32))
    found = compare_runs(a, AT, b, AT, resamples=200)
    assert found.labels[0].average_precision is None
    assert found.labels[0].average_precision_a is not None
    assert found.labels[0].average_precision_b is None
    assert found.macro_f1.average_precision is None
    assert found.labels[1].average_precision is not None


def test_unknown_scores_make_precision_and_recall_ranges() -> None:
    truth = truth_of(300, 15)
    a, b = (run_of(str(seed), truth, scores_of(truth, seed)).test for seed in (16, 17))
    hidden = b.scores.copy()
    gone = (hidden[:, 1] < 0.7) & (hidden[:, 1] > 0.3)
    hidden[gone, 1] = np.nan
    b = dataclasses.replace(b, scores=hidden, ceilings=np.full(truth.shape, 0.7, np.float32))
    label = compare_runs(a, AT, b, AT, resamples=200).labels[1]
    flags, y = hidden[:, 1] >= 0.5, truth[:, 1]
    assert label.precision is not None and label.recall is not None
    low, high = label.precision.b_range, label.recall.b_range
    assert low is not None and high is not None
    hits, unlucky, lucky = (flags & y).sum(), (gone & ~y).sum(), (gone & y).sum()
    assert low.low == pytest.approx(hits / (flags.sum() + unlucky))
    assert low.high == pytest.approx((hits + lucky) / (flags.sum() + lucky))
    assert high.low == pytest.approx(hits / y.sum())
    assert high.high == pytest.approx((hits + lucky) / y.sum())


def test_a_cancelled_resampling_stops() -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Interrupted):
        rank_runs(parts(18, 200, 20), 200, np.random.default_rng(0), watch=Watch(token=cancel))
