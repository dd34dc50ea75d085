"""Hostile data goes through every screen and every command as literal, harmless text."""

import json
import re
import shutil
from pathlib import Path

import pytest

from core.comprehend.engine import TwinOptions
from core.dataset.formats.sources import SourceSettings
from core.workflow.data import NewSession, create_session
from core.workflow.health import check_health
from core.workflow.score import finish_scoring, plan_scoring, start_scoring_jobs
from core.workflow.split import split_dataset
from core.workflow.thresholds import TuningSettings, tune_thresholds
from core.workflow.train import finish_training, plan_training, start_training_run
from tests.cli.running import run
from tests.hostile import LABELS, write_hostile_source, write_many_labels
from tests.tui.conftest import OpenApp, screen_text, wait_for_jobs
from tui.screens import SCREEN_CLASSES

CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2066\u200b]")
COMMANDS = (
    ["status"],
    ["health"],
    ["metrics"],
    ["thresholds"],
    ["jobs"],
    ["cost"],
    ["review"],
    ["--dry-run", "split"],
    ["--dry-run", "train"],
    ["--dry-run", "cleanup"],
)


@pytest.fixture(scope="module")
def hostile_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session on hostile data that went through every step."""
    root = tmp_path_factory.mktemp("hostile")
    source = write_hostile_source(root / "hostile [x] \u202e.csv")
    folder = root / ".comprehend-tuner" / "hostile"
    new = NewSession(folder, source, SourceSettings(), twin=TwinOptions(returned="all"))
    session = create_session(new).session
    check_health(session)
    split_dataset(session, (0.6, 0.2, 0.2), 1)
    run_state = start_training_run(session, plan_training(session), despite_findings=True)
    finish_training(session, run_state.name)
    plan = plan_scoring(session)
    start_scoring_jobs(session, plan)
    finish_scoring(session, plan.run, plan.parts)
    tune_thresholds(session, TuningSettings())
    return folder


@pytest.fixture
def hostile_session(hostile_folder: Path, tmp_path: Path) -> Path:
    """A copy of it, free to be changed."""
    return Path(shutil.copytree(hostile_folder, tmp_path / ".comprehend-tuner" / "hostile"))


@pytest.mark.parametrize("step", SCREEN_CLASSES)
@pytest.mark.parametrize("size", [(60, 15), (80, 24)])
async def test_every_screen_shows_hostile_data_literally(
    step: str, size: tuple[int, int], open_app: OpenApp, hostile_session: Path
) -> None:
    async with open_app(hostile_session, step, size=size) as (app, pilot):
        for key in ("down", "down", "right", "y", "escape", "l", "escape", "question_mark"):
            await pilot.press(key)
            await wait_for_jobs(app, pilot)
            text = screen_text(app)
            assert not CONTROL.search(text), CONTROL.findall(text)
        assert app.is_running


async def test_markup_in_labels_is_shown_as_it_is(open_app: OpenApp, hostile_session: Path) -> None:
    async with open_app(hostile_session, "thresholds", size=(120, 40)) as (app, _):
        text = screen_text(app)
    assert "[/foo]" in text
    assert "[link=https" in text


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_is_harmless_as_text_and_whole_as_json(
    command: list[str], hostile_session: Path
) -> None:
    folder = hostile_session.parents[1]
    shown = run(*command, folder=folder)
    assert shown.returncode == 0, shown.stderr
    assert not CONTROL.search(shown.stdout + shown.stderr)
    machine = run("--json", *command, folder=folder)
    assert json.loads(machine.stdout)
    assert "\x1b" not in machine.stdout
    if command == ["thresholds"]:
        labels = [label["label"] for label in json.loads(machine.stdout)["report"]["labels"]]
        assert set(LABELS) <= set(labels), "labels keep their original form in data"


@pytest.mark.parametrize("step", ["data", "health", "split", "oversample"])
async def test_two_hundred_labels_fit_the_screens(
    step: str, open_app: OpenApp, tmp_path: Path
) -> None:
    source = write_many_labels(tmp_path / "many.csv")
    folder = tmp_path / ".comprehend-tuner" / "many"
    session = create_session(NewSession(folder, source, SourceSettings())).session
    check_health(session)
    split_dataset(session, (0.7, 0.1, 0.2), 1)
    async with open_app(folder, step) as (app, pilot):
        await pilot.press("pagedown", "down")
        assert "many" in screen_text(app)
