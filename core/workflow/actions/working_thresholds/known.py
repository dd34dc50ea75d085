"""What is known of how far thresholds can be trusted, for thresholds that a user may still move."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from core.progress import CancelToken, Reporter, silent
from core.tuning.evidence import Evidence, Interval, LabelEvidence, cross_fit
from core.tuning.objectives import Choice
from core.workflow.actions.run_curves import Macro, RunCurves, macro_f1
from core.workflow.actions.tune import TuningSettings
from core.workflow.actions.tuning_evidence import Decided, Wish, decide_thresholds, taking
from core.workflow.actions.working_thresholds.wanted import Standing
from core.workflow.reports import RunReport

_MEASURED = "test"

KnownDecision = Literal["tuned", "default", ""]
"""What the evidence says of an objective's choice; empty when it was not gathered of it."""


@dataclass(frozen=True)
class KnownEvidence:
    """Evidence, and the thresholds that it is of."""

    standing: Standing
    """What was tuned for and set by hand."""
    values: Mapping[str, float]
    """The thresholds in use that the averages are of."""
    of: Mapping[str, float]
    """By label: the threshold that its record is of, whether or not it is used."""
    against: frozenset[str]
    """Labels whose choice the evidence does not bear."""
    evidence: Evidence
    default: float
    measured_on: str
    """The part that the averages were measured on, and whether they are optimistic."""
    macro: Macro
    """Macro-F1 at `values` on the measuring part."""
    macro_interval: Interval | None

    @cached_property
    def records(self) -> dict[str, LabelEvidence]:
        """The evidence of each label."""
        return {found.label: found for found in self.evidence.labels}

    def decision(self, label: str, choice: Choice, objective: str) -> KnownDecision:
        """What the evidence says of a choice; empty when it was not gathered of that choice."""
        is_of_choice = self.of[label] == choice.threshold and label not in self.standing.by_hand
        if not is_of_choice or self.standing.objective_of(label) != objective:
            return ""
        return "default" if label in self.against else "tuned"

    def is_of(self, label: str, threshold: float, objective: str) -> bool:
        """Whether the record of a label says something of a threshold that is in use.

        It does when it is of that threshold, or when it keeps the default and that is in use.
        """
        if self.standing.objective_of(label) != objective:
            return False
        is_kept = label in self.against and threshold == self.default
        return is_kept or threshold == self.of[label]

    def f1_at(self, label: str, threshold: float) -> Interval | None:
        """The interval of F1 at the threshold in question or at the default; None for others."""
        record = self.records[label]
        if threshold == self.of[label]:
            return record.f1
        return record.f1_default if threshold == self.default else None


def evidence_of_report(
    report: RunReport, per_label: Mapping[str, str], default: float
) -> KnownEvidence | None:
    """What the session knows of the thresholds that it holds; None when it was not gathered."""
    if report.evidence is None:
        return None
    optimistic = ", optimistic" if report.is_optimistic else ""
    return KnownEvidence(
        standing=Standing(
            report.objective,
            dict(per_label),
            {one.label: one.threshold for one in report.labels if one.status == "set by hand"},
            tuple(one.label for one in report.labels if one.status == "adopted"),
        ),
        values={one.label: one.threshold for one in report.labels},
        of={one.label: one.tuned_threshold for one in report.labels},
        against=frozenset(
            one.label for one in report.labels if one.status in ("default kept", "adopted")
        ),
        evidence=report.evidence,
        default=default,
        measured_on=f"{report.measured_on}{optimistic}",
        macro=Macro(report.tuned.macro_f1_low, report.tuned.macro_f1_high),
        macro_interval=report.macro_f1_interval,
    )


def gather_known(
    curves: RunCurves,
    tuned_on: str,
    standing: Standing,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> KnownEvidence:
    """Gather the evidence that tuning would gather with the same settings.

    Raises:
        InvalidInput: too few documents to cross-fit.
        Interrupted: stopped through `cancel`.
    """
    wish = Wish(
        objective=standing.objective,
        per_label=standing.per_label,
        by_hand=standing.by_hand,
        adopt=frozenset(standing.adopt),
        default=curves.default,
        folds=TuningSettings.folds,
        seed=TuningSettings.seed,
        resamples=TuningSettings.resamples,
    )
    tuning, measured = curves.arrays[tuned_on], curves.arrays[_MEASURED]
    decided = decide_thresholds(tuning, measured, curves.parts[tuned_on], wish, reporter, cancel)
    measured_on, macro = _macro(curves, tuned_on, wish, decided, cancel)
    return KnownEvidence(
        standing=standing,
        values=decided.values,
        of={
            label: standing.by_hand.get(label, choice.threshold)
            for label, choice in decided.choices.items()
        },
        against=decided.kept | decided.adopted,
        evidence=decided.evidence,
        default=curves.default,
        measured_on=measured_on,
        macro=macro,
        macro_interval=decided.used.macro_f1,
    )


def _macro(
    curves: RunCurves, tuned_on: str, wish: Wish, decided: Decided, cancel: CancelToken | None
) -> tuple[str, Macro]:
    """Macro-F1 at the thresholds in use, and what it was measured on."""
    if tuned_on != _MEASURED or wish.by_hand:
        optimistic = ", optimistic" if tuned_on == _MEASURED else ""
        return f"{_MEASURED}{optimistic}", macro_f1(curves.parts[_MEASURED], decided.values)
    arrays = curves.arrays[_MEASURED]
    fitted = cross_fit(
        arrays.labels, arrays.scores, arrays.truth, arrays.ceilings, wish.folds, wish.seed,
        taking(wish, decided.kept), arrays.clusters, cancel=cancel,
    )  # fmt: skip
    counts = [found for found in fitted.counts.values() if found.positives]
    n_labels = max(len(counts), 1)
    return f"{_MEASURED}, cross-fitted", Macro(
        sum(found.f1_low for found in counts) / n_labels,
        sum(found.f1_high for found in counts) / n_labels,
    )
