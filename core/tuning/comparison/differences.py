"""Differences of figures with intervals, and what may be said of them."""

from statistics import NormalDist
from typing import Literal

import msgspec
import numpy as np

from core.tuning.comparison.figures import Both
from core.tuning.comparison.resampling import Floats
from core.tuning.evidence import Interval

Verdict = Literal["better", "worse", "cannot tell apart"]
"""Of b against a."""

_FEWEST_IN_TAIL = 5
"""With fewer resamples in a tail its quantile is noise, and the normal quantile joins in."""


class PairedDifference(msgspec.Struct, frozen=True, kw_only=True):
    """One figure of two runs on the same documents, and how surely it differs."""

    a: float
    """Of the first run, unknown scores taken as not flagged."""
    b: float
    """Of the second run."""
    difference: float
    """b - a."""
    interval: Interval
    """Of the difference: what is compatible with these documents."""
    verdict: Verdict
    """From the interval: whether it lies above or below 0, or holds it."""
    a_range: Interval | None = None
    """What scores that were not returned allow; None when exact."""
    b_range: Interval | None = None


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """F1 of two runs on the same documents, with the figures that go with it."""

    name: str
    """The label, or the average."""
    support: int
    """Documents with the label; of an average, the sum over its labels."""
    a: float
    """F1 of the first run, unknown scores taken as not flagged."""
    b: float
    """F1 of the second run."""
    difference: float
    """b - a."""
    interval: Interval
    """Of the difference: what is compatible with these documents."""
    verdict: Verdict
    """From the interval: whether it lies above or below 0, or holds it."""
    a_range: Interval | None = None
    """What scores that were not returned allow; None when exact."""
    b_range: Interval | None = None
    average_precision_a: float | None = None
    """Quality of the ranking, whatever the threshold; None when not defined or not all scores are
    known."""
    average_precision_b: float | None = None
    average_precision: PairedDifference | None = None
    """The difference of both; None where one of them is."""
    precision: PairedDifference | None = None
    """At the thresholds of each run, as F1 is."""
    recall: PairedDifference | None = None


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Run b against run a on the same documents."""

    labels: tuple[Difference, ...]
    macro_f1: Difference
    """Mean F1 of the labels with positives."""
    micro_f1: Difference
    """F1 of the counts pooled over labels."""
    macro_f1_without_none: Difference | None = None
    """Without the none-label; None when there is none."""
    micro_f1_without_none: Difference | None = None
    documents: int
    distinct_documents: int
    """Documents without their copies: what is resampled."""
    part: str
    """What both were measured on."""
    level: float
    """Chance that a figure of an average is never wrongly called different, over all
    `comparisons`; each average and figure by itself."""
    interval_level: float
    """Level of each interval of an average."""
    label_interval_level: float
    """Level of each interval of a label, so that `level` holds for all labels together."""
    comparisons: int
    """Pairs of runs compared on these documents at once."""
    resamples: int
    seed: int
    notes: tuple[str, ...] = ()


def family_level(level: float, n: int) -> float:
    """The level of each of `n` statements so that all hold together with `level` (Šidák 1967)."""
    return float(level ** (1 / max(n, 1)))


def verdict_of(interval: Interval) -> Verdict:
    """Whether an interval of a difference lies above or below 0, or holds it."""
    return "better" if interval.low > 0 else "worse" if interval.high < 0 else "cannot tell apart"


def difference_of(figures: tuple[Both, Both, Both], level: float) -> PairedDifference:
    """The difference of one figure.

    The interval is the percentile bootstrap of the paired difference. Where few documents differ
    that interval is too short, so it is stretched to hold 0 unless a randomisation test rejects 0
    at the same level as well. Where scores are unknown, its low end is the unlucky reading for b
    and the lucky one for a, its high end the reverse.

    Args:
        figures: on all documents, each of shape (); on resampled documents and under exchanged
            runs, each float64 (resamples,).
        level: of the interval.
    """
    found, drawn, exchanged = figures
    tail = (1 - level) / 2
    low = _low_end(drawn.b_low - drawn.a_high, tail)
    high = -_low_end(drawn.a_low - drawn.b_high, tail)
    difference = float(found.b - found.a)
    if _chance(difference, exchanged.b - exchanged.a, 1 - level) > 1 - level:
        low, high = min(low, 0.0), max(high, 0.0)
    interval = Interval(low=max(low, -1.0), high=min(high, 1.0))
    return PairedDifference(
        a=float(found.a), b=float(found.b), difference=difference, interval=interval,
        verdict=verdict_of(interval), a_range=_range(found.a_low, found.a_high),
        b_range=_range(found.b_low, found.b_high),
    )  # fmt: skip


def _low_end(values: Floats, tail: float) -> float:
    low = float(np.quantile(values, tail))
    if tail * len(values) < _FEWEST_IN_TAIL:
        low = min(low, float(values.mean() + NormalDist().inv_cdf(tail) * values.std()))
    return low


def _chance(difference: float, exchanged: Floats, alpha: float) -> float:
    """The share of exchanged runs that differ at least as much, both ways."""
    as_much = np.count_nonzero(np.abs(exchanged) >= abs(difference) - 1e-12)
    share = (1 + as_much) / (1 + len(exchanged))
    spread = float(exchanged.std())
    if alpha * len(exchanged) >= _FEWEST_IN_TAIL or not spread:
        return float(share)
    return 2 * NormalDist().cdf(-abs(difference) / spread)


def _range(low: Floats, high: Floats) -> Interval | None:
    return None if low == high else Interval(low=float(low), high=float(high))
