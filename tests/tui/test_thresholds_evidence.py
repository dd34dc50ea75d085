"""Evidence and the windows of the thresholds screen, by keyboard."""

from pathlib import Path

import msgspec
import pytest
from textual.pilot import Pilot

from core.tuning.aim import Aim
from core.workflow.reports import RunReport
from core.workflow.session import Session
from core.workflow.state import ThresholdsState
from core.workflow.thresholds import TuningSettings, load_report, tune_thresholds
from tests.tui.conftest import OpenApp, screen_text, wait_for_jobs
from tests.tui.test_thresholds import opened, values
from tui.app import TunerApp
from tui.screens.thresholds_windows import ChangeModal
from tui.screens.train import TrainScreen


def kept(folder: Path) -> ThresholdsState:
    """The thresholds that the session holds."""
    found = Session(folder).state().runs[-1].thresholds
    assert found is not None
    return found


def report_of(folder: Path) -> RunReport:
    """The report that the session holds."""
    session = Session(folder)
    return load_report(session, session.state().runs[-1])


async def rested(app: TunerApp, pilot: Pilot[int]) -> None:
    """What happens when the keys rest, without the wait."""
    opened(app).measure()
    await wait_for_jobs(app, pilot)


async def take(app: TunerApp, pilot: Pilot[int], *keys: str) -> None:
    """Take an objective by the keys of its menu; stops at the effect."""
    await pilot.press("o", *keys)
    await wait_for_jobs(app, pilot)
    assert isinstance(app.screen, ChangeModal)


async def test_interval_and_grade_stand_beside_the_part_they_were_measured_on(
    open_app: OpenApp, tickets_session: Path
) -> None:
    report = report_of(tickets_session)
    async with open_app(tickets_session, "thresholds") as (app, _):
        text = screen_text(app)
        first = report.labels[0]
        assert first.evidence is not None and first.f1_interval is not None
        low, high = (f"{end:.2f}"[1:] for end in (first.f1_interval.low, first.f1_interval.high))
        assert f"test: F1 {first.tuned.f1:.2f}".replace("0.", ".") in text
        assert f"[{low}–{high}] 90%   grade {first.evidence.grade}: adopt with care" in text
        assert "only 27 positives to tune on" in text
        assert report.macro_f1_interval is not None
        assert f"test {report.tuned.macro_f1:.2f} [".replace("0.", ".") in text
        grades = [row.grade for row in opened(app).board.table.shown_rows]
        assert grades == [label.evidence.grade for label in report.labels if label.evidence]
        assert not len(app.jobs)


async def test_a_moved_threshold_is_graded_when_the_keys_rest(
    open_app: OpenApp, tickets_session: Path
) -> None:
    async with open_app(tickets_session, "thresholds") as (app, pilot):
        await pilot.press("right", "right")
        await pilot.pause()
        text = screen_text(app)
        assert "interval and grade: once the keys rest" in text
        assert opened(app).board.table.shown_rows[0].grade == "–"
        await rested(app, pilot)
        view = opened(app)._view
        assert view is not None and view.known is not None
        assert view.known.of["billing"] == values(app)["billing"]
        assert view.known.aim.by_hand == {"billing": values(app)["billing"]}
        assert ", set by hand" in screen_text(app)
        await pilot.press("u", "u")
        await pilot.pause()
        assert "set by hand" not in screen_text(app)
        assert "once the keys rest" not in screen_text(app)


async def test_esc_stops_the_measuring_and_r_begins_it_again(
    open_app: OpenApp, tickets_session: Path
) -> None:
    async with open_app(tickets_session, "thresholds") as (app, pilot):
        await pilot.press("right", "escape")
        await wait_for_jobs(app, pilot)
        assert "not measured; r measures" in screen_text(app)
        assert app.overview is not None
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
        assert "set by hand" in screen_text(app)


async def test_b_takes_a_choice_against_the_evidence_and_saving_adopts_it(
    open_app: OpenApp, tickets_session: Path
) -> None:
    tune_thresholds(Session(tickets_session), TuningSettings(aim=Aim(objective="cost:0.5")))
    async with open_app(tickets_session, "thresholds") as (app, pilot):
        await pilot.press("down", "down")
        text = screen_text(app)
        assert "cannot tell, the default stays" in text and "b takes .2399 all the same" in text
        await pilot.press("b")
        await pilot.pause()
        assert "although the evidence keeps the default" in screen_text(app)
        wanted = dict(values(app))
        await pilot.press("s")
        await pilot.pause()
        assert "Adopted against the evidence: bug" in screen_text(app)
        await pilot.press("enter")
        await wait_for_jobs(app, pilot)
        await wait_for_jobs(app, pilot)
        assert kept(tickets_session).values == wanted
        assert kept(tickets_session).adopted == ("bug",)
        await pilot.press("escape")
        await pilot.pause()
        assert "adopted all the same" in screen_text(app)
        await pilot.press("B")
        assert values(app)["bug"] == 0.5


async def test_how_scores_read_is_shown_with_half_of_the_best_f1(
    open_app: OpenApp, tickets_session: Path
) -> None:
    async with open_app(tickets_session, "thresholds") as (app, pilot):
        await pilot.press("i")
        await wait_for_jobs(app, pilot)
        text = screen_text(app)
        assert "Scores of billing on calibration" in text
        assert "F*/2 = ." in text and "exactly at the threshold: 1 document" in text
        assert "esc close" in text


async def test_without_another_run_or_groups_it_is_said(
    open_app: OpenApp, tickets_session: Path
) -> None:
    async with open_app(tickets_session, "thresholds") as (app, pilot):
        await pilot.press("a")
        await pilot.pause()
        assert "no other run with thresholds" in screen_text(app)
        await pilot.press("g")
        await pilot.pause()
        assert "no label needs a group" in screen_text(app)


async def test_labels_in_need_bring_a_line_and_g_opens_the_plan(
    open_app: OpenApp, tickets_session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.workflow.train.HIDDEN_F1", 0.0)
    async with open_app(tickets_session, "score") as (app, pilot):
        await pilot.press("o")
        await wait_for_jobs(app, pilot)
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
        await pilot.press("6")
        for _ in range(3):
            await wait_for_jobs(app, pilot)
        text = screen_text(app)
        assert "scores that were not returned: g plans label groups" in text
        assert "F1 at least" in text and "≥" in text
        await pilot.press("g")
        await wait_for_jobs(app, pilot)
        assert isinstance(app.screen, TrainScreen)
        assert "label groups: rare" in screen_text(app)
    assert len(Session(tickets_session).state().runs) == 1, "nothing is started by planning"


async def test_two_way_splits_are_measured_cross_fitted(
    open_app: OpenApp, tickets_session: Path
) -> None:
    tune_thresholds(Session(tickets_session), TuningSettings(tune_on="test"))
    async with open_app(tickets_session, "thresholds") as (app, _):
        text = screen_text(app)
        assert "test, optimistic" in text
        assert "test, cross-fitted: F1 [" in text
        assert "cross-fitted ." in text


async def test_another_run_is_compared_in_pairs(open_app: OpenApp, tickets_session: Path) -> None:
    with Session(tickets_session).editing() as state:
        copy = msgspec.convert(msgspec.to_builtins(state.runs[-1]), type(state.runs[-1]))
        copy.name = "again"
        state.runs.append(copy)
    async with open_app(tickets_session, "thresholds") as (app, pilot):
        await pilot.press("a")
        await wait_for_jobs(app, pilot)
        text = screen_text(app)
        assert "b = again against a = base" in text
        assert text.count("cannot tell") >= 5 and "better" not in text


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (200, 60)])
@pytest.mark.parametrize("ascii_only", [False, True])
async def test_every_window_fits_and_keeps_its_keys_in_sight(
    open_app: OpenApp, tickets_session: Path, size: tuple[int, int], ascii_only: bool
) -> None:
    async with open_app(tickets_session, "thresholds", size, ascii_only=ascii_only) as (app, pilot):
        await pilot.press("right")
        await rested(app, pilot)
        texts = [screen_text(app)]
        assert "grade" in texts[0]
        await pilot.press("i")
        await wait_for_jobs(app, pilot)
        texts.append(screen_text(app))
        assert "esc close" in texts[-1]
        await pilot.press("escape")
        await take(app, pilot, "end", "enter")
        texts.append(screen_text(app))
        assert "enter takes it" in texts[-1]
        for text in texts:
            assert all(len(line) <= size[0] for line in text.split("\n"))
            assert not ascii_only or text.isascii(), [c for c in text if not c.isascii()]
