"""A training job: read, check, split, train, test, leave the artifacts."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from core.offline.artifacts import class_result, label_result, write_confusion
from core.offline.inputs import (
    InvalidData,
    LabelledTexts,
    read_manifests,
    read_training_csv,
    write_access_needed,
)
from core.offline.records import MODEL, Record, TrainingRecord, clock
from core.offline.solver import Membership
from core.offline.work import Work

_MOST_TEST_DOCUMENTS = 10_000
_MOST_LABELS = {"MULTI_CLASS": 1_000, "MULTI_LABEL": 100}


@dataclass(frozen=True)
class _Documents:
    texts: list[str]
    membership: Membership


def run_training(work: Work, job: TrainingRecord) -> None:
    """Train the classifier of a job and write its final record.

    Raises:
        InvalidData: the input breaks a rule of the service.
    """
    from core.offline.model import save_model, score, train

    is_multi_label = job.request.get("Mode") == "MULTI_LABEL"
    work.report("reading documents", 0, None)
    read, test_read = _inputs(work, job, "|" if is_multi_label else None)
    labels = _labels(read, job.request.get("Mode", "MULTI_CLASS"))
    fit = _Documents(read.texts, _membership(read.label_sets, labels))
    if test_read is None:
        fit, test = _divided(fit, job.arn)
    else:
        test = _Documents(test_read.texts, _membership(test_read.label_sets, labels))
    mode: Literal["multi-label", "multi-class"] = "multi-label" if is_multi_label else "multi-class"
    model = train(
        fit.texts, fit.membership, tuple(labels), mode, report=work.report, count=work.count
    )
    save_model(model, work.folder / MODEL)
    trained_at = clock()
    scores = (
        score(model, test.texts, report=work.report, count=work.count)
        if test.texts
        else np.zeros((0, len(labels)), dtype=np.float32)
    )
    result = (label_result if is_multi_label else class_result)(labels, test.membership, scores)
    if job.output_uri is not None:
        with write_access_needed():
            write_confusion(work.store.path_of(job.output_uri), result.confusion)
    metadata = {
        "NumberOfLabels": len(labels),
        "NumberOfTrainedDocuments": len(fit.texts),
        "NumberOfTestDocuments": len(test.texts),
        "EvaluationMetrics": result.metrics,
    }
    blank = read.blank + (0 if test_read is None else test_read.blank)
    _finish(work, metadata, trained_at, blank)


def _inputs(
    work: Work, job: TrainingRecord, delimiter: str | None
) -> tuple[LabelledTexts, LabelledTexts | None]:
    """Read the training documents and the test documents, None when the service must split."""
    source = job.request["InputDataConfig"]
    if source.get("DataFormat", "COMPREHEND_CSV") == "AUGMENTED_MANIFEST":
        manifests = source["AugmentedManifests"]
        test = read_manifests(work.store, manifests, "TEST")
        return read_manifests(work.store, manifests, "TRAIN"), test if test.texts else None
    if delimiter is not None:
        delimiter = source.get("LabelDelimiter", delimiter)
    read = read_training_csv(work.store, source["S3Uri"], delimiter)
    if "TestS3Uri" not in source:
        return read, None
    return read, read_training_csv(work.store, source["TestS3Uri"], delimiter)


def _labels(read: LabelledTexts, mode: str) -> list[str]:
    """Return the label names: sorted for classes, in order of appearance for labels.

    Raises:
        InvalidData: too few or too many of them.
    """
    labels = list(dict.fromkeys(label for labels in read.label_sets for label in labels))
    most = _MOST_LABELS[mode]
    if len(labels) > most:
        raise InvalidData(
            f"Found {len(labels)} unique labels. The maximum allowed number of unique labels is "
            f"{most}."
        )
    if len(labels) < 2:
        raise InvalidData(
            f"INVALID_INPUT: Found {len(labels)} unique labels. "
            "The minimum number of unique labels is 2."
        )
    return sorted(labels) if mode == "MULTI_CLASS" else labels


def _membership(label_sets: list[list[str]], labels: list[str]) -> Membership:
    """bool (n_documents, n_labels).

    Raises:
        InvalidData: a test document has a label that no training document has.
    """
    column = {label: index for index, label in enumerate(labels)}
    matrix = np.zeros((len(label_sets), len(labels)), dtype=np.bool_)
    for row, names in enumerate(label_sets):
        for name in names:
            if name not in column:
                raise InvalidData(
                    f"INVALID_INPUT: Label {name[:200]} of the test data is not in the training "
                    "data."
                )
            matrix[row, column[name]] = True
    return matrix


def _divided(documents: _Documents, seed: str) -> tuple[_Documents, _Documents]:
    """Hold a tenth of the documents back, at most 10,000, each label in proportion."""
    n_test = min(_MOST_TEST_DOCUMENTS, len(documents.texts) // 10)
    is_test = held_out(documents.membership, n_test, list(seed.encode()))
    return _picked(documents, ~is_test), _picked(documents, is_test)


def held_out(membership: Membership, n_test: int, seed: list[int]) -> npt.NDArray[np.bool_]:
    """bool (n_documents,): the documents held back for testing, each label in proportion.

    Rare labels choose first; a document once chosen counts for its other labels too.

    Args:
        membership: bool (n_documents, n_labels).
        n_test: documents to hold back.
        seed: seed of the choice.
    """
    random = np.random.default_rng(seed)
    n_documents = len(membership)
    is_test = np.zeros(n_documents, dtype=np.bool_)
    is_free = np.ones(n_documents, dtype=np.bool_)
    support = membership.sum(axis=0)
    for label in np.argsort(support, kind="stable"):
        n_wanted = round(int(support[label]) * n_test / n_documents)
        rows = random.permutation(np.flatnonzero(membership[:, label] & is_free))
        missing = n_wanted - int((membership[:, label] & is_test).sum())
        room = max(n_test - int(is_test.sum()), 0)
        is_test[rows[: min(max(missing, 0), room)]] = True
        is_free[rows] = False
    missing = n_test - int(is_test.sum())
    if missing > 0:
        common = membership[:, support.argmax()] & ~is_test
        is_test[random.permutation(np.flatnonzero(common))[:missing]] = True
    return is_test


def _picked(documents: _Documents, rows: npt.NDArray[np.bool_]) -> _Documents:
    texts = [documents.texts[row] for row in np.flatnonzero(rows)]
    return _Documents(texts, documents.membership[rows])


def _finish(work: Work, metadata: dict[str, Any], trained_at: float, blank: int) -> None:
    warnings = [work.record.behaviour.warn] if work.record.behaviour.warn is not None else []
    if blank:
        warnings.append(f"SKIPPED_DOCUMENTS: {blank} documents without text were skipped.")

    def change(record: Record) -> Record:
        return replace(
            record,
            status="TRAINED_WITH_WARNING" if warnings else "TRAINED",
            message=" ".join(warnings),
            trained_at=trained_at,
            ended_at=clock(),
            metadata=metadata,
        )

    work.finish(change)
