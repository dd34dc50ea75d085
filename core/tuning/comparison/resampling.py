"""Counts of two runs over resampled documents, drawn by kind of unit instead of by document.

A unit is a document, or a cluster of copies, which is drawn whole. Units that count alike for every
label and both runs are of one kind; one multinomial draw over the kinds is a resample of all
documents, so the cost follows the number of kinds.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.progress import CancelToken, Progress, Reporter, silent
from core.tuning.comparison.decisions import Decisions
from core.tuning.curves import BoolArray

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
        truth & flag_a, flag_a, truth & may_a, ~truth & may_a,
        truth & flag_b, flag_b, truth & may_b, ~truth & may_b, truth,
    )  # fmt: skip
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
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> Floats:
    """float64 (resamples, n_labels, 9): counts of documents drawn anew with replacement.

    Raises:
        Interrupted: stopped through `cancel`.
    """
    n_labels = len(units.labels)
    found = np.empty((resamples, n_labels, _N_COLUMNS))
    table = _table(units, [label.counts for label in units.labels])
    for start, stop in _blocks(resamples, len(units.sizes)):
        if cancel is not None:
            cancel.check()
        drawn = _drawn(units, stop - start, generator)
        sums = table @ np.ascontiguousarray(drawn.T, np.float64)
        found[start:stop] = sums.reshape(n_labels, _N_COLUMNS, -1).transpose(2, 0, 1)
        reporter(Progress("resampling documents", stop, resamples, "resamples"))
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
    cancel: CancelToken | None = None,
) -> Floats:
    """float64 (resamples, n_labels, 9): counts when a coin decides, unit by unit, which run is a.

    If the runs are equally good, the names a and b mean nothing, so these are the counts that
    chance alone gives (Fisher's randomisation test for pairs).

    Raises:
        Interrupted: stopped through `cancel`.
    """
    found = np.repeat(units.totals()[None], resamples, axis=0)
    n_labels, width = len(units.labels), UNLUCKY_B + 1 - TP_B
    table = _table(
        units, [label.counts[:, TP_B : UNLUCKY_B + 1] - label.counts[:, :TP_B]
                for label in units.labels]
    )  # fmt: skip
    is_single = units.sizes == 1
    several = units.sizes[~is_single, None]
    for start, stop in _blocks(resamples, len(units.sizes)):
        if cancel is not None:
            cancel.check()
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
