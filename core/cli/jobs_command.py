"""``jobs``: every job of the session."""

from typing import TYPE_CHECKING

import click

from core.cli.options import Options, cancel, chosen_session, common_options
from core.errors import TryAgain
from core.text import printable
from core.views.jobs import jobs_text

if TYPE_CHECKING:
    from core.workflow.following import JobRow
    from core.workflow.session import Session


_EPILOG = """\b
Examples:
  comprehend-tuner jobs
  comprehend-tuner jobs --watch             until every job has ended; fetches what is ready
  comprehend-tuner jobs --stop base/c1/train
"""


@click.command(epilog=_EPILOG)
@click.option("--watch", is_flag=True, help="Go on until every job has ended, then fetch.")
@click.option("--stop", "stop_id", metavar="JOB", help="Ask a training to stop.")
@common_options
@click.pass_context
def command(ctx: click.Context, watch: bool, stop_id: str | None) -> None:
    """Show every job: state, elapsed time, message. The service cannot stop scoring jobs."""
    from core.workflow.following import collect_finished, job_rows, stop_job

    options: Options = ctx.obj
    session = chosen_session(options)
    if stop_id is not None:
        options.refuse_when_read_only("stopping a job")
        state = stop_job(session, stop_id)
        options.emit({"job": stop_id, "state": state}, f"{printable(stop_id)} is {state}")
        return
    rows = job_rows(session)
    if watch:
        rows = _watched(options, session, rows)
    fetched = collect_finished(session) if watch and not cancel.is_cancelled else ()
    lines = [jobs_text(rows)]
    lines.extend(f"fetched: {printable(job_id)}" for job_id in fetched)
    options.emit({"jobs": rows, "fetched": fetched}, "\n".join(lines))
    faults = [row for row in rows if row.fault]
    if faults:
        raise TryAgain(
            "Not every job could be asked about",
            f"{printable(faults[0].id)}: {printable(faults[0].fault, 300)}",
            "what is shown of it is its last known state; repeat the command",
        )


def _watched(
    options: Options, session: "Session", rows: "tuple[JobRow, ...]"
) -> "tuple[JobRow, ...]":
    """Look at the jobs until every one has ended, and say each new state once.

    A round in which nobody could be asked is borne, some in a row; then the faults are reported.
    """
    from core.comprehend.jobs import MOST_FAULTS
    from core.workflow.following import job_rows
    from core.workflow.jobs import session_clients

    wait_s = 2 * session_clients(session).poll_s
    said: set[tuple[str, str]] = set()
    silent_rounds = 0
    while running := [row for row in rows if row.arn and not row.is_final]:
        for row in running:
            state = row.fault or row.state
            if (row.id, state) not in said:
                options.narrate(f"{printable(row.id)}: {printable(state, 200)}")
            said = {known for known in said if known[0] != row.id} | {(row.id, state)}
        silent_rounds = silent_rounds + 1 if all(row.fault for row in running) else 0
        is_paused = any(row.is_expired for row in running)
        if (silent_rounds > MOST_FAULTS and not is_paused) or cancel.wait(wait_s):
            break
        rows = job_rows(session)
    return rows
