"""The health screen: findings, the gate before training, fixes, the label distribution."""

import json
import shlex
from pathlib import Path

import msgspec
from click.testing import CliRunner

from core.cli.main import cli
from core.dataset.formats.sources import SourceSettings
from core.workflow.data import NewSession, create_session
from core.workflow.session import Session
from tests.tui.conftest import OpenApp, screen_text, wait_for_jobs
from tui.screens.health import HealthScreen
from tui.widgets.tables import RowTable

ROWS = [f'"words of message number {n} about thing {n * 7}",{n % 2},{1 - n % 2}' for n in range(60)]


def new_session(directory: Path, rows: list[str], header: str = "text,spam,ham") -> Path:
    """A session that was never checked."""
    source = directory / "mail.csv"
    source.write_text("\n".join([header, *rows]) + "\n")
    folder = directory / ".comprehend-tuner" / "mail"
    return create_session(NewSession(folder, source, SourceSettings())).session.folder


def health_screen(screen: object) -> HealthScreen:
    assert isinstance(screen, HealthScreen)
    return screen


def move_to(screen: HealthScreen, finding_id: str) -> None:
    """Highlight one finding."""
    ids = [finding.id for finding in screen._shown]
    screen.query_one(RowTable).move_cursor(row=ids.index(finding_id))


def without_scrollbars(text: str) -> str:
    """What is shown but for the ends of scrollbars, which Textual draws in eighths."""
    return text.translate(dict.fromkeys(map(ord, "▁▂▃▄▅▆▇▉▊▋▌▍▎▏")))


async def test_a_session_never_checked_is_checked_on_opening(
    open_app: OpenApp, tmp_path: Path
) -> None:
    folder = new_session(tmp_path, ROWS)
    assert Session(folder).state().health is None
    async with open_app(folder, "health") as (app, _):
        health = Session(folder).state().health
        assert health is not None
        assert app.focused is app.screen.query_one(RowTable)
        assert len(health_screen(app.screen)._shown) == len(health.findings)
        assert "nothing blocks training" in screen_text(app)


async def test_findings_that_block_training_close_the_gate_and_stand_first(
    open_app: OpenApp, tmp_path: Path
) -> None:
    folder = new_session(tmp_path, [*ROWS, '"",1,0', '" ",0,1'])
    async with open_app(folder, "health") as (app, _):
        shown = screen_text(app)
        assert "finding blocks training" in shown or "findings block training" in shown
        assert health_screen(app.screen)._shown[0].severity == "error"
        assert "✗ error" in shown


async def test_f_applies_the_fix_as_a_revision_and_checks_again(
    open_app: OpenApp, tmp_path: Path
) -> None:
    folder = new_session(tmp_path, [*ROWS, ROWS[0], '"",1,0'])
    source = (tmp_path / "mail.csv").read_bytes()
    async with open_app(folder, "health") as (app, pilot):
        screen = health_screen(app.screen)
        move_to(screen, "blank-documents")
        await pilot.pause()
        assert "revision r2" in screen_text(app)
        await pilot.press("f")
        await wait_for_jobs(app, pilot)
        assert "revision r2" in screen.banner.text
        command = screen.equivalent_command()
    state = Session(folder).state()
    assert [revision.fix for revision in state.revisions] == ["", "blank-documents"]
    assert state.dataset.documents == 61
    assert state.health is not None
    assert state.health.dataset == state.dataset.fingerprint
    assert (tmp_path / "mail.csv").read_bytes() == source
    again = tmp_path / "again"
    again.mkdir()
    copy = new_session(again, [*ROWS, ROWS[0], '"",1,0'])
    words = shlex.split(command)[1:]
    words[1] = str(copy)
    assert CliRunner().invoke(cli, words).exit_code == 0
    assert Session(copy).state().dataset.fingerprint == state.dataset.fingerprint


async def test_a_finding_without_a_fix_says_so(open_app: OpenApp, tmp_path: Path) -> None:
    folder = new_session(tmp_path, ROWS)
    async with open_app(folder, "health") as (app, pilot):
        screen = health_screen(app.screen)
        move_to(screen, next(finding.id for finding in screen._shown if not finding.fix))
        await pilot.press("f")
        assert screen.banner.text
        assert len(Session(folder).state().revisions) == 1


async def test_d_shows_labels_and_pairs_as_bars(open_app: OpenApp, tickets_session: Path) -> None:
    async with open_app(tickets_session, "health") as (app, pilot):
        await pilot.press("d")
        await wait_for_jobs(app, pilot)
        shown = screen_text(app)
        assert "documents by label, of 700" in shown
        assert "█" in shown
        await pilot.press("escape")
        assert "documents by label" not in screen_text(app)
        assert app.screen.id == "screen-health"


async def test_r_checks_again(open_app: OpenApp, tickets_session: Path) -> None:
    async with open_app(tickets_session, "health") as (app, pilot):
        before = len(Session(tickets_session).events())
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
        assert len(Session(tickets_session).events()) == before + 1
        assert health_screen(app.screen).equivalent_command().endswith("small health")


async def test_findings_are_filtered_with_a_count(open_app: OpenApp, tickets_session: Path) -> None:
    async with open_app(tickets_session, "health") as (app, pilot):
        screen = health_screen(app.screen)
        total = len(screen._findings)
        await pilot.press("slash", *"near dup")
        assert [finding.id for finding in screen._shown] == ["near-duplicates"]
        assert f"1 of {total}" in screen_text(app)
        await pilot.press("enter", "escape")
        assert len(screen._shown) == total


async def test_examples_and_labels_of_a_dataset_stay_literal(
    open_app: OpenApp, tmp_path: Path
) -> None:
    rows = [*ROWS, *['"[/x] \x1b[2J [@click=app.quit]go[/] \u202e",1,0'] * 2]
    folder = new_session(tmp_path, rows, "text,[b]spam,ham\x1b[31m")
    async with open_app(folder, "health", size=(120, 40)) as (app, pilot):
        screen = health_screen(app.screen)
        move_to(screen, "exact-duplicates")
        await pilot.pause()
        shown = screen_text(app)
        assert "[/x]" in shown
        assert "[@click=app.quit]go[/]" in shown
        await pilot.press("d")
        await wait_for_jobs(app, pilot)
        shown = screen_text(app)
        assert "[b]spam" in shown
        assert "\x1b" not in shown


async def test_a_stale_check_is_named_and_repeated(
    open_app: OpenApp, tickets_session: Path
) -> None:
    path = tickets_session / "session.json"
    state = json.loads(path.read_text())
    state["health"]["dataset"] = "sha256:older"
    path.write_bytes(msgspec.json.encode(state))
    async with open_app(tickets_session, "health") as (app, _):
        state_now = Session(tickets_session).state()
        assert state_now.health is not None
        assert state_now.health.dataset == state_now.dataset.fingerprint
        assert "block" in screen_text(app)


async def test_small_and_ascii_windows_work(open_app: OpenApp, tickets_session: Path) -> None:
    async with open_app(tickets_session, "health", size=(60, 15), ascii_only=True) as (app, pilot):
        assert without_scrollbars(screen_text(app)).isascii()
        await pilot.press("d")
        await wait_for_jobs(app, pilot)
        assert without_scrollbars(screen_text(app)).isascii()
