"""Put the outcome of a tuning into the report that screens, commands and files show."""

from dataclasses import dataclass

import numpy as np

from core.tuning.evaluation import Evaluation, LabelResult
from core.workflow.actions.launching import session_clients
from core.workflow.actions.part_data import PartData
from core.workflow.actions.tuning_evidence import Decided, Wish
from core.workflow.reports import (
    LabelReport,
    Reconciled,
    RunReport,
    cautions_of,
    figures_of,
    required_summary,
    summary_of,
)
from core.workflow.session import Session, now
from core.workflow.state import RunState, SessionState
from core.workflow.steps import split_of


@dataclass(frozen=True)
class Outcome:
    """What a tuning computed."""

    tuning: PartData
    measured: PartData
    decided: Decided
    before: Evaluation
    """At the default thresholds, on the measuring part."""
    after: Evaluation
    """At the thresholds to use, on the measuring part."""
    optimistic: Evaluation
    """At the thresholds to use, on the rows they were tuned on."""
    reconciled: tuple[Reconciled, ...]


def run_report(
    session: Session, state: SessionState, run: RunState, wish: Wish, outcome: Outcome
) -> RunReport:
    """Put the outcome of a tuning into a report."""
    tuning, measured, used = outcome.tuning, outcome.measured, outcome.decided.used
    before, after, optimistic = outcome.before, outcome.after, outcome.optimistic
    is_same_part = tuning.part == measured.part
    is_cross_fitted = is_same_part and not wish.by_hand
    return RunReport(
        session=state.name,
        run=run.name,
        engine=session_clients(session).info.label,
        mode=tuning.truth.mode,
        objective=wish.objective,
        default_threshold=wish.default,
        tuned_on=tuning.part,
        measured_on=after.measured_on,
        is_cross_fitted=is_cross_fitted,
        is_optimistic=is_same_part and not is_cross_fitted,
        documents={tuning.part: len(tuning.truth), measured.part: len(measured.truth)},
        none_label=tuning.truth.none_label,
        labels=_label_reports(state, run, wish, outcome),
        default=required_summary(before),
        tuned=required_summary(after),
        default_without_none=summary_of(before.averages_without_none),
        tuned_without_none=summary_of(after.averages_without_none),
        tuned_optimistic=required_summary(optimistic),
        test_looks=state.test_looks,
        evidence=outcome.decided.evidence,
        macro_f1_interval=used.macro_f1,
        micro_f1_interval=used.micro_f1,
        macro_gain=used.macro_gain,
        reconciled=outcome.reconciled,
        cautions=_cautions(state, run, outcome),
        made_at=now(),
    )


def _cautions(state: SessionState, run: RunState, outcome: Outcome) -> tuple[str, ...]:
    decided = outcome.decided
    has_unknown = any(result.f1_low < result.f1_high for result in outcome.after.labels)
    is_offline = state.engine.name == "offline"
    cautions = cautions_of(decided.choices, is_offline, outcome.tuning.part, has_unknown)
    misfits = [
        f"classifier {one.classifier}: {one.summary}"
        for one in outcome.reconciled
        if one.outcome != "reproduced"
    ]
    return (*cautions, *decided.evidence.notes, *misfits, *run.notes)


def _label_reports(
    state: SessionState, run: RunState, wish: Wish, outcome: Outcome
) -> tuple[LabelReport, ...]:
    supports = split_of(state, run).support
    shares = run.scores[outcome.tuning.part].returned_share
    is_whole = [not column.any() for column in np.isnan(outcome.measured.scores).T]
    evaluations = (outcome.before.labels, outcome.after.labels, outcome.optimistic.labels)
    return tuple(
        _label_report(wish, outcome.decided, row, whole, supports[row[0].label],
                      shares.get(row[0].label))
        for row, whole in zip(zip(*evaluations, strict=True), is_whole, strict=True)
    )  # fmt: skip


def _label_report(
    wish: Wish,
    decided: Decided,
    row: tuple[LabelResult, LabelResult, LabelResult],
    is_whole: bool,
    support: dict[str, int],
    returned_share: float | None,
) -> LabelReport:
    before, after, optimistic = row
    label = before.label
    choice, evidence = decided.choices[label], decided.evidence.of(label)
    status, note = _status(wish, decided, label)
    return LabelReport(
        label=label,
        threshold=decided.values[label],
        status=status,
        note=note,
        objective="by hand" if label in wish.by_hand else choice.objective,
        support=support,
        returned_share=returned_share,
        default=figures_of(before),
        tuned=figures_of(after),
        tuned_optimistic=figures_of(optimistic),
        average_precision=after.average_precision if is_whole else None,
        tuned_threshold=wish.by_hand.get(label, choice.threshold),
        evidence=evidence,
        f1_interval=decided.used.of(label).f1,
    )


def _status(wish: Wish, decided: Decided, label: str) -> tuple[str, str]:
    """What became of a label, and what is to be said of it."""
    choice, evidence = decided.choices[label], decided.evidence.of(label)
    if label in wish.by_hand:
        return "set by hand", ""
    if label in decided.kept:
        return "default kept", f"{evidence.why}; the default is kept (tuned: {choice.threshold:g})"
    if label in decided.adopted:
        return "adopted", f"{evidence.why}; adopted all the same"
    return choice.status, choice.note
