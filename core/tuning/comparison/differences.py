"""Differences of F1 with intervals, and what may be said of them."""

from statistics import NormalDist
from typing import Literal, NamedTuple

import msgspec
import numpy as np

from core.tuning.comparison.resampling import (
    FLAGGED_A,
    FLAGGED_B,
    LUCKY_A,
    LUCKY_B,
    POSITIVES,
    TP_A,
    TP_B,
    UNLUCKY_A,
    UNLUCKY_B,
    Floats,
)
from core.tuning.evidence import Interval

Verdict = Literal["better", "worse", "cannot tell apart"]
"""Of b against a."""

_FEWEST_IN_TAIL = 5
"""With fewer resamples in a tail its quantile is noise, and the normal quantile joins in."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A figure of two runs on the same documents."""

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
    """Chance that no average is wrongly called different, over all `comparisons`."""
    interval_level: float
    """Level of each interval of an average."""
    label_interval_level: float
    """Level of each interval of a label, so that `level` holds for all labels together."""
    comparisons: int
    """Pairs of runs compared on these documents at once."""
    resamples: int
    seed: int
    notes: tuple[str, ...] = ()


class F1s(NamedTuple):
    """F1 of both runs, with the lowest and highest that unknown scores allow."""

    a: Floats
    a_low: Floats
    a_high: Floats
    b: Floats
    b_low: Floats
    b_high: Floats

    def mean(self, kept: list[int]) -> "F1s":
        """The means over some labels, the last axis."""
        return F1s(*(figure[..., kept].mean(axis=-1) for figure in self))


def f1s(counts: Floats) -> F1s:
    """F1 from counts whose last axis has the columns of `resampling`; 0 where undefined."""
    a = _f1s(counts, TP_A, FLAGGED_A, LUCKY_A, UNLUCKY_A)
    return F1s(*a, *_f1s(counts, TP_B, FLAGGED_B, LUCKY_B, UNLUCKY_B))


def _f1s(counts: Floats, tp: int, flagged: int, lucky: int, unlucky: int) -> tuple[Floats, ...]:
    hits, whole = counts[..., tp], counts[..., flagged] + counts[..., POSITIVES]
    more = counts[..., lucky]
    return (
        _ratio(2 * hits, whole),
        _ratio(2 * hits, whole + counts[..., unlucky]),
        _ratio(2 * (hits + more), whole + more),
    )


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def family_level(level: float, n: int) -> float:
    """The level of each of `n` statements so that all hold together with `level` (Šidák 1967)."""
    return float(level ** (1 / max(n, 1)))


def difference_of(
    name: str, support: int, figures: tuple[F1s, F1s, F1s], level: float
) -> Difference:
    """The difference of one figure.

    The interval is the percentile bootstrap of the paired difference. Where few documents differ
    that interval is too short, so it is stretched to hold 0 unless a randomisation test rejects 0
    at the same level as well. Where scores are unknown, its low end is the unlucky reading for b
    and the lucky one for a, its high end the reverse.

    Args:
        name, support: of the figure.
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
    verdict: Verdict = "better" if low > 0 else "worse" if high < 0 else "cannot tell apart"
    return Difference(
        name=name, support=support, a=float(found.a), b=float(found.b), difference=difference,
        interval=Interval(low=low, high=high), verdict=verdict,
        a_range=_range(found.a_low, found.a_high), b_range=_range(found.b_low, found.b_high),
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
