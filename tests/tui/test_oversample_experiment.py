"""Oversample, the experiment: trained from the screen, compared by itself, looked at, adopted."""

import shutil
from pathlib import Path

import msgspec
import pytest
from msgspec import structs
from textual.pilot import Pilot
from textual.widgets import Input

from core.cli.main import main
from core.dataset.arms import ArmsRequest
from core.workflow.experiments.compare import ArmsSettings, compare_experiment, load_comparison
from core.workflow.experiments.plan import plan_experiment
from core.workflow.experiments.run import run_experiment, start_experiment
from core.workflow.session import Session
from tests.tui.conftest import OpenApp, screen_text, wait_for_jobs
from tui.app import TunerApp
from tui.screens.oversample import OversampleScreen
from tui.screens.oversample_windows import VersionsModal
from tui.widgets.arms import ArmsChart
from tui.windows import PayModal, TextModal

REQUEST = ArmsRequest(labels=("bug", "login"), positives=(20, 120))


@pytest.fixture(scope="module")
def swept(finished_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session with a finished experiment that was not compared; do not change it."""
    folder = tmp_path_factory.mktemp("swept") / "small"
    session = Session(Path(shutil.copytree(finished_folder, folder)))
    experiment = start_experiment(session, plan_experiment(session, REQUEST))
    run_experiment(session, experiment.id)
    return folder


@pytest.fixture
def swept_session(swept: Path, tmp_path: Path) -> Path:
    """A copy of it, free to be changed."""
    return Path(shutil.copytree(swept, tmp_path / ".comprehend-tuner" / "small"))


@pytest.fixture
def compared_session(swept_session: Path) -> Path:
    """The same, compared."""
    compare_experiment(Session(swept_session), None, ArmsSettings(resamples=200))
    return swept_session


def screen_of(app: TunerApp) -> OversampleScreen:
    assert isinstance(app.screen, OversampleScreen)
    return app.screen


def words_of(app: TunerApp) -> str:
    return " ".join(screen_text(app).split())


def line_of(text: str, arm: str) -> str:
    """The row of an arm in the table."""
    return next(line for line in text.split("\n") if line[3:].startswith(f"{arm} "))


async def settle(app: TunerApp, pilot: Pilot[int]) -> None:
    """Wait for the jobs, and for those that they bring about."""
    for _ in range(4):
        await wait_for_jobs(app, pilot)


async def test_an_experiment_is_planned_trained_compared_and_an_arm_adopted(
    tickets_session: Path, open_app: OpenApp
) -> None:
    session = Session(tickets_session)
    async with open_app(tickets_session, "oversample") as (app, pilot):
        await pilot.press("down", "down", "down", "space", "a")
        app.screen.query_one("#oversample-input", Input).value = "15,150"
        await pilot.press("enter")
        await settle(app, pilot)
        await pilot.press("r")
        await settle(app, pilot)
        state = session.state()
        assert [arm.run for arm in state.experiments[0].arms] == ["base", "e1-n15", "e1-n150"]
        report = load_comparison(session, state.experiments[0])
        assert report is not None, "a finished experiment is compared by itself"
        text = screen_text(app)
        for row in (report.comparison.base, *report.comparison.arms):
            line = line_of(text, row.arm)
            assert line.startswith(" ✓")
            assert f"{row.labels[3].f1_tuned:.2f}"[1:] in line
        assert "52+98" in text, "distinct documents and their copies"
        assert "average precision" in text and "tuned F1" in text and "◆ repeats" in text
        await pilot.press("end", "A")
        await settle(app, pilot)
        assert isinstance(app.screen, PayModal)
        asked = words_of(app)
        assert "the session is about run e1-n150, no longer about run base" in asked
        await pilot.press("enter")
        await settle(app, pilot)
        assert session.state().adopted == "", "enter is no answer"
        await pilot.press("A", "y")
        await settle(app, pilot)
        state = session.state()
        assert state.adopted == "e1-n150" and state.run is not None
        assert state.run.thresholds is not None
        assert "run e1-n150" in screen_text(app).split("\n")[0]
        assert "adopted: n150" in screen_text(app)
        assert screen_of(app).equivalent_command().endswith("compare")
        await pilot.press("v")
        await settle(app, pilot)
        assert isinstance(app.screen, VersionsModal)
        text = screen_text(app)
        assert "›e1-n150" in text and "thresholds are its" in text
        assert "arm of e1" in text


async def test_a_comparison_that_is_missing_is_made_on_opening_and_kept(
    swept_session: Path, open_app: OpenApp
) -> None:
    session = Session(swept_session)
    looks = session.state().test_looks
    async with open_app(swept_session, "oversample") as (app, pilot):
        await settle(app, pilot)
        assert session.state().test_looks == looks + 1
        assert "tuned on calibration, measured on test" in words_of(app)
    async with open_app(swept_session, "oversample") as (app, pilot):
        await settle(app, pilot)
        await pilot.press("m")
        await settle(app, pilot)
        assert "compared already" in screen_text(app)
    assert session.state().test_looks == looks + 1


async def test_figures_of_labels_and_averages_follow_the_keys(
    compared_session: Path, open_app: OpenApp
) -> None:
    session = Session(compared_session)
    report = load_comparison(session, session.state().experiments[0])
    assert report is not None
    base = report.comparison.base
    precision = {one.name: one.average_precision for one in (*base.labels, base.macro)}
    async with open_app(compared_session, "oversample") as (app, pilot):
        for name, column in (("bug", "positives"), ("login", "positives"), ("macro", "documents")):
            text = screen_text(app)
            line = line_of(text, "base")
            assert f"{precision[name]:.2f}"[1:] in line and column in text
            assert f"←→ {name}" in text
            await pilot.press("right")
        assert "←→ micro" in screen_text(app)
        await pilot.press("right")
        assert "←→ bug" in screen_text(app), "round and round"


async def test_the_highlighted_arm_is_explained_below_and_in_full_in_a_window(
    compared_session: Path, open_app: OpenApp
) -> None:
    session = Session(compared_session)
    report = load_comparison(session, session.state().experiments[0])
    assert report is not None
    row = report.comparison.arms[-1]
    async with open_app(compared_session, "oversample", size=(80, 40)) as (app, pilot):
        await pilot.press("end")
        await pilot.pause()
        assert f"{row.arm}: {row.verdict[:30]}" in words_of(app)
        chart = app.screen.query_one(ArmsChart)
        assert chart.render().plain.count("△") == 2, "both charts point at the arm"
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, TextModal)
        text = app.screen.text
        for words in (row.verdict, *report.comparison.advice, *report.comparison.notes):
            assert words in text
        for label in report.comparison.base.labels:
            assert label.name in text
        assert "precision" in text and "recall" in text
        assert f"looked at {report.test_looks} time" in text
        await pilot.press("escape", "c")
        assert screen_of(app).copied_value() == row.runs[0]


async def test_a_failed_arm_says_why_and_is_trained_again(
    swept_session: Path, open_app: OpenApp
) -> None:
    session = Session(swept_session)
    _fail(session, "e1-n120")
    async with open_app(swept_session, "oversample") as (app, pilot):
        await settle(app, pilot)
        await pilot.press("end")
        text = screen_text(app)
        line = line_of(text, "n120")
        assert line.startswith(" ✗") and "failed" in line
        assert "the machine burnt [/down]" in text
        assert "R trains them again" not in text
        await pilot.press("r")
        await settle(app, pilot)
        assert "R trains them again" in screen_text(app)
        await pilot.press("R")
        await settle(app, pilot)
        text = screen_text(app)
        line = line_of(text, "n120")
        assert line.startswith(" ✓") and "failed" not in text
    report = load_comparison(session, session.state().experiments[0])
    assert report is not None and not report.missing


def _fail(session: Session, name: str) -> None:
    """Make the training of a run a failed one."""
    with session.editing() as state:
        run = state.run_named(name)
        training = run.classifiers[0].training
        assert training.status is not None
        status = msgspec.structs.replace(
            training.status,
            state="IN_ERROR",
            is_usable=False,
            is_final=True,
            message="the machine burnt [/down]",
        )
        run.classifiers[0] = msgspec.structs.replace(
            run.classifiers[0],
            training=msgspec.structs.replace(training, status=status),
            scoring={},
        )
        run.scores = {}


async def test_a_sweep_goes_on_while_another_screen_is_open(
    tickets_session: Path, open_app: OpenApp
) -> None:
    session = Session(tickets_session)
    with session.editing() as state:
        state.twin = structs.replace(state.twin, queue_s=3.0)  # it outlasts the way back
    async with open_app(tickets_session, "oversample") as (app, pilot):
        await pilot.press("space", "a")
        app.screen.query_one("#oversample-input", Input).value = "20,30"
        await pilot.press("enter")
        await settle(app, pilot)
        await pilot.press("r", "j")
        await pilot.pause()
        assert app.overview is not None and app.sweeps[app.overview.folder].slot.is_running
        sweep = app.sweeps[app.overview.folder].slot
        await pilot.press("8")
        while not screen_of(app).is_busy and sweep.is_running:
            await pilot.pause()
        assert screen_of(app).is_busy, "the screen that is opened again knows of it"
        await settle(app, pilot)
        assert "tuned on calibration" in words_of(app)
    assert {run.name for run in session.state().runs} == {"base", "e1-n20", "e1-n30"}


async def test_stopping_ends_the_wait_and_r_carries_on(
    tickets_session: Path, open_app: OpenApp
) -> None:
    session = Session(tickets_session)
    async with open_app(tickets_session, "oversample") as (app, pilot):
        await pilot.press("space", "a")
        app.screen.query_one("#oversample-input", Input).value = "25"
        await pilot.press("enter")
        await settle(app, pilot)
        await pilot.press("r", "x")
        await settle(app, pilot)
        assert "stopped waiting" in screen_text(app)
        assert screen_of(app).equivalent_command().endswith("oversample --resume")
        await pilot.press("r")
        await settle(app, pilot)
        assert "✓ n25" in screen_text(app)
    assert [run.name for run in session.state().runs] == ["base", "e1-n25"]


async def test_the_plan_of_an_experiment_is_taken_up_again(
    compared_session: Path, open_app: OpenApp
) -> None:
    async with open_app(compared_session, "oversample") as (app, pilot):
        await pilot.press("p")
        await settle(app, pilot)
        text = screen_text(app)
        assert "[x] bug" in text and "[x] login" in text and "arms 20,120" in text
        assert "nothing is left to pay" in text and "✓ n120" in text
        command = screen_of(app).equivalent_command()
        assert command.endswith("oversample --labels bug,login --arms 20,120")
        await pilot.press("p")
        await settle(app, pilot)
        assert "verdict" in screen_text(app)
    before = Session(compared_session).state()
    assert main(command.replace("small", str(compared_session), 1).split()[1:]) == 0
    after = Session(compared_session).state()
    assert (after.runs, len(after.experiments)) == (before.runs, 1), "it is the same experiment"


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (120, 40)])
async def test_small_windows_and_ascii(
    size: tuple[int, int], compared_session: Path, open_app: OpenApp
) -> None:
    async with open_app(compared_session, "oversample", size=size, ascii_only=True) as (app, pilot):
        text = screen_text(app)
        assert text.isascii(), text
        assert "+ n120" in text and "verdict" in text and "enter figures" in text
        for keys in (("enter",), ("escape", "v"), ("escape", "p")):
            await pilot.press(*keys)
            await settle(app, pilot)
            assert screen_text(app).isascii(), screen_text(app)
