"""The stratified split: every document in one part, every label at its share.

Works on label sets: exact sizes by an evenly spread deal, then repair by exchanges, then a random
draw of the documents within each label set. Same input and seed, same parts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from core.dataset.documents import BoolMatrix, Dataset, Parts, Rows
from core.dataset.duplicates import duplicate_clusters
from core.dataset.label_sets import (
    FloatMatrix,
    FloatVector,
    Incidence,
    IntVector,
    LabelSets,
    checked_shares,
    find_label_sets,
    pair_incidence,
    part_sizes,
    place_clusters,
    refuse_empty_parts,
    whole_rows,
)
from core.errors import InvalidInput
from core.progress import UNWATCHED, Watch
from core.text import plural

# Dealing rows to parts evenly: exact sizes, and every run of neighbours close to its share.


def deal(counts: IntVector, sizes: IntVector, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """int64 (n_sets, n_parts): rows of each label set per part.

    The parts are halved again and again; each halving spreads one half evenly over the rows with
    Bresenham's line, from a random start. Only the ends of the runs are computed, not the rows.

    Args:
        counts: int64 (n_sets,): rows of each label set, neighbours in order.
        sizes: int64 (n_parts,): rows of each part, adding up to the counts.
        rng: gives the random starts.
    """
    ends = np.concatenate(([0], np.cumsum(counts)))
    columns = np.stack(_dealt(ends, sizes.tolist(), rng), axis=1)
    return np.diff(columns, axis=0)


def _dealt(ends: IntVector, sizes: list[int], rng: np.random.Generator) -> list[IntVector]:
    """Rows of each part among the first `ends` rows."""
    if len(sizes) == 1:
        return [ends]
    middle = len(sizes) // 2
    total, first = sum(sizes), sum(sizes[:middle])
    if total == 0:
        return [ends for _ in sizes]
    left = (ends * first + int(rng.integers(total))) // total
    return _dealt(left, sizes[:middle], rng) + _dealt(ends - left, sizes[middle:], rng)


# How many positives of each label each part should have.
#
# The wanted count is support times share. One rule stands above it: a label with at least as many
# positives as there are parts has a positive in every part; with fewer, the first part (train)
# comes first, then the last (test), then those between (calibration). Without a positive in train
# a label cannot be learnt, without one in test not be measured, without one in calibration not be
# tuned.


def wanted_positives(
    support: npt.NDArray[np.int64], shares: npt.NDArray[np.float64]
) -> FloatMatrix:
    """float64 (n_labels, n_parts): wanted positives, each row adding up to the label's support."""
    wanted = support[:, None] * shares[None, :]
    for label in np.flatnonzero((wanted < 1).any(axis=1) & (support > 0)).tolist():
        wanted[label] = _with_presence(int(support[label]), shares)
    return wanted


def ideal_sizes(
    label_sets: LabelSets, wanted: FloatMatrix, shares: npt.NDArray[np.float64]
) -> npt.NDArray[np.int64] | None:
    """int64 (n_parts,): part sizes at which every class can have its nearest whole count.

    None when a document has several labels: then sizes do not follow from label counts.
    """
    if label_sets.members.sum(axis=1).max(initial=0) > 1:
        return None
    support = label_sets.support
    unlabelled = int(label_sets.counts.sum() - support.sum())
    ideal = whole_rows(unlabelled * shares, unlabelled)
    for row, total in zip(wanted, support.tolist(), strict=True):
        ideal += whole_rows(row, total)
    return ideal


def _with_presence(support: int, shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    n_parts = len(shares)
    if support < n_parts:
        by_need = [0, n_parts - 1, *range(1, n_parts - 1)]
        row = np.zeros(n_parts)
        row[by_need[:support]] = 1.0
        return row
    row = support * shares
    while (row < 1 - 1e-9).any():
        at_one = row <= 1
        left = support - int(at_one.sum())
        row = np.where(at_one, 1.0, left * shares / shares[~at_one].sum())
    return row


# Repair of a dealt split by exchanging rows between two parts.
#
# Exchanging a row of label set A in part i with a row of label set B in part j keeps all sizes and
# changes only the counts of what A and B do not share. The cost is the sum of squared relative
# deviations of labels, in a first stage with small weights for label pairs and label sets; an
# exchange's effect on it has a closed form, so 128 x 128 exchanges are scored at once and many are
# made in one pass. The last stage looks at labels alone and ends at the bound of whole rows.
#
# The idea of stratifying over labels is Sechidis et al. 2011 (On the Stratification of Multi-Label
# Data), over label pairs Szymański & Kajdanowicz 2017 (A Network Perspective on Stratification of
# Multi-Label Data).


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


def repair(
    rows: npt.NDArray[np.int64],
    measures: tuple[Measure, ...],
    most_rounds: int,
    watch: Watch = UNWATCHED,
) -> int:
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
    for turn in watch.over(range(most_rounds * len(part_pairs)), every=1):
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


_PAIR_WEIGHT = 1e-2
_PAIR_PASSES = 6
_LABEL_ROUNDS = 200
_MOST_DEALS = 4
_TOLERANCE = 1e-9


def stratified_split(
    membership: BoolMatrix,
    ratios: Sequence[float],
    seed: int,
    clusters: npt.NDArray[np.int32] | None = None,
    watch: Watch = UNWATCHED,
) -> Parts:
    """int8 (n_documents,): the part of each document, an index into `ratios`.

    Part sizes are less than one document off, unless clusters are too large for it. A label has
    its share to whole documents, and at least one document in every part as long as it has that
    many; with fewer, the first part comes first, then the last, then those between.

    Args:
        membership: bool (n_documents, n_labels): labels of each document; for classes, one each.
        ratios: wanted shares, such as ``(0.7, 0.1, 0.2)``; divided by their sum.
        seed: the same seed gives the same parts; 0 or above.
        clusters: int32 (n_documents,): documents with the same number stay in one part; None when
            each document stands for itself.

    Raises:
        Interrupted: stopping was asked for.
        InvalidInput: a ratio that is not above 0, a part that would be empty, a negative seed, or
            clusters of another length.
    """
    shares = checked_shares(ratios)
    n_documents = len(membership)
    if seed < 0:
        raise InvalidInput("Cannot split", f"the seed {seed} is negative", "use 0 or above")
    if clusters is not None and len(clusters) != n_documents:
        numbers = plural(len(clusters), "cluster number")
        raise InvalidInput("Cannot split", f"{numbers} for {plural(n_documents, 'document')}")
    label_sets = find_label_sets(membership)
    wanted = wanted_positives(label_sets.support, shares)
    sizes = part_sizes(n_documents, shares, ideal_sizes(label_sets, wanted, shares))
    rng = np.random.default_rng(seed)
    if clusters is None:
        parts = np.full(n_documents, -1, dtype=np.int8)
    else:
        parts = place_clusters(membership, clusters, sizes, wanted, rng, watch)
    placed = label_sets.by_part(parts, len(shares))
    rows = _best_deal(label_sets, placed, sizes, (wanted, shares), rng, watch)
    _draw(label_sets, rows, parts, rng)
    refuse_empty_parts(
        np.bincount(parts, minlength=len(shares)),
        "duplicates and groups stay together: too few are left to fill every part",
    )
    return parts


def _best_deal(
    label_sets: LabelSets,
    placed: IntVector,
    sizes: IntVector,
    goals: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
    rng: np.random.Generator,
    watch: Watch,
) -> IntVector:
    """int64 (n_sets, n_parts): rows per part of the documents that no cluster has placed.

    Deals and repairs once when every label gets its nearest whole count, otherwise a few times
    from other random starts, and keeps the best.
    """
    wanted, _ = goals
    nearest = [whole_rows(row, int(n)) for row, n in zip(wanted, label_sets.support, strict=True)]
    within_reach = measured(label_sets.incidence, np.reshape(nearest, wanted.shape), wanted).cost()
    pairs = pair_incidence(label_sets.incidence)
    best, best_cost = placed, float("inf")
    for _ in range(_MOST_DEALS):
        rows = _deal_rest(label_sets, placed, sizes, rng)
        cost = _repair(label_sets, pairs, rows, placed, goals, watch)
        if cost < best_cost:
            best, best_cost = rows, cost
        if best_cost <= within_reach * (1 + _TOLERANCE):
            break
    return best


def _deal_rest(
    label_sets: LabelSets, placed: IntVector, sizes: IntVector, rng: np.random.Generator
) -> IntVector:
    free = label_sets.counts - placed.sum(axis=1)
    room = np.maximum(sizes - placed.sum(axis=0), 0)
    total = int(free.sum())
    room = whole_rows(room * (total / max(int(room.sum()), 1)), total)
    rows = np.zeros_like(placed)
    order = label_sets.order()
    rows[order] = deal(free[order], room, rng)
    return rows


def _repair(
    label_sets: LabelSets,
    pairs: Incidence,
    rows: IntVector,
    placed: IntVector,
    goals: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
    watch: Watch,
) -> float:
    """Exchange dealt rows until labels are at their bound; change `rows`, return the cost left."""
    wanted, shares = goals
    counts = rows + placed
    pair_counts = pairs.count(counts)
    pairs_wanted = pair_counts.sum(axis=1, keepdims=True) * shares
    of_labels = label_sets.incidence
    by_label = measured(of_labels, of_labels.count(counts), wanted)
    by_pair = measured(pairs, pair_counts, pairs_wanted, _PAIR_WEIGHT)
    part_pairs = len(shares) * (len(shares) - 1) // 2
    repair(rows, (by_label, by_pair), max(_PAIR_PASSES // part_pairs, 1), watch)
    repair(rows, (by_label,), _LABEL_ROUNDS, watch)
    return by_label.cost()


def _draw(label_sets: LabelSets, rows: IntVector, parts: Parts, rng: np.random.Generator) -> None:
    """Give the documents without a part theirs, at random within each label set."""
    free = np.flatnonzero(parts < 0)
    shuffled = free[rng.permutation(len(free))]
    number = label_sets.number[shuffled]
    n_sets, n_parts = rows.shape
    if n_sets <= 2**16:
        number = number.astype(np.uint16)  # sorted by radix, in linear time
    by_set = shuffled[np.argsort(number, kind="stable")]
    parts[by_set] = np.repeat(np.tile(np.arange(n_parts, dtype=np.int8), n_sets), rows.ravel())


# The audit of a split: what each part really got, per label, per pair of labels, per cluster.


FEWEST_IN_TRAIN = 10
"""Positives of a label that Comprehend needs in the training part."""


@dataclass(frozen=True)
class LabelAudit:
    """How one label came out."""

    label: str
    """Label name, in its original form."""
    counts: tuple[int, ...]
    """Positives in each part."""
    shares: tuple[float, ...]
    """Share of the label's positives in each part; zeros for a label without positives."""
    deviation: float
    """Largest relative deviation from the wanted count over the parts; 0 without positives."""


@dataclass(frozen=True)
class SplitAudit:
    """How a split came out; deviations are relative, 0.02 being 2 % off the wanted count."""

    part_names: tuple[str, ...]
    """Names of the parts."""
    wanted: tuple[float, ...]
    """Wanted share of each part, adding up to 1."""
    sizes: tuple[int, ...]
    """Documents in each part."""
    labels: tuple[LabelAudit, ...]
    """One entry per label, in label order."""
    worst_deviation: float
    """Largest deviation of a label."""
    mean_deviation: float
    """Mean deviation of the labels that have positives."""
    pair_deviation: float
    """Mean deviation of the pairs of labels that occur together; 0 when there are none."""
    missing: tuple[tuple[str, str], ...]
    """(label, part) wherever a part has no positive of a label."""
    clusters_split: int
    """Clusters of duplicates or groups that lie in more than one part: must be 0."""
    too_few: tuple[str, ...]
    """Labels with fewer than 10 positives in the first part (train)."""


def audit_split(
    parts: Parts,
    dataset: Dataset,
    part_names: Sequence[str],
    ratios: Sequence[float],
    clusters: npt.NDArray[np.int32] | None = None,
) -> SplitAudit:
    """Count what each part got.

    Args:
        parts: int8 (n_documents,): part of each document; -1 for documents in no part.
        dataset: the documents that were split.
        part_names: names of the parts.
        ratios: wanted shares, in the order of the names.
        clusters: int32 (n_documents,): clusters that must stay together; None to find duplicates
            and groups in the dataset, which reads all texts.

    Raises:
        InvalidInput: lengths do not fit, or a part number has no name.
    """
    shares = checked_shares(ratios)
    _check(parts, dataset, part_names, shares)
    if clusters is None:
        clusters = duplicate_clusters(dataset.texts, dataset.groups)
    n_parts = len(part_names)
    label_sets = find_label_sets(dataset.membership)
    sets_by_part = label_sets.by_part(parts, n_parts)
    counts = label_sets.incidence.count(sets_by_part)
    deviations = _deviations(counts, shares)
    pairs = _deviations(pair_incidence(label_sets.incidence).count(sets_by_part), shares)
    present = counts.sum(axis=1) > 0
    rows = list(zip(dataset.labels, counts.astype(np.int64).tolist(), strict=True))
    return SplitAudit(
        part_names=tuple(part_names),
        wanted=tuple(shares.tolist()),
        sizes=tuple(sets_by_part.sum(axis=0).tolist()),
        labels=tuple(
            LabelAudit(label, tuple(row), _shares(row), deviation)
            for (label, row), deviation in zip(rows, deviations.tolist(), strict=True)
        ),
        worst_deviation=float(deviations.max(initial=0.0)),
        mean_deviation=float(deviations[present].mean()) if present.any() else 0.0,
        pair_deviation=float(pairs.mean()) if len(pairs) else 0.0,
        missing=tuple(
            (label, part)
            for label, row in rows
            for part, count in zip(part_names, row, strict=True)
            if count == 0
        ),
        clusters_split=_clusters_split(parts, clusters),
        too_few=tuple(label for label, row in rows if row[0] < FEWEST_IN_TRAIN),
    )


def _check(
    parts: Parts, dataset: Dataset, part_names: Sequence[str], shares: npt.NDArray[np.float64]
) -> None:
    title = "Cannot audit the split"
    if len(parts) != len(dataset):
        message = f"{len(parts):,} part numbers for {len(dataset):,} documents"
        raise InvalidInput(title, message, "split the dataset again")
    if len(part_names) != len(shares):
        raise InvalidInput(title, f"{len(part_names)} part names for {len(shares)} ratios")
    if parts.max(initial=-1) >= len(part_names):
        message = f"part number {parts.max()} has no name among {len(part_names)}"
        raise InvalidInput(title, message, "split the dataset again")


def _deviations(counts: FloatMatrix, shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """float64 (n_things,): the largest relative deviation over the parts."""
    wanted = counts.sum(axis=1, keepdims=True) * shares
    relative = np.abs(counts - wanted) / np.where(wanted > 0, wanted, 1.0)
    worst: npt.NDArray[np.float64] = relative.max(axis=1, initial=0.0)
    return worst


def _shares(counts: list[int]) -> tuple[float, ...]:
    total = sum(counts)
    return tuple(count / total if total else 0.0 for count in counts)


def _clusters_split(parts: Parts, clusters: npt.NDArray[np.int32]) -> int:
    there = parts >= 0
    _, number = np.unique(clusters[there], return_inverse=True)
    lowest = np.full(int(number.max(initial=-1)) + 1, np.iinfo(np.int8).max, dtype=np.int8)
    highest = np.full(len(lowest), -1, dtype=np.int8)
    np.minimum.at(lowest, number, parts[there])
    np.maximum.at(highest, number, parts[there])
    return int((lowest != highest).sum())
