"""Whether scores mean what they say: reliability, resolution, and what F1 asks of a threshold.

If scores were probabilities, the threshold of highest F1 would be half of that F1 (Lipton, Elkan &
Naryanaswamy 2014, "Optimal thresholding of classifiers to maximize F1 measure", theorem 1). How far
a tuned threshold lies from it tells how far the scores are from probabilities.
"""

import itertools
import math
from collections.abc import Mapping
from statistics import NormalDist

import msgspec
import numpy as np
import numpy.typing as npt

from core.tuning.curves import BoolArray, Curve
from core.tuning.decimals import exact_values
from core.tuning.intervals import Interval
from core.tuning.part import Part

_SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
_TOP_SHARES = (0.95, 0.975, 0.99)
"""The highest tenth, where rare labels are decided, is cut again while the pieces are not small."""
_SMALLEST_TOP_BIN = 20
NEAR = 100
"""Documents nearest the threshold among which distinct scores are counted."""
_FEW_DISTINCT = 20
_FAR = 2.0
"""Factor between a threshold and half of the best F1 that is remarked on."""
_MOST_DECIMALS = 7


class Bin(msgspec.Struct, frozen=True, kw_only=True):
    """Documents with neighbouring scores."""

    low: float
    high: float
    """Lowest and highest score inside."""
    n: int
    mean_score: float
    positives: int
    share_positive: float
    interval: Interval
    """Of the share of positives (Wilson 1927), copies of a document counted once."""


class LabelCalibration(msgspec.Struct, frozen=True, kw_only=True):
    """How the scores of one label read."""

    label: str
    known: int
    """Documents whose score is known; for multi-class, those with this highest class."""
    unknown: int
    """Documents whose score was not returned; they are in no bin."""
    bins: tuple[Bin, ...]
    ece: float | None
    """Expected calibration error: mean distance of score and share of positives over the bins,
    weighted by documents; None without known scores."""
    threshold: float
    best_f1: float | None
    """Highest certain F1 on this part: optimistic; None without positives."""
    half_best_f1: float | None
    """The threshold that calibrated scores of this quality would have."""
    decimals: int | None
    """Decimals of the scores; None when more than 7."""
    distinct_near: int
    """Distinct scores among the `NEAR` documents nearest the threshold."""
    ties: int
    """Documents whose score equals the threshold: they enter or leave together."""
    ties_positive: int
    """Those of them with the label."""
    note: str = ""


class CalibrationView(msgspec.Struct, frozen=True, kw_only=True):
    """How the scores of a part read."""

    part: str
    documents: int
    level: float
    """Of the intervals."""
    labels: tuple[LabelCalibration, ...]
    notes: tuple[str, ...] = ()


def calibration_view(
    part: Part, thresholds: Mapping[str, float], level: float = 0.9
) -> CalibrationView:
    """Reliability and resolution of every label.

    Bins hold about equally many documents; documents of equal score are never parted. Unknown
    scores are in no bin.

    Args:
        part: scores and truth.
        thresholds: of every label.
        level: of the intervals of the bins.
    """
    distinct = len(part) if part.clusters is None else len(np.unique(part.clusters))
    own_share = distinct / len(part) if len(part) else 1.0
    curves = part.curves()
    labels = tuple(
        _label(part, column, thresholds[label], curves[label], (level, own_share))
        for column, label in enumerate(part.labels)
    )
    notes = []
    if any(label.unknown for label in labels):
        notes.append("documents whose score was not returned are left out of the bins")
    if own_share < 1:
        notes.append(
            f"{distinct:,} of {len(part):,} documents are distinct; intervals allow for it"
        )
    return CalibrationView(
        part=part.name, documents=len(part), level=level, labels=labels, notes=tuple(notes)
    )


def wilson(positives: float, n: float, level: float) -> Interval:
    """The score interval of a share (Wilson 1927); 0 to 1 without documents."""
    if n <= 0:
        return Interval(low=0.0, high=1.0)
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = positives / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    low = 0.0 if positives <= 0 else max(0.0, middle - half)
    return Interval(low=low, high=1.0 if positives >= n else min(1.0, middle + half))


def decimals_of(scores: npt.NDArray[np.float64]) -> int | None:
    """The fewest decimals, at most 7, that all scores have; None when more or without scores.

    Args:
        scores: float64 (n,), the shortest decimals of the scores.
    """
    for places in range(_MOST_DECIMALS + 1) if len(scores) else ():
        power = 10.0**places
        if np.array_equal(np.rint(scores * power) / power, scores):
            return places
    return None


def _label(
    part: Part, column: int, threshold: float, curve: Curve, settings: tuple[float, float]
) -> LabelCalibration:
    column_scores = part.scores[:, column]
    known = np.isfinite(column_scores)
    scores = exact_values(column_scores[known])
    truth = part.truth[known, column]
    bins = _bins(scores, truth, *settings)
    distances = np.abs(scores - threshold)
    near = scores[np.argsort(distances, kind="stable")[:NEAR]]
    at = scores == threshold
    best = float(curve.f1_low.max()) if curve.positives and len(curve) else None
    weights = sum(found.n for found in bins)
    distinct_near, decimals = len(np.unique(near)), decimals_of(scores)
    return LabelCalibration(
        label=curve.label,
        known=len(scores),
        unknown=int(np.count_nonzero(np.isnan(column_scores))),
        bins=bins,
        ece=sum(f.n * abs(f.mean_score - f.share_positive) for f in bins) / weights
        if weights
        else None,
        threshold=threshold,
        best_f1=best,
        half_best_f1=None if best is None else best / 2,
        decimals=decimals,
        distinct_near=distinct_near,
        ties=int(at.sum()),
        ties_positive=int((at & truth).sum()),
        note=_note(threshold, best, (distinct_near, len(near), decimals)),
    )


def _bins(
    scores: npt.NDArray[np.float64], truth: BoolArray, level: float, own_share: float
) -> tuple[Bin, ...]:
    if not len(scores):
        return ()
    order = np.argsort(scores, kind="stable")
    scores, truth = scores[order], truth[order]
    n = len(scores)
    tops = [share for share in _TOP_SHARES if (1 - share) * n >= _SMALLEST_TOP_BIN]
    wanted = [min(math.ceil(share * n), n - 1) for share in (*_SHARES, *tops)]
    cuts = np.unique(np.searchsorted(scores, scores[wanted]))
    edges = [0, *cuts[cuts > 0].tolist(), n]
    found = []
    for begin, end in itertools.pairwise(edges):
        size, positives = end - begin, int(truth[begin:end].sum())
        found.append(
            Bin(
                low=float(scores[begin]),
                high=float(scores[end - 1]),
                n=size,
                mean_score=float(scores[begin:end].mean()),
                positives=positives,
                share_positive=positives / size,
                interval=wilson(positives * own_share, size * own_share, level),
            )
        )
    return tuple(found)


def _note(threshold: float, best: float | None, near: tuple[int, int, int | None]) -> str:
    notes = []
    half = (best or 0.0) / 2
    if half and threshold * _FAR < half:
        notes.append("the threshold lies far below half of the best F1: scores read too low")
    elif half and threshold > _FAR * half:
        notes.append("the threshold lies far above half of the best F1: scores read too high")
    distinct, documents, decimals = near
    if distinct < min(_FEW_DISTINCT, documents):
        why = f", which have {decimals} decimals" if decimals is not None else ""
        notes.append(f"only {distinct} distinct scores near the threshold{why}: coarse steps")
    return "; ".join(notes)
