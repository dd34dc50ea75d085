"""Files are whole or absent; locks end with their holder; fingerprints do not run together."""

import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import OperationFailed, TryAgain
from core.files import atomic_writer, file_fingerprint, fingerprint, locked, write_atomic


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
