"""The session folder: found, locked, versioned, never half written."""

import json
import threading
from pathlib import Path

import pytest

from core.errors import InvalidInput, OperationFailed, TryAgain
from core.files import write_atomic
from core.workflow import overview
from core.workflow.overview import recent_sessions
from core.workflow.session import Session, check_name, find_session, list_sessions, new_folder


def test_the_only_session_is_meant_when_none_is_named(tickets_session: Path) -> None:
    assert find_session(None, tickets_session.parents[1]).folder == tickets_session


def test_a_session_is_found_by_name_and_by_folder(tickets_session: Path, tmp_path: Path) -> None:
    assert find_session("small", tmp_path).folder == tickets_session
    assert find_session(str(tickets_session), Path("/")).folder == tickets_session


def test_two_sessions_must_be_named(tickets_session: Path, tmp_path: Path) -> None:
    other = tickets_session.parent / "other"
    other.mkdir()
    (other / "session.json").write_bytes((tickets_session / "session.json").read_bytes())
    with pytest.raises(InvalidInput, match="2 sessions") as caught:
        find_session(None, tmp_path)
    assert "--session" in caught.value.hint
    assert len(list_sessions(tmp_path)) == 2


@pytest.mark.parametrize("name", ["", "a b", "-x", "x-", "a" * 41, "ä", "a/../b"])
def test_unusable_names_are_refused(name: str) -> None:
    with pytest.raises(InvalidInput):
        check_name(name)


def test_a_path_is_taken_as_the_folder(tmp_path: Path) -> None:
    assert new_folder(f"{tmp_path}/deep/mine", Path("/")) == tmp_path / "deep" / "mine"
    assert new_folder("mine", tmp_path) == tmp_path / ".comprehend-tuner" / "mine"


def test_two_terminals_cannot_write_one_session(tickets_session: Path) -> None:
    session = Session(tickets_session)
    outcome: list[type[BaseException]] = []

    def other_terminal() -> None:
        try:
            with session.editing(timeout_s=0.0):
                pass
        except TryAgain as error:
            outcome.append(type(error))

    with session.editing() as state:
        state.test_looks = 41
        thread = threading.Thread(target=other_terminal)
        thread.start()
        thread.join()
    assert outcome == [TryAgain]
    assert session.state().test_looks == 41


def test_a_failed_edit_saves_nothing(tickets_session: Path) -> None:
    session = Session(tickets_session)
    before = session.state_path.read_bytes()
    with pytest.raises(RuntimeError), session.editing() as state:
        state.test_looks = 99
        raise RuntimeError
    assert session.state_path.read_bytes() == before


def test_state_is_private_readable_json(tickets_session: Path) -> None:
    path = tickets_session / "session.json"
    assert path.stat().st_mode & 0o777 == 0o600
    state = json.loads(path.read_text())
    assert state["schema_version"] == 1
    assert str(tickets_session) not in json.dumps(state["runs"]), "the folder could not be moved"


def test_the_event_log_outlives_a_torn_line(tickets_session: Path) -> None:
    session = Session(tickets_session)
    with (tickets_session / "events.jsonl").open("ab") as file:
        file.write(b'{"at": "2026')
    actions = [event["action"] for event in session.events()]
    assert actions[0] == "new"
    assert {"health", "split", "started", "trained", "scored", "thresholds"} <= set(actions)
    session.record("after", place="the torn line")
    assert session.events()[-1]["action"] == "after"


def test_an_event_that_cannot_be_written_is_said_and_is_no_error(
    tickets_session: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(path: Path, line: bytes) -> None:
        raise OperationFailed("Cannot write", f"{path}: No space left on device", "")

    monkeypatch.setattr("core.workflow.session.append_line", refuse)
    Session(tickets_session).record("thresholds", run="base")
    (said,) = caplog.messages
    assert "the event log lacks thresholds" in said
    assert "No space left on device" in said


def test_a_folder_that_is_gone_is_not_made_anew(tickets_session: Path, tmp_path: Path) -> None:
    session = Session(tickets_session)
    path = session.path("data/late/x")
    moved = tickets_session.rename(tmp_path / "moved")
    with pytest.raises(OperationFailed, match="No such file or directory"):
        write_atomic(path, b"asked for before it was gone")
    for step in (session.editing, session.working, lambda: session.path("data/x")):
        with pytest.raises((OperationFailed, InvalidInput)):
            step().__enter__()
    session.record("said", about="nothing")
    assert not tickets_session.exists()
    moved.rename(tickets_session)
    with session.editing() as state:
        assert state.name == "small"


def test_a_damaged_session_hides_no_other(tickets_session: Path, tmp_path: Path) -> None:
    """It is listed by its name, and the others with what they are."""
    folder = tickets_session.parent
    good = (tickets_session / "session.json").read_bytes()
    damaged = {"empty": b"", "torn": good[:900], "binary": b"\xff\x00", "other": b'{"a": 1}'}
    for name, data in damaged.items():
        (folder / name).mkdir()
        (folder / name / "session.json").write_bytes(data)
    (folder / "gone").symlink_to(tmp_path / "nowhere")
    rows = {row.folder.name: row.summary for row in recent_sessions(tmp_path)}
    assert set(rows) == {"small", *damaged}
    assert "700 documents" in rows["small"]
    for name in damaged:
        assert rows[name].startswith(f"{name} · Damaged session"), rows[name]
    assert find_session("small", tmp_path).folder == tickets_session
    with pytest.raises(InvalidInput, match="5 sessions"):
        find_session(None, tmp_path)


def test_a_session_whose_steps_cannot_be_told_hides_no_other(
    tickets_session: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(session: Session) -> None:
        raise KeyError("s1")

    monkeypatch.setattr(overview, "session_overview", fail)
    (row,) = recent_sessions(tmp_path)
    assert row.summary.startswith("small · Damaged session (KeyError)")
