"""A twin's folder that somebody else made: nothing outside the session is read or written."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from core.comprehend.clients import open_clients
from core.comprehend.engine import EngineSettings
from core.errors import InvalidInput, TunerError
from core.workflow.session import Session

OUTSIDE = "outside"


def into_bucket(twin: Path, outside: Path) -> None:
    shutil.rmtree(twin / "bucket")
    (twin / "bucket").symlink_to(outside)


def into_object(twin: Path, outside: Path) -> None:
    found = next(path for path in (twin / "bucket").rglob("*") if path.is_file())
    found.unlink()
    found.symlink_to(outside / "private")


def into_job(twin: Path, outside: Path) -> None:
    next(twin.glob("*/classifiers/*")).rename(twin / "away")
    (next(twin.glob("*/classifiers")) / "job").symlink_to(outside)


def into_record(twin: Path, outside: Path) -> None:
    record = next(twin.glob("*/*/*/record.json"))
    record.unlink()
    record.symlink_to(outside / "private")


def into_counts(twin: Path, outside: Path) -> None:
    shutil.rmtree(twin / "counts", ignore_errors=True)
    (twin / "counts").symlink_to(outside)


def dangling(twin: Path, outside: Path) -> None:
    (twin / "made-by-the-link").symlink_to(outside / "absent")


def pipe(twin: Path, outside: Path) -> None:
    record = next(twin.glob("*/*/*/record.json"))
    record.unlink()
    os.mkfifo(record)


def whole(twin: Path, outside: Path) -> None:
    shutil.rmtree(twin)
    twin.symlink_to(outside)


HOSTILE = (into_bucket, into_object, into_job, into_record, into_counts, dangling, pipe, whole)


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / OUTSIDE
    folder.mkdir()
    (folder / "private").write_bytes(b"secret")
    return folder


@pytest.mark.parametrize("change", HOSTILE)
def test_a_twin_with_a_link_or_a_pipe_is_not_opened(
    tickets_session: Path, outside: Path, change: Callable[[Path, Path], None]
) -> None:
    settings = EngineSettings(name="offline")
    open_clients(settings, tickets_session)
    change(tickets_session / "offline", outside)
    with pytest.raises(InvalidInput, match=r"offline") as caught:
        open_clients(settings, tickets_session)
    assert caught.value.exit_code == 2 and caught.value.hint
    assert [path.name for path in outside.iterdir()] == ["private"]
    assert (outside / "private").read_bytes() == b"secret"


def test_folders_that_are_too_deep_are_not_read(tickets_session: Path) -> None:
    here = os.getcwd()
    try:
        os.chdir(tickets_session / "offline" / "bucket")
        for _ in range(700):
            os.mkdir("%-")
            os.chdir("%-")
    finally:
        os.chdir(here)
    with pytest.raises(InvalidInput, match="below one another"):
        open_clients(EngineSettings(name="offline"), tickets_session)


@pytest.mark.parametrize("name", ["events.jsonl", ".lock", ".work.lock", ".events.lock"])
def test_a_session_writes_through_no_link(tickets_session: Path, outside: Path, name: str) -> None:
    session = Session(tickets_session)
    before = {path.name for path in outside.iterdir()}
    for target in ("private", "absent"):
        (tickets_session / name).unlink(missing_ok=True)
        (tickets_session / name).symlink_to(outside / target)
        session.record("test")
        for hold in (session.locked, session.working):
            try:
                with hold():
                    pass
            except TunerError as error:
                assert "link" in error.hint
    assert {path.name for path in outside.iterdir()} == before
    assert (outside / "private").read_bytes() == b"secret"


@pytest.mark.parametrize("name", ["events.jsonl", "session.json"])
def test_a_session_reads_through_no_link(tickets_session: Path, outside: Path, name: str) -> None:
    session = Session(tickets_session)
    (tickets_session / name).rename(outside / name)
    (tickets_session / name).symlink_to(outside / name)
    with pytest.raises(InvalidInput, match="leads to"):
        session.state() if name == "session.json" else session.events()
