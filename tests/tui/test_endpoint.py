"""The endpoint's screen: start, try, keep, delete, and the notice on every screen."""

import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from core.workflow import endpoint_keeper
from core.workflow.endpoints import plan_endpoint, start_endpoint
from core.workflow.session import Session
from core.workflow.state import EndpointState
from tests.aws.sessions import set_up
from tests.cli.running import run
from tests.core.workflow.endpoints import change, make_due, nobody, served
from tests.tui.conftest import OpenApp, screen_text, wait_for_jobs
from tui.app import TunerApp
from tui.screens import SCREEN_CLASSES
from tui.screens.endpoint import EndpointScreen
from tui.widgets.tables import RowTable
from tui.windows import PayModal


@pytest.fixture(autouse=True)
def keepers_end_with_the_test(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """End the keepers that the app has started."""
    children: dict[tuple[Path, str], subprocess.Popen[bytes]] = {}
    monkeypatch.setattr(endpoint_keeper, "_children", children)
    yield
    for child in children.values():
        child.kill()
        child.wait()


def live(folder: Path) -> list[EndpointState]:
    return [e for e in Session(folder).state().endpoints if not e.deleted_at]


def begin(folder: Path, minutes: int = 30) -> EndpointState:
    """An endpoint that answers."""
    session = Session(folder)
    return start_endpoint(session, plan_endpoint(session, minutes=minutes), spawn=nobody)


def make_paid(folder: Path) -> None:
    """Let the session's prices count; the account cannot be reached."""
    with set_up(Session(folder)) as state:
        state.engine = msgspec.structs.replace(
            state.engine, name="aws", endpoint_url="http://127.0.0.1:9", poll_s=0.01
        )


async def type_text(app: TunerApp, pilot: Pilot[int], text: str) -> None:
    """Type a document and try it."""
    await pilot.press("e")
    app.screen.query_one(Input).value = text
    await pilot.press("enter")
    await wait_for_jobs(app, pilot)


async def test_the_key_opens_it_and_says_the_price(
    tickets_session: Path, open_app: OpenApp
) -> None:
    async with open_app(tickets_session, "thresholds") as (app, pilot):
        await pilot.press("E")
        await wait_for_jobs(app, pilot)
        assert isinstance(app.screen, EndpointScreen)
        text = screen_text(app)
        assert "no endpoint" in text and "free offline (on AWS $1.80 an hour" in text
        assert "the service itself has no such timer" in text
        await pilot.press("x", "k", "e", "enter")
        await wait_for_jobs(app, pilot)
        assert live(tickets_session) == [] and not app.is_modal_open


async def test_r_starts_one_and_enter_tries_a_document(
    tickets_session: Path, open_app: OpenApp
) -> None:
    async with open_app(tickets_session, "endpoint") as (app, pilot):
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
        await wait_for_jobs(app, pilot)
        (endpoint,) = live(tickets_session)
        assert served(Session(tickets_session)) == [endpoint.name]
        assert endpoint.state == "IN_SERVICE" and "IN_SERVICE" in screen_text(app)
        await type_text(app, pilot, "I was charged twice, refund my invoice")
        text = screen_text(app)
        assert "given: " in text and "saved thresholds" in text
        assert app.screen.query_one(RowTable).row_count == 5
        for label in ("billing", "delivery", "bug", "login", "clean"):
            assert label in text
        await pilot.press("escape", "down")
        assert isinstance(app.focused, RowTable)
        assert isinstance(app.screen, EndpointScreen)
        assert 0 < float(app.screen.copied_value()) < 1


async def test_keys_are_typed_while_the_input_has_the_focus(
    tickets_session: Path, open_app: OpenApp
) -> None:
    begin(tickets_session)
    async with open_app(tickets_session, "endpoint") as (app, pilot):
        await pilot.press("e", *"Exr9 qn")
        assert app.screen.query_one(Input).value == "Exr9 qn"
        assert isinstance(app.screen, EndpointScreen) and app.is_running
        await pilot.press("escape", "2")
        await wait_for_jobs(app, pilot)
        assert getattr(app.screen, "step_id", "") == "health"


async def test_a_pasted_text_is_taken_whole_and_harmless(
    tickets_session: Path, open_app: OpenApp
) -> None:
    begin(tickets_session)
    async with open_app(tickets_session, "endpoint") as (app, pilot):
        await pilot.press("e")
        app.screen.query_one(Input).post_message(
            events.Paste("charged [/twice]\n\tand \x1b[31mthe app\u202e crashes")
        )
        await pilot.pause()
        value = app.screen.query_one(Input).value
        assert value == "charged [/twice] and [31mthe app crashes"
        await pilot.press("enter")
        await wait_for_jobs(app, pilot)
        assert app.screen.query_one(RowTable).row_count == 5


async def test_a_text_that_is_refused_stays_to_be_shortened(
    tickets_session: Path, open_app: OpenApp
) -> None:
    begin(tickets_session)
    async with open_app(tickets_session, "endpoint") as (app, pilot):
        await type_text(app, pilot, "é" * 5121)
        assert "10,242 bytes" in screen_text(app)
        assert app.focused is app.screen.query_one(Input)
        await type_text(app, pilot, "")
        assert "blank" in screen_text(app)


async def test_x_asks_before_it_deletes(tickets_session: Path, open_app: OpenApp) -> None:
    begin(tickets_session)
    async with open_app(tickets_session, "endpoint") as (app, pilot):
        await pilot.press("x", "enter", "x", "escape")
        await wait_for_jobs(app, pilot)
        assert len(live(tickets_session)) == 1
        await pilot.press("x")
        await pilot.pause()
        await pilot.press("y")
        await wait_for_jobs(app, pilot)
        assert live(tickets_session) == [] and served(Session(tickets_session)) == []
        text = screen_text(app)
        assert "the endpoint is gone" in text and "until" not in text.split("\n")[0]


async def test_k_moves_the_deletion_time(tickets_session: Path, open_app: OpenApp) -> None:
    before = begin(tickets_session, minutes=3).delete_at
    async with open_app(tickets_session, "endpoint") as (app, pilot):
        await pilot.press("k")
        await wait_for_jobs(app, pilot)
        assert live(tickets_session)[0].delete_at > before


async def test_a_paid_start_needs_y(tickets_session: Path, open_app: OpenApp) -> None:
    make_paid(tickets_session)
    async with open_app(tickets_session, "endpoint") as (app, pilot):
        for keys in (("enter",), ("escape",), ("n",)):
            await pilot.press("r")
            await wait_for_jobs(app, pilot)
            assert isinstance(app.screen, PayModal)
            text = screen_text(app)
            assert "$1.80 an hour" in text and "$0.90" in text
            await pilot.press(*keys)
            await wait_for_jobs(app, pilot)
            assert Session(tickets_session).state().endpoints == []


async def test_read_only_starts_keeps_and_deletes_nothing(
    tickets_session: Path, open_app: OpenApp
) -> None:
    async with open_app(tickets_session, "endpoint", read_only=True) as (app, pilot):
        await pilot.press("r")
        await wait_for_jobs(app, pilot)
        assert "Read-only" in screen_text(app) and live(tickets_session) == []
    endpoint = begin(tickets_session)
    make_due(Session(tickets_session))
    async with open_app(tickets_session, "endpoint", read_only=True) as (app, pilot):
        await pilot.press("k", "x")
        await wait_for_jobs(app, pilot)
        assert not app.is_modal_open and "overdue since" in screen_text(app)
    assert served(Session(tickets_session)) == [endpoint.name]
    assert endpoint_keeper._children == {}


@pytest.mark.parametrize("size", [(60, 15), (80, 24)])
async def test_every_screen_says_that_an_endpoint_lives(
    size: tuple[int, int], tickets_session: Path, open_app: OpenApp
) -> None:
    begin(tickets_session)
    async with open_app(tickets_session, "jobs", size=size, ascii_only=True) as (app, pilot):
        for step in SCREEN_CLASSES:
            app.show_step(step)
            await wait_for_jobs(app, pilot)
            line = screen_text(app).split("\n")[0]
            assert "OFFLINE" in line and "endpoint" in line and " until " in line, step
            assert line.isascii() and len(line) <= size[0]


async def test_what_an_hour_costs_is_on_the_screen_on_aws(
    tickets_session: Path, open_app: OpenApp
) -> None:
    begin(tickets_session)
    make_paid(tickets_session)
    for size, wanted in (((80, 24), "ENDPOINT $1.80/h until "), ((60, 15), "$1.80/h until ")):
        async with open_app(tickets_session, "health", size=size) as (app, _):
            line = screen_text(app).split("\n")[0]
            assert wanted in line and "AWS" in line and "small" in line


async def test_opening_a_session_deletes_no_endpoint(
    tickets_session: Path, open_app: OpenApp
) -> None:
    endpoint = begin(tickets_session)
    make_due(Session(tickets_session))
    async with open_app(tickets_session, "health") as (app, pilot):
        for _ in range(3):
            app.reload()
            await wait_for_jobs(app, pilot)
        assert "overdue since" in screen_text(app).split("\n")[0]
    assert served(Session(tickets_session)) == [endpoint.name]
    assert endpoint_keeper._children == {}


async def test_the_open_app_deletes_what_becomes_due(
    tickets_session: Path, open_app: OpenApp
) -> None:
    begin(tickets_session)
    async with open_app(tickets_session, "health") as (app, pilot):
        await wait_for_jobs(app, pilot)
        make_due(Session(tickets_session))
        app.reload()
        while live(tickets_session):
            await pilot.pause(0.02)
        await wait_for_jobs(app, pilot)
        assert served(Session(tickets_session)) == []
        assert "endpoint" not in screen_text(app).split("\n")[0]


async def test_an_endpoint_alone_makes_nothing_tick(
    tickets_session: Path, open_app: OpenApp
) -> None:
    begin(tickets_session)
    async with open_app(tickets_session, "health") as (app, _):
        alarm = app.watcher._endpoint_timer
        assert alarm is not None and alarm._interval > 25 * 60 and alarm._repeat == 0
        assert app.watcher._timer is None


async def test_a_failed_endpoint_says_why_and_how_to_go_on(
    tickets_session: Path, open_app: OpenApp
) -> None:
    begin(tickets_session)
    make_paid(tickets_session)
    with Session(tickets_session).editing() as state:
        state.endpoints[0].state, state.endpoints[0].message = "FAILED", "[/foo] \x1b[2Jno room"
    async with open_app(tickets_session, "endpoint") as (app, _):
        text = screen_text(app)
        assert "FAILED" in text and "[/foo] no room" in text and "x deletes it" in text


async def test_an_interrupted_wait_leaves_the_endpoint_and_r_goes_on(
    tickets_session: Path, open_app: OpenApp
) -> None:
    change(Session(tickets_session), endpoint_s=3600.0)
    async with open_app(tickets_session, "endpoint") as (app, pilot):
        await pilot.press("r")
        while not (live(tickets_session) and live(tickets_session)[0].state):
            await pilot.pause(0.02)
        await pilot.press("x")
        await wait_for_jobs(app, pilot)
        assert "stopped waiting" in screen_text(app)
        change(Session(tickets_session), endpoint_s=0.0)
        (endpoint,) = live(tickets_session)
        assert endpoint.state == "CREATING" and "r waits until it answers" in screen_text(app)


async def test_the_equivalent_command_tries_the_same_text(
    tickets_session: Path, open_app: OpenApp
) -> None:
    async with open_app(tickets_session, "endpoint") as (app, pilot):
        assert isinstance(app.screen, EndpointScreen)
        assert app.screen.equivalent_command().endswith("endpoint start --run base")
        begin(tickets_session)
        app.reload()
        await type_text(app, pilot, "-it's charged; twice")
        command = app.screen.equivalent_command()
    done = run("--json", *shlex.split(command)[1:], folder=tickets_session.parents[1])
    assert done.returncode == 0, done.stderr
    assert len(msgspec.json.decode(done.stdout)["rows"]) == 5


async def test_the_screen_is_plain_in_ascii_and_fits_every_size(
    tickets_session: Path, open_app: OpenApp
) -> None:
    begin(tickets_session)
    for size in ((60, 15), (80, 24), (120, 40)):
        async with open_app(
            tickets_session, "endpoint", size=size, ascii_only=True, theme="textual-light"
        ) as (app, pilot):
            await type_text(app, pilot, "charged twice")
            text = screen_text(app)
            assert text.isascii(), [c for c in text if not c.isascii()]
            assert "given: " in text and "threshold" in text
            assert max(map(len, text.split("\n"))) <= size[0]
