"""Figures of fixed decisions, with intervals.

Precision, recall and F1 of a label have score intervals. A difference of F1 scores has none in
closed form: it is resampled, with half a document added at random to every cell that a document
could fall into. Without that, the documents that a small sample happens not to hold count as
impossible, and the interval is too narrow. An average of labels is put together from the intervals
of its parts and their correlations (Zou & Donner 2008), as the mean of resampled F1 scores of rare
labels is biased.

A score that was not returned makes two readings, an unlucky and a lucky one; an interval reaches
over both.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.progress import CancelToken, Reporter, silent
from core.tuning.curves import BoolArray
from core.tuning.evidence.figures import Interval
from core.tuning.evidence.intervals import effective_size, hull, quantiles, share_intervals
from core.tuning.evidence.row_types import (
    Cells,
    RowTypes,
    f1_of,
    resampled_cells,
    row_types,
    tallies,
)

_PSEUDO = 0.5
"""Documents added to each possible cell of a resample, on average."""


@dataclass(frozen=True)
class Decisions:
    """Decisions of tuned and of default thresholds on the same documents, all (n_documents,
    n_labels) bool."""

    truth: BoolArray
    tuned: BoolArray
    tuned_open: BoolArray
    """Not flagged when tuned, but the unknown score may reach the threshold."""
    default: BoolArray
    default_open: BoolArray
    can_gain: npt.NDArray[np.bool_]
    """bool (n_labels,): a tuned threshold is below the default, so it can flag more."""
    can_lose: npt.NDArray[np.bool_]
    """bool (n_labels,): a tuned threshold is above the default, so it can flag fewer."""
    clusters: npt.NDArray[np.int32] | None = None
    """int32 (n_documents,): documents of one cluster are resampled together."""

    @property
    def has_open(self) -> bool:
        """Whether any decision depends on a score that was not returned."""
        return bool(self.tuned_open.any() or self.default_open.any())


@dataclass(frozen=True)
class Reading:
    """The decisions under one reading of the unknown scores, and resamples of their counts."""

    types: RowTypes
    total: Cells
    """float64 (n_labels, 8)."""
    plain: Cells
    """float64 (resamples, n_labels, 8)."""
    smoothed: Cells
    """float64 (resamples, n_labels, 8), half a document added to each possible cell."""


@dataclass(frozen=True)
class LabelIntervals:
    """Intervals of one label."""

    precision: Interval
    recall: Interval
    f1: Interval
    f1_default: Interval
    gain: Interval


def readings(
    decisions: Decisions,
    resamples: int,
    seed: int,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> tuple[Reading, Reading]:
    """The unlucky and the lucky reading; one and the same when no decision is open.

    For a label whose threshold is the default one, both decisions are the same in every reading.

    Raises:
        Interrupted: stopped through `cancel`.
    """
    truth = decisions.truth
    pairs = [(decisions.tuned, decisions.default.copy())]
    if decisions.has_open:
        pairs = [
            (
                decisions.tuned | (decisions.tuned_open & wrong),
                decisions.default | (decisions.default_open & ~wrong),
            )
            for wrong in (~truth, truth)
        ]
    found = []
    is_default = ~(decisions.can_gain | decisions.can_lose)
    for tuned, default in pairs:
        default[:, is_default] = tuned[:, is_default]
        types = row_types(truth, tuned, default, decisions.clusters)
        plain = resampled_cells(types, resamples, seed, reporter, cancel)
        more = smoothed(types, plain, decisions.can_gain, decisions.can_lose, seed)
        found.append(Reading(types, types.total, plain, more))
    return found[0], found[-1]


def smoothed(
    types: RowTypes,
    plain: Cells,
    can_gain: npt.NDArray[np.bool_],
    can_lose: npt.NDArray[np.bool_],
    seed: int,
) -> Cells:
    """float64 (resamples, n_labels, 8): resampled cells with half a document added to the possible.

    Args:
        types: what was resampled; copies come and go together, so what is added is as large as a
            cluster.
        plain: float64 (resamples, n_labels, 8).
        can_gain: bool (n_labels,), as in `Decisions`.
        can_lose: bool (n_labels,), as in `Decisions`.
        seed: the same seed adds the same.
    """
    possible = np.zeros(plain.shape[1:])
    possible[:, [3, 4, 7]] = 1
    possible[:, [1, 5]] = can_gain[:, None]
    possible[:, [2, 6]] = can_lose[:, None]
    weights = types.weights.astype(np.float64)
    for column in range(plain.shape[1]):
        counts = types.cells[:, column, 1:].sum(axis=1).astype(np.float64)
        effective = effective_size(counts, weights)
        possible[column] *= float(weights @ counts) / effective if effective else 1.0
    added = np.random.default_rng((seed, 1)).poisson(_PSEUDO, plain.shape)
    return plain + added * possible


def label_intervals(pair: tuple[Reading, Reading], column: int, level: float) -> LabelIntervals:
    """Intervals of one label from the readings of `readings`.

    Args:
        pair: the unlucky and the lucky reading.
        column: of the label.
        level: such as 0.9.
    """
    tuned = [share_intervals(reading.types, column, True, level) for reading in pair]
    default = [share_intervals(reading.types, column, False, level) for reading in pair]
    gains = [quantiles(gain_of(reading.smoothed[:, column]), level) for reading in pair]
    precision, recall, f1 = (hull(*ends) for ends in zip(*tuned, strict=True))
    return LabelIntervals(
        precision, recall, f1, hull(default[0][2], default[1][2]), hull(gains[0], gains[1])
    )


def gain_of(cells: Cells) -> Cells:
    """F1 when tuned minus F1 at default, float64 (…), of cells (…, 8)."""
    return f1_of(*tallies(cells, True)) - f1_of(*tallies(cells, False))


def macro_intervals(
    pair: tuple[Reading, Reading], labels: Sequence[LabelIntervals | None]
) -> tuple[Interval, Interval] | None:
    """Intervals of macro-F1 and of its gain; None when no label has positives.

    Args:
        pair: the unlucky and the lucky reading.
        labels: of every column, None for a label that does not count.
    """
    columns = [column for column, found in enumerate(labels) if found is not None]
    if not columns:
        return None
    kept = [found for found in labels if found is not None]
    ends = []
    for reading, name in zip(pair, ("low", "high"), strict=True):
        total, plain = reading.total[columns], reading.plain[:, columns]
        ends.append(
            (
                _mean_end(
                    f1_of(*tallies(total, True)),
                    np.array([getattr(found.f1, name) for found in kept]),
                    f1_of(*tallies(plain, True)),
                ),
                _mean_end(
                    gain_of(total),
                    np.array([getattr(found.gain, name) for found in kept]),
                    gain_of(plain),
                ),
            )
        )
    (f1_low, gain_low), (f1_high, gain_high) = ends
    return Interval(f1_low, f1_high), Interval(gain_low, gain_high)


def _mean_end(estimates: Cells, ends: Cells, draws: Cells) -> float:
    """One end of the interval of a mean, from the same ends of its parts (Zou & Donner 2008).

    Args:
        estimates: float64 (k,).
        ends: float64 (k,), all below or all above the estimates.
        draws: float64 (resamples, k), for the correlations.
    """
    arms = ends - estimates
    spread = draws.std(axis=0)
    safe = np.where(spread > 0, spread, 1)
    centred = (draws - draws.mean(axis=0)) / safe
    correlations = centred.T @ centred / len(draws)
    np.fill_diagonal(correlations, 1)
    length = float(np.sqrt(max(arms @ correlations @ arms, 0.0))) / len(arms)
    return float(estimates.mean()) + (length if arms.sum() > 0 else -length)


def micro_interval(pair: tuple[Reading, Reading], level: float) -> Interval:
    """The interval of micro-F1, by resampling: pooled counts are large."""
    first, second = (
        quantiles(f1_of(*(count.sum(axis=1) for count in tallies(reading.plain, True))), level)
        for reading in pair
    )
    return hull(first, second)
