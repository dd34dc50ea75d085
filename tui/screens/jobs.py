"""The jobs: every job with its state, and timeline and log of the selected one."""

from dataclasses import dataclass
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.timer import Timer
from textual.widgets import DataTable

from core.errors import TryAgain, TunerError
from core.text import plural
from core.views.numbers import duration, usd_between
from core.workflow.following import JobRow, collect_finished, job_rows
from core.workflow.overview import Overview
from core.workflow.session import Session
from core.workflow.state import SessionState
from tui.jobs import screen_interval_s
from tui.screens.base import EngineStepScreen
from tui.widgets.facts import Facts, Line, is_row_usable, job_facts, row_state
from tui.widgets.tables import Column, FilterLine, Row, RowTable

# What the jobs screen asks the engine in a thread, and how it words a row.


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
    return usd_between(*row.estimate_usd)


def note_text(row: JobRow, state: SessionState) -> str:
    """What is worth knowing of one job beside its state."""
    if row.progress or row.message:
        return row.progress or row.message
    run = state.find_run(row.run)
    if run is not None and any(job.id == row.id for job in run.replaced_jobs):
        return "replaced"
    jobs = {job.id: job for job in run.jobs()} if run is not None else {}
    if is_row_usable(row) and row.id in jobs:
        return "fetched" if jobs[row.id].artifact else "to be fetched"
    return ""


_EMPTY = "No jobs yet. Step 4 trains a classifier and step 5 scores documents: both start jobs."
_COLUMNS = (
    Column("job", widest=32),
    Column("kind"),
    Column("state"),
    Column("elapsed", is_number=True),
    Column("est.", is_number=True),
    Column("note", widest=60),
)


class JobsScreen(EngineStepScreen):
    """Watch jobs; the engine is asked again only while one runs."""

    step_id = "jobs"
    title_words = "jobs"
    CSS = """
    JobsScreen #jobs-title { height: auto; }
    JobsScreen #jobs { height: auto; max-height: 50%; }
    JobsScreen #job-log { height: 1fr; border-top: solid $border-blurred; }
    JobsScreen.-ascii #job-log { border-top: ascii $border-blurred; }
    JobsScreen #job-log:focus { border-top: solid $border; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._look = Look((), (), ())
        self._has_looked = False
        self._is_problem_shown = False
        self._timer: Timer | None = None

    def compose_body(self) -> ComposeResult:
        """A title, the filter, the jobs, the log of one of them."""
        ascii_only = self.tuner.settings.ascii_only
        yield Line(ascii_only, widget_id="jobs-title")
        yield FilterLine("#jobs", "filter")
        yield RowTable("jobs", gap=1)
        with VerticalScroll(id="job-log"):
            yield Facts(ascii_only, widget_id="job-facts")

    def on_mount(self) -> None:
        """Show what is saved, then ask the engine."""
        super().on_mount()
        self._ask()

    def on_unmount(self) -> None:
        """Stop asking."""
        super().on_unmount()
        self._stop_timer()

    def show_session(self, overview: Overview) -> None:
        """Show the jobs as last seen."""
        if not self._has_looked:
            self._look = Look(job_rows(self.session, refreshed=False), (), ())
        self._show()

    def action_run_step(self) -> None:
        """Ask the engine now, and fetch the output of what has ended."""
        if not self.is_busy:
            session = self.session
            self.run(lambda watch: ask_engine(session), self._take_refresh)

    def _ask(self) -> None:
        if not self.is_looking and not self.is_busy and self.tuner.overview is not None:
            session = self.session
            self.look(lambda watch: ask_engine(session), self._take_look, self._stop_asking)

    def _take_look(self, result: Look) -> None:
        """Show what the engine said, and keep asking while a job runs."""
        before = [(row.id, row.state, row.is_final) for row in self._look.rows]
        is_news = before != [(row.id, row.state, row.is_final) for row in result.rows]
        is_first = not self._has_looked
        self._look, self._has_looked = result, True
        self._show_problem(result.problem)
        if is_news or result.fetched:
            self.tuner.reload()
            if result.fetched and self.tuner.settings.bell:
                self.tuner.bell()
        self._keep_asking()
        self._show()
        if is_first:
            self._select_running()
        if self.focused is None and self.is_current:
            self.query_one("#jobs" if result.rows else "#job-log").focus()

    def _show_problem(self, problem: TunerError | None) -> None:
        """Show why output could not be fetched; the list stays, and a later look clears it."""
        if problem is not None:
            self.banner.show_error(problem)
        elif self._is_problem_shown:
            self.banner.clear()
        self._is_problem_shown = problem is not None

    def _select_running(self) -> None:
        """Put the cursor on the newest job that runs, which is why one comes here."""
        running = [at for at, row in enumerate(self._filtered()) if row.arn and not row.is_final]
        if running:
            self.query_one("#jobs", RowTable).move_cursor(row=running[-1], animate=False)

    def _stop_asking(self, error: BaseException) -> None:
        """A passing fault is asked about again; after any other, r asks again."""
        self.show_failure(error)
        self._is_problem_shown = True
        if not isinstance(error, TryAgain):
            self._stop_timer()

    def _take_refresh(self, look: Look) -> None:
        """Show what the engine said, and what was fetched."""
        self._take_look(look)
        if look.fetched and look.problem is None:
            self.banner.show_note(f"fetched: {', '.join(look.fetched)}")

    def told_to_stop(self, state: str) -> None:
        """Say so, and ask for the job's state."""
        super().told_to_stop(state)
        self._ask()

    def _keep_asking(self) -> None:
        is_running = any(row.arn and not row.is_final for row in self._look.rows)
        if is_running and self._timer is None:
            self._timer = self.set_interval(self._interval_s, self._ask)
        elif not is_running:
            self._stop_timer()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    @property
    def _interval_s(self) -> float:
        return screen_interval_s(self.overview.state.engine)

    def _show(self) -> None:
        ascii_only = self.tuner.settings.ascii_only
        rows = self._filtered()
        texts = [
            Row(
                _key(row),
                (
                    row.id,
                    row.kind,
                    row_state(row, ascii_only),
                    duration(row.elapsed_s),
                    price_text(row, self._is_paid),
                    note_text(row, self.overview.state),
                ),
            )
            for row in rows
        ]
        table = self.query_one("#jobs", RowTable)
        table.display = bool(self._look.rows)
        table.show(_COLUMNS, texts)
        self._show_title(len(rows))
        self._show_log()

    def _show_title(self, shown: int) -> None:
        rows = self._look.rows
        running = sum(bool(row.arn) and not row.is_final for row in rows)
        words = plural(len(rows), "job")
        if shown != len(rows):
            words = f"{shown} of {words}"
        words += f", {running} running" if running else ""
        if self._timer is not None or running:
            words += f" · asked again every {self._interval_s:g} s"
        if not rows:
            words = _EMPTY
        self.query_one("#jobs-title", Line).show(words)

    def _show_log(self) -> None:
        row = self._selected()
        self.query_one("#job-log").display = row is not None
        if row is not None:
            facts = job_facts(row, self._look.events, self._is_paid)
            self.query_one("#job-facts", Facts).show(facts)

    @property
    def _is_paid(self) -> bool:
        return self.overview.state.engine.name == "aws"

    def _filtered(self) -> list[JobRow]:
        line = self.query_one(FilterLine)
        return [
            row
            for row in self._look.rows
            if line.lets_through(f"{row.id} {row.kind} {row.state} {row.part}")
        ]

    def _selected(self) -> JobRow | None:
        key = self.query_one("#jobs", RowTable).current_key
        return next((row for row in self._look.rows if _key(row) == key), None)

    @on(DataTable.RowHighlighted, "#jobs")
    def _select(self) -> None:
        self._show_log()

    @on(FilterLine.Changed)
    def _filter(self) -> None:
        self._show()

    def action_stop(self) -> None:
        """Ask to stop the training under the cursor; scoring jobs cannot be stopped."""
        row = self._selected()
        if row is None or self.is_busy:
            return
        if row.kind != "training":
            self.stop_training(row.id)
        elif row.is_final or not row.arn:
            self.banner.show_note(f"{row.id} is not running")
        else:
            self.ask_to_stop(row)

    def equivalent_command(self) -> str:
        """Watching every job until it ends, then fetching."""
        return f"comprehend-tuner --session {self.session_argument} jobs --watch"

    def copied_value(self) -> str:
        """The ARN under the cursor."""
        row = self._selected()
        return row.arn if row is not None and row.arn else self.equivalent_command()


def _key(row: JobRow) -> str:
    return f"{row.id} {row.arn}"
