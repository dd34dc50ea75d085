"""The form of a new session on Amazon's side: what the options gave, checked before it is saved."""

import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from textual.widgets import Input

from core.cli.main import cli, main
from core.workflow.app_request import GivenEngine
from core.workflow.app_request import OpenApp as OpenWish
from core.workflow.session import Session, list_sessions
from tests.tui.aws_app import banner, press
from tests.tui.conftest import OpenApp, screen_text, wait_for_jobs
from tests.tui.test_data import WIDE, typed
from tui.screens.data import DataScreen


async def test_the_engine_of_the_options_is_proposed_and_stands_in_the_command(
    open_app: OpenApp, tmp_path: Path
) -> None:
    (tmp_path / "mail.csv").write_text(WIDE)
    words = "--engine aws --region eu-west-1 --bucket my-bucket --poll 5".split()
    role = "arn:aws:iam::123456789012:role/Comprehend"
    wish = main([*words, "--role-arn", role, "--endpoint-url", "http://127.0.0.1:9"])
    assert isinstance(wish, OpenWish)
    async with open_app(None, directory=tmp_path, engine=wish.engine) as (app, pilot):
        assert "nothing here is charged" not in screen_text(app)
        await pilot.press("a")
        await typed(pilot, "mail.csv")
        assert app.screen.query_one("#bucket", Input).value == "my-bucket"
        await typed(pilot, "other-bucket", "bucket")
        await pilot.press("escape")
        screen = app.screen
        assert isinstance(screen, DataScreen)
        command = shlex.split(screen.equivalent_command())[1:]
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
    by_screen = Session(tmp_path / ".comprehend-tuner" / "mail").state()
    assert by_screen.engine.bucket == "other-bucket" and by_screen.engine.poll_s == 5
    command[command.index("mail")] = str(tmp_path / "again" / "mail")
    done = CliRunner().invoke(cli, command)
    assert done.exit_code == 0, done.output
    assert Session(tmp_path / "again" / "mail").state().engine == by_screen.engine


async def test_an_empty_region_is_the_one_that_aws_is_configured_for(
    open_app: OpenApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    (tmp_path / "mail.csv").write_text(WIDE)
    async with open_app(None, directory=tmp_path, engine=GivenEngine("aws")) as (app, pilot):
        await pilot.press("a")
        await typed(pilot, "mail.csv")
        screen = app.screen
        assert isinstance(screen, DataScreen)
        assert "--region" not in screen.equivalent_command()
        await pilot.press("escape", "r")
        await wait_for_jobs(app, pilot)
        assert app.overview is not None
        assert app.overview.state.engine.region == "eu-central-1"


async def test_an_unknown_profile_is_explained_and_leaves_no_session(
    open_app: OpenApp, tmp_path: Path
) -> None:
    (tmp_path / "mail.csv").write_text(WIDE)
    given = GivenEngine("aws", "eu-west-1", profile="nobody")
    async with open_app(None, directory=tmp_path, engine=given) as (app, pilot):
        await pilot.press("a")
        await typed(pilot, "mail.csv")
        await pilot.press("escape", "r")
        await wait_for_jobs(app, pilot)
        screen = app.screen
        assert isinstance(screen, DataScreen)
        assert "profile does not exist" in screen.banner.text
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
    assert list_sessions(tmp_path) == []


@pytest.mark.parametrize("size", [(60, 15), (80, 24)])
async def test_the_form_shows_rows_of_the_file_beside_the_accounts_names(
    size: tuple[int, int], open_app: OpenApp, tmp_path: Path
) -> None:
    (tmp_path / "mail.csv").write_text(WIDE)
    opened = open_app(None, directory=tmp_path, size=size, engine=GivenEngine("aws"))
    async with opened as (app, pilot):
        await pilot.press("a")
        await typed(pilot, "mail.csv")
        shown = screen_text(app)
        assert "role" in shown and "message number 0" in shown


async def test_the_form_shows_the_accounts_names_only_for_aws(
    open_app: OpenApp, tmp_path: Path
) -> None:
    (tmp_path / "mail.csv").write_text("text,label\n" + "a b,x\nc d,y\n" * 10)
    async with open_app(None, directory=tmp_path) as (app, pilot):
        await press(app, pilot, "a")
        assert "bucket" not in screen_text(app)
        app.screen.query_one("#engine").focus()
        await press(app, pilot, "space")
        assert "bucket" in screen_text(app) and "profile" in screen_text(app)
        app.screen.query_one("#path", Input).value = "mail.csv"
        app.screen.query_one("#region", Input).value = "eu-west-1"
        app.screen.query_one("#bucket", Input).value = "Not A Bucket"
        await wait_for_jobs(app, pilot)
        await press(app, pilot, "escape", "r")
        assert "bucket name" in banner(app)
        app.screen.query_one("#bucket", Input).value = "my-bucket"
        await press(app, pilot, "r")
        assert app.overview is not None
        engine = app.overview.state.engine
        assert (engine.name, engine.region, engine.bucket) == ("aws", "eu-west-1", "my-bucket")
