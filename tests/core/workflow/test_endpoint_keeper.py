"""The keeper: deletes an endpoint at its time, whatever happens to the terminal."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from core.workflow import endpoint_keeper
from core.workflow.endpoint_keeper import ensure_keepers, is_kept, keep_until_gone
from core.workflow.endpoints import (
    delete_overdue,
    keep_endpoint,
    plan_endpoint,
    stop_endpoint,
    wait_endpoint,
)
from core.workflow.session import Session
from core.workflow.state import EndpointState
from tests.core.workflow.endpoints import entries, make_due, nobody, served, start
from tests.killing import killed_at_write

TEXT = "my parcel was charged twice and the app crashes"


@pytest.fixture
def session(tickets_session: Path) -> Session:
    return Session(tickets_session)


class Clock:
    """A time that only moves when somebody waits."""

    def __init__(self, then: Callable[[], None] | None = None) -> None:
        self.now = datetime.now(UTC)
        self.waits: list[float] = []
        self.then_do = then

    def __call__(self) -> datetime:
        return self.now

    def wait(self, seconds: float) -> None:
        """Move on, and let something happen the first time."""
        self.waits.append(seconds)
        self.now += timedelta(seconds=seconds)
        if self.then_do is not None:
            then, self.then_do = self.then_do, None
            then()


def test_the_keeper_deletes_at_the_time_and_not_before(session: Session) -> None:
    endpoint = start(session, plan_endpoint(session, minutes=10))
    clock = Clock()
    began = clock.now
    assert keep_until_gone(session, endpoint.name, clock, clock.wait)
    assert served(session) == []
    assert 595 <= (clock.now - began).total_seconds() <= 600
    assert session.state().endpoints[0].deleted_at


@pytest.mark.parametrize("minutes", [1, 60])
def test_the_keeper_honours_a_time_that_is_moved(minutes: int, session: Session) -> None:
    endpoint = start(session, plan_endpoint(session, minutes=10))
    clock = Clock(lambda: moved.append(keep_endpoint(session, endpoint.name, minutes, nobody)))
    moved: list[EndpointState] = []
    keep_until_gone(session, endpoint.name, clock, clock.wait)
    assert moved[0].delete_at != endpoint.delete_at
    late = clock.now - datetime.fromisoformat(moved[0].delete_at)
    assert timedelta(0) <= late < timedelta(seconds=20)


def test_the_keeper_ends_when_the_endpoint_is_gone_already(session: Session) -> None:
    endpoint = start(session)
    clock = Clock(partial(stop_endpoint, session, endpoint.name))  # type: ignore[arg-type]
    assert keep_until_gone(session, endpoint.name, clock, clock.wait)
    assert len(clock.waits) == 1
    assert keep_until_gone(session, "never-heard-of", clock, clock.wait)


def test_the_keeper_ends_with_the_session(session: Session) -> None:
    endpoint = start(session)
    clock = Clock(lambda: shutil.rmtree(session.folder))
    assert not keep_until_gone(session, endpoint.name, clock, clock.wait)


def test_the_keeper_tries_again_with_growing_pauses_until_it_works(session: Session) -> None:
    endpoint = start(session)
    make_due(session)
    healthy = session.state_path.read_bytes()
    session.state_path.write_bytes(b"{")

    def repair() -> None:
        if len(clock.waits) < 6:
            clock.then_do = repair
            return
        session.state_path.write_bytes(healthy)

    clock = Clock(repair)
    assert keep_until_gone(session, endpoint.name, clock, clock.wait)
    assert served(session) == [] and len(clock.waits) == 6
    assert clock.waits == sorted(clock.waits) and clock.waits[-1] > 3 * clock.waits[0]
    overdue = [event for event in session.events() if event["action"] == "endpoint-overdue"]
    assert len(overdue) == 1, "one line, however often it fails"


def test_a_keeper_process_outlives_its_starter_and_deletes(session: Session) -> None:
    endpoint = start(session)
    make_due(session)
    program = (
        "import sys; from pathlib import Path\n"
        "from core.workflow.endpoint_keeper import spawn_keeper\n"
        "from core.workflow.session import Session\n"
        "spawn_keeper(Session(Path(sys.argv[1])), sys.argv[2])\n"
    )
    subprocess.run([sys.executable, "-c", program, str(session.folder), endpoint.name], check=True)
    deadline = datetime.now(UTC) + timedelta(seconds=60)
    while session.state().live_endpoints and datetime.now(UTC) < deadline:
        pass
    assert session.state().endpoints[0].deleted_at
    assert endpoint.name not in served(session)


def test_an_endpoint_has_one_keeper(session: Session) -> None:
    endpoint = start(session)
    ensure_keepers(session)
    child = endpoint_keeper._children[session.folder, endpoint.name]
    try:
        while not is_kept(session, endpoint.name):
            assert child.poll() is None
        ensure_keepers(session)
        assert endpoint_keeper._children[session.folder, endpoint.name] is child
        assert endpoint_keeper.main([str(session.folder), "another"]) == 0
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    assert not is_kept(session, endpoint.name), "the lock ends with the process"


def _start_wait_stop(session: Session) -> None:
    endpoint = start(session)
    wait_endpoint(session, endpoint.name)
    stop_endpoint(session, endpoint.name)


@pytest.mark.timeout(120)
def test_killed_at_any_write_nothing_is_lost_and_nothing_made_twice(
    session: Session, tmp_path: Path
) -> None:
    n, was_killed = 0, True
    while was_killed:
        n += 1
        copy = Session(Path(shutil.copytree(session.folder, tmp_path / f"kill{n}")))
        was_killed = killed_at_write(_start_wait_stop, copy, n)
        known = {endpoint.name for endpoint in copy.state().live_endpoints}
        assert set(served(copy)) <= known, "the session does not know what may be charged"
        before = served(copy)
        if was_killed:
            start(copy)
            assert len(served(copy)) == len(copy.state().live_endpoints) == 1
            assert before in ([], served(copy)), "repeating made a second one"
        make_due(copy)
        delete_overdue(copy)
        assert served(copy) == [] and {state for _, state in entries(copy)} <= {"deleted"}
    assert n > 4
