"""The noise floor."""

import numpy as np
import pytest

from core.tuning.aim import Aim
from core.tuning.curves import label_curve
from core.tuning.evidence import gather_evidence
from core.tuning.joint import choose_all
from core.tuning.noise import noise_floor
from core.tuning.part import Part


def truth_of(n: int, positives: int) -> np.ndarray:
    truth = np.zeros(n, dtype=bool)
    truth[:positives] = True
    return truth


def test_a3_ten_positives_of_5000_find_some_f1_in_pure_noise() -> None:
    scores = np.random.default_rng(0).random(5_000).astype(np.float32)
    floor = noise_floor(scores, truth_of(5_000, 10), draws=4_000)
    assert floor is not None
    assert floor.mean == pytest.approx(0.016, abs=0.001)
    assert floor.high == pytest.approx(0.054, abs=0.006)


@pytest.mark.parametrize("hidden", [0.0, 0.3])
@pytest.mark.parametrize("decimals", [1, 7])
def test_a3_the_floor_is_that_of_permuted_labels(hidden: float, decimals: int) -> None:
    generator = np.random.default_rng(1)
    scores = generator.random(300).round(decimals).astype(np.float32)
    ceilings = np.full(300, 0.6, dtype=np.float32)
    scores[generator.random(300) < hidden] = np.nan
    truth = truth_of(300, 12)
    naive = []
    for _ in range(1_500):
        curve = label_curve("a", scores, generator.permutation(truth), ceilings)
        naive.append(curve.f1_low.max())
    floor = noise_floor(scores, truth, ceilings, draws=1_500)
    assert floor is not None
    assert floor.mean == pytest.approx(np.mean(naive), rel=0.05)
    assert floor.high == pytest.approx(np.quantile(naive, 0.95), rel=0.1)


def test_a3_many_positives_are_drawn_by_bins_and_agree() -> None:
    generator = np.random.default_rng(2)
    scores = generator.random(6_000).astype(np.float32)
    few, many = (noise_floor(scores, truth_of(6_000, count)) for count in (990, 1_010))
    assert few is not None
    assert many is not None
    assert many.high == pytest.approx(few.high, abs=0.01)
    assert many.mean >= 2 * 1_010 / 7_010


def test_a3_permuted_labels_are_adopted_no_more_often_than_stated() -> None:
    generator = np.random.default_rng(3)
    adopted, above = 0, 0
    rounds = 200
    for seed in range(rounds):
        parts = [
            Part(name, ("noise",), generator.random((400, 1)), truth_of(400, 12)[:, None])
            for name in ("calibration", "test")
        ]
        choices = choose_all(parts[0].curves(), "max_f1")
        found = gather_evidence(
            parts[0], parts[1], choices, Aim(), resamples=200, seed=seed
        ).labels[0]
        adopted += found.decision == "tuned"
        assert found.noise_floor is not None
        above += parts[0].curves()["noise"].f1_low.max() > found.noise_floor
    assert adopted <= 0.05 * rounds
    assert 0.01 <= above / rounds <= 0.10


def test_a4_constant_scores_reach_the_floor_and_no_more() -> None:
    scores, truth = np.full(200, 0.3, dtype=np.float32), truth_of(200, 10)
    curve = label_curve("a", scores, truth)
    floor = noise_floor(scores, truth)
    assert floor is not None
    assert (floor.mean, floor.high) == pytest.approx(
        (2 * curve.positives / (2 * curve.positives + curve.negatives),) * 2
    )


def test_a9_copies_count_once_in_the_floor() -> None:
    scores = np.random.default_rng(4).random(400).astype(np.float32)
    rows = np.tile(np.arange(400, dtype=np.int32), 3)
    truth = truth_of(400, 8)
    assert noise_floor(scores[rows], truth[rows], None, rows) == noise_floor(scores, truth)


def test_without_positives_there_is_no_floor() -> None:
    assert noise_floor(np.ones(5, dtype=np.float32), truth_of(5, 0)) is None
    none_returned = np.full(5, -np.inf, dtype=np.float32)
    floor = noise_floor(none_returned, truth_of(5, 2))
    assert floor is not None
    assert floor.high == 0.0
