"""The report of a run's thresholds: plain data that screens, commands and files show alike.

Every figure stands beside the part it was tuned on and the part it was measured on.
"""

from collections.abc import Mapping

import msgspec

from core.tuning.evaluation import Averages, Evaluation, LabelResult
from core.tuning.evidence import Evidence, Interval, LabelEvidence
from core.tuning.objectives import Choice


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Counts and figures of one label at one threshold."""

    threshold: float
    precision: float
    recall: float
    f1: float
    f1_low: float
    """Lowest F1 that unknown scores allow; equal to `f1` when every score is known."""
    f1_high: float
    """Highest F1 that unknown scores allow."""
    tp: int
    fp: int
    fn: int
    tn: int
    unknown: int = 0
    """Documents whose unknown score could reach the threshold."""


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
    default: Figures
    """At the default threshold, on the measuring part."""
    tuned: Figures
    """At the threshold, on the measuring part."""
    tuned_optimistic: Figures
    """At the threshold, on the rows it was tuned on: optimistic."""
    average_precision: float | None
    """On the measuring part; None without positives, or when a score was not returned."""
    tuned_threshold: float
    """What the objective chose; `threshold` is the default where the evidence keeps it."""
    evidence: LabelEvidence | None = None
    """How far `tuned_threshold` can be trusted."""
    f1_interval: Interval | None = None
    """Of F1 at `threshold`, on the measuring part."""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Averages over labels, on the measuring part."""

    macro_f1: float
    macro_f1_low: float
    macro_f1_high: float
    macro_precision: float
    macro_recall: float
    micro_f1: float
    micro_precision: float
    micro_recall: float
    hamming_loss: float
    subset_accuracy: float
    labels_without_support: tuple[str, ...] = ()


class Reconciled(msgspec.Struct, frozen=True, kw_only=True):
    """Whether one classifier's scores give the counts that the service reported."""

    classifier: str
    outcome: str
    """``reproduced``, ``cannot tell`` or ``does not fit``."""
    summary: str


class RunReport(msgspec.Struct, frozen=True, kw_only=True):
    """The thresholds of a run with everything that is known about them."""

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
    default: Summary
    tuned: Summary
    default_without_none: Summary | None
    tuned_without_none: Summary | None
    tuned_optimistic: Summary
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


def figures_of(result: LabelResult) -> Figures:
    """The figures of one label of an evaluation."""
    counts = result.counts
    return Figures(
        threshold=result.threshold,
        precision=result.precision,
        recall=result.recall,
        f1=result.f1,
        f1_low=result.f1_low,
        f1_high=result.f1_high,
        tp=counts.tp,
        fp=counts.fp,
        fn=counts.fn,
        tn=counts.tn,
        unknown=counts.unknown_positives + counts.unknown_negatives,
    )


def summary_of(averages: Averages | None) -> Summary | None:
    """The averages of an evaluation; None stays None."""
    if averages is None:
        return None
    return Summary(**{name: getattr(averages, name) for name in Summary.__struct_fields__})


def required_summary(evaluation: Evaluation) -> Summary:
    """The averages over all labels of an evaluation."""
    summary = summary_of(evaluation.averages)
    assert summary is not None
    return summary


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
