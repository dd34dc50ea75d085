"""The train screen: plan, start, stop waiting, resume, stop, refuse, metrics."""

import dataclasses
from pathlib import Path

import msgspec
import pytest
from textual.pilot import Pilot

from core.workflow.following import stop_job
from core.workflow.oversample import oversample_training
from core.workflow.session import Session
from core.workflow.train import GroupKind
from tests.tui.conftest import OpenApp, screen_text, wait_for_jobs
from tui.app import TunerApp
from tui.screens.train import TrainScreen, TrainView, view_of
from tui.widgets.chrome import Banner
from tui.windows import PayModal


def banner(app: TunerApp) -> str:
    return app.screen.query_one(Banner).text


def with_work_to_do(folder: Path, queue_s: float = 0.0) -> Session:
    """The session with an oversampled training part, which no run was trained on."""
    session = Session(folder)
    positives = session.state().split.support["login"]["train"]  # type: ignore[union-attr]
    oversample_training(session, {"login": positives + 10}, 1)
    with session.editing() as state:
        state.twin = msgspec.structs.replace(state.twin, queue_s=queue_s)
    return session


async def until_waiting(app: TunerApp, pilot: Pilot[int]) -> None:
    """Wait until the jobs run and the screen says so."""
    screen = app.screen
    assert isinstance(screen, TrainScreen)
    while not screen._stage.is_seen:
        await pilot.pause(0.02)
    await pilot.pause()


async def test_a_trained_run_shows_metrics_and_counts(
    tickets_session: Path, open_app: OpenApp
) -> None:
    async with open_app(tickets_session, "train") as (app, _):
        text = screen_text(app)
        assert "metric reported recomputed" in " ".join(text.split())
        assert "MicroF1Score" in text
        head = next(line for line in text.split("\n") if "precision" in line)
        assert head.split() == ["label", "TP", "FP", "FN", "TN", "precision", "recall", "F1"]
        assert any(line.split()[:1] == ["billing"] for line in text.split("\n"))
        assert app.focused is not None and app.focused.id == "cells"


async def test_training_again_when_nothing_changed_is_answered_with_a_note(
    tickets_session: Path, open_app: OpenApp
) -> None:
    before = Session(tickets_session).state()
    async with open_app(tickets_session, "train") as (app, pilot):
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
        assert "is trained" in banner(app)
    assert Session(tickets_session).state() == before


async def test_a_stale_run_shows_what_would_be_created_and_its_price(
    tickets_session: Path, open_app: OpenApp
) -> None:
    with_work_to_do(tickets_session)
    async with open_app(tickets_session, "train") as (app, _):
        text = screen_text(app)
        assert "run2 (new) on OFFLINE" in text
        assert "trained on other data" in text
        assert "1 classifier, multi-label, 5 labels" in text
        assert "$0.00 offline; on AWS about $0.50 to $2.00" in text
        assert "✓ open" in text
        assert "before: run base" in text


async def test_training_creates_the_run_and_shows_its_metrics(
    tickets_session: Path, open_app: OpenApp
) -> None:
    session = with_work_to_do(tickets_session)
    async with open_app(tickets_session, "train") as (app, pilot):
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
        run = session.state().runs[-1]
        assert run.name == "run2" and run.classifiers[0].is_trained
        assert "run2 is trained" in banner(app)
        assert app.overview is not None and app.overview.status_of("train").status == "done"
        assert "run run2, service's metrics" in screen_text(app)


async def test_stop_ends_the_wait_first_and_asks_before_it_ends_the_training(
    tickets_session: Path, open_app: OpenApp
) -> None:
    session = with_work_to_do(tickets_session, queue_s=600)
    async with open_app(tickets_session, "train") as (app, pilot):
        await pilot.press("r")
        await until_waiting(app, pilot)
        assert app.overview is not None and app.overview.status_of("train").status == "running"
        await pilot.press("x")
        await wait_for_jobs(app, pilot)
        assert "the training goes on" in banner(app)
        job = session.state().runs[-1].classifiers[0].training
        assert job.arn and not (job.status and job.status.is_final)
        await pilot.press("x")
        assert isinstance(app.screen, PayModal)
        await pilot.press("enter")
        await wait_for_jobs(app, pilot)
        assert not any(event["action"] == "stop" for event in session.events())
        await pilot.press("x", "y")
        await wait_for_jobs(app, pilot)
        assert [event["job"] for event in session.events() if event["action"] == "stop"] == [job.id]
        assert "STOP" in banner(app)


async def test_a_wait_that_was_stopped_is_resumed_without_a_second_training(
    tickets_session: Path, open_app: OpenApp
) -> None:
    session = with_work_to_do(tickets_session, queue_s=1.5)
    async with open_app(tickets_session, "train") as (app, pilot):
        await pilot.press("r")
        await until_waiting(app, pilot)
        await pilot.press("x")
        await wait_for_jobs(app, pilot)
        arn = session.state().runs[-1].classifiers[0].training.arn
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
        run = session.state().runs[-1]
        assert run.classifiers[0].is_trained and run.classifiers[0].training.arn == arn
        assert not run.replaced_jobs
        started = [event for event in session.events() if event["action"] == "started"]
        assert [event["arn"] for event in started].count(arn) == 1


async def test_leaving_the_screen_or_the_app_leaves_the_training_running(
    tickets_session: Path, open_app: OpenApp
) -> None:
    session = with_work_to_do(tickets_session, queue_s=600)
    async with open_app(tickets_session, "train") as (app, pilot):
        await pilot.press("r")
        await until_waiting(app, pilot)
        await pilot.press("3")
        await wait_for_jobs(app, pilot)
        await pilot.press("4")
        await wait_for_jobs(app, pilot)
        assert "r waits for it, x stops it" in screen_text(app)
        await pilot.press("q")
    job = session.state().runs[-1].classifiers[0].training
    assert job.arn and not (job.status and job.status.is_final)
    stop_job(session, job.id)


async def test_a_failed_training_says_why_and_can_be_repeated(
    tickets_session: Path, open_app: OpenApp
) -> None:
    session = with_work_to_do(tickets_session)
    with session.editing() as state:
        state.twin = msgspec.structs.replace(state.twin, fail="[/red]no \x1b[2Jmemory")
    async with open_app(tickets_session, "train") as (app, pilot):
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
        assert "[/red]no memory" in banner(app)
        with session.editing() as state:
            state.twin = msgspec.structs.replace(state.twin, fail=None)
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
        run = session.state().runs[-1]
        assert run.classifiers[0].is_trained and len(run.replaced_jobs) == 1


async def test_a_closed_gate_refuses_and_names_key_and_command(
    tickets_session: Path, open_app: OpenApp
) -> None:
    session = with_work_to_do(tickets_session)
    with session.editing() as state:
        state.health = None
    runs = len(session.state().runs)
    async with open_app(tickets_session, "train") as (app, pilot):
        words = " ".join(screen_text(app).split())
        assert "✗ closed: the dataset was not checked" in words and "press 2" in words
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
        assert "Not checked" in banner(app) and "comprehend-tuner health" in banner(app)
    assert len(session.state().runs) == runs


async def test_a_blocked_step_says_which_key_helps(
    tickets_session: Path, open_app: OpenApp
) -> None:
    with Session(tickets_session).editing() as state:
        state.splits, state.runs = [], []
    async with open_app(tickets_session, "train") as (app, pilot):
        assert "press 3 and split" in screen_text(app)
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
        assert banner(app)


async def test_read_only_creates_nothing(tickets_session: Path, open_app: OpenApp) -> None:
    session = with_work_to_do(tickets_session)
    runs = len(session.state().runs)
    async with open_app(tickets_session, "train", read_only=True) as (app, pilot):
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
        assert "Read-only" in banner(app)
    assert len(session.state().runs) == runs


async def test_a_paid_training_is_confirmed_with_y_alone(
    tickets_session: Path, open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = with_work_to_do(tickets_session)
    runs = len(session.state().runs)
    real = view_of

    def paid(session: Session, groups: GroupKind | None = None) -> TrainView:
        view = real(session, groups)
        assert view.plan is not None
        return dataclasses.replace(view, plan=dataclasses.replace(view.plan, is_paid=True))

    monkeypatch.setattr("tui.screens.train.view_of", paid)
    async with open_app(tickets_session, "train") as (app, pilot):
        for keys in (("enter",), ("escape",), ("n",)):
            await pilot.press("r")
            assert isinstance(app.screen, PayModal)
            assert "$0.50 to $2.00, estimated" in screen_text(app)
            await pilot.press(*keys)
            await wait_for_jobs(app, pilot)
        assert len(session.state().runs) == runs
        await pilot.press("r", "y")
        await wait_for_jobs(app, pilot)
    assert len(session.state().runs) == runs + 1


@pytest.mark.parametrize("size", [(60, 15), (120, 40), (200, 60), (30, 8)])
async def test_every_size_shows_something_useful(
    tickets_session: Path, open_app: OpenApp, size: tuple[int, int]
) -> None:
    async with open_app(tickets_session, "train", size=size, ascii_only=True) as (app, _):
        text = screen_text(app)
        assert not set(text) - set("▄▅▆▇▃▂▁▊▋▌▍▎▏█") - set(map(chr, range(127)))
        assert "metric" in text or size[1] < 15


async def test_the_check_offline_looks_at_this_machine_and_esc_brings_the_plan_back(
    tickets_session: Path, open_app: OpenApp
) -> None:
    with_work_to_do(tickets_session)
    async with open_app(tickets_session, "train") as (app, pilot):
        await pilot.press("d")
        await wait_for_jobs(app, pilot)
        shown = screen_text(app)
        assert "✓ passed" in shown and "Session folder" in shown
        assert "run2 (new)" not in shown and "before: run base" not in shown
        await pilot.press("escape")
        await wait_for_jobs(app, pilot)
        assert "run2 (new)" in screen_text(app) and app.focused is not None
        await pilot.press("escape")
        assert app.screen.id == "screen-sessions"
