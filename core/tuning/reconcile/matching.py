"""The thresholds at which a label's curve gives wanted counts."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from core.tuning.curves import Curve
from core.tuning.decimals import exact_value
from core.tuning.evidence import Interval

MatchKind = Literal["exact", "ties", "possible", "none"]
_MOST_TIED = 0.01
"""Share of the documents; a larger group of equal scores could match nearly anything."""
_FEW_TIED = 10


class Cells(NamedTuple):
    """The service's decisions about one label."""

    tp: int
    fp: int
    fn: int
    tn: int

    @property
    def positives(self) -> int:
        """Test documents with the label."""
        return self.tp + self.fn

    @property
    def total(self) -> int:
        """Test documents."""
        return sum(self)

    def exchanged(self) -> "Cells":
        """With false positives and false negatives exchanged."""
        return Cells(self.tp, self.fn, self.fp, self.tn)


@dataclass(frozen=True)
class Match:
    """How a curve can give the wanted counts."""

    kind: MatchKind
    """Exactly; within a group of equal scores, which rounding may have made; if unknown scores
    fall the right way; not at all."""
    interval: Interval | None
    """Thresholds above `low` up to `high` inclusive."""
    gap: int
    """Fewest decisions by which the curve misses the counts, at any threshold."""
    nearest: float
    """A threshold of that gap."""


@dataclass(frozen=True)
class _Regions:
    """Stretches of thresholds with constant counts, ascending; the last one flags nothing."""

    ends: npt.NDArray[np.float64]
    """Upper end of each, inclusive; 1 for the last."""
    tp: npt.NDArray[np.int64]
    fp: npt.NDArray[np.int64]
    possible_tp: npt.NDArray[np.int64]
    """Positives whose unknown score may be flagged."""
    possible_fp: npt.NDArray[np.int64]

    def interval(self, first: int, last: int) -> Interval:
        """From one region to another."""
        low = float(self.ends[first - 1]) if first else 0.0
        return Interval(low=low, high=max(float(self.ends[last]), low))


def match(curve: Curve, cells: Cells, lowest_only: bool = False) -> Match:
    """Find the thresholds at which a curve gives the service's counts.

    Args:
        curve: of the label, with as many positives and negatives as the cells.
        cells: what the service counted.
        lowest_only: look only below all scores, as for the highest class of multi-class.
    """
    regions = _regions(curve)
    over_tp, over_fp = regions.tp - cells.tp, regions.fp - cells.fp
    gaps = np.maximum(np.maximum(over_tp, -over_tp - regions.possible_tp), 0)
    gaps = gaps + np.maximum(np.maximum(over_fp, -over_fp - regions.possible_fp), 0)
    if lowest_only:
        gaps[1:] = np.iinfo(np.int64).max
    is_known = (regions.possible_tp == 0) & (regions.possible_fp == 0)
    best = int(gaps.argmin())
    gap, nearest = int(gaps[best]), float(regions.ends[best])
    fitting = np.flatnonzero(gaps == 0)
    if len(fitting):
        kind: MatchKind = "exact" if is_known[fitting].all() else "possible"
        return Match(kind, regions.interval(int(fitting[0]), int(fitting[-1])), 0, nearest)
    tied = None if lowest_only else _tied(regions, cells)
    if tied is None:
        return Match("none", None, gap, nearest)
    at = float(regions.ends[tied])
    size = _flagged(regions, tied) - _flagged(regions, tied + 1)
    documents = curve.positives + curve.negatives
    kind = "ties" if size <= max(_FEW_TIED, _MOST_TIED * documents) else "possible"
    if not is_known[tied]:
        kind = "possible"
    return Match(kind, Interval(low=at, high=at), gap, at)


def gap_at(curve: Curve, cells: Cells, threshold: float) -> int:
    """Decisions by which a curve misses the counts at one threshold."""
    found = curve.at(threshold)
    return _outside(cells.tp, found.tp, found.unknown_positives) + _outside(
        cells.fp, found.fp, found.unknown_negatives
    )


def common_interval(matches: Mapping[str, Match]) -> tuple[Interval | None, tuple[str, ...]]:
    """The thresholds within the most labels' intervals, and the labels left outside."""
    intervals = {label: found.interval for label, found in matches.items() if found.interval}
    best: tuple[int, Interval] | None = None
    for start in sorted({interval.low for interval in intervals.values()}):
        inside = [i for i in intervals.values() if i.low <= start <= i.high]
        if best is None or len(inside) > best[0]:
            stretch = Interval(low=start, high=min(interval.high for interval in inside))
            best = (len(inside), stretch)
    if best is None:
        return None, tuple(matches)
    low = best[1].low
    outside = [label for label in matches
               if label not in intervals
               or not intervals[label].low <= low <= intervals[label].high]  # fmt: skip
    return best[1], tuple(outside)


def ranking(curve: Curve) -> float:
    """Area under the ROC curve over the known scores, ties counted half; NaN when undefined."""
    if not len(curve) or not curve.tp[0] or not curve.fp[0]:
        return math.nan
    positives = curve.tp - np.append(curve.tp[1:], 0)
    negatives = curve.fp - np.append(curve.fp[1:], 0)
    below = curve.fp[0] - curve.fp
    won = float(np.sum(positives * (below + negatives / 2)))
    return won / (float(curve.tp[0]) * float(curve.fp[0]))


def _regions(curve: Curve) -> _Regions:
    grid = np.unique(
        np.concatenate((curve.values, curve.positive_ceilings, curve.negative_ceilings))
    )
    index = np.searchsorted(curve.values, grid)
    tp, fp = (np.append(counts, 0)[index] for counts in (curve.tp, curve.fp))
    possible = [
        len(ceilings) - np.searchsorted(ceilings, grid)
        for ceilings in (curve.positive_ceilings, curve.negative_ceilings)
    ]
    ends = np.array([*(exact_value(value) for value in grid), 1.0])
    return _Regions(ends, *(np.append(counts, 0) for counts in (tp, fp, *possible)))


def _tied(regions: _Regions, cells: Cells) -> int | None:
    """The region at whose end a group of equal scores lies that the wanted counts part."""
    next_tp, next_fp = (np.append(counts[1:], 0) for counts in (regions.tp, regions.fp))
    parts = (
        (next_tp <= cells.tp) & (cells.tp <= regions.tp + regions.possible_tp)
        & (next_fp <= cells.fp) & (cells.fp <= regions.fp + regions.possible_fp)
    )  # fmt: skip
    parts[-1] = False
    found = np.flatnonzero(parts)
    return int(found[0]) if len(found) else None


def _flagged(regions: _Regions, index: int) -> int:
    return int(regions.tp[index] + regions.fp[index])


def _outside(wanted: int, certain: int, possible: int) -> int:
    return max(certain - wanted, wanted - certain - possible, 0)
