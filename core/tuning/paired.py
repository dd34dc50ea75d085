"""Figures of two runs on the same documents: counted, resampled, and their differences."""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Literal, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.progress import UNWATCHED, Watch
from core.text import plural, printable
from core.tuning.curves import BoolArray
from core.tuning.intervals import Interval
from core.tuning.part import Decisions, Part

# Counts of two runs over resampled documents, drawn by kind of unit instead of by document.
#
# A unit is a document, or a cluster of copies, which is drawn whole. Units that count alike for
# every label and both runs are of one kind; one multinomial draw over the kinds is a resample of
# all documents, so the cost follows the number of kinds.


Floats = npt.NDArray[np.float64]

TP_A, FLAGGED_A, LUCKY_A, UNLUCKY_A, TP_B, FLAGGED_B, LUCKY_B, UNLUCKY_B, POSITIVES = range(9)
"""Columns of counts. Lucky: unknown positives that may be flagged; unlucky: unknown negatives."""
_N_COLUMNS = 9
_BLOCK_CELLS = 2_000_000
"""Most numbers drawn at once."""
_KIND_COST = 16
"""Drawing the number of one kind takes as long as drawing so many units."""


@dataclass(frozen=True)
class LabelCounts:
    """What the kinds of units count for one label."""

    rows: npt.NDArray[np.intp]
    """intp (r,): the kinds that count anything."""
    counts: Floats
    """float64 (r, 9): their counts, by the column numbers of this module."""


@dataclass(frozen=True)
class Units:
    """The documents of a part as kinds of units."""

    sizes: npt.NDArray[np.int64]
    """int64 (n_kinds,): how many units are of each kind."""
    labels: tuple[LabelCounts, ...]

    @property
    def n_units(self) -> int:
        """Number of units: distinct documents."""
        return int(self.sizes.sum())

    def totals(self) -> Floats:
        """float64 (n_labels, 9): the counts of all documents."""
        return np.stack([self.sizes[label.rows] @ label.counts for label in self.labels])


def count_units(
    truth: BoolArray, a: Decisions, b: Decisions, clusters: npt.NDArray[np.int32] | None
) -> Units:
    """Group documents, or clusters of them, that count alike for every label and both runs."""
    codes = np.zeros(truth.shape, dtype=np.uint8)
    for bit, flags in enumerate((truth, a.flags, a.may_flag, b.flags, b.may_flag)):
        codes |= flags.astype(np.uint8) << np.uint8(bit)
    rows, row_of = np.unique(codes, axis=0, return_inverse=True)
    sizes, members, starts = _kinds(row_of.reshape(-1), len(rows), clusters)
    labels = []
    for column in range(truth.shape[1]):
        counts = np.add.reduceat(_COUNTS_OF_CODE[rows[:, column]][members], starts, axis=0)
        counted = np.flatnonzero(counts.any(axis=1))
        labels.append(LabelCounts(counted, counts[counted]))
    return Units(sizes, tuple(labels))


def _counts_of_codes() -> Floats:
    codes = np.arange(32)
    truth, flag_a, may_a, flag_b, may_b = ((codes >> bit & 1).astype(bool) for bit in range(5))
    columns = (
        truth & flag_a,
        flag_a,
        truth & may_a,
        ~truth & may_a,
        truth & flag_b,
        flag_b,
        truth & may_b,
        ~truth & may_b,
        truth,
    )
    return np.stack(columns, axis=1).astype(np.float64)


_COUNTS_OF_CODE = _counts_of_codes()
"""float64 (32, 9): what one document counts, by its bits truth, a flags, a may, b flags, b may."""


def _kinds(
    row_of: npt.NDArray[np.intp], n_rows: int, clusters: npt.NDArray[np.int32] | None
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """How many units are of each kind, the rows of all kinds in turn, and where each begins."""
    if clusters is None:
        whole = np.arange(n_rows, dtype=np.intp)
        return np.bincount(row_of, minlength=n_rows).astype(np.int64), whole, whole
    order = np.lexsort((row_of, clusters))
    rows, owners = row_of[order], clusters[order]
    begins = np.flatnonzero(np.r_[True, owners[1:] != owners[:-1]])
    ends = np.r_[begins[1:], len(rows)]
    is_single = ends - begins == 1
    alone = np.bincount(rows[begins[is_single]], minlength=n_rows)
    together: dict[bytes, int] = {}
    for begin, end in zip(begins[~is_single], ends[~is_single], strict=True):
        key = rows[begin:end].tobytes()
        together[key] = together.get(key, 0) + 1
    kinds = [np.array([row]) for row in np.flatnonzero(alone)]
    kinds += [np.frombuffer(key, dtype=rows.dtype) for key in together]
    sizes = np.array([*alone[alone > 0], *together.values()], dtype=np.int64)
    lengths = np.array([len(kind) for kind in kinds])
    return sizes, np.concatenate(kinds), np.r_[0, np.cumsum(lengths[:-1])].astype(np.intp)


def resampled_counts(
    units: Units,
    resamples: int,
    generator: np.random.Generator,
    watch: Watch = UNWATCHED,
) -> Floats:
    """float64 (resamples, n_labels, 9): counts of documents drawn anew with replacement.

    Raises:
        Interrupted: stopped through `watch`.
    """
    n_labels = len(units.labels)
    found = np.empty((resamples, n_labels, _N_COLUMNS))
    table = _table(units, [label.counts for label in units.labels])
    for start, stop in _blocks(resamples, len(units.sizes)):
        watch.check()
        drawn = _drawn(units, stop - start, generator)
        sums = table @ np.ascontiguousarray(drawn.T, np.float64)
        found[start:stop] = sums.reshape(n_labels, _N_COLUMNS, -1).transpose(2, 0, 1)
        watch.report("resampling documents", stop, resamples, "resamples")
    return found


def _drawn(units: Units, n: int, generator: np.random.Generator) -> npt.NDArray[np.int64]:
    """int64 (n, n_kinds): units of each kind in each of n resamples, by the cheaper of two ways."""
    n_kinds = len(units.sizes)
    if n_kinds * _KIND_COST < units.n_units:
        return generator.multinomial(units.n_units, units.sizes / units.n_units, size=n)
    kinds = np.repeat(np.arange(n_kinds), units.sizes)
    drawn = np.empty((n, n_kinds), np.int64)
    for row in drawn:
        places = generator.integers(units.n_units, size=units.n_units)
        row[:] = np.bincount(kinds[places], minlength=n_kinds)
    return drawn


def _table(units: Units, counts: list[Floats]) -> Any:
    """CSR (n_labels * n_columns, n_kinds): what one unit of each kind counts.

    Args:
        units: with the rows that each label counts.
        counts: of each label float64 (r, n_columns).
    """
    from scipy import sparse

    pieces = [
        sparse.csr_matrix(
            (one.T.ravel(), np.tile(label.rows, one.shape[1]), _starts(one)),
            shape=(one.shape[1], len(units.sizes)),
        )
        for label, one in zip(units.labels, counts, strict=True)
    ]
    table = sparse.vstack(pieces, format="csr")
    table.eliminate_zeros()
    return table


def _starts(counts: Floats) -> npt.NDArray[np.intp]:
    return np.arange(counts.shape[1] + 1, dtype=np.intp) * len(counts)


def exchanged_counts(
    units: Units,
    resamples: int,
    generator: np.random.Generator,
    watch: Watch = UNWATCHED,
) -> Floats:
    """float64 (resamples, n_labels, 9): counts when a coin decides, unit by unit, which run is a.

    If the runs are equally good, the names a and b mean nothing, so these are the counts that
    chance alone gives (Fisher's randomisation test for pairs).

    Raises:
        Interrupted: stopped through `watch`.
    """
    found = np.repeat(units.totals()[None], resamples, axis=0)
    n_labels, width = len(units.labels), UNLUCKY_B + 1 - TP_B
    table = _table(
        units,
        [label.counts[:, TP_B : UNLUCKY_B + 1] - label.counts[:, :TP_B] for label in units.labels],
    )
    is_single = units.sizes == 1
    several = units.sizes[~is_single, None]
    for start, stop in _blocks(resamples, len(units.sizes)):
        watch.check()
        n = stop - start
        swapped = np.empty((len(units.sizes), n))
        coins = (int(is_single.sum()), n)
        swapped[is_single] = generator.integers(2, size=coins, dtype=np.uint8)
        swapped[~is_single] = generator.binomial(several, 0.5, size=(len(several), n))
        sums = table @ swapped
        moved = sums.reshape(n_labels, width, -1).transpose(2, 0, 1)
        found[start:stop, :, TP_A : UNLUCKY_A + 1] += moved
        found[start:stop, :, TP_B : UNLUCKY_B + 1] -= moved
    return found


def _blocks(resamples: int, n_kinds: int) -> list[tuple[int, int]]:
    size = max(1, min(resamples, _BLOCK_CELLS // max(n_kinds, 1)))
    return [(start, min(start + size, resamples)) for start in range(0, resamples, size)]


# F1, precision and recall of two runs from their counts, with what unknown scores allow.


_SIDES = ((TP_A, FLAGGED_A, LUCKY_A, UNLUCKY_A), (TP_B, FLAGGED_B, LUCKY_B, UNLUCKY_B))


class Both(NamedTuple):
    """A figure of both runs, with the lowest and highest that unknown scores allow."""

    a: Floats
    a_low: Floats
    a_high: Floats
    b: Floats
    b_low: Floats
    b_high: Floats

    def mean(self, kept: list[int]) -> "Both":
        """The means over some labels, the last axis."""
        return Both(*(figure[..., kept].mean(axis=-1) for figure in self))


def f1s(counts: Floats) -> Both:
    """F1 from counts whose last axis has the columns of `resampling`; 0 where undefined."""
    found = []
    for side in _SIDES:
        hits, flagged, lucky, unlucky, positives = _columns(counts, side)
        whole = flagged + positives
        found += [
            _ratio(2 * hits, whole),
            _ratio(2 * hits, whole + unlucky),
            _ratio(2 * (hits + lucky), whole + lucky),
        ]
    return Both(*found)


def precisions(counts: Floats) -> Both:
    """Precision likewise; 0 where nothing is flagged."""
    found = []
    for side in _SIDES:
        hits, flagged, lucky, unlucky, _ = _columns(counts, side)
        found += [
            _ratio(hits, flagged),
            _ratio(hits, flagged + unlucky),
            _ratio(hits + lucky, flagged + lucky),
        ]
    return Both(*found)


def recalls(counts: Floats) -> Both:
    """Recall likewise; 0 without positives."""
    found = []
    for side in _SIDES:
        hits, _, lucky, _, positives = _columns(counts, side)
        known = _ratio(hits, positives)
        found += [known, known, _ratio(hits + lucky, positives)]
    return Both(*found)


def _columns(counts: Floats, side: tuple[int, ...]) -> list[Floats]:
    return [counts[..., column] for column in (*side, POSITIVES)]


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


# Differences of figures with intervals, and what may be said of them.


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
        a=float(found.a),
        b=float(found.b),
        difference=difference,
        interval=interval,
        verdict=verdict_of(interval),
        a_range=_range(found.a_low, found.a_high),
        b_range=_range(found.b_low, found.b_high),
    )


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


Figure = Callable[[Floats], Both]
"""`figures.f1s`, `figures.precisions` or `figures.recalls`."""


@dataclass(frozen=True)
class Pair:
    """Counts of two runs, and the differences that they give."""

    n_units: int
    """Distinct documents: what is resampled."""
    found: Floats
    """float64 (n_labels, 9): counts of all documents."""
    drawn: Floats
    """float64 (resamples, n_labels, 9): of resampled documents."""
    exchanged: Floats
    """float64 (resamples, n_labels, 9): of exchanged runs."""

    def label(self, column: int, figure: Figure, level: float) -> PairedDifference:
        """The difference of one label."""
        return self._difference(lambda counts: figure(counts[..., column, :]), level)

    def macro(self, columns: Sequence[int], figure: Figure, level: float) -> PairedDifference:
        """Of the mean over the labels that have positives, if any has."""
        kept = self.with_positives(columns)
        return self._difference(lambda counts: figure(counts).mean(kept), level)

    def micro(self, columns: Sequence[int], figure: Figure, level: float) -> PairedDifference:
        """Of the counts pooled over labels."""
        pooled = list(columns)
        return self._difference(lambda counts: figure(counts[..., pooled, :].sum(axis=-2)), level)

    def with_positives(self, columns: Sequence[int]) -> list[int]:
        """The labels that have positives; all when none has."""
        return [column for column in columns if self.found[column, POSITIVES]] or list(columns)

    def support(self, columns: Sequence[int]) -> int:
        """Documents with the label, summed over labels."""
        return int(self.found[list(columns), POSITIVES].sum())

    def _difference(self, figure: Figure, level: float) -> PairedDifference:
        return difference_of(
            (figure(self.found), figure(self.drawn), figure(self.exchanged)), level
        )


def pair_up(
    truth: BoolArray,
    a: Decisions,
    b: Decisions,
    clusters: npt.NDArray[np.int32] | None,
    resamples: int,
    draws: np.random.Generator,
    *,
    watch: Watch = UNWATCHED,
) -> Pair:
    """Count the decisions of two runs on the same documents.

    Raises:
        Interrupted: stopped through `watch`.
    """
    units = count_units(truth, a, b, clusters)
    return Pair(
        units.n_units,
        units.totals(),
        resampled_counts(units, resamples, draws, watch),
        exchanged_counts(units, resamples, draws, watch),
    )


def matched(a: Part, b: Part) -> tuple[Part, list[int]]:
    """b with its labels in the order of a's, and the columns that this takes.

    Raises:
        InvalidInput: they are not the same documents, or not of the same labels.
    """
    order = _same_documents(a, b)
    if order == list(range(len(order))):
        return b, order
    return dataclasses.replace(b.take(columns=order), truth=a.truth), order


def _same_documents(a: Part, b: Part) -> list[int]:
    """Columns of b in the order of a's labels, once both are known to be the same documents."""
    if a.name != b.name or len(a) != len(b):
        raise InvalidInput(
            "Different documents",
            f"{plural(len(a), 'document')} of {printable(a.name)} against "
            f"{plural(len(b), 'document')} of {printable(b.name)}",
            "compare runs of the same split on the same part",
        )
    if set(a.labels) != set(b.labels):
        other = sorted(set(a.labels) ^ set(b.labels))
        raise InvalidInput(
            "Different labels",
            f"only one of both has {', '.join(printable(label, 40) for label in other[:5])}",
            "compare runs of the same dataset revision",
        )
    order = [b.labels.index(label) for label in a.labels]
    same_clusters = (a.clusters is None) == (b.clusters is None) and (
        a.clusters is None or np.array_equal(a.clusters, b.clusters)  # type: ignore[arg-type]
    )
    if not np.array_equal(a.truth, b.truth[:, order]) or not same_clusters:
        raise InvalidInput(
            "Different documents",
            f"the true labels of {printable(a.name)} differ between both",
            "compare runs of the same split on the same part",
        )
    return order
