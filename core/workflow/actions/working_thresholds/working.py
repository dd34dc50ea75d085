"""The thresholds of one run as a user has moved them so far."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.errors import InvalidInput
from core.tuning.curves import Curve
from core.tuning.objectives import Choice, choose_all, parse_objective
from core.workflow.actions.run_curves import RunCurves
from core.workflow.actions.working_thresholds.change import Change
from core.workflow.actions.working_thresholds.known import KnownEvidence
from core.workflow.state import RunState, ThresholdsState

STEP = 0.01
"""A threshold moves by this much on the linear axis."""
LOG_STEP = 1.1
"""A threshold is multiplied or divided by this on the logarithmic axis."""
_LOWEST = 1e-6
"""Thresholds below it are 0."""
_MOST_UNDONE = 1000


@dataclass(frozen=True)
class _Moment:
    """What undo goes back to."""

    values: dict[str, float]
    objective: str
    per_label: dict[str, str]
    undecided: frozenset[str]
    taken: frozenset[str]


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
    per_label: dict[str, str] = field(default_factory=dict)
    """Objectives of single labels, where they are not `objective`."""
    saved_per_label: dict[str, str] = field(default_factory=dict)
    undecided: frozenset[str] = frozenset()
    """Labels at a choice that the evidence has still to bear; see `settle`."""
    taken: frozenset[str] = frozenset()
    """Labels put where their objective has them; one set by hand earlier no longer is."""
    _past: list[_Moment] = field(default_factory=list)
    _chosen: dict[tuple[str, frozenset[tuple[str, str]]], dict[str, Choice]] = field(
        default_factory=dict
    )

    @property
    def unsaved(self) -> frozenset[str]:
        """Labels whose threshold is not the session's."""
        return frozenset(label for label, at in self.values.items() if at != self.saved[label])

    @property
    def is_changed(self) -> bool:
        """Whether anything is not saved."""
        aims = (self.objective, self.per_label)
        is_freed = not self.taken.isdisjoint(self.saved_by_hand)
        return (
            bool(self.unsaved) or is_freed or aims != (self.saved_objective, self.saved_per_label)
        )

    def is_by_hand(self, label: str) -> bool:
        """Whether a label still stands where a hand has put it in the session."""
        is_left = label in self.saved_by_hand and label not in self.taken
        return is_left and self.values[label] == self.saved[label]

    def objective_of(self, label: str) -> str:
        """What one label is tuned for."""
        return self.per_label.get(label, self.objective)

    def chosen(self, curves: RunCurves) -> dict[str, Choice]:
        """What the present objectives choose, on the part that is tuned on; kept once computed."""
        key = (self.objective, frozenset(self.per_label.items()))
        if key not in self._chosen:
            self._chosen[key] = choose_all(
                curves.parts[self.tuned_on], self.objective, self.per_label, curves.default
            )
        return self._chosen[key]

    def set(self, label: str, value: float) -> bool:
        """Give one label a threshold; whether that changed anything."""
        return self._apply({label: value}, self.undecided - {label}, self.taken - {label})

    def best(self, curves: RunCurves, label: str) -> Choice:
        """Take the objective's choice for one label, whatever the evidence says of it."""
        choice = self.chosen(curves)[label]
        self._apply({label: choice.threshold}, self.undecided - {label}, self.taken | {label})
        return choice

    def best_of_all(self, curves: RunCurves, known: KnownEvidence | None = None) -> bool:
        """Take for every label what a fresh tuning would; whether that changed anything.

        That is the objective's choice, or the default where the evidence keeps it. Labels whose
        evidence is not known stand at the choice until `settle` is told of it.
        """
        wanted, undecided = {}, set()
        for label, choice in self.chosen(curves).items():
            decision = known.decision(label, choice, self.objective_of(label)) if known else ""
            wanted[label] = curves.default if decision == "default" else choice.threshold
            if not decision and choice.threshold != curves.default:
                undecided.add(label)
        return self._apply(wanted, frozenset(undecided), frozenset(wanted))

    def take(self, change: Change) -> bool:
        """Take another objective with what it chooses; whether that changed anything."""
        self._chosen[(change.objective, frozenset(change.per_label.items()))] = change.chosen
        taken = {row.label for row in change.rows}
        undecided = {label for label in taken if change.chosen[label].status == "tuned"}
        values = {row.label: row.after.threshold for row in change.rows}
        return self._apply(
            values,
            (self.undecided - taken) | undecided,
            self.taken | taken,
            (change.objective, dict(change.per_label)),
        )

    def settle(self, curves: RunCurves, known: KnownEvidence) -> tuple[str, ...]:
        """Put undecided labels at the default where the evidence keeps it; returns these.

        This is part of the change that put them there: undo takes both back.
        """
        chosen = self.chosen(curves)
        decisions = {
            label: known.decision(label, chosen[label], self.objective_of(label))
            for label in self.undecided
        }
        kept = tuple(
            label for label in self.values if decisions.get(label) == "default"
            and self.values[label] == chosen[label].threshold != curves.default
        )  # fmt: skip
        self.values = {**self.values, **dict.fromkeys(kept, curves.default)}
        self.undecided = frozenset(label for label in self.undecided if not decisions[label])
        return kept

    def undo(self) -> frozenset[str] | None:
        """Take the last change back; the labels that it had changed, None without a change."""
        if not self._past:
            return None
        before, present = self._past.pop(), self.values
        self.values, self.undecided, self.taken = before.values, before.undecided, before.taken
        self.objective, self.per_label = before.objective, before.per_label
        return frozenset(label for label, at in self.values.items() if at != present[label])

    def _apply(
        self,
        wanted: Mapping[str, float],
        undecided: frozenset[str],
        taken: frozenset[str],
        aims: tuple[str, dict[str, str]] | None = None,
    ) -> bool:
        before = _Moment(self.values, self.objective, self.per_label, self.undecided, self.taken)
        objective, per_label = aims or (self.objective, self.per_label)
        values = {**self.values, **wanted}
        freed = (taken ^ self.taken) & self.saved_by_hand
        self.undecided, self.taken = undecided, taken
        if not freed and (values, objective, per_label) == (
            self.values, self.objective, self.per_label,
        ):  # fmt: skip
            return False
        self._past.append(before)
        del self._past[:-_MOST_UNDONE]
        self.values, self.objective, self.per_label = values, objective, per_label
        return True


def start_working(run: RunState, earlier: WorkingThresholds | None = None) -> WorkingThresholds:
    """The thresholds that a run has in the session, with changes that were not saved kept."""
    kept = run.thresholds
    assert kept is not None, "a run is tuned before its thresholds are moved"
    if earlier is not None and earlier.made_at == kept.made_at:
        return earlier
    own = _readable(kept)
    working = WorkingThresholds(
        saved=dict(kept.values),
        saved_by_hand=frozenset(kept.edited),
        made_at=kept.made_at,
        tuned_on=kept.tuned_on,
        objective=kept.objective,
        saved_objective=kept.objective,
        values=dict(kept.values),
        per_label=own,
        saved_per_label=dict(own),
    )
    if earlier is not None and earlier.is_changed:
        changed = {label: earlier.values[label] for label in earlier.unsaved}
        working._apply(
            changed, earlier.undecided, earlier.taken, (earlier.objective, earlier.per_label)
        )
    return working


def _readable(kept: ThresholdsState) -> dict[str, str]:
    """Objectives of single labels; a name that is none, as of a label set by hand, is left out."""
    own = {}
    for label, text in kept.per_label.items():
        try:
            own[label] = parse_objective(text).name
        except InvalidInput:
            continue
    return own


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


def _lowest_score(curve: Curve) -> float:
    above = curve.index_of(math.nextafter(0.0, 1.0))
    return curve.threshold_at(above) if above < len(curve) else 0.0001
