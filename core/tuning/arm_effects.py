"""Arms of an experiment in figures: effects against the base, table lines, when to stop."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import msgspec
import numpy as np

from core.errors import InvalidInput
from core.progress import Watch
from core.text import printable
from core.tuning.intervals import Interval
from core.tuning.paired import (
    Both,
    Floats,
    Pair,
    PairedDifference,
    Verdict,
    count_units,
    difference_of,
    f1s,
    pair_up,
    precisions,
    recalls,
    verdict_of,
)
from core.tuning.part import Decisions, Part
from core.tuning.ranking import Rankings, ranking_difference

# What is known of the arms of an experiment: what goes in, and what is told of each.


Outcome = Literal["base", "better", "worse", "cannot tell apart"]
FigureName = Literal["average_precision", "f1_default", "f1_tuned", "precision", "recall"]


@dataclass(frozen=True)
class RunFigures:
    """One trained run on the test documents."""

    name: str
    test: Part
    default: Decisions
    """At the default threshold."""
    tuned: Decisions
    """At the run's own thresholds."""
    thresholds: Mapping[str, float]
    """Its own thresholds by label, chosen on other documents."""


@dataclass(frozen=True)
class ArmRuns:
    """One arm, trained once or, with other seeds, several times."""

    arm: str
    kind: str
    """Such as ``distinct`` or ``repeats``; see `core.tuning.arms.advice`."""
    positives: Mapping[str, int]
    """Positives trained on, by label, copies included."""
    distinct: Mapping[str, int]
    """The same without copies."""
    replicates: tuple[RunFigures, ...]


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """A figure of an arm minus that of the base."""

    difference: float
    interval: Interval
    verdict: Verdict


class ArmFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of one label or average, means over the arm's replicates."""

    name: str
    """The label, ``macro`` or ``micro``."""
    support: int
    """Test documents with the label; of an average, the sum over its labels."""
    average_precision: float | None
    """None without positives, when a score is not known, and for micro."""
    f1_default: float
    """At the default threshold, unknown scores taken as not flagged."""
    f1_tuned: float
    """At the arm's own threshold."""
    precision: float
    """At the arm's own threshold."""
    recall: float
    """At the arm's own threshold."""
    threshold: float | None
    """The arm's own; None for an average."""
    f1_default_range: Interval | None = None
    """What scores that were not returned allow; None when exact."""
    f1_tuned_range: Interval | None = None
    average_precision_effect: Effect | None = None
    """Against the base; None for the base itself, and where average precision is not known."""
    ranking_alone: Effect | None = None
    """The effect on average precision at the experiment's level as it stands, as if it were the
    only look; given where tuned F1 differs and verdicts rest on it."""
    f1_default_effect: Effect | None = None
    f1_tuned_effect: Effect | None = None
    precision_effect: Effect | None = None
    recall_effect: Effect | None = None


class ArmRow(msgspec.Struct, frozen=True, kw_only=True):
    """One arm against the base."""

    arm: str
    kind: str
    runs: tuple[str, ...]
    """One per replicate."""
    positives: dict[str, int]
    distinct: dict[str, int]
    labels: tuple[ArmFigures, ...]
    macro: ArmFigures
    """Means over the labels with positives, without the none-label."""
    micro: ArmFigures
    """Of the counts pooled over all labels but the none-label, those without positives too."""
    verdict: str
    """In plain words."""
    outcome: Outcome


class Noise(msgspec.Struct, frozen=True, kw_only=True):
    """How far trainings of the same arm with other seeds lie apart."""

    name: str
    """The label, ``macro`` or ``micro``."""
    figure: FigureName
    deviation: float
    """Standard deviation between replicates, pooled over arms as if they were equally noisy."""
    degrees: int
    """Degrees of freedom: replicates less arms that have several."""


class ArmsComparison(msgspec.Struct, frozen=True, kw_only=True):
    """Every arm against the base on the same documents."""

    base: ArmRow
    arms: tuple[ArmRow, ...]
    chosen: tuple[str, ...]
    """Labels that the arms raise: with macro, what verdicts rest on."""
    part: str
    documents: int
    distinct_documents: int
    """Documents without their copies: what is resampled."""
    level: float
    """Chance that no claim is wrong."""
    claim_level: float
    """Level of each interval of average precision and tuned F1 of chosen labels and macro."""
    claims: int
    """Looks that share `level`: arms times chosen labels and macro times both figures, and the arms
    that the advice compares with each other."""
    other_level: float
    """Level of each of the other intervals."""
    others: int
    """Looks that share `level` in a family of their own: all other intervals."""
    resamples: int
    seed: int
    noise: tuple[Noise, ...]
    """Empty when no arm has several replicates."""
    advice: tuple[str, ...]
    """By chosen label: whether to repeat documents or to label more."""
    notes: tuple[str, ...]


# The lines of an arm's table: every label, macro and micro, with their figures.


DECIDED: Mapping[FigureName, Callable[[Floats], Both]] = {
    "f1_default": f1s,
    "f1_tuned": f1s,
    "precision": precisions,
    "recall": recalls,
}
"""Figures of decisions; all but the first at the run's own thresholds."""
FIGURES: tuple[FigureName, ...] = ("average_precision", *DECIDED)
CLAIMED: tuple[FigureName, ...] = ("average_precision", "f1_tuned")
"""What verdicts rest on."""


@dataclass(frozen=True)
class Line:
    """A label or an average."""

    name: str
    kind: Literal["label", "macro", "micro"]
    columns: tuple[int, ...]
    """Of a macro average, those with positives."""
    is_claimed: bool
    """Whether verdicts rest on it."""

    def of(self, figure: Callable[[Floats], Both], counts: Floats) -> Both:
        """The figure from counts (..., n_labels, 9)."""
        columns = list(self.columns)
        if self.kind == "micro":
            return figure(counts[..., columns, :].sum(axis=-2))
        return figure(counts).mean(columns)


@dataclass(frozen=True)
class Measured:
    """One figure of one run, with what unknown scores allow."""

    value: float
    range: Interval | None


def lines_of(run: RunFigures, chosen: Sequence[str], none_label: str | None) -> tuple[Line, ...]:
    """Every label in column order, then macro and micro without the none-label.

    Raises:
        InvalidInput: a chosen label is not among those of the run.
    """
    labels = run.test.labels
    strange = [label for label in chosen if label not in labels]
    if strange:
        raise InvalidInput(
            "No such label",
            f"the scores have no label {printable(strange[0], 60)}",
            f"labels: {', '.join(printable(label, 40) for label in labels[:20])}",
        )
    support = run.test.truth.sum(axis=0)
    averaged = [c for c, label in enumerate(labels) if label != none_label] or [0]
    with_positives = [column for column in averaged if support[column]] or averaged
    return (
        *(Line(label, "label", (c,), label in chosen) for c, label in enumerate(labels)),
        Line("macro", "macro", tuple(with_positives), True),
        Line("micro", "micro", tuple(averaged), False),
    )


def measure(
    run: RunFigures, rankings: Rankings, lines: Sequence[Line]
) -> dict[tuple[int, FigureName], Measured | None]:
    """Every figure of one run, by the position of the line and the figure.

    Average precision is None where it is not known.
    """
    counts = {
        "f1_default": count_units(run.test.truth, run.default, run.default, None).totals(),
        "f1_tuned": count_units(run.test.truth, run.tuned, run.tuned, None).totals(),
    }
    found: dict[tuple[int, FigureName], Measured | None] = {}
    for place, line in enumerate(lines):
        known = [rankings.found[column] for column in line.columns]
        precisions_known = [one for one in known if one is not None]
        is_whole = line.kind != "micro" and len(precisions_known) == len(known)
        found[place, "average_precision"] = (
            Measured(float(np.mean(precisions_known)), None) if is_whole else None
        )
        for name, figure in DECIDED.items():
            both = line.of(figure, counts["f1_default" if name == "f1_default" else "f1_tuned"])
            low, high = float(both.a_low), float(both.a_high)
            allowed = None if low == high else Interval(low=low, high=high)
            found[place, name] = Measured(float(both.a), allowed)
    return found


def support_of(run: RunFigures, line: Line) -> int:
    """Test documents with the label, summed over the labels of an average."""
    return int(run.test.truth[:, list(line.columns)].sum())


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
    watch: Watch
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
                    a.test.truth,
                    of_a,
                    of_b,
                    a.test.clusters,
                    self.resamples,
                    np.random.default_rng(self.seed),
                    watch=self.watch.quietly(),
                )
                for of_a, of_b in ((a.default, b.default), (a.tuned, b.tuned))
            )
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


# Numbers in sentences, as the product writes them.


_SHOWN = 40
_MOST_NAMES = 6


def figure(value: float, digits: int = 2) -> str:
    """A share without its leading zero: ``.06``, ``–.06``, ``1.00``."""
    text = f"{abs(value):.{digits}f}"
    text = text[1:] if text.startswith("0.") else text
    return f"–{text}" if value < 0 and text.strip(".0") else text


def signed(value: float) -> str:
    """A difference with its sign: ``+.06``, ``–.06``, ``.00``."""
    text = figure(value)
    return f"+{text}" if value > 0 and text != ".00" else text


def change(difference: float, interval: Interval) -> str:
    """A difference with its interval: ``+.08 [.02 – .14]``, ``+.01 [–.03 to .05]``.

    An end is never shown as 0 when the interval does not hold 0.
    """
    between = " to " if interval.low < 0 else " – "
    low, high = _end(interval, interval.low), _end(interval, interval.high)
    return f"{signed(difference)} [{low}{between}{high}]"


def percent(level: float, digits: int = 0) -> str:
    """A level below 1 in per cent, with as many more digits as keep it from reading 100 %."""
    text = f"{level:.{digits}%}"
    while float(text[:-1]) >= 100 and level < 1 and digits < 12:
        digits += 1
        text = f"{level:.{digits}%}"
    return text


def name(label: str) -> str:
    """A label in a sentence."""
    return printable(label, _SHOWN)


def names(labels: Sequence[str]) -> str:
    """Several labels in a sentence."""
    shown = ", ".join(name(label) for label in labels[:_MOST_NAMES])
    left = len(labels) - _MOST_NAMES
    return f"{shown} and {left} more" if left > 0 else shown


def _end(interval: Interval, value: float) -> str:
    text = figure(value)
    if text == ".00" and not interval.holds(0):
        text = figure(math.copysign(max(abs(value), 0.001), value), 3)
    return text


# When to stop adding arms.


LEAST_GAIN = 0.005
"""A smaller gain of the figure is none."""


def has_stalled(history: Sequence[float | None], patience: int) -> bool:
    """Whether the newest arms brought nothing over the best one before them.

    Args:
        history: the figure of every arm so far, the base first; None where it is not known.
        patience: how many arms in a row may bring no gain; with 0 nothing stops.

    Returns:
        Never True while one of these arms is unknown, or nothing before them is known.
    """
    if patience < 1 or len(history) <= patience:
        return False
    before = [value for value in history[:-patience] if value is not None]
    newest = [value for value in history[-patience:] if value is not None]
    if not before or len(newest) < patience:
        return False
    return max(newest) < max(before) + LEAST_GAIN - 1e-12
