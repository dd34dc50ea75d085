"""A session that cannot be written is shown; what would change it is refused in one line."""

import errno
import os
import tempfile
from pathlib import Path

import pytest

from core import files
from core.cli.main import main


@pytest.fixture
def read_only(tickets_session: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A finished session on a disk that is mounted read-only."""

    def refuse(path: Path, flags: int) -> int:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    monkeypatch.setattr(files, "open_private", refuse)
    monkeypatch.setattr(tempfile, "mkstemp", lambda **named: refuse(Path(), 0))
    monkeypatch.setattr(os, "access", lambda path, how, **more: how != os.W_OK)
    return tickets_session


@pytest.mark.parametrize(
    "command",
    ["status", "jobs", "metrics", "thresholds", "thresholds --chart bug", "calibration", "cost"],
)
def test_what_only_shows_works(
    read_only: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--session", str(read_only), *command.split()]) == 0
    shown = capsys.readouterr()
    assert shown.out
    assert shown.err.splitlines() == ["session small cannot be written by you: opened read-only"]


@pytest.mark.parametrize(
    "command",
    ["health", "split --seed 9", "thresholds --set bug=0.3", "train --yes", "score --yes"],
)
def test_what_changes_it_is_refused(
    read_only: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in read_only.rglob("*") if path.is_file()}
    assert main(["--session", str(read_only), *command.split()]) == 4
    said = capsys.readouterr().err
    assert "cannot be written, so nothing of it is changed" in said
    assert "--session PATH" in said
    assert before == {path: path.read_bytes() for path in read_only.rglob("*") if path.is_file()}
