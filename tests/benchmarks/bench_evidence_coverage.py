"""How often 90 % intervals hold the true figure, by method and by support.

    python -m tests.benchmarks.bench_evidence_coverage [REPETITIONS]

A threshold is tuned on a sample with half the support, and its figures are measured on a second
sample; both are drawn from a large population whose figures at that threshold are the truth. The
method that the product uses is marked with *. The study decides which that is: coverage must lie
between 85 and 95 % from 20 positives on; for averages, once half of the labels have so many.
"""

import math
import sys
from collections import defaultdict
from collections.abc import Iterator
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from core.tuning.aim import Aim
from core.tuning.curves import label_curve, label_curves
from core.tuning.evidence import gather_evidence
from core.tuning.intervals import (
    DecisionPair,
    Interval,
    RowTypes,
    f1_of,
    gain_of,
    label_intervals,
    macro_intervals,
    micro_interval,
    quantiles,
    readings,
    resampled_cells,
    row_types,
    share_intervals,
    smoothed,
    tallies,
)
from core.tuning.joint import choose_all
from core.tuning.objectives import choose
from core.tuning.part import Part
from tests.benchmarks.populations import Population, real, synthetic

LEVEL = 0.9
SUPPORTS = (5, 10, 20, 50, 100, 300)
_RESAMPLES = 600
_ENOUGH = 20
_LOWEST, _HIGHEST = 0.85, 0.95
_TESTS = (900, 1_811, 3_622)
_CROSS_FITTED = (2, 3, 4)
"""Labels of the synthetic population that are common enough to cross-fit quickly."""
Floats = npt.NDArray[np.float64]
Found = Iterator[tuple[str, Interval, float]]
Table = dict[str, dict[int, list[tuple[bool, float]]]]


def main(arguments: list[str]) -> bool:
    """Print the tables; return whether the product's methods hold what they promise."""
    repetitions = int(arguments[0]) if arguments else 100
    populations = [one for one in (synthetic(), real()) if one is not None]
    met = []
    for population in populations:
        table: Table = defaultdict(lambda: defaultdict(list))
        generator = np.random.default_rng(0)
        for support in SUPPORTS:
            for column in range(len(population.labels)):
                if np.count_nonzero(population.truth[:, column]) < len(population.truth) / 2:
                    for _ in range(repetitions):
                        _add(table, support, _single(population, column, support, generator))
        met.append(_print(f"{population.name}: one label, by support", table, _ENOUGH))
        table = defaultdict(lambda: defaultdict(list))
        median = float(np.median(population.truth.mean(axis=0)))
        for size in _TESTS:
            for _ in range(2 * repetitions):
                _add(table, size, _averages(population, size, generator))
        met.append(_print(f"{population.name}: averages, by documents", table, _ENOUGH / median))
    table = defaultdict(lambda: defaultdict(list))
    for support in SUPPORTS:
        for number in range(repetitions):
            generator = np.random.default_rng(number)
            for column in _CROSS_FITTED:
                found = _cross_fitted(populations[0], column, support, generator)
                _add(table, support, found)
    met.append(
        _print("synthetic, two-way split: tuned and cross-fitted on one part", table, _ENOUGH)
    )
    return all(met)


def _add(table: Table, key: int, found: Found) -> None:
    for name, interval, truth in found:
        held = interval.low - 1e-9 <= truth <= interval.high + 1e-9
        table[name][key].append((held, interval.width))


def _print(title: str, table: Table, enough: float) -> bool:
    print(f"\n{title}: share of 90 % intervals that hold the truth / mean width")
    print(f"  {'':<34}" + "".join(f"{key:>12,}" for key in next(iter(table.values()))))
    outside, missed = [], []
    for name, by_key in table.items():
        cells = []
        for key, results in by_key.items():
            share, width = np.mean(results, axis=0)
            off = max(_LOWEST - share, share - _HIGHEST) if key >= enough else 0.0
            cells.append(f"{share:>6.3f}{'!' if off > 0 else ' '}/{width:.2f}")
            if off > 0:
                outside.append(f"{name[2:]} at {key:,} ({share:.2f})")
            # The study itself errs: two standard errors of a share near 0.9.
            if name.startswith("*") and off > 2 * 0.3 / math.sqrt(len(results)):
                missed.append(outside[-1])
        print(f"  {name:<34}" + "".join(f"{cell:>12}" for cell in cells))
    print(
        f"  outside {_LOWEST:.0%} to {_HIGHEST:.0%} from {enough:.0f} on: "
        f"{'; '.join(outside) or 'none'}"
    )
    print(f"  used and outside by more than the study's error: {'; '.join(missed) or 'none'}")
    return not missed


def _single(
    population: Population, column: int, support: int, generator: np.random.Generator
) -> Found:
    scores, truth = population.scores[:, column], population.truth[:, column]
    n = round(support / truth.mean())
    rows = generator.integers(len(truth), size=n // 2)
    if not truth[rows].any():
        return
    threshold = choose(label_curve("", scores[rows], truth[rows])).threshold
    tuned = scores >= np.float32(threshold)
    default = scores >= np.float32(0.5)
    cells = np.bincount(4 * truth + 2 * default + tuned, minlength=8).astype(np.float64)
    counts = generator.multinomial(n, cells / cells.sum())
    if not counts[4:].sum():
        return
    types = RowTypes(counts.astype(np.int64), np.eye(8, dtype=np.float32)[:, None, :])
    seed = int(generator.integers(2**31))
    plain = resampled_cells(types, _RESAMPLES, seed)
    less = np.array([threshold < 0.5])
    more = smoothed(types, plain, less, ~less, seed)[:, 0]
    hits, flagged, positives = (float(x) for x in tallies(cells, True))
    true_f1, true_gain = float(f1_of(*tallies(cells, True))), float(gain_of(cells))
    precision, recall, f1 = share_intervals(types, 0, True, LEVEL)
    drawn = tallies(plain[:, 0], True)
    observed = counts.astype(np.float64)
    yield "  F1: percentile bootstrap", quantiles(f1_of(*drawn), LEVEL), true_f1
    yield "  F1: BCa bootstrap", _bca(f1_of(*drawn), observed, False), true_f1
    yield "  F1: smoothed bootstrap", quantiles(f1_of(*tallies(more, True)), LEVEL), true_f1
    yield "  F1: gamma posterior", _posterior(observed, generator), true_f1
    yield "* F1: score interval", f1, true_f1
    true_precision = hits / flagged if flagged else 0.0
    ratio = np.divide(drawn[0], drawn[1], out=np.zeros_like(drawn[0]), where=drawn[1] > 0)
    yield "  precision: percentile bootstrap", quantiles(ratio, LEVEL), true_precision
    yield "* precision: score interval", precision, true_precision
    yield "* recall: score interval", recall, hits / positives
    yield "  gain: percentile bootstrap", quantiles(gain_of(plain[:, 0]), LEVEL), true_gain
    yield "  gain: BCa bootstrap", _bca(gain_of(plain[:, 0]), observed, True), true_gain
    yield "* gain: smoothed bootstrap", quantiles(gain_of(more), LEVEL), true_gain


def _posterior(observed: Floats, generator: np.random.Generator) -> Interval:
    """F1 as a ratio of gamma variates (Goutte & Gaussier 2005, section 3)."""
    hits, flagged, positives = (float(x) for x in tallies(observed, True))
    found = generator.gamma(hits + 0.5, 2, _RESAMPLES)
    missed = generator.gamma(flagged + positives - 2 * hits + 1, 1, _RESAMPLES)
    return quantiles(found / (found + missed), LEVEL)


def _bca(drawn: Floats, observed: Floats, is_gain: bool) -> Interval:
    """Bias-corrected and accelerated bootstrap (Efron 1987); the jackknife runs over cells."""
    normal = NormalDist()

    def figure(cells: Floats) -> float:
        return float(gain_of(cells) if is_gain else f1_of(*tallies(cells, True)))

    estimate = figure(observed)
    below = float(np.mean(drawn < estimate) + np.mean(drawn == estimate) / 2)
    bias = normal.inv_cdf(min(max(below, 1e-3), 1 - 1e-3))
    used = np.flatnonzero(observed)
    left_out = np.array([figure(observed - np.eye(8)[cell]) for cell in used])
    weights = observed[used]
    away = np.average(left_out, weights=weights) - left_out
    spread = 6 * float(weights @ away**2) ** 1.5
    acceleration = float(weights @ away**3) / spread if spread else 0.0
    ends = []
    for side in (-1, 1):
        z = bias + side * normal.inv_cdf(0.5 + LEVEL / 2)
        ends.append(float(np.quantile(drawn, normal.cdf(bias + z / (1 - acceleration * z)))))
    return Interval(*ends)


def _averages(population: Population, size: int, generator: np.random.Generator) -> Found:
    labels = population.labels
    rows, others = (generator.integers(len(population.truth), size=n) for n in (size // 2, size))
    choices = choose_all(label_curves(labels, population.scores[rows], population.truth[rows]))
    limits = np.array([choices[label].threshold for label in labels], dtype=np.float32)
    tuned, default = population.scores >= limits, population.scores >= np.float32(0.5)
    none = np.zeros((size, len(labels)), dtype=np.bool_)
    decisions = DecisionPair(
        population.truth[others],
        tuned[others],
        none,
        default[others],
        none,
        limits < 0.5,
        limits > 0.5,
    )
    pair = readings(decisions, _RESAMPLES, int(generator.integers(2**31)))
    kept = [column for column in range(len(labels)) if decisions.truth[:, column].any()]
    own = [label_intervals(pair, c, LEVEL) if c in kept else None for c in range(len(labels))]
    found = macro_intervals(pair, own)
    assert found is not None
    cells = row_types(population.truth, tuned, default).total[kept]
    plain, more = pair[0].plain[:, kept], pair[0].smoothed[:, kept]
    true_f1, true_gain = (float(x.mean()) for x in (f1_of(*tallies(cells, True)), gain_of(cells)))
    for name, draws in (("percentile", plain), ("smoothed", more)):
        macro = f1_of(*tallies(draws, True)).mean(axis=1)
        yield f"  macro-F1: {name} bootstrap", quantiles(macro, LEVEL), true_f1
    yield "* macro-F1: from the labels", found[0], true_f1
    for name, draws in (("percentile", plain), ("smoothed", more)):
        mean = gain_of(draws).mean(axis=1)
        yield f"  macro gain: {name} bootstrap", quantiles(mean, LEVEL), true_gain
    yield "* macro gain: from the labels", found[1], true_gain
    pooled = [np.atleast_1d(count.sum()) for count in tallies(cells, True)]
    yield "* micro-F1: percentile bootstrap", micro_interval(pair, LEVEL), float(f1_of(*pooled)[0])


def _cross_fitted(
    population: Population, column: int, support: int, generator: np.random.Generator
) -> Found:
    """Evidence of one part; the truth is what the deployed threshold does in the population."""
    scores, truth = population.scores[:, [column]], population.truth[:, [column]]
    rows = generator.integers(len(truth), size=round(support / truth.mean()))
    part = Part("test", ("label",), scores[rows], truth[rows])
    choices = choose_all(part.curves())
    found = gather_evidence(part, part, choices, Aim(), resamples=300, seed=support).labels[0]
    tuned = scores >= np.float32(choices["label"].threshold)
    cells = row_types(truth, tuned, scores >= np.float32(0.5)).total[0]
    if found.f1 is not None and found.gain is not None:
        yield "* F1 of the deployed threshold", found.f1, float(f1_of(*tallies(cells, True)))
        yield "* gain of the deployed threshold", found.gain, float(gain_of(cells))


if __name__ == "__main__":
    raise SystemExit(0 if main(sys.argv[1:]) else 1)
