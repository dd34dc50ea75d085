"""The thresholds step: tune on held-out scores, measure on others, write file and report."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from core.errors import InvalidInput
from core.files import write_atomic
from core.progress import CancelToken, Reporter, silent
from core.text import printable
from core.tuning.drift import drift_reference
from core.tuning.evaluation import Evaluation
from core.tuning.evidence import cross_fit
from core.tuning.objectives import parse_objective
from core.tuning.thresholds import save
from core.workflow.actions.part_data import (
    PartData,
    default_threshold,
    evaluate_part,
    load_part_data,
    part_arrays,
)
from core.workflow.actions.reconciling import reconcile_run, require_fit
from core.workflow.actions.runs import find_run, pick_run, require_label
from core.workflow.actions.thresholds_file import thresholds_file
from core.workflow.actions.tuning_evidence import Decided, Wish, decide_thresholds, taking
from core.workflow.actions.tuning_report import Outcome, run_report
from core.workflow.reports import Reconciled, RunReport
from core.workflow.session import Session
from core.workflow.state import RunState, SessionState, ThresholdsState
from core.workflow.steps import scores_inputs, split_of, tuning_part


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
    cancel: CancelToken | None = None,
    reporter: Reporter = silent,
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
        run = pick_run(state, settings.run)
        reconciled = _reconciled(session, run, settings)
        part = _tuning_part(state, run, settings)
        tuning = load_part_data(session, state, run, part)
        measured = tuning if part == "test" else load_part_data(session, state, run, "test")
        wish = _wish(state, run, settings, default_threshold(tuning.truth.mode))
        decided = decide_thresholds(
            part_arrays(tuning), part_arrays(measured), tuning.curves(), wish, reporter, cancel
        )
        outcome = _outcome(tuning, measured, wish, decided, reconciled)
        with session.editing() as state:
            run = find_run(state, run.name)
            if run.thresholds is None or run.thresholds.values != decided.values:
                state.test_looks += 1
            report = run_report(session, state, run, wish, outcome)
            run.thresholds = _save(session, state, report, outcome, wish)
        session.record("thresholds", run=run.name, tuned_on=part, macro_f1=report.tuned.macro_f1)
        return Tuned(report, run.thresholds.path, run.thresholds.report)


def load_report(session: Session, run: RunState) -> RunReport:
    """The report of a run's thresholds.

    Raises:
        InvalidInput: the run has no thresholds, or the file is damaged.
    """
    try:
        if run.thresholds is None:
            raise FileNotFoundError
        data = session.path(run.thresholds.report).read_bytes()
        return msgspec.json.decode(data, type=RunReport)
    except (OSError, msgspec.MsgspecError) as error:
        raise InvalidInput(
            "No thresholds",
            f"run {printable(run.name)} has no thresholds report here",
            "run: comprehend-tuner thresholds",
        ) from error


def _tuning_part(state: SessionState, run: RunState, settings: TuningSettings) -> str:
    split = split_of(state, run)
    part = settings.tune_on or tuning_part(split)
    if part not in split.part_names:
        raise InvalidInput(
            "No such part",
            f"{printable(part)!r} is not a part of split {split.id}",
            f"parts: {', '.join(split.part_names)}",
        )
    return part


def _wish(state: SessionState, run: RunState, settings: TuningSettings, default: float) -> Wish:
    known = split_of(state, run).support
    for label in (*settings.per_label, *settings.adopt):
        require_label(state, run.name, label)
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
    tuning: PartData,
    measured: PartData,
    wish: Wish,
    decided: Decided,
    reconciled: tuple[Reconciled, ...],
) -> Outcome:
    """Evaluate the default thresholds and those to use, on both parts."""
    before = evaluate_part(measured, {}, wish.default, "test")
    if tuning.part == "test" and not wish.by_hand:
        after = _cross_fitted(measured, wish, decided)
    else:
        after = evaluate_part(measured, decided.values, wish.default, "test")
    optimistic = evaluate_part(tuning, decided.values, wish.default, tuning.part)
    return Outcome(tuning, measured, decided, before, after, optimistic, reconciled)


def _by_hand(state: SessionState, run: RunState, settings: TuningSettings) -> dict[str, float]:
    """Thresholds set by hand, now or earlier in this run."""
    earlier = {}
    if run.thresholds is not None and not settings.forget_by_hand:
        earlier = {label: run.thresholds.values[label] for label in run.thresholds.edited}
    for label, value in settings.set_by_hand.items():
        require_label(state, run.name, label)
        if not 0.0 <= value <= 1.0:
            raise InvalidInput(
                "Not a threshold", f"{value} for {printable(label, 60)}", "between 0 and 1"
            )
    return {**earlier, **settings.set_by_hand}


def _cross_fitted(data: PartData, wish: Wish, decided: Decided) -> Evaluation:
    truth = data.truth
    fitted = cross_fit(
        truth.labels,
        data.decision_scores,
        truth.membership,
        data.ceilings,
        n_folds=wish.folds,
        seed=wish.seed,
        objective=taking(wish, decided.kept),
        clusters=truth.clusters,
    )
    return fitted.evaluation("test, cross-fitted", truth.none_label)


def _save(
    session: Session, state: SessionState, report: RunReport, outcome: Outcome, wish: Wish
) -> ThresholdsState:
    run = find_run(state, report.run)
    folder = f"runs/{run.name}"
    write_atomic(
        session.path(f"{folder}/report.json"),
        msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n",
    )
    references = drift_reference(part_arrays(outcome.measured), outcome.decided.values)
    file = thresholds_file(state, run, report, references)
    save(file, session.path(f"{folder}/thresholds.json"))
    return ThresholdsState(
        inputs=scores_inputs(run),
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
