"""The report of a run's thresholds: plain data that screens, commands and files show alike.

Every figure stands beside the part it was tuned on and the part it was measured on.
"""

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

from core.decoding import Undecodable, decode_json
from core.errors import InvalidInput
from core.files import write_atomic
from core.text import printable
from core.tuning.curves import Counts
from core.tuning.drift import DriftReference
from core.tuning.evaluation import Averages
from core.tuning.intervals import Evidence, Interval, LabelEvidence
from core.tuning.objectives import Choice
from core.tuning.thresholds import (
    Change,
    Classifier,
    LabelThreshold,
    Provenance,
    Summary,
    Thresholds,
)
from core.workflow.recorded import verified
from core.workflow.score import labels_taken
from core.workflow.session import Session
from core.workflow.state import RunState, SessionState

REPORT_VERSION = 2
"""Version 1 had figures without the counts of unknown positives and negatives."""


class LabelReport(msgspec.Struct, frozen=True, kw_only=True):
    """One label: its threshold and what it does."""

    label: str
    threshold: float
    status: str
    """``tuned``, ``adopted``, ``set by hand``, or why the default was kept."""
    note: str
    objective: str
    support: dict[str, int]
    """Positives by part."""
    returned_share: float | None
    """Share of the positives of the tuning part whose score was returned."""
    default: Counts
    """At the default threshold, on the measuring part."""
    tuned: Counts
    """At the threshold, on the measuring part."""
    tuned_optimistic: Counts
    """At the threshold, on the rows it was tuned on: optimistic."""
    average_precision: float | None
    """On the measuring part; None without positives, or when a score was not returned."""
    tuned_threshold: float
    """What the objective chose; `threshold` is the default where the evidence keeps it."""
    evidence: LabelEvidence | None = None
    """How far `tuned_threshold` can be trusted."""
    f1_interval: Interval | None = None
    """Of F1 at `threshold`, on the measuring part."""


class Reconciled(msgspec.Struct, frozen=True, kw_only=True):
    """Whether one classifier's scores give the counts that the service reported."""

    classifier: str
    outcome: str
    """``reproduced``, ``cannot tell`` or ``does not fit``."""
    summary: str


class RunReport(msgspec.Struct, frozen=True, kw_only=True):
    """The thresholds of a run with everything that is known about them."""

    version: int = REPORT_VERSION
    session: str
    run: str
    engine: str
    """Badge; OFFLINE scores are not Comprehend's."""
    mode: str
    objective: str
    default_threshold: float
    tuned_on: str
    measured_on: str
    is_cross_fitted: bool
    is_optimistic: bool
    """Whether the figures were measured on the rows that the thresholds were tuned on."""
    documents: dict[str, int]
    """Number of documents by part."""
    none_label: str | None
    labels: tuple[LabelReport, ...]
    default: Averages
    tuned: Averages
    default_without_none: Averages | None
    tuned_without_none: Averages | None
    tuned_optimistic: Averages
    """On the rows that the thresholds were tuned on."""
    test_looks: int
    """How often thresholds were measured on the test part, this time included."""
    evidence: Evidence | None = None
    """Of the tuned thresholds, whether or not they are used."""
    macro_f1_interval: Interval | None = None
    """Of macro-F1 at the thresholds used, on the measuring part."""
    micro_f1_interval: Interval | None = None
    macro_gain: Interval | None = None
    """Of macro-F1 at the thresholds used minus macro-F1 at the default ones."""
    reconciled: tuple[Reconciled, ...] = ()
    """Whether the scores give the service's own counts, per classifier."""
    cautions: tuple[str, ...]
    made_at: str


def figures_of(counts: Counts) -> dict[str, float]:
    """Counts with the figures that follow from them, as JSON and CSV have them."""
    return {name: getattr(counts, name) for name in _FIGURES}


_FIGURES = (
    *("threshold", "precision", "recall", "f1", "f1_low", "f1_high", "tp", "fp", "fn", "tn"),
    *("unknown", "unknown_positives", "unknown_negatives"),
)
_COUNTED = ("default", "tuned", "tuned_optimistic")
"""What the counts of a label are of."""


def plain_report(report: RunReport) -> dict[str, Any]:
    """The report as it is stored and printed as JSON: figures stand beside the counts."""
    plain: dict[str, Any] = msgspec.to_builtins(report)
    for label, row in zip(report.labels, plain["labels"], strict=True):
        row |= {at: figures_of(getattr(label, at)) for at in _COUNTED}
    return plain


def read_report(data: bytes) -> RunReport:
    """The report that `plain_report` gave, or one of version 1.

    Raises:
        Undecodable: it is no report, or one of a newer version.
    """
    plain = decode_json(data, dict[str, Any])
    written = plain.get("version", 1)
    try:
        if written == 1:
            for row in plain["labels"]:
                for at in _COUNTED:
                    row[at] |= _unknown_apart(row[at])
        elif written != REPORT_VERSION:
            raise ValueError(f"a report of version {written}")
        return msgspec.convert({**plain, "version": REPORT_VERSION}, RunReport)
    except (ValueError, LookupError, TypeError, ArithmeticError) as error:
        raise Undecodable(printable(f"{type(error).__name__}: {error}", 200)) from error


def _unknown_apart(figures: Mapping[str, Any]) -> dict[str, int]:
    """How many of the documents with an unknown score have the label, which version 1 left out.

    It follows from the highest F1, 2x / (x + FP + positives), where x are the true positives with
    all of these counted in.
    """
    positives = figures["tp"] + figures["fn"]
    most = figures["f1_high"] * (figures["fp"] + positives) / (2 - figures["f1_high"])
    with_label = min(max(round(most) - figures["tp"], 0), figures["unknown"])
    return {
        "unknown_positives": with_label,
        "unknown_negatives": figures["unknown"] - with_label,
    }


def cautions_of(
    choices: Mapping[str, Choice], engine_is_offline: bool, tuned_on: str, has_unknown: bool
) -> tuple[str, ...]:
    """Sentences that must stand beside the figures."""
    cautions = []
    if engine_is_offline:
        cautions.append("OFFLINE: these scores come from the offline twin, not from Comprehend")
    if tuned_on == "train":
        cautions.append(
            "tuned on documents that the classifier was trained on: the thresholds are misleading"
        )
    held = [choice.label for choice in choices.values() if choice.status == "not returned"]
    if held:
        cautions.append(
            f"{len(held)} label(s) cannot be tuned from this output: most of their positives' "
            "scores were not returned"
        )
    if has_unknown:
        cautions.append("F1 is a range where scores that were not returned could change it")
    return tuple(cautions)


# Build the thresholds file of a run from its report, and write it where the user wants it.


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
    split = state.split_of(run)
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
            macro_f1_range=_range((report.tuned.macro_f1_low, report.tuned.macro_f1_high)),
            micro_f1=Change(default=report.default.micro_f1, tuned=report.tuned.micro_f1),
        ),
        provenance=Provenance(
            dataset=split.dataset,
            split=split.fingerprint,
            scores=run.scores_fingerprint,
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
    made = verified(session, session.state(), run.thresholds.path)
    write_atomic(path, made.read_bytes(), mode=0o644)
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


def _range(bounds: tuple[float, float]) -> tuple[float, float] | None:
    """The range of a figure; None when it is exact."""
    return None if bounds[0] == bounds[1] else bounds


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
        f1_range=_range(label.tuned.f1_range),
        f1_interval_90=_pair(label.f1_interval),
        grade=label.evidence.grade if label.evidence else None,
        why=label.evidence.why if label.evidence else None,
        tuned_threshold=None if label.tuned_threshold == label.threshold else label.tuned_threshold,
        drift_reference=references.get(label.label),
        status=label.status,
    )
