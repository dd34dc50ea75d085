"""One step further with one arm: start what may start, look at what runs, fetch what has ended."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from core.comprehend.clients import Clients
from core.progress import CancelToken, Reporter
from core.workflow.actions.joining import collect_scores
from core.workflow.actions.launching import launch, look
from core.workflow.actions.metrics import collect_training
from core.workflow.actions.runs import find_run
from core.workflow.actions.score import plan_scoring, start_scoring_jobs
from core.workflow.actions.scoring_intents import needs_intent
from core.workflow.actions.watch import parts_to_join
from core.workflow.experiments.arms import failed_jobs, is_behind, is_scored
from core.workflow.experiments.finding import find_experiment, run_of_arm
from core.workflow.experiments.starting import start_arm
from core.workflow.session import Session
from core.workflow.state import JobState, RunState, SessionState
from core.workflow.steps import held_out_parts, is_trained, is_usable, split_of

Watch = tuple[Reporter, CancelToken | None]


@dataclass(frozen=True)
class Room:
    """How many jobs the engine takes beside those that are under way."""

    accepted: int
    watched: frozenset[str]
    """Runs whose jobs are looked at; those of others may have ended unseen."""

    def is_free(self, state: SessionState, kind: str, wanted: int) -> bool:
        """Whether so many more jobs of a kind may be started.

        Jobs of the whole session are counted. While none that is looked at is under way the engine
        itself is asked, so that a job nobody looks at any more holds nothing back.
        """
        ended = {job.id for run in state.runs for job in run.jobs() if _is_final(job)}
        active = {
            job.id: run.name
            for run in state.runs
            for job in run.jobs()
            if job.kind == kind and job.arn and job.id not in ended
        }
        is_busy = not self.watched.isdisjoint(active.values())
        return not is_busy or len(active) + wanted <= self.accepted


def advance_arm(
    session: Session,
    clients: Clients,
    experiment_id: str,
    arm_id: str,
    watch: Watch,
    given_up: Collection[str] = (),
) -> bool:
    """Do what can be done for an arm without waiting; return whether anything has changed.

    Jobs are started only while the engine takes them.

    Args:
        given_up: ids of arms that are not looked at any more.

    Raises:
        TunerError: a call, a transfer or a file of this arm failed.
        Interrupted: cancelled.
    """
    state = session.state()
    experiment = find_experiment(state, experiment_id)
    arm = experiment.arm(arm_id)
    watched = {one.run for one in experiment.arms if one.plan.id not in given_up}
    room = Room(clients.accepted, frozenset(watched))
    run = run_of_arm(state, arm)
    if run is None:
        if arm.skipped or not room.is_free(state, "training", 1 + len(experiment.groups)):
            return False
        start_arm(session, clients, experiment_id, arm_id, *watch)
        return True
    if failed_jobs(run):
        return _look_at(session, clients, run, run.jobs())
    if not all(is_trained(classifier) for classifier in run.classifiers):
        return _train(session, clients, run, room, watch)
    if is_scored(session, state, run):
        return False
    return _score(session, clients, run, room, watch)


def _look_at(session: Session, clients: Clients, run: RunState, jobs: Sequence[JobState]) -> bool:
    """Look at the jobs under way; return whether the state of any has changed."""
    has_moved = False
    for job in jobs:
        if job.arn and not _is_final(job):
            status = look(session, clients, run.name, job)
            has_moved |= job.status is None or status.state != job.status.state
            job.status = status
    return has_moved


def _train(session: Session, clients: Clients, run: RunState, room: Room, watch: Watch) -> bool:
    has_moved = False
    for classifier in run.classifiers:
        job = classifier.training
        if is_trained(classifier):
            continue
        if not job.arn:
            if room.is_free(session.state(), "training", 1):
                launch(session, clients, run.name, job.id, *watch)
                has_moved = True
            continue
        has_moved |= _look_at(session, clients, run, [job])
        if job.status is not None and job.status.is_usable:
            collect_training(session, clients, run.name, classifier.id, *watch)
            has_moved = True
    return has_moved


def _score(session: Session, clients: Clients, run: RunState, room: Room, watch: Watch) -> bool:
    state = session.state()
    parts = held_out_parts(split_of(state, run))
    to_start = [
        (classifier, part)
        for classifier in run.classifiers
        for part in parts
        if needs_intent(state, classifier, part) or not classifier.scoring[part].arn
    ]
    if to_start:
        if not room.is_free(state, "scoring", len(to_start)):
            return False
        start_scoring_jobs(session, plan_scoring(session, run.name), *watch)
        return True
    jobs = [classifier.scoring[part] for classifier in run.classifiers for part in parts]
    has_moved = _look_at(session, clients, run, jobs)
    now = find_run(session.state(), run.name)
    for part in sorted({*parts_to_join(now), *_parts_to_rejoin(session, now)}):
        collect_scores(session, clients, run.name, part, *watch)
        has_moved = True
    return has_moved


def _parts_to_rejoin(session: Session, run: RunState) -> list[str]:
    """The parts whose output is here and whose joined scores are gone, or of earlier jobs."""
    return [
        part
        for part, kept in run.scores.items()
        if (not session.path(kept.path).exists() or is_behind(run, part))
        and all(part in c.scoring and is_usable(c.scoring[part]) for c in run.classifiers)
    ]


def _is_final(job: JobState) -> bool:
    return job.status is not None and job.status.is_final
