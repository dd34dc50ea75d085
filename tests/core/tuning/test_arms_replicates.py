"""Several trainings of one arm, the advice, and when to stop."""

import dataclasses

import numpy as np
import pytest

from core.tuning.arms import ArmRuns, ArmsComparison, RunFigures, compare_arms, has_stalled
from tests.core.tuning.arm_examples import (
    LABELS,
    arm_of,
    base_of,
    figures,
    run_of,
    scores_of,
    truth_of,
)

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


def sweep(few: float, had: float, repeated: float, from_few: float | None = None) -> ArmsComparison:
    """A sweep in which the base has 40 positives, by how well each arm ranks."""
    truth = truth_of(3_000, 40)
    noise = np.random.default_rng(41).normal(size=(len(LABELS), len(truth), 1))

    def run(name: str, skill: float, seed: int) -> RunFigures:
        own = np.random.default_rng(seed).normal(size=truth.shape)
        margins = 0.95 * noise[:, :, 0].T + 0.3 * own + truth * np.array((skill, 2, 2)) - 1
        return run_of(name, truth, np.round(1 / (1 + np.exp(-margins)), 4))

    arms = [
        arm_of("n10", run("n10", few, 1), kind="distinct", positives=10, distinct=10),
        arm_of("n500", run("n500", repeated, 2), positives=500),
    ]
    if from_few is not None:
        arms.append(
            arm_of(
                "n40-from10", run("f", from_few, 3), kind="repeats-from", positives=40, distinct=10
            )
        )
    return compared(base_of(run("base", had, 4)), *arms)


def test_distinct_documents_that_help_where_repeats_do_not_speak_for_labelling() -> None:
    (advice,) = sweep(1.0, 3.0, 3.0).advice
    assert advice.startswith("rare: from 10 to 40 distinct positives average precision rose from ")
    assert "; repeating the 40 up to 500 changed it by " in advice
    assert advice.endswith(": label more documents rather than repeat")
    assert len(advice) <= 3 * 76


def test_repeats_that_help_are_advised() -> None:
    assert sweep(1.0, 2.0, 4.0).advice[0].endswith(": both help")
    assert sweep(2.0, 2.0, 4.0).advice[0].endswith(": repeating helps")


def test_repeats_are_compared_with_as_many_distinct_documents() -> None:
    (advice,) = sweep(1.0, 3.0, 3.0, from_few=1.0).advice
    assert "; 40 distinct against 10 repeated as often: +." in advice
    assert advice.endswith(": label more documents rather than repeat")


def test_advice_claims_nothing_that_the_intervals_do_not_bear() -> None:
    assert sweep(2.0, 2.0, 2.0).advice[0].endswith(": cannot tell")
    assert sweep(1.0, 3.0, 1.0).advice[0].endswith(": label more documents rather than repeat")
    assert sweep(3.0, 3.0, 1.0).advice[0].endswith(": repeating harms")


def test_advice_shows_labels_of_outside_origin_harmlessly() -> None:
    truth = truth_of(500, 50)
    evil = ("\x1b[31mrare", "common", "clean")
    run = run_of("a", truth, scores_of(truth, 51), labels=evil)
    counts = {evil[0]: 40, "common": 100, "clean": 100}
    base = ArmRuns("base", "base", counts, counts, (run,))
    arm = dataclasses.replace(base, arm="n90", kind="repeats", positives={**counts, evil[0]: 90})
    found = compare_arms(base, [arm], [evil[0]], resamples=200)
    shown = " ".join((*found.advice, *found.notes, *(row.verdict for row in found.arms)))
    assert "rare" in shown and "\x1b" not in shown


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
