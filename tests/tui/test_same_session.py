"""Each step leaves the same session from its screen and from its equivalent command."""

import json
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

from core.comprehend.engine import TwinOptions
from core.dataset.formats.sources import SourceSettings
from core.workflow.data import NewSession, create_session
from tests.cli.running import run
from tests.tui.conftest import OpenApp, wait_for_jobs
from tui.app import TunerApp
from tui.windows import TextModal

STEPS = ("health", "split", "train", "score")


@pytest.fixture
def twins(tmp_path: Path, small_source: Path) -> tuple[Path, Path]:
    """The same new session twice: one for the app, one for the commands."""
    new = NewSession(
        tmp_path / "app" / ".comprehend-tuner" / "small",
        small_source,
        SourceSettings(),
        twin=TwinOptions(returned="all"),
    )
    create_session(new)
    other = tmp_path / "cli" / ".comprehend-tuner" / "small"
    shutil.copytree(new.folder, other)
    return new.folder, other


async def test_screens_and_their_commands_leave_the_same_session(
    twins: tuple[Path, Path], open_app: OpenApp
) -> None:
    by_app, by_command = twins
    for step in STEPS:
        async with open_app(by_app, step) as (app, pilot):
            await pilot.press("y")
            await pilot.pause()
            command = _command(app)
            await pilot.press("escape")
            await pilot.press("r")
            await wait_for_jobs(app, pilot)
        arguments = shlex.split(command)[1:]
        done = run(*arguments, folder=by_command.parents[1])
        assert done.returncode == 0, done.stderr
        assert _stable(by_app) == _stable(by_command), step


async def test_thresholds_saved_on_the_screen_equal_those_of_the_command(
    tickets_session: Path, tmp_path: Path, open_app: OpenApp
) -> None:
    other = tmp_path / "cli" / ".comprehend-tuner" / "small"
    shutil.copytree(tickets_session, other)
    async with open_app(tickets_session, "thresholds") as (app, pilot):
        await pilot.press("down", "right", "right")
        await pilot.press("y")
        await pilot.pause()
        command = _command(app)
        await pilot.press("escape", "s")
        await pilot.pause()
        await pilot.press("enter")
        await wait_for_jobs(app, pilot)
    done = run(*shlex.split(command)[1:], folder=other.parents[1])
    assert done.returncode == 0, done.stderr
    assert _stable(tickets_session) == _stable(other)


async def test_cleaning_up_on_the_screen_equals_the_command(
    tickets_session: Path, tmp_path: Path, open_app: OpenApp
) -> None:
    other = tmp_path / "cli" / ".comprehend-tuner" / "small"
    shutil.copytree(tickets_session, other)
    async with open_app(tickets_session, "cleanup") as (app, pilot):
        await pilot.press("y")
        await pilot.pause()
        command = _command(app)
        await pilot.press("escape", "D")
        await pilot.pause()
        await pilot.press(*"small", "enter")
        await wait_for_jobs(app, pilot)
    done = run(*shlex.split(command)[1:], "--yes", folder=other.parents[1])
    assert done.returncode == 0, done.stderr
    assert _stable(tickets_session) == _stable(other)
    ledger = json.loads((other / "session.json").read_text())["ledger"]
    assert {entry["state"] for entry in ledger} == {"deleted"}


def _command(app: TunerApp) -> str:
    """The command that the open window shows."""
    assert isinstance(app.screen, TextModal)
    return app.screen.text


def _stable(folder: Path) -> Any:
    """The state without what differs between any two runs: times, tokens, ids of the service, and
    which of two jobs ended first."""
    state = _without(json.loads((folder / "session.json").read_text()))
    state["ledger"].sort(key=lambda entry: (entry["kind"], entry["name"]))
    return state


_UNSTABLE = re.compile(
    r"(_at|token|Token|arn|Arn|job_id|status|output_uri|fingerprints?|inputs)$", re.IGNORECASE
)


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without(v) for k, v in value.items() if not _UNSTABLE.search(k)}
    if isinstance(value, list):
        return [_without(item) for item in value]
    return re.sub(r"-C(LR|LN)-[0-9a-f]{32}", "", value) if isinstance(value, str) else value
