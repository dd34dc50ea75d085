"""The thresholds screen by keyboard: what the session holds, then what is shown."""

import json
import re
import shlex
import shutil
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from textual.widgets import Input

from core.tuning.aim import Aim
from core.tuning.thresholds import load
from core.workflow.session import Session
from core.workflow.thresholds import TuningSettings, tune_thresholds
from tests.tui.conftest import OpenApp, screen_text, wait_for_jobs
from tui.app import TunerApp
from tui.screens.thresholds import ThresholdsScreen
from tui.windows import TextModal


def opened(app: TunerApp) -> ThresholdsScreen:
    """The screen under test."""
    assert isinstance(app.screen, ThresholdsScreen)
    return app.screen


def values(app: TunerApp) -> dict[str, float]:
    """The thresholds as the user has moved them."""
    working = opened(app).held.working
    assert working is not None
    return working.values


def saved_values(folder: Path) -> dict[str, float]:
    """The thresholds that the session holds."""
    kept = Session(folder).state().runs[-1].thresholds
    assert kept is not None
    return kept.values


async def test_opening_shows_every_label_with_the_table_in_focus(
    open_app: OpenApp, tickets_session: Path
) -> None:
    async with open_app(tickets_session, "thresholds") as (app, _):
        text = screen_text(app)
        assert app.focused is opened(app).board.table
        for label in ("billing", "delivery", "bug", "login", "clean"):
            assert label in text
        assert "macro-F1" in text
        assert "calibration, optimistic" in text
        assert opened(app).board.table.selected == "billing"


async def test_a_key_press_moves_threshold_counts_and_marker(
    open_app: OpenApp, tickets_session: Path
) -> None:
    async with open_app(tickets_session, "thresholds") as (app, pilot):
        before = values(app)["billing"]
        figures = screen_text(app)
        await pilot.press("right", "right")
        assert values(app)["billing"] == pytest.approx(before + 0.02)
        await pilot.press("right_square_bracket")
        assert values(app)["billing"] == pytest.approx(before + 0.12)
        await pilot.pause()
        text = screen_text(app)
        assert text != figures
        flagged = re.search(r"flagged (\d+)/(\d+)  TP (\d+)  FP (\d+)  FN (\d+)  TN (\d+)", text)
        assert flagged is not None
        n, total, tp, fp, fn, tn = map(int, flagged.groups())
        view = opened(app)._view
        assert view is not None
        counts = view.curves.of("calibration")["billing"].at(values(app)["billing"])
        assert (tp, fp, fn, tn) == (counts.tp, counts.fp, counts.fn, counts.tn)
        assert n == tp + fp
        assert total == tp + fp + fn + tn
        assert saved_values(tickets_session)["billing"] == before
        assert "*" in text


async def test_undo_takes_back_one_press_at_a_time(
    open_app: OpenApp, tickets_session: Path
) -> None:
    async with open_app(tickets_session, "thresholds") as (app, pilot):
        before = dict(values(app))
        await pilot.press("left", "down", "right", "u")
        assert values(app)["delivery"] == before["delivery"]
        assert values(app)["billing"] != before["billing"]
        await pilot.press("u")
        assert values(app) == before
        await pilot.press("u")
        await pilot.pause()
        assert "nothing to undo" in screen_text(app)


async def test_best_returns_to_the_tuned_threshold(
    open_app: OpenApp, tickets_session: Path
) -> None:
    async with open_app(tickets_session, "thresholds") as (app, pilot):
        before = dict(values(app))
        await pilot.press("left", "left", "down", "right", "b")
        assert values(app)["delivery"] == before["delivery"]
        await pilot.press("B")
        assert values(app) == before


async def test_steps_on_the_log_axis_are_factors(open_app: OpenApp, tickets_session: Path) -> None:
    async with open_app(tickets_session, "thresholds") as (app, pilot):
        before = values(app)["billing"]
        await pilot.press("x", "left")
        assert values(app)["billing"] == pytest.approx(before / 1.1, rel=1e-3)
        assert "1e" in screen_text(app) or ".01" in screen_text(app)


async def test_p_shows_the_other_part_over_the_tuned_one(
    open_app: OpenApp, tickets_session: Path
) -> None:
    async with open_app(tickets_session, "thresholds") as (app, pilot):
        await pilot.press("p")
        await pilot.pause()
        text = screen_text(app)
        assert "billing · test" in text
        assert "other: calibration" in text
        assert "optimistic" not in text
        await pilot.press("p")
        await pilot.pause()
        assert "calibration, optimistic" in screen_text(app)


async def test_filter_keeps_matching_labels_and_esc_clears(
    open_app: OpenApp, tickets_session: Path
) -> None:
    async with open_app(tickets_session, "thresholds") as (app, pilot):
        await pilot.press("slash", *"bug", "enter")
        await pilot.pause()
        assert [row.label for row in opened(app).board.table.shown_rows] == ["bug"]
        assert "labels (1 of 5)" in screen_text(app)
        before = values(app)["bug"]
        await pilot.press("right")
        assert values(app)["bug"] == pytest.approx(before + 0.01)
        await pilot.press("escape")
        await pilot.pause()
        assert len(opened(app).board.table.shown_rows) == 5
        assert app.overview is not None


async def test_typing_in_the_filter_presses_no_keys_of_the_screen(
    open_app: OpenApp, tickets_session: Path
) -> None:
    async with open_app(tickets_session, "thresholds") as (app, pilot):
        before = dict(values(app))
        await pilot.press("slash", *"qsbu1")
        assert app.screen.query_one("#filter", Input).value == "qsbu1"
        assert values(app) == before
        await pilot.pause()
        assert "no label matches" in screen_text(app)


async def test_saving_writes_session_and_file_and_shows_both_lines(
    open_app: OpenApp, tickets_session: Path
) -> None:
    async with open_app(tickets_session, "thresholds") as (app, pilot):
        await pilot.press("down", "right")
        wanted = dict(values(app))
        await pilot.press("s")
        await pilot.pause()
        await pilot.press("enter")
        await wait_for_jobs(app, pilot)
        path = app.settings.directory / "small-thresholds.json"
        assert saved_values(tickets_session) == wanted
        kept = Session(tickets_session).state().runs[-1].thresholds
        assert kept is not None and kept.edited == ("delivery",)
        file = load(path)
        assert {label: entry.threshold for label, entry in file.labels.items()} == wanted
        assert isinstance(app.screen, TextModal)
        text = screen_text(app)
        assert "from core.tuning.thresholds import load" in text
        assert "small-thresholds.json" in text
        await pilot.press("escape")
        await pilot.pause()
        assert not opened(app).held.working.is_changed  # type: ignore[union-attr]


@pytest.mark.parametrize("keys", [("down", "right"), ("b",), ("left", "down", "B")])
async def test_the_equivalent_command_leaves_the_same_session(
    open_app: OpenApp,
    tickets_session: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    keys: tuple[str, ...],
) -> None:
    by_hand = {"bug": 0.25, "billing": 0.75}
    tune_thresholds(Session(tickets_session), TuningSettings(aim=Aim(by_hand=by_hand)))
    other = tmp_path / "elsewhere" / ".comprehend-tuner" / "small"
    shutil.copytree(tickets_session, other)
    async with open_app(tickets_session, "thresholds") as (app, pilot):
        await pilot.press(*keys)
        command = shlex.split(opened(app).equivalent_command())
        await pilot.press("s")
        await pilot.pause()
        await pilot.press("enter")
        await wait_for_jobs(app, pilot)
    from core.cli.main import cli

    monkeypatch.chdir(tmp_path / "elsewhere")
    done = CliRunner().invoke(cli, command[1:], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    left, right = (
        msgspec.to_builtins(Session(folder).state().runs[-1].thresholds)
        for folder in (tickets_session, other)
    )
    for side in (left, right):
        for key in ("made_at", "fingerprint", "report_fingerprint"):  # both files hold the time
            assert side.pop(key)
    assert left == right
    files = [
        json.loads((folder / "small-thresholds.json").read_text())["labels"]
        for folder in (tmp_path, tmp_path / "elsewhere")
    ]
    assert files[0] == files[1]


async def test_unsaved_thresholds_wait_while_other_screens_are_open(
    open_app: OpenApp, tickets_session: Path
) -> None:
    async with open_app(tickets_session, "thresholds") as (app, pilot):
        await pilot.press("right")
        moved = dict(values(app))
        await pilot.press("2")
        await wait_for_jobs(app, pilot)
        await pilot.press("6")
        await wait_for_jobs(app, pilot)
        assert values(app) == moved
        assert "1 threshold changed and not saved" in screen_text(app)


async def test_quitting_with_unsaved_thresholds_asks_once(
    open_app: OpenApp, tickets_session: Path
) -> None:
    async with open_app(tickets_session, "thresholds") as (app, pilot):
        await pilot.press("right", "q")
        await pilot.pause()
        assert app.is_running and "q again leaves" in screen_text(app)
        await pilot.press("q")
        assert app.return_code == 0


async def test_a_run_without_thresholds_is_tuned_on_opening(
    open_app: OpenApp, tickets_session: Path
) -> None:
    with Session(tickets_session).editing() as state:
        state.runs[-1].thresholds = None
    async with open_app(tickets_session, "thresholds") as (app, pilot):
        await wait_for_jobs(app, pilot)
        await wait_for_jobs(app, pilot)
        assert saved_values(tickets_session) == values(app)
        assert "macro-F1" in screen_text(app)


async def test_without_scores_it_says_which_key_leads_to_them(
    open_app: OpenApp, tickets_session: Path
) -> None:
    with Session(tickets_session).editing() as state:
        state.runs[-1].scores = {}
        state.runs[-1].thresholds = None
    async with open_app(tickets_session, "thresholds") as (app, pilot):
        text = screen_text(app)
        assert "press 5" in text
        await pilot.press("right", "b", "B", "u", "s", "p", "v", "x", "o", "slash")
        assert isinstance(app.screen, ThresholdsScreen)


@pytest.mark.parametrize("size", [(40, 12), (60, 15), (80, 24), (120, 40), (200, 60)])
@pytest.mark.parametrize("ascii_only", [False, True])
async def test_every_size_shows_figures_and_fits(
    open_app: OpenApp, tickets_session: Path, size: tuple[int, int], ascii_only: bool
) -> None:
    async with open_app(tickets_session, "thresholds", size, ascii_only=ascii_only) as (app, pilot):
        await pilot.press("right")
        await pilot.pause()
        text = screen_text(app)
        assert "threshold " in text
        assert "flagged" in text
        assert all(len(line) <= size[0] for line in text.split("\n"))
        if ascii_only:
            assert text.isascii(), [c for c in text if not c.isascii()]


async def test_a_resize_keeps_label_and_threshold(open_app: OpenApp, tickets_session: Path) -> None:
    async with open_app(tickets_session, "thresholds") as (app, pilot):
        await pilot.press("down", "down", "right")
        before = dict(values(app))
        for size in ((50, 14), (130, 40), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert opened(app).board.table.selected == "bug"
        assert values(app) == before
