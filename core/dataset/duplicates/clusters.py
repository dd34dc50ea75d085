"""Clusters of documents that must stay in one part of a split."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.dataset.duplicates.keys import text_keys


def duplicate_clusters(
    texts: Sequence[str], groups: Sequence[str] | None = None
) -> npt.NDArray[np.int32]:
    """int32 (n_documents,): the cluster of each document, numbered by first appearance.

    Documents with the same normalised text share a cluster, and so do documents of one group; both
    relations chain. A document whose group is "" belongs to no group.

    Args:
        texts: one text for each document.
        groups: one group name for each document, or None when there are no groups.
    """
    keys = np.unique(text_keys(texts), return_inverse=True)[1]
    if groups is None:
        return _numbered_by_appearance(keys)
    number_of_group: dict[str, int] = {}
    group_of = [
        number_of_group.setdefault(group, len(number_of_group)) if group else -1 for group in groups
    ]
    return _numbered_by_appearance(_joined(keys.tolist(), group_of, len(number_of_group)))


def _joined(keys: list[int], group_of: list[int], n_groups: int) -> npt.NDArray[np.int64]:
    """The cluster root of each row: groups that share a key become one (union-find)."""
    parent = list(range(n_groups + max(keys, default=-1) + 1))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for key, group in zip(keys, group_of, strict=True):
        if group >= 0:
            parent[root(group)] = root(n_groups + key)
    return np.fromiter((root(n_groups + key) for key in keys), np.int64, len(keys))


def _numbered_by_appearance(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    _, first_rows, inverse = np.unique(values, return_index=True, return_inverse=True)
    rank = np.empty(len(first_rows), np.int32)
    rank[np.argsort(first_rows)] = np.arange(len(first_rows), dtype=np.int32)
    return rank[inverse]
