"""The stratified split: every document in one part, every label at its share.

Works on label sets: exact sizes by an evenly spread deal, then repair by exchanges, then a random
draw of the documents within each label set. Same input and seed, same parts.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.dataset.documents import BoolMatrix
from core.dataset.splits.clusters import place_clusters
from core.dataset.splits.dealing import deal
from core.dataset.splits.incidence import Incidence, pair_incidence
from core.dataset.splits.label_sets import LabelSets, find_label_sets
from core.dataset.splits.ratios import (
    checked_shares,
    part_sizes,
    refuse_empty_parts,
    whole_rows,
)
from core.dataset.splits.repair import measured, repair
from core.dataset.splits.targets import ideal_sizes, wanted_positives
from core.errors import InvalidInput
from core.text import plural

Parts = npt.NDArray[np.int8]
Counts = npt.NDArray[np.int64]
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
        InvalidInput: a ratio that is not above 0, a part that would be empty, a negative seed, or
            clusters of another length.
    """
    shares = checked_shares(ratios)
    n_documents = len(membership)
    if seed < 0:
        raise InvalidInput("Cannot split", f"the seed {seed} is negative", "use 0 or above")
    if clusters is not None and len(clusters) != n_documents:
        found = plural(len(clusters), "cluster number")
        raise InvalidInput("Cannot split", f"{found} for {plural(n_documents, 'document')}")
    label_sets = find_label_sets(membership)
    wanted = wanted_positives(label_sets.support, shares)
    sizes = part_sizes(n_documents, shares, ideal_sizes(label_sets, wanted, shares))
    rng = np.random.default_rng(seed)
    if clusters is None:
        parts = np.full(n_documents, -1, dtype=np.int8)
    else:
        parts = place_clusters(membership, clusters, sizes, wanted, rng)
    placed = label_sets.by_part(parts, len(shares))
    rows = _best_deal(label_sets, placed, sizes, wanted, shares, rng)
    _draw(label_sets, rows, parts, rng)
    refuse_empty_parts(
        np.bincount(parts, minlength=len(shares)),
        "duplicates and groups stay together: too few are left to fill every part",
    )
    return parts


def _best_deal(
    label_sets: LabelSets,
    placed: Counts,
    sizes: Counts,
    wanted: npt.NDArray[np.float64],
    shares: npt.NDArray[np.float64],
    rng: np.random.Generator,
) -> Counts:
    """int64 (n_sets, n_parts): rows per part of the documents that no cluster has placed.

    Deals and repairs once when every label gets its nearest whole count, otherwise a few times
    from other random starts, and keeps the best.
    """
    nearest = [whole_rows(row, int(n)) for row, n in zip(wanted, label_sets.support, strict=True)]
    within_reach = measured(label_sets.incidence, np.reshape(nearest, wanted.shape), wanted).cost()
    pairs = pair_incidence(label_sets.incidence)
    best, best_cost = placed, float("inf")
    for _ in range(_MOST_DEALS):
        rows = _deal_rest(label_sets, placed, sizes, rng)
        cost = _repair(label_sets, pairs, rows, placed, wanted, shares)
        if cost < best_cost:
            best, best_cost = rows, cost
        if best_cost <= within_reach * (1 + _TOLERANCE):
            break
    return best


def _deal_rest(
    label_sets: LabelSets, placed: Counts, sizes: Counts, rng: np.random.Generator
) -> Counts:
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
    rows: Counts,
    placed: Counts,
    wanted: npt.NDArray[np.float64],
    shares: npt.NDArray[np.float64],
) -> float:
    """Exchange dealt rows until labels are at their bound; change `rows`, return the cost left."""
    counts = rows + placed
    pair_counts = pairs.count(counts)
    pairs_wanted = pair_counts.sum(axis=1, keepdims=True) * shares
    of_labels = label_sets.incidence
    by_label = measured(of_labels, of_labels.count(counts), wanted)
    by_pair = measured(pairs, pair_counts, pairs_wanted, _PAIR_WEIGHT)
    part_pairs = len(shares) * (len(shares) - 1) // 2
    repair(rows, (by_label, by_pair), max(_PAIR_PASSES // part_pairs, 1))
    repair(rows, (by_label,), _LABEL_ROUNDS)
    return by_label.cost()


def _draw(
    label_sets: LabelSets,
    rows: Counts,
    parts: Parts,
    rng: np.random.Generator,
) -> None:
    """Give the documents without a part theirs, at random within each label set."""
    free = np.flatnonzero(parts < 0)
    shuffled = free[rng.permutation(len(free))]
    number = label_sets.number[shuffled]
    n_sets, n_parts = rows.shape
    if n_sets <= 2**16:
        number = number.astype(np.uint16)  # sorted by radix, in linear time
    by_set = shuffled[np.argsort(number, kind="stable")]
    parts[by_set] = np.repeat(np.tile(np.arange(n_parts, dtype=np.int8), n_sets), rows.ravel())
