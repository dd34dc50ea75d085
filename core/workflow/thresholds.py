"""The thresholds step: tune on held-out scores, measure on others, write file and report."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import msgspec
import numpy as np

from core.decoding import Undecodable, read_bytes
from core.errors import InvalidInput
from core.files import file_fingerprint, write_atomic
from core.progress import UNWATCHED, Watch
from core.text import printable
from core.tuning.aim import Aim
from core.tuning.cross_fitting import cross_fit
from core.tuning.curves import Curve
from core.tuning.drift import drift_reference
from core.tuning.evaluation import Evaluation, LabelResult
from core.tuning.evidence import gather_evidence
from core.tuning.intervals import Evidence
from core.tuning.objectives import Choice
from core.tuning.part import Part
from core.tuning.thresholds import save
from core.workflow.jobs import session_clients
from core.workflow.parts import load_part
from core.workflow.reconcile import reconcile_run, require_fit
from core.workflow.recorded import NotAsRecorded, verified
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


@dataclass(frozen=True)
class TuningSettings:
    """What to tune, and how."""

    run: str | None = None
    aim: Aim = field(default_factory=Aim)
    despite_mismatch: bool = False
    """Whether to go on when the scores contradict the service's own counts."""
    tune_on: str | None = None
    """The part to tune on; None for calibration, or test (cross-fitted) when there is none."""
    forget_by_hand: bool = False
    """Whether thresholds set by hand earlier are tuned again."""
    folds: int = 5
    seed: int = 0
    resamples: int = 1000
    """Of the bootstrap that intervals come from."""


# Evidence of a tuning, and what it decides: which tuned thresholds are used.


@dataclass(frozen=True)
class Decided:
    """The thresholds to use, and how far they can be trusted."""

    aim: Aim
    """What was tuned for, and set by hand."""
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
    tuning: Part, measured: Part, settings: TuningSettings, watch: Watch = UNWATCHED
) -> Decided:
    """Choose, gather evidence, and keep the default where the evidence does not bear the choice.

    Whether a label adopts its tuned threshold is decided on the measuring part: a choice between
    two thresholds, made once per label.

    Args:
        tuning: the documents to choose on.
        measured: the documents to measure on.
        settings: their aim holds every threshold that was set by hand.
        watch: told how far the evidence has come.

    Raises:
        InvalidInput: no such objective, or too few documents to cross-fit.
        Interrupted: stopped through `watch`.
    """
    aim, default = settings.aim, tuning.default
    gather = partial(
        gather_evidence,
        tuning,
        measured,
        choices := aim.choose(tuning.curves(), default),
        resamples=settings.resamples,
        seed=settings.seed,
        folds=settings.folds,
        watch=watch,
    )
    evidence = gather(aim)
    against = {
        record.label
        for record in evidence.labels
        if record.decision == "default"
        and record.label not in aim.by_hand
        and choices[record.label].threshold != default
    }
    kept = frozenset(label for label in against if not aim.adopts(label))
    fixed = {**aim.by_hand, **dict.fromkeys(kept, default)}
    return Decided(
        aim=aim,
        choices=choices,
        values={label: fixed.get(label, choice.threshold) for label, choice in choices.items()},
        evidence=evidence,
        used=gather(dataclasses.replace(aim, by_hand=fixed)) if kept else evidence,
        kept=kept,
        adopted=frozenset(against - kept),
    )


def measure_thresholds(
    tuning: Part,
    measured: Part,
    settings: TuningSettings,
    decided: Decided,
    watch: Watch = UNWATCHED,
) -> Evaluation:
    """Figures at the thresholds in use; cross-fitted on the part that they were chosen on.

    Thresholds set by hand cannot be chosen anew: with any of them the figures are those of the
    thresholds as they are, and optimistic on that part.

    Raises:
        InvalidInput: too few documents to cross-fit.
        Interrupted: stopped through `watch`.
    """
    if tuning.name != measured.name or decided.aim.by_hand:
        return measured.evaluate(decided.values)

    def choose(curves: Mapping[str, Curve]) -> dict[str, Choice]:
        choices = decided.aim.choose(curves, measured.default)
        for label in decided.kept:
            choices[label] = dataclasses.replace(
                choices[label],
                threshold=measured.default,
                counts=curves[label].at(measured.default),
                plateau=(measured.default, measured.default),
            )
        return choices

    return cross_fit(measured, choose, settings.folds, settings.seed, watch=watch).evaluation()


# Put the outcome of a tuning into the report that screens, commands and files show.


@dataclass(frozen=True)
class TuningOutcome:
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
    session: Session, state: SessionState, run: RunState, outcome: TuningOutcome
) -> RunReport:
    """Put the outcome of a tuning into a report."""
    tuning, measured, decided = outcome.tuning, outcome.measured, outcome.decided
    before, after, optimistic = outcome.before, outcome.after, outcome.optimistic
    is_same_part = tuning.name == measured.name
    is_cross_fitted = is_same_part and not decided.aim.by_hand
    return RunReport(
        session=state.name,
        run=run.name,
        engine=session_clients(session).info.label,
        mode=tuning.mode,
        objective=decided.aim.objective,
        default_threshold=tuning.default,
        tuned_on=tuning.name,
        measured_on=after.measured_on,
        is_cross_fitted=is_cross_fitted,
        is_optimistic=is_same_part and not is_cross_fitted,
        documents={tuning.name: len(tuning), measured.name: len(measured)},
        none_label=tuning.none_label,
        labels=_label_reports(state, run, outcome),
        default=before.averages,
        tuned=after.averages,
        default_without_none=before.averages_without_none,
        tuned_without_none=after.averages_without_none,
        tuned_optimistic=optimistic.averages,
        test_looks=state.test_looks,
        evidence=decided.evidence,
        macro_f1_interval=decided.used.macro_f1,
        micro_f1_interval=decided.used.micro_f1,
        macro_gain=decided.used.macro_gain,
        reconciled=outcome.reconciled,
        cautions=_cautions(state, run, outcome),
        made_at=now(),
    )


def _cautions(state: SessionState, run: RunState, outcome: TuningOutcome) -> tuple[str, ...]:
    decided = outcome.decided
    has_unknown = any(label.counts.f1_low < label.counts.f1_high for label in outcome.after.labels)
    is_offline = state.engine.name == "offline"
    cautions = cautions_of(decided.choices, is_offline, outcome.tuning.name, has_unknown)
    misfits = [
        f"classifier {classifier.classifier}: {classifier.summary}"
        for classifier in outcome.reconciled
        if classifier.outcome != "reproduced"
    ]
    return (*cautions, *decided.evidence.notes, *misfits, *run.notes)


def _label_reports(
    state: SessionState, run: RunState, outcome: TuningOutcome
) -> tuple[LabelReport, ...]:
    supports = state.split_of(run).support
    shares = run.scores[outcome.tuning.name].returned_share
    is_whole = [not column.any() for column in np.isnan(outcome.measured.returned).T]
    evaluations = (outcome.before.labels, outcome.after.labels, outcome.optimistic.labels)
    return tuple(
        _label_report(outcome.decided, row, whole, supports[row[0].label], shares.get(row[0].label))
        for row, whole in zip(zip(*evaluations, strict=True), is_whole, strict=True)
    )


def _label_report(
    decided: Decided,
    row: tuple[LabelResult, LabelResult, LabelResult],
    is_whole: bool,
    support: dict[str, int],
    returned_share: float | None,
) -> LabelReport:
    before, after, optimistic = row
    label = before.label
    choice, evidence = decided.choices[label], decided.evidence.of(label)
    status, note = _status(decided, label)
    return LabelReport(
        label=label,
        threshold=decided.values[label],
        status=status,
        note=note,
        objective="by hand" if label in decided.aim.by_hand else choice.objective,
        support=support,
        returned_share=returned_share,
        default=before.counts,
        tuned=after.counts,
        tuned_optimistic=optimistic.counts,
        average_precision=after.average_precision if is_whole else None,
        tuned_threshold=decided.aim.by_hand.get(label, choice.threshold),
        evidence=evidence,
        f1_interval=decided.used.of(label).f1,
    )


def _status(decided: Decided, label: str) -> tuple[str, str]:
    """What became of a label, and what is to be said of it."""
    choice, evidence = decided.choices[label], decided.evidence.of(label)
    if label in decided.aim.by_hand:
        return "set by hand", ""
    if label in decided.kept:
        return "default kept", f"{evidence.why}; the default is kept (tuned: {choice.threshold:g})"
    if label in decided.adopted:
        return "adopted", f"{evidence.why}; adopted all the same"
    return choice.status, choice.note


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
        settings = dataclasses.replace(settings, aim=_whole_aim(run, settings))
        decided = decide_thresholds(tuning, measured, settings, watch)
        outcome = TuningOutcome(
            tuning,
            measured,
            decided,
            before=measured.evaluate({}),
            after=measure_thresholds(tuning, measured, settings, decided, watch),
            optimistic=tuning.evaluate(decided.values),
            reconciled=reconciled,
        )
        with session.editing() as state:
            run = state.run_named(run.name)
            if run.thresholds is None or run.thresholds.values != decided.values:
                state.test_looks += 1
            report = run_report(session, state, run, outcome)
            run.thresholds = _save(session, state, report, outcome)
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
    made = run.thresholds
    path = verified(session, session.state(), made.report) if made else None
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


def _whole_aim(run: RunState, settings: TuningSettings) -> Aim:
    """The aim of the settings, with the thresholds that were set by hand earlier in this run."""
    aim = settings.aim
    for label in (*aim.per_label, *aim.adopt, *aim.by_hand):
        run.require_label(label)
    for label, value in aim.by_hand.items():
        if not 0.0 <= value <= 1.0:
            raise InvalidInput(
                "Not a threshold", f"{value} for {printable(label, 60)}", "between 0 and 1"
            )
    made = run.thresholds
    earlier = {}
    if made is not None and not settings.forget_by_hand:
        earlier = {label: made.values[label] for label in made.edited}
    return dataclasses.replace(aim.written(), by_hand={**earlier, **aim.by_hand})


def _reconciled(
    session: Session, run: RunState, settings: TuningSettings
) -> tuple[Reconciled, ...]:
    """Whether the scores give the service's counts; empty when these are not here."""
    try:
        classifiers = reconcile_run(session, run.name)
    except NotAsRecorded:
        raise
    except InvalidInput:
        return ()
    if not settings.despite_mismatch:
        require_fit(classifiers)
    return tuple(
        Reconciled(classifier=own.classifier, outcome=own.found.outcome, summary=own.found.summary)
        for own in classifiers
    )


def _save(
    session: Session, state: SessionState, report: RunReport, outcome: TuningOutcome
) -> ThresholdsState:
    run = state.run_named(report.run)
    folder = f"runs/{run.name}"
    report_path, path = (session.path(f"{folder}/{name}.json") for name in ("report", "thresholds"))
    plain = msgspec.json.encode(plain_report(report))
    write_atomic(report_path, msgspec.json.format(plain, indent=1) + b"\n")
    references = drift_reference(outcome.measured, outcome.decided.values)
    file = thresholds_file(state, run, report, references)
    save(file, path)
    return ThresholdsState(
        inputs=run.scores_fingerprint,
        objective=report.objective,
        tuned_on=report.tuned_on,
        measured_on=report.measured_on,
        values={label.label: label.threshold for label in report.labels},
        edited=tuple(label.label for label in report.labels if label.status == "set by hand"),
        per_label=dict(outcome.decided.aim.per_label),
        adopted=tuple(sorted(outcome.decided.adopted)),
        path=f"{folder}/thresholds.json",
        report=f"{folder}/report.json",
        fingerprint=file_fingerprint(path),
        report_fingerprint=file_fingerprint(report_path),
        made_at=report.made_at,
    )
