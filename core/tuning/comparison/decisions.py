"""Which documents a set of thresholds flags, and which it might flag if their scores were known."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.errors import InvalidInput
from core.text import printable
from core.tuning.curves import BoolArray
from core.tuning.decimals import reached
from core.tuning.parts import PartArrays


@dataclass(frozen=True)
class Decisions:
    """The decisions of one run on the documents of a part.

    Those of cross-fitting are the ``flags`` and ``undecided`` of `evidence.CrossFit`.
    """

    flags: BoolArray
    """bool (n_documents, n_labels): the document gets the label."""
    may_flag: BoolArray
    """bool (n_documents, n_labels): not flagged, but its unknown score may reach the threshold."""


def decide(part: PartArrays, thresholds: Mapping[str, float]) -> Decisions:
    """The decisions of fixed thresholds.

    Raises:
        InvalidInput: a label has no threshold.
    """
    missing = [label for label in part.labels if label not in thresholds]
    if missing:
        names = ", ".join(printable(label, 60) for label in missing[:5])
        raise InvalidInput("No threshold", f"for {names}", "tune the thresholds of all labels")
    flags = np.zeros(part.truth.shape, dtype=np.bool_)
    may_flag = np.zeros(part.truth.shape, dtype=np.bool_)
    for column, label in enumerate(part.labels):
        scores = part.scores[:, column]
        flags[:, column] = reached(scores, thresholds[label])
        unknown = np.isnan(scores)
        if part.ceilings is not None and unknown.any():
            unknown &= reached(part.ceilings[:, column], thresholds[label])
        may_flag[:, column] = unknown
    return Decisions(flags, may_flag)
