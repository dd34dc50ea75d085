"""Put the outcome of a tuning into the report that screens, commands and files show."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.tuning.evaluation import Evaluation, LabelResult
from core.tuning.objectives import Choice
from core.workflow.actions.launching import session_clients
from core.workflow.actions.part_data import PartData, default_threshold
from core.workflow.reports import (
    LabelReport,
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
    choices: Mapping[str, Choice]
    before: Evaluation
    """At the default thresholds, on the measuring part."""
    after: Evaluation
    """At the tuned thresholds, on the measuring part."""
    optimistic: Evaluation
    """At the tuned thresholds, on the rows they were tuned on."""


def run_report(
    session: Session,
    state: SessionState,
    run: RunState,
    objective: str,
    by_hand: Mapping[str, float],
    outcome: Outcome,
) -> RunReport:
    """Put the outcome of a tuning into a report."""
    tuning, measured = outcome.tuning, outcome.measured
    before, after, optimistic = outcome.before, outcome.after, outcome.optimistic
    is_offline = state.engine.name == "offline"
    is_same_part = tuning.part == measured.part
    is_cross_fitted = is_same_part and not by_hand
    supports = split_of(state, run).support
    shares = run.scores[tuning.part].returned_share
    has_unknown = any(result.f1_low < result.f1_high for result in after.labels)
    is_whole = [not column.any() for column in np.isnan(measured.scores).T]
    rows = zip(before.labels, after.labels, optimistic.labels, is_whole, strict=True)
    return RunReport(
        session=state.name,
        run=run.name,
        engine=session_clients(session).info.label,
        mode=tuning.truth.mode,
        objective=objective,
        default_threshold=default_threshold(tuning.truth.mode),
        tuned_on=tuning.part,
        measured_on=after.measured_on,
        is_cross_fitted=is_cross_fitted,
        is_optimistic=is_same_part and not is_cross_fitted,
        documents={tuning.part: len(tuning.truth), measured.part: len(measured.truth)},
        none_label=tuning.truth.none_label,
        labels=tuple(
            _label_report(outcome.choices, by_hand, row, supports, shares) for row in rows
        ),
        default=required_summary(before),
        tuned=required_summary(after),
        default_without_none=summary_of(before.averages_without_none),
        tuned_without_none=summary_of(after.averages_without_none),
        tuned_optimistic=required_summary(optimistic),
        test_looks=state.test_looks,
        cautions=(
            *cautions_of(dict(outcome.choices), is_offline, tuning.part, has_unknown),
            *run.notes,
        ),
        made_at=now(),
    )


def _label_report(
    choices: Mapping[str, Choice],
    by_hand: Mapping[str, float],
    row: tuple[LabelResult, LabelResult, LabelResult, bool],
    supports: Mapping[str, dict[str, int]],
    shares: Mapping[str, float | None],
) -> LabelReport:
    before, after, optimistic, is_whole = row
    choice = choices[before.label]
    is_by_hand = before.label in by_hand
    return LabelReport(
        label=before.label,
        threshold=optimistic.threshold,
        status="set by hand" if is_by_hand else choice.status,
        note="" if is_by_hand else choice.note,
        objective="by hand" if is_by_hand else choice.objective,
        support=supports[before.label],
        returned_share=shares.get(before.label),
        default=figures_of(before),
        tuned=figures_of(after),
        tuned_optimistic=figures_of(optimistic),
        average_precision=after.average_precision if is_whole else None,
    )
