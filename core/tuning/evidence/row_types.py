"""Documents counted by what the decisions do on them, and resamples of those counts.

Two sets of decisions (tuned and default thresholds) and the truth put a document into one of eight
cells per label. Documents that are alike in every label are one row type; there are few of them
however many documents there are. A bootstrap over documents is a multinomial draw over row types,
so its cost does not grow with the documents. Copies stand or fall together: with clusters the
types are those of whole clusters, and clusters are drawn.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.progress import CancelToken, Progress, Reporter, silent
from core.tuning.curves import BoolArray, IntArray

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
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> Cells:
    """float64 (resamples, n_labels, 8): the cells of bootstrap resamples of the clusters.

    Raises:
        Interrupted: stopped through `cancel`.
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
        if cancel is not None:
            cancel.check()
        end = min(start + step, resamples)
        drawn = _drawn(types.weights, end - start, generator)
        result[start:end, used] = drawn.astype(exact) @ compact
        reporter(Progress("resampling the documents", end, resamples, "resamples"))
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
