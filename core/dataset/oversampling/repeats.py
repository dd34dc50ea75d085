"""Repeat the positives of chosen labels until each has as many as wanted."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from core.dataset.documents import BoolMatrix

Counts = npt.NDArray[np.int64]


def repeats(membership: BoolMatrix, targets: Mapping[int, int], rng: np.random.Generator) -> Counts:
    """int64 (n_documents,): how many copies of each document are made.

    Labels are taken from the rarest to the most frequent, and copies made for one count for the
    next, so a label may end above its target. The copies of a label are spread evenly over its
    documents: each is repeated as often as any other, or once more; `rng` draws which.

    Args:
        membership: bool (n_documents, n_labels).
        targets: positives wanted, by column; a target that is met adds nothing.
        rng: what draws.
    """
    support = membership.sum(axis=0, dtype=np.int64).tolist()
    growing = [column for column, target in targets.items() if target > support[column]]
    times = np.zeros(len(membership), dtype=np.int64)
    for column in sorted(growing, key=lambda column: (support[column], column)):
        positives = np.flatnonzero(membership[:, column])
        missing = targets[column] - len(positives) - int(times[positives].sum())
        if missing > 0:
            times[rng.permutation(positives)] += _evenly(missing, len(positives))
    return times


def _evenly(total: int, places: int) -> Counts:
    """int64 (places,): whole numbers that add up to `total` and differ by at most 1."""
    share, more = divmod(total, places)
    return np.full(places, share, dtype=np.int64) + (np.arange(places) < more)
