"""How often chance alone gives a difference of two shares or of two distributions."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_NORMAL_FROM = 10
"""Expected count in every cell from which the normal test of two shares is used."""


def two_shares(k: int, n: int, other_k: int, other_n: int) -> float:
    """Two-sided p-value of ``k / n`` against ``other_k / other_n``, when both shares are equal.

    The normal test of pooled shares, or Fisher's exact test where a count is small.
    """
    total, hits = n + other_n, k + other_k
    if hits in (0, total):
        return 1.0
    fewest = min(n, other_n) * min(hits, total - hits) / total
    if fewest >= _NORMAL_FROM:
        share = hits / total
        error = math.sqrt(share * (1 - share) * (1 / n + 1 / other_n))
        return math.erfc(abs(k / n - other_k / other_n) / error / math.sqrt(2))
    logs = np.array([
        _log_choose(n, i) + _log_choose(other_n, hits - i) - _log_choose(total, hits)
        for i in range(max(0, hits - other_n), min(n, hits) + 1)
    ])  # fmt: skip
    here = logs[k - max(0, hits - other_n)]
    return float(min(1.0, np.exp(logs[logs <= here + 1e-7]).sum()))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def kolmogorov(gap: float, n: int, other_n: int) -> float:
    """p-value of the largest gap of two distributions (Stephens 1970)."""
    if gap <= 0:
        return 1.0
    size = math.sqrt(n * other_n / (n + other_n))
    x = (size + 0.12 + 0.11 / size) * gap
    terms = sum((-1) ** (j - 1) * math.exp(-2 * (j * x) ** 2) for j in range(1, 101))
    return min(1.0, max(0.0, 2 * float(terms)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Corrected so that the smallest may be compared with 1 - level over all tests (Holm 1979)."""
    values: npt.NDArray[np.float64] = np.array(p_values)
    order = np.argsort(values, kind="stable")
    scaled = values[order] * np.arange(len(values), 0, -1)
    found = np.empty_like(values)
    found[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return [float(p) for p in found]
