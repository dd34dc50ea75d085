"""F1, precision and recall of two runs from their counts, with what unknown scores allow."""

from typing import NamedTuple

import numpy as np

from core.tuning.comparison.resampling import (
    FLAGGED_A,
    FLAGGED_B,
    LUCKY_A,
    LUCKY_B,
    POSITIVES,
    TP_A,
    TP_B,
    UNLUCKY_A,
    UNLUCKY_B,
    Floats,
)

_SIDES = ((TP_A, FLAGGED_A, LUCKY_A, UNLUCKY_A), (TP_B, FLAGGED_B, LUCKY_B, UNLUCKY_B))


class Both(NamedTuple):
    """A figure of both runs, with the lowest and highest that unknown scores allow."""

    a: Floats
    a_low: Floats
    a_high: Floats
    b: Floats
    b_low: Floats
    b_high: Floats

    def mean(self, kept: list[int]) -> "Both":
        """The means over some labels, the last axis."""
        return Both(*(figure[..., kept].mean(axis=-1) for figure in self))


def f1s(counts: Floats) -> Both:
    """F1 from counts whose last axis has the columns of `resampling`; 0 where undefined."""
    found = []
    for side in _SIDES:
        hits, flagged, lucky, unlucky, positives = _columns(counts, side)
        whole = flagged + positives
        found += [
            _ratio(2 * hits, whole),
            _ratio(2 * hits, whole + unlucky),
            _ratio(2 * (hits + lucky), whole + lucky),
        ]
    return Both(*found)


def precisions(counts: Floats) -> Both:
    """Precision likewise; 0 where nothing is flagged."""
    found = []
    for side in _SIDES:
        hits, flagged, lucky, unlucky, _ = _columns(counts, side)
        found += [
            _ratio(hits, flagged),
            _ratio(hits, flagged + unlucky),
            _ratio(hits + lucky, flagged + lucky),
        ]
    return Both(*found)


def recalls(counts: Floats) -> Both:
    """Recall likewise; 0 without positives."""
    found = []
    for side in _SIDES:
        hits, _, lucky, _, positives = _columns(counts, side)
        known = _ratio(hits, positives)
        found += [known, known, _ratio(hits + lucky, positives)]
    return Both(*found)


def _columns(counts: Floats, side: tuple[int, ...]) -> list[Floats]:
    return [counts[..., column] for column in (*side, POSITIVES)]


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)
