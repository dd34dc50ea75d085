"""How many positives of each label each part should have.

The wanted count is support times share. One rule stands above it: a label with at least as many
positives as there are parts has a positive in every part; with fewer, the first part (train) comes
first, then the last (test), then those between (calibration). Without a positive in train a label
cannot be learnt, without one in test not be measured, without one in calibration not be tuned.
"""

import numpy as np
import numpy.typing as npt

from core.dataset.splits.label_sets import LabelSets
from core.dataset.splits.ratios import whole_rows

FloatMatrix = npt.NDArray[np.float64]


def wanted_positives(
    support: npt.NDArray[np.int64], shares: npt.NDArray[np.float64]
) -> FloatMatrix:
    """float64 (n_labels, n_parts): wanted positives, each row adding up to the label's support."""
    wanted = support[:, None] * shares[None, :]
    for label in np.flatnonzero((wanted < 1).any(axis=1) & (support > 0)).tolist():
        wanted[label] = _with_presence(int(support[label]), shares)
    return wanted


def ideal_sizes(
    label_sets: LabelSets, wanted: FloatMatrix, shares: npt.NDArray[np.float64]
) -> npt.NDArray[np.int64] | None:
    """int64 (n_parts,): part sizes at which every class can have its nearest whole count.

    None when a document has several labels: then sizes do not follow from label counts.
    """
    if label_sets.members.sum(axis=1).max(initial=0) > 1:
        return None
    support = label_sets.support
    unlabelled = int(label_sets.counts.sum() - support.sum())
    ideal = whole_rows(unlabelled * shares, unlabelled)
    for row, total in zip(wanted, support.tolist(), strict=True):
        ideal += whole_rows(row, total)
    return ideal


def _with_presence(support: int, shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    n_parts = len(shares)
    if support < n_parts:
        by_need = [0, n_parts - 1, *range(1, n_parts - 1)]
        row = np.zeros(n_parts)
        row[by_need[:support]] = 1.0
        return row
    row = support * shares
    while (row < 1 - 1e-9).any():
        one = row <= 1
        left = support - int(one.sum())
        row = np.where(one, 1.0, left * shares / shares[~one].sum())
    return row
