"""Scores and truth of one part of a split, as every figure of this room is computed from them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.tuning.curves import BoolArray, Curve, label_curves
from core.tuning.decimals import FloatArray


@dataclass(frozen=True)
class PartArrays:
    """Scores and truth of the same documents."""

    name: str
    """The part, such as "test"."""
    labels: tuple[str, ...]
    """Names of the columns."""
    scores: FloatArray
    """(n_documents, n_labels): what thresholds are compared with, NaN where not returned; for
    multi-class `evaluation.multiclass_scores`."""
    truth: BoolArray
    """bool (n_documents, n_labels)."""
    ceilings: FloatArray | None = None
    """(n_documents, n_labels): highest values of unknown scores; None for 1."""
    clusters: npt.NDArray[np.int32] | None = None
    """int32 (n_documents,): copies and groups share a number; None when all are distinct."""

    def __len__(self) -> int:
        """Number of documents."""
        return len(self.truth)

    def curves(self) -> dict[str, Curve]:
        """The exact curve of every label."""
        return label_curves(self.labels, self.scores, self.truth, self.ceilings)
