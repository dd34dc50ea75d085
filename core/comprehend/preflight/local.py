"""What can be checked on this machine, and all that there is to check offline."""

import shutil
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from core.comprehend.preflight.lines import PreflightLine, Verdict, failed, passed, warning
from core.comprehend.service_errors import explained
from core.errors import TunerError
from core.files import write_atomic
from core.text import plural, printable

if TYPE_CHECKING:
    from core.comprehend.clients import Clients

_PACKAGES = ("boto3", "numpy", "pandas", "scikit-learn", "plotext", "textual", "msgspec")
_ENOUGH_BYTES = 500_000_000
"""Free space below which a warning is due: prepared files, scores and the twin's models."""
_LITTLE_BYTES = 50_000_000
"""Free space below which the next step is likely to fail."""


def folder_lines(folder: Path) -> tuple[PreflightLine, ...]:
    """The session's folder can be written, and the disk has room."""
    return (
        _line("folder", "Session folder", lambda: _check_folder(folder)),
        _line("disk", "Free disk space", lambda: _check_disk(folder)),
    )


def offline_lines(clients: "Clients") -> tuple[PreflightLine, ...]:
    """The offline twin answers, and the packages that it needs are there."""
    return (
        _line("twin", "Offline twin answers", lambda: _check_twin(clients)),
        _line("packages", "Packages", _check_packages),
    )


def _check_folder(folder: Path) -> Verdict:
    probe = folder / ".preflight"
    try:
        write_atomic(probe, b"")
        probe.unlink()
    except (TunerError, OSError) as error:
        return failed(
            f"{printable(str(folder), 200)} cannot be written: {printable(str(error), 200)}",
            "check its permissions and the free space, or copy the session elsewhere",
        )
    return passed(f"{printable(str(folder), 200)} can be written")


def _check_disk(folder: Path) -> Verdict:
    free = shutil.disk_usage(folder).free
    found = f"{free / 1e9:,.1f} GB free"
    if free < _LITTLE_BYTES:
        return failed(found, "free some space: prepared files and scores would not fit")
    if free < _ENOUGH_BYTES:
        return warning(found, "prepared files and scores of a large dataset may not fit")
    return passed(found)


def _check_twin(clients: "Clients") -> Verdict:
    with explained():
        answer = clients.comprehend.list_document_classifiers(MaxResults=1)
    count = len(answer["DocumentClassifierPropertiesList"])
    return passed("it answers" if count == 0 else "it answers, and holds trained classifiers")


def _check_packages() -> Verdict:
    missing, found = [], []
    for package in _PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            missing.append(package)
    if missing:
        return failed(
            f"{plural(len(missing), 'package is', 'packages are')} missing: {', '.join(missing)}",
            "install comprehend-tuner anew into an environment of its own",
        )
    return passed(", ".join(found))


def _line(check_id: str, title: str, ask: Callable[[], Verdict]) -> PreflightLine:
    try:
        verdict = ask()
    except TunerError as error:
        verdict = failed(f"{error.title}: {error.message}", error.hint)
    except OSError as error:
        verdict = failed(printable(str(error), 200), "check the session's folder")
    return PreflightLine(
        id=check_id, title=title, outcome=verdict.outcome, found=verdict.found,
        remedy=verdict.remedy,
    )  # fmt: skip
