"""Intervals of shares, of F1, and of averages.

Given the documents that have a label or are flagged with it, the hits among them are binomial, and
F1 = 2J / (1 + J) rises with their share J = TP / (TP + FP + FN). So the score interval of a share
(Wilson 1927) carries over to F1 exactly; it holds at small counts, where resampling does not
(Goutte & Gaussier 2005 make the same reduction with a Beta posterior).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from core.progress import UNWATCHED, Watch
from core.tuning.curves import BoolArray, IntArray

# The grade of a label's threshold: one table, printed as it stands by help and README.


Grade = Literal["A", "B", "C", "D"]
ThresholdUsed = Literal["tuned", "default"]

FEW_POSITIVES = 50
"""Positives in each part that grade A asks for."""
ROUGH_POSITIVES = 20
"""With fewer positives in the measuring part, intervals are rough and B is the best grade."""
WIDEST = 0.20
"""Width of the F1 interval that grade A allows."""


class GradeRule(msgspec.Struct, frozen=True):
    """One line of the table."""

    grade: Grade
    meaning: str
    """In two or three words."""
    rule: str
    """When it is given."""
    decision: ThresholdUsed
    """Which threshold is used."""


GRADES: tuple[GradeRule, ...] = (
    GradeRule(
        "A",
        "adopt",
        "better than the default for certain (or equal to it), above the noise floor, at least "
        f"{FEW_POSITIVES} positives in both parts, F1 interval no wider than {WIDEST:.2f}",
        "tuned",
    ),
    GradeRule(
        "B",
        "adopt with care",
        "better than the default for certain and above the noise floor, but from fewer positives "
        "or with a wider interval",
        "tuned",
    ),
    GradeRule(
        "C",
        "cannot tell",
        "the interval of the gain over the default holds 0",
        "default",
    ),
    GradeRule(
        "D",
        "keep default",
        "the label cannot be tuned, its scores are not above the noise floor, or the tuned "
        "threshold is worse than the default for certain",
        "default",
    ),
)
"""The grades, best first."""


# What evidence consists of: intervals, one record per label, and the whole.


class Interval(msgspec.Struct, frozen=True):
    """From the lowest to the highest value that the data are compatible with, ends included."""

    low: float
    high: float

    @property
    def width(self) -> float:
        """`high` minus `low`."""
        return self.high - self.low

    def holds(self, value: float) -> bool:
        """Whether `value` lies inside."""
        return self.low <= value <= self.high


class LabelEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """How far the threshold of one label can be trusted. Figures are those of the measuring part.

    An interval is None when nothing can be said: no document of the measuring part has the label,
    or (for `threshold`) no threshold was tuned.
    """

    label: str
    positives_tuned: int
    """Documents with the label in the tuning part, copies counted once."""
    positives_measured: int
    """Documents with the label in the measuring part, copies counted once."""
    threshold: Interval | None
    """Where the threshold lands when it is chosen anew on resamples of the tuning part."""
    precision: Interval | None
    recall: Interval | None
    f1: Interval | None
    f1_default: Interval | None
    """F1 at the default threshold."""
    gain: Interval | None
    """F1 at the tuned threshold minus F1 at the default one, on the same documents."""
    noise_floor: float | None
    """What the best F1 of the tuning part stays below in 95 % of draws in which the scores know
    nothing of the label; None without positives."""
    grade: Grade
    why: str
    """What the grade rests on, in a sentence."""
    decision: ThresholdUsed
    """Whether to use the tuned threshold or to keep the default."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """How far a set of thresholds can be trusted."""

    labels: tuple[LabelEvidence, ...]
    macro_f1: Interval | None
    """Mean F1 of the labels with positives."""
    micro_f1: Interval | None
    """F1 of the counts pooled over labels."""
    macro_gain: Interval | None
    """Macro-F1 at the tuned thresholds minus at the default ones, on the same documents."""
    level: float
    """Share of repetitions in which an interval should hold the true figure, such as 0.9."""
    resamples: int
    seed: int
    method: str
    """How the intervals were made."""
    tuned_on: str
    """The part that thresholds were chosen on."""
    measured_on: str
    """The part that the figures were measured on, such as "test, cross-fitted"."""
    notes: tuple[str, ...]
    """What a reader must know besides, such as scores that were not returned."""

    def of(self, label: str) -> LabelEvidence:
        """The record of one label.

        Raises:
            KeyError: no such label.
        """
        for found in self.labels:
            if found.label == label:
                return found
        raise KeyError(label)


# Documents counted by what the decisions do on them, and resamples of those counts.
#
# Two sets of decisions (tuned and default thresholds) and the truth put a document into one of
# eight cells per label. Documents that are alike in every label are one row type; there are few
# of them however many documents there are. A bootstrap over documents is a multinomial draw over
# row types, so its cost does not grow with the documents. Copies stand or fall together: with
# clusters the types are those of whole clusters, and clusters are drawn.


N_CELLS = 8
"""Cell ``4 * truth + 2 * flagged at default + flagged when tuned``."""
Cells = npt.NDArray[np.float64]
"""float64 (…, n_labels, 8): documents in each cell."""

_CHUNK = 100
"""Resamples between two looks at the cancel token."""
_CHUNK_NUMBERS = 4_000_000
"""Numbers drawn at once, at most."""
_RARE = 3
"""Clusters of a type that is drawn together with other rare ones."""
_EXACT_IN_SINGLE = 2**24
"""Whole numbers below it are exact in float32."""


@dataclass(frozen=True)
class RowTypes:
    """How many clusters of each type there are, and what one cluster of the type holds."""

    weights: IntArray
    """int64 (k,): clusters of each type; documents when there are no clusters."""
    cells: npt.NDArray[np.float32]
    """float32 (k, n_labels, 8): documents of one cluster of the type in each cell."""

    @property
    def total(self) -> Cells:
        """float64 (n_labels, 8): all documents."""
        return np.tensordot(self.weights.astype(np.float64), self.cells, axes=1)


def row_types(
    truth: BoolArray,
    tuned: BoolArray,
    default: BoolArray,
    clusters: npt.NDArray[np.int32] | None = None,
) -> RowTypes:
    """Count documents, or clusters of documents, by type.

    Types are told apart by 64-bit sums of random numbers, one per label and cell; the chance that
    two of a million types fall together is below 1e-7.

    Args:
        truth: bool (n_documents, n_labels).
        tuned: bool, same shape: decisions at the tuned thresholds.
        default: bool, same shape: decisions at the default thresholds.
        clusters: int32 (n_documents,), or None when all documents are distinct.
    """
    codes = truth.astype(np.uint8) * np.uint8(4)
    codes += default.astype(np.uint8) * np.uint8(2)
    codes += tuned
    n_documents, n_labels = truth.shape
    keys = np.random.default_rng(0).integers(0, 2**64, (n_labels, N_CELLS), dtype=np.uint64)
    sums = np.zeros(n_documents, dtype=np.uint64)
    for column in range(n_labels):
        sums += keys[column].take(codes[:, column])
    if clusters is None:
        _, first, weights = np.unique(sums, return_index=True, return_counts=True)
        cells = np.zeros((len(first), n_labels, N_CELLS), dtype=np.float32)
        np.put_along_axis(cells, codes[first].astype(np.intp)[:, :, None], 1, axis=2)
        return RowTypes(weights.astype(np.int64), cells)
    return _cluster_types(codes, sums, clusters)


def _cluster_types(
    codes: npt.NDArray[np.uint8], sums: npt.NDArray[np.uint64], clusters: npt.NDArray[np.int32]
) -> RowTypes:
    order = np.argsort(clusters, kind="stable")
    starts = np.flatnonzero(np.diff(clusters[order], prepend=clusters[order[:1]] - 1))
    if not len(order):
        return RowTypes(np.zeros(0, np.int64), np.zeros((0, codes.shape[1], N_CELLS), np.float32))
    # Row sums are scrambled first, so that {a, b} and {c, d} differ although a + b = c + d by label
    # swaps: the keys of a row are added, and sums alone would not see which row a label is of.
    mixed = _scrambled(sums)
    of_cluster = np.add.reduceat(mixed[order], starts)
    _, first, weights = np.unique(of_cluster, return_index=True, return_counts=True)
    ends = np.append(starts[1:], len(order))
    sizes = (ends - starts)[first]
    rows = order[np.concatenate([np.arange(starts[c], ends[c]) for c in first])]
    types = np.repeat(np.arange(len(first)), sizes)
    cells = np.zeros((len(first), codes.shape[1], N_CELLS), dtype=np.float32)
    for column in range(codes.shape[1]):
        np.add.at(cells, (types, np.intp(column), codes[rows, column].astype(np.intp)), 1)
    return RowTypes(weights.astype(np.int64), cells)


def _scrambled(keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """A one-to-one scramble of 64-bit keys (the finaliser of splitmix64, Steele et al. 2014)."""
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return keys ^ (keys >> np.uint64(31))


def resampled_cells(
    types: RowTypes,
    resamples: int,
    seed: int,
    watch: Watch = UNWATCHED,
) -> Cells:
    """float64 (resamples, n_labels, 8): the cells of bootstrap resamples of the clusters.

    Raises:
        Interrupted: stopped through `watch`.
    """
    n_types, n_labels = types.cells.shape[:2]
    n_units = int(types.weights.sum())
    flat = types.cells.reshape(n_types, n_labels * N_CELLS)
    used = np.flatnonzero(flat.any(axis=0))
    exact = np.float32 if n_units * flat.max(initial=0) < _EXACT_IN_SINGLE else np.float64
    compact: npt.NDArray[Any] = np.ascontiguousarray(flat[:, used], dtype=exact)
    result = np.zeros((resamples, n_labels * N_CELLS))
    generator = np.random.default_rng(seed)
    step = max(1, min(_CHUNK, _CHUNK_NUMBERS // max(n_types, 1)))
    for start in range(0, resamples if n_units else 0, step):
        watch.check()
        end = min(start + step, resamples)
        drawn = _drawn(types.weights, end - start, generator)
        result[start:end, used] = drawn.astype(exact) @ compact
        watch.report("resampling the documents", end, resamples, "resamples")
    return result.reshape(resamples, n_labels, N_CELLS)


def _drawn(weights: IntArray, rounds: int, generator: np.random.Generator) -> IntArray:
    """int64 (rounds, k): multinomial draws of as many clusters as there are.

    Types of few clusters are drawn as one, and the clusters of that one at random: the same
    distribution, without a binomial draw for each of many rare types.
    """
    n_units = int(weights.sum())
    is_rare = weights <= _RARE
    common = np.flatnonzero(~is_rare)
    members = np.repeat(np.flatnonzero(is_rare), weights[is_rare])
    shares = np.append(weights[common], len(members)) / n_units
    drawn = generator.multinomial(n_units, shares, size=rounds)
    result = np.zeros((rounds, len(weights)), dtype=np.int64)
    if len(members):
        times = drawn[:, -1]
        picked = members[generator.integers(len(members), size=int(times.sum()))]
        places = np.repeat(np.arange(rounds) * len(weights), times) + picked
        result += np.bincount(places, minlength=result.size).reshape(result.shape)
    result[:, common] = drawn[:, :-1]
    return result


def tallies(cells: Cells, is_tuned: bool) -> tuple[Cells, Cells, Cells]:
    """True positives, flagged and positives, each float64 (…, n_labels), of one set of decisions.

    Args:
        cells: (…, n_labels, 8).
        is_tuned: of the tuned thresholds; else of the default ones.
    """
    # Positions 1, 3, 5, 7 are flagged when tuned; 2, 3, 6, 7 at default; 4 to 7 hold the label.
    first = 1 if is_tuned else 2
    hits = cells[..., 4 + first] + cells[..., 7]
    return hits, hits + cells[..., first] + cells[..., 3], cells[..., 4:].sum(axis=-1)


def f1_of(hits: Cells, flagged: Cells, positives: Cells) -> Cells:
    """2TP / (flagged + positives), 0 when undefined."""
    whole = flagged + positives
    return np.divide(2 * hits, whole, out=np.zeros_like(whole), where=whole > 0)


def distinct_positives(
    truth: BoolArray, clusters: npt.NDArray[np.int32] | None
) -> npt.NDArray[np.int64]:
    """int64 (n_labels,): documents with each label, copies counted once."""
    columns = range(truth.shape[1])
    if clusters is None:
        counts = [int(np.count_nonzero(truth[:, column])) for column in columns]
    else:
        counts = [len(np.unique(clusters[truth[:, column]])) for column in columns]
    return np.asarray(counts, dtype=np.int64)


def wilson(share: float, n: float, level: float) -> Interval:
    """The score interval of a share (Wilson 1927), [0, 1] when n is 0.

    Args:
        share: observed, in [0, 1].
        n: independent observations; need not be whole.
        level: such as 0.9.
    """
    if n <= 0:
        return Interval(0.0, 1.0)
    z = normal_quantile(level)
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * float(np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)))
    return Interval(max(0.0, min(centre - half, share)), min(1.0, max(centre + half, share)))


def normal_quantile(level: float) -> float:
    """How many standard deviations a central interval of this level reaches to either side."""
    return NormalDist().inv_cdf(0.5 + level / 2)


def corrected_level(level: float, looks: int) -> float:
    """The level that each of several intervals needs so that all hold together with `level`.

    After Šidák (1967), ``level ** (1 / looks)``; no wider than Bonferroni's. Use it whenever the
    best of several arms, labels or objectives is picked and its interval is then read: the best of
    six arms without any effect looks better than the base far more often than one arm does.

    Args:
        level: such as 0.9.
        looks: comparisons made, at least 1.
    """
    return float(level ** (1 / max(looks, 1)))


def cross_fitted_level(level: float, folds: int) -> float:
    """The level at which intervals of cross-fitted decisions hold with `level`.

    Documents that are measured also took part in choosing for the other folds, so cross-fitted
    figures vary more than those of as many fresh documents, and plain intervals are too narrow
    (Bates, Hastie & Tibshirani 2023). Reaching further by the root of folds / (folds - 1), 1.12 at
    five folds, brings them to what they promise; `tests.benchmarks.bench_evidence_coverage` shows
    it.

    Args:
        level: such as 0.9.
        folds: at least 2.
    """
    reach = normal_quantile(level) * math.sqrt(folds / (folds - 1))
    return 2 * NormalDist().cdf(reach) - 1


def quantiles(values: Cells, level: float) -> Interval:
    """The central interval of resampled values (n,)."""
    tail = (1 - level) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return Interval(float(low), float(high))


def hull(one: Interval, other: Interval) -> Interval:
    """The smallest interval that holds both."""
    return Interval(min(one.low, other.low), max(one.high, other.high))


def share_intervals(
    types: RowTypes, column: int, is_tuned: bool, level: float
) -> tuple[Interval, Interval, Interval]:
    """Intervals of precision, recall and F1 of one label at fixed thresholds.

    Copies are counted as Kish's effective number: n clusters of m copies count as n documents.

    Args:
        types: of documents that played no part in choosing the thresholds.
        column: of the label.
        is_tuned: at the tuned thresholds; else at the default ones.
        level: such as 0.9.
    """
    hits, flagged, positives = tallies(types.cells[:, column].astype(np.float64), is_tuned)
    precision = share_interval(hits, flagged, types, level)
    recall = share_interval(hits, positives, types, level)
    overlap = share_interval(hits, flagged + positives - hits, types, level)
    return precision, recall, Interval(*(2 * j / (1 + j) for j in (overlap.low, overlap.high)))


def effective_size(counts: Cells, weights: Cells) -> float:
    """Kish's (1965) effective number of independent documents among clustered ones.

    Args:
        counts: float64 (k,): documents in one cluster of each type.
        weights: float64 (k,): clusters of each type.
    """
    squares = float(weights @ counts**2)
    return float(weights @ counts) ** 2 / squares if squares else 0.0


def share_interval(hits: Cells, counts: Cells, types: RowTypes, level: float) -> Interval:
    """The score interval of hits among counted documents, at their effective number.

    Args:
        hits: float64 (k,): counted documents that are hits, in one cluster of each type.
        counts: float64 (k,): counted documents in one cluster of each type.
        types: the clusters of each type.
        level: such as 0.9.
    """
    weights = types.weights.astype(np.float64)
    whole = float(weights @ counts)
    share = float(weights @ hits) / whole if whole else 0.0
    return wilson(share, effective_size(counts, weights), level)


# Figures of fixed decisions, with intervals.
#
# Precision, recall and F1 of a label have score intervals. A difference of F1 scores has none in
# closed form: it is resampled, with half a document added at random to every cell that a document
# could fall into. Without that, the documents that a small sample happens not to hold count as
# impossible, and the interval is too narrow. An average of labels is put together from the
# intervals of its parts and their correlations (Zou & Donner 2008), as the mean of resampled F1
# scores of rare labels is biased.
#
# A score that was not returned makes two readings, an unlucky and a lucky one; an interval
# reaches over both.


_PSEUDO = 0.5
"""Documents added to each possible cell of a resample, on average."""


@dataclass(frozen=True)
class DecisionPair:
    """Decisions of tuned and of default thresholds on the same documents, all (n_documents,
    n_labels) bool."""

    truth: BoolArray
    tuned: BoolArray
    tuned_open: BoolArray
    """Not flagged when tuned, but the unknown score may reach the threshold."""
    default: BoolArray
    default_open: BoolArray
    can_gain: npt.NDArray[np.bool_]
    """bool (n_labels,): a tuned threshold is below the default, so it can flag more."""
    can_lose: npt.NDArray[np.bool_]
    """bool (n_labels,): a tuned threshold is above the default, so it can flag fewer."""
    clusters: npt.NDArray[np.int32] | None = None
    """int32 (n_documents,): documents of one cluster are resampled together."""

    @property
    def has_open(self) -> bool:
        """Whether any decision depends on a score that was not returned."""
        return bool(self.tuned_open.any() or self.default_open.any())


@dataclass(frozen=True)
class Reading:
    """The decisions under one reading of the unknown scores, and resamples of their counts."""

    types: RowTypes
    total: Cells
    """float64 (n_labels, 8)."""
    plain: Cells
    """float64 (resamples, n_labels, 8)."""
    smoothed: Cells
    """float64 (resamples, n_labels, 8), half a document added to each possible cell."""


@dataclass(frozen=True)
class LabelIntervals:
    """Intervals of one label."""

    precision: Interval
    recall: Interval
    f1: Interval
    f1_default: Interval
    gain: Interval


def readings(
    decisions: DecisionPair,
    resamples: int,
    seed: int,
    watch: Watch = UNWATCHED,
) -> tuple[Reading, Reading]:
    """The unlucky and the lucky reading; one and the same when no decision is open.

    For a label whose threshold is the default one, both decisions are the same in every reading.

    Raises:
        Interrupted: stopped through `watch`.
    """
    truth = decisions.truth
    pairs = [(decisions.tuned, decisions.default.copy())]
    if decisions.has_open:
        pairs = [
            (
                decisions.tuned | (decisions.tuned_open & wrong),
                decisions.default | (decisions.default_open & ~wrong),
            )
            for wrong in (~truth, truth)
        ]
    found = []
    is_default = ~(decisions.can_gain | decisions.can_lose)
    for tuned, default in pairs:
        default[:, is_default] = tuned[:, is_default]
        types = row_types(truth, tuned, default, decisions.clusters)
        plain = resampled_cells(types, resamples, seed, watch)
        more = smoothed(types, plain, decisions.can_gain, decisions.can_lose, seed)
        found.append(Reading(types, types.total, plain, more))
    return found[0], found[-1]


def smoothed(
    types: RowTypes,
    plain: Cells,
    can_gain: npt.NDArray[np.bool_],
    can_lose: npt.NDArray[np.bool_],
    seed: int,
) -> Cells:
    """float64 (resamples, n_labels, 8): resampled cells with half a document added to the possible.

    Args:
        types: what was resampled; copies come and go together, so what is added is as large as a
            cluster.
        plain: float64 (resamples, n_labels, 8).
        can_gain: bool (n_labels,), as in `DecisionPair`.
        can_lose: bool (n_labels,), as in `DecisionPair`.
        seed: the same seed adds the same.
    """
    possible = np.zeros(plain.shape[1:])
    possible[:, [3, 4, 7]] = 1
    possible[:, [1, 5]] = can_gain[:, None]
    possible[:, [2, 6]] = can_lose[:, None]
    weights = types.weights.astype(np.float64)
    for column in range(plain.shape[1]):
        counts = types.cells[:, column, 1:].sum(axis=1).astype(np.float64)
        effective = effective_size(counts, weights)
        possible[column] *= float(weights @ counts) / effective if effective else 1.0
    added = np.random.default_rng((seed, 1)).poisson(_PSEUDO, plain.shape)
    return plain + added * possible


def label_intervals(pair: tuple[Reading, Reading], column: int, level: float) -> LabelIntervals:
    """Intervals of one label from the readings of `readings`.

    Args:
        pair: the unlucky and the lucky reading.
        column: of the label.
        level: such as 0.9.
    """
    tuned = [share_intervals(reading.types, column, True, level) for reading in pair]
    default = [share_intervals(reading.types, column, False, level) for reading in pair]
    gains = [quantiles(gain_of(reading.smoothed[:, column]), level) for reading in pair]
    precision, recall, f1 = (hull(*ends) for ends in zip(*tuned, strict=True))
    return LabelIntervals(
        precision, recall, f1, hull(default[0][2], default[1][2]), hull(gains[0], gains[1])
    )


def gain_of(cells: Cells) -> Cells:
    """F1 when tuned minus F1 at default, float64 (…), of cells (…, 8)."""
    return f1_of(*tallies(cells, True)) - f1_of(*tallies(cells, False))


def macro_intervals(
    pair: tuple[Reading, Reading], labels: Sequence[LabelIntervals | None]
) -> tuple[Interval, Interval] | None:
    """Intervals of macro-F1 and of its gain; None when no label has positives.

    Args:
        pair: the unlucky and the lucky reading.
        labels: of every column, None for a label that does not count.
    """
    columns = [column for column, found in enumerate(labels) if found is not None]
    if not columns:
        return None
    kept = [found for found in labels if found is not None]
    ends = []
    for reading, name in zip(pair, ("low", "high"), strict=True):
        total, plain = reading.total[columns], reading.plain[:, columns]
        ends.append(
            (
                _mean_end(
                    f1_of(*tallies(total, True)),
                    np.array([getattr(found.f1, name) for found in kept]),
                    f1_of(*tallies(plain, True)),
                ),
                _mean_end(
                    gain_of(total),
                    np.array([getattr(found.gain, name) for found in kept]),
                    gain_of(plain),
                ),
            )
        )
    (f1_low, gain_low), (f1_high, gain_high) = ends
    return Interval(f1_low, f1_high), Interval(gain_low, gain_high)


def _mean_end(estimates: Cells, ends: Cells, draws: Cells) -> float:
    """One end of the interval of a mean, from the same ends of its parts (Zou & Donner 2008).

    Args:
        estimates: float64 (k,).
        ends: float64 (k,), all below or all above the estimates.
        draws: float64 (resamples, k), for the correlations.
    """
    arms = ends - estimates
    spread = draws.std(axis=0)
    safe = np.where(spread > 0, spread, 1)
    centred = (draws - draws.mean(axis=0)) / safe
    correlations = centred.T @ centred / len(draws)
    np.fill_diagonal(correlations, 1)
    length = float(np.sqrt(max(arms @ correlations @ arms, 0.0))) / len(arms)
    return float(estimates.mean()) + (length if arms.sum() > 0 else -length)


def micro_interval(pair: tuple[Reading, Reading], level: float) -> Interval:
    """The interval of micro-F1, by resampling: pooled counts are large."""
    first, second = (
        quantiles(f1_of(*(count.sum(axis=1) for count in tallies(reading.plain, True))), level)
        for reading in pair
    )
    return hull(first, second)
