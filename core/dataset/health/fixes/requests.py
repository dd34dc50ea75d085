"""What a fix works on, and pieces that several fixes share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.dataset.documents import Dataset
from core.dataset.health.findings import Facts, Rows


@dataclass(frozen=True)
class Request:
    """A dataset that is to be fixed."""

    facts: Facts
    """The dataset, and what was worked out about it."""
    none_label: str
    """The dataset's none-label, or the name that it gets when it has none yet."""

    @property
    def dataset(self) -> Dataset:
        """The dataset that is to be fixed."""
        return self.facts.dataset


Change = tuple[Dataset, str]
"""The fixed dataset, and a sentence on what changed."""
Fix = Callable[[Request], Change | None]
"""Fixes a dataset; None when there is nothing to fix."""


def without_rows(dataset: Dataset, dropped: Rows) -> Dataset:
    """The dataset without the documents at `dropped`; label columns stay."""
    kept = np.ones(len(dataset), np.bool_)
    kept[dropped] = False
    return dataset.subset(np.flatnonzero(kept))


def without_columns(dataset: Dataset, dropped: Sequence[int]) -> Dataset:
    """The dataset without the labels in columns `dropped`; documents stay."""
    columns = [column for column in range(len(dataset.labels)) if column not in set(dropped)]
    labels = tuple(dataset.labels[column] for column in columns)
    return replace(
        dataset,
        labels=labels,
        membership=dataset.membership[:, columns],
        none_label=dataset.none_label if dataset.none_label in labels else None,
    )
