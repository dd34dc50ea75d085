"""The noise floor: what the best F1 comes to when the scores know nothing of the label.

Choosing the best of all thresholds finds some F1 in pure noise, the more of it the fewer positives
there are. Drawing the positives at random among the documents, with the scores as they are, gives
the distribution of that best F1 (a permutation test of the label against the scores). Only the
ranks of the positives matter, so a draw costs as much as there are positives.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.tuning.curves import BoolArray, IntArray
from core.tuning.decimals import FloatArray

_FEW_POSITIVES = 1_000
"""Up to so many, every rank is drawn; above, ranks are drawn by bins."""
_BINS = 160
"""Bins of ranks, narrow at the top, where a lucky draw shows."""
SHARE = 0.95
"""Share of the draws that stay below the floor: 1 label in 20 rises above it by chance."""


@dataclass(frozen=True)
class NoiseFloor:
    """The best F1 over all thresholds, in draws without any relation of scores and label."""

    mean: float
    high: float
    """The 95th percentile."""


@dataclass(frozen=True)
class _Ranks:
    """The documents from the highest score down, a cluster as one."""

    ends: IntArray
    """int64 (n,): documents whose score is at least that of each rank."""
    is_known: BoolArray
    """bool (n,): whether the score at each rank was returned."""
    positives: int


def noise_floor(
    scores: FloatArray,
    truth: BoolArray,
    ceilings: FloatArray | None = None,
    clusters: npt.NDArray[np.int32] | None = None,
    draws: int = 1_000,
    seed: int | tuple[int, ...] = 0,
) -> NoiseFloor | None:
    """The floor for one label; None without positives.

    An unknown score counts as the curve's certain F1 counts it: a positive is missed, a negative
    is flagged up to its ceiling. Each cluster counts as one document, with the label when any of
    its documents has it.

    Args:
        scores: (n,), NaN for unknown, -inf for never flagged.
        truth: bool (n,).
        ceilings: (n,), highest values of unknown scores; None for 1.
        clusters: int32 (n,), or None.
        draws: how many times the positives are drawn.
        seed: the same seed gives the same floor.
    """
    ranks = _ranks(scores, truth, ceilings, clusters)
    if not ranks.positives:
        return None
    generator = np.random.default_rng(seed)
    draw = _by_rank if ranks.positives <= _FEW_POSITIVES else _by_bin
    best = draw(ranks, draws, generator)
    return NoiseFloor(float(best.mean()), float(np.quantile(best, SHARE)))


def _ranks(
    scores: FloatArray,
    truth: BoolArray,
    ceilings: FloatArray | None,
    clusters: npt.NDArray[np.int32] | None,
) -> _Ranks:
    unknown = np.isnan(scores)
    worst = scores
    if unknown.any():
        worst = np.where(unknown, scores.dtype.type(1) if ceilings is None else ceilings, scores)
    positives = int(np.count_nonzero(truth))
    if clusters is not None:
        _, first, inverse = np.unique(clusters, return_index=True, return_inverse=True)
        positives = len(np.unique(inverse[truth]))
        worst, unknown = worst[first], unknown[first]
    order = np.argsort(worst)[::-1]
    falling = worst[order]
    group = np.flatnonzero(np.append(falling[1:] != falling[:-1], True)[: len(falling)])
    ends = np.repeat(group + 1, np.diff(group, prepend=-1)).astype(np.int64)
    return _Ranks(ends, ~unknown[order] & np.isfinite(falling), positives)


def _by_rank(ranks: _Ranks, draws: int, generator: np.random.Generator) -> FloatArray:
    n, positives = len(ranks.ends), ranks.positives
    places = np.stack(
        [generator.choice(n, positives, replace=False, shuffle=False) for _ in range(draws)]
    )
    places.sort(axis=1)
    is_known = ranks.is_known[places]
    hits = np.cumsum(is_known, axis=1)
    missed = np.cumsum(~is_known, axis=1)
    # Within a tie the last of its positives counts them all, and has the highest F1.
    f1 = 2 * hits / (ranks.ends[places] - missed + positives)
    result: FloatArray = f1.max(axis=1)
    return result


def _by_bin(ranks: _Ranks, draws: int, generator: np.random.Generator) -> FloatArray:
    n = len(ranks.ends)
    wanted = np.unique(np.geomspace(1, n, _BINS).round().astype(np.int64))
    ends = np.unique(ranks.ends[wanted - 1])
    known = np.diff(np.cumsum(ranks.is_known)[ends - 1], prepend=0)
    sizes = np.diff(ends, prepend=0)
    colours = np.concatenate((known, sizes - known))
    drawn = generator.multivariate_hypergeometric(
        colours, ranks.positives, size=draws, method="marginals"
    )
    hits = np.cumsum(drawn[:, : len(ends)], axis=1)
    missed = np.cumsum(drawn[:, len(ends) :], axis=1)
    result: FloatArray = (2 * hits / (ends - missed + ranks.positives)).max(axis=1)
    return result
