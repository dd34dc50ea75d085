"""Known answers: real models, trained, tuned and compared as the product does.

`tests.benchmarks.bench_arms` gives the rates over many seeds.
"""

import numpy as np

from core.tuning.arms import compare_arms
from tests.core.tuning.arm_examples import repeats_cannot_help, repeats_help, trained_arms

NULL_LABELS = ("noise", "plain", "other")


def test_repeats_that_cannot_help_are_not_called_better() -> None:
    better = moved = 0
    for seed in range(12):
        base, arms = trained_arms(
            repeats_cannot_help, NULL_LABELS, NULL_LABELS[:2], (90, 120, 160, 220, 300, 500), seed
        )
        found = compare_arms(base, arms, NULL_LABELS[:2], resamples=300, seed=seed)
        assert found.claims == 6 * 3 * 2
        better += any(row.outcome == "better" for row in found.arms)
        moved += np.median([row.labels[1].f1_default for row in found.arms]) > (
            found.base.labels[1].f1_default
        )
    assert better <= 2
    assert moved >= 6, "repeats do raise F1 at the default threshold: the trap is there"


def test_repeats_that_help_are_called_better() -> None:
    better = 0
    for seed in range(10):
        base, arms = trained_arms(repeats_help, ("rare", "other"), ("rare",), (100, 200), seed)
        found = compare_arms(base, arms, ("rare",), resamples=300, seed=seed)
        better += any(row.outcome == "better" for row in found.arms)
        if found.arms[-1].outcome == "better":
            assert "better: rare tuned F1 +" in found.arms[-1].verdict
            assert found.advice[0].endswith("repeating helps")
    assert better >= 8
