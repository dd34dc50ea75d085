"""What the service said about a trained classifier: metrics and confusion matrices."""

from pathlib import Path

import msgspec

from core.comprehend.artifacts import Confusion, confusion_metrics, read_confusion
from core.comprehend.clients import Clients
from core.errors import InvalidInput
from core.files import write_atomic
from core.text import printable
from core.workflow.actions.launching import fetch
from core.workflow.actions.runs import find_run
from core.workflow.session import Session
from core.workflow.state import ClassifierState
from core.workflow.steps import split_of


class MetricsFile(msgspec.Struct, frozen=True, kw_only=True):
    """What the service said about a trained classifier, kept beside its archive."""

    classifier: str
    arn: str
    mode: str
    service_metrics: dict[str, float]
    """As reported, under the service's own names."""
    recomputed_metrics: dict[str, float]
    """From the confusion matrix, by the same definitions."""
    orientation: str
    labels: tuple[str, ...]
    """Labels with test documents, in the matrix's order."""
    all_labels: tuple[str, ...]
    cells: dict[str, dict[str, int]]
    """tp, fp, fn, tn per label."""
    matrix: list[list[int]] = []
    """Rows actual, columns predicted; multi-class only."""
    documents_trained: int | None = None
    documents_tested: int | None = None


def collect_training(session: Session, clients: Clients, run_name: str, classifier_id: str) -> None:
    """Fetch a finished training's archive and keep its metrics.

    Raises:
        TunerError: the archive cannot be fetched or read.
    """
    state = session.state()
    run = find_run(state, run_name)
    support = {label: counts["test"] for label, counts in split_of(state, run).support.items()}
    classifier = next(c for c in run.classifiers if c.id == classifier_id)

    def keep(archive: Path) -> None:
        status = classifier.training.status
        assert status is not None
        confusion = read_confusion(archive, status.metrics, support)
        kept = _metrics_file(classifier, confusion)
        path = session.path(_metrics_path(run_name, classifier_id))
        write_atomic(path, msgspec.json.format(msgspec.json.encode(kept), indent=1) + b"\n")

    fetch(session, clients, run_name, classifier.training.id, keep)
    session.record("trained", run=run_name, classifier=classifier_id)


def load_metrics(session: Session, run_name: str) -> tuple[MetricsFile, ...]:
    """The service's metrics of every classifier of a run.

    Raises:
        InvalidInput: a classifier is not trained yet, or its file is damaged.
    """
    kept = []
    for classifier in find_run(session.state(), run_name).classifiers:
        path = session.path(_metrics_path(run_name, classifier.id))
        try:
            kept.append(msgspec.json.decode(path.read_bytes(), type=MetricsFile))
        except (OSError, msgspec.MsgspecError) as error:
            raise InvalidInput(
                "No metrics",
                f"run {printable(run_name)}, classifier {classifier.id} has no metrics here",
                "run: comprehend-tuner train",
            ) from error
    return tuple(kept)


def _metrics_path(run_name: str, classifier_id: str) -> str:
    return f"runs/{run_name}/{classifier_id}/metrics.json"


def _metrics_file(classifier: ClassifierState, confusion: Confusion) -> MetricsFile:
    status = classifier.training.status
    assert status is not None
    is_classes = confusion.mode == "multi-class"
    return MetricsFile(
        classifier=classifier.id,
        arn=classifier.training.arn,
        mode=confusion.mode,
        service_metrics=status.metrics,
        recomputed_metrics=confusion_metrics(confusion),
        orientation=confusion.orientation,
        labels=confusion.labels,
        all_labels=confusion.all_labels,
        cells={
            label: {"tp": cell.tp, "fp": cell.fp, "fn": cell.fn, "tn": cell.tn}
            for label, cell in confusion.cells.items()
        },
        matrix=confusion.matrix.tolist() if is_classes else [],
        documents_trained=status.documents_trained,
        documents_tested=status.documents_tested,
    )
