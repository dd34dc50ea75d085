"""Build the thresholds file of a run from its report, and write it where the user wants it."""

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from core.errors import InvalidInput
from core.files import write_atomic
from core.text import printable
from core.tuning.drift import DriftReference
from core.tuning.evidence import Interval
from core.tuning.thresholds import (
    Change,
    Classifier,
    LabelThreshold,
    Provenance,
    Summary,
    Thresholds,
)
from core.workflow.actions.joining import labels_taken
from core.workflow.reports import LabelReport, RunReport
from core.workflow.session import Session
from core.workflow.state import RunState, SessionState
from core.workflow.steps import scores_inputs, split_of


def thresholds_file(
    state: SessionState,
    run: RunState,
    report: RunReport,
    references: Mapping[str, DriftReference],
) -> Thresholds:
    """The thresholds of a run in the form that production code reads.

    Args:
        references: what the measuring part's scores looked like, by label.
    """
    split = split_of(state, run)
    return Thresholds(
        mode="multi-class" if report.mode == "multi-class" else "multi-label",
        engine=state.engine.name,
        default_threshold=report.default_threshold,
        classifiers=tuple(
            Classifier(
                arn=classifier.training.arn,
                version=classifier.version,
                labels=classifier.labels,
                decides=decides if len(run.classifiers) > 1 else None,
            )
            for classifier, decides in zip(run.classifiers, labels_taken(run), strict=True)
        ),
        label_order=tuple(label.label for label in report.labels),
        labels={label.label: _label(label, report, references) for label in report.labels},
        summary=Summary(
            measured_on=report.measured_on,
            macro_f1=Change(default=report.default.macro_f1, tuned=report.tuned.macro_f1),
            macro_f1_interval_90=_pair(report.macro_f1_interval),
            macro_f1_range=_range(report.tuned.macro_f1_low, report.tuned.macro_f1_high),
            micro_f1=Change(default=report.default.micro_f1, tuned=report.tuned.micro_f1),
        ),
        provenance=Provenance(
            dataset=split.dataset,
            split=split.fingerprint,
            scores=scores_inputs(run),
            seed=split.seed,
            tool=version("comprehend-tuner"),
            created_at=report.made_at,
        ),
    )


def export_thresholds(session: Session, run: RunState, path: Path) -> Path:
    """Copy a run's thresholds file to `path`; return its full path.

    Raises:
        InvalidInput: the run has no thresholds.
        OperationFailed: the file cannot be written.
    """
    if run.thresholds is None or not session.path(run.thresholds.path).exists():
        raise InvalidInput(
            "No thresholds",
            f"run {printable(run.name)} has no thresholds yet",
            "run: comprehend-tuner thresholds",
        )
    write_atomic(path, session.path(run.thresholds.path).read_bytes(), mode=0o644)
    session.record("saved", run=run.name, path=str(path))
    return path.resolve()


def usage_lines(path: Path, mode: str, n_classifiers: int = 1) -> str:
    """The two lines of Python that use a thresholds file on an endpoint's reply.

    Args:
        n_classifiers: with several, each reply is decided under the ARN of its classifier.
    """
    key = "Classes" if mode == "multi-class" else "Labels"
    which = ", arn" if n_classifiers > 1 else ""
    each = " for each classifier's reply" if n_classifiers > 1 else ""
    return (
        f"from core.tuning.thresholds import load{'  #' + each if each else ''}\n"
        f"labels = load({str(path)!r}).decide(reply[{key!r}]{which})"
    )


def _range(low: float, high: float) -> tuple[float, float] | None:
    """The range of a figure; None when it is exact."""
    return None if low == high else (low, high)


def _pair(interval: Interval | None) -> tuple[float, float] | None:
    return None if interval is None else (interval.low, interval.high)


def _label(
    label: LabelReport, report: RunReport, references: Mapping[str, DriftReference]
) -> LabelThreshold:
    is_by_hand = label.status == "set by hand"
    return LabelThreshold(
        threshold=label.threshold,
        objective="manual" if is_by_hand else label.objective,
        tuned_on=report.tuned_on,
        measured_on=report.measured_on,
        support=label.support,
        returned_share=label.returned_share,
        precision=label.tuned.precision,
        recall=label.tuned.recall,
        f1=label.tuned.f1,
        f1_at_default=label.default.f1,
        f1_range=_range(label.tuned.f1_low, label.tuned.f1_high),
        f1_interval_90=_pair(label.f1_interval),
        grade=label.evidence.grade if label.evidence else None,
        why=label.evidence.why if label.evidence else None,
        tuned_threshold=None if label.tuned_threshold == label.threshold else label.tuned_threshold,
        drift_reference=references.get(label.label),
        status=label.status,
    )
