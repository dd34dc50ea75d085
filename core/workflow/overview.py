"""A session at a glance: one frozen snapshot for the status command and every screen."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from core.comprehend.clients import engine_label
from core.workflow.actions.budget import committed_usd
from core.workflow.live_endpoints import (
    EndpointNotice,
    endpoint_notice,
    seconds_until_due,
    utc_now,
)
from core.workflow.session import SESSIONS_FOLDER, Session
from core.workflow.state import JobState, SessionState
from core.workflow.step_table import Step
from core.workflow.steps import StepStatus, next_step, step_statuses


@dataclass(frozen=True)
class Overview:
    """What stands where, as read from disk at one moment."""

    folder: Path
    state: SessionState
    """Read only: changes go through an action."""
    statuses: tuple[StepStatus, ...]
    following: Step | None
    """The step that is worth doing next; None when the main line is done."""
    badge: str
    """``OFFLINE``, or account and Region."""
    estimate_usd: float
    """Highest cost of everything started so far; 0 offline, where nothing is charged."""
    running_jobs: int
    """Jobs that were started and have not ended, as last seen."""
    notice: EndpointNotice | None
    """What every screen says while an endpoint lives; None when there is none."""

    @property
    def name(self) -> str:
        """The session's name, which is its folder's."""
        return self.folder.name

    @property
    def endpoint_due_s(self) -> float | None:
        """Seconds from now until the first live endpoint is to be deleted; None without one."""
        return seconds_until_due(self.state, utc_now())

    def argument(self, directory: Path) -> str:
        """What ``--session`` takes for this session below `directory`, quoted for a shell."""
        is_here = self.folder == (directory / SESSIONS_FOLDER / self.name).resolve()
        return shlex.quote(self.name if is_here else str(self.folder))

    def status_of(self, step_id: str) -> StepStatus:
        """The status of one step."""
        return next(status for status in self.statuses if status.step.id == step_id)


def session_overview(session: Session) -> Overview:
    """Read a session's state and derive where every step stands.

    Raises:
        InvalidInput: there is no session, or it is damaged.
    """
    state = session.state()
    statuses = step_statuses(session, state)
    jobs = [job for run in state.runs for job in (*run.replaced_jobs, *run.jobs())]
    return Overview(
        folder=session.folder,
        state=state,
        statuses=statuses,
        following=next_step(statuses),
        badge=engine_label(state.engine),
        estimate_usd=committed_usd(state),
        running_jobs=sum(_is_running(job) for job in jobs),
        notice=endpoint_notice(state, utc_now()),
    )


def _is_running(job: JobState) -> bool:
    return bool(job.arn) and not (job.status is not None and job.status.is_final)
