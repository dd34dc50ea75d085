"""Label groups on the train screen: planned with their price, started only when asked."""

from pathlib import Path

from textual.pilot import Pilot

from core.workflow.session import Session
from tests.tui.conftest import OpenApp, screen_text, wait_for_jobs
from tests.tui.test_train import banner
from tui.app import TunerApp
from tui.screens.train import TrainScreen


def screen_of(app: TunerApp) -> TrainScreen:
    assert isinstance(app.screen, TrainScreen)
    return app.screen


async def plan_groups(app: TunerApp, pilot: Pilot[int], times: int = 1) -> str:
    """Ask for the next plan of label groups; what the screen then shows, in one line."""
    for _ in range(times):
        screen_of(app).action_groups()
        await wait_for_jobs(app, pilot)
    return " ".join(screen_text(app).split())


async def test_label_groups_are_planned_with_their_price_and_not_started(
    tickets_session: Path, open_app: OpenApp
) -> None:
    before = Session(tickets_session).state()
    async with open_app(tickets_session, "train", size=(100, 40)) as (app, pilot):
        words = await plan_groups(app, pilot)
        assert "label groups: rare (g: complete)" in words
        assert "the returned scores tell enough of every label" in words
        words = await plan_groups(app, pilot)
        assert "label groups: complete (g: none)" in words
        assert "base-complete (new)" in words and "2 classifiers" in words
        assert "c1 all labels: taken over from run base, not trained again" in words
        assert "c2 billing + " in words and "none-of-these for the rest" in words
        assert "scoring $0.00 offline; on AWS about" in words
        assert screen_of(app).equivalent_command().endswith("train --groups complete")
        assert "metric reported" in await plan_groups(app, pilot)
    assert Session(tickets_session).state() == before


async def test_planned_groups_are_trained_as_a_new_run(
    tickets_session: Path, open_app: OpenApp
) -> None:
    session = Session(tickets_session)
    async with open_app(tickets_session, "train") as (app, pilot):
        await plan_groups(app, pilot, times=2)
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
        runs = session.state().runs
        assert [run.name for run in runs] == ["base", "base-complete"]
        assert all(classifier.is_trained for classifier in runs[1].classifiers)
        assert "base-complete is trained" in banner(app)
        assert screen_of(app).equivalent_command().endswith("train")
        assert "none-of-these" in screen_text(app) or "F1Score" in screen_text(app)
