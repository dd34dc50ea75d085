"""Files are whole or absent; locks end with their holder; fingerprints do not run together."""

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import InvalidInput, OperationFailed, Refused, TryAgain
from core.files import (
    append_line,
    atomic_writer,
    file_fingerprint,
    fingerprint,
    locked,
    sweep,
    write_atomic,
)


def test_a_failed_write_leaves_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomic(path, b"old")
    with pytest.raises(RuntimeError), atomic_writer(path) as file:
        file.write(b"half of the ne")
        raise RuntimeError
    assert path.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["file"]


def test_written_files_are_private(tmp_path: Path) -> None:
    write_atomic(tmp_path / "new" / "file", b"x")
    assert (tmp_path / "new" / "file").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_is_a_file_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OperationFailed, match="Cannot write"):
        write_atomic(tmp_path / "file" / "below", b"x")


def test_a_lock_is_exclusive_between_processes_and_ends_with_its_holder(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from core.files import locked\n"
        "with locked(Path(sys.argv[1]), 'it'):\n"
        "    print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    with pytest.raises(TryAgain, match="another terminal"), locked(tmp_path / "lock", "it"):
        pass
    holder.kill()
    holder.communicate()
    with locked(tmp_path / "lock", "it"):
        pass


def test_fingerprints_separate_their_parts(tmp_path: Path) -> None:
    assert fingerprint("ab", "c") != fingerprint("a", "bc")
    assert fingerprint("a") == fingerprint(b"a")
    write_atomic(tmp_path / "f", b"content")
    assert file_fingerprint(tmp_path / "f").startswith("sha256:")


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_file_system_without_locks_is_named_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(descriptor: int, how: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(InvalidInput, match="No file locks here") as caught:
        with locked(tmp_path / "lock", "it"):
            pass
    assert "--session" in caught.value.hint
    write_atomic(tmp_path / "file", b"without a lock")


def test_a_read_only_folder_is_named_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, flags: int, mode: int = 0) -> int:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr(os, "access", lambda path, how: False)
    with pytest.raises(Refused, match="cannot be written"):
        with locked(tmp_path / "lock", "it"):
            pass


@pytest.mark.parametrize("umask", [0o000, 0o777])
def test_folders_and_files_are_private_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        write_atomic(tmp_path / "a" / "b" / "file", b"x")
        append_line(tmp_path / "a" / "log", b"x\n")
        with locked(tmp_path / "a" / "lock", "it"):
            pass
    finally:
        os.umask(before)
    for name in ("a", "a/b"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o700
    for name in ("a/b/file", "a/log", "a/lock"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


def test_a_line_after_a_torn_one_begins_afresh_and_is_whole_or_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log"
    append_line(path, b"one\n")
    with path.open("ab") as file:
        file.write(b"tw")
    append_line(path, b"three\n")
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:2]))
    with pytest.raises(OperationFailed, match="No space left"):
        append_line(path, b"four\n")
    assert path.read_bytes() == b"one\ntw\nthree\n"


def test_what_killed_writers_left_is_swept_and_what_living_ones_write_is_not(
    tmp_path: Path,
) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / ".train.csv.a1b2c3d4").write_bytes(b"of a killed writer")
    (tmp_path / ".lock").touch()
    (tmp_path / "deep" / ".work.lock").touch()
    with atomic_writer(tmp_path / "file") as file:
        assert sweep(tmp_path) == 0, "it is younger than a minute"
        assert sweep(tmp_path, 0.0) == 1
        file.write(b"x")
    assert (tmp_path / "file").read_bytes() == b"x"
    assert (tmp_path / ".lock").exists()
