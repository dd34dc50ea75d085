"""Train and score every arm, as many at once as the engine allows, whatever interrupts it."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np

from core.comprehend.engine import Clients
from core.comprehend.jobs import EXPIRED, MOST_FAULTS
from core.comprehend.service_errors import is_expired
from core.errors import Interrupted, InvalidInput, TryAgain, TunerError
from core.progress import UNWATCHED, Progress, Watch
from core.text import plural, printable
from core.tuning.arm_effects import has_stalled
from core.workflow.experiments.arms import arm_statuses, has_present_scores
from core.workflow.experiments.plan import (
    ArmStatus,
    ExperimentPlan,
    arm_work,
    draft_basis,
    new_price,
    same_experiment,
    with_aims,
    write_arm,
)
from core.workflow.following import parts_to_join
from core.workflow.health import require_health
from core.workflow.jobs import launch, look, session_clients
from core.workflow.metrics import collect_training
from core.workflow.money import require_budget
from core.workflow.parts import load_part
from core.workflow.recorded import is_as_recorded
from core.workflow.score import (
    collect_scores,
    needs_intent,
    part_units,
    plan_scoring,
    start_scoring_jobs,
)
from core.workflow.session import Session
from core.workflow.split import write_group_files
from core.workflow.state import (
    ArmState,
    ExperimentState,
    JobState,
    OversamplingState,
    RunState,
    SessionState,
)
from core.workflow.train import NewRun, add_run, has_files, new_classifiers_price, run_to_train

# Keep an experiment, and start the trainings of one arm.


def start_experiment(
    session: Session, plan: ExperimentPlan, despite_findings: bool = False
) -> ExperimentState:
    """Keep the arms of an experiment; `run_experiment` trains them. Nothing is paid yet.

    Raises:
        InvalidInput: there is no split of the present dataset, or another one than was planned on.
        Refused: the health gate is closed, or the whole of it does not fit into the budget.
        TryAgain: another terminal runs a step of this session.
    """
    with session.working():
        with session.editing() as state:
            if plan.trainings:
                require_health(state, despite_findings)
            experiment = _as_planned(state, plan)
            units = part_units(session, state, state.split_of(experiment))
            works = [arm_work(state, experiment, arm, units) for arm in experiment.arms]
            require_budget(state, new_price(state, works))
            others = [other for other in state.experiments if other.id != experiment.id]
            state.experiments = [*others, experiment]
        session.record(
            "experiment", id=experiment.id, request=experiment.request, arms=len(experiment.arms)
        )
        return experiment


def _as_planned(state: SessionState, plan: ExperimentPlan) -> ExperimentState:
    """The experiment of a plan: as it is there by now, or as it was drafted.

    Raises:
        InvalidInput: it was drafted from another split, or beside other runs and experiments.
    """
    if plan.is_resumed:
        return with_aims(state.experiment_named(plan.id), plan.objective, plan.patience)
    drafted = plan.draft.experiment
    same = same_experiment(state, drafted)
    if same is not None:
        return same
    split = state.present_split()
    if split.id != plan.split:
        raise InvalidInput(
            "Split changed",
            f"the arms were planned on split {plan.split}; the newest is {split.id} now",
            "plan them again",
        )
    if draft_basis(state) != plan.draft.basis:
        raise InvalidInput(
            "Session changed",
            "its training data, runs or experiments are not those that the arms were planned on",
            "plan them again",
        )
    return drafted


def start_arm(
    session: Session, clients: Clients, experiment_id: str, arm_id: str, watch: Watch = UNWATCHED
) -> None:
    """Write the training files of an arm, intend its trainings and start them, or carry on.

    Raises:
        InvalidInput: a document to repeat is held out too, or no bucket or role was chosen.
        Refused: the budget does not allow what is new.
        TryAgain: another terminal runs a step of this session.
        TunerError: an upload or a call failed.
    """
    with session.working():
        state = session.state()
        experiment = state.experiment_named(experiment_id)
        arm = experiment.arm(arm_id)
        if state.find_run(arm.run) is None:
            if arm.skipped:
                return
            _intend(session, state, clients, experiment, arm, watch)
        state = session.state()
        run = state.find_run(state.experiment_named(experiment_id).arm(arm_id).run)
        assert run is not None
        if not has_files(session, state, run):
            over = state.experiment_named(experiment_id).arm(arm_id).made
            write_group_files(session, state, state.split_of(run), over, run.groups, watch)
        for classifier in run.classifiers:
            launch(session, clients, run.name, classifier.training.id, watch)


def _intend(
    session: Session,
    state: SessionState,
    clients: Clients,
    experiment: ExperimentState,
    arm: ArmState,
    watch: Watch,
) -> None:
    """Put the arm's run into the state; one that was trained on the same files is taken instead.

    A base that is trained for the experiment does not take the place of the session's own run.
    """
    split = state.split_of(experiment)
    over = write_arm(session, state, split, experiment.id, arm)
    trained = state.trained_run(split, experiment.groups, over)
    if trained is not None:
        with session.editing() as now_state:
            _note(now_state, experiment, arm, over, trained.name)
        return
    new = _new_run(state, experiment, arm, over)
    files = write_group_files(session, state, split, over, new.groups, watch)
    documents = over.training.documents if over else split.training["train"].documents
    with session.editing() as now_state:
        require_budget(now_state, new_classifiers_price(now_state, len(new.trained), documents))
        _note(now_state, experiment, arm, over, arm.run)
        own = now_state.run
        add_run(now_state, split, over, clients, new, files)
        if own is not None and not new.experiment:
            now_state.adopted = own.name


def _note(
    state: SessionState,
    experiment: ExperimentState,
    arm: ArmState,
    over: OversamplingState | None,
    run: str,
) -> None:
    """Note what an arm is trained on, and as which run."""
    saved = state.experiment_named(experiment.id)
    saved.arms = [
        msgspec.structs.replace(other, made=over, run=run)
        if other.plan.id == arm.plan.id
        else other
        for other in saved.arms
    ]


def _new_run(
    state: SessionState, experiment: ExperimentState, arm: ArmState, over: OversamplingState | None
) -> NewRun:
    """The run of an arm; the base takes over what is trained of it already."""
    is_arm = over is not None or arm.run.startswith(f"{experiment.id}-")
    shared = ""
    if over is None:
        split = state.split_of(experiment)
        shared = run_to_train(state, split, None, None, experiment.groups, "rare").shared
    return NewRun(arm.run, experiment.groups, shared, experiment.id if is_arm else "")


# One step further with one arm: start what may start, look at what runs, fetch what has ended.


@dataclass(frozen=True)
class Room:
    """How many jobs the engine takes beside those that are under way."""

    accepted: int
    watched: frozenset[str]
    """Runs whose jobs are looked at; those of others may have ended unseen."""

    def is_free(self, state: SessionState, kind: str, count: int) -> bool:
        """Whether so many more jobs of a kind may be started.

        Jobs of the whole session are counted. While none that is looked at is under way the engine
        itself is asked, so that a job nobody looks at any more holds nothing back.
        """
        jobs = [(job, run.name) for run in state.runs for job in run.jobs()]
        ended = {job.id for job, _ in jobs if job.is_final}
        active = {
            job.id: run_name
            for job, run_name in jobs
            if job.kind == kind and job.is_started and job.id not in ended
        }
        is_busy = not self.watched.isdisjoint(active.values())
        return not is_busy or len(active) + count <= self.accepted


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
    experiment = state.experiment_named(experiment_id)
    arm = experiment.arm(arm_id)
    watched = {other.run for other in experiment.arms if other.plan.id not in given_up}
    room = Room(clients.accepted, frozenset(watched))
    run = state.find_run(arm.run)
    if run is None:
        if arm.skipped or not room.is_free(state, "training", 1 + len(experiment.groups)):
            return False
        start_arm(session, clients, experiment_id, arm_id, watch)
        return True
    if run.failed_jobs:
        return _look_at(session, clients, run, run.jobs())
    if not run.is_trained:
        return _train(session, clients, run, room, watch)
    if has_present_scores(session, state, run):
        return False
    return _score(session, clients, run, room, watch)


def _look_at(session: Session, clients: Clients, run: RunState, jobs: Sequence[JobState]) -> bool:
    """Look at the jobs under way; return whether the state of any has changed."""
    has_moved = False
    for job in jobs:
        if job.arn and not job.is_final:
            status = look(session, clients, run.name, job)
            has_moved |= job.status is None or status.state != job.status.state
            job.status = status
    return has_moved


def _train(session: Session, clients: Clients, run: RunState, room: Room, watch: Watch) -> bool:
    has_moved = False
    for classifier in run.classifiers:
        job = classifier.training
        if classifier.is_trained:
            continue
        if not job.arn:
            if room.is_free(session.state(), "training", 1):
                launch(session, clients, run.name, job.id, watch)
                has_moved = True
            continue
        has_moved |= _look_at(session, clients, run, [job])
        if job.has_succeeded:
            collect_training(session, clients, run.name, classifier.id, watch)
            has_moved = True
    return has_moved


def _score(session: Session, clients: Clients, run: RunState, room: Room, watch: Watch) -> bool:
    state = session.state()
    parts = state.split_of(run).held_out_parts
    to_start = [
        (classifier, part)
        for classifier in run.classifiers
        for part in parts
        if needs_intent(state, classifier, part) or not classifier.scoring[part].arn
    ]
    if to_start:
        if not room.is_free(state, "scoring", len(to_start)):
            return False
        start_scoring_jobs(session, plan_scoring(session, run.name), watch)
        return True
    jobs = [classifier.scoring[part] for classifier in run.classifiers for part in parts]
    has_moved = _look_at(session, clients, run, jobs)
    now = session.state().run_named(run.name)
    for part in sorted({*parts_to_join(now), *_parts_to_rejoin(session, now)}):
        collect_scores(session, clients, run.name, part, watch)
        has_moved = True
    return has_moved


def _parts_to_rejoin(session: Session, run: RunState) -> list[str]:
    """The parts whose output is here and whose joined scores are gone, or of earlier jobs."""
    return [
        part
        for part in run.scores
        if (not session.has_scores(run, part) or run.is_behind(part))
        and all(classifier.is_scored(part) for classifier in run.classifiers)
    ]


# The stop rule: no further arm once some in a row have brought no gain.
#
# It looks at average precision on the tuning part, so that the test part stays unseen by what
# decides which arms there are, unless the split has no calibration part.


def apply_stop_rule(
    session: Session,
    experiment_id: str,
    precision: dict[str, float | None],
    given_up: Collection[str] = (),
) -> int:
    """Skip the arms that are not started, when the rule says so; return how many were skipped.

    Args:
        precision: average precision by run, filled in as it is computed.
        given_up: ids of arms that are not waited for, as those that failed.

    Raises:
        InvalidInput: scores or truth are absent or damaged.
    """
    state = session.state()
    experiment = state.experiment_named(experiment_id)
    if experiment.patience is None:
        return 0
    history = []
    for status in _in_order(arm_statuses(session, state, experiment)):
        is_given_up = status.stage != "done" and status.arm.plan.id in given_up
        if is_given_up or status.stage in ("failed", "skipped"):
            continue
        run = state.find_run(status.arm.run)
        if status.stage != "done" or run is None:
            break
        if run.name not in precision:
            precision[run.name] = _average_precision(session, state, experiment, run)
        history.append(precision[run.name])
    if not has_stalled(history, experiment.patience):
        return 0
    return _skip(session, state, experiment)


def _in_order(statuses: Sequence[ArmStatus]) -> list[ArmStatus]:
    """One of each arm by what it adds: drawn ones, the base, then those with copies.

    Arms that repeat a few distinct positives are there for contrast and left out.
    """
    counted = [
        status
        for status in statuses
        if status.arm.plan.replicate == 1 and status.arm.plan.kind != "repeats-from"
    ]
    places = {"distinct": 0, "base": 1}
    return sorted(counted, key=lambda status: places.get(status.arm.plan.kind, 2))


def _skip(session: Session, state: SessionState, experiment: ExperimentState) -> int:
    waiting = {
        arm.plan.id
        for arm in experiment.arms
        if arm.plan.id != "base" and not arm.skipped and state.find_run(arm.run) is None
    }
    if not waiting:
        return 0
    reason = f"stop rule: {plural(experiment.patience or 0, 'arm')} in a row without gain"
    with session.editing() as edited:
        saved = edited.experiment_named(experiment.id)
        saved.arms = [
            msgspec.structs.replace(arm, skipped=reason)
            if arm.plan.id in waiting and edited.find_run(arm.run) is None
            else arm
            for arm in saved.arms
        ]
    session.record("stopped", experiment=experiment.id, arms=sorted(waiting))
    return len(waiting)


def _average_precision(
    session: Session, state: SessionState, experiment: ExperimentState, run: RunState
) -> float | None:
    """Mean over the raised labels, all of them for a whole-set strategy; None when not known."""
    data = load_part(session, state, run, state.split_of(run).tuning_part)
    curves = data.curves()
    chosen = experiment.request.labels or tuple(
        label for label in data.labels if label != data.none_label
    )
    precisions = []
    for label in chosen:
        column = data.labels.index(label)
        precision = curves[label].average_precision
        if not curves[label].positives:
            continue
        if precision is None or np.isnan(data.scores[:, column]).any():
            return None
        precisions.append(precision)
    return math.fsum(precisions) / len(precisions) if precisions else None


_OPEN = ("planned", "training", "scoring")


@dataclass
class _Drive:
    """What one call of `run_experiment` remembers between two rounds."""

    session: Session
    clients: Clients
    experiment: str
    watch: Watch
    faults: dict[str, TunerError] = field(default_factory=dict)
    """Why an arm is given up for now, by arm."""
    borne: dict[str, int] = field(default_factory=dict)
    """Passing faults in a row, by arm."""
    note: str = ""
    precision: dict[str, float | None] = field(default_factory=dict)


def run_experiment(
    session: Session, experiment_id: str, watch: Watch = UNWATCHED, *, is_waiting: bool = True
) -> tuple[ArmStatus, ...]:
    """Train and score the arms of an experiment; repeating it goes on where it stopped.

    An arm that fails does not keep the others from being trained and scored. Nothing is started
    twice, whenever the call is interrupted or killed.

    Args:
        is_waiting: False starts and fetches what can be at this moment, and returns.

    Returns:
        Where every arm stands; one that could not be advanced is "failed", with the reason.

    Raises:
        InvalidInput: no such experiment, or the engine's settings are incomplete.
        Interrupted: cancelled; the jobs go on.
    """
    _mend_arms(session, experiment_id)
    drive = _Drive(session, session_clients(session), experiment_id, watch)
    interval_s = drive.clients.poll_s
    while True:
        has_moved = _round(drive)
        statuses = _statuses(drive)
        has_open = any(status.stage in _OPEN for status in statuses)
        if not has_open or not (is_waiting or has_moved):
            return statuses
        _report(drive, statuses)
        if has_moved:
            interval_s = drive.clients.poll_s
            continue
        if drive.watch.wait(interval_s):
            raise Interrupted("Interrupted", "stopped at your request", "run it again to go on")
        interval_s = min(interval_s * 1.5, drive.clients.longest_poll_s)


def _mend_arms(session: Session, experiment_id: str) -> None:
    """Write the training files of arms anew that are gone or not as recorded."""
    state = session.state()
    experiment = state.experiment_named(experiment_id)
    damaged = [
        arm
        for arm in experiment.arms
        if arm.made and not is_as_recorded(session, state, arm.made.training.path)
    ]
    if damaged:
        with session.working():
            for arm in damaged:
                write_arm(session, state, state.split_of(experiment), experiment.id, arm)


def _round(drive: _Drive) -> bool:
    """Advance every arm once; return whether anything has changed."""
    drive.note = ""
    has_moved = bool(
        apply_stop_rule(drive.session, drive.experiment, drive.precision, drive.faults)
    )
    state = drive.session.state()
    experiment = state.experiment_named(drive.experiment)
    statuses = arm_statuses(drive.session, state, experiment)
    done = {status.arm.plan.id for status in statuses if status.stage == "done"}
    for arm in experiment.arms:
        drive.watch.check()
        if arm.plan.id in done or arm.plan.id in drive.faults:
            continue
        if _must_wait(drive, experiment.patience, arm.plan.id):
            continue
        try:
            has_moved |= advance_arm(
                drive.session,
                drive.clients,
                drive.experiment,
                arm.plan.id,
                drive.watch,
                drive.faults,
            )
            drive.borne.pop(arm.plan.id, None)
        except Interrupted:
            raise
        except TunerError as error:
            _bear(drive, arm.plan.id, error)
    return has_moved


def _must_wait(drive: _Drive, patience: int | None, arm_id: str) -> bool:
    """Whether a stop rule holds an arm back: no more arms than its patience are under way."""
    if patience is None:
        return False
    statuses = _statuses(drive)
    stage = next(status.stage for status in statuses if status.arm.plan.id == arm_id)
    under_way = sum(status.stage in ("training", "scoring") for status in statuses)
    return stage == "planned" and under_way >= patience


def _bear(drive: _Drive, arm_id: str, error: TunerError) -> None:
    """Bear a passing fault for a while; give the arm up for now after any other."""
    if is_expired(error):
        drive.note = EXPIRED
        return
    drive.borne[arm_id] = drive.borne.get(arm_id, 0) + 1
    if isinstance(error, TryAgain) and drive.borne[arm_id] <= MOST_FAULTS:
        drive.note = printable(error.title, 60)
        return
    drive.faults[arm_id] = error


def _statuses(drive: _Drive) -> tuple[ArmStatus, ...]:
    state = drive.session.state()
    statuses = arm_statuses(drive.session, state, state.experiment_named(drive.experiment))
    return tuple(
        ArmStatus(status.arm, "failed", f"{fault.title}: {fault.message}")
        if status.stage in _OPEN and (fault := drive.faults.get(status.arm.plan.id)) is not None
        else status
        for status in statuses
    )


def _report(drive: _Drive, statuses: tuple[ArmStatus, ...]) -> None:
    closed = sum(status.stage not in _OPEN for status in statuses)
    under_way = [s.arm.plan.id for s in statuses if s.stage in ("training", "scoring")]
    shown = ", ".join(under_way[:4]) + (" …" if len(under_way) > 4 else "")
    drive.watch.reporter(
        Progress(
            f"experiment {drive.experiment}", closed, len(statuses), "arms", drive.note or shown
        )
    )
