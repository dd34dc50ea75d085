"""Which documents are worth reading: those whose score lies nearest the threshold of a label."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from core.tuning.decimals import FloatArray, exact_values, reached

Kind = Literal["false-negative", "false-positive", "true-positive", "true-negative"]
"""A decision compared with the truth."""
Wanted = Literal["false-negatives", "false-positives", "all"]
"""Which documents to read; all means right decisions as well."""

WANTED: tuple[Wanted, ...] = ("false-negatives", "false-positives", "all")
KINDS: tuple[Kind, ...] = ("false-negative", "false-positive", "true-positive", "true-negative")
"""Order of the codes in `Around.kinds` and of the numbers in `Around.counts`."""


@dataclass(frozen=True)
class Around:
    """Documents around the threshold of one label, nearest first."""

    rows: npt.NDArray[np.intp]
    """intp (k,): positions of the wanted documents, by distance; unknown scores last."""
    kinds: npt.NDArray[np.int8]
    """int8 (n_documents,): position in `KINDS` of every document, wanted or not."""
    distances: npt.NDArray[np.float64]
    """float64 (n_documents,): ``|score - threshold|``, infinite where the score is unknown."""

    @property
    def counts(self) -> dict[Kind, int]:
        """Number of documents of each kind."""
        numbers = np.bincount(self.kinds, minlength=len(KINDS)).tolist()
        return dict(zip(KINDS, numbers, strict=True))


def documents_around(
    scores: FloatArray,
    truth: npt.NDArray[np.bool_],
    threshold: float,
    wanted: Wanted = "all",
    decision_scores: FloatArray | None = None,
) -> Around:
    """Sort the documents of one label by their distance from its threshold.

    A document whose score was not returned counts as not flagged, as in the counts of a curve, and
    stands behind all others: how far it is from the threshold is not known. Documents at equal
    distance keep their order.

    Args:
        scores: (n_documents,) scores of the label, NaN where not returned.
        truth: bool (n_documents,): which documents have the label.
        threshold: of the label.
        wanted: which decisions to keep.
        decision_scores: (n_documents,) what the threshold is compared with, when that is not
            `scores`: in multi-class only the highest class of a document can be flagged.
    """
    flagged = reached(scores if decision_scores is None else decision_scores, threshold)
    kinds = np.select(
        [truth & ~flagged, ~truth & flagged, truth & flagged],
        [np.int8(0), np.int8(1), np.int8(2)],
        default=np.int8(3),
    ).astype(np.int8)
    distances = np.abs(exact_values(scores) - threshold)
    distances[~np.isfinite(distances)] = np.inf
    rows = np.arange(len(scores), dtype=np.intp)
    if wanted != "all":
        rows = np.flatnonzero(kinds == WANTED.index(wanted))
    return Around(rows[np.argsort(distances[rows], kind="stable")], kinds, distances)
