"""Oversample: targets by keyboard, counts of every label, kept or forgotten."""

from pathlib import Path

from textual.widgets import Input

from core.cli.main import main
from core.workflow.actions.oversample import preview_oversampling
from core.workflow.session import Session
from tests.tui.conftest import OpenApp, screen_text, wait_for_jobs
from tui.screens.oversample import OversampleScreen


async def test_a_target_is_previewed_kept_and_forgotten(
    tickets_session: Path, open_app: OpenApp
) -> None:
    session = Session(tickets_session)
    seen = preview_oversampling(session, {"bug": 150}, 0)
    async with open_app(tickets_session, "oversample") as (app, pilot):
        screen = app.screen
        assert isinstance(screen, OversampleScreen)
        await pilot.press("down", "down", "e", *"150", "enter")
        await wait_for_jobs(app, pilot)
        assert session.state().oversampling is None, "a preview keeps nothing"
        assert (screen._before, screen._after) == (seen.before, seen.after)
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
        assert screen._targets == {}


async def test_label_equals_number_names_another_label_and_empty_removes(
    tickets_session: Path, open_app: OpenApp
) -> None:
    async with open_app(tickets_session, "oversample") as (app, pilot):
        screen = app.screen
        assert isinstance(screen, OversampleScreen)
        await pilot.press("e")
        screen.query_one("#oversample-target", Input).value = "login=90"
        await pilot.press("enter")
        await wait_for_jobs(app, pilot)
        assert screen._targets == {"login": 90}
        assert screen.equivalent_command().endswith("oversample --to login=90 --seed 0")
        await pilot.press("down", "down", "down", "e")
        target = screen.query_one("#oversample-target", Input)
        assert target.value == "90"
        target.value = ""
        await pilot.press("enter")
        await wait_for_jobs(app, pilot)
        assert screen._targets == {}
        assert screen.equivalent_command().endswith("oversample --clear")


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


async def test_unreadable_targets_stay_in_the_input(
    tickets_session: Path, open_app: OpenApp
) -> None:
    async with open_app(tickets_session, "oversample") as (app, pilot):
        for text, said in (("many", "is not LABEL=N"), ("[/x]=9", "is not a label here")):
            await pilot.press("e")
            target = app.screen.query_one("#oversample-target", Input)
            target.value = text
            await pilot.press("enter")
            await pilot.pause()
            assert said in screen_text(app)
            assert target.has_focus
            await pilot.press("escape")
        assert isinstance(app.screen, OversampleScreen)


async def test_reopening_shows_what_is_kept_and_the_command_leaves_the_same(
    tickets_session: Path, open_app: OpenApp
) -> None:
    async with open_app(tickets_session, "oversample") as (app, pilot):
        await pilot.press("e", *"160", "enter")
        await wait_for_jobs(app, pilot)
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
        assert isinstance(app.screen, OversampleScreen)
        command = app.screen.equivalent_command()
    session = Session(tickets_session)
    by_screen = session.state().oversampling
    async with open_app(tickets_session, "oversample") as (app, _):
        assert "kept: the next run" in screen_text(app) and "160" in screen_text(app)
    words = command.replace("--session small", f"--session {tickets_session}").split()
    assert main(words[1:]) == 0
    by_command = session.state().oversampling
    assert by_screen is not None and by_command is not None
    assert (by_screen.targets, by_screen.training) == (by_command.targets, by_command.training)


async def test_nothing_is_kept_without_a_target(tickets_session: Path, open_app: OpenApp) -> None:
    async with open_app(tickets_session, "oversample") as (app, pilot):
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
        assert "no target yet" in screen_text(app)


async def test_without_a_split_it_says_so(tickets_session: Path, open_app: OpenApp) -> None:
    session = Session(tickets_session)
    with session.editing() as state:
        state.splits, state.runs = [], []
    async with open_app(tickets_session, "oversample") as (app, pilot):
        assert "press 3 (Split)" in screen_text(app)
        await pilot.press("e", "r", "D")
        await wait_for_jobs(app, pilot)
        assert isinstance(app.screen, OversampleScreen)


async def test_small_windows_and_ascii(tickets_session: Path, open_app: OpenApp) -> None:
    for size in ((60, 15), (120, 40)):
        async with open_app(tickets_session, "oversample", size=size, ascii_only=True) as (app, _):
            text = screen_text(app)
            assert text.isascii(), text
            assert "billing" in text and "change" in text
