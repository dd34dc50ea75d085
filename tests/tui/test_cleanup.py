"""Clean up: inventory, typed confirmation, proof; nothing goes by accident."""

from pathlib import Path

from textual.widgets import Input

from core.workflow.jobs import note_in_ledger, session_clients
from core.workflow.session import Session
from tests.tui.conftest import OpenApp, screen_text, wait_for_jobs
from tui.screens.cleanup import CleanupScreen
from tui.widgets.tables import RowTable
from tui.windows import DestroyModal


def states(folder: Path) -> set[str]:
    return {entry.state for entry in Session(folder).state().ledger}


async def test_the_inventory_shows_kind_name_and_price(
    tickets_session: Path, open_app: OpenApp
) -> None:
    async with open_app(tickets_session, "cleanup") as (app, _):
        text = screen_text(app)
        assert "8 resources on OFFLINE" in text and "$0.50 a month" in text
        assert "classifier" in text and "base/c1/train-data/train.csv" in text
        assert "arn:aws:comprehend" in text, "the whole name of the highlighted row"
        assert isinstance(app.focused, RowTable)
        assert isinstance(app.screen, CleanupScreen)
        assert app.screen.copied_value().startswith("arn:aws:comprehend")


async def test_typing_the_name_deletes_everything_and_shows_the_proof(
    tickets_session: Path, open_app: OpenApp
) -> None:
    async with open_app(tickets_session, "cleanup") as (app, pilot):
        await pilot.press("D")
        await pilot.pause()
        assert app.is_modal_open
        assert "1 classifier, 7 objects" in screen_text(app)
        await pilot.press(*"small", "enter")
        await wait_for_jobs(app, pilot)
        await wait_for_jobs(app, pilot)
        assert states(tickets_session) == {"deleted"}
        clients = session_clients(Session(tickets_session))
        answer = clients.comprehend.list_document_classifiers()
        assert answer["DocumentClassifierPropertiesList"] == []
        text = screen_text(app)
        assert "nothing to delete" in text and "nothing left" in text
        assert app.overview is not None
        assert app.overview.status_of("cleanup").status == "done"
        await pilot.press("D")
        assert not app.is_modal_open, "there is nothing left to ask about"


async def test_what_is_left_and_why_stays_in_the_banner(
    tickets_session: Path, open_app: OpenApp
) -> None:
    session = Session(tickets_session)
    comprehend = session_clients(session).comprehend
    arn = session.state().runs[0].classifiers[0].training.arn
    made = comprehend.create_endpoint(
        EndpointName="production", ModelArn=arn, DesiredInferenceUnits=1
    )
    async with open_app(tickets_session, "cleanup") as (app, pilot):
        await pilot.press("D", *"small", "enter")
        await wait_for_jobs(app, pilot)
        await wait_for_jobs(app, pilot)
        text = " ".join(screen_text(app).split())
        assert "1 resource can still be seen, $0.50 a month" in text
        assert "in use by production" in text and "delete production" in text
        comprehend.delete_endpoint(EndpointArn=made["EndpointArn"])
        await pilot.press("D", *"small", "enter")
        await wait_for_jobs(app, pilot)
        assert states(tickets_session) == {"deleted"}


async def test_what_was_asked_for_and_not_found_is_said(
    tickets_session: Path, open_app: OpenApp
) -> None:
    session = Session(tickets_session)
    with session.editing() as state:
        note_in_ledger(state, "endpoint", "ct-lost", "base", "intended")
    async with open_app(tickets_session, "cleanup") as (app, _):
        assert "not found: ct-lost" in screen_text(app)


async def test_enter_escape_and_another_name_delete_nothing(
    tickets_session: Path, open_app: OpenApp
) -> None:
    async with open_app(tickets_session, "cleanup") as (app, pilot):
        for keys in (("D", "enter"), ("D", "escape"), ("D", "D", "enter", "escape")):
            await pilot.press(*keys)
            await wait_for_jobs(app, pilot)
            assert isinstance(app.screen, CleanupScreen)
        await pilot.press("D")
        await pilot.pause()
        app.screen.query_one("#name", Input).value = "smal"
        await pilot.press("enter")
        await wait_for_jobs(app, pilot)
        assert isinstance(app.screen, DestroyModal)
        assert states(tickets_session) == {"created"}


async def test_read_only_refuses(tickets_session: Path, open_app: OpenApp) -> None:
    async with open_app(tickets_session, "cleanup", read_only=True) as (app, pilot):
        await pilot.press("D")
        await pilot.pause()
        assert isinstance(app.screen, CleanupScreen)
        assert "Read-only" in screen_text(app)
        assert states(tickets_session) == {"created"}


async def test_a_failure_stays_in_the_banner_and_d_tries_again(
    tickets_session: Path, open_app: OpenApp
) -> None:
    session = Session(tickets_session)
    async with open_app(tickets_session, "cleanup") as (app, pilot):
        with session.working():
            await pilot.press("D", *"small", "enter")
            await wait_for_jobs(app, pilot)
            assert "a step of session small" in screen_text(app)
        assert states(tickets_session) == {"created"}
        await pilot.press("D", *"small", "enter")
        await wait_for_jobs(app, pilot)
        assert states(tickets_session) == {"deleted"}


async def test_a_session_without_resources_says_where_they_come_from(
    tickets_session: Path, open_app: OpenApp
) -> None:
    session = Session(tickets_session)
    with session.editing() as state:
        state.ledger, state.runs = [], []
    async with open_app(tickets_session, "cleanup") as (app, pilot):
        assert "press 4 (Train)" in screen_text(app)
        await pilot.press("D", "r", "x")
        await wait_for_jobs(app, pilot)
        assert isinstance(app.screen, CleanupScreen)


async def test_every_screen_opens_after_the_clean_up(
    tickets_session: Path, open_app: OpenApp
) -> None:
    async with open_app(tickets_session, "cleanup") as (app, pilot):
        await pilot.press("D", *"small", "enter")
        await wait_for_jobs(app, pilot)
        for key in "78":
            await pilot.press(key)
            await wait_for_jobs(app, pilot)
            assert "billing" in screen_text(app)


async def test_small_windows_and_ascii(tickets_session: Path, open_app: OpenApp) -> None:
    for size in ((60, 15), (120, 40)):
        async with open_app(tickets_session, "cleanup", size=size, ascii_only=True) as (app, _):
            text = screen_text(app)
            assert text.isascii(), text
            assert "classifier" in text
