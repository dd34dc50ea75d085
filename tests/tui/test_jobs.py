"""The jobs screen: rows, timeline, refresh, filter, stop, and what it repaints."""

from pathlib import Path

import msgspec
import pytest
from textual.geometry import Region
from textual.widgets import DataTable, Input

from core.workflow.following import stop_job
from core.workflow.oversample import oversample_training
from core.workflow.session import Session
from core.workflow.train import plan_training, start_training_run
from tests.tui.conftest import OpenApp, screen_text, wait_for_jobs
from tui.app import TunerApp
from tui.screens.jobs import JobsScreen
from tui.widgets.chrome import Banner
from tui.widgets.tables import Column, Row, RowTable
from tui.windows import PayModal


def banner(app: TunerApp) -> str:
    return app.screen.query_one(Banner).text


def screen_of(app: TunerApp) -> JobsScreen:
    assert isinstance(app.screen, JobsScreen)
    return app.screen


def start_training(folder: Path, queue_s: float = 0.0) -> Session:
    """Start a training without waiting for it."""
    session = Session(folder)
    positives = session.state().split.support["login"]["train"]  # type: ignore[union-attr]
    oversample_training(session, {"login": positives + 10}, 1)
    with session.editing() as state:
        state.twin = msgspec.structs.replace(state.twin, queue_s=queue_s)
    start_training_run(session, plan_training(session))
    return session


async def test_every_job_has_a_row_and_the_selected_one_a_timeline(
    tickets_session: Path, open_app: OpenApp
) -> None:
    async with open_app(tickets_session, "jobs") as (app, pilot):
        text = screen_text(app)
        assert "3 jobs" in text
        for job in Session(tickets_session).state().runs[-1].jobs():
            assert job.id in text
        assert "✓ TRAINED" in text and "✓ COMPLETED" in text and "fetched" in text
        assert "output fetched, metrics read" in text
        await pilot.press("down")
        await wait_for_jobs(app, pilot)
        assert "output fetched and joined" in screen_text(app)
        arn = Session(tickets_session).state().runs[-1].jobs()[1].arn
        assert screen_of(app).copied_value() == arn
        assert app.focused is not None and app.focused.id == "jobs"


async def test_no_timer_exists_while_nothing_runs(tickets_session: Path, open_app: OpenApp) -> None:
    async with open_app(tickets_session, "jobs") as (app, _):
        assert screen_of(app)._timer is None
        assert "asked again" not in screen_text(app)


async def test_a_running_job_is_asked_about_until_it_ends_and_its_output_is_fetched(
    tickets_session: Path, open_app: OpenApp
) -> None:
    session = start_training(tickets_session, queue_s=1.0)
    async with open_app(tickets_session, "jobs") as (app, pilot):
        assert screen_of(app)._timer is not None
        assert "1 running" in screen_text(app)
        while screen_of(app)._timer is not None:
            await pilot.pause(0.05)
        await wait_for_jobs(app, pilot)
        assert session.state().runs[-1].classifiers[0].is_trained
        assert "asked again" not in screen_text(app)


async def test_refresh_asks_the_engine_now(tickets_session: Path, open_app: OpenApp) -> None:
    session = start_training(tickets_session)
    async with open_app(tickets_session, "jobs") as (app, pilot):
        while not session.state().runs[-1].classifiers[0].is_trained:
            await pilot.press("r")
            await wait_for_jobs(app, pilot)
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
        assert "4 jobs" in screen_text(app)
        assert screen_text(app).count("✓ TRAINED") == 2


async def test_a_training_is_stopped_only_after_y(tickets_session: Path, open_app: OpenApp) -> None:
    session = start_training(tickets_session, queue_s=600)
    async with open_app(tickets_session, "jobs") as (app, pilot):
        await pilot.press("x")
        assert isinstance(app.screen, PayModal)
        await pilot.press("enter")
        await wait_for_jobs(app, pilot)
        assert not any(event["action"] == "stop" for event in session.events())
        await pilot.press("x", "y")
        await wait_for_jobs(app, pilot)
        assert sum(event["action"] == "stop" for event in session.events()) == 1
        assert "STOP" in banner(app)


async def test_read_only_stops_nothing(tickets_session: Path, open_app: OpenApp) -> None:
    session = start_training(tickets_session, queue_s=600)
    async with open_app(tickets_session, "jobs", read_only=True) as (app, pilot):
        await pilot.press("x")
        await wait_for_jobs(app, pilot)
        assert "Read-only" in banner(app)
    assert not any(event["action"] == "stop" for event in session.events())
    stop_job(session, session.state().runs[-1].classifiers[0].training.id)


async def test_scoring_jobs_and_ended_trainings_cannot_be_stopped(
    tickets_session: Path, open_app: OpenApp
) -> None:
    async with open_app(tickets_session, "jobs") as (app, pilot):
        await pilot.press("x")
        await wait_for_jobs(app, pilot)
        assert "is not running" in banner(app)
        await pilot.press("down", "x")
        await wait_for_jobs(app, pilot)
        assert "the service offers no stop" in banner(app)


async def test_the_filter_shows_its_count_and_escape_clears_it(
    tickets_session: Path, open_app: OpenApp
) -> None:
    async with open_app(tickets_session, "jobs") as (app, pilot):
        await pilot.press("slash", *"score", "enter")
        await wait_for_jobs(app, pilot)
        assert "2 of 3 jobs" in screen_text(app)
        await pilot.press("escape")
        await wait_for_jobs(app, pilot)
        assert screen_of(app).query_one(Input).value == ""
        assert "3 jobs" in screen_text(app) and "of 3 jobs" not in screen_text(app)
        assert app.overview is not None


async def test_without_jobs_the_screen_says_which_steps_start_some(
    tickets_session: Path, open_app: OpenApp
) -> None:
    with Session(tickets_session).editing() as state:
        state.runs = []
    async with open_app(tickets_session, "jobs", size=(60, 15)) as (app, pilot):
        words = " ".join(screen_text(app).split())
        assert "No jobs yet. Step 4 trains a classifier" in words
        await pilot.press("x", "r")
        await wait_for_jobs(app, pilot)


async def test_a_failed_job_shows_its_message_literally(
    tickets_session: Path, open_app: OpenApp
) -> None:
    session = Session(tickets_session)
    with session.editing() as state:
        job = state.runs[-1].classifiers[0].training
        assert job.status is not None
        job.artifact = ""
        job.status = msgspec.structs.replace(
            job.status, state="IN_ERROR", is_usable=False, message="[/b][@click=app.quit]\x1b[2Jx"
        )
    async with open_app(tickets_session, "jobs") as (app, _):
        text = screen_text(app)
        assert "✗ IN_ERROR" in text
        assert "[/b][@click=app.quit]x" in text and "\x1b" not in text


async def test_a_changed_cell_repaints_that_cell_alone(
    tickets_session: Path, open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_app(tickets_session, "jobs") as (app, pilot):
        table = app.screen.query_one("#jobs", RowTable)
        columns = (Column("job"), Column("elapsed", is_number=True), Column("note"))
        table.show(columns, [Row("a", ("a", "0:01", "x")), Row("b", ("b", "0:01", "y"))])
        await pilot.pause()
        painted: list[tuple[Region, ...]] = []
        refresh = DataTable.refresh

        def note(widget: DataTable[object], *regions: Region, **more: bool) -> object:
            painted.append(regions)
            return refresh(widget, *regions, **more)

        monkeypatch.setattr(DataTable, "refresh", note)
        table.show(columns, [Row("a", ("a", "0:02", "x")), Row("b", ("b", "0:01", "y"))])
        assert [len(regions) for regions in painted] == [1]
        assert painted[0][0].height == 1 and painted[0][0].width < 12
        table.show(columns, [Row("a", ("a", "0:02", "x")), Row("b", ("b", "0:01", "y"))])
        assert len(painted) == 1
