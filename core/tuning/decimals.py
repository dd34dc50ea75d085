"""When a score reaches a threshold, decided alike on matrices and on JSON numbers.

Score matrices are float32 to save memory, JSON numbers and thresholds are float64, and 0.0412 is
not the same number in both. Two rules make every part of the product decide alike:

- a threshold taken from a float32 score is written as the shortest decimal that rounds to it, so
  that 0.0412 reads 0.0412 and equals the service's own number;
- a float64 score from a file reaches such a threshold when it would do so after rounding to
float32.
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32] | npt.NDArray[np.float64]


def exact_values(scores: FloatArray) -> npt.NDArray[np.float64]:
    """float64 of the same shape: the shortest decimal of each float32 score; float64 is kept as is.

    The same as ``float(str(x))`` of every element, in whole-array steps: a float32 times 10**k is
    exact in float64 up to k = 12, so the nearest decimal of k places is found by rounding.
    """
    if scores.dtype == np.float64:
        return scores.astype(np.float64, copy=False)
    flat = scores.astype(np.float32, copy=False).ravel()
    result = flat.astype(np.float64)
    open_rows = np.flatnonzero(np.isfinite(flat))
    # Float32 steps below 1 are at most 6e-8: up to 7 places the nearest decimal is the only one.
    for places in (4, 7, 8, 9, 10, 11, 12):
        if not len(open_rows):
            break
        power = 10.0**places
        wanted = flat[open_rows]
        nearest = np.rint(wanted.astype(np.float64) * power) / power
        hit = nearest.astype(np.float32) == wanted
        result[open_rows[hit]] = nearest[hit]
        open_rows = open_rows[~hit]
    result[open_rows] = [float(str(value)) for value in flat[open_rows]]
    return result.reshape(scores.shape)


def exact_value(score: float | np.float32 | np.float64) -> float:
    """The shortest decimal of one float32 score; a float64 is kept as is."""
    return float(str(score)) if isinstance(score, np.float32) else float(score)


def lowest_reaching(threshold: float) -> float:
    """The smallest float64 score that reaches `threshold`.

    For a threshold that is the decimal of a float32, that is the smallest number which rounds to
    this float32 (so a plain ``score >= lowest_reaching(t)`` decides as the matrix does); any other
    threshold is compared as it stands.
    """
    single = np.float32(threshold)
    if not math.isfinite(threshold) or float(str(single)) != threshold:
        return threshold
    below = np.nextafter(single, np.float32(-np.inf))
    middle = (float(below) + float(single)) / 2
    return middle if np.float32(middle) == single else math.nextafter(middle, math.inf)


def limit_for(dtype: np.dtype[Any], threshold: float) -> np.float32 | np.float64:
    """The smallest number of `dtype` that reaches `threshold`: ``scores >= limit`` is the decision.

    Args:
        dtype: of the scores to compare; the limit has the same type, so nothing is converted.
        threshold: float64, compared with the decimals of `exact_values`.
    """
    if dtype == np.float64:
        return np.float64(threshold)
    single = np.float32(threshold)
    if exact_value(single) < threshold:
        return np.float32(np.nextafter(single, np.float32(np.inf)))
    return single


def reached(scores: FloatArray, threshold: float) -> npt.NDArray[np.bool_]:
    """bool, same shape: whether each score reaches the threshold; unknown (NaN) scores do not."""
    with np.errstate(invalid="ignore"):
        result: npt.NDArray[np.bool_] = scores >= limit_for(scores.dtype, threshold)
    return result
