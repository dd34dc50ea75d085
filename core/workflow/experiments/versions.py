"""The history of versions: every trained run, what it was trained on, how good it is."""

from core.errors import InvalidInput
from core.workflow.actions.tune import load_report
from core.workflow.experiments.arms import failed_jobs, is_scored
from core.workflow.experiments.views import Version
from core.workflow.session import Session
from core.workflow.state import ArmState, ExperimentState, RunState, SessionState
from core.workflow.steps import is_trained, split_of

Bounds = tuple[float, float]


def versions(session: Session) -> tuple[Version, ...]:
    """Every run of the session, oldest first."""
    state = session.state()
    return tuple(_version(session, state, run) for run in state.runs)


def _version(session: Session, state: SessionState, run: RunState) -> Version:
    macro = _macro_f1(session, run)
    found = _arm_of(state, run)
    support = split_of(state, run).support
    verdict = ""
    if found is not None and found[0].comparison is not None:
        verdict = found[0].comparison.verdicts.get(found[1].plan.group, "")
    return Version(
        run=run.name,
        kind=_kind(run, found),
        experiment=run.experiment,
        split=run.split,
        is_current=state.run is not None and state.run.name == run.name,
        positives=run.oversampled or {label: parts["train"] for label, parts in support.items()},
        state=_state(session, state, run),
        macro_f1=macro[1],
        macro_f1_default=macro[0],
        verdict=verdict,
        made_at=run.made_at,
    )


def _arm_of(state: SessionState, run: RunState) -> tuple[ExperimentState, ArmState] | None:
    for experiment in reversed(state.experiments):
        for arm in experiment.arms:
            if arm.run == run.name:
                return experiment, arm
    return None


def _kind(run: RunState, found: tuple[ExperimentState, ArmState] | None) -> str:
    if any(classifier.training.is_adopted for classifier in run.classifiers):
        return "attached"
    if found is not None and found[1].plan.kind != "base":
        return found[1].plan.kind
    if run.oversampled and found is None:
        return "oversampled"
    return "label groups" if len(run.classifiers) > 1 else "split"


def _state(session: Session, state: SessionState, run: RunState) -> str:
    deleted = {entry.name for entry in state.ledger if entry.state == "deleted"}
    words = "trained"
    if failed_jobs(run):
        words = "failed"
    elif not all(is_trained(classifier) for classifier in run.classifiers):
        words = "training"
    elif run.thresholds is not None:
        words = "tuned"
    elif is_scored(session, state, run):
        words = "scored"
    is_gone = any(classifier.training.arn in deleted for classifier in run.classifiers)
    return f"{words}, deleted" if is_gone else words


def _macro_f1(session: Session, run: RunState) -> tuple[Bounds | None, Bounds | None]:
    """Macro F1 on test at the default and at the saved thresholds; None without a report."""
    try:
        report = load_report(session, run)
    except InvalidInput:
        return None, None
    before, after = report.default, report.tuned
    return (
        (before.macro_f1_low, before.macro_f1_high),
        (after.macro_f1_low, after.macro_f1_high),
    )
