"""Whether to repeat or to label more, as the advice says it."""

import dataclasses

import numpy as np
import pytest

from core.tuning.arm_effects import ArmRuns, ArmsComparison, RunFigures
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


def compared(base: ArmRuns, *arms: ArmRuns, level: float = 0.95) -> ArmsComparison:
    return compare_arms(base, arms, ["rare"], resamples=300, level=level)


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


def test_advice_does_not_contradict_the_verdict_on_an_arm_with_fewer_copies() -> None:
    truth = truth_of(3_000, 70)
    runs = [
        run_of(str(skill), truth, scores_of(truth, seed, (skill, 2, 2)))
        for seed, skill in ((71, 2.5), (72, 5.0), (73, 0.5))
    ]
    found = compared(
        base_of(runs[0]), arm_of("n100", runs[1]), arm_of("n500", runs[2], positives=500)
    )
    assert [row.outcome for row in found.arms] == ["better", "worse"]
    assert "repeating the 40 up to 100 changed average precision by +." in found.advice[0]
    assert found.advice[0].endswith(": repeating helps")


def test_advice_calls_repeats_helpful_where_the_verdict_does() -> None:
    agreed = 0
    for seed in range(12):
        truth = truth_of(1_500, 80 + seed)
        noise = np.random.default_rng(seed).normal(size=(2, *truth.shape))
        base, arm = (
            run_of(str(skill), truth, np.round(1 / (1 + np.exp(1 - own - truth * skill)), 4))
            for skill, own in ((1.6, noise[0]), (2.0, 0.7 * noise[0] + 0.71 * noise[1]))
        )
        found = compared(base_of(base), arm_of("n100", arm), level=0.8)
        rare = figures(found.arms[0], "rare")
        if found.arms[0].verdict.startswith("better: rare"):
            assert found.advice[0].endswith(": repeating helps")
            assert ", tuned F1 by +." in found.advice[0]
            agreed += rare.average_precision_effect.verdict == "cannot tell apart"  # type: ignore[union-attr]
    assert agreed >= 1, "tuned F1 and the ranking by itself bear a verdict that the level does not"


def test_arms_that_the_advice_compares_with_each_other_are_looks() -> None:
    truth = truth_of(600, 90)
    runs = [run_of(f"r{k}", truth, scores_of(truth, 91 + k)) for k in range(4)]
    arms = [
        arm_of("n10", runs[1], kind="distinct", positives=10, distinct=10),
        arm_of("n25", runs[2], kind="distinct", positives=25, distinct=25),
        arm_of("n25-from10", runs[3], kind="repeats-from", positives=25, distinct=10),
    ]
    found = compared(base_of(runs[0]), *arms)
    assert "25 distinct against 10 repeated as often" in found.advice[0]
    assert found.claims == 3 * 2 * 2 + 1
    assert found.claim_level == pytest.approx(0.95 ** (1 / 13))
    assert "in 3 arms and 1 comparison of two arms; together" in found.notes[0]
    assert compared(base_of(runs[0]), *arms[:2]).claims == 2 * 2 * 2


def test_advice_on_a_label_without_positives_in_test_says_so() -> None:
    truth = truth_of(300, 95)
    truth[:, 0] = False
    runs = [run_of(str(seed), truth, scores_of(truth, seed)) for seed in (96, 97)]
    found = compared(base_of(runs[0]), arm_of("n100", runs[1]))
    assert found.advice == ("rare: no positives on test: cannot tell",)
    assert compared(base_of(runs[0]), arm_of("ros25", runs[1], kind="ml-ros")).advice == ()


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
