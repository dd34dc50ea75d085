"""The audit of a split: what each part really got, per label, per pair of labels, per cluster."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from core.dataset.documents import Dataset
from core.dataset.duplicates import duplicate_clusters
from core.dataset.splits.incidence import pair_incidence
from core.dataset.splits.label_sets import find_label_sets
from core.dataset.splits.ratios import checked_shares
from core.errors import InvalidInput

if TYPE_CHECKING:
    import pandas as pd

Parts = npt.NDArray[np.int8]
FloatMatrix = npt.NDArray[np.float64]

FEWEST_IN_TRAIN = 10
"""Positives of a label that Comprehend needs in the training part."""


@dataclass(frozen=True)
class LabelAudit:
    """How one label came out."""

    label: str
    """Label name, in its original form."""
    counts: tuple[int, ...]
    """Positives in each part."""
    shares: tuple[float, ...]
    """Share of the label's positives in each part; zeros for a label without positives."""
    deviation: float
    """Largest relative deviation from the wanted count over the parts; 0 without positives."""


@dataclass(frozen=True)
class SplitAudit:
    """How a split came out; deviations are relative, 0.02 being 2 % off the wanted count."""

    part_names: tuple[str, ...]
    """Names of the parts."""
    wanted: tuple[float, ...]
    """Wanted share of each part, adding up to 1."""
    sizes: tuple[int, ...]
    """Documents in each part."""
    labels: tuple[LabelAudit, ...]
    """One entry per label, in label order."""
    worst_deviation: float
    """Largest deviation of a label."""
    mean_deviation: float
    """Mean deviation of the labels that have positives."""
    pair_deviation: float
    """Mean deviation of the pairs of labels that occur together; 0 when there are none."""
    missing: tuple[tuple[str, str], ...]
    """(label, part) wherever a part has no positive of a label."""
    clusters_split: int
    """Clusters of duplicates or groups that lie in more than one part: must be 0."""
    too_few: tuple[str, ...]
    """Labels with fewer than 10 positives in the first part (train)."""


def audit_split(
    parts: Parts,
    dataset: Dataset,
    part_names: Sequence[str],
    ratios: Sequence[float],
    clusters: npt.NDArray[np.int32] | None = None,
) -> SplitAudit:
    """Count what each part got.

    Args:
        parts: int8 (n_documents,): part of each document; -1 for documents in no part.
        dataset: the documents that were split.
        part_names: names of the parts.
        ratios: wanted shares, in the order of the names.
        clusters: int32 (n_documents,): clusters that must stay together; None to find duplicates
            and groups in the dataset, which reads all texts.

    Raises:
        InvalidInput: lengths do not fit, or a part number has no name.
    """
    shares = checked_shares(ratios)
    _check(parts, dataset, part_names, shares)
    if clusters is None:
        clusters = duplicate_clusters(dataset.texts, dataset.groups)
    n_parts = len(part_names)
    label_sets = find_label_sets(dataset.membership)
    sets_by_part = label_sets.by_part(parts, n_parts)
    counts = label_sets.incidence.count(sets_by_part)
    deviations = _deviations(counts, shares)
    pairs = _deviations(pair_incidence(label_sets.incidence).count(sets_by_part), shares)
    present = counts.sum(axis=1) > 0
    rows = list(zip(dataset.labels, counts.astype(np.int64).tolist(), strict=True))
    return SplitAudit(
        part_names=tuple(part_names),
        wanted=tuple(shares.tolist()),
        sizes=tuple(sets_by_part.sum(axis=0).tolist()),
        labels=tuple(
            LabelAudit(label, tuple(row), _shares(row), deviation)
            for (label, row), deviation in zip(rows, deviations.tolist(), strict=True)
        ),
        worst_deviation=float(deviations.max(initial=0.0)),
        mean_deviation=float(deviations[present].mean()) if present.any() else 0.0,
        pair_deviation=float(pairs.mean()) if len(pairs) else 0.0,
        missing=tuple(
            (label, part)
            for label, row in rows
            for part, count in zip(part_names, row, strict=True)
            if count == 0
        ),
        clusters_split=_clusters_split(parts, clusters),
        too_few=tuple(label for label, row in rows if row[0] < FEWEST_IN_TRAIN),
    )


def audit_table(audit: SplitAudit) -> "pd.DataFrame":
    """Return an audit as a table with one row per label, for export.

    Columns: ``label``, ``documents``, the count and the share (``<part> share``) of every part,
    and ``deviation``.
    """
    import pandas as pd

    rows = []
    for label in audit.labels:
        row: dict[str, str | int | float] = {"label": label.label, "documents": sum(label.counts)}
        for part, count, share in zip(audit.part_names, label.counts, label.shares, strict=True):
            row[part] = count
            row[f"{part} share"] = share
        rows.append({**row, "deviation": label.deviation})
    return pd.DataFrame(rows)


def _check(
    parts: Parts, dataset: Dataset, part_names: Sequence[str], shares: npt.NDArray[np.float64]
) -> None:
    title = "Cannot audit the split"
    if len(parts) != len(dataset):
        message = f"{len(parts):,} part numbers for {len(dataset):,} documents"
        raise InvalidInput(title, message, "split the dataset again")
    if len(part_names) != len(shares):
        raise InvalidInput(title, f"{len(part_names)} part names for {len(shares)} ratios")
    if parts.max(initial=-1) >= len(part_names):
        message = f"part number {parts.max()} has no name among {len(part_names)}"
        raise InvalidInput(title, message, "split the dataset again")


def _deviations(counts: FloatMatrix, shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """float64 (n_things,): the largest relative deviation over the parts."""
    wanted = counts.sum(axis=1, keepdims=True) * shares
    relative = np.abs(counts - wanted) / np.where(wanted > 0, wanted, 1.0)
    worst: npt.NDArray[np.float64] = relative.max(axis=1, initial=0.0)
    return worst


def _shares(counts: list[int]) -> tuple[float, ...]:
    total = sum(counts)
    return tuple(count / total if total else 0.0 for count in counts)


def _clusters_split(parts: Parts, clusters: npt.NDArray[np.int32]) -> int:
    there = parts >= 0
    _, number = np.unique(clusters[there], return_inverse=True)
    lowest = np.full(int(number.max(initial=-1)) + 1, np.iinfo(np.int8).max, dtype=np.int8)
    highest = np.full(len(lowest), -1, dtype=np.int8)
    np.minimum.at(lowest, number, parts[there])
    np.maximum.at(highest, number, parts[there])
    return int((lowest != highest).sum())
