"""Where each step stands.

A status is never stored: it follows from the artefacts and from the fingerprints of what they were
made from. Change an input and the later steps turn stale; nothing is deleted.
"""

from collections.abc import Callable
from dataclasses import dataclass

from core.files import fingerprint
from core.text import plural
from core.workflow.session import Session
from core.workflow.state import (
    ClassifierState,
    ExperimentState,
    JobState,
    OversamplingState,
    RunState,
    SessionState,
    SplitState,
)
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


def oversampling_in_force(state: SessionState, split: SplitState) -> OversamplingState | None:
    """What the next run of a split is trained on instead of the training part as it was split."""
    over = state.oversampling
    return over if over is not None and over.split == split.fingerprint else None


def training_inputs(split: SplitState, over: OversamplingState | None) -> str:
    """Fingerprint of everything that training on a split, or on a changed one, depends on."""
    repeated = over.training.fingerprint if over is not None else ""
    files = [split.training[part].fingerprint for part in sorted(split.training)]
    return fingerprint("training", split.delimiter, repeated, *files)


def scores_inputs(run: RunState) -> str:
    """Fingerprint of the scores of a run."""
    return fingerprint("scores", *(f"{p}={run.scores[p].fingerprint}" for p in sorted(run.scores)))


def tuning_part(split: SplitState) -> str:
    """The part that thresholds are tuned on: calibration, or test when there is none."""
    return "calibration" if "calibration" in split.part_names else "test"


def held_out_parts(split: SplitState) -> tuple[str, ...]:
    """The parts that a run must score before its thresholds can be tuned and measured."""
    return tuple(part for part in split.part_names if part != "train")


def split_of(state: SessionState, run: RunState) -> SplitState:
    """The split that a run was trained on."""
    return next(split for split in state.splits if split.id == run.split)


def is_usable(job: JobState) -> bool:
    """Whether a job ended well and its output is here."""
    return bool(job.artifact) and job.status is not None and job.status.is_usable


def is_failed(job: JobState) -> bool:
    """Whether a job ended without usable output."""
    return job.status is not None and job.status.is_final and not job.status.is_usable


def is_trained(classifier: ClassifierState) -> bool:
    """Whether a classifier is trained and its metrics are here."""
    return is_usable(classifier.training)


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
    if run.inputs != training_inputs(split, oversampling_in_force(state, split)):
        return "stale", f"run {run.name} was trained on other data"
    jobs = [classifier.training for classifier in run.classifiers]
    failed = [job for job in jobs if is_failed(job)]
    if failed:
        return "ready", f"run {run.name}: training ended {_state(failed[0])}"
    if all(is_trained(classifier) for classifier in run.classifiers):
        return "done", f"run {run.name}, {plural(len(jobs), 'classifier')}"
    return "running", f"run {run.name}: {', '.join(_state(job) for job in jobs)}"


def _score(session: Session, state: SessionState) -> tuple[Status, str]:
    run = state.run
    if run is None or not all(is_trained(c) for c in run.classifiers):
        return "blocked", "needs a trained classifier"
    parts = held_out_parts(split_of(state, run))
    scored = [p for p in parts if p in run.scores and session.path(run.scores[p].path).exists()]
    if len(scored) == len(parts):
        done = ", ".join(f"{part} {run.scores[part].documents:,}" for part in parts)
        return _unless_stale(state, run, f"run {run.name}: {done}")
    return _scoring_jobs(run)


def _scoring_jobs(run: RunState) -> tuple[Status, str]:
    jobs = [job for c in run.classifiers for job in c.scoring.values() if not is_usable(job)]
    failed = [job for job in jobs if is_failed(job)]
    if failed:
        return "ready", f"{failed[0].part}: scoring ended {_state(failed[0])}"
    if jobs:
        return "running", ", ".join(f"{job.part} {_state(job)}" for job in jobs)
    return "ready", f"run {run.name} has no scores yet"


def _thresholds(session: Session, state: SessionState) -> tuple[Status, str]:
    run = state.run
    if run is None or not set(held_out_parts(split_of(state, run))) <= run.scores.keys():
        return "blocked", "needs scores"
    if run.thresholds is None or not session.path(run.thresholds.path).exists():
        return "ready", f"run {run.name} has no thresholds yet"
    if run.thresholds.inputs != scores_inputs(run):
        return "stale", "the scores changed since"
    return _unless_stale(state, run, f"run {run.name}: tuned on {run.thresholds.tuned_on}")


def _review(session: Session, state: SessionState) -> tuple[Status, str]:
    if _thresholds(session, state)[0] == "blocked":
        return "blocked", "needs scores"
    return "ready", "documents around the threshold"


def _oversample(session: Session, state: SessionState) -> tuple[Status, str]:
    if state.split is None:
        return "blocked", "needs a split"
    found = [one for one in state.experiments if one.split == state.split.id]
    if found:
        return _experiment(state, found[-1])
    over = state.oversampling
    if over is None:
        return "ready", "nothing repeated"
    summary = ", ".join(f"{label} to {over.after[label]}" for label in over.targets)
    if over.split != state.split.fingerprint:
        return "stale", f"made for another split ({summary})"
    return "done", summary


def _experiment(state: SessionState, experiment: ExperimentState) -> tuple[Status, str]:
    """How many arms are scored, and whether any job of the others is under way."""
    runs = {run.name: run for run in state.runs}
    wanted = [arm for arm in experiment.arms if not arm.skipped]
    there = [runs[arm.run] for arm in wanted if arm.run in runs]
    scored = [
        run for run in there if set(held_out_parts(split_of(state, run))) <= run.scores.keys()
    ]
    detail = f"{experiment.id}: {len(scored)} of {plural(len(wanted), 'arm')} scored"
    adopted = [arm.plan.id for arm in experiment.arms if arm.run == state.adopted]
    if adopted:
        detail += f", {adopted[0]} adopted"
    if len(scored) == len(wanted):
        return "done", detail
    is_active = any(
        job.arn and not (job.status and job.status.is_final) for run in there for job in run.jobs()
    )
    return "running" if is_active else "ready", detail


def _cleanup(session: Session, state: SessionState) -> tuple[Status, str]:
    left = [entry for entry in state.ledger if entry.state != "deleted"]
    if left:
        return "ready", f"{plural(len(left), 'resource')} to delete"
    return ("done", "nothing left") if state.ledger else ("blocked", "nothing created yet")


def _unless_stale(state: SessionState, run: RunState, detail: str) -> tuple[Status, str]:
    split = state.split
    if split is None or run.inputs != training_inputs(split, oversampling_in_force(state, split)):
        return "stale", f"{detail}, of other data"
    return "done", detail


def _state(job: JobState) -> str:
    return job.status.state if job.status else ("SUBMITTED" if job.arn else "to be started")
