"""Reliability and resolution of scores."""

import dataclasses
import itertools

import numpy as np
import pytest

from core.tuning.calibration import NEAR, CalibrationView, calibration_view, decimals_of, wilson
from core.tuning.objectives import choose
from core.tuning.part import Part


def calibrated(n: int = 20_000, seed: int = 0, power: float = 1.0) -> Part:
    """Scores that are probabilities when `power` is 1."""
    draws = np.random.default_rng(seed)
    shares = draws.beta(0.6, 2, size=(n, 1))
    truth = draws.random((n, 1)) < shares
    return Part("calibration", ("a",), shares**power, truth)


def view(part: Part, threshold: float = 0.5) -> CalibrationView:
    return calibration_view(part, dict.fromkeys(part.labels, threshold))


def test_calibrated_scores_have_half_their_best_f1_as_threshold() -> None:
    part = calibrated()
    best = choose(part.curves()["a"])
    label = view(part, best.threshold).labels[0]
    assert label.best_f1 == best.counts.f1 and label.half_best_f1 == best.counts.f1 / 2
    assert best.threshold == pytest.approx(label.half_best_f1, abs=0.04)
    assert label.ece is not None and label.ece < 0.02 and not label.note
    inside = [b.interval.low <= b.mean_score <= b.interval.high for b in label.bins]
    assert sum(inside) >= 0.7 * len(inside)


@pytest.mark.parametrize(("power", "word"), [(3.0, "too low"), (0.3, "too high")])
def test_scores_that_are_no_probabilities_are_said(power: float, word: str) -> None:
    part = calibrated(power=power)
    label = view(part, choose(part.curves()["a"]).threshold).labels[0]
    assert word in label.note and label.ece is not None and label.ece > 0.05


def test_bins_hold_every_document_once_and_part_no_tie() -> None:
    part = calibrated(3_000)
    part = dataclasses.replace(part, scores=part.scores.round(2))
    bins = view(part).labels[0].bins
    assert sum(b.n for b in bins) == 3_000
    assert sum(b.positives for b in bins) == part.truth.sum()
    assert all(one.high < other.low for one, other in itertools.pairwise(bins))
    assert len(bins) > 10, "the highest tenth is cut again"
    ece = sum(b.n * abs(b.mean_score - b.share_positive) for b in bins) / 3_000
    assert view(part).labels[0].ece == pytest.approx(ece)


def test_b10_resolution_ties_and_distinct_scores_near_the_threshold() -> None:
    scores = np.r_[np.zeros(500), np.repeat([0.0001, 0.0002], 100), 0.9].astype(np.float32)
    truth = np.zeros((701, 1), dtype=np.bool_)
    truth[500:510] = truth[-1] = True
    part = Part("test", ("a",), scores[:, None], truth)
    label = view(part, 0.0001).labels[0]
    assert label.decimals == 4
    assert (label.ties, label.ties_positive) == (100, 10)
    assert label.distinct_near <= 2 < NEAR and "coarse" in label.note
    fine = view(calibrated()).labels[0]
    assert fine.decimals is None and fine.ties == 0 and fine.distinct_near == NEAR


def test_d6_unknown_scores_are_in_no_bin() -> None:
    part = calibrated(1_000)
    scores = part.scores.copy()
    scores[:200] = np.nan
    found = view(dataclasses.replace(part, scores=scores))
    label = found.labels[0]
    assert (label.known, label.unknown) == (800, 200)
    assert sum(b.n for b in label.bins) == 800
    assert any("not returned" in note for note in found.notes)


def test_nothing_known_and_no_positives() -> None:
    empty = Part("test", ("a",), np.full((5, 1), np.nan), np.zeros((5, 1), dtype=np.bool_))
    label = view(empty).labels[0]
    assert (label.bins, label.ece, label.best_f1, label.decimals) == ((), None, None, None)


def test_a9_copies_do_not_narrow_the_intervals_of_bins() -> None:
    part = calibrated(400)
    rows = np.repeat(np.arange(400), 4)
    copied = dataclasses.replace(
        part, scores=part.scores[rows], truth=part.truth[rows], clusters=rows.astype(np.int32)
    )
    one, four = view(part).labels[0].bins[5], view(copied).labels[0].bins[5]
    assert four.n == 4 * one.n
    assert four.interval.width == pytest.approx(one.interval.width)


def test_decimals() -> None:
    assert decimals_of(np.array([0.25, 0.1])) == 2
    assert decimals_of(np.array([0.0, 1.0])) == 0
    assert decimals_of(np.array([1 / 3])) is None


def test_wilson_matches_the_published_example() -> None:
    # Newcombe 1998, table I: 81 of 263 and 0 of 20 at 95 %.
    found = wilson(81, 263, 0.95)
    assert (found.low, found.high) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    none = wilson(0, 20, 0.95)
    assert (none.low, none.high) == pytest.approx((0.0, 0.1611), abs=5e-5)
