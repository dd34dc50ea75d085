"""Which labels are probably wrong: confident learning on one label at a time.

Northcutt, Jiang and Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR
70 (2021), sections 3.1 and 3.2. It needs scores of documents that the classifier was not trained
on, which held-out parts have: a classifier agrees with the labels that it has learned by heart.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.tuning.decimals import FloatArray, exact_values


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
