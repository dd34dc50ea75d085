"""Where each arm stands, derived from the jobs of its run."""

import msgspec

from core.comprehend.pricing import Estimate
from core.errors import InvalidInput
from core.text import plural, printable
from core.workflow.experiments.plan import ArmStatus, ArmWork, Stage, Version, arm_work, new_price
from core.workflow.jobs import job_failure, session_clients
from core.workflow.money import require_budget
from core.workflow.score import needs_intent, set_aside
from core.workflow.session import Session
from core.workflow.state import ArmState, ExperimentState, RunState, SessionState
from core.workflow.thresholds import load_report
from core.workflow.train import replace_failed_trainings


def arm_statuses(
    session: Session, state: SessionState, experiment: ExperimentState
) -> tuple[ArmStatus, ...]:
    """The stage of every arm, as last seen; nothing is asked of the engine."""
    return tuple(ArmStatus(arm, *_stage(session, state, arm)) for arm in experiment.arms)


def has_present_scores(session: Session, state: SessionState, run: RunState) -> bool:
    """Whether the scores of every held-out part are here and of the present settings."""
    parts = state.split_of(run).held_out_parts
    return session.has_scores(run, *parts) and not _is_outdated(state, run, parts)


def _is_outdated(state: SessionState, run: RunState, parts: tuple[str, ...]) -> bool:
    """Whether a classifier that still exists would have to score anew, or is doing so."""
    return any(run.is_behind(part) for part in parts) or any(
        (part in c.scoring and not c.scoring[part].is_usable)
        or (not state.is_deleted(c.training.arn) and needs_intent(state, c, part))
        for c in run.classifiers
        for part in parts
    )


def _stage(session: Session, state: SessionState, arm: ArmState) -> tuple[Stage, str]:
    run = state.find_run(arm.run)
    if run is None:
        return ("skipped", arm.skipped) if arm.skipped else ("planned", "to be trained")
    failed = run.failed_jobs
    if failed:
        assert failed[0].status is not None
        return "failed", job_failure(failed[0].id, failed[0].status).message
    lost = state.lost_classifiers(run)
    if lost:
        return "failed", f"classifier {', '.join(lost)} was deleted by the clean-up, without scores"
    untrained = [c.training for c in run.classifiers if not c.is_trained]
    if untrained:
        return "training", ", ".join(dict.fromkeys(printable(job.state, 30) for job in untrained))
    if has_present_scores(session, state, run):
        parts = state.split_of(run).held_out_parts
        return "done", ", ".join(f"{part} {run.scores[part].documents:,}" for part in parts)
    jobs = [job for c in run.classifiers for job in c.scoring.values() if not job.is_usable]
    words = dict.fromkeys(f"{job.part} {printable(job.state, 30)}" for job in jobs)
    return "scoring", ", ".join(words) or "to be scored"


def retry_failed(session: Session, experiment_id: str | None = None) -> int:
    """Intend the failed jobs of an experiment's arms anew; `run_experiment` then starts them.

    An arm whose classifier was deleted before it had scored is trained anew, as another run.

    Returns:
        How many jobs were intended anew, a deleted classifier counting as one.

    Raises:
        InvalidInput: no such experiment, or no arm has failed.
        Refused: the budget does not allow it.
        TryAgain: another terminal runs a step of this session.
    """
    with session.working():
        clients = session_clients(session)
        with session.editing() as state:
            experiment = state.experiment_named(experiment_id)
            anew = _renamed_lost(state, experiment)
            runs = [run for arm in experiment.arms if (run := state.find_run(arm.run)) is not None]
            works = [_work_of_failed(run) for run in runs]
            works += [arm_work(state, experiment, arm, {}) for arm in anew]
            require_budget(state, new_price(state, works))
            count = len(anew)
            for run in runs:
                count += len(run.failed_jobs)
                for classifier in run.classifiers:
                    for part, job in list(classifier.scoring.items()):
                        if job.is_failed:
                            set_aside(run, classifier, part)
                            del classifier.scoring[part]
                replace_failed_trainings(state, clients, run)
        if not count:
            raise InvalidInput(
                "Nothing to retry",
                f"no arm of experiment {printable(experiment.id)} has failed",
                "carry on with: comprehend-tuner oversample --resume",
            )
        session.record("retry", experiment=experiment.id, jobs=plural(count, "job"))
        return count


def _renamed_lost(state: SessionState, experiment: ExperimentState) -> list[ArmState]:
    """Give arms whose classifiers were deleted too early another run; return these arms."""
    anew = []
    for place, arm in enumerate(experiment.arms):
        run = state.find_run(arm.run)
        if run is None or run.failed_jobs or not state.lost_classifiers(run):
            continue
        taken = state.taken_names
        names = (f"{experiment.id}-{arm.plan.id}-v{number}" for number in range(2, 10_000))
        name = next(name for name in names if name not in taken)
        experiment.arms[place] = msgspec.structs.replace(arm, run=name)
        anew.append(experiment.arms[place])
    return anew


def _work_of_failed(run: RunState) -> ArmWork:
    """The trainings of a run that failed, at the price of the first attempt."""
    failed = [c.training for c in run.classifiers if c.training.is_failed]
    prices = [job.estimate for job in failed if job.estimate is not None]
    low, high = sum(p.low_usd for p in prices), sum(p.high_usd for p in prices)
    training = Estimate(low, high, "failed trainings")
    return ArmWork(len(failed), 0, 0, 0, training, Estimate(0.0, 0.0, ""))


# The history of versions: every trained run, what it was trained on, how good it is.


Bounds = tuple[float, float]


def versions(session: Session) -> tuple[Version, ...]:
    """Every run of the session, oldest first."""
    state = session.state()
    return tuple(_version(session, state, run) for run in state.runs)


def _version(session: Session, state: SessionState, run: RunState) -> Version:
    macro = _macro_f1(session, run)
    experiment, arm = state.arm_of(run) or (None, None)
    support = state.split_of(run).support
    verdict = ""
    if experiment is not None and experiment.comparison is not None and arm is not None:
        verdict = experiment.comparison.verdicts.get(arm.plan.group, "")
    return Version(
        run=run.name,
        kind=_kind(run, arm),
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


def _kind(run: RunState, arm: ArmState | None) -> str:
    if run.is_adopted:
        return "attached"
    if arm is not None and arm.plan.kind != "base":
        return arm.plan.kind
    if run.oversampled and arm is None:
        return "oversampled"
    return "label groups" if len(run.classifiers) > 1 else "split"


def _state(session: Session, state: SessionState, run: RunState) -> str:
    words = "trained"
    if run.failed_jobs:
        words = "failed"
    elif not run.is_trained:
        words = "training"
    elif run.thresholds is not None:
        words = "tuned"
    elif has_present_scores(session, state, run):
        words = "scored"
    is_gone = any(state.is_deleted(classifier.training.arn) for classifier in run.classifiers)
    return f"{words}, deleted" if is_gone else words


def _macro_f1(session: Session, run: RunState) -> tuple[Bounds | None, Bounds | None]:
    """Macro F1 on test at the default and at the saved thresholds; None without a report."""
    try:
        report = load_report(session, run)
    except InvalidInput:
        return None, None
    before, after = report.default, report.tuned
    return ((before.macro_f1_low, before.macro_f1_high), (after.macro_f1_low, after.macro_f1_high))
