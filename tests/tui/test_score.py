"""The score screen: plan, the twin's option, start, stop waiting, resume, join report."""

import dataclasses
from pathlib import Path

import msgspec
import pytest
from textual.pilot import Pilot

import tui.screens.score as score_screen
from core.workflow.session import Session
from tests.tui.conftest import OpenApp, screen_text, wait_for_jobs
from tui.app import TunerApp
from tui.screens.score import ScoreScreen
from tui.screens.train import TrainScreen
from tui.widgets.chrome import Banner
from tui.windows import PayModal


def banner(app: TunerApp) -> str:
    return app.screen.query_one(Banner).text


def screen_of(app: TunerApp) -> ScoreScreen:
    assert isinstance(app.screen, ScoreScreen)
    return app.screen


async def press_returned(app: TunerApp, pilot: Pilot[int]) -> None:
    await pilot.press("o")
    await wait_for_jobs(app, pilot)


async def test_a_scored_run_shows_join_report_and_returned_shares(
    tickets_session: Path, open_app: OpenApp
) -> None:
    async with open_app(tickets_session, "score") as (app, _):
        text = screen_text(app)
        assert "documents joined, none missing" in text
        assert "✓ COMPLETED" in text
        assert "nothing left" in text
        rows = [line.split() for line in text.split("\n")]
        assert ["label", "calibration", "test"] in rows
        assert ["billing", "1.00", "1.00"] in rows
        assert app.focused is not None and app.focused.id == "returned"


async def test_nothing_is_scored_twice_with_the_same_settings(
    tickets_session: Path, open_app: OpenApp
) -> None:
    before = Session(tickets_session).state()
    async with open_app(tickets_session, "score") as (app, pilot):
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
        assert "scored with these settings" in banner(app)
    assert Session(tickets_session).state() == before


async def test_another_returned_option_is_remembered_and_asks_to_score_again(
    tickets_session: Path, open_app: OpenApp
) -> None:
    session = Session(tickets_session)
    async with open_app(tickets_session, "score") as (app, pilot):
        assert screen_of(app).equivalent_command().endswith("score --offline-returned all")
        await press_returned(app, pilot)
        assert session.state().twin.returned == 3
        assert "r scores again" in banner(app)
        assert "units to be charged" in " ".join(screen_text(app).split())
        assert screen_of(app).equivalent_command().endswith("score --offline-returned 3")
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
        state = session.state()
        assert len(state.runs[-1].replaced_jobs) == 2
        shares = state.runs[-1].scores["test"].returned_share
        assert min(share for share in shares.values() if share is not None) < 1
        assert "nothing left" in screen_text(app)
        assert "F1 will be a range" in screen_text(app) or "too few" in screen_text(app)


async def test_a_stopped_wait_is_resumed_without_a_second_job(
    tickets_session: Path, open_app: OpenApp
) -> None:
    session = Session(tickets_session)
    with session.editing() as state:
        state.twin = msgspec.structs.replace(state.twin, returned=3, queue_s=1.5)
    async with open_app(tickets_session, "score") as (app, pilot):
        await pilot.press("r")
        while not screen_of(app)._stage.is_seen:
            await pilot.pause(0.02)
        await pilot.press("x")
        await wait_for_jobs(app, pilot)
        assert "stopped waiting" in banner(app)
        ids = {job.id for job in session.state().runs[-1].jobs()}
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
        run = session.state().runs[-1]
        assert {job.id for job in run.jobs()} == ids and all(job.is_usable for job in run.jobs())
        assert "scored and joined" in banner(app)
        await pilot.press("x")
        assert "cannot be stopped" in banner(app)


async def test_without_a_classifier_the_screen_says_which_key_helps(
    tickets_session: Path, open_app: OpenApp
) -> None:
    with Session(tickets_session).editing() as state:
        state.runs = []
    async with open_app(tickets_session, "score") as (app, pilot):
        assert "press 4" in screen_text(app)
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
        assert banner(app)


async def test_read_only_starts_no_job(tickets_session: Path, open_app: OpenApp) -> None:
    session = Session(tickets_session)
    with session.editing() as state:
        state.twin = msgspec.structs.replace(state.twin, returned=3)
    before = session.state()
    async with open_app(tickets_session, "score", read_only=True) as (app, pilot):
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
        assert "Read-only" in banner(app)
    assert session.state() == before


async def test_paid_scoring_is_confirmed_with_y_alone(
    tickets_session: Path, open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session(tickets_session)
    with session.editing() as state:
        state.twin = msgspec.structs.replace(state.twin, returned=3)
    before = session.state()
    real = score_screen._view

    def paid(session: Session) -> score_screen.ScoreView:
        view = real(session)
        assert view.plan is not None
        return dataclasses.replace(view, plan=dataclasses.replace(view.plan, is_paid=True))

    monkeypatch.setattr(score_screen, "_view", paid)
    async with open_app(tickets_session, "score") as (app, pilot):
        await pilot.press("r")
        assert isinstance(app.screen, PayModal)
        await pilot.press("enter")
        await wait_for_jobs(app, pilot)
        assert session.state() == before
        await pilot.press("r", "y")
        await wait_for_jobs(app, pilot)
    assert len(session.state().runs[-1].replaced_jobs) == 2


async def test_labels_that_are_hardly_returned_bring_a_proposal_that_opens_its_plan(
    tickets_session: Path, open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session(tickets_session)
    monkeypatch.setattr("core.workflow.train.HIDDEN_F1", 0.0)
    async with open_app(tickets_session, "score", size=(100, 30)) as (app, pilot):
        assert "need" not in screen_text(app), "every score was returned"
        screen_of(app).action_groups()
        assert "no label needs a group" in banner(app)
        await press_returned(app, pilot)
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
        words = " ".join(screen_text(app).split())
        assert "every score: " in words and "% returned)" in words
        assert "g plans " in words and "keeping $" in words
        before = session.state()
        screen_of(app).action_groups()
        await pilot.pause()
        await wait_for_jobs(app, pilot)
        assert isinstance(app.screen, TrainScreen)
        assert "label groups: rare" in screen_text(app) and "base-rare (new)" in screen_text(app)
    assert session.state() == before, "nothing is started by planning"


@pytest.mark.parametrize("size", [(60, 15), (120, 40), (200, 60), (30, 8)])
async def test_every_size_shows_something_useful(
    tickets_session: Path, open_app: OpenApp, size: tuple[int, int]
) -> None:
    async with open_app(tickets_session, "score", size=size, ascii_only=True) as (app, _):
        text = screen_text(app)
        assert not set(text) - set("▄▅▆▇▃▂▁▊▋▌▍▎▏█") - set(map(chr, range(127)))
        assert "calibration" in text or size[1] < 15
