"""Run the product as a user does: a process of its own."""

import subprocess
import sys
from pathlib import Path


def run(
    *arguments: str, folder: Path, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    """One call of ``comprehend-tuner`` in `folder`."""
    return subprocess.run(
        [sys.executable, "-m", "tui", *arguments],
        cwd=folder,
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
