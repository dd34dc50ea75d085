"""Train and score every arm, as many at once as the engine allows, whatever interrupts it."""

from dataclasses import dataclass, field

from core.comprehend.clients import Clients
from core.comprehend.jobs.waiting import EXPIRED, MOST_FAULTS
from core.comprehend.service_errors import is_expired
from core.errors import Interrupted, TryAgain, TunerError
from core.progress import CancelToken, Progress, Reporter, silent
from core.text import printable
from core.workflow.actions.launching import session_clients
from core.workflow.experiments.advancing import advance_arm
from core.workflow.experiments.arms import arm_statuses
from core.workflow.experiments.finding import find_experiment
from core.workflow.experiments.stopping import apply_stop_rule
from core.workflow.experiments.views import ArmStatus
from core.workflow.session import Session

_OPEN = ("planned", "training", "scoring")


@dataclass
class _Drive:
    """What one call of `run_experiment` remembers between two rounds."""

    session: Session
    clients: Clients
    experiment: str
    reporter: Reporter
    cancel: CancelToken
    faults: dict[str, TunerError] = field(default_factory=dict)
    """Why an arm is given up for now, by arm."""
    borne: dict[str, int] = field(default_factory=dict)
    """Passing faults in a row, by arm."""
    note: str = ""
    precision: dict[str, float | None] = field(default_factory=dict)


def run_experiment(
    session: Session,
    experiment_id: str,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
    *,
    is_waiting: bool = True,
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
    find_experiment(session.state(), experiment_id)
    drive = _Drive(
        session, session_clients(session), experiment_id, reporter, cancel or CancelToken()
    )
    interval_s = drive.clients.poll_s
    while True:
        has_moved = _round(drive)
        statuses = _statuses(drive)
        open_arms = [one for one in statuses if one.stage in _OPEN]
        if not open_arms or not (is_waiting or has_moved):
            return statuses
        _report(drive, statuses)
        if has_moved:
            interval_s = drive.clients.poll_s
            continue
        if drive.cancel.wait(interval_s):
            raise Interrupted("Interrupted", "stopped at your request", "run it again to go on")
        interval_s = min(interval_s * 1.5, drive.clients.longest_poll_s)


def _round(drive: _Drive) -> bool:
    """Advance every arm once; return whether anything has changed."""
    drive.note = ""
    has_moved = bool(
        apply_stop_rule(drive.session, drive.experiment, drive.precision, drive.faults)
    )
    state = drive.session.state()
    experiment = find_experiment(state, drive.experiment)
    statuses = arm_statuses(drive.session, state, experiment)
    done = {status.arm.plan.id for status in statuses if status.stage == "done"}
    for arm in experiment.arms:
        drive.cancel.check()
        if arm.plan.id in done or arm.plan.id in drive.faults:
            continue
        if _must_wait(drive, experiment.patience, arm.plan.id):
            continue
        try:
            watch = (drive.reporter, drive.cancel)
            has_moved |= advance_arm(
                drive.session, drive.clients, drive.experiment, arm.plan.id, watch, drive.faults
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
    found = arm_statuses(drive.session, state, find_experiment(state, drive.experiment))
    return tuple(
        ArmStatus(one.arm, "failed", f"{fault.title}: {fault.message}")
        if one.stage in _OPEN and (fault := drive.faults.get(one.arm.plan.id)) is not None
        else one
        for one in found
    )


def _report(drive: _Drive, statuses: tuple[ArmStatus, ...]) -> None:
    closed = sum(status.stage not in _OPEN for status in statuses)
    under_way = [one.arm.plan.id for one in statuses if one.stage in ("training", "scoring")]
    shown = ", ".join(under_way[:4]) + (" …" if len(under_way) > 4 else "")
    drive.reporter(
        Progress(
            f"experiment {drive.experiment}", closed, len(statuses), "arms", drive.note or shown
        )
    )
