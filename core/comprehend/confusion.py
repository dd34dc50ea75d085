"""The service's confusion matrices, read by label name and checked against its own metrics.

The documentation of the multi-label matrix contradicts itself about the place of false positives
and false negatives. The layout is therefore decided per file, from the reported metrics, and from
known support where those cannot tell.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
import numpy.typing as npt

from core.archive import Limits, is_tar, plain_blocks, read_archive
from core.decoding import decode_json
from core.errors import InvalidInput
from core.text import printable

FILE_NAME = "confusion_matrix.json"
_MOST_DOCUMENTS = 10**12
_TITLE = "Cannot read the confusion matrix"
_SMALL = Limits(max_bytes=64 << 20)
_TELLING_GAP = 1e-3
"""Mean difference of the metrics between both layouts that rounding to 4 decimals cannot cause."""
_ASYMMETRIC = ("Precision", "Recall", "MicroPrecision", "MicroRecall")
"""Metrics that change when false positives and false negatives are exchanged."""

Orientation = Literal["documented", "swapped", "undecided", "multi-class"]
_LAYOUTS: tuple[Orientation, Orientation] = ("documented", "swapped")


@dataclass(frozen=True)
class ConfusionCells:
    """Decisions about one label on the service's test documents."""

    tp: int
    """True positives."""
    fp: int
    """False positives."""
    fn: int
    """False negatives."""
    tn: int
    """True negatives."""

    @property
    def support(self) -> int:
        """Number of positive documents."""
        return self.tp + self.fn


@dataclass(frozen=True)
class Confusion:
    """A confusion matrix of a training's test documents."""

    mode: Literal["multi-label", "multi-class"]
    """The classifier's mode."""
    labels: tuple[str, ...]
    """Labels of the matrix, in its order: those with test documents."""
    all_labels: tuple[str, ...]
    """All labels of the training data."""
    matrix: npt.NDArray[np.int64]
    """int64 as in the file: (n_labels, n_labels), rows actual and columns predicted, for
    multi-class; (n_labels, 2, 2) for multi-label."""
    cells: dict[str, ConfusionCells]
    """Decisions of each label of `labels`."""
    orientation: Orientation
    """Layout of the 2x2 matrices: ``documented`` is ``[[TN, FP], [FN, TP]]``; ``undecided`` means
    that nothing told both layouts apart, and the documented one is used."""
    mismatch: float
    """Mean absolute difference between metrics of the cells and the reported ones; NaN when none
    was reported."""

    @property
    def n_documents(self) -> int:
        """Number of test documents, which the service may have capped at 10,000."""
        if self.mode == "multi-class":
            return int(self.matrix.sum())
        return int(self.matrix[0].sum()) if len(self.matrix) else 0


class _File(msgspec.Struct):
    confusion_matrix: list[list[int | list[int]]]
    labels: list[str]
    all_labels: list[str] | None = None
    type: Literal["multi_class", "multi_label"] | None = None


def read_confusion(
    source: bytes | Path, metrics: Mapping[str, float], support: Mapping[str, int] | None = None
) -> Confusion:
    """Read a confusion matrix and decide its layout.

    Args:
        source: bytes of `confusion_matrix.json`, or the path of it or of the archive with it.
        metrics: the reported `EvaluationMetrics`; may be empty.
        support: known positives per label in the test documents; decides where metrics cannot.

    Raises:
        InvalidInput: absent, malformed, or of a shape that does not fit its labels.
        OperationFailed: the archive is damaged.
    """
    where = str(source) if isinstance(source, Path) else FILE_NAME
    data = _bytes_of(source) if isinstance(source, Path) else source
    try:
        file = decode_json(data, _File)
        matrix = np.array(file.confusion_matrix, dtype=np.int64)
    except (ValueError, TypeError, OverflowError) as error:
        raise _malformed(where, printable(str(error), 160)) from error
    _check_shape(where, file, matrix)
    labels, all_labels = tuple(file.labels), tuple(file.all_labels or file.labels)
    read = partial(Confusion, labels=labels, all_labels=all_labels, matrix=matrix, mismatch=np.nan)
    if matrix.ndim == 2:
        cells = _class_cells(labels, matrix)
        return _with_mismatch(
            read(mode="multi-class", cells=cells, orientation="multi-class"), metrics
        )
    readings = (
        read(mode="multi-label", cells=_label_cells(labels, matrix, layout), orientation=layout)
        for layout in _LAYOUTS
    )
    documented, swapped = (_with_mismatch(reading, metrics) for reading in readings)
    return _choose(documented, swapped, metrics, support or {})


def confusion_metrics(confusion: Confusion) -> dict[str, float]:
    """Compute the service's `EvaluationMetrics` from a matrix, under the service's names.

    Precision, Recall and F1Score are means over labels (F1Score the mean of F1 scores, not the F1
    of the means), 0 where undefined; classes without test documents are left out of the means, as
    recorded multi-class trainings show. Accuracy is given for multi-class only: what the service
    counts for multi-label is not documented clearly enough to be recomputed.
    """
    cells = [
        cell for cell in confusion.cells.values() if cell.support or _is_multi_label(confusion)
    ]
    tp, fp, fn = (sum(getattr(cell, name) for cell in cells) for name in ("tp", "fp", "fn"))
    metrics = {
        "Precision": _mean([_ratio(cell.tp, cell.tp + cell.fp) for cell in cells]),
        "Recall": _mean([_ratio(cell.tp, cell.tp + cell.fn) for cell in cells]),
        "F1Score": _mean([_ratio(2 * cell.tp, 2 * cell.tp + cell.fp + cell.fn) for cell in cells]),
    }
    if _is_multi_label(confusion):
        decisions = sum(cell.tp + cell.fp + cell.fn + cell.tn for cell in cells)
        metrics["MicroPrecision"] = _ratio(tp, tp + fp)
        metrics["MicroRecall"] = _ratio(tp, tp + fn)
        metrics["MicroF1Score"] = _ratio(2 * tp, 2 * tp + fp + fn)
        metrics["HammingLoss"] = _ratio(fp + fn, decisions)
        return metrics
    accuracy = _ratio(int(np.trace(confusion.matrix)), int(confusion.matrix.sum()))
    for name in ("Accuracy", "MicroPrecision", "MicroRecall", "MicroF1Score"):
        metrics[name] = accuracy
    metrics["HammingLoss"] = 1.0 - accuracy
    return metrics


def _bytes_of(path: Path) -> bytes:
    if not is_tar(path) and not path.name.lower().endswith((".tar.gz", ".tgz", ".tar")):
        return b"".join(plain_blocks(path, _SMALL))
    contents = read_archive(path, {FILE_NAME})
    if FILE_NAME not in contents:
        raise _malformed(str(path), f"the archive holds no {FILE_NAME}")
    return contents[FILE_NAME]


def _check_shape(where: str, file: _File, matrix: npt.NDArray[np.int64]) -> None:
    n_labels = len(file.labels)
    shape_by_type = {"multi_class": (n_labels, n_labels), "multi_label": (n_labels, 2, 2)}
    shapes = shape_by_type.values() if file.type is None else (shape_by_type[file.type],)
    if matrix.shape not in shapes:
        raise _malformed(where, f"{n_labels} labels but a matrix of shape {matrix.shape}")
    if matrix.size and not 0 <= matrix.min() <= matrix.max() <= _MOST_DOCUMENTS:
        raise _malformed(where, f"it holds counts below 0 or above {_MOST_DOCUMENTS:,}")
    if len(set(file.labels)) != n_labels:
        raise _malformed(where, "it names a label twice")


def _class_cells(
    labels: tuple[str, ...], matrix: npt.NDArray[np.int64]
) -> dict[str, ConfusionCells]:
    total = int(matrix.sum())
    cells = {}
    for index, label in enumerate(labels):
        tp = int(matrix[index, index])
        fp = int(matrix[:, index].sum()) - tp
        fn = int(matrix[index].sum()) - tp
        cells[label] = ConfusionCells(tp, fp, fn, total - tp - fp - fn)
    return cells


def _label_cells(
    labels: tuple[str, ...], matrix: npt.NDArray[np.int64], orientation: str
) -> dict[str, ConfusionCells]:
    cells = {}
    for label, ((tn, first), (second, tp)) in zip(labels, matrix.tolist(), strict=True):
        fp, fn = (first, second) if orientation == "documented" else (second, first)
        cells[label] = ConfusionCells(tp, fp, fn, tn)
    return cells


def _with_mismatch(confusion: Confusion, metrics: Mapping[str, float]) -> Confusion:
    ours = confusion_metrics(confusion)
    names = _ASYMMETRIC if _is_multi_label(confusion) else tuple(ours)
    gaps = [abs(ours[name] - metrics[name]) for name in names if name in metrics]
    return replace(confusion, mismatch=_mean(gaps) if gaps else np.nan)


def _choose(
    documented: Confusion,
    swapped: Confusion,
    metrics: Mapping[str, float],
    support: Mapping[str, int],
) -> Confusion:
    if documented.cells == swapped.cells:
        return documented
    if abs(documented.mismatch - swapped.mismatch) > _TELLING_GAP:  # False when either is NaN
        return min(documented, swapped, key=lambda reading: reading.mismatch)
    off, off_swapped = (_support_gap(reading, support) for reading in (documented, swapped))
    if off != off_swapped:
        return documented if off < off_swapped else swapped
    return replace(documented, orientation="undecided")


def _support_gap(confusion: Confusion, support: Mapping[str, int]) -> int:
    return sum(
        abs(cells.support - support[label])
        for label, cells in confusion.cells.items()
        if label in support
    )


def _is_multi_label(confusion: Confusion) -> bool:
    return confusion.mode == "multi-label"


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _malformed(where: str, reason: str) -> InvalidInput:
    return InvalidInput(
        _TITLE, f"{where}: {reason}", "expected the output of a finished training job"
    )
