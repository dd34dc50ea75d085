"""A session at a glance: one frozen snapshot for the status command and every screen."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core.comprehend.engine import engine_label
from core.comprehend.pricing import PriceList
from core.errors import TunerError
from core.text import command_word, plural
from core.workflow.money import committed_usd
from core.workflow.session import SESSIONS_FOLDER, Session, changed_at, list_sessions
from core.workflow.state import SessionState
from core.workflow.step_table import Step
from core.workflow.steps import StepStatus, next_step, step_statuses

# Which endpoints of a session may be charged at this moment, and what every screen says of them.
#
# An endpoint whose creating call was never answered counts: it may exist.


@dataclass(frozen=True)
class EndpointNotice:
    """What is said while an endpoint lives, in a long and a short form."""

    text: str
    """Such as ``ENDPOINT $1.80/h until 15:04``; offline ``endpoint (free) until 15:04``."""
    short: str
    """For narrow screens."""


def utc_now() -> datetime:
    """The time in UTC."""
    return datetime.now(UTC)


def usd_per_hour(inference_units: int, prices: PriceList) -> float:
    """Price of an hour of an endpoint's existence."""
    return inference_units * prices.endpoint_per_unit_second * 3600


def local_time(iso: str, moment: datetime) -> str:
    """A time of day on this machine's clock, with the date unless it is within a day."""
    at = datetime.fromisoformat(iso)
    is_near = abs((at - moment).total_seconds()) < 20 * 3600
    return at.astimezone().strftime("%H:%M" if is_near else "%Y-%m-%d %H:%M")


def endpoint_notice(state: SessionState, moment: datetime) -> EndpointNotice | None:
    """What every screen says while an endpoint lives; None when there is none."""
    live = state.live_endpoints
    if not live:
        return None
    last = max(live, key=lambda endpoint: endpoint.delete_at)
    is_due = last.seconds_left(moment) <= 0
    time = f"{'overdue since' if is_due else 'until'} {local_time(last.delete_at, moment)}"
    count = f"{len(live)} " if len(live) > 1 else ""
    if state.engine.name != "aws":
        words = "endpoints" if count else "endpoint"
        return EndpointNotice(f"{count}{words} (free) {time}", f"{count}{words} {time}")
    units = sum(endpoint.inference_units for endpoint in live)
    price = f"${usd_per_hour(units, state.prices):,.2f}/h"
    words = "ENDPOINTS" if count else "ENDPOINT"
    return EndpointNotice(f"{count}{words} {price} {time}", f"{price} {time}")


def seconds_until_due(state: SessionState, moment: datetime) -> float | None:
    """Seconds until the first live endpoint is to be deleted; None when there is none."""
    return min((endpoint.seconds_left(moment) for endpoint in state.live_endpoints), default=None)


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
        return command_word(self.name if is_here else str(self.folder))

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
    jobs = [job for run in state.runs for job in run.all_jobs()]
    return Overview(
        folder=session.folder,
        state=state,
        statuses=statuses,
        following=next_step(statuses),
        badge=engine_label(state.engine),
        estimate_usd=committed_usd(state),
        running_jobs=sum(job.is_running for job in jobs),
        notice=endpoint_notice(state, utc_now()),
    )


# The sessions of a folder as a person wants to see them: name, step, engine, age.


@dataclass(frozen=True)
class RecentSession:
    """One session in the list."""

    folder: Path
    summary: str
    """One line."""


def recent_sessions(directory: Path) -> tuple[RecentSession, ...]:
    """The sessions below `directory`, the last changed first; damaged ones say so."""
    rows = []
    for session in list_sessions(directory):
        try:
            overview = session_overview(session)
            step = overview.following.title if overview.following else "done"
            documents = plural(overview.state.dataset.documents, "document")
            summary = f"{overview.name} · {documents} · next: {step} · {overview.badge}"
        except TunerError as error:
            summary = f"{session.name} · {error.title}"
        except Exception as error:
            summary = f"{session.name} · Damaged session ({type(error).__name__})"
        rows.append(RecentSession(session.folder, f"{summary} · {_age(session.state_path)}"))
    return tuple(rows)


def _age(path: Path) -> str:
    seconds = max(datetime.now().timestamp() - changed_at(path), 0)
    for length, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= length:
            return f"{plural(int(seconds // length), unit)} ago"
    return "just now"
