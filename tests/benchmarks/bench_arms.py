"""How often the comparison of arms is right on planted answers, and how long it takes.

    python -m tests.benchmarks.bench_arms [SEEDS]

- Arms of repeats that cannot help, real models: no arm is called better in 95 % of the seeds.
- Arms of repeats that do help, real models: the last arm is called better in 90 %.
- Six arms that differ from the base by noise alone: a claim in at most 5 %.
- Intervals of average precision at 95 % hold no difference between equally good rankings in 92 %.
- 8 runs of 32,000 documents and 7 labels, 2,000 resamples: less than 15 s of processor time.
"""

import math
import resource
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np

from core.tuning.arm_effects import ArmsComparison
from core.tuning.arms import compare_arms
from core.tuning.part import Part
from core.tuning.ranking import rank_runs, ranking_difference
from tests.core.tuning.arm_examples import (
    arm_of,
    base_of,
    null_arms,
    repeats_cannot_help,
    repeats_help,
    run_of,
    scores_of,
    trained_arms,
    truth_of,
)

_RESAMPLES = 1_000
_SECONDS = 15.0
_COVERED = 0.92


def main(arguments: list[str]) -> bool:
    """Print the rates; return whether every target was met."""
    seeds = int(arguments[0]) if arguments else 40
    met = [
        _rate("repeats cannot help: any arm called better", seeds, _null, at_most=0.05),
        _rate("text says nothing: any arm called better", seeds, _independent, at_most=0.05),
        _rate("repeats help: last arm called better", seeds, _helpful, at_least=0.9),
        _rate("six null arms: any claim", seeds, _six_null, at_most=0.05),
        *_coverage(seeds),
        _speed(),
    ]
    return all(met)


def _rate(
    what: str,
    seeds: int,
    answer: Callable[[int], bool],
    *,
    at_least: float = 0.0,
    at_most: float = 1.0,
) -> bool:
    """Whether the rate lies within bounds, three standard errors of slack allowed."""
    rate = float(np.mean([answer(seed) for seed in range(seeds)]))
    bound = at_most if at_most < 1 else at_least
    slack = 3 * math.sqrt(bound * (1 - bound) / seeds)
    is_met = at_least - slack <= rate <= at_most + slack
    print(f"{what:48} {rate:6.1%} of {seeds} seeds{'' if is_met else '  MISSED'}", flush=True)
    return is_met


def _null(seed: int) -> bool:
    labels, targets = ("noise", "plain", "other"), (90, 120, 160, 220, 300, 500)
    base, arms = trained_arms(repeats_cannot_help, labels, labels[:2], targets, seed)
    return _is_better(compare_arms(base, arms, labels[:2], resamples=_RESAMPLES, seed=seed))


def _independent(seed: int) -> bool:
    labels, targets = ("noise", "plain", "other"), (60, 90, 120, 160, 300, 500)
    base, arms = trained_arms(
        repeats_cannot_help, labels, ["noise"], targets, seed, (600, 600, 3_000)
    )
    return _is_better(compare_arms(base, arms, ["noise"], resamples=_RESAMPLES, seed=seed))


def _is_better(found: ArmsComparison) -> bool:
    return any(row.outcome == "better" for row in found.arms)


def _helpful(seed: int) -> bool:
    base, arms = trained_arms(repeats_help, ("rare", "other"), ("rare",), (100, 200), seed)
    found = compare_arms(base, arms, ("rare",), resamples=_RESAMPLES, seed=seed)
    return found.arms[-1].outcome == "better"


def _six_null(seed: int) -> bool:
    base, arms = null_arms(10_000 + seed)
    found = compare_arms(base, arms, ["rare"], resamples=_RESAMPLES, seed=seed)
    return any(
        effect is not None and effect.verdict != "cannot tell apart"
        for row in found.arms
        for one in (row.labels[0], row.macro)
        for effect in (one.average_precision_effect, one.f1_tuned_effect)
    )


def _coverage(seeds: int) -> Iterator[bool]:
    for positives in (12, 20, 60):
        for skill, common in ((1.5, 0.5), (2.5, 0.8), (2.5, 0.95)):
            held = [_holds(seed, positives, skill, common) for seed in range(5 * seeds)]
            share = float(np.mean(held))
            is_met = share >= _COVERED - 3 * math.sqrt(_COVERED * (1 - _COVERED) / len(held))
            print(
                f"average precision, {positives} of 2,000 positive, skill {skill},"
                f" correlation {common}: holds 0 in {share:.1%}{'' if is_met else '  MISSED'}",
                flush=True,
            )
            yield is_met


def _holds(seed: int, positives: int, skill: float, common: float) -> bool:
    generator = np.random.default_rng(seed)
    truth = np.zeros((2_000, 1), dtype=np.bool_)
    truth[:positives] = True
    shared = math.sqrt(common) * generator.normal(size=truth.shape)
    runs = []
    for _ in range(2):
        own = math.sqrt(1 - common) * generator.normal(size=truth.shape)
        scores = 1 / (1 + np.exp(-(shared + own + skill * truth)))
        runs.append(Part("test", ("rare",), scores, truth))
    a, b = rank_runs(runs, 600, generator)
    found = ranking_difference(a, b, [0], 0.95, generator)
    return found is not None and found.interval.holds(0)


def _speed() -> bool:
    shares = (0.003, 0.01, 0.01, 0.05, 0.05, 0.1, 0.9)
    labels = ("rare", "b", "c", "d", "e", "f", "clean")
    truth = truth_of(32_000, 0, shares)
    runs = [
        run_of(f"run{k}", truth, scores_of(truth, k, (2,) * 7), labels=labels) for k in range(8)
    ]
    started = time.process_time()
    compare_arms(base_of(runs[0]), [arm_of(run.name, run) for run in runs[1:]], ["rare"])
    took = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024
    is_met = took < _SECONDS
    print(
        f"8 runs, 32,000 documents, 7 labels: {took:.1f} s, peak {peak:,.0f} MiB with the rest"
        f"{'' if is_met else '  MISSED'}"
    )
    return is_met


if __name__ == "__main__":
    sys.exit(not main(sys.argv[1:]))
