"""``jobs``: every job of the session."""

from typing import TYPE_CHECKING

import click

from core.cli.options import Options, cancel, common_options
from core.cli.sessions import chosen_session
from core.cli.tables import table
from core.text import plural, printable

if TYPE_CHECKING:
    from core.workflow.actions.watch import JobRow

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
    from core.workflow.actions.launching import session_clients
    from core.workflow.actions.watch import collect_finished, job_rows, stop_job

    options: Options = ctx.obj
    session = chosen_session(options)
    if stop_id is not None:
        options.refuse_when_read_only("stopping a job")
        state = stop_job(session, stop_id)
        options.emit({"job": stop_id, "state": state}, f"{printable(stop_id)} is {state}")
        return
    rows = job_rows(session)
    said: tuple[tuple[str, str], ...] = ()
    wait_s = 30.0 if session_clients(session).info.is_paid else 0.5
    while watch and any(row.arn and not row.is_final for row in rows):
        states = tuple((row.id, row.state) for row in rows)
        for row_id, state in states:
            if (row_id, state) not in said:
                options.narrate(f"{printable(row_id)}: {printable(state, 40)}")
        said = states
        if cancel.wait(wait_s):
            break
        rows = job_rows(session)
    fetched = collect_finished(session) if watch and not cancel.is_cancelled else ()
    lines = [_text(rows)] if rows else ["no jobs yet"]
    lines.extend(f"fetched: {printable(job_id)}" for job_id in fetched)
    options.emit({"jobs": rows, "fetched": fetched}, "\n".join(lines))


def _text(rows: "tuple[JobRow, ...]") -> str:
    cells = [
        [
            row.id,
            row.kind,
            row.state,
            duration(row.elapsed_s),
            row.progress or row.message,
        ]
        for row in rows
    ]
    head = plural(len(rows), "job")
    return f"{head}\n" + table(["job", "kind ", "state ", "elapsed", "note "], cells, widest=60)


def duration(seconds: float | None) -> str:
    """Elapsed time in minutes and seconds: ``0:07``, ``1:02:03``."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
