"""The split screen: a live audit of ratios and seed, kept on request."""

import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from textual.widgets import Input

from core.cli.main import cli
from core.workflow.session import Session
from tests.recording import record_as_is
from tests.tui.conftest import OpenApp, screen_text, wait_for_jobs
from tui.screens.split import SplitScreen
from tui.widgets.dataset import ratios_text
from tui.widgets.tables import RowTable


def without_scrollbars(text: str) -> str:
    """What is shown but for the ends of scrollbars, which Textual draws in eighths."""
    return text.translate(dict.fromkeys(map(ord, "▁▂▃▄▅▆▇▉▊▋▌▍▎▏")))


async def test_the_kept_split_is_audited_on_opening(
    open_app: OpenApp, tickets_session: Path
) -> None:
    split = Session(tickets_session).state().splits[-1]
    async with open_app(tickets_session, "split") as (app, _):
        shown = screen_text(app)
        assert app.focused is app.screen.query_one(RowTable)
        assert app.screen.query_one("#ratios", Input).value == "60/20/20"
        assert app.screen.query_one("#seed", Input).value == "3"
        assert f"kept as {split.id}" in shown
        assert f"train {split.sizes[0]} (" in shown
        assert f"{split.support['billing']['train']} " in shown


async def test_the_preview_follows_the_inputs_and_keeps_nothing(
    open_app: OpenApp, tickets_session: Path
) -> None:
    before = Session(tickets_session).state_path.read_bytes()
    async with open_app(tickets_session, "split") as (app, pilot):
        await pilot.press("e")
        app.screen.query_one("#ratios", Input).value = "80/20"
        await wait_for_jobs(app, pilot)
        shown = screen_text(app)
        assert "train 560 (80.0%) · test 140 (20.0%)" in shown
        assert "differs from s1; r keeps this split instead" in shown
        assert Session(tickets_session).state_path.read_bytes() == before


async def test_keeping_leaves_the_same_split_as_the_command(
    open_app: OpenApp, tickets_session: Path
) -> None:
    async with open_app(tickets_session, "split") as (app, pilot):
        await pilot.press("e", "end", *(["backspace"] * 8), *"80/20", "enter")
        await wait_for_jobs(app, pilot)
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
        screen = app.screen
        assert isinstance(screen, SplitScreen)
        assert "kept as s2" in screen.banner.text
        command = screen.equivalent_command()
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
        assert "unchanged" in screen.banner.text
    state = Session(tickets_session).state()
    assert [split.id for split in state.splits] == ["s1", "s2"]
    assert state.splits[-1].sizes == (560, 140)
    words = shlex.split(command)[1:]
    words[1] = str(tickets_session)
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0
    assert "unchanged" in done.output


@pytest.mark.parametrize(
    ("ratios", "seed", "why"),
    [("70/10", "0", "add up to 80"), ("70/10/20", "", "the seed is empty"), ("", "1", "numbers")],
)
async def test_unusable_inputs_are_explained_and_not_kept(
    open_app: OpenApp, tickets_session: Path, ratios: str, seed: str, why: str
) -> None:
    before = Session(tickets_session).state_path.read_bytes()
    async with open_app(tickets_session, "split") as (app, pilot):
        app.screen.query_one("#ratios", Input).value = ratios
        app.screen.query_one("#seed", Input).value = seed
        await wait_for_jobs(app, pilot)
        assert why in screen_text(app)
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
        screen = app.screen
        assert isinstance(screen, SplitScreen)
        assert why in screen.banner.text
    assert Session(tickets_session).state_path.read_bytes() == before


async def test_the_latest_of_several_edits_is_shown(
    open_app: OpenApp, tickets_session: Path
) -> None:
    async with open_app(tickets_session, "split") as (app, pilot):
        for seed in ("11", "12", "13"):
            app.screen.query_one("#seed", Input).value = seed
        app.screen.query_one("#ratios", Input).value = "50/50"
        await wait_for_jobs(app, pilot)
        await wait_for_jobs(app, pilot)
        assert "train 350 (50.0%) · test 350 (50.0%)" in screen_text(app)
        assert "of the inputs before" not in screen_text(app)


async def test_a_label_missing_from_a_part_is_named(
    open_app: OpenApp, tickets_session: Path
) -> None:
    path = tickets_session / "data" / "r1.jsonl"
    lines = path.read_text().splitlines()
    lines[0] = lines[0].replace('"clean"', '"clean","[/rare]"', 1)
    lines[1] = lines[1].replace('"labels":[', '"labels":["[/rare]",', 1).replace(",]", "]")
    path.write_text("\n".join(lines) + "\n")
    record_as_is(Session(tickets_session))
    async with open_app(tickets_session, "split") as (app, _):
        shown = screen_text(app)
        assert "[/rare] is missing from" in shown
        assert "fewer than 10 in train: [/rare]" in shown


async def test_labels_are_filtered_and_escape_clears(
    open_app: OpenApp, tickets_session: Path
) -> None:
    async with open_app(tickets_session, "split") as (app, pilot):
        await pilot.press("slash", *"bill")
        assert "1 of 5" in screen_text(app)
        assert "delivery" not in screen_text(app)
        await pilot.press("escape")
        assert "delivery" in screen_text(app)
        await pilot.press("escape")
        assert app.screen.id == "screen-sessions"


async def test_small_windows_show_counts_alone(open_app: OpenApp, tickets_session: Path) -> None:
    async with open_app(tickets_session, "split", size=(60, 15), ascii_only=True) as (app, _):
        shown = screen_text(app)
        assert "billing" in shown
        assert without_scrollbars(shown).isascii()


def test_ratios_read_like_a_person_writes_them() -> None:
    assert ratios_text((0.7, 0.1, 0.2)) == "70/10/20"
    assert ratios_text((0.333, 0.333, 0.334)) == "33.3/33.3/33.4"
