"""The thresholds step: tune on held-out scores, measure on others, write file and report."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec
import numpy as np

from core.decoding import Undecodable, read_bytes
from core.errors import InvalidInput
from core.files import write_atomic
from core.progress import UNWATCHED, Watch
from core.text import printable
from core.tuning.cross_fitting import cross_fit
from core.tuning.curves import Curve
from core.tuning.drift import drift_reference
from core.tuning.evaluation import Evaluation, LabelResult
from core.tuning.evidence import gather_evidence
from core.tuning.intervals import Evidence
from core.tuning.joint import choose_all
from core.tuning.objectives import Choice, parse_objective
from core.tuning.part import Part
from core.tuning.thresholds import save
from core.workflow.jobs import session_clients
from core.workflow.parts import load_part
from core.workflow.reconcile import reconcile_run, require_fit
from core.workflow.reports import (
    LabelReport,
    Reconciled,
    RunReport,
    cautions_of,
    plain_report,
    read_report,
    thresholds_file,
)
from core.workflow.session import Session, now
from core.workflow.state import RunState, SessionState, ThresholdsState

# Evidence of a tuning, and what it decides: which tuned thresholds are used.


@dataclass(frozen=True)
class Wish:
    """What the user wants tuned, in the terms of the tuning room."""

    objective: str
    per_label: Mapping[str, str]
    by_hand: Mapping[str, float]
    adopt: frozenset[str]
    """Labels whose tuned threshold is used whatever the evidence says."""
    default: float
    folds: int
    seed: int
    resamples: int


@dataclass(frozen=True)
class Decided:
    """The thresholds to use, and how far they can be trusted."""

    choices: dict[str, Choice]
    """What the objective chose on the tuning part."""
    values: dict[str, float]
    """The thresholds to use."""
    evidence: Evidence
    """Of what the objective chose and of thresholds set by hand."""
    used: Evidence
    """Of the thresholds to use; the same unless the default is kept for some label."""
    kept: frozenset[str]
    """Labels whose default is kept for want of evidence."""
    adopted: frozenset[str]
    """Labels whose tuned threshold is used against the evidence."""


def decide_thresholds(
    tuning: Part,
    measured: Part,
    wish: Wish,
    watch: Watch = UNWATCHED,
) -> Decided:
    """Choose, gather evidence, and keep the default where the evidence does not bear the choice.

    Whether a label adopts its tuned threshold is decided on the measuring part: a choice between
    two thresholds, made once per label.

    Raises:
        InvalidInput: no such objective, or too few documents to cross-fit.
        Interrupted: stopped through `watch`.
    """
    choices = choose_all(tuning.curves(), wish.objective, wish.per_label, wish.default)
    evidence = _gather(tuning, measured, choices, wish, wish.by_hand, watch)
    against = {
        record.label
        for record in evidence.labels
        if record.decision == "default"
        and record.label not in wish.by_hand
        and choices[record.label].threshold != wish.default
    }
    kept = frozenset(against - wish.adopt)
    values = {label: choice.threshold for label, choice in choices.items()}
    values |= {label: wish.default for label in kept} | dict(wish.by_hand)
    used = evidence
    if kept:
        fixed = {**wish.by_hand, **{label: wish.default for label in kept}}
        used = _gather(tuning, measured, choices, wish, fixed, watch)
    return Decided(choices, values, evidence, used, kept, frozenset(against & wish.adopt))


def taking(wish: Wish, kept: frozenset[str]) -> Callable[[Mapping[str, Curve]], dict[str, Choice]]:
    """A function that chooses on all curves as `wish` does, the default fixed for `kept`."""

    def take(curves: Mapping[str, Curve]) -> dict[str, Choice]:
        found = choose_all(curves, wish.objective, wish.per_label, wish.default)
        for label in kept:
            found[label] = dataclasses.replace(
                found[label],
                threshold=wish.default,
                counts=curves[label].at(wish.default),
                plateau=(wish.default, wish.default),
            )
        return found

    return take


def _gather(
    tuning: Part,
    measured: Part,
    choices: Mapping[str, Choice],
    wish: Wish,
    fixed: Mapping[str, float],
    watch: Watch,
) -> Evidence:
    return gather_evidence(
        tuning,
        measured,
        choices,
        wish.default,
        objective=wish.objective,
        per_label=wish.per_label,
        by_hand=fixed,
        resamples=wish.resamples,
        seed=wish.seed,
        folds=wish.folds,
        watch=watch,
    )


# Put the outcome of a tuning into the report that screens, commands and files show.


@dataclass(frozen=True)
class Outcome:
    """What a tuning computed."""

    tuning: Part
    measured: Part
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
    is_same_part = tuning.name == measured.name
    is_cross_fitted = is_same_part and not wish.by_hand
    return RunReport(
        session=state.name,
        run=run.name,
        engine=session_clients(session).info.label,
        mode=tuning.mode,
        objective=wish.objective,
        default_threshold=wish.default,
        tuned_on=tuning.name,
        measured_on=after.measured_on,
        is_cross_fitted=is_cross_fitted,
        is_optimistic=is_same_part and not is_cross_fitted,
        documents={tuning.name: len(tuning), measured.name: len(measured)},
        none_label=tuning.none_label,
        labels=_label_reports(state, run, wish, outcome),
        default=before.averages,
        tuned=after.averages,
        default_without_none=before.averages_without_none,
        tuned_without_none=after.averages_without_none,
        tuned_optimistic=optimistic.averages,
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
    has_unknown = any(label.counts.f1_low < label.counts.f1_high for label in outcome.after.labels)
    is_offline = state.engine.name == "offline"
    cautions = cautions_of(decided.choices, is_offline, outcome.tuning.name, has_unknown)
    misfits = [
        f"classifier {one.classifier}: {one.summary}"
        for one in outcome.reconciled
        if one.outcome != "reproduced"
    ]
    return (*cautions, *decided.evidence.notes, *misfits, *run.notes)


def _label_reports(
    state: SessionState, run: RunState, wish: Wish, outcome: Outcome
) -> tuple[LabelReport, ...]:
    supports = state.split_of(run).support
    shares = run.scores[outcome.tuning.name].returned_share
    is_whole = [not column.any() for column in np.isnan(outcome.measured.returned).T]
    evaluations = (outcome.before.labels, outcome.after.labels, outcome.optimistic.labels)
    return tuple(
        _label_report(
            wish, outcome.decided, row, whole, supports[row[0].label], shares.get(row[0].label)
        )
        for row, whole in zip(zip(*evaluations, strict=True), is_whole, strict=True)
    )


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
        default=before.counts,
        tuned=after.counts,
        tuned_optimistic=optimistic.counts,
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


@dataclass(frozen=True)
class TuningSettings:
    """What to tune, and how."""

    run: str | None = None
    objective: str = "max_f1"
    """As `core.tuning.objectives.parse_objective` reads it."""
    per_label: Mapping[str, str] = field(default_factory=dict)
    """Other objectives of single labels."""
    adopt: tuple[str, ...] = ()
    """Labels whose tuned threshold is used although the evidence would keep the default."""
    adopt_all: bool = False
    """Whether that goes for every label."""
    despite_mismatch: bool = False
    """Whether to go on when the scores contradict the service's own counts."""
    tune_on: str | None = None
    """The part to tune on; None for calibration, or test (cross-fitted) when there is none."""
    set_by_hand: Mapping[str, float] = field(default_factory=dict)
    """Thresholds that the user chose, by label."""
    forget_by_hand: bool = False
    """Whether thresholds set by hand earlier are tuned again."""
    folds: int = 5
    seed: int = 0
    resamples: int = 1000
    """Of the bootstrap that intervals come from."""


@dataclass(frozen=True)
class Tuned:
    """The outcome: the report and where things were written."""

    report: RunReport
    thresholds_path: str
    report_path: str


def tune_thresholds(
    session: Session,
    settings: TuningSettings,
    watch: Watch = UNWATCHED,
) -> Tuned:
    """Tune every label, measure on documents that played no part in it, and save both.

    Thresholds are tuned on the calibration part and measured on test; with a two-way split they are
    tuned on test and measured by cross-fitting. Where the evidence does not bear a tuned threshold
    the default is kept, unless the settings adopt it.

    Raises:
        InvalidInput: a part was not scored, or the settings name an unknown label, part or
            objective.
        OperationFailed: the scores contradict the counts that the service reported.
        TryAgain: another terminal runs a step of this session.
        Interrupted: cancelled; the session is as it was.
    """
    with session.working():
        state = session.state()
        run = state.run_named(settings.run)
        reconciled = _reconciled(session, run, settings)
        part = _tuning_part(state, run, settings)
        tuning = load_part(session, state, run, part)
        measured = tuning if part == "test" else load_part(session, state, run, "test")
        wish = _wish(state, run, settings, tuning.default)
        decided = decide_thresholds(tuning, measured, wish, watch)
        outcome = _outcome(tuning, measured, wish, decided, reconciled)
        with session.editing() as state:
            run = state.run_named(run.name)
            if run.thresholds is None or run.thresholds.values != decided.values:
                state.test_looks += 1
            report = run_report(session, state, run, wish, outcome)
            run.thresholds = _save(session, state, report, outcome, wish)
        session.record("thresholds", run=run.name, tuned_on=part, macro_f1=report.tuned.macro_f1)
        return Tuned(report, run.thresholds.path, run.thresholds.report)


def kept_thresholds(session: Session, run_name: str | None) -> "Tuned":
    """What was tuned last for a run, as `tune_thresholds` returned it; nothing is written.

    Raises:
        InvalidInput: the run has no thresholds, or the file is damaged.
    """
    run = session.state().run_named(run_name)
    report = load_report(session, run)
    assert run.thresholds is not None
    return Tuned(report, run.thresholds.path, run.thresholds.report)


def load_report(session: Session, run: RunState) -> RunReport:
    """The report of a run's thresholds.

    Raises:
        InvalidInput: the run has no thresholds, or the file is damaged.
    """
    path = session.path(run.thresholds.report) if run.thresholds else None
    if path is None or not path.is_file():
        raise InvalidInput(
            "No thresholds",
            f"run {printable(run.name)} has no thresholds report here",
            "run: comprehend-tuner thresholds",
        )
    title, hint = "Cannot read the report", "tune again: comprehend-tuner thresholds"
    try:
        return read_report(read_bytes(path, title=title, hint=hint))
    except Undecodable as error:
        raise InvalidInput(title, f"{printable(str(path))}: {error}", hint) from error


def _tuning_part(state: SessionState, run: RunState, settings: TuningSettings) -> str:
    split = state.split_of(run)
    part = settings.tune_on or split.tuning_part
    if part not in split.part_names:
        raise InvalidInput(
            "No such part",
            f"{printable(part)!r} is not a part of split {split.id}",
            f"parts: {', '.join(split.part_names)}",
        )
    return part


def _wish(state: SessionState, run: RunState, settings: TuningSettings, default: float) -> Wish:
    known = state.split_of(run).support
    for label in (*settings.per_label, *settings.adopt):
        state.run_named(run.name).require_label(label)
    return Wish(
        objective=parse_objective(settings.objective).name,
        per_label={label: parse_objective(text).name for label, text in settings.per_label.items()},
        by_hand=_by_hand(state, run, settings),
        adopt=frozenset(known if settings.adopt_all else settings.adopt),
        default=default,
        folds=settings.folds,
        seed=settings.seed,
        resamples=settings.resamples,
    )


def _reconciled(
    session: Session, run: RunState, settings: TuningSettings
) -> tuple[Reconciled, ...]:
    """Whether the scores give the service's counts; empty when these are not here."""
    try:
        found = reconcile_run(session, run.name)
    except InvalidInput:
        return ()
    if not settings.despite_mismatch:
        require_fit(found)
    return tuple(
        Reconciled(classifier=one.classifier, outcome=one.found.outcome, summary=one.found.summary)
        for one in found
    )


def _outcome(
    tuning: Part,
    measured: Part,
    wish: Wish,
    decided: Decided,
    reconciled: tuple[Reconciled, ...],
) -> Outcome:
    """Evaluate the default thresholds and those to use, on both parts."""
    before = measured.evaluate({})
    if tuning.name == "test" and not wish.by_hand:
        choose = taking(wish, decided.kept)
        after = cross_fit(measured, choose, wish.folds, wish.seed).evaluation()
    else:
        after = measured.evaluate(decided.values)
    optimistic = tuning.evaluate(decided.values)
    return Outcome(tuning, measured, decided, before, after, optimistic, reconciled)


def _by_hand(state: SessionState, run: RunState, settings: TuningSettings) -> dict[str, float]:
    """Thresholds set by hand, now or earlier in this run."""
    earlier = {}
    if run.thresholds is not None and not settings.forget_by_hand:
        earlier = {label: run.thresholds.values[label] for label in run.thresholds.edited}
    for label, value in settings.set_by_hand.items():
        state.run_named(run.name).require_label(label)
        if not 0.0 <= value <= 1.0:
            raise InvalidInput(
                "Not a threshold", f"{value} for {printable(label, 60)}", "between 0 and 1"
            )
    return {**earlier, **settings.set_by_hand}


def _save(
    session: Session, state: SessionState, report: RunReport, outcome: Outcome, wish: Wish
) -> ThresholdsState:
    run = state.run_named(report.run)
    folder = f"runs/{run.name}"
    write_atomic(
        session.path(f"{folder}/report.json"),
        msgspec.json.format(msgspec.json.encode(plain_report(report)), indent=1) + b"\n",
    )
    references = drift_reference(outcome.measured, outcome.decided.values)
    file = thresholds_file(state, run, report, references)
    save(file, session.path(f"{folder}/thresholds.json"))
    return ThresholdsState(
        inputs=run.scores_fingerprint,
        objective=report.objective,
        tuned_on=report.tuned_on,
        measured_on=report.measured_on,
        values={label.label: label.threshold for label in report.labels},
        edited=tuple(label.label for label in report.labels if label.status == "set by hand"),
        per_label=dict(wish.per_label),
        adopted=tuple(sorted(outcome.decided.adopted)),
        path=f"{folder}/thresholds.json",
        report=f"{folder}/report.json",
        made_at=report.made_at,
    )
