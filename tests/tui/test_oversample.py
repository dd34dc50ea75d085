"""Oversample, the plan: labels and arms counted by keyboard; a single training file kept."""

from pathlib import Path

import pytest
from textual.widgets import Input

from core.cli.main import main
from core.dataset.arms import ArmsRequest
from core.workflow.experiments.plan import plan_experiment
from core.workflow.oversample import preview_oversampling
from core.workflow.session import Session
from tests.tui.conftest import OpenApp, screen_text, wait_for_jobs
from tui.app import TunerApp
from tui.screens.oversample import OversampleScreen
from tui.screens.oversample_windows import OptionsModal
from tui.windows import TextModal


def screen_of(app: TunerApp) -> OversampleScreen:
    assert isinstance(app.screen, OversampleScreen)
    return app.screen


def typed(app: TunerApp) -> Input:
    return app.screen.query_one("#oversample-input", Input)


async def test_a_target_is_previewed_kept_and_forgotten(
    tickets_session: Path, open_app: OpenApp
) -> None:
    session = Session(tickets_session)
    seen = preview_oversampling(session, {"bug": 150}, 0)
    async with open_app(tickets_session, "oversample") as (app, pilot):
        await pilot.press("down", "down", "e", *"150", "enter")
        await wait_for_jobs(app, pilot)
        assert session.state().oversampling is None, "a preview keeps nothing"
        single = screen_of(app).planning.single
        assert single is not None
        assert (single.before, single.after) == (seen.before, seen.after)
        text = screen_text(app)
        assert f"{seen.added} copies" in text and "not kept yet" in text
        for label in seen.before:
            assert label in text
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
        kept = session.state().oversampling
        assert kept is not None
        assert (kept.targets, kept.after) == ({"bug": 150}, seen.after)
        assert "the next run (4 Train) uses it" in screen_text(app)
        assert app.overview is not None
        assert app.overview.status_of("train").status == "stale"
        await pilot.press("D")
        await wait_for_jobs(app, pilot)
        assert session.state().oversampling is None
        assert single.targets == {}


async def test_label_equals_number_names_another_label_and_empty_removes(
    tickets_session: Path, open_app: OpenApp
) -> None:
    async with open_app(tickets_session, "oversample") as (app, pilot):
        screen = screen_of(app)
        await pilot.press("e")
        typed(app).value = "login=90"
        await pilot.press("enter")
        await wait_for_jobs(app, pilot)
        assert screen.planning.single is not None and screen.planning.single.targets == {
            "login": 90
        }
        assert screen.equivalent_command().endswith("oversample --to login=90 --seed 0")
        await pilot.press("down", "down", "down", "e")
        assert typed(app).value == "90"
        typed(app).value = ""
        await pilot.press("enter")
        await wait_for_jobs(app, pilot)
        assert screen.planning.single.targets == {}
        assert screen.equivalent_command().endswith("oversample --clear")
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
        assert "no target yet" in screen_text(app)


async def test_a_target_that_cannot_be_met_is_explained(
    tickets_session: Path, open_app: OpenApp
) -> None:
    async with open_app(tickets_session, "oversample") as (app, pilot):
        await pilot.press("e", "1", "enter")
        await wait_for_jobs(app, pilot)
        assert "below the" in screen_text(app) and "only adds" in screen_text(app)
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
        assert Session(tickets_session).state().oversampling is None


async def test_what_cannot_be_read_stays_in_the_input(
    tickets_session: Path, open_app: OpenApp
) -> None:
    async with open_app(tickets_session, "oversample") as (app, pilot):
        for key, text, said in (
            ("e", "many", "is not LABEL=N"),
            ("e", "[/x]=9", "is not a label here"),
            ("a", "lots", "none of the known forms"),
        ):
            await pilot.press(key)
            typed(app).value = text
            await pilot.press("enter")
            await pilot.pause()
            assert said in screen_text(app)
            assert typed(app).has_focus
            await pilot.press("escape")
            assert not typed(app).has_focus
        assert screen_of(app).planning.draft.amounts == (10, 25, 50, 100, 200, 500)


async def test_reopening_shows_what_is_kept_and_the_command_leaves_the_same(
    tickets_session: Path, open_app: OpenApp
) -> None:
    async with open_app(tickets_session, "oversample") as (app, pilot):
        await pilot.press("e", *"160", "enter")
        await wait_for_jobs(app, pilot)
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
        command = screen_of(app).equivalent_command()
    session = Session(tickets_session)
    by_screen = session.state().oversampling
    async with open_app(tickets_session, "oversample") as (app, _):
        assert "kept: the next run" in screen_text(app) and "160" in screen_text(app)
    words = command.replace("--session small", f"--session {tickets_session}").split()
    assert main(words[1:]) == 0
    by_command = session.state().oversampling
    assert by_screen is not None and by_command is not None
    assert (by_screen.targets, by_screen.training) == (by_command.targets, by_command.training)


async def test_arms_are_counted_for_every_label_before_anything_is_started(
    tickets_session: Path, open_app: OpenApp
) -> None:
    session = Session(tickets_session)
    plan = plan_experiment(session, ArmsRequest(labels=("bug",), positives=(20, 300)))
    async with open_app(tickets_session, "oversample") as (app, pilot):
        await pilot.press("down", "down", "space", "a")
        assert typed(app).value == "10,25,50,100,200,500"
        typed(app).value = "20, 300"
        await pilot.press("enter")
        await wait_for_jobs(app, pilot)
        text = screen_text(app)
        assert "[x] bug" in text and "[ ] login" in text
        assert "n300 (3 of 3): documents repeated" in text and "MeanIR" in text
        for label, count in plan.arms[2].after.items():
            row = next(line for line in text.split("\n") if f"] {label} " in line)
            assert str(plan.before[label]) in row and str(count) in row
        words = " ".join(text.split())
        assert f"2 trainings, {plan.at_once} at once · $0.00 offline; on AWS about" in words
        await pilot.press("left")
        text = screen_text(app)
        assert f"n20 (2 of 3): fewer distinct documents, {plan.arms[1].documents} doc" in text
        assert f"({plan.arms[1].removed} left out)" in text
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, TextModal) and "SCUMBLE" in app.screen.text
        assert plan.estimate.basis in app.screen.text
    assert session.state().experiments == [] and len(session.state().runs) == 1


async def test_choosing_again_gives_up_the_older_count(
    tickets_session: Path, open_app: OpenApp
) -> None:
    async with open_app(tickets_session, "oversample") as (app, pilot):
        await pilot.press("space", "down", "space", "up", "space")
        await wait_for_jobs(app, pilot)
        screen = screen_of(app)
        assert screen.planning.draft.labels == ("delivery",)
        assert screen.planning.plan is not None
        assert screen.planning.plan.request.labels == ("delivery",)
        assert "raise in train only: delivery" in screen_text(app)


async def test_options_are_typed_in_a_window_and_reach_plan_and_command(
    tickets_session: Path, open_app: OpenApp
) -> None:
    async with open_app(tickets_session, "oversample") as (app, pilot):
        await pilot.press("space", "o")
        await pilot.pause()
        assert isinstance(app.screen, OptionsModal)
        for name, value in (("replicates", "2"), ("repeat-from", "12"), ("stop-after", "none")):
            app.screen.query_one(f"#option-{name}", Input).value = value
        await pilot.press("enter")
        await pilot.pause()
        assert "no whole number" in screen_text(app), "the window stays with what is wrong"
        app.screen.query_one("#option-stop-after", Input).value = "2"
        app.screen.query_one("#option-seed", Input).value = "7"
        await pilot.press("enter")
        await wait_for_jobs(app, pilot)
        command = screen_of(app).equivalent_command()
        options = "--repeat-from 12 --replicates 2 --patience 2 --seed 7"
        assert command.endswith(f"--arms 10,25,50,100,200,500 {options}")
        plan = screen_of(app).planning.plan
        assert plan is not None and plan.patience == 2 and plan.request.seed == 7
        assert any(arm.plan.id == "n500-from12-2" for arm in plan.arms)


async def test_arms_that_cannot_be_made_are_explained_and_not_started(
    tickets_session: Path, open_app: OpenApp
) -> None:
    async with open_app(tickets_session, "oversample") as (app, pilot):
        await pilot.press("space", "a")
        typed(app).value = "x1"
        await pilot.press("enter")
        await wait_for_jobs(app, pilot)
        assert "every arm would be the training part as it is" in screen_text(app)
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
        assert Session(tickets_session).state().experiments == []


async def test_nothing_starts_without_a_label_or_read_only(
    tickets_session: Path, open_app: OpenApp
) -> None:
    async with open_app(tickets_session, "oversample", read_only=True) as (app, pilot):
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
        assert "space chooses the labels" in screen_text(app)
        await pilot.press("p")
        assert "no experiment yet" in screen_text(app)
        await pilot.press("space")
        await wait_for_jobs(app, pilot)
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
        assert "Read-only" in screen_text(app)
    assert Session(tickets_session).state().experiments == []


async def test_without_a_split_it_says_so(tickets_session: Path, open_app: OpenApp) -> None:
    session = Session(tickets_session)
    with session.editing() as state:
        state.splits, state.runs = [], []
    async with open_app(tickets_session, "oversample") as (app, pilot):
        assert "press 3 (Split)" in screen_text(app)
        await pilot.press("e", "r", "D", "a", "o", "space", "A", "v", "m", "R", "x", "left")
        await wait_for_jobs(app, pilot)
        await pilot.press("escape")
        assert app.is_running


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (120, 40)])
async def test_small_windows_and_ascii(
    size: tuple[int, int], tickets_session: Path, open_app: OpenApp
) -> None:
    async with open_app(tickets_session, "oversample", size=size, ascii_only=True) as (app, pilot):
        text = screen_text(app)
        assert text.isascii(), text
        assert "billing" in text and "copies" in text
        await pilot.press("space")
        await wait_for_jobs(app, pilot)
        text = screen_text(app)
        assert text.isascii(), text
        assert "[x] billing" in text and "trainings" in text
        await pilot.press("e", "escape", "o")
        assert screen_text(app).isascii()


async def test_long_names_and_many_labels_keep_the_numbers_in_sight(
    open_app: OpenApp, tmp_path: Path
) -> None:
    from core.dataset.formats.sources import SourceSettings
    from core.workflow.data import NewSession, create_session
    from core.workflow.split import split_dataset
    from tests.hostile import write_many_labels

    source = write_many_labels(tmp_path / "many.csv")
    folder = tmp_path / ".comprehend-tuner" / "many"
    session = create_session(NewSession(folder, source, SourceSettings())).session
    split_dataset(session, (0.7, 0.1, 0.2), 1)
    async with open_app(folder, "oversample") as (app, pilot):
        await pilot.press("pagedown", "down", "space")
        await wait_for_jobs(app, pilot)
        screen = screen_of(app)
        label = screen.plan_pane.highlighted
        assert label is not None and screen.planning.draft.labels == (label,)
        assert f"[x] {label}"[:12] in screen_text(app), "the highlighted row stays in sight"
        assert max(map(len, screen_text(app).split("\n"))) <= 80
