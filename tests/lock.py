"""``make lock`` and ``make audit``: what the locked versions hash to, and what is known about them.

``constraints.txt`` holds versions, for ``pip -c``: pip refuses hashes there as soon as something
editable is installed. ``requirements.lock`` holds the same versions with the hash of each file, for
``pip install --require-hashes -r requirements.lock``. The hashes are those of the files that pip
takes on the platform and Python that wrote them.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
CONSTRAINTS = ROOT / "constraints.txt"
LOCK = ROOT / "requirements.lock"
_HEAD = (
    "# The versions of constraints.txt with their files' hashes; `make lock` writes this file."
    "\n# Install with: pip install --require-hashes -r requirements.lock\n"
)
_UNREACHABLE = re.compile(
    r"(?i)connection|resolv|timed? ?out|unreachable|network|proxy|ssl|certificate|max retries"
    r"|service ?(error|unavailable)|\b(403|407|429|5\d\d)\b"
)
_LONGEST_S = 300.0


def pins(text: str) -> dict[str, str]:
    """Version by name, of a file of pins; other lines are skipped."""
    return dict(re.findall(r"(?m)^([\w.-]+)==([^\s\\;]+)", text))


def write_lock() -> None:
    """Write the hashes of what pip would install for `CONSTRAINTS`; needs pip's own source."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        asked = ["install", "--dry-run", "--ignore-installed", "--no-deps", "--only-binary=:all:"]
        subprocess.run(
            [sys.executable, "-m", "pip", *asked, "-q", "--report", report, "-r", CONSTRAINTS],
            check=True,
        )
        found = json.loads(report.read_text())["install"]
    LOCK.write_text(lock_text(CONSTRAINTS.read_text(), found))


def lock_text(constraints: str, installed: list[dict[str, Any]]) -> str:
    """The lock file for pins, in their order, from pip's report of what it would install.

    Raises:
        KeyError: pip reports no file for a pin.
    """
    hashes = {
        _plain(item["metadata"]["name"]): item["download_info"]["archive_info"]["hashes"]["sha256"]
        for item in installed
    }
    lines = (
        f"{name}=={version} \\\n    --hash=sha256:{hashes[_plain(name)]}\n"
        for name, version in pins(constraints).items()
    )
    return _HEAD + "".join(lines)


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def auditor() -> list[str] | None:
    """The command that scans, with whatever runs it here; None when nothing does."""
    for runner in (["pip-audit"], ["uvx", "pip-audit"], ["pipx", "run", "pip-audit"]):
        beside = Path(sys.executable).with_name(runner[0])
        path = str(beside) if beside.exists() else shutil.which(runner[0])
        if path:
            return [path, *runner[1:]]
    return None


def audit(command: list[str] | None, lock: Path = LOCK) -> tuple[int, str]:
    """Scan the lock file for published advisories; exit code and what to print.

    The code is 0 when nothing is known against it or no source of advisories can be reached, and 1
    when something is, or the scan fails otherwise.
    """
    if command is None:
        return 0, "not audited: install pip-audit, uv or pipx first"
    options = ["--require-hashes", "--disable-pip", "--progress-spinner=off", "--format=json"]
    environment: Mapping[str, str] = {**os.environ, "PYTHONWARNINGS": "ignore"}
    try:
        done = subprocess.run(
            [*command, *options, "-r", str(lock)],
            capture_output=True,
            text=True,
            timeout=_LONGEST_S,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return 0, "not audited: the source of advisories does not answer"
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        said = done.stderr.strip().splitlines() or ["nothing was said"]
        if _UNREACHABLE.search(done.stderr):
            return 0, f"not audited: no source of advisories can be reached ({said[-1][:120]})"
        return 1, f"the audit failed: {said[-1][:300]}"
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    if len(skipped) == len(packages):
        return 0, "not audited: the source of advisories knows none of the packages"
    known = [
        f"{package['name']} {package['version']}: {advisory['id']}"
        f" (fixed in {', '.join(advisory.get('fix_versions', [])) or 'no version'})"
        for package in packages
        for advisory in package.get("vulns", ())
    ]
    left = [f"not audited: {', '.join(skipped)}"] if skipped else []
    head = f"{len(packages) - len(skipped)} packages audited, {len(known)} advisories"
    return int(bool(known)), "\n".join([*known, *left, head])


def main() -> int:
    """Write the lock file, or audit it: ``python -m tests.lock [audit]``."""
    if sys.argv[1:] == ["audit"]:
        code, text = audit(auditor())
        print(text)
        return code
    write_lock()
    return 0


if __name__ == "__main__":
    sys.exit(main())
