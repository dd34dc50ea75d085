"""The effects of an arm: what its replicates differ by from those of another, in pairs."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from core.progress import CancelToken
from core.tuning.arms.figures import ArmRuns, Effect, FigureName, Noise, RunFigures
from core.tuning.arms.lines import DECIDED, FIGURES, Line, Measured
from core.tuning.comparison import PairedDifference
from core.tuning.comparison.differences import difference_of, verdict_of
from core.tuning.comparison.pairs import Pair, pair_up
from core.tuning.comparison.ranking import Rankings, ranking_difference
from core.tuning.evidence import Interval

Key = tuple[int, FigureName]
"""Position of the line, and the figure."""
Measures = Mapping[Key, Measured | None]
_SIGNS = 2
"""Signs are drawn from streams of their own, one for each line."""
_NIL = 1e-12
"""Ends of intervals nearer to 0 are 0: what sums of decimals leave over is no difference."""


@dataclass(frozen=True)
class Trained:
    """One run with what was measured on it."""

    run: RunFigures
    rankings: Rankings
    measures: Measures


@dataclass(frozen=True)
class Group:
    """The replicates of one arm."""

    runs: ArmRuns
    trained: tuple[Trained, ...]

    def mean(self, key: Key) -> float | None:
        """Of one figure; None when it is not known for one of the replicates."""
        values = self.values(key)
        return float(np.mean(values)) if len(values) == len(self.trained) else None

    def values(self, key: Key) -> list[float]:
        """The known values of one figure."""
        found = [one.measures[key] for one in self.trained]
        return [one.value for one in found if one is not None]

    def variance(self, key: Key) -> float:
        """Of one figure between the replicates; 0 for a single one."""
        values = self.values(key)
        return float(np.var(values, ddof=1)) if len(values) >= 2 else 0.0

    def range(self, key: Key) -> Interval | None:
        """What unknown scores allow the mean to be; None when exact."""
        found = [one.measures[key] for one in self.trained]
        known = [one for one in found if one is not None]
        if not any(one.range for one in known):
            return None
        ranges = [one.range or Interval(one.value, one.value) for one in known]
        return Interval(
            float(np.mean([one.low for one in ranges])),
            float(np.mean([one.high for one in ranges])),
        )


@dataclass(frozen=True)
class Study:
    """What all effects of an experiment are made with."""

    lines: tuple[Line, ...]
    noise: Mapping[Key, Noise]
    level: float
    """Of the whole experiment; each effect is asked for at a level of its own."""
    resamples: int
    seed: int
    cancel: CancelToken | None
    counted: dict[tuple[int, int], tuple[Pair, Pair]] = field(default_factory=dict)

    def effect(self, base: Group, arm: Group, key: Key, level: float) -> Effect | None:
        """A figure of an arm minus that of the base; None where it is not known.

        Replicates are paired in turn, and the interval is the mean of the pairs' intervals. With
        several replicates of any arm it is widened by the noise between trainings, in quadrature:
        the pooled one, or an arm's own where its replicates lie further apart.
        """
        of_arm, of_base = arm.mean(key), base.mean(key)
        found = [self._paired(a, b, key, level) for a, b in _in_turn(base.trained, arm.trained)]
        pairs = [pair for pair in found if pair is not None]
        if of_arm is None or of_base is None or len(pairs) < len(found):
            return None
        difference = of_arm - of_base
        low = difference + float(np.mean([pair.interval.low - pair.difference for pair in pairs]))
        high = difference + float(np.mean([pair.interval.high - pair.difference for pair in pairs]))
        reach = self._training_reach(key, level, base, arm)
        if reach:
            low = difference - math.hypot(max(difference - low, 0.0), reach)
            high = difference + math.hypot(max(high - difference, 0.0), reach)
        interval = Interval(max(_settled(low), -1.0), min(_settled(high), 1.0))
        return Effect(difference=difference, interval=interval, verdict=verdict_of(interval))

    def forget(self) -> None:
        """Let go of resampled counts; those of another arm follow."""
        self.counted.clear()

    def _training_reach(self, key: Key, level: float, base: Group, arm: Group) -> float:
        from scipy import stats

        noise = self.noise.get(key)
        if noise is None:
            return 0.0
        quantile = float(stats.t.ppf(0.5 + level / 2, noise.degrees))
        pooled = noise.deviation**2
        variance = sum(
            max(pooled, group.variance(key)) / len(group.trained) for group in (base, arm)
        )
        return quantile * math.sqrt(variance)

    def _paired(self, a: Trained, b: Trained, key: Key, level: float) -> PairedDifference | None:
        place, name = key
        line = self.lines[place]
        if name == "average_precision":
            if line.kind == "micro":
                return None
            draws = np.random.default_rng((self.seed, _SIGNS, place))
            return ranking_difference(a.rankings, b.rankings, line.columns, level, draws)
        pair = self._counts(a.run, b.run)[0 if name == "f1_default" else 1]
        found, drawn, exchanged = (
            line.of(DECIDED[name], counts) for counts in (pair.found, pair.drawn, pair.exchanged)
        )
        return difference_of((found, drawn, exchanged), level)

    def _counts(self, a: RunFigures, b: RunFigures) -> tuple[Pair, Pair]:
        """Of the decisions at the default, and of those at the runs' own thresholds."""
        which = (id(a), id(b))
        if which not in self.counted:
            default, tuned = (
                pair_up(
                    a.test.truth, of_a, of_b, a.test.clusters, self.resamples,
                    np.random.default_rng(self.seed), cancel=self.cancel,
                )
                for of_a, of_b in ((a.default, b.default), (a.tuned, b.tuned))
            )  # fmt: skip
            self.counted[which] = (default, tuned)
        return self.counted[which]


def noise_between(groups: Sequence[Group], lines: Sequence[Line]) -> dict[Key, Noise]:
    """The noise between trainings of the same arm, by figure; empty without replicates.

    The standard deviation within arms, pooled over all arms with several replicates, as in an
    analysis of variance with one factor.
    """
    found: dict[Key, Noise] = {}
    for place, line in enumerate(lines):
        for name in FIGURES:
            squares, degrees = 0.0, 0
            for group in groups:
                values = group.values((place, name))
                if len(values) >= 2:
                    squares += float(np.var(values)) * len(values)
                    degrees += len(values) - 1
            if degrees:
                deviation = math.sqrt(squares / degrees)
                found[place, name] = Noise(
                    name=line.name, figure=name, deviation=deviation, degrees=degrees
                )
    return found


def _settled(end: float) -> float:
    return 0.0 if abs(end) < _NIL else end


def _in_turn(base: Sequence[Trained], arm: Sequence[Trained]) -> list[tuple[Trained, Trained]]:
    """Every replicate of either side in a pair, the shorter side over and over."""
    return [
        (base[turn % len(base)], arm[turn % len(arm)]) for turn in range(max(len(base), len(arm)))
    ]
