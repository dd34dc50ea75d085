"""Dealing rows to parts evenly: exact sizes, and every run of neighbours close to its share."""

import numpy as np
import numpy.typing as npt

IntVector = npt.NDArray[np.int64]


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
