"""The figures of a pair of runs on the same documents: found, resampled and exchanged."""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.progress import CancelToken, Reporter, silent
from core.text import plural, printable
from core.tuning.comparison.decisions import Decisions
from core.tuning.comparison.differences import PairedDifference, difference_of
from core.tuning.comparison.figures import Both
from core.tuning.comparison.resampling import (
    POSITIVES,
    Floats,
    count_units,
    exchanged_counts,
    resampled_counts,
)
from core.tuning.curves import BoolArray
from core.tuning.parts import PartArrays

Figure = Callable[[Floats], Both]
"""`figures.f1s`, `figures.precisions` or `figures.recalls`."""


@dataclass(frozen=True)
class Pair:
    """Counts of two runs, and the differences that they give."""

    n_units: int
    """Distinct documents: what is resampled."""
    found: Floats
    """float64 (n_labels, 9): counts of all documents."""
    drawn: Floats
    """float64 (resamples, n_labels, 9): of resampled documents."""
    exchanged: Floats
    """float64 (resamples, n_labels, 9): of exchanged runs."""

    def label(self, column: int, figure: Figure, level: float) -> PairedDifference:
        """The difference of one label."""
        return self._difference(lambda counts: figure(counts[..., column, :]), level)

    def macro(self, columns: Sequence[int], figure: Figure, level: float) -> PairedDifference:
        """Of the mean over the labels that have positives, if any has."""
        kept = self.with_positives(columns)
        return self._difference(lambda counts: figure(counts).mean(kept), level)

    def micro(self, columns: Sequence[int], figure: Figure, level: float) -> PairedDifference:
        """Of the counts pooled over labels."""
        pooled = list(columns)
        return self._difference(lambda counts: figure(counts[..., pooled, :].sum(axis=-2)), level)

    def with_positives(self, columns: Sequence[int]) -> list[int]:
        """The labels that have positives; all when none has."""
        return [column for column in columns if self.found[column, POSITIVES]] or list(columns)

    def support(self, columns: Sequence[int]) -> int:
        """Documents with the label, summed over labels."""
        return int(self.found[list(columns), POSITIVES].sum())

    def _difference(self, figure: Figure, level: float) -> PairedDifference:
        return difference_of(
            (figure(self.found), figure(self.drawn), figure(self.exchanged)), level
        )


def pair_up(
    truth: BoolArray,
    a: Decisions,
    b: Decisions,
    clusters: npt.NDArray[np.int32] | None,
    resamples: int,
    draws: np.random.Generator,
    *,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> Pair:
    """Count the decisions of two runs on the same documents.

    Raises:
        Interrupted: stopped through `cancel`.
    """
    units = count_units(truth, a, b, clusters)
    return Pair(
        units.n_units,
        units.totals(),
        resampled_counts(units, resamples, draws, reporter, cancel),
        exchanged_counts(units, resamples, draws, cancel),
    )


def matched(a: PartArrays, b: PartArrays) -> tuple[PartArrays, list[int]]:
    """b with its labels in the order of a's, and the columns that this takes.

    Raises:
        InvalidInput: they are not the same documents, or not of the same labels.
    """
    order = _same_documents(a, b)
    if order == list(range(len(order))):
        return b, order
    ceilings = None if b.ceilings is None else b.ceilings[:, order]
    turned = dataclasses.replace(
        b, labels=a.labels, scores=b.scores[:, order], truth=a.truth, ceilings=ceilings
    )
    return turned, order


def in_order(decisions: Decisions, order: Sequence[int]) -> Decisions:
    """Decisions with their columns in another order."""
    columns = list(order)
    return Decisions(decisions.flags[:, columns], decisions.may_flag[:, columns])


def _same_documents(a: PartArrays, b: PartArrays) -> list[int]:
    """Columns of b in the order of a's labels, once both are known to be the same documents."""
    if a.name != b.name or len(a) != len(b):
        raise InvalidInput(
            "Different documents",
            f"{plural(len(a), 'document')} of {printable(a.name)} against "
            f"{plural(len(b), 'document')} of {printable(b.name)}",
            "compare runs of the same split on the same part",
        )
    if set(a.labels) != set(b.labels):
        other = sorted(set(a.labels) ^ set(b.labels))
        raise InvalidInput(
            "Different labels",
            f"only one of both has {', '.join(printable(label, 40) for label in other[:5])}",
            "compare runs of the same dataset revision",
        )
    order = [b.labels.index(label) for label in a.labels]
    same_clusters = (a.clusters is None) == (b.clusters is None) and (
        a.clusters is None or np.array_equal(a.clusters, b.clusters)  # type: ignore[arg-type]
    )
    if not np.array_equal(a.truth, b.truth[:, order]) or not same_clusters:
        raise InvalidInput(
            "Different documents",
            f"the true labels of {printable(a.name)} differ between both",
            "compare runs of the same split on the same part",
        )
    return order
