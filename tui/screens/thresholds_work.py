"""The jobs of the thresholds screen, and what is kept of their results."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.progress import CancelToken, Reporter
from core.workflow.actions.compare import compare_session_runs
from core.workflow.actions.groups import Proposal, propose_groups
from core.workflow.actions.run_curves import RunCurves, load_run_curves
from core.workflow.actions.runs import find_run
from core.workflow.actions.tune import TuningSettings, tune_thresholds
from core.workflow.actions.working_thresholds import (
    KnownEvidence,
    Standing,
    WorkingThresholds,
    gather_known,
    is_known,
    planned_change,
    save_working,
    start_working,
)
from core.workflow.session import Session
from core.workflow.state import RunState, SessionState
from tui.jobs import Work
from tui.widgets.thresholds_board import BoardView

_MOST_KEPT = 16
"""Sets of thresholds whose evidence is kept, for undo."""


@dataclass
class KeptRun:
    """What the app keeps of one run while other screens are open."""

    working: WorkingThresholds | None = None
    curves: dict[str, RunCurves] = field(default_factory=dict)
    """By run: the run's own and those laid over them."""
    known: list[KnownEvidence] = field(default_factory=list)
    """Evidence of present and earlier thresholds, the newest first."""
    known_of: str = ""
    """When the session's thresholds were made whose evidence is among them."""
    proposal: Proposal | None = None

    def remember(self, known: KnownEvidence) -> None:
        """Keep evidence."""
        self.known.insert(0, known)
        del self.known[_MOST_KEPT:]

    def find_known(self, run: str) -> KnownEvidence | None:
        """The evidence of the present thresholds, else the newest there is."""
        working, curves = self.working, self.curves.get(run)
        if working is None or curves is None:
            return None
        for place, known in enumerate(self.known):
            if is_known(working, curves, known):
                self.known.insert(0, self.known.pop(place))
                break
        return self.known[0] if self.known else None


@dataclass(frozen=True)
class LoadedRun:
    """What is read of the run that the screen shows."""

    curves: RunCurves
    working: WorkingThresholds
    """With what its objectives choose already computed."""
    proposal: Proposal | None


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


def compared_run(state: SessionState, run: RunState, overlaid: str) -> str:
    """The run to compare with: the one laid over, else the newest other one with thresholds."""
    others = [one.name for one in state.runs if one.thresholds is not None and one is not run]
    return overlaid if overlaid in others else others[-1] if others else ""


def load_work(session: Session, run: str) -> Work:
    """Read the curves of a run that is laid over."""
    return lambda reporter, cancel: load_run_curves(session, run, cancel)


def load_shown_work(session: Session, run: str) -> Work:
    """Read the run that is shown: curves, choices, whether label groups would help."""

    def work(reporter: Reporter, cancel: CancelToken) -> LoadedRun:
        import plotext  # noqa: F401 - loaded here, so that the first chart does not wait for it

        curves = load_run_curves(session, run, cancel)
        working = start_working(find_run(session.state(), run))
        working.chosen(curves)
        return LoadedRun(curves, working, propose_groups(session, run))

    return work


def tune_work(session: Session, run: str) -> Work:
    """Tune a run that has no thresholds yet."""
    settings = TuningSettings(run=run)
    return lambda reporter, cancel: tune_thresholds(session, settings, cancel, reporter)


def evidence_work(curves: RunCurves, tuned_on: str, standing: Standing) -> Work:
    """Gather evidence of the thresholds on the screen."""
    return lambda reporter, cancel: gather_known(curves, tuned_on, standing, reporter, cancel)


def change_work(
    curves: RunCurves, working: WorkingThresholds, name: str, label: str | None
) -> Work:
    """Work out what an objective would change."""
    part, values = working.tuned_on, dict(working.values)
    aims: tuple[str, Mapping[str, str]] = (working.objective, dict(working.per_label))
    return lambda reporter, cancel: planned_change(curves, part, values, aims, name, label, cancel)


def compare_work(session: Session, other: str, run: str) -> Work:
    """Compare a run with another one, at the thresholds that both have in the session."""
    return lambda reporter, cancel: compare_session_runs(
        session, [other, run], reporter=reporter, cancel=cancel
    )


def save_work(session: Session, settings: TuningSettings, path: Path) -> Work:
    """Keep thresholds in the session and write their file."""
    return lambda reporter, cancel: save_working(session, settings, path, cancel, reporter)
