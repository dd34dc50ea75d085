"""Where a threshold lands when it is chosen anew on resamples of the documents it was chosen on.

The best threshold is always the score of a positive, so only those are candidates: all of them, or
128 to 256 at even ranks, for max F1 among those whose F1 comes near the best. Documents are counted
in the bins between candidates, and a resample is a Poisson weight on each bin (Chamandy et al.
2012). Copies get one weight.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.progress import UNWATCHED, Watch
from core.tuning.curves import Curve, column_of, label_curve
from core.tuning.decimals import FloatArray, exact_values
from core.tuning.joint import TakeAll
from core.tuning.part import Part

MOST_CANDIDATES = 256
"""Thresholds that a resample may choose among."""
MOST_NEAR_BEST = 128
"""The same for max F1, whose candidates lie closer together."""
_NEAR = 2.0
"""F1 within this, divided by the root of the positives, of the best may be best in a resample: the
standard deviation of F1 is at most about 0.6 in this unit."""
MOST_RESAMPLES_ONE_BY_ONE = 200
"""Resamples for objectives that are evaluated curve by curve."""

_KINDS = 4
"""Of a document: known negative, known positive, unknown negative, unknown positive."""
_FloatMatrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Bins:
    """Documents of one label, counted by the candidate that they reach."""

    label: str
    edges: FloatArray
    """(m,) candidate thresholds, ascending, in the dtype of the scores."""
    singles: npt.NDArray[np.int64]
    """int64 (4, m + 1): distinct documents by kind and bin; the first bin reaches no candidate."""
    groups: npt.NDArray[np.float32]
    """float32 (g, 4 * (m + 1)): documents of one cluster of each type of cluster with copies."""
    group_weights: npt.NDArray[np.int64]
    """int64 (g,): clusters of each type."""


def rechosen_thresholds(
    part: Part,
    objective: str,
    take: TakeAll,
    default: float,
    resamples: int = 1_000,
    seed: int = 0,
    watch: Watch = UNWATCHED,
) -> dict[str, npt.NDArray[np.float64]]:
    """Per label, float64 (resamples,): the thresholds chosen on resamples of a part.

    Max F1 is chosen on all resamples at once; other objectives curve by curve, on at most
    `MOST_RESAMPLES_ONE_BY_ONE` resamples.

    Args:
        part: the documents that thresholds were chosen on.
        objective: "max_f1" for every label, or anything else.
        take: chooses with the objective on curves.
        default: the threshold of a label that cannot be tuned.
        resamples: how many.
        seed: the same seed gives the same thresholds.
        watch: told after each label, or each ten resamples.

    Raises:
        Interrupted: stopped through `watch`.
    """
    is_f1 = objective == "max_f1"
    bins = [bins_of(part, column, is_f1) for column in range(len(part.labels))]
    generators = [np.random.default_rng((seed, column)) for column in range(len(bins))]
    if not is_f1:
        rounds = min(resamples, MOST_RESAMPLES_ONE_BY_ONE)
        return thresholds_by_curve(bins, generators, rounds, take, watch)
    found = {}
    for column, (own, generator) in enumerate(zip(bins, generators, strict=True)):
        watch.check()
        found[own.label] = best_f1_thresholds(own, default, resamples, generator)
        watch.report("choosing thresholds anew", column + 1, len(bins), "labels")
    return found


def bins_of(part: Part, column: int, is_f1: bool) -> Bins:
    """Count the documents of one label between its candidates.

    Args:
        part: the documents.
        column: of the label.
        is_f1: whether only candidates near the best F1 matter.
    """
    scores = part.scores[:, column]
    truth = np.ascontiguousarray(part.truth[:, column])
    highest = column_of(part.ceilings, column)
    unknown = np.isnan(scores)
    worst = scores
    if unknown.any():
        limit = scores.dtype.type(1) if highest is None else highest.astype(scores.dtype)
        worst = np.where(unknown, limit, scores)
    with np.errstate(invalid="ignore"):
        returned = truth & (scores >= 0)
    positive = scores[returned]
    if is_f1 and len(positive) > MOST_NEAR_BEST:
        curve = label_curve(part.labels[column], scores, truth, highest)
        near = curve.f1_low >= curve.f1_low.max() - _NEAR / np.sqrt(len(positive))
        low, high = curve.values[near][[0, -1]]
        positive = positive[(positive >= low) & (positive <= high)]
    edges = _candidates(positive, MOST_NEAR_BEST if is_f1 else MOST_CANDIDATES)
    places = np.searchsorted(edges, worst, side="right")
    codes = (truth + 2 * unknown) * (len(edges) + 1) + places
    singles, groups, weights = _by_cluster(codes, _KINDS * (len(edges) + 1), part.clusters)
    return Bins(part.labels[column], edges, singles.reshape(_KINDS, -1), groups, weights)


def _candidates(scores: FloatArray, most: int) -> FloatArray:
    ordered = scores.copy()
    ordered.sort()
    is_new = np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]
    distinct: FloatArray = ordered[is_new]
    if len(distinct) <= most:
        return distinct
    ranks = np.linspace(0, len(scores) - 1, most).round().astype(np.intp)
    kept = np.searchsorted(distinct, ordered[ranks])
    chosen: FloatArray = distinct[np.unique(kept)]
    return chosen


def _by_cluster(
    codes: npt.NDArray[np.intp], n_codes: int, clusters: npt.NDArray[np.int32] | None
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Counts of documents that stand alone, and the types of clusters that hold several."""
    empty = np.zeros((0, n_codes), np.float32), np.zeros(0, np.int64)
    if clusters is None:
        return np.bincount(codes, minlength=n_codes), *empty
    _, inverse, sizes = np.unique(clusters, return_inverse=True, return_counts=True)
    is_alone = sizes[inverse] == 1
    singles = np.bincount(codes[is_alone], minlength=n_codes)
    if is_alone.all():
        return singles, *empty
    shared = np.flatnonzero(~is_alone)
    shared = shared[np.lexsort((codes[shared], inverse[shared]))]
    members: dict[bytes, int] = {}
    bounds = np.flatnonzero(np.diff(inverse[shared])) + 1
    for rows in np.split(codes[shared], bounds):
        members[rows.tobytes()] = members.get(rows.tobytes(), 0) + 1
    groups = np.zeros((len(members), n_codes), dtype=np.float32)
    for place, key in enumerate(members):
        np.add.at(groups[place], np.frombuffer(key, dtype=codes.dtype), 1)
    return singles, groups, np.fromiter(members.values(), np.int64, len(members))


def _drawn(bins: Bins, resamples: int, generator: np.random.Generator) -> _FloatMatrix:
    """float64 (resamples, 4, m + 1): Poisson resamples of the counts."""
    flat = bins.singles.ravel()
    used = np.flatnonzero(flat)
    counts = np.zeros((resamples, len(flat)))
    counts[:, used] = generator.poisson(flat[used], size=(resamples, len(used)))
    if len(bins.groups):
        shape = (resamples, len(bins.group_weights))
        weights = generator.poisson(bins.group_weights, size=shape)
        counts += weights.astype(np.float32) @ bins.groups
    return counts.reshape(resamples, _KINDS, -1)


def _reaching(counts: _FloatMatrix) -> _FloatMatrix:
    """Counts at or above each candidate, from counts by bin."""
    reaching: _FloatMatrix = np.cumsum(counts[..., :0:-1], axis=-1)[..., ::-1]
    return reaching


def best_f1_thresholds(
    bins: Bins, default: float, resamples: int, generator: np.random.Generator
) -> npt.NDArray[np.float64]:
    """float64 (resamples,): thresholds of highest certain F1, as `objectives.choose` takes them."""
    if not len(bins.edges):
        return np.full(resamples, default)
    counts = _drawn(bins, resamples, generator)
    hits = _reaching(counts[:, 1])
    wrong = _reaching(counts[:, 0] + counts[:, 2])
    positives = (counts[:, 1] + counts[:, 3]).sum(axis=1)
    documents = counts.sum(axis=(1, 2))
    whole = hits + wrong + positives[:, None]
    f1 = np.divide(2 * hits, whole, out=np.zeros_like(whole), where=whole > 0)
    last = len(bins.edges) - 1
    best = last - np.argmax(f1[:, ::-1], axis=1)
    everything = 2 * positives / np.maximum(documents + positives, 1)
    is_better = f1[np.arange(resamples), best] > everything
    # Without negatives the lowest score is taken, whatever it is worth.
    is_better |= (documents == positives) & (positives > 0)
    return np.where(is_better, exact_values(bins.edges)[best], default)


def thresholds_by_curve(
    bins: list[Bins],
    generators: list[np.random.Generator],
    resamples: int,
    take: TakeAll,
    watch: Watch = UNWATCHED,
) -> dict[str, npt.NDArray[np.float64]]:
    """Per label, float64 (resamples,): thresholds that `take` chooses on resampled curves.

    Args:
        bins: of every label.
        generators: one per label.
        resamples: how many.
        take: chooses on the curves of all labels.
        watch: told after each ten resamples.

    Raises:
        Interrupted: stopped through `watch`.
    """
    counts = [_drawn(own, resamples, rng) for own, rng in zip(bins, generators, strict=True)]
    found = {own.label: np.zeros(resamples) for own in bins}
    for index in range(resamples):
        watch.check()
        curves = {
            own.label: _curve(own, drawn[index]) for own, drawn in zip(bins, counts, strict=True)
        }
        for label, choice in take(curves).items():
            found[label][index] = choice.threshold
        if (index + 1) % 10 == 0:
            watch.report("choosing thresholds anew", index + 1, resamples, "resamples")
    return found


def _curve(bins: Bins, counts: _FloatMatrix) -> Curve:
    whole = counts.astype(np.int64)
    negatives, positives, unknown_negatives, unknown_positives = whole
    ceilings = [
        np.repeat(bins.edges, unknown[1:]) for unknown in (unknown_positives, unknown_negatives)
    ]
    lowest = np.zeros(1, dtype=bins.edges.dtype)
    below = [np.repeat(lowest, unknown[0]) for unknown in (unknown_positives, unknown_negatives)]
    hits, wrong = (_reaching(known).astype(np.int64) for known in (positives, negatives))
    has_any = np.flatnonzero(hits + wrong > 0)
    return Curve(
        bins.label,
        bins.edges[has_any],
        hits[has_any],
        wrong[has_any],
        int(positives.sum() + unknown_positives.sum()),
        int(negatives.sum() + unknown_negatives.sum()),
        *(np.concatenate(pair) for pair in zip(below, ceilings, strict=True)),
    )
