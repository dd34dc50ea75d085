"""Thresholds while a user moves them: in memory until they are saved.

The curves of a run are loaded once; after that every figure is a look-up. What is saved is what the
`thresholds` command saves with the same values set by hand.
"""

import math
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.progress import CancelToken
from core.tuning.curves import Curve
from core.tuning.objectives import Choice, choose
from core.workflow.actions.run_curves import RunCurves
from core.workflow.actions.runs import find_run
from core.workflow.actions.thresholds_file import export_thresholds, usage_lines
from core.workflow.actions.tune import TuningSettings, tune_thresholds
from core.workflow.reports import RunReport
from core.workflow.session import Session
from core.workflow.state import RunState

STEP = 0.01
"""A threshold moves by this much on the linear axis."""
LOG_STEP = 1.1
"""A threshold is multiplied or divided by this on the logarithmic axis."""
_LOWEST = 1e-6
"""Thresholds below it are 0."""
_MOST_UNDONE = 1000


@dataclass
class WorkingThresholds:
    """The thresholds of one run as the user has moved them so far."""

    saved: dict[str, float]
    """What the session holds."""
    saved_by_hand: frozenset[str]
    """Labels whose threshold in the session was set by hand."""
    made_at: str
    """When the session's were made; another time means they were tuned anew."""
    tuned_on: str
    """The part that objectives choose on."""
    objective: str
    saved_objective: str
    values: dict[str, float]
    _past: list[tuple[dict[str, float], str]] = field(default_factory=list)

    @property
    def unsaved(self) -> frozenset[str]:
        """Labels whose threshold is not the session's."""
        return frozenset(label for label, at in self.values.items() if at != self.saved[label])

    @property
    def is_changed(self) -> bool:
        """Whether anything is not saved."""
        return bool(self.unsaved) or self.objective != self.saved_objective

    def set(self, label: str, value: float) -> bool:
        """Give one label a threshold; whether that changed anything."""
        return self._apply({label: value}, self.objective)

    def best(self, curves: RunCurves, label: str) -> Choice:
        """Take the objective's choice for one label, on the part it is tuned on."""
        choice = choose(curves.parts[self.tuned_on][label], self.objective, curves.default)
        self._apply({label: choice.threshold}, self.objective)
        return choice

    def best_of_all(self, curves: RunCurves, objective: str | None = None) -> bool:
        """Take an objective's choices for every label; whether that changed anything."""
        wanted = objective or self.objective
        return self._apply(choices(curves, self.tuned_on, wanted), wanted)

    def undo(self) -> frozenset[str] | None:
        """Take the last change back; the labels that it had changed, None without a change."""
        if not self._past:
            return None
        before, self.objective = self._past.pop()
        changed = frozenset(label for label, at in before.items() if at != self.values[label])
        self.values = before
        return changed

    def _apply(self, wanted: Mapping[str, float], objective: str) -> bool:
        after = {**self.values, **wanted}
        if after == self.values and objective == self.objective:
            return False
        self._past.append((self.values, self.objective))
        del self._past[:-_MOST_UNDONE]
        self.values, self.objective = after, objective
        return True


@dataclass(frozen=True)
class SavedThresholds:
    """What saving wrote."""

    path: Path
    """The thresholds file, in full."""
    usage: str
    """The two lines of Python that use it."""
    report: RunReport


def start_working(run: RunState, earlier: WorkingThresholds | None = None) -> WorkingThresholds:
    """The thresholds that a run has in the session, with changes that were not saved kept."""
    kept = run.thresholds
    assert kept is not None, "a run is tuned before its thresholds are moved"
    if earlier is not None and earlier.made_at == kept.made_at:
        return earlier
    working = WorkingThresholds(
        saved=dict(kept.values),
        saved_by_hand=frozenset(kept.edited),
        made_at=kept.made_at,
        tuned_on=kept.tuned_on,
        objective=kept.objective,
        saved_objective=kept.objective,
        values=dict(kept.values),
    )
    if earlier is not None and earlier.is_changed:
        moved = {label: earlier.values[label] for label in earlier.unsaved}
        working._apply(moved, earlier.objective)
    return working


def choices(curves: RunCurves, part: str, objective: str) -> dict[str, float]:
    """What an objective chooses for every label on one part."""
    return {
        label: choose(curve, objective, curves.default).threshold
        for label, curve in curves.parts[part].items()
    }


def moved(value: float, steps: int, curve: Curve, log_axis: bool) -> float:
    """A threshold moved by a number of steps, kept between 0 and 1.

    On the logarithmic axis a step is a factor, so it is finer near 0; from 0 the first step leads
    to the lowest score above 0.
    """
    if not log_axis:
        return round(min(max(value + steps * STEP, 0.0), 1.0), 4)
    if value <= 0:
        return _lowest_score(curve) if steps > 0 else 0.0
    after = min(value * LOG_STEP**steps, 1.0)
    if after < _LOWEST:
        return 0.0
    return round(after, 3 - math.floor(math.log10(after)))


def tuning_settings(working: WorkingThresholds, curves: RunCurves) -> TuningSettings:
    """The settings that make the session's thresholds equal the working ones.

    A label that stands where the objective would put it is tuned; the others are set by hand.
    """
    tuned = choices(curves, working.tuned_on, working.objective)
    by_hand = {label: at for label, at in working.values.items() if at != tuned[label]}
    forget = not working.saved_by_hand <= by_hand.keys()
    if not forget:
        kept = working.saved_by_hand
        by_hand = {
            label: at
            for label, at in by_hand.items()
            if label not in kept or at != working.saved[label]
        }
    return TuningSettings(
        run=curves.run,
        objective=working.objective,
        tune_on=None if working.tuned_on == curves.tuning_part else working.tuned_on,
        set_by_hand=by_hand,
        forget_by_hand=forget,
    )


def equivalent_command(session_name: str, settings: TuningSettings, path: Path | None) -> str:
    """The command that tunes with `settings` and writes the file to `path`."""
    words = ["comprehend-tuner", "--session", session_name, "thresholds"]
    words += ["--run", settings.run] if settings.run else []
    if settings.objective != TuningSettings.objective:
        words += ["--objective", settings.objective]
    words += ["--tune-on", settings.tune_on] if settings.tune_on else []
    words += ["--reset"] if settings.forget_by_hand else []
    for label, value in settings.set_by_hand.items():
        words += ["--set", f"{label}={value!r}"]
    words += ["--save", str(path)] if path is not None else []
    return shlex.join(words)


def save_working(
    session: Session, settings: TuningSettings, path: Path, cancel: CancelToken | None = None
) -> SavedThresholds:
    """Tune with `settings`, keep that in the session, and write the thresholds file to `path`.

    Raises:
        InvalidInput: a part was not scored.
        OperationFailed: the file cannot be written.
        TryAgain: another terminal runs a step of this session.
        Interrupted: cancelled.
    """
    report = tune_thresholds(session, settings, cancel).report
    written = export_thresholds(session, find_run(session.state(), report.run), path)
    return SavedThresholds(written, usage_lines(written, report.mode), report)


def _lowest_score(curve: Curve) -> float:
    above = curve.index_of(math.nextafter(0.0, 1.0))
    return curve.threshold_at(above) if above < len(curve) else 0.0001
