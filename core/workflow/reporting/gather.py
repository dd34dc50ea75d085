"""Gather everything that is known about a run; what cannot be had is named, not left out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from core.errors import Interrupted, TunerError
from core.progress import CancelToken, Reporter, silent
from core.text import printable
from core.tuning.calibration import CalibrationView, calibration_view
from core.workflow.actions.compare import CompareReport, compare_session_runs
from core.workflow.actions.metrics import load_metrics
from core.workflow.actions.part_data import default_threshold, load_part_data, part_arrays
from core.workflow.actions.reconciling import reconcile_run
from core.workflow.actions.run_curves import needs_tuning
from core.workflow.actions.runs import pick_run
from core.workflow.actions.tune import load_report
from core.workflow.reporting.background import (
    classifier_facts,
    cost_facts,
    data_facts,
    health_facts,
    job_facts,
    latest_time,
    provenance,
    split_facts,
)
from core.workflow.reporting.contents import DrawnCurve, FullReport, Gap
from core.workflow.reporting.drawn_curves import MOST_DRAWN, drawn_curve
from core.workflow.reporting.experiment_section import experiment_of
from core.workflow.reports import RunReport
from core.workflow.session import Session
from core.workflow.state import RunState, SessionState
from core.workflow.steps import split_of, tuning_part

Result = TypeVar("Result")


@dataclass
class _Gaps:
    """Collects what could not be had."""

    found: list[Gap] = field(default_factory=list)

    def attempt(self, what: str, compute: Callable[[], Result]) -> Result | None:
        """The result, or None with the reason noted."""
        try:
            return compute()
        except Interrupted:
            raise
        except TunerError as error:
            self.found.append(Gap(what, f"{error.title}: {error.message}", error.hint))
            return None


def gather_report(
    session: Session,
    run_name: str | None = None,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> FullReport:
    """Everything that is known about a run.

    Other runs that were tested on the same documents are compared with it; a comparison that was
    not made before counts as a look at the test part. Two calls on an unchanged session give equal
    reports.

    Args:
        session: the session.
        run_name: the run; the newest when None.

    Raises:
        InvalidInput: there is no such run.
        Interrupted: cancelled.
    """
    state = session.state()
    run = pick_run(state, run_name)
    gaps = _Gaps()
    tuning = gaps.attempt("thresholds", lambda: load_report(session, run))
    is_stale = tuning is not None and needs_tuning(session, run)
    view, curves = _views(session, state, run, tuning if not is_stale else None, gaps)
    service = gaps.attempt("service metrics", lambda: load_metrics(session, run.name))
    reconciled = gaps.attempt("reconciliation", lambda: reconcile_run(session, run.name))
    comparison = None
    if tuning is not None and not is_stale:
        comparison = _comparison(session, state, run, gaps, reporter, cancel)
    split, as_of = split_of(state, run), latest_time(state)
    return FullReport(
        session=state.name, run=run.name, is_offline=state.engine.name == "offline", as_of=as_of,
        engine=tuning.engine if tuning else _badge(state),
        mode=tuning.mode if tuning else state.dataset.mode,
        gaps=tuple(gaps.found), cautions=_cautions(state, run, tuning, is_stale),
        tuning=tuning, is_stale=is_stale, test_looks=session.state().test_looks,
        returned_share={part: scores.returned_share for part, scores in run.scores.items()},
        oversampled=run.oversampled, curves=curves, calibration=view, comparison=comparison,
        experiment=experiment_of(session, session.state(), run),
        service=service or (), reconciliation=reconciled or (),
        data=data_facts(state, split), health=health_facts(state, split), split=split_facts(split),
        classifiers=classifier_facts(run), jobs=job_facts(run),
        cost=cost_facts(state, run, as_of), provenance=provenance(session, state, run),
    )  # fmt: skip


def _badge(state: SessionState) -> str:
    return "OFFLINE" if state.engine.name == "offline" else f"AWS {state.engine.region}"


def _cautions(
    state: SessionState, run: RunState, tuning: RunReport | None, is_stale: bool
) -> tuple[str, ...]:
    cautions = list(tuning.cautions) if tuning else list(run.notes)
    if tuning is None and state.engine.name == "offline":
        cautions.insert(0, "OFFLINE: these scores come from the offline twin, not from Comprehend")
    if is_stale:
        cautions.insert(
            0, "the thresholds belong to earlier scores: tune again before using any figure here"
        )
    return tuple(cautions)


def _views(
    session: Session, state: SessionState, run: RunState, tuning: RunReport | None, gaps: _Gaps
) -> tuple[CalibrationView | None, tuple[DrawnCurve, ...]]:
    """How scores read, and the curves, on the part that thresholds are tuned on."""
    part = tuning.tuned_on if tuning else tuning_part(split_of(state, run))
    data = gaps.attempt("curves and calibration", lambda: load_part_data(session, state, run, part))
    if data is None:
        return None, ()
    default = default_threshold(data.truth.mode)
    values = {label.label: label.threshold for label in tuning.labels} if tuning else {}
    thresholds = {label: values.get(label, default) for label in data.truth.labels}
    curves = data.curves()
    if len(curves) > MOST_DRAWN:
        gaps.found.append(
            Gap("curves of some labels", f"only the first {MOST_DRAWN} labels are drawn",
                "draw any label: comprehend-tuner thresholds --chart LABEL")
        )  # fmt: skip
    drawn = tuple(
        drawn_curve(curve, part, thresholds[label])
        for label, curve in list(curves.items())[:MOST_DRAWN]
    )
    return calibration_view(part_arrays(data), thresholds), drawn


def _comparison(
    session: Session,
    state: SessionState,
    run: RunState,
    gaps: _Gaps,
    reporter: Reporter,
    cancel: CancelToken | None,
) -> CompareReport | None:
    """Other runs of the same split against this one; None when there are none."""
    names = [run.name]
    for other in state.runs:
        if other.name == run.name or other.experiment:
            continue
        what = f"comparison with run {printable(other.name, 60)}"
        if split_of(state, other).fingerprint != split_of(state, run).fingerprint:
            gaps.found.append(Gap(what, "it was tested on other documents", ""))
        elif needs_tuning(session, other):
            remedy = f"run: comprehend-tuner thresholds --run {printable(other.name)}"
            gaps.found.append(Gap(what, "it has no thresholds of its present scores", remedy))
        else:
            names.append(other.name)
    if len(names) < 2:
        return None
    return gaps.attempt(
        "comparison",
        lambda: compare_session_runs(session, names, reporter=reporter, cancel=cancel),
    )
