"""Placing clusters: documents that must stay together, such as duplicates and groups."""

import numpy as np
import numpy.typing as npt

from core.dataset.documents import BoolMatrix

Parts = npt.NDArray[np.int8]


def place_clusters(
    membership: BoolMatrix,
    clusters: npt.NDArray[np.int32],
    sizes: npt.NDArray[np.int64],
    wanted: npt.NDArray[np.float64],
    rng: np.random.Generator,
) -> Parts:
    """int8 (n_documents,): the part of each document in a cluster of several, -1 for the others.

    Largest clusters first, each to the part where it lowers the deviations of size and labels
    most, and only to a part that has room for it as long as there is one. Deviations are weighted
    by the wanted count, so that all parts fill at the same pace.

    Args:
        membership: bool (n_documents, n_labels).
        clusters: int32 (n_documents,): cluster number of each document.
        sizes: int64 (n_parts,): wanted documents of each part.
        wanted: float64 (n_labels, n_parts): wanted positives.
        rng: gives the order of clusters of the same size.
    """
    _, number, rows_of = np.unique(clusters, return_inverse=True, return_counts=True)
    parts = np.full(len(clusters), -1, dtype=np.int8)
    several = np.flatnonzero(rows_of > 1)
    if not len(several):
        return parts
    place = np.full(len(rows_of), -1, dtype=np.intp)
    place[several] = np.arange(len(several))
    rows = np.flatnonzero(place[number] >= 0)
    rows = rows[np.argsort(place[number[rows]], kind="stable")]
    starts = np.concatenate(([0], np.cumsum(rows_of[several])[:-1]))
    things = np.concatenate((np.ones((len(rows), 1), np.int64), membership[rows]), axis=1)
    counts = np.add.reduceat(things, starts, axis=0)
    goals = np.concatenate((sizes[None, :].astype(np.float64), wanted))
    chosen = _choose(counts, goals, rng)
    parts[rows] = np.repeat(chosen, rows_of[several])
    return parts


def _choose(
    counts: npt.NDArray[np.int64], goals: npt.NDArray[np.float64], rng: np.random.Generator
) -> Parts:
    """int8 (n_clusters,): part of each cluster; row 0 of the goals is the size."""
    shuffled = rng.permutation(len(counts))
    order = shuffled[np.argsort(-counts[shuffled, 0], kind="stable")]
    filled = np.zeros_like(goals)
    weight = 1.0 / np.maximum(goals, 1.0)
    chosen = np.zeros(len(counts), dtype=np.int8)
    for cluster in order.tolist():
        things = counts[cluster]
        held = np.flatnonzero(things)
        amount = things[held][:, None]
        cost = amount * (2 * (filled[held] - goals[held]) + amount) * weight[held]
        score = np.round(cost.sum(axis=0), 9)
        room = goals[0] - filled[0] - things[0]
        part = int(np.lexsort((score, np.maximum(-room, 0)))[0])
        filled[held, part] += things[held]
        chosen[cluster] = part
    return chosen
