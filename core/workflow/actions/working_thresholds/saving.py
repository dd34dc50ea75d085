"""Save working thresholds: in the session, and as a file."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from core.progress import CancelToken, Reporter, silent
from core.workflow.actions.runs import find_run
from core.workflow.actions.thresholds_file import export_thresholds, usage_lines
from core.workflow.actions.tune import TuningSettings, tune_thresholds
from core.workflow.reports import RunReport
from core.workflow.session import Session


@dataclass(frozen=True)
class SavedThresholds:
    """What saving wrote."""

    path: Path
    """The thresholds file, in full."""
    usage: str
    """The lines of Python that use it."""
    report: RunReport


def equivalent_command(session_name: str, settings: TuningSettings, path: Path | None) -> str:
    """The command that tunes with `settings` and writes the file to `path`."""
    words = ["comprehend-tuner", "--session", session_name, "thresholds"]
    words += ["--run", settings.run] if settings.run else []
    if settings.objective != TuningSettings.objective:
        words += ["--objective", settings.objective]
    for label, objective in settings.per_label.items():
        words += ["--objective-for", f"{label}={objective}"]
    words += ["--tune-on", settings.tune_on] if settings.tune_on else []
    words += ["--reset"] if settings.forget_by_hand else []
    words += ["--adopt-all"] if settings.adopt_all else []
    for label in settings.adopt:
        words += ["--adopt", label]
    for label, value in settings.set_by_hand.items():
        words += ["--set", f"{label}={value!r}"]
    words += ["--despite-mismatch"] if settings.despite_mismatch else []
    words += ["--save", str(path)] if path is not None else []
    return shlex.join(words)


def save_working(
    session: Session,
    settings: TuningSettings,
    path: Path,
    cancel: CancelToken | None = None,
    reporter: Reporter = silent,
) -> SavedThresholds:
    """Tune with `settings`, keep that in the session, and write the thresholds file to `path`.

    Raises:
        InvalidInput: a part was not scored.
        OperationFailed: the file cannot be written, or the scores contradict the service's counts.
        TryAgain: another terminal runs a step of this session.
        Interrupted: cancelled.
    """
    report = tune_thresholds(session, settings, cancel, reporter).report
    run = find_run(session.state(), report.run)
    written = export_thresholds(session, run, path)
    usage = usage_lines(written, report.mode, len(run.classifiers))
    return SavedThresholds(written, usage, report)
