"""The thresholds step: tune on held-out scores, measure on others, write file and report."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from core.errors import InvalidInput
from core.files import write_atomic
from core.progress import CancelToken
from core.text import printable
from core.tuning.evaluation import Evaluation
from core.tuning.evidence import cross_fit
from core.tuning.objectives import Choice, choose
from core.tuning.thresholds import save
from core.workflow.actions.part_data import (
    PartData,
    default_threshold,
    evaluate_part,
    load_part_data,
)
from core.workflow.actions.runs import find_run, pick_run, require_label
from core.workflow.actions.thresholds_file import thresholds_file
from core.workflow.actions.tuning_report import Outcome, run_report
from core.workflow.reports import RunReport
from core.workflow.session import Session
from core.workflow.state import RunState, SessionState, ThresholdsState
from core.workflow.steps import scores_inputs, split_of, tuning_part


@dataclass(frozen=True)
class TuningSettings:
    """What to tune, and how."""

    run: str | None = None
    objective: str = "max_f1"
    tune_on: str | None = None
    """The part to tune on; None for calibration, or test (cross-fitted) when there is none."""
    set_by_hand: Mapping[str, float] = field(default_factory=dict)
    """Thresholds that the user chose, by label."""
    forget_by_hand: bool = False
    """Whether thresholds set by hand earlier are tuned again."""
    folds: int = 5
    seed: int = 0


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
) -> Tuned:
    """Tune every label, measure on documents that played no part in it, and save both.

    Thresholds are tuned on the calibration part and measured on test; with a two-way split they are
    tuned on test and measured by cross-fitting.

    Raises:
        InvalidInput: a part was not scored, or the settings name an unknown label or part.
        TryAgain: another terminal runs a step of this session.
        Interrupted: cancelled; the session is as it was.
    """
    with session.working():
        state = session.state()
        run = pick_run(state, settings.run)
        part = _tuning_part(state, run, settings)
        tuning = load_part_data(session, state, run, part)
        default = default_threshold(tuning.truth.mode)
        choices = _choices(tuning, settings, default)
        values = {label: choice.threshold for label, choice in choices.items()}
        by_hand = _by_hand(state, run, settings)
        values |= by_hand
        if part == "test":
            measured = tuning
            before = evaluate_part(measured, {}, default, "test")
            after = _cross_fitted(measured, settings, values if by_hand else {}, cancel)
        else:
            measured = load_part_data(session, state, run, "test")
            before = evaluate_part(measured, {}, default, "test")
            after = evaluate_part(measured, values, default, "test")
        optimistic = evaluate_part(tuning, values, default, part)
        outcome = Outcome(tuning, measured, choices, before, after, optimistic)
        with session.editing() as state:
            run = find_run(state, run.name)
            if run.thresholds is None or run.thresholds.values != values:
                state.test_looks += 1
            report = run_report(session, state, run, settings.objective, by_hand, outcome)
            run.thresholds = _save(session, state, run, report)
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


def _choices(tuning: PartData, settings: TuningSettings, default: float) -> dict[str, Choice]:
    return {
        label: choose(curve, settings.objective, default)
        for label, curve in tuning.curves().items()
    }


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


def _cross_fitted(
    data: PartData,
    settings: TuningSettings,
    values: Mapping[str, float],
    cancel: CancelToken | None,
) -> Evaluation:
    default = default_threshold(data.truth.mode)
    if values:
        return evaluate_part(data, values, default, "test")
    truth = data.truth
    if cancel is not None:
        cancel.check()
    fitted = cross_fit(
        truth.labels,
        data.decision_scores,
        truth.membership,
        data.ceilings,
        n_folds=settings.folds,
        seed=settings.seed,
        objective=lambda curve: choose(curve, settings.objective, default),
        clusters=truth.clusters,
    )
    return fitted.evaluation("test, cross-fitted", truth.none_label)


def _save(
    session: Session, state: SessionState, run: RunState, report: RunReport
) -> ThresholdsState:
    folder = f"runs/{run.name}"
    write_atomic(
        session.path(f"{folder}/report.json"),
        msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n",
    )
    save(thresholds_file(state, run, report), session.path(f"{folder}/thresholds.json"))
    return ThresholdsState(
        inputs=scores_inputs(run),
        objective=report.objective,
        tuned_on=report.tuned_on,
        measured_on=report.measured_on,
        values={label.label: label.threshold for label in report.labels},
        edited=tuple(label.label for label in report.labels if label.status == "set by hand"),
        path=f"{folder}/thresholds.json",
        report=f"{folder}/report.json",
        made_at=report.made_at,
    )
