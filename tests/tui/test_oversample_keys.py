"""Oversample, its keys: a footer for what is in sight, an answer to every key, every experiment."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import Input

import tui.screens.oversample as work
from core.dataset.arms import ArmsRequest
from core.workflow.experiments.compare import ArmsSettings, compare_experiment
from core.workflow.experiments.plan import ExperimentReport, plan_experiment
from core.workflow.experiments.run import run_experiment, start_experiment
from core.workflow.session import Session
from tests.tui.conftest import OpenApp, screen_text, wait_for_jobs
from tui.app import TunerApp
from tui.screens.oversample import OversampleScreen
from tui.screens.oversample_windows import VersionsModal
from tui.widgets.chrome import KeyFooter


@pytest.fixture(scope="module")
def two(finished_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session with two experiments; the older one is compared. Do not change it."""
    folder = tmp_path_factory.mktemp("two") / "small"
    session = Session(Path(shutil.copytree(finished_folder, folder)))
    for labels, positives in ((("bug",), (20,)), (("login",), (20, 120))):
        request = ArmsRequest(labels=labels, positives=positives)
        experiment = start_experiment(session, plan_experiment(session, request))
        run_experiment(session, experiment.id)
    compare_experiment(session, "e1", ArmsSettings(resamples=200))
    return folder


@pytest.fixture
def two_experiments(two: Path, tmp_path: Path) -> Path:
    """A copy of it, free to be changed."""
    return Path(shutil.copytree(two, tmp_path / ".comprehend-tuner" / "small"))


def screen_of(app: TunerApp) -> OversampleScreen:
    assert isinstance(app.screen, OversampleScreen)
    return app.screen


def footer_of(app: TunerApp) -> str:
    return app.screen.query_one(KeyFooter).render().plain


async def test_every_experiment_can_be_looked_at_and_stays_in_sight(
    two_experiments: Path, open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str | None] = []

    def counted(session: Session, experiment: str | None, *others: object) -> ExperimentReport:
        made.append(experiment)
        return compare_experiment(session, experiment, ArmsSettings(resamples=200))

    monkeypatch.setattr(work, "compare_experiment", counted)
    async with open_app(two_experiments, "oversample") as (app, pilot):
        for _ in range(4):
            await wait_for_jobs(app, pilot)
        assert made == ["e2"], "a missing comparison is made, once"
        assert "e2: login" in screen_text(app) and "[ ] 2 experiments" in screen_text(app)
        assert screen_of(app).equivalent_command().endswith(" compare")
        await pilot.press("left_square_bracket")
        await wait_for_jobs(app, pilot)
        assert "e1: bug" in screen_text(app)
        assert screen_of(app).equivalent_command().endswith(" compare --experiment e1")
        await pilot.press("4", "8")
        await wait_for_jobs(app, pilot)
        assert "e1: bug" in screen_text(app), "another screen meanwhile changes nothing"
        await pilot.press("right_square_bracket")
        await wait_for_jobs(app, pilot)
        assert "e2: login" in screen_text(app)
        assert made == ["e2"]


async def test_the_plan_of_an_older_experiment_leads_to_it(
    two_experiments: Path, open_app: OpenApp
) -> None:
    compare_experiment(Session(two_experiments), "e2", ArmsSettings(resamples=200))
    async with open_app(two_experiments, "oversample") as (app, pilot):
        await pilot.press("p", "down", "down", "space", "down", "space", "a")
        app.screen.query_one("#oversample-input", Input).value = "20"
        await pilot.press("enter")
        await wait_for_jobs(app, pilot)
        assert screen_of(app).planning.draft.labels == ("bug",)
        assert "trained and scored: p shows it" in screen_text(app)
        await pilot.press("p")
        await wait_for_jobs(app, pilot)
        assert "e1: bug" in screen_text(app)
        await pilot.press("right_square_bracket", "p", "r")
        for _ in range(3):
            await wait_for_jobs(app, pilot)
        assert "e1: bug" in screen_text(app), "what was carried on is what is shown"
    assert len(Session(two_experiments).state().experiments) == 2


async def test_the_footer_names_the_keys_of_what_is_in_sight(
    two_experiments: Path, open_app: OpenApp
) -> None:
    compare_experiment(Session(two_experiments), "e2", ArmsSettings(resamples=200))
    async with open_app(two_experiments, "oversample") as (app, pilot):
        assert "enter figures  A adopt  v versions  p plan" in footer_of(app)
        await pilot.press("p")
        await wait_for_jobs(app, pilot)
        assert "space choose  a arms  r run  p results" in footer_of(app)
        await pilot.press("e", *"150", "enter")
        await wait_for_jobs(app, pilot)
        assert "e target  r keep  D forget  space experiment" in footer_of(app)


async def test_no_key_is_without_an_answer(tickets_session: Path, open_app: OpenApp) -> None:
    async with open_app(tickets_session, "oversample") as (app, pilot):
        for key, answer in (
            ("r", "space chooses the labels"),
            ("p", "no experiment yet"),
            ("A", "no experiment yet"),
            ("R", "no experiment yet"),
            ("m", "no experiment yet"),
            ("left_square_bracket", "no experiment yet"),
            ("left", "no arms yet"),
            ("x", "nothing waits"),
        ):
            screen_of(app).banner.clear()
            await pilot.press(key)
            await wait_for_jobs(app, pilot)
            assert answer in screen_text(app).split("\n")[2], key


async def test_without_a_split_every_key_says_what_is_missing(
    tickets_session: Path, open_app: OpenApp
) -> None:
    session = Session(tickets_session)
    with session.editing() as state:
        state.splits, state.runs = [], []
    async with open_app(tickets_session, "oversample") as (app, pilot):
        for key in ("space", "a", "o", "e", "r", "D", "left"):
            screen_of(app).banner.clear()
            await pilot.press(key)
            await wait_for_jobs(app, pilot)
            assert "press 3 (Split)" in screen_text(app).split("\n")[2], key
        await pilot.press("v")
        assert "no run yet" in screen_text(app)


async def test_versions_show_both_figures_in_a_small_terminal(
    two_experiments: Path, open_app: OpenApp
) -> None:
    async with open_app(two_experiments, "oversample") as (app, pilot):
        await pilot.press("v")
        await wait_for_jobs(app, pilot)
        assert isinstance(app.screen, VersionsModal)
        head = next(line for line in screen_text(app).split("\n") if "trained on" in line)
        assert head.split()[-3:-1] == ["F1@.5", "F1"], head


async def test_words_that_do_not_fit_name_the_key_that_reads_on(
    two_experiments: Path, open_app: OpenApp
) -> None:
    compare_experiment(Session(two_experiments), "e2", ArmsSettings(resamples=200))
    async with open_app(two_experiments, "oversample", size=(60, 15)) as (app, pilot):
        await pilot.pause()
        await pilot.pause()
        assert "… enter reads on" in screen_text(app)


async def test_the_keys_stay_in_sight_below_long_cautions(
    tickets_session: Path, open_app: OpenApp
) -> None:
    async with open_app(tickets_session, "oversample") as (app, pilot):
        await pilot.press("down", "down", "space")
        await wait_for_jobs(app, pilot)
        pane = screen_of(app).plan_pane
        assert pane._view is not None
        pane.show(replace(pane._view, cautions=("long " * 60, "longer " * 60)))
        await pilot.pause()
        assert "r starts it" in screen_text(app)


async def test_a_base_that_an_experiment_needs_leaves_the_run_of_the_session(
    tickets_session: Path, open_app: OpenApp
) -> None:
    session = Session(tickets_session)
    request = ArmsRequest(labels=("bug",), positives=(20,))
    plan = plan_experiment(session, request, groups="rare")
    run_experiment(session, start_experiment(session, plan).id)
    state = session.state()
    assert state.run is not None and state.run.name == "base"
    assert [run.name for run in state.runs if not run.experiment] != ["base"]
    async with open_app(tickets_session, "thresholds") as (app, _):
        assert "run base " in screen_text(app).split("\n")[0]
