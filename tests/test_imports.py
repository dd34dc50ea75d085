"""What each entry point loads, and the size of files: both are promises to people over SSH."""

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("pandas", "sklearn", "scipy", "boto3", "botocore", "plotext", "textual", "rich")
ROOT = Path(__file__).resolve().parents[1]
LONGEST_FILE = 1_200


def loaded_modules(arguments: list[str], folder: Path) -> set[str]:
    """Top-level modules that a fresh interpreter has loaded after one command."""
    program = (
        "import sys; from core.cli.main import main\n"
        f"code = main({arguments!r})\n"
        "print('\\n'.join(sorted({m.split('.')[0] for m in sys.modules})), file=sys.stderr)\n"
        "sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["split", "--help"]])
def test_help_and_version_load_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    assert loaded_modules(arguments, tmp_path).isdisjoint({*HEAVY, "numpy"})


def test_status_loads_nothing_heavy(tickets_session: Path) -> None:
    loaded = loaded_modules(["--session", str(tickets_session), "status"], tickets_session)
    assert loaded.isdisjoint(HEAVY)


@pytest.mark.parametrize("room", ["core", "tui", "sample_data", "tests"])
def test_no_file_outgrows_a_reader(room: str) -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in (ROOT / room).rglob("*.py")
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }
    assert not long
