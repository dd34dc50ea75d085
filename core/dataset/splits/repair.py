"""Repair of a dealt split by exchanging rows between two parts.

Exchanging a row of label set A in part i with a row of label set B in part j keeps all sizes and
changes only the counts of what A and B do not share. The cost is the sum of squared relative
deviations of labels, in a first stage with small weights for label pairs and label sets; an
exchange's effect on it has a closed form, so 128 x 128 exchanges are scored at once and many are
made in one pass. The last stage looks at labels alone and ends at the bound of whole rows.

The idea of stratifying over labels is Sechidis et al. 2011 (On the Stratification of Multi-Label
Data), over label pairs Szymański & Kajdanowicz 2017 (A Network Perspective on Stratification of
Multi-Label Data).
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from core.dataset.splits.incidence import Incidence

FloatMatrix = npt.NDArray[np.float64]
FloatVector = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]

_CANDIDATES = 128
_LEAST_GAIN = 1e-12
_LONGEST_LIST = 1024
_MOST_REFUSED = 16


@dataclass(frozen=True)
class Measure:
    """One kind of thing that is counted per part: labels or label pairs."""

    incidence: Incidence
    """Which label set has which of the things."""
    excess: FloatMatrix
    """float64 (n_things, n_parts): documents above what is wanted; changed by each exchange."""
    weight: FloatMatrix
    """float64 (n_things, n_parts): cost of one document of excess, squared."""

    def cost(self) -> float:
        """The sum of squared relative deviations."""
        return float((self.weight * self.excess**2).sum())

    def slopes(self, giver: int, taker: int) -> FloatVector:
        """The linear effect of moving one document from `giver` to `taker`, for each thing."""
        of_giver = self.excess[:, giver] * self.weight[:, giver]
        slopes: FloatVector = 2 * (self.excess[:, taker] * self.weight[:, taker] - of_giver)
        return slopes

    def curves(self, giver: int, taker: int) -> FloatVector:
        """The quadratic effect of moving one document from `giver` to `taker`, for each thing."""
        curves: FloatVector = self.weight[:, giver] + self.weight[:, taker]
        return curves


def measured(
    incidence: Incidence, counts: FloatMatrix, wanted: FloatMatrix, factor: float = 1.0
) -> Measure:
    """Return the deviations of `counts` from `wanted`, both (n_things, n_parts).

    `factor` is the weight of this kind of thing against others.
    """
    return Measure(incidence, counts - wanted, factor / np.maximum(wanted, 1.0) ** 2)


def repair(rows: npt.NDArray[np.int64], measures: tuple[Measure, ...], most_rounds: int) -> int:
    """Exchange rows between all pairs of parts until nothing gains; return the exchanges made.

    Args:
        rows: int64 (n_sets, n_parts): rows that may be exchanged; changed in place, as is the
            excess of the measures.
        measures: what the cost is made of.
        most_rounds: passes over each pair of parts after which to stop at the latest.
    """
    part_pairs = list(combinations(range(rows.shape[1]), 2))
    curves: dict[tuple[int, int], FloatVector] = {}
    exchanges = quiet = 0
    for turn in range(most_rounds * len(part_pairs)):
        giver, taker = part_pairs[turn % len(part_pairs)]
        if (giver, taker) not in curves:
            curves[giver, taker] = _total(measures, [m.curves(giver, taker) for m in measures])
        made = _Pass(rows, measures, giver, taker, curves[giver, taker]).run()
        exchanges += made
        quiet = 0 if made else quiet + 1
        if quiet == len(part_pairs):
            break
    return exchanges


class _Pass:
    """The best exchanges between two parts: scored together, made one after the other.

    Moving a document of a label set costs the sum of the slopes of its things; the curvature of
    an exchange, over what its two label sets do not share, does not change with other exchanges.
    """

    def __init__(
        self,
        rows: npt.NDArray[np.int64],
        measures: tuple[Measure, ...],
        giver: int,
        taker: int,
        curve: FloatVector,
    ) -> None:
        self.rows, self.measures, self.giver, self.taker = rows, measures, giver, taker
        self.slopes = [measure.slopes(giver, taker) for measure in measures]
        self.curves = [measure.curves(giver, taker) for measure in measures]
        slope = _total(measures, self.slopes)
        self.given = _best(curve + slope, rows[:, giver])
        self.taken = _best(curve - slope, rows[:, taker])
        self.curvature = curve[self.given][:, None] + curve[self.taken]
        for measure, curves in zip(measures, self.curves, strict=True):
            self.curvature -= 2 * measure.incidence.overlap(self.given, self.taken, curves)
        self.change = self.curvature + slope[self.given][:, None] - slope[self.taken]

    def run(self) -> int:
        """Make the gaining exchanges, largest gain first, each checked against those before it."""
        free_given = np.ones(len(self.given), np.bool_)
        free_taken = np.ones(len(self.taken), np.bool_)
        made = refused = 0
        for index in _promising(self.change):
            row, column = divmod(index, len(self.taken))
            if not (free_given[row] and free_taken[column]):
                continue
            given, taken = int(self.given[row]), int(self.taken[column])
            effect = self.curvature[row, column] + self._slope(given) - self._slope(taken)
            if effect > -_LEAST_GAIN:
                refused += 1
                if refused == _MOST_REFUSED:
                    break
                continue
            self._move(given, self.giver, self.taker, 2.0)
            self._move(taken, self.taker, self.giver, -2.0)
            free_given[row] = free_taken[column] = False
            made += 1
        return made

    def _slope(self, label_set: int) -> float:
        slope = 0.0
        for measure, slopes in zip(self.measures, self.slopes, strict=True):
            slope += float(slopes[measure.incidence.of(label_set)].sum())
        return slope

    def _move(self, label_set: int, giver: int, taker: int, steepening: float) -> None:
        """Move one document of a label set, and bring slopes up to date."""
        self.rows[label_set, giver] -= 1
        self.rows[label_set, taker] += 1
        for measure, slopes, curves in zip(self.measures, self.slopes, self.curves, strict=True):
            things = measure.incidence.of(label_set)
            measure.excess[things, giver] -= 1
            measure.excess[things, taker] += 1
            slopes[things] += steepening * curves[things]


def _total(measures: tuple[Measure, ...], values: list[FloatVector]) -> FloatVector:
    """float64 (n_sets,): the sum of `values` over the things of each label set."""
    sums = zip(measures, values, strict=True)
    total: FloatVector = np.sum([m.incidence.sums(of_things) for m, of_things in sums], axis=0)
    return total


def _best(scores: FloatVector, available: npt.NDArray[np.int64]) -> Rows:
    there = np.flatnonzero(available > 0)
    if len(there) <= _CANDIDATES:
        return there
    return there[np.argpartition(scores[there], _CANDIDATES)[:_CANDIDATES]]


def _promising(change: FloatMatrix) -> list[int]:
    """Positions of gains in the flattened block, largest gain first."""
    flat = np.round(change.ravel(), 13)
    gains = np.flatnonzero(flat < -_LEAST_GAIN)
    if len(gains) > _LONGEST_LIST:
        gains = gains[np.argpartition(flat[gains], _LONGEST_LIST)[:_LONGEST_LIST]]
    positions: list[int] = gains[np.argsort(flat[gains], kind="stable")].tolist()
    return positions
