"""The score matrix of a run: one row per document, one column per label.

A score that the service did not return is NaN, never zero. What is known about it is its ceiling:
it cannot exceed the lowest score that the same classifier returned for the same document.
"""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.files import atomic_writer

_FORMAT = "comprehend-tuner/scores"


@dataclass(frozen=True)
class Scores:
    """Scores of documents for labels, from one classifier or from several merged ones."""

    labels: tuple[str, ...]
    """Label of each column."""
    values: npt.NDArray[np.float32]
    """float32 (n_documents, n_labels): the returned score; NaN where none was returned."""
    ceilings: npt.NDArray[np.float32]
    """float32 (n_documents, n_classifiers): the lowest score that the classifier returned for the
    document, an upper bound of its scores that were not returned; 1.0 without a usable result."""
    source: npt.NDArray[np.int16]
    """int16 (n_labels,): column of `ceilings` that belongs to each label."""

    @property
    def label_ceilings(self) -> npt.NDArray[np.float32]:
        """float32 (n_documents, n_labels): the ceiling of each label's unknown scores."""
        return self.ceilings[:, self.source]

    def rows(self, picked: npt.NDArray[np.intp]) -> "Scores":
        """The documents at positions `picked`, in that order."""
        return Scores(self.labels, self.values[picked], self.ceilings[picked], self.source)


def merge_scores(pieces: Sequence[Scores], label_order: Sequence[str]) -> Scores:
    """Put the scores of several classifiers for the same documents into one matrix.

    Each label is taken from the first piece that has it; the ceilings of all classifiers are kept.

    Args:
        pieces: scores of the same documents in the same order.
        label_order: the columns of the result.

    Raises:
        InvalidInput: no piece has a label, or the pieces are of different documents.
    """
    counts = {len(piece.values) for piece in pieces}
    if len(counts) != 1:
        raise InvalidInput(
            "Cannot merge scores", f"the pieces have {sorted(counts)} documents",
            "score the same documents with every classifier",
        )  # fmt: skip
    found: dict[str, tuple[npt.NDArray[np.float32], int]] = {}
    first_classifier = 0
    for piece in pieces:
        for column, label in enumerate(piece.labels):
            owner = first_classifier + int(piece.source[column])
            found.setdefault(label, (piece.values[:, column], owner))
        first_classifier += piece.ceilings.shape[1]
    absent = [label for label in label_order if label not in found]
    if absent:
        raise InvalidInput(
            "Cannot merge scores", f"no classifier scores the labels {absent!r:.200}",
            "train a classifier that has them",
        )  # fmt: skip
    values = np.empty((counts.pop(), len(label_order)), dtype=np.float32)
    for column, label in enumerate(label_order):
        values[:, column] = found[label][0]
    return Scores(
        labels=tuple(label_order),
        values=values,
        ceilings=np.concatenate([piece.ceilings for piece in pieces], axis=1),
        source=np.array([found[label][1] for label in label_order], dtype=np.int16),
    )


def returned_share(scores: Scores, truth: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Share of each label's positives whose score was returned.

    Args:
        scores: the scores.
        truth: bool (n_documents, n_labels), columns as in `scores.labels`.

    Returns:
        float64 (n_labels,); NaN for a label without positives.
    """
    positives = truth.sum(axis=0).astype(np.float64)
    returned = (truth & ~np.isnan(scores.values)).sum(axis=0)
    share = np.full(len(positives), np.nan)
    np.divide(returned, positives, out=share, where=positives > 0)
    return share


def save_scores(scores: Scores, path: Path) -> None:
    """Write scores as a NumPy `.npz` file; equal scores give equal bytes.

    Raises:
        OperationFailed: the file cannot be written.
    """
    header = msgspec.json.encode({"format": _FORMAT, "version": 1, "labels": scores.labels})
    arrays = {
        "header": np.frombuffer(header, dtype=np.uint8),
        "values": scores.values,
        "ceilings": scores.ceilings,
        "source": scores.source,
    }
    with atomic_writer(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy")
            with archive.open(entry, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.ascontiguousarray(array), allow_pickle=False)


def load_scores(path: Path) -> Scores:
    """Read what `save_scores` wrote.

    Raises:
        InvalidInput: the file is absent, damaged or of another version.
    """
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            header = msgspec.json.decode(arrays["header"].tobytes())
            if (header["format"], header["version"]) != (_FORMAT, 1):
                raise ValueError(f"format {header['format']} {header['version']} is not known here")
            scores = Scores(
                labels=tuple(header["labels"]),
                values=arrays["values"].astype(np.float32, copy=False),
                ceilings=arrays["ceilings"].astype(np.float32, copy=False),
                source=arrays["source"].astype(np.int16, copy=False),
            )
        _check_shapes(scores)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise InvalidInput(
            "Cannot read the scores", f"{path}: {error}", "fetch and join the predictions again"
        ) from error
    return scores


def _check_shapes(scores: Scores) -> None:
    n_labels = len(scores.labels)
    if scores.values.ndim != 2 or scores.values.shape[1] != n_labels:
        raise ValueError(f"{n_labels} labels but a matrix of shape {scores.values.shape}")
    if scores.ceilings.ndim != 2 or len(scores.ceilings) != len(scores.values):
        raise ValueError(f"ceilings of shape {scores.ceilings.shape}")
    if scores.source.shape != (n_labels,) or (
        n_labels and not 0 <= scores.source.min() <= scores.source.max() < scores.ceilings.shape[1]
    ):
        raise ValueError("labels without a classifier")
