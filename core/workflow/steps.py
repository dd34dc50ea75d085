"""Where each step stands.

A status is never stored: it follows from the artefacts and from the fingerprints of what they were
made from. Change an input and the later steps turn stale; nothing is deleted.
"""

from collections.abc import Callable
from dataclasses import dataclass

from core.text import plural
from core.workflow.session import Session
from core.workflow.state import ExperimentState, RunState, SessionState
from core.workflow.step_table import STEPS, Status, Step


@dataclass(frozen=True)
class StepStatus:
    """Where one step stands."""

    step: Step
    status: Status
    detail: str
    """One line: what is there, or what is missing."""


def step_statuses(session: Session, state: SessionState) -> tuple[StepStatus, ...]:
    """The status of every step, in their order."""
    rules: dict[str, Callable[[Session, SessionState], tuple[Status, str]]] = {
        "data": _data,
        "health": _health,
        "split": _split,
        "train": _train,
        "score": _score,
        "thresholds": _thresholds,
        "review": _review,
        "oversample": _oversample,
        "cleanup": _cleanup,
    }
    return tuple(StepStatus(step, *rules[step.id](session, state)) for step in STEPS)


def next_step(statuses: tuple[StepStatus, ...]) -> Step | None:
    """The first step of the main line that is worth doing next; None when all is done."""
    for status in statuses:
        if status.step.id in ("review", "oversample", "cleanup"):
            continue
        if status.status in ("ready", "stale", "running"):
            return status.step
    return None


def _data(session: Session, state: SessionState) -> tuple[Status, str]:
    data = state.dataset
    return "done", f"{plural(data.documents, 'document')}, {plural(len(data.labels), 'label')}"


def _health(session: Session, state: SessionState) -> tuple[Status, str]:
    if state.health is None:
        return "ready", "not checked yet"
    errors = sum(finding.severity == "error" for finding in state.health.findings)
    warnings = sum(finding.severity == "warning" for finding in state.health.findings)
    summary = f"{plural(errors, 'error')}, {plural(warnings, 'warning')}"
    if state.health.dataset != state.dataset.fingerprint:
        return "stale", f"the dataset changed since ({summary})"
    return "done", summary


def _split(session: Session, state: SessionState) -> tuple[Status, str]:
    split = state.split
    if split is None:
        return "ready", "not split yet"
    sizes = " / ".join(
        f"{part} {size:,}" for part, size in zip(split.part_names, split.sizes, strict=True)
    )
    if split.dataset != state.dataset.fingerprint:
        return "stale", f"the dataset changed since ({sizes})"
    return "done", sizes


def _train(session: Session, state: SessionState) -> tuple[Status, str]:
    split = state.split
    if split is None or split.dataset != state.dataset.fingerprint:
        return "blocked", "needs a split of the present dataset" if split else "needs a split"
    run = state.run
    if run is None:
        return "ready", "no classifier yet"
    if run.inputs != split.training_inputs(state.oversampling_of(split)):
        return "stale", f"run {run.name} was trained on other data"
    jobs = [classifier.training for classifier in run.classifiers]
    failed = [job for job in jobs if job.is_failed]
    if failed:
        return "ready", f"run {run.name}: training ended {failed[0].state}"
    if run.is_trained:
        return "done", f"run {run.name}, {plural(len(jobs), 'classifier')}"
    return "running", f"run {run.name}: {', '.join(job.state for job in jobs)}"


def _score(session: Session, state: SessionState) -> tuple[Status, str]:
    run = state.run
    if run is None or not run.is_trained:
        return "blocked", "needs a trained classifier"
    parts = state.split_of(run).held_out_parts
    if session.has_scores(run, *parts):
        done = ", ".join(f"{part} {run.scores[part].documents:,}" for part in parts)
        return _unless_stale(state, run, f"run {run.name}: {done}")
    return _scoring_jobs(run)


def _scoring_jobs(run: RunState) -> tuple[Status, str]:
    jobs = [job for c in run.classifiers for job in c.scoring.values() if not job.is_usable]
    failed = [job for job in jobs if job.is_failed]
    if failed:
        return "ready", f"{failed[0].part}: scoring ended {failed[0].state}"
    if jobs:
        return "running", ", ".join(f"{job.part} {job.state}" for job in jobs)
    return "ready", f"run {run.name} has no scores yet"


def _thresholds(session: Session, state: SessionState) -> tuple[Status, str]:
    run = state.run
    if run is None or not run.is_scored(*state.split_of(run).held_out_parts):
        return "blocked", "needs scores"
    if run.thresholds is None or not session.path(run.thresholds.path).exists():
        return "ready", f"run {run.name} has no thresholds yet"
    if run.thresholds.inputs != run.scores_fingerprint:
        return "stale", "the scores changed since"
    return _unless_stale(state, run, f"run {run.name}: tuned on {run.thresholds.tuned_on}")


def _review(session: Session, state: SessionState) -> tuple[Status, str]:
    if _thresholds(session, state)[0] == "blocked":
        return "blocked", "needs scores"
    return "ready", "documents around the threshold"


def _oversample(session: Session, state: SessionState) -> tuple[Status, str]:
    if state.split is None:
        return "blocked", "needs a split"
    experiments = [each for each in state.experiments if each.split == state.split.id]
    if experiments:
        return _experiment(state, experiments[-1])
    over = state.oversampling
    if over is None:
        return "ready", "nothing repeated"
    summary = ", ".join(f"{label} to {over.after[label]}" for label in over.targets)
    if over.split != state.split.fingerprint:
        return "stale", f"made for another split ({summary})"
    return "done", summary


def _experiment(state: SessionState, experiment: ExperimentState) -> tuple[Status, str]:
    """How many arms are scored, and whether any job of the others is under way."""
    arms = [arm for arm in experiment.arms if not arm.skipped]
    runs = [run for arm in arms if (run := state.find_run(arm.run)) is not None]
    parts = state.split_of(experiment).held_out_parts
    scored = sum(run.is_scored(*parts) for run in runs)
    detail = f"{experiment.id}: {scored} of {plural(len(arms), 'arm')} scored"
    adopted = [arm.plan.id for arm in experiment.arms if arm.run == state.adopted]
    if adopted:
        detail += f", {adopted[0]} adopted"
    if scored == len(arms):
        return "done", detail
    is_active = any(job.is_running for run in runs for job in run.jobs())
    return "running" if is_active else "ready", detail


def _cleanup(session: Session, state: SessionState) -> tuple[Status, str]:
    left = [entry for entry in state.ledger if entry.state != "deleted"]
    if left:
        return "ready", f"{plural(len(left), 'resource')} to delete"
    return ("done", "nothing left") if state.ledger else ("blocked", "nothing created yet")


def _unless_stale(state: SessionState, run: RunState, detail: str) -> tuple[Status, str]:
    split = state.split
    if split is None or run.inputs != split.training_inputs(state.oversampling_of(split)):
        return "stale", f"{detail}, of other data"
    return "done", detail
