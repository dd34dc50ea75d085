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


# Which labels are probably wrong: confident learning on one label at a time.
#
# Northcutt, Jiang and Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR
# 70 (2021), sections 3.1 and 3.2. It needs scores of documents that the classifier was not trained
# on, which held-out parts have: a classifier agrees with the labels that it has learned by heart.


@dataclass(frozen=True)
class Suspects:
    """The documents of which one label is probably given, or missing, by mistake."""

    rows: npt.NDArray[np.intp]
    """intp (k,): positions, the lowest self-confidence first."""
    confidence: npt.NDArray[np.float64]
    """float64 (n_documents,): self-confidence, the probability that the classifier gives to what
    the document is labelled with; where the score is unknown, the highest that it can be.
    Comparable between labels."""


def label_suspects(
    scores: FloatArray,
    truth: npt.NDArray[np.bool_],
    ceilings: FloatArray | None = None,
) -> Suspects:
    """Find the documents whose label the classifier confidently contradicts.

    A document is suspected when the probability of the opposite of its label reaches the mean that
    documents with that opposite have, and the label's own probability either stays below its mean
    or is the smaller one. Each side has its own mean, so a label of few documents, whose scores are
    low throughout, is not suspected as a whole. The means only decide who is suspected: ranking by
    the distance from them finds far fewer planted errors than self-confidence does.

    A score that was not returned takes, of the values that it can have, the one that makes fewest
    suspects: it may hide a suspect and never makes one.

    Args:
        scores: (n_documents,) scores of the label, NaN where not returned.
        truth: bool (n_documents,): which documents have the label.
        ceilings: (n_documents,) highest values of unknown scores; None for 1.
    """
    is_unknown = np.isnan(scores)
    values = exact_values(scores)
    top = np.ones(len(scores)) if ceilings is None else np.asarray(ceilings, np.float64)
    highest = np.where(is_unknown, np.where(np.isnan(top), 1.0, top), values)
    lowest = np.where(is_unknown, 0.0, values)
    confidence = np.where(truth, highest, 1.0 - lowest)
    if truth.all() or not truth.any():
        nobody = np.zeros(0, np.intp)
        return Suspects(nobody, confidence)
    with_label, without = float(confidence[truth].mean()), float(confidence[~truth].mean())
    own = np.where(truth, with_label, without)
    other = np.where(truth, without, with_label)
    doubt = 1.0 - confidence
    is_own = (confidence >= own) & (confidence >= doubt)
    rows = np.flatnonzero((doubt >= other) & ~is_own)
    return Suspects(rows[np.argsort(confidence[rows], kind="stable")], confidence)
