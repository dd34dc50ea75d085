"""The lock file: the same versions as the constraints, hashed; and what its audit says."""

import json
import re
import sys
from pathlib import Path

import pytest

from tests.lock import CONSTRAINTS, LOCK, ROOT, audit, lock_text, pins


def test_every_locked_version_has_a_hash() -> None:
    entries = re.findall(
        r"(?m)^([\w.-]+)==([^\s\\]+) \\\n    --hash=sha256:[0-9a-f]{64}$", LOCK.read_text()
    )
    assert dict(entries) == pins(CONSTRAINTS.read_text()), "run: make lock"
    assert "--hash" not in CONSTRAINTS.read_text(), "pip -c takes no hashes beside -e"


@pytest.mark.parametrize("name", ["constraints.txt", "requirements.lock", "pyproject.toml"])
def test_no_file_names_an_index(name: str) -> None:
    text = (ROOT / name).read_text()
    assert not re.search(r"://|index-url|find-links|trusted-host", text)


def test_a_lock_is_written_in_the_order_of_the_pins() -> None:
    found = [
        {
            "metadata": {"name": name},
            "download_info": {"archive_info": {"hashes": {"sha256": digit * 64}}},
        }
        for name, digit in (("zope-x", "b"), ("A_b", "a"))
    ]
    lines = lock_text("# head\na-b==1\nzope.x==2.0\n", found).splitlines()[2:]
    assert [line.split()[0] for line in lines] == [
        "a-b==1",
        f"--hash=sha256:{'a' * 64}",
        "zope.x==2.0",
        f"--hash=sha256:{'b' * 64}",
    ]


def scanner(folder: Path, out: str, err: str = "", code: int = 0) -> list[str]:
    """A stand-in for pip-audit that says what it is told to."""
    program = folder / "scanner.py"
    program.write_text(
        f"import sys\nprint({out!r}, end='')\nprint({err!r}, file=sys.stderr)\nsys.exit({code})\n"
    )
    return [sys.executable, str(program)]


def test_an_audit_names_what_is_known(tmp_path: Path) -> None:
    advisory = {"id": "GHSA-1", "fix_versions": ["2"], "aliases": [], "description": ""}
    report = {
        "dependencies": [
            {"name": "a", "version": "1", "vulns": [advisory]},
            {"name": "b", "version": "1", "vulns": []},
        ]
    }
    code, text = audit(scanner(tmp_path, json.dumps(report), code=1))
    assert (code, text) == (1, "a 1: GHSA-1 (fixed in 2)\n2 packages audited, 1 advisories")
    report["dependencies"].pop(0)
    assert audit(scanner(tmp_path, json.dumps(report)))[0] == 0


def test_a_source_without_the_packages_audits_nothing(tmp_path: Path) -> None:
    report = {"dependencies": [{"name": "a", "skip_reason": "not found"}]}
    code, text = audit(scanner(tmp_path, json.dumps(report)))
    assert code == 0 and text.startswith("not audited") and "\n" not in text


@pytest.mark.parametrize(
    ("err", "code", "said"),
    [
        ("Traceback ...\nConnectionError: Max retries exceeded", 0, "not audited: no source"),
        ("ERROR: requirements.lock: line 3 is malformed", 1, "the audit failed"),
    ],
)
def test_only_an_absent_source_is_forgiven(tmp_path: Path, err: str, code: int, said: str) -> None:
    got, text = audit(scanner(tmp_path, "", err, code=1))
    assert got == code and text.startswith(said) and "\n" not in text


def test_without_a_scanner_one_line_says_so() -> None:
    code, text = audit(None)
    assert code == 0 and text.startswith("not audited") and "\n" not in text
