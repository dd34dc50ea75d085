"""Row types, resamples, intervals, and thresholds chosen anew."""

import functools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Interrupted
from core.progress import CancelToken, Progress, Watch
from core.tuning.curves import label_curve
from core.tuning.intervals import (
    DecisionPair,
    corrected_level,
    f1_of,
    gain_of,
    label_intervals,
    macro_intervals,
    micro_interval,
    quantiles,
    readings,
    resampled_cells,
    row_types,
    smoothed,
    tallies,
    wilson,
)
from core.tuning.joint import choose_all
from core.tuning.objectives import choose
from core.tuning.part import Part
from core.tuning.rechoosing import (
    MOST_RESAMPLES_ONE_BY_ONE,
    best_f1_thresholds,
    bins_of,
    rechosen_thresholds,
    thresholds_by_curve,
)

Bools = np.ndarray


def sample(n: int, seed: int, n_labels: int = 3) -> tuple[Bools, Bools, Bools]:
    """Truth, tuned and default decisions that depend on it."""
    generator = np.random.default_rng(seed)
    truth = generator.random((n, n_labels)) < 0.1
    score = generator.normal(size=(n, n_labels)) + 1.5 * truth
    return truth, score > 1.2, score > 2.2


def decisions(truth: Bools, tuned: Bools, default: Bools, clusters: Bools | None) -> DecisionPair:
    none, every = np.zeros_like(truth), np.ones(truth.shape[1], dtype=bool)
    return DecisionPair(truth, tuned, none, default, none, every, ~every, clusters)


def test_row_types_hold_every_document_once() -> None:
    truth, tuned, default = sample(4_000, 1)
    types = row_types(truth, tuned, default)
    hits, flagged, positives = tallies(types.total, True)
    assert hits.tolist() == (truth & tuned).sum(axis=0).tolist()
    assert flagged.tolist() == tuned.sum(axis=0).tolist()
    assert positives.tolist() == truth.sum(axis=0).tolist()
    assert tallies(types.total, False)[1].tolist() == default.sum(axis=0).tolist()
    codes = Counter(map(bytes, np.hstack([truth, tuned, default]).astype(np.uint8)))
    assert sorted(types.weights.tolist()) == sorted(codes.values())


def test_types_of_clusters_are_those_of_their_documents_in_any_order() -> None:
    truth, tuned, default = sample(900, 2)
    clusters = np.random.default_rng(3).integers(0, 300, 900).astype(np.int32)
    types = row_types(truth, tuned, default, clusters)
    rows = 4 * truth + 2 * default + tuned
    members = Counter(
        tuple(sorted(map(tuple, rows[clusters == c].tolist()))) for c in np.unique(clusters)
    )
    assert sorted(types.weights.tolist()) == sorted(members.values())
    assert types.total.sum() == 900 * 3


def test_resamples_vary_as_the_naive_bootstrap_does() -> None:
    truth, tuned, default = sample(1_500, 4)
    drawn = resampled_cells(row_types(truth, tuned, default), 1_000, 0)
    generator = np.random.default_rng(5)
    naive = []
    for _ in range(1_000):
        rows = generator.integers(len(truth), size=len(truth))
        y, flags = truth[rows], tuned[rows]
        naive.append(2 * (y & flags).sum(axis=0) / (y.sum(axis=0) + flags.sum(axis=0)))
    own = f1_of(*tallies(drawn, True))
    assert own.std(axis=0) == pytest.approx(np.std(naive, axis=0), rel=0.15)
    assert own.mean(axis=0) == pytest.approx(np.mean(naive, axis=0), abs=0.01)


def test_a9_copies_do_not_narrow_an_interval() -> None:
    truth, tuned, default = sample(400, 6)
    rows = np.tile(np.arange(400, dtype=np.int32), 3)
    once = readings(decisions(truth, tuned, default, None), 1_000, 0)
    thrice, by_row = (
        readings(decisions(truth[rows], tuned[rows], default[rows], clusters), 1_000, 0)
        for clusters in (rows, None)
    )
    for column in range(3):
        single, group, wrong = (label_intervals(p, column, 0.9) for p in (once, thrice, by_row))
        for name in ("precision", "recall", "f1", "f1_default"):
            expected, found = getattr(single, name), getattr(group, name)
            assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
        assert group.gain.width == pytest.approx(single.gain.width, rel=0.15)
        assert wrong.f1.width < 0.75 * group.f1.width
        assert wrong.gain.width < 0.75 * group.gain.width
    assert micro_interval(thrice, 0.9).width == pytest.approx(
        micro_interval(once, 0.9).width, rel=0.15
    )


def test_d6_intervals_reach_from_the_unlucky_to_the_lucky_reading() -> None:
    truth, tuned, default = sample(600, 7)
    hidden = np.random.default_rng(8).random(truth.shape) < 0.1
    tuned, default = tuned & ~hidden, default & ~hidden
    every = np.ones(3, dtype=bool)
    both = DecisionPair(truth, tuned, hidden, default, hidden & default, every, ~every)
    pair = readings(both, 500, 0)
    known = [
        readings(decisions(truth, tuned | (hidden & kind), default, None), 500, 0)
        for kind in (~truth, truth)
    ]
    for column in range(3):
        found = label_intervals(pair, column, 0.9)
        unlucky, lucky = (label_intervals(end, column, 0.9) for end in known)
        for name in ("precision", "recall", "f1", "gain"):
            ends = [getattr(end, name) for end in (unlucky, lucky)]
            expected = min(end.low for end in ends), max(end.high for end in ends)
            assert (getattr(found, name).low, getattr(found, name).high) == pytest.approx(expected)
        assert found.f1.width > lucky.f1.width


def test_d6_a_label_at_the_default_threshold_gains_nothing_however_its_scores_are_read() -> None:
    truth, _, default = sample(2_000, 2)
    unknown = np.random.default_rng(3).random(truth.shape) < 0.1
    nothing = np.zeros(truth.shape[1], dtype=bool)
    kept = DecisionPair(
        truth, default, unknown & ~default, default, unknown & ~default, nothing, nothing, None
    )
    pair = readings(kept, 200, 0)
    found = [label_intervals(pair, column, 0.9) for column in range(truth.shape[1])]

    assert all(label.gain.low == label.gain.high == 0.0 for label in found)
    assert all(label.f1 == label.f1_default and label.f1.width > 0 for label in found)
    macro = macro_intervals(pair, found)
    assert macro is not None and macro[1].width == 0.0


@pytest.mark.parametrize("support", [20, 50, 300])
def test_an_interval_of_f1_holds_the_truth_as_often_as_it_says(support: int) -> None:
    generator = np.random.default_rng(support)
    chances = np.array([0.0, 0.4, 0.0, 0.1, 0.5, 0.4, 0.0, 0.1]) * support
    chances[0] = 20 * support
    chances /= chances.sum()
    truth_f1 = float(f1_of(*tallies(chances, True)))
    held = 0
    for _ in range(600):
        counts = generator.multinomial(21 * support, chances)
        hits, flagged, positives = (float(x) for x in tallies(counts.astype(float), True))
        whole = flagged + positives - hits
        overlap = wilson(hits / whole, whole, 0.9)
        held += (
            2 * overlap.low / (1 + overlap.low) <= truth_f1 <= 2 * overlap.high / (1 + overlap.high)
        )
    assert 0.87 <= held / 600 <= 0.94


def test_the_score_interval_is_wilsons() -> None:
    found = wilson(0.2, 10, 0.95)
    assert (found.low, found.high) == pytest.approx((0.0567, 0.5098), abs=1e-4)
    assert wilson(0.0, 5, 0.9).low == 0.0
    assert wilson(1.0, 5, 0.9).high == 1.0
    assert (wilson(0.0, 0, 0.9).low, wilson(0.0, 0, 0.9).high) == (0.0, 1.0)


def test_c1_macro_f1_is_about_the_mean_of_label_f1s() -> None:
    truth, tuned, default = sample(3_000, 9)
    pair = readings(decisions(truth, tuned, default, None), 400, 0)
    labels = [label_intervals(pair, column, 0.9) for column in range(3)]
    found = macro_intervals(pair, labels)
    assert found is not None
    macro, gain = found
    f1s = f1_of(*tallies(pair[0].total, True))
    assert macro.holds(float(f1s.mean()))
    assert gain.holds(float(gain_of(pair[0].total).mean()))
    narrowest = min(own.f1.width for own in labels)
    assert narrowest / 2 < macro.width < narrowest, "a mean of three is surer than each"
    assert macro_intervals(pair, [None, None, None]) is None


def test_a10_the_best_of_six_arms_without_effect_is_not_a_find() -> None:
    generator = np.random.default_rng(10)
    yes, no = np.ones(1, dtype=bool), np.zeros(1, dtype=bool)
    level, arms = 0.9, 6
    found = {level: 0, corrected_level(level, arms): 0}
    rounds = 120
    for number in range(rounds):
        truth = generator.random((1_000, 1)) < 0.15
        base = truth ^ (generator.random(truth.shape) < np.where(truth, 0.4, 0.05))
        best = {at: -1.0 for at in found}
        for arm in range(arms):
            other = truth ^ (generator.random(truth.shape) < np.where(truth, 0.4, 0.05))
            types = row_types(truth, other, base)
            plain = resampled_cells(types, 1_000, 100 * number + arm)
            gains = gain_of(smoothed(types, plain, yes, ~no, number)[:, 0])
            for at in found:
                best[at] = max(best[at], quantiles(gains, at).low)
        for at in found:
            found[at] += best[at] > 0
    alone, corrected = (count / rounds for count in found.values())
    assert alone > 0.10, "looking at six arms finds something too often"
    assert corrected <= 0.07
    assert corrected_level(0.9, 1) == 0.9
    assert corrected_level(0.9, 6) == pytest.approx(0.9826, abs=1e-4)


def part(n: int, seed: int, hidden: float = 0.0, copies: bool = False) -> Part:
    generator = np.random.default_rng(seed)
    truth = generator.random((n, 2)) < [0.1, 0.4]
    scores = 1 / (1 + np.exp(-(generator.normal(size=(n, 2)) + 1.5 * truth - 2)))
    scores = np.round(scores, 2 if seed % 2 else 4).astype(np.float32)
    ceilings = generator.random((n, 2)).astype(np.float32)
    scores[generator.random((n, 2)) < hidden] = np.nan
    clusters = generator.integers(0, n // 2, n).astype(np.int32) if copies else None
    return Part("calibration", ("rare", "common"), scores, truth, ceilings, clusters)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), hidden=st.sampled_from([0.0, 0.2]), copies=st.booleans())
def test_all_resamples_at_once_choose_as_one_by_one(seed: int, hidden: float, copies: bool) -> None:
    data = part(60, seed, hidden, copies)
    bins = [bins_of(data, column, True) for column in range(2)]
    take = functools.partial(choose_all, objective="max_f1")
    generators = [np.random.default_rng((seed, column)) for column in range(2)]
    one_by_one = thresholds_by_curve(bins, generators, 15, take)
    for column, own in enumerate(bins):
        generator = np.random.default_rng((seed, column))
        at_once = best_f1_thresholds(own, 0.5, 15, generator)
        singly = one_by_one[own.label]
        # A resample in which most positives are hidden is not tuned at all, one by one.
        is_kept = (singly == 0.5) & bool(hidden)
        assert at_once[~is_kept].tolist() == singly[~is_kept].tolist()


def test_other_objectives_choose_anew_too() -> None:
    data = part(800, 3)
    for objective in ("precision:0.5", "joint_micro_f1"):
        take = functools.partial(choose_all, objective=objective)
        chosen = take(data.curves())
        found = rechosen_thresholds(data, objective, take, 0.5, 1_000, 0)
        for label, spread in found.items():
            assert len(spread) == MOST_RESAMPLES_ONE_BY_ONE
            assert np.quantile(spread, 0.02) <= chosen[label].threshold <= np.quantile(spread, 0.98)


def test_thresholds_chosen_anew_spread_as_the_naive_bootstrap_does() -> None:
    data = part(3_000, 2)
    take = functools.partial(choose_all, objective="max_f1")
    found = rechosen_thresholds(data, "max_f1", take, 0.5, 600, 0)
    generator = np.random.default_rng(11)
    for column, label in enumerate(data.labels):
        naive = []
        for _ in range(400):
            rows = generator.integers(len(data), size=len(data))
            curve = label_curve(label, data.scores[rows, column], data.truth[rows, column])
            naive.append(choose(curve).threshold)
        assert np.std(found[label]) == pytest.approx(np.std(naive), rel=0.15)
        assert np.median(found[label]) == pytest.approx(np.median(naive), abs=0.02)


def test_a9_copies_do_not_settle_a_threshold() -> None:
    data = part(500, 4)
    rows = np.tile(np.arange(500, dtype=np.int32), 3)
    tripled = Part(data.name, data.labels, data.scores[rows], data.truth[rows], None, rows)
    take = functools.partial(choose_all, objective="max_f1")
    once, thrice = (
        rechosen_thresholds(one, "max_f1", take, 0.5, 1_000, 0) for one in (data, tripled)
    )
    for label in data.labels:
        assert np.std(thrice[label]) == pytest.approx(np.std(once[label]), rel=0.15)


def test_resampling_reports_and_stops_when_asked() -> None:
    truth, tuned, default = sample(200, 12)
    cancel = CancelToken()
    events: list[Progress] = []

    def report(event: Progress) -> None:
        events.append(event)
        cancel.cancel()

    with pytest.raises(Interrupted):
        resampled_cells(row_types(truth, tuned, default), 1_000, 0, Watch(report, cancel))
    assert [(event.done, event.total) for event in events] == [(100, 1_000)]
