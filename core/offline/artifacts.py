"""What a training leaves behind: metrics, confusion matrices, and the archive that holds them."""

import contextlib
import io
import json
import os
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.files import atomic_writer

_COMPRESSION = 4


@dataclass(frozen=True)
class TestResult:
    """How a trained model does on its test documents."""

    confusion: dict[str, Any]
    """Content of `confusion_matrix.json`."""
    metrics: dict[str, float]
    """`EvaluationMetrics`, 4 decimals."""


def class_result(
    labels: Sequence[str], truth: npt.NDArray[np.bool_], scores: npt.NDArray[np.float32]
) -> TestResult:
    """Compare the highest-scoring class with the true one.

    Rows of the matrix are actual classes and columns predicted ones; classes that are neither in
    the test documents nor predicted are left out, and macro averages are over the classes with
    test documents, as recorded trainings show.

    Args:
        labels: class names, in column order.
        truth: bool (n_documents, n_labels), one class per document.
        scores: float32 (n_documents, n_labels).
    """
    pairs = truth.argmax(axis=1) * len(labels) + scores.argmax(axis=1)
    full = np.bincount(pairs, minlength=len(labels) ** 2).reshape(len(labels), len(labels))
    by_name = sorted(range(len(labels)), key=lambda label: labels[label])
    present = [label for label in by_name if full[label].any() or full[:, label].any()]
    matrix = full[np.ix_(present, present)]
    hits = matrix.diagonal()
    has_support = matrix.sum(axis=1) > 0
    precision, recall, f1 = _rates(hits, matrix.sum(axis=0) - hits, matrix.sum(axis=1) - hits)
    accuracy = _ratio(hits.sum(), matrix.sum())
    return TestResult(
        confusion={
            "confusion_matrix": matrix.tolist(),
            "labels": [labels[label] for label in present],
            "type": "multi_class",
            "all_labels": sorted(labels),
        },
        metrics=_metrics(
            accuracy,
            (precision[has_support], recall[has_support], f1[has_support]),
            (accuracy, accuracy, accuracy),
            1.0 - accuracy,
        ),
    )


def label_result(
    labels: Sequence[str],
    truth: npt.NDArray[np.bool_],
    scores: npt.NDArray[np.float32],
    threshold: float = 0.5,
) -> TestResult:
    """Compare the labels at `threshold` or above with the true ones, label by label.

    One matrix ``[[TN, FP], [FN, TP]]`` per label with test documents. `Accuracy` is the share of
    the test documents' labels that were recognised, as the service's documentation words it.

    Args:
        labels: label names, in column order.
        truth, scores: bool and float32 (n_documents, n_labels).
        threshold: predict a label when ``score >= threshold``.
    """
    present = np.flatnonzero(truth.any(axis=0))
    actual, predicted = truth[:, present], scores[:, present] >= threshold
    tp = (actual & predicted).sum(axis=0)
    fp = (~actual & predicted).sum(axis=0)
    fn = (actual & ~predicted).sum(axis=0)
    tn = len(truth) - tp - fp - fn
    cells = zip(tn.tolist(), fp.tolist(), fn.tolist(), tp.tolist(), strict=True)
    pooled = _rates(*(counts.sum(keepdims=True) for counts in (tp, fp, fn)))
    return TestResult(
        confusion={
            "type": "multi_label",
            "confusion_matrix": [[[n, p], [m, t]] for n, p, m, t in cells],
            "labels": [labels[label] for label in present.tolist()],
            "all_labels": list(labels),
        },
        metrics=_metrics(
            _ratio(tp.sum(), (tp + fn).sum()),
            _rates(tp, fp, fn),
            (pooled[0][0], pooled[1][0], pooled[2][0]),
            _ratio((fp + fn).sum(), actual.size),
        ),
    )


Rates = npt.NDArray[np.float64]


def _rates(
    tp: npt.NDArray[np.int64], fp: npt.NDArray[np.int64], fn: npt.NDArray[np.int64]
) -> tuple[Rates, Rates, Rates]:
    """Precision, recall and F1 of each column; 0 where there is nothing to divide by."""

    def divided(above: npt.NDArray[np.int64], below: npt.NDArray[np.int64]) -> Rates:
        return np.where(below > 0, above / np.maximum(below, 1), 0.0)

    return divided(tp, tp + fp), divided(tp, tp + fn), divided(2 * tp, 2 * tp + fp + fn)


def _ratio(above: Any, below: Any) -> float:
    return float(above) / float(below) if below else 0.0


def _metrics(
    accuracy: float,
    macro: tuple[Rates, Rates, Rates],
    micro: tuple[float, float, float],
    hamming_loss: float,
) -> dict[str, float]:
    means = [float(rates.mean()) if len(rates) else 0.0 for rates in macro]
    names = ("Precision", "Recall", "F1Score", "MicroPrecision", "MicroRecall", "MicroF1Score")
    metrics = {"Accuracy": accuracy, "HammingLoss": hamming_loss}
    metrics |= dict(zip(names, [*means, *micro], strict=True))
    return {name: round(float(value), 4) for name, value in metrics.items()}


def write_confusion(path: Path, confusion: dict[str, Any]) -> None:
    """Write `output.tar.gz` of a training: ``output/confusion_matrix.json``."""
    data = json.dumps(confusion).encode()
    folder = _member("output", 0)
    folder.type, folder.mode = tarfile.DIRTYPE, 0o755
    with _archive(path) as archive:
        archive.addfile(folder)
        archive.addfile(_member("output/confusion_matrix.json", len(data)), io.BytesIO(data))


def write_predictions(path: Path, lines: Path) -> None:
    """Write `output.tar.gz` of a scoring job: the file `lines` as ``predictions.jsonl``."""
    with _archive(path) as archive, lines.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        archive.addfile(_member("predictions.jsonl", size), file)


@contextlib.contextmanager
def _archive(path: Path) -> Iterator[tarfile.TarFile]:
    """Yield a gzipped tar that appears at `path` whole or not at all."""
    with (
        atomic_writer(path) as file,
        tarfile.open(fileobj=file, mode="w:gz", compresslevel=_COMPRESSION) as archive,
    ):
        yield archive


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size = size
    return member
