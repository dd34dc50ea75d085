"""What the service said about a trained classifier: metrics and confusion matrices."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from core.comprehend.confusion import Confusion, confusion_metrics, read_confusion
from core.comprehend.engine import Clients
from core.decoding import read_json
from core.errors import InvalidInput, OperationFailed
from core.files import file_fingerprint, write_atomic
from core.progress import UNWATCHED, Watch
from core.text import printable
from core.workflow.jobs import fetch
from core.workflow.recorded import is_as_recorded, verified
from core.workflow.session import Session
from core.workflow.state import ClassifierState, SessionState

_OTHER_LABELS = "Other labels"


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


def collect_training(
    session: Session,
    clients: Clients,
    run_name: str,
    classifier_id: str,
    watch: Watch = UNWATCHED,
    needs_matrix: bool = True,
) -> None:
    """Fetch a finished training's archive and keep its metrics.

    An adopted classifier whose archive is absent or cannot be read from here keeps the metrics that
    the service describes, without a confusion matrix, and the run gets a note.

    Args:
        needs_matrix: whether an own classifier must have its archive; False treats it as adopted.

    Raises:
        InvalidInput: an adopted classifier was trained on other labels than the dataset's.
        TunerError: the archive cannot be fetched or read.
    """
    classifier = _classifier(session, run_name, classifier_id)
    try:
        _collect_archive(session, clients, run_name, classifier, watch)
    except (OperationFailed, InvalidInput) as error:
        if (needs_matrix and not classifier.training.is_adopted) or error.title == _OTHER_LABELS:
            raise
        keep_described(session, run_name, classifier_id, f"{error.title}: {error.message}")
    session.record("trained", run=run_name, classifier=classifier_id)


def require_same_labels(theirs: Iterable[str], ours: Iterable[str], where: str) -> None:
    """Make sure that a classifier knows the dataset's labels and no others.

    Args:
        theirs: the classifier's labels.
        ours: the dataset's labels.
        where: which classifier, printable.

    Raises:
        InvalidInput: they differ; the message names the difference.
    """
    there, here = set(theirs), set(ours)
    if there == here:
        return
    parts = [
        f"{side} {', '.join(repr(printable(name, 40)) for name in sorted(names)[:8])}"
        for side, names in (("only there:", there - here), ("only here:", here - there))
        if names
    ]
    raise InvalidInput(
        _OTHER_LABELS,
        f"{where} was trained on other labels than the dataset has: {'; '.join(parts)}",
        "use the dataset that it was trained on, or merge and rename labels with `health`",
    )


def keep_described(session: Session, run_name: str, classifier_id: str, reason: str) -> None:
    """Keep what describe says of a trained classifier whose confusion matrix cannot be had.

    Args:
        reason: why not, printable.
    """
    classifier = _classifier(session, run_name, classifier_id)
    path = metrics_path(classifier)
    status = classifier.training.status
    assert status is not None
    metrics = MetricsFile(
        classifier=classifier.id,
        arn=classifier.training.arn,
        mode="multi-label" if status.mode == "MULTI_LABEL" else "multi-class",
        service_metrics=status.metrics,
        recomputed_metrics={},
        orientation="",
        labels=(),
        all_labels=(),
        cells={},
        documents_trained=status.documents_trained,
        documents_tested=status.documents_tested,
    )
    made = _write(session, path, metrics)
    note = f"no confusion matrix of classifier {classifier.id}: {reason}"
    with session.editing() as state:
        run = state.run_named(run_name)
        run.notes = (*(other for other in run.notes if other != note), note)
        run.classifier_named(classifier_id).training.artifact = path
        state.note_output(classifier.training.id, path, made)


def _classifier(session: Session, run_name: str, classifier_id: str) -> ClassifierState:
    return session.state().run_named(run_name).classifier_named(classifier_id)


def _collect_archive(
    session: Session, clients: Clients, run_name: str, classifier: ClassifierState, watch: Watch
) -> None:
    state = session.state()
    support = state.split_of(state.run_named(run_name)).positives("test")
    is_adopted = classifier.training.is_adopted

    def keep(archive: Path) -> str:
        status = classifier.training.status
        assert status is not None
        confusion = read_confusion(archive, status.metrics, None if is_adopted else support)
        if is_adopted:
            where = f"classifier {printable(classifier.training.arn, 200)}"
            require_same_labels(confusion.all_labels, classifier.labels, where)
        return _write(session, metrics_path(classifier), _metrics_file(classifier, confusion))

    def note(state: SessionState, made: str) -> None:
        state.note_output(classifier.training.id, metrics_path(classifier), made)

    fetch(session, clients, run_name, classifier.training.id, keep, watch, note)


def _write(session: Session, path: str, metrics: MetricsFile) -> str:
    """Keep the metrics; return the file's fingerprint."""
    data = msgspec.json.format(msgspec.json.encode(metrics), indent=1)
    write_atomic(session.path(path), data + b"\n")
    return file_fingerprint(session.path(path))


def load_metrics(session: Session, run_name: str) -> tuple[MetricsFile, ...]:
    """The service's metrics of every classifier of a run.

    Raises:
        InvalidInput: a classifier is not trained yet, or its file is damaged.
    """
    files = []
    state = session.state()
    for classifier in state.run_named(run_name).classifiers:
        path = verified(session, state, metrics_path(classifier))
        if not path.is_file():
            raise InvalidInput(
                "No metrics",
                f"run {printable(run_name)}, classifier {classifier.id} has no metrics here",
                "run: comprehend-tuner train",
            )
        title, hint = "Cannot read the metrics", "remove the file, then run: comprehend-tuner train"
        files.append(read_json(path, MetricsFile, title=title, hint=hint))
    return tuple(files)


def has_output(session: Session, state: SessionState, classifier: ClassifierState) -> bool:
    """Whether metrics and archive of a trained classifier are here, as recorded."""
    path = metrics_path(classifier)
    is_here = session.path(path).is_file()
    return is_here and is_as_recorded(session, state, path, classifier.training.artifact)


def metrics_path(classifier: ClassifierState) -> str:
    """Beside the training's archive, which runs that share a classifier have in common."""
    folder = classifier.training.id.rpartition("/")[0]
    return f"runs/{folder}/metrics.json"


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
