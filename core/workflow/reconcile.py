"""Reconcile a run's scores of the test part with what the service counted on it."""

from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from core.errors import OperationFailed
from core.text import printable
from core.tuning.matching import Reconciliation
from core.tuning.part import Part
from core.tuning.reconcile import ServiceMatrix, reconcile
from core.workflow.metrics import MetricsFile, load_metrics
from core.workflow.parts import load_part
from core.workflow.recorded import verified
from core.workflow.score import part_scores
from core.workflow.session import Session
from core.workflow.state import SessionState

_PART = "test"


class ClassifierReconciliation(msgspec.Struct, frozen=True, kw_only=True):
    """One classifier of a run."""

    classifier: str
    """``c1``, ``c2`` …"""
    labels: tuple[str, ...]
    """The labels whose scores in the run are this classifier's."""
    found: Reconciliation


def reconcile_run(session: Session, run_name: str) -> tuple[ClassifierReconciliation, ...]:
    """Whether the joined scores of the test part give the service's own counts, per classifier.

    With several classifiers each is reconciled on the labels that the run takes from it, apart from
    the none-label of a group, which means something else there.

    Raises:
        InvalidInput: the test part was not scored, or a classifier has no metrics here.
    """
    state = session.state()
    run = state.run_named(run_name)
    data = load_part(session, state, run, _PART)
    source = part_scores(session, state, run, _PART).source
    texts = _scored_texts(session, state, state.split_of(run).scoring[_PART].path, len(data))
    is_group = len(run.classifiers) > 1
    reconciled = []
    for place, (classifier, metrics) in enumerate(
        zip(run.classifiers, load_metrics(session, run.name), strict=True)
    ):
        own = _own_columns(data, source == place, is_group)
        is_whole = own.labels == data.labels
        reconciled.append(
            ClassifierReconciliation(
                classifier=classifier.id,
                labels=own.labels,
                found=reconcile(
                    own,
                    _cells(metrics, own, is_group),
                    metrics.service_metrics if is_whole else {},
                    metrics.documents_tested,
                    metrics.mode,
                    matrix=_matrix(metrics),
                    texts=texts,
                    is_own_test=not classifier.training.is_adopted,
                ),
            )
        )
    return tuple(reconciled)


def require_fit(reconciled: Sequence[ClassifierReconciliation]) -> None:
    """Stop when scores contradict the service's counts: every figure from them would be wrong.

    Raises:
        OperationFailed: a classifier's scores do not fit.
    """
    for own in reconciled:
        if own.found.outcome == "does not fit":
            raise OperationFailed(
                "Scores do not fit the service's counts",
                f"classifier {printable(own.classifier)}: {own.found.summary}",
                "look at: comprehend-tuner metrics; then score the test part again",
            )


def _own_columns(data: Part, is_own: npt.NDArray[np.bool_], is_group: bool) -> Part:
    """The labels whose scores are the classifier's, a group's none-label left out."""
    columns = [
        column
        for column, label in enumerate(data.labels)
        if is_own[column] and not (is_group and label == data.none_label)
    ]
    return data.take(columns=columns)


def _cells(metrics: MetricsFile, own: Part, is_group: bool) -> dict[str, tuple[int, int, int, int]]:
    """The service's cells; of a group only those of labels that the run takes from it."""
    return {
        label: (cell["tp"], cell["fp"], cell["fn"], cell["tn"])
        for label, cell in metrics.cells.items()
        if not is_group or label in own.labels
    }


def _matrix(metrics: MetricsFile) -> ServiceMatrix | None:
    if not metrics.matrix:
        return None
    return ServiceMatrix(metrics.labels, np.array(metrics.matrix, dtype=np.int64))


def _scored_texts(
    session: Session, state: SessionState, path: str, n_documents: int
) -> list[str] | None:
    """The lines of a scoring file, ended by line feeds only; None when it is not as expected."""
    try:
        lines = verified(session, state, path).read_bytes().removesuffix(b"\n").split(b"\n")
    except OSError:
        return None
    if len(lines) != n_documents:
        return None
    return [line.decode("utf-8", errors="replace") for line in lines]
