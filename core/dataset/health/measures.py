"""Measures of imbalance and of labels that occur together.

Sources: F. Charte, A. J. Rivera, M. J. del Jesus, F. Herrera, "Addressing imbalance in multilabel
classification: Measures and random resampling algorithms", Neurocomputing 163 (2015), sections 3.1
and 3.2, for IRLbl, MeanIR and CVIR; the same authors, "Concurrence among imbalanced labels and its
influence on multilabel resampling algorithms", HAIS 2014, and "Dealing with difficult minority
labels in imbalanced multilabel data sets", Neurocomputing 326 (2019), for SCUMBLE.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.dataset.documents import BoolMatrix, Dataset

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class LabelCount:
    """How often a label occurs."""

    label: str
    """The name, in original form."""
    count: int
    """Its support."""
    share: float
    """Its support as a share of all documents."""
    imbalance: float
    """IRLbl: support of the commonest label over this one's; infinite without support."""


def label_distribution(dataset: Dataset) -> tuple[LabelCount, ...]:
    """How often each label occurs, the commonest first."""
    support = dataset.support
    ratios = irlbl(support)
    order = np.argsort(-support, kind="stable").tolist()
    n_documents = max(len(dataset), 1)
    return tuple(
        LabelCount(
            dataset.labels[column],
            int(support[column]),
            float(support[column] / n_documents),
            float(ratios[column]),
        )
        for column in order
    )


def cooccurrence(dataset: Dataset) -> npt.NDArray[np.int64]:
    """int64 (n_labels, n_labels): documents that have both labels; support on the diagonal."""
    # float64 products run in BLAS and are exact for counts below 2^53
    members = dataset.membership.astype(np.float64)
    return np.rint(members.T @ members).astype(np.int64)


def irlbl(support: npt.NDArray[np.int64]) -> Floats:
    """float64 (n_labels,): imbalance ratio per label, the largest support over each support.

    1 for the commonest label; infinite for a label without documents.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = support.max(initial=0) / support.astype(np.float64)
    return np.where(support == 0, np.inf, ratios)


def mean_ir(support: npt.NDArray[np.int64]) -> float:
    """MeanIR: the mean of IRLbl over the labels that have documents; NaN without any."""
    ratios = irlbl(support)[support > 0]
    return float(ratios.mean()) if len(ratios) else float("nan")


def cvir(support: npt.NDArray[np.int64]) -> float:
    """CVIR: the coefficient of variation of IRLbl (n - 1 in the standard deviation)."""
    ratios = irlbl(support)[support > 0]
    return float(ratios.std(ddof=1) / ratios.mean()) if len(ratios) > 1 else 0.0


def scumble_of_documents(membership: BoolMatrix) -> Floats:
    """float64 (n_documents,): SCUMBLE of each document, in [0, 1).

    One minus the geometric over the arithmetic mean of IRLbl of the labels that the document has:
    0 when they are equally common, near 1 when a very rare label stands beside a very common one.
    Means run over the labels present, as in the authors' R package mldr. 0 without labels.
    """
    ratios = irlbl(membership.sum(axis=0, dtype=np.int64))
    ratios = np.where(np.isfinite(ratios), ratios, 1.0)
    members = membership.astype(np.float64)
    counts = members.sum(axis=1)
    divisor = np.maximum(counts, 1)
    arithmetic = members @ ratios / divisor
    geometric = np.exp(members @ np.log(ratios) / divisor)
    values = 1.0 - geometric / np.where(counts > 0, arithmetic, 1.0)
    return np.where(counts > 1, np.maximum(values, 0.0), 0.0)


def scumble(membership: BoolMatrix) -> float:
    """SCUMBLE of a dataset: the mean over its documents. Above 0.1 is high (HAIS 2014)."""
    return float(scumble_of_documents(membership).mean()) if len(membership) else 0.0


def scumble_of_labels(membership: BoolMatrix) -> Floats:
    """float64 (n_labels,): SCUMBLELbl, the mean over the documents of each label; 0 without any."""
    support = membership.sum(axis=0)
    totals = scumble_of_documents(membership) @ membership.astype(np.float64)
    return np.asarray(totals / np.maximum(support, 1), dtype=np.float64)
