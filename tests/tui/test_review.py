"""Review: documents around a threshold, read by keyboard."""

import json
from pathlib import Path

from msgspec.structs import replace
from textual.widgets import Input

from core.files import file_fingerprint
from core.views.numbers import threshold
from core.workflow.review import Action, Mark, load_review, read_marks, review_label
from core.workflow.session import Session
from tests.tui.conftest import OpenApp, screen_text, wait_for_jobs
from tui.screens.review import ReviewScreen
from tui.widgets.tables import ReadingPane, RowTable


def shown_ids(screen: ReviewScreen) -> list[str]:
    assert screen._review is not None
    return [row.id for row in screen._review.rows]


async def test_the_nearest_documents_of_the_first_label_are_shown(
    tickets_session: Path, open_app: OpenApp
) -> None:
    wanted = review_label(load_review(Session(tickets_session)), "billing")
    async with open_app(tickets_session, "review") as (app, pilot):
        screen = app.screen
        assert isinstance(screen, ReviewScreen)
        assert shown_ids(screen) == [row.id for row in wanted.rows]
        assert isinstance(app.focused, RowTable)
        text = screen_text(app)
        assert "billing" in text and f"{wanted.threshold:.4f}"[1:] in text and "calibration" in text
        assert wanted.rows[0].id in text
        await pilot.press("down")
        await pilot.pause()
        assert wanted.rows[1].id in screen_text(app)


async def test_left_and_right_choose_the_label_and_m_the_kind(
    tickets_session: Path, open_app: OpenApp
) -> None:
    data = load_review(Session(tickets_session))
    async with open_app(tickets_session, "review") as (app, pilot):
        screen = app.screen
        assert isinstance(screen, ReviewScreen)
        await pilot.press("right", "m")
        missed = review_label(data, "delivery", "false-negatives")
        assert shown_ids(screen) == [row.id for row in missed.rows]
        assert f"[missed {missed.counts['false-negative']}]" in screen_text(app)
        await pilot.press("m", "left", "left")
        wrong = review_label(data, "clean", "false-positives")
        assert shown_ids(screen) == [row.id for row in wrong.rows]


async def test_p_reviews_the_test_part(tickets_session: Path, open_app: OpenApp) -> None:
    async with open_app(tickets_session, "review") as (app, pilot):
        await pilot.press("p")
        await wait_for_jobs(app, pilot)
        screen = app.screen
        assert isinstance(screen, ReviewScreen)
        assert screen._review is not None and screen._review.part == "test"
        assert "--part test" in screen.equivalent_command()


async def test_the_filter_keeps_matching_documents_and_escape_clears_it(
    tickets_session: Path, open_app: OpenApp
) -> None:
    async with open_app(tickets_session, "review") as (app, pilot):
        screen = app.screen
        assert isinstance(screen, ReviewScreen)
        everything = shown_ids(screen)
        await pilot.press("slash", *"invoice", "enter")
        await pilot.pause()
        assert screen._review is not None
        assert 0 < len(screen._review.rows) < len(everything)
        assert all("invoice" in row.text.lower() for row in screen._review.rows)
        assert f'{screen._review.found} with "invoice"' in screen_text(app)
        await pilot.press("escape")
        await pilot.pause()
        assert shown_ids(screen) == everything
        assert app.overview is not None, "the first escape only clears"
        await pilot.press("escape")
        await pilot.pause()
        assert app.overview is None


async def test_digits_in_the_filter_are_typed(tickets_session: Path, open_app: OpenApp) -> None:
    async with open_app(tickets_session, "review") as (app, pilot):
        await pilot.press("slash", "1", "q", "n")
        assert isinstance(app.screen, ReviewScreen)
        assert app.screen.query_one("#filter", Input).value == "1qn"
        assert 'no document holds "1qn"' in screen_text(app)


async def test_hostile_text_and_long_text_stay_literal(
    tickets_session: Path, open_app: OpenApp
) -> None:
    session = Session(tickets_session)
    state = session.state()
    first = review_label(load_review(session), "billing").rows[0]
    hostile = "[/foo][link=x] \x1b]0;owned\x07 [@click=app.quit]go[/]"
    path = session.path(state.revisions[0].path)
    lines = path.read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(lines):
        if line and json.loads(line).get("id") == first.id:
            row = json.loads(line)
            row["text"] = hostile + "\n" + "a long line of words " * 3000
            lines[number] = json.dumps(row)
    path.write_text("\n".join(lines), encoding="utf-8")
    with session.editing() as state:
        made = file_fingerprint(path)
        state.revisions[0] = replace(state.revisions[0], fingerprint=made)
        state.splits[0] = replace(state.splits[0], dataset=made)
    async with open_app(tickets_session, "review") as (app, pilot):
        text = screen_text(app)
        assert "[/foo][link=x]" in text and "[@click=app.quit]go[/]" in text
        assert "\x1b" not in text and "owned" not in text
        pane = app.screen.query_one(ReadingPane)
        await pilot.press("space")
        await pilot.pause()
        assert pane.scroll_y > 0


async def test_without_scores_it_says_what_is_missing(
    tickets_session: Path, open_app: OpenApp
) -> None:
    session = Session(tickets_session)
    with session.editing() as state:
        state.runs = []
    async with open_app(tickets_session, "review") as (app, pilot):
        assert "needs scores: press 5" in screen_text(app)
        await pilot.press("right", "m", "p", "space", "down")
        assert isinstance(app.screen, ReviewScreen)


async def test_default_thresholds_are_said(tickets_session: Path, open_app: OpenApp) -> None:
    session = Session(tickets_session)
    with session.editing() as state:
        state.runs[0].thresholds = None
    async with open_app(tickets_session, "review") as (app, _):
        assert ".5000 (default)" in screen_text(app)


async def test_small_and_large_windows_and_ascii(tickets_session: Path, open_app: OpenApp) -> None:
    for size in ((60, 15), (120, 40), (40, 10)):
        async with open_app(tickets_session, "review", size=size, ascii_only=True) as (app, pilot):
            documents = "".join(load_review(Session(tickets_session)).documents.texts)
            ours = [sign for sign in screen_text(app) if sign not in documents]
            assert "".join(ours).isascii(), screen_text(app)
            await pilot.resize_terminal(80, 24)
            await pilot.pause()
            assert "score" in screen_text(app)


async def test_a_key_marks_and_goes_on_and_undo_takes_it_back(
    tickets_session: Path, open_app: OpenApp
) -> None:
    session = Session(tickets_session)
    rows = review_label(load_review(session), "billing").rows
    async with open_app(tickets_session, "review") as (app, pilot):
        await pilot.press("plus", "k", "minus")
        await pilot.pause()
        first: Action = "remove" if "billing" in rows[0].labels else "add"
        assert read_marks(session).all() == [
            Mark(rows[0].id, "billing", first),
            Mark(rows[1].id, "billing", "keep"),
            Mark(rows[2].id, "billing", "drop"),
        ]
        assert f"3 of {len(rows)} read" in screen_text(app)
        await pilot.press("u")
        await pilot.pause()
        assert len(read_marks(session)) == 2
        text = screen_text(app)
        assert f"2 of {len(rows)} read" in text and rows[2].id in text
        await pilot.press("home", "g")
        await pilot.pause()
        assert rows[2].id in screen_text(app), "the first document without a mark"
    async with open_app(tickets_session, "review") as (app, _):
        assert f"2 of {len(rows)} read" in screen_text(app), "marks survive leaving"


async def test_marks_are_applied_after_a_question(tickets_session: Path, open_app: OpenApp) -> None:
    session = Session(tickets_session)
    async with open_app(tickets_session, "review") as (app, pilot):
        await pilot.press("a")
        await wait_for_jobs(app, pilot)
        assert "Nothing to apply" in screen_text(app)
        await pilot.press("minus", "a")
        await wait_for_jobs(app, pilot)
        assert "Apply the marks?" in screen_text(app)
        await pilot.press("escape")
        await pilot.pause()
        assert len(session.state().revisions) == 1
        await pilot.press("a")
        await wait_for_jobs(app, pilot)
        await pilot.press("y")
        await wait_for_jobs(app, pilot)
        state = session.state()
        assert state.dataset.documents == state.revisions[0].documents - 1
        assert "revision r2" in screen_text(app)


async def test_suspects_and_their_words_are_shown(tickets_session: Path, open_app: OpenApp) -> None:
    data = load_review(Session(tickets_session))
    wanted = review_label(data, "billing", "suspects")
    async with open_app(tickets_session, "review") as (app, pilot):
        await pilot.press("m", "m", "m")
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, ReviewScreen)
        assert shown_ids(screen) == [row.id for row in wanted.rows]
        text = screen_text(app)
        assert f"[suspects {wanted.found}]" in text and "words: " in text
        assert f"the classifier gives its labelling {threshold(wanted.rows[0].confidence)}" in text
        assert "--kind suspects" in screen.equivalent_command()


async def test_the_list_is_exported_with_its_marks(
    tickets_session: Path, open_app: OpenApp
) -> None:
    async with open_app(tickets_session, "review") as (app, pilot):
        await pilot.press("k", "s")
        await pilot.pause()
        assert "documents written" in screen_text(app)
    lines = (tickets_session.parents[1] / "small-marks.csv").read_text().split("\n")
    assert lines[0] == "id,label,mark,labels,score,text" and ",billing,keep," in lines[1]
