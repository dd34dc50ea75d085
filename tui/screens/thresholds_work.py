"""The jobs of the thresholds screen, and what is kept of their results."""

from dataclasses import dataclass, field
from pathlib import Path

from core.progress import CancelToken, Reporter
from core.workflow.actions.run_curves import RunCurves, load_run_curves
from core.workflow.actions.tune import TuningSettings, tune_thresholds
from core.workflow.actions.working_thresholds import WorkingThresholds, save_working
from core.workflow.session import Session
from core.workflow.state import SessionState
from tui.jobs import Work
from tui.widgets.thresholds_board import BoardView


@dataclass
class KeptRun:
    """What the app keeps of one run while other screens are open."""

    working: WorkingThresholds | None = None
    curves: dict[str, RunCurves] = field(default_factory=dict)
    """By run: the run's own and those laid over them."""


def board_view(
    kept: KeptRun, curves: RunCurves, working: WorkingThresholds, part: str, other_run: str
) -> BoardView:
    """One part of a run, with another run over it, or the part that was tuned on."""
    if other_run in kept.curves:
        other = kept.curves[other_run].parts.get(part)
        return BoardView(curves, working, part, other=other, other_name=f"run {other_run}")
    if part != working.tuned_on:
        other = curves.parts[working.tuned_on]
        return BoardView(curves, working, part, other=other, other_name=working.tuned_on)
    return BoardView(curves, working, part)


def overlaid_runs(state: SessionState, run: str, part: str) -> list[str]:
    """The other runs that have scores of a part."""
    return [other.name for other in state.runs if other.name != run and part in other.scores]


def load_work(session: Session, run: str) -> Work:
    """Read the curves of a run."""

    def work(reporter: Reporter, cancel: CancelToken) -> RunCurves:
        import plotext  # noqa: F401 - loaded here, so that the first chart does not wait for it

        return load_run_curves(session, run, cancel)

    return work


def tune_work(session: Session, run: str) -> Work:
    """Tune a run that has no thresholds yet."""
    return lambda reporter, cancel: tune_thresholds(session, TuningSettings(run=run), cancel)


def save_work(session: Session, settings: TuningSettings, path: Path) -> Work:
    """Keep thresholds in the session and write their file."""
    return lambda reporter, cancel: save_working(session, settings, path, cancel)
