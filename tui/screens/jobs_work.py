"""What the jobs screen asks the engine in a thread, and how it words a row."""

from dataclasses import dataclass
from typing import Any

from core.errors import TunerError
from core.workflow.actions.watch import JobRow, collect_finished, job_rows
from core.workflow.session import Session
from core.workflow.state import SessionState
from tui.widgets.job_state import is_row_usable


@dataclass(frozen=True)
class Look:
    """What was seen of the jobs at one moment."""

    rows: tuple[JobRow, ...]
    events: tuple[dict[str, Any], ...]
    fetched: tuple[str, ...]
    problem: TunerError | None = None
    """Why the output of a job that has ended could not be fetched."""


def ask_engine(session: Session) -> Look:
    """Refresh every running job and fetch what has ended."""
    rows = job_rows(session)
    fetched: tuple[str, ...] = ()
    problem: TunerError | None = None
    if any(is_row_usable(row) for row in rows):
        try:
            fetched = collect_finished(session)
        except TunerError as error:
            problem = error
    return Look(rows, tuple(session.events()), fetched, problem)


def price_text(row: JobRow, is_paid: bool) -> str:
    """The estimate of one job, short enough for a cell."""
    if not is_paid:
        return "$0.00"
    if row.estimate_usd is None:
        return "–"
    low, high = row.estimate_usd
    return f"${high:,.2f}" if round(low, 2) == round(high, 2) else f"${low:,.2f}-{high:,.2f}"


def note_text(row: JobRow, state: SessionState) -> str:
    """What is worth knowing of one job beside its state."""
    if row.progress or row.message:
        return row.progress or row.message
    run = next((run for run in state.runs if run.name == row.run), None)
    if run is not None and any(job.id == row.id for job in run.replaced_jobs):
        return "replaced"
    jobs = {job.id: job for job in run.jobs()} if run is not None else {}
    if is_row_usable(row) and row.id in jobs:
        return "fetched" if jobs[row.id].artifact else "to be fetched"
    return ""
