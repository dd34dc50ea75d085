"""The data screen: choose a file, see how it is read, import it; look at what was imported."""

import gzip
import json
import shlex
from pathlib import Path

from click.testing import CliRunner
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from core.cli.main import cli
from core.workflow.health import fix_dataset
from core.workflow.session import Session, list_sessions
from tests.recording import record_as_is
from tests.tui.conftest import OpenApp, screen_text, wait_for_jobs
from tui.app import TunerApp
from tui.screens.data import DataScreen
from tui.widgets.typed_paths import matches_of

WIDE = "id,text,spam,odd\n" + "".join(f"d{n},message number {n},{n % 2},0\n" for n in range(30))
LISTS = "body,genres\n" + "".join(f"film {n},drama;comedy\nother {n},drama\n" for n in range(12))
LATIN = "text,label\ncaf\xe9 au lait,a\nplain,b\n"


async def typed(pilot: Pilot[int], text: str, field: str = "path") -> None:
    """Put text into an input as typing does, in one go."""
    line = pilot.app.screen.query_one(f"#{field}", Input)
    line.focus()
    await pilot.pause()
    assert line.has_focus
    line.value = text
    assert isinstance(pilot.app, TunerApp)
    await wait_for_jobs(pilot.app, pilot)


async def test_a_new_session_is_imported_by_keyboard(open_app: OpenApp, tmp_path: Path) -> None:
    (tmp_path / "mail.csv").write_text(WIDE)
    async with open_app(None, directory=tmp_path) as (app, pilot):
        await pilot.press("a", "m", "a", "tab")
        await wait_for_jobs(app, pilot)
        assert app.screen.query_one("#path", Input).value == "mail.csv"
        shown = screen_text(app)
        assert "wide-csv" in shown
        assert "message number 0" in shown
        assert "cells are separated by a comma" in shown
        await pilot.press("enter", "r")
        await wait_for_jobs(app, pilot)
        assert app.overview is not None
        assert app.overview.name == "mail"
    session = list_sessions(tmp_path)[0]
    assert session.state().dataset.labels == ("spam", "odd", "clean")
    assert session.state().imported.source_path == str(tmp_path / "mail.csv")


async def test_digits_and_letters_go_to_the_path_while_it_has_the_focus(
    open_app: OpenApp, tmp_path: Path
) -> None:
    async with open_app(None, directory=tmp_path) as (app, pilot):
        await pilot.press("a", *"q1rn?")
        assert app.screen.query_one("#path", Input).value == "q1rn?"
        assert "no file begins like this" in screen_text(app)
        await pilot.press("escape")
        assert app.screen.id == "screen-sessions"


async def test_settings_can_be_edited_and_the_command_says_so(
    open_app: OpenApp, tmp_path: Path
) -> None:
    (tmp_path / "films.csv").write_text(LISTS)
    async with open_app(None, directory=tmp_path) as (app, pilot):
        await pilot.press("a")
        await typed(pilot, "films.csv")
        assert app.screen.query_one("#between", Input).value == ";"
        await typed(pilot, "nothing", "none")
        await pilot.press("enter")
        await wait_for_jobs(app, pilot)
        app.screen.query_one("#name", Input).value = "movies"
        screen = app.screen
        assert isinstance(screen, DataScreen)
        command = screen.equivalent_command()
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
    assert "--none-label nothing" in command
    by_screen = Session(tmp_path / ".comprehend-tuner" / "movies").state()
    words = shlex.split(command)[1:]
    words[1] = str(tmp_path / "again" / "movies")
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    by_command = Session(tmp_path / "again" / "movies").state()
    assert by_screen.source == by_command.source
    assert by_screen.imported == by_command.imported
    assert by_screen.dataset.fingerprint == by_command.dataset.fingerprint
    assert by_screen.dataset.labels[:2] == ("drama", "comedy")


async def test_other_label_columns_are_detected_anew(open_app: OpenApp, tmp_path: Path) -> None:
    (tmp_path / "mail.csv").write_text(WIDE)
    async with open_app(None, directory=tmp_path) as (app, pilot):
        await pilot.press("a")
        await typed(pilot, "mail.csv")
        assert app.screen.query_one("#labels", Input).value == "spam,odd"
        await typed(pilot, "odd", "labels")
        await pilot.press("escape")
        await wait_for_jobs(app, pilot)
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
        assert app.overview is not None
        assert app.overview.state.dataset.labels == ("odd", "clean")


async def test_a_file_that_is_not_utf8_is_explained_in_the_banner(
    open_app: OpenApp, tmp_path: Path
) -> None:
    (tmp_path / "latin.csv").write_bytes(LATIN.encode("latin-1"))
    async with open_app(None, directory=tmp_path) as (app, pilot):
        await pilot.press("a")
        await typed(pilot, "latin.csv")
        screen = app.screen
        assert isinstance(screen, DataScreen)
        assert "UTF-8" in screen.banner.text
        await pilot.press("enter", "r")
        await wait_for_jobs(app, pilot)
        assert "UTF-8" in screen.banner.text
    assert list_sessions(tmp_path) == []


async def test_a_taken_name_is_refused_and_a_free_one_proposed(
    open_app: OpenApp, tickets_session: Path
) -> None:
    directory = tickets_session.parents[1]
    with gzip.open(directory / "small.csv.gz", "wt") as file:
        file.write(WIDE)
    async with open_app(None, directory=directory) as (app, pilot):
        await pilot.press("a")
        await typed(pilot, "small.csv.gz")
        assert app.screen.query_one("#name", Input).value == "small-2"
        app.screen.query_one("#name", Input).value = "small"
        await pilot.press("enter", "r")
        await wait_for_jobs(app, pilot)
        screen = app.screen
        assert isinstance(screen, DataScreen)
        assert "already holds a session" in screen.banner.text


async def test_hostile_cells_names_and_files_stay_literal(
    open_app: OpenApp, tmp_path: Path
) -> None:
    (tmp_path / "bad\x1b[2J.csv").write_text(WIDE)
    hostile = tmp_path / "hostile.csv"
    rows = "".join(f'"[/b] \x1b]52;c;eA==\x07 text {n}",{n % 2}\n' for n in range(20))
    hostile.write_text(f"text,[red]x\x1b[31m\n{rows}")
    async with open_app(None, directory=tmp_path) as (app, pilot):
        await pilot.press("a")
        assert "1 name with control" in screen_text(app)
        await typed(pilot, "hostile.csv")
        shown = screen_text(app)
        assert "\x1b" not in shown
        assert "[/b]  text 0" in shown
        assert "[red]x" in shown
        await pilot.press("enter", "r")
        await wait_for_jobs(app, pilot)
        assert app.overview is not None
        await pilot.press("1")
        await wait_for_jobs(app, pilot)
        assert "[red]x" in screen_text(app)
        assert "\x1b" not in screen_text(app)
    assert list_sessions(tmp_path)[0].state().dataset.labels[0] == "[red]x\x1b[31m"


async def test_the_matches_are_chosen_with_the_arrows(open_app: OpenApp, tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text(WIDE)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "two.csv").write_text(WIDE)
    async with open_app(None, directory=tmp_path) as (app, pilot):
        await pilot.press("a", "s")
        assert app.screen.query_one("#matches", OptionList).option_count == 1
        await pilot.press("enter")
        assert app.screen.query_one("#path", Input).value == "sub/"
        await pilot.press("down", "enter")
        await wait_for_jobs(app, pilot)
        assert app.screen.query_one("#path", Input).value == "sub/two.csv"
        assert app.screen.query_one("#name", Input).value == "two"


async def test_what_was_imported_is_shown_with_revisions_and_support(
    open_app: OpenApp, tickets_session: Path
) -> None:
    async with open_app(tickets_session, "data") as (app, pilot):
        shown = screen_text(app)
        assert "700 documents, 5 labels, multi-label" in shown
        assert "imported from small.csv" in shown
        assert "billing" in shown
        await pilot.press("r")
        assert "one source" in screen_text(app)
        await pilot.press("slash", *"bug")
        assert "1 of 5" in screen_text(app)
        await pilot.press("escape", "escape")
        assert app.screen.id == "screen-sessions"


async def test_the_command_of_an_open_session_makes_the_same_dataset(
    open_app: OpenApp, tickets_session: Path, tmp_path: Path
) -> None:
    async with open_app(tickets_session, "data") as (app, _):
        screen = app.screen
        assert isinstance(screen, DataScreen)
        words = shlex.split(screen.equivalent_command())[1:]
    assert words[1] == "small"
    words[1] = str(tmp_path / "copy" / "small")
    assert CliRunner().invoke(cli, words).exit_code == 0
    made, was = Session(Path(words[1])).state(), Session(tickets_session).state()
    assert made.source == was.source
    assert made.revisions[0].fingerprint == was.revisions[0].fingerprint


async def test_a_fix_is_listed_as_a_revision(open_app: OpenApp, tickets_session: Path) -> None:
    path = tickets_session / "data" / "r1.jsonl"
    lines = path.read_text().splitlines()
    row = json.loads(lines[1])
    lines.append(json.dumps({**row, "id": "again"}))
    path.write_text("\n".join(lines) + "\n")
    record_as_is(Session(tickets_session))
    fixed = fix_dataset(Session(tickets_session), "exact-duplicates")
    async with open_app(tickets_session, "data", size=(100, 30)) as (app, _):
        shown = screen_text(app)
        assert "r2" in shown
        assert fixed.change[:30] in shown


def test_matches_put_sources_first_and_hide_dot_files(tmp_path: Path) -> None:
    for name in ("b.csv", "a.bin", ".hidden.csv"):
        (tmp_path / name).write_text("x")
    (tmp_path / "home").rename(tmp_path / "folder")
    found = matches_of("", tmp_path).found
    assert [match.name for match in found] == ["b.csv", "folder/", "a.bin"]
    assert [match.name for match in matches_of(".h", tmp_path).found] == [".hidden.csv"]
    assert matches_of("absent/x", tmp_path).found == ()
