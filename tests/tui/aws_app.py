"""A session on the account of this machine, and how its tests look at the app."""

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import Screen

from core.workflow.session import Session
from tests.aws import accounts
from tests.aws import conftest as account_on_this_machine
from tests.aws.server import AwsServer
from tests.tui.conftest import screen_text, wait_for_jobs
from tui.app import TunerApp
from tui.widgets.chrome import Banner

aws = account_on_this_machine.aws


@pytest.fixture(scope="module")
def split_folder(tmp_path_factory: pytest.TempPathFactory, small_source: Path) -> Path:
    """A session that is ready to be trained; do not change it."""
    return accounts.split_session(tmp_path_factory.mktemp("split") / "small", small_source)


@pytest.fixture
def split_session(aws: AwsServer, split_folder: Path, tmp_path: Path) -> Session:
    """A copy of it on the account of this machine; nothing was sent yet."""
    return accounts.on_server(aws, split_folder, tmp_path)


def banner(app: TunerApp) -> str:
    return app.screen.query_one(Banner).text


def is_on(app: TunerApp, kind: type[Screen[Any]]) -> bool:
    """Whether a screen or question of this kind is open."""
    return isinstance(app.screen, kind)


def words_on(app: TunerApp) -> str:
    return " ".join(screen_text(app).split())


async def press(app: TunerApp, pilot: Pilot[int], *keys: str) -> None:
    """Press keys, then wait for what they started."""
    await pilot.press(*keys)
    await wait_for_jobs(app, pilot)
