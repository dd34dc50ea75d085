"""Intervals of shares, of F1, and of averages.

Given the documents that have a label or are flagged with it, the hits among them are binomial, and
F1 = 2J / (1 + J) rises with their share J = TP / (TP + FP + FN). So the score interval of a share
(Wilson 1927) carries over to F1 exactly; it holds at small counts, where resampling does not
(Goutte & Gaussier 2005 make the same reduction with a Beta posterior).
"""

import math
from statistics import NormalDist

import numpy as np

from core.tuning.evidence.figures import Interval
from core.tuning.evidence.row_types import Cells, RowTypes, tallies


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
