"""Objectives of the thresholds screen, by keyboard: their effect, undo, and what is saved."""

import shlex
import shutil
from pathlib import Path

import msgspec
import pytest
from textual.widgets import Input

from tests.tui.conftest import OpenApp, screen_text, wait_for_jobs
from tests.tui.test_thresholds import opened, values
from tests.tui.test_thresholds_evidence import kept, rested, take
from tui.screens.thresholds_windows import ObjectiveModal


async def test_the_effect_is_shown_before_it_is_taken_and_undo_takes_it_back_whole(
    open_app: OpenApp, tickets_session: Path
) -> None:
    async with open_app(tickets_session, "thresholds") as (app, pilot):
        before = dict(values(app))
        await take(app, pilot, "down", "down", "enter", "enter")
        text = screen_text(app)
        for word in ("precision:0.9 for every label", "→ flagged", "macro-F1", "micro-F1"):
            assert word in text
        assert "calibration, where it is tuned: optimistic" in text
        await pilot.press("escape")
        await pilot.pause()
        assert values(app) == before and opened(app)._view.working.aim.objective == "max_f1"  # type: ignore[union-attr]
        await take(app, pilot, "down", "down", "enter", "enter")
        await pilot.press("enter")
        await pilot.pause()
        assert values(app) != before
        await rested(app, pilot)
        assert values(app)["clean"] == 0.5, "the evidence keeps the default"
        text = screen_text(app)
        assert "clean: the evidence keeps the default" in text
        assert "for precision:0.9" in text
        await pilot.press("u")
        await pilot.pause()
        assert values(app) == before
        assert "for max_f1" in screen_text(app)


async def test_infeasible_is_said_before_and_after(
    open_app: OpenApp, tickets_session: Path
) -> None:
    async with open_app(tickets_session, "thresholds") as (app, pilot):
        await pilot.press("down", "down", "down")
        assert opened(app).board.table.selected == "login"
        await take(app, pilot, "down", "down", "space", "enter", "enter")
        assert "precision:0.9 for login" in screen_text(app)
        assert "login: infeasible" in screen_text(app)
        await pilot.press("enter")
        await rested(app, pilot)
        text = screen_text(app)
        assert "tuned for precision:0.9" in text and "infeasible" in text
        assert "grade D" in text and "the default stays" in text


async def test_a_value_is_typed_and_refused_with_the_reason(
    open_app: OpenApp, tickets_session: Path
) -> None:
    async with open_app(tickets_session, "thresholds") as (app, pilot):
        await pilot.press("o", "down", "down", "down", "enter")
        assert isinstance(app.screen, ObjectiveModal)
        box = app.screen.query_one("#value", Input)
        assert app.focused is box and box.value == "0.8"
        box.value = "7"
        await pilot.press("enter")
        await pilot.pause()
        assert "must be between" in screen_text(app)
        box.value = ""
        await pilot.press(*"0.75", "enter")
        await wait_for_jobs(app, pilot)
        assert "recall:0.75 for every label" in screen_text(app)


async def test_a_joint_objective_is_for_every_label(
    open_app: OpenApp, tickets_session: Path
) -> None:
    async with open_app(tickets_session, "thresholds") as (app, pilot):
        await take(app, pilot, "space", "end", "enter")
        assert "joint_micro_macro_f1 for every label" in screen_text(app)
        await pilot.press("enter")
        await rested(app, pilot)
        before = dict(values(app))
        await pilot.press("left", "B")
        await rested(app, pilot)
        assert values(app) == before


@pytest.mark.parametrize(
    "steps",
    [
        (("o", "down", "enter", "enter"), ("enter",)),
        (("down", "o", "down", "down", "down", "space", "enter", "enter"), ("enter",)),
        (("o", "down", "down", "down", "down", "enter", "enter"), ("enter",), ("b", "down", "b")),
        (("o", "end", "enter"), ("enter",), ("down", "right")),
    ],
)
async def test_the_equivalent_command_of_an_objective_leaves_the_same_session(
    open_app: OpenApp,
    tickets_session: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    steps: tuple[tuple[str, ...], ...],
) -> None:
    other = tmp_path / "elsewhere" / ".comprehend-tuner" / "small"
    shutil.copytree(tickets_session, other)
    async with open_app(tickets_session, "thresholds") as (app, pilot):
        for keys in steps:
            await pilot.press(*keys)
            await wait_for_jobs(app, pilot)
        await rested(app, pilot)
        wanted = dict(values(app))
        command = shlex.split(opened(app).equivalent_command())
        await pilot.press("s")
        await pilot.pause()
        await pilot.press("enter")
        await wait_for_jobs(app, pilot)
    from click.testing import CliRunner

    from core.cli.main import cli

    monkeypatch.chdir(tmp_path / "elsewhere")
    done = CliRunner().invoke(cli, command[1:], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    left, right = (msgspec.to_builtins(kept(folder)) for folder in (tickets_session, other))
    for key in ("made_at", "fingerprint", "report_fingerprint"):  # both files hold the time
        assert left.pop(key) and right.pop(key)
    assert left == right and left["values"] == wanted


async def test_saving_waits_for_the_evidence(open_app: OpenApp, tickets_session: Path) -> None:
    async with open_app(tickets_session, "thresholds") as (app, pilot):
        await take(app, pilot, "down", "down", "down", "down", "enter", "enter")
        await pilot.press("enter", "s")
        await pilot.pause()
        await pilot.press("enter")
        await wait_for_jobs(app, pilot)
        await wait_for_jobs(app, pilot)
        await pilot.press("escape")
        saved = kept(tickets_session)
        assert saved.objective == "cost:5" and saved.values == values(app)
        assert not opened(app).unsaved()
