"""Several trainings of one arm, and when to stop."""

import numpy as np
import pytest
from scipy import stats

from core.tuning.arm_effects import ArmRuns, ArmsComparison, RunFigures, has_stalled
from core.tuning.arms import compare_arms
from tests.core.tuning.arm_examples import arm_of, base_of, figures, run_of, scores_of, truth_of

SKILL = (2.0, 2.0, 2.0)


def trainings(seed: int, count: int, truth_seed: int = 1, spread: float = 0.6) -> list[RunFigures]:
    """Runs of one arm whose skill differs from training to training."""
    truth = truth_of(800, truth_seed)
    draws = np.random.default_rng(seed)
    return [
        run_of(
            f"run{seed}-{k}",
            truth,
            scores_of(truth, 100 * seed + k, tuple(2 + draws.normal(0, spread, 3))),
        )
        for k in range(count)
    ]


def compared(base: ArmRuns, *arms: ArmRuns, level: float = 0.95) -> ArmsComparison:
    return compare_arms(base, arms, ["rare"], resamples=300, level=level)


def test_figures_of_an_arm_are_means_over_its_replicates() -> None:
    base, arm = trainings(2, 3), trainings(3, 3)
    found = compared(base_of(*base), arm_of("n100", *arm))
    alone = [compared(base_of(a), arm_of("n100", b)) for a, b in zip(base, arm, strict=True)]
    row = found.arms[0]
    assert row.runs == tuple(run.name for run in arm)
    for name in ("average_precision", "f1_tuned", "recall"):
        means = [getattr(figures(one.arms[0], "rare"), name) for one in alone]
        assert getattr(figures(row, "rare"), name) == pytest.approx(np.mean(means))
        effects = [getattr(figures(one.arms[0], "rare"), f"{name}_effect") for one in alone]
        effect = getattr(figures(row, "rare"), f"{name}_effect")
        assert effect.difference == pytest.approx(np.mean([one.difference for one in effects]))


def test_the_noise_between_trainings_is_pooled_within_arms() -> None:
    base, arm, single = trainings(4, 2), trainings(5, 3), trainings(6, 1)
    found = compared(base_of(*base), arm_of("n100", *arm), arm_of("n200", *single))
    noise = {(one.name, one.figure): one for one in found.noise}
    values = [
        [figures(compared(base_of(run), arm_of("x", run)).base, "rare").f1_tuned for run in runs]
        for runs in (base, arm)
    ]
    squares = sum(float(np.sum((np.array(one) - np.mean(one)) ** 2)) for one in values)
    assert noise["rare", "f1_tuned"].deviation == pytest.approx(np.sqrt(squares / 3))
    assert noise["rare", "f1_tuned"].degrees == 3
    assert ("macro", "average_precision") in noise and ("micro", "average_precision") not in noise


def test_the_noise_between_trainings_widens_the_intervals() -> None:
    base, arm = trainings(7, 2), trainings(8, 2)
    found = compared(base_of(*base), arm_of("n100", *arm))
    once = compared(base_of(base[0]), arm_of("n100", arm[0]))
    wide, narrow = (figures(one.arms[0], "rare").f1_tuned_effect for one in (found, once))
    assert wide is not None and narrow is not None
    assert wide.interval.width > 1.5 * narrow.interval.width
    assert any("hold the noise between trainings" in note for note in found.notes)
    assert once.noise == ()
    assert any("trained once" in note for note in once.notes)


@pytest.mark.parametrize("count", [3, 6, 7])
def test_replicates_without_noise_claim_no_more_than_one_training(count: int) -> None:
    truth = np.zeros((150, 3), dtype=np.bool_)
    truth[:20, 0] = True
    for moved, left in ((5, 1), (5, 2), (5, 3), (6, 0), (6, 1), (6, 2), (6, 3)):
        low = np.where(truth, 0.9, 0.1)
        low[: moved + left, 0] = 0.1
        high = low.copy()
        high[:moved, 0] = 0.9
        base, arm = (
            [run_of(f"{name}{k}", truth, scores) for k in range(count)]
            for name, scores in (("a", low), ("b", high))
        )
        many = compared(base_of(*base), arm_of("n100", *arm)).arms[0]
        once = compared(base_of(base[0]), arm_of("n100", arm[0])).arms[0]
        for figure in ("average_precision_effect", "f1_tuned_effect", "recall_effect"):
            found, wanted = (getattr(figures(row, "rare"), figure) for row in (many, once))
            assert found.verdict == wanted.verdict, (moved, left, figure)


def test_an_arm_noisier_than_the_others_has_wider_intervals() -> None:
    quiet = [trainings(60 + k, 1)[0] for k in range(4)]
    still = [arm_of(f"n{k}", quiet[k], quiet[k]) for k in range(1, 4)]
    noisy = arm_of("n9", *trainings(66, 2, spread=0.5))
    found = compared(base_of(quiet[0], quiet[0]), *still, noisy)
    pooled = next(
        one for one in found.noise if (one.name, one.figure) == ("rare", "average_precision")
    )
    own_variance = 5 * pooled.deviation**2
    effect = figures(found.arms[-1], "rare").average_precision_effect
    assert effect is not None and pooled.degrees == 5
    reach = stats.t.ppf(0.5 + found.claim_level / 2, pooled.degrees)
    reach *= np.sqrt((own_variance + pooled.deviation**2) / 2)
    assert effect.difference - effect.interval.low >= reach


def test_trainings_that_differ_by_luck_alone_are_not_told_apart() -> None:
    lucky = seen = 0
    for seed in range(10, 22):
        base, arm = trainings(seed, 3), trainings(100 + seed, 3)
        found = compared(base_of(*base), arm_of("n100", *arm), level=0.8)
        lucky += found.arms[0].outcome != "cannot tell apart"
        once = compared(base_of(base[0]), arm_of("n100", arm[0]), level=0.8)
        seen += once.arms[0].outcome != "cannot tell apart"
    assert lucky <= 2 < seen


def test_an_arm_that_lost_a_replicate_is_compared_with_what_is_left() -> None:
    base, arm = trainings(9, 3), trainings(10, 3)
    for left in (arm[:2], arm[1:2]):
        found = compared(base_of(*base), arm_of("n100", *left))
        effect = figures(found.arms[0], "rare").f1_tuned_effect
        assert effect is not None
        assert effect.difference == pytest.approx(
            figures(found.arms[0], "rare").f1_tuned - figures(found.base, "rare").f1_tuned
        )
    found = compared(base_of(base[0]), arm_of("n100", *arm))
    assert len(found.arms[0].runs) == 3 and len(found.base.runs) == 1


@pytest.mark.parametrize(
    ("history", "patience", "stalled"),
    [
        ([0.3, 0.4, 0.401, 0.402], 2, True),
        ([0.3, 0.4, 0.401, 0.405], 2, False),
        ([0.3, 0.3], 1, True),
        ([0.3], 1, False),
        ([], 1, False),
        ([0.3, 0.2, 0.1], 0, False),
        ([0.3, None, 0.2], 2, False),
        ([None, 0.2], 1, False),
        ([None, 0.3, 0.2], 1, True),
        ([0.5, 0.3, 0.4], 2, True),
    ],
)
def test_a_sweep_stops_when_the_newest_arms_bring_nothing(
    history: list[float | None], patience: int, stalled: bool
) -> None:
    assert has_stalled(history, patience) is stalled
