"""Thresholds while a user moves them: in memory until they are saved.

The curves of a run are loaded once; after that every figure is a look-up. What is saved is what the
`thresholds` command saves with the same settings: what is seen is what is saved.
"""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from core.errors import InvalidInput
from core.progress import UNWATCHED, Watch
from core.text import command_line
from core.tuning.aim import Aim
from core.tuning.curves import Counts, Curve
from core.tuning.evaluation import FigureRange, macro_f1, micro_f1
from core.tuning.intervals import Evidence, Interval, LabelEvidence
from core.tuning.objectives import Choice, LabelStatus, parse_objective
from core.workflow.parts import RunCurves
from core.workflow.reports import RunReport, export_thresholds, usage_lines
from core.workflow.session import Session
from core.workflow.state import RunState, ThresholdsState
from core.workflow.thresholds import (
    TuningSettings,
    decide_thresholds,
    measure_thresholds,
    tune_thresholds,
)

# What another objective would change, before it is taken.


@dataclass(frozen=True)
class PreviewRow:
    """One label, on the documents of its curve: optimistic where the threshold was tuned there."""

    label: str
    before: Counts
    after: Counts
    status: LabelStatus
    note: str


@dataclass(frozen=True)
class ObjectiveChange:
    """Another objective, for one label or for all, and what it would do on the tuning part."""

    aim: Aim
    """After the change."""
    name: str
    """The objective that was asked for."""
    label: str | None
    """The label that it is for; None for all."""
    part: str
    """The part that the figures are of: optimistic, thresholds are chosen there."""
    rows: tuple[PreviewRow, ...]
    """The labels that it is for."""
    macro_before: FigureRange
    macro_after: FigureRange
    micro_before: FigureRange
    micro_after: FigureRange
    chosen: dict[str, Choice]
    """What the objectives choose, of all labels."""


def planned_change(
    curves: RunCurves,
    part: str,
    values: Mapping[str, float],
    aim: Aim,
    name: str,
    label: str | None = None,
    watch: Watch = UNWATCHED,
) -> ObjectiveChange:
    """What an objective would choose and what that does, on one part.

    An objective for all labels takes the place of those of single labels.

    Args:
        curves: of the run.
        part: the part to tune on.
        values: the present thresholds.
        aim: the present objective and those of single labels.
        name: the objective, as `parse_objective` reads it.
        label: the label that it is for; None for all.
        watch: looked at during a joint search.

    Raises:
        InvalidInput: no such objective, or a joint one for a single label.
        Interrupted: stopped through `watch`.
    """
    objective = parse_objective(name)
    if label is not None and objective.is_joint:
        raise InvalidInput(
            "Not for one label", f"{objective.name} weighs all labels together", "take all labels"
        )
    after_aim = aim.with_objective(objective.name, label)
    shown = curves.of(part)
    chosen = after_aim.choose(shown, curves.default, watch)
    changed = shown.keys() if label is None else {label}
    before = {name: curve.at(values[name]) for name, curve in shown.items()}
    after = before | {name: shown[name].at(chosen[name].threshold) for name in changed}
    return ObjectiveChange(
        aim=after_aim,
        name=objective.name,
        label=label,
        part=part,
        rows=tuple(
            PreviewRow(name, before[name], after[name], chosen[name].status, chosen[name].note)
            for name in shown
            if name in changed
        ),
        macro_before=macro_f1(before.values()),
        macro_after=macro_f1(after.values()),
        micro_before=micro_f1(before.values()),
        micro_after=micro_f1(after.values()),
        chosen=chosen,
    )


# Save working thresholds: in the session, and as a file.


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
    aim = settings.aim
    if aim.objective != Aim.objective:
        words += ["--objective", aim.objective]
    for label, objective in aim.per_label.items():
        words += ["--objective-for", f"{label}={objective}"]
    words += ["--tune-on", settings.tune_on] if settings.tune_on else []
    words += ["--reset"] if settings.forget_by_hand else []
    words += ["--adopt-all"] if aim.adopt_all else []
    for label in aim.adopt:
        words += ["--adopt", label]
    for label, value in aim.by_hand.items():
        words += ["--set", f"{label}={value!r}"]
    words += ["--despite-mismatch"] if settings.despite_mismatch else []
    words += ["--save", str(path)] if path is not None else []
    return command_line(words)


def save_working(
    session: Session,
    settings: TuningSettings,
    path: Path,
    watch: Watch = UNWATCHED,
) -> SavedThresholds:
    """Tune with `settings`, keep that in the session, and write the thresholds file to `path`.

    Raises:
        InvalidInput: a part was not scored.
        OperationFailed: the file cannot be written, or the scores contradict the service's counts.
        TryAgain: another terminal runs a step of this session.
        Interrupted: cancelled.
    """
    report = tune_thresholds(session, settings, watch).report
    run = session.state().run_named(report.run)
    written = export_thresholds(session, run, path)
    usage = usage_lines(written, report.mode, len(run.classifiers))
    return SavedThresholds(written, usage, report)


# What is known of how far thresholds can be trusted, for thresholds that a user may still move.


_MEASURED = "test"

KnownDecision = Literal["tuned", "default", ""]
"""What the evidence says of an objective's choice; empty when it was not gathered of it."""


@dataclass(frozen=True)
class KnownEvidence:
    """Evidence, and the thresholds that it is of."""

    aim: Aim
    """What was tuned for and set by hand."""
    values: Mapping[str, float]
    """The thresholds in use that the averages are of."""
    of: Mapping[str, float]
    """By label: the threshold that its record is of, whether or not it is used."""
    against: frozenset[str]
    """Labels whose choice the evidence does not bear."""
    evidence: Evidence
    default: float
    measured_on: str
    """The part that the averages were measured on, and whether they are optimistic."""
    macro: FigureRange
    """Macro-F1 at `values` on the measuring part."""
    macro_interval: Interval | None

    @cached_property
    def records(self) -> dict[str, LabelEvidence]:
        """The evidence of each label."""
        return {record.label: record for record in self.evidence.labels}

    def decision(self, label: str, choice: Choice, objective: str) -> KnownDecision:
        """What the evidence says of a choice; empty when it was not gathered of that choice."""
        is_of_choice = self.of[label] == choice.threshold and label not in self.aim.by_hand
        if not is_of_choice or self.aim.of(label) != objective:
            return ""
        return "default" if label in self.against else "tuned"

    def is_of(self, label: str, threshold: float, objective: str) -> bool:
        """Whether the record of a label says something of a threshold that is in use.

        It does when it is of that threshold, or when it keeps the default and that is in use.
        """
        if self.aim.of(label) != objective:
            return False
        is_kept = label in self.against and threshold == self.default
        return is_kept or threshold == self.of[label]

    def f1_at(self, label: str, threshold: float) -> Interval | None:
        """The interval of F1 at the threshold in question or at the default; None for others."""
        record = self.records[label]
        if threshold == self.of[label]:
            return record.f1
        return record.f1_default if threshold == self.default else None


def evidence_of_report(
    report: RunReport, per_label: Mapping[str, str], default: float
) -> KnownEvidence | None:
    """What the session knows of the thresholds that it holds; None when it was not gathered."""
    if report.evidence is None:
        return None
    optimistic = ", optimistic" if report.is_optimistic else ""
    return KnownEvidence(
        aim=Aim(
            report.objective,
            dict(per_label),
            {
                label.label: label.threshold
                for label in report.labels
                if label.status == "set by hand"
            },
            tuple(label.label for label in report.labels if label.status == "adopted"),
        ),
        values={label.label: label.threshold for label in report.labels},
        of={label.label: label.tuned_threshold for label in report.labels},
        against=frozenset(
            label.label for label in report.labels if label.status in ("default kept", "adopted")
        ),
        evidence=report.evidence,
        default=default,
        measured_on=f"{report.measured_on}{optimistic}",
        macro=FigureRange(report.tuned.macro_f1_low, report.tuned.macro_f1_high),
        macro_interval=report.macro_f1_interval,
    )


def gather_known(
    curves: RunCurves,
    tuned_on: str,
    aim: Aim,
    watch: Watch = UNWATCHED,
) -> KnownEvidence:
    """Gather the evidence that tuning would gather with the same settings.

    Raises:
        InvalidInput: too few documents to cross-fit.
        Interrupted: stopped through `watch`.
    """
    settings = TuningSettings(aim=aim)
    tuning, measured = curves.parts[tuned_on], curves.parts[_MEASURED]
    decided = decide_thresholds(tuning, measured, settings, watch)
    figures = measure_thresholds(tuning, measured, settings, decided, watch)
    is_optimistic = tuning.name == measured.name and bool(aim.by_hand)
    return KnownEvidence(
        aim=aim,
        values=decided.values,
        of={
            label: aim.by_hand.get(label, choice.threshold)
            for label, choice in decided.choices.items()
        },
        against=decided.kept | decided.adopted,
        evidence=decided.evidence,
        default=curves.default,
        measured_on=figures.measured_on + (", optimistic" if is_optimistic else ""),
        macro=FigureRange(figures.averages.macro_f1_low, figures.averages.macro_f1_high),
        macro_interval=decided.used.macro_f1,
    )


# The thresholds of one run as a user has moved them so far.


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
    aim: Aim
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
    aim: Aim
    """The objectives; which labels are set by hand and adopted, `aim_of` says."""
    saved_aim: Aim
    values: dict[str, float]
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
        is_freed = not self.taken.isdisjoint(self.saved_by_hand)
        return bool(self.unsaved) or is_freed or self.aim != self.saved_aim

    def is_by_hand(self, label: str) -> bool:
        """Whether a label still stands where a hand has put it in the session."""
        is_left = label in self.saved_by_hand and label not in self.taken
        return is_left and self.values[label] == self.saved[label]

    def chosen(self, curves: RunCurves) -> dict[str, Choice]:
        """What the present objectives choose, on the part that is tuned on; kept once computed."""
        key = self.aim.objective, frozenset(self.aim.per_label.items())
        if key not in self._chosen:
            self._chosen[key] = self.aim.choose(curves.of(self.tuned_on), curves.default)
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
        values, undecided = {}, set()
        for label, choice in self.chosen(curves).items():
            decision = known.decision(label, choice, self.aim.of(label)) if known else ""
            values[label] = curves.default if decision == "default" else choice.threshold
            if not decision and choice.threshold != curves.default:
                undecided.add(label)
        return self._apply(values, frozenset(undecided), frozenset(values))

    def take(self, change: ObjectiveChange) -> bool:
        """Take another objective with what it chooses; whether that changed anything."""
        key = change.aim.objective, frozenset(change.aim.per_label.items())
        self._chosen[key] = change.chosen
        taken = {row.label for row in change.rows}
        undecided = {label for label in taken if change.chosen[label].status == "tuned"}
        values = {row.label: row.after.threshold for row in change.rows}
        return self._apply(
            values,
            (self.undecided - taken) | undecided,
            self.taken | taken,
            change.aim,
        )

    def settle(self, curves: RunCurves, known: KnownEvidence) -> tuple[str, ...]:
        """Put undecided labels at the default where the evidence keeps it; returns these.

        This is part of the change that put them there: undo takes both back.
        """
        chosen = self.chosen(curves)
        decisions = {
            label: known.decision(label, chosen[label], self.aim.of(label))
            for label in self.undecided
        }
        at_default = tuple(
            label
            for label in self.values
            if decisions.get(label) == "default"
            and self.values[label] == chosen[label].threshold != curves.default
        )
        self.values = {**self.values, **dict.fromkeys(at_default, curves.default)}
        self.undecided = frozenset(label for label in self.undecided if not decisions[label])
        return at_default

    def undo(self) -> frozenset[str] | None:
        """Take the last change back; the labels that it had changed, None without a change."""
        if not self._past:
            return None
        before, present = self._past.pop(), self.values
        self.values, self.undecided, self.taken = before.values, before.undecided, before.taken
        self.aim = before.aim
        return frozenset(label for label, at in self.values.items() if at != present[label])

    def _apply(
        self,
        changed: Mapping[str, float],
        undecided: frozenset[str],
        taken: frozenset[str],
        aim: Aim | None = None,
    ) -> bool:
        before = _Moment(self.values, self.aim, self.undecided, self.taken)
        aim = aim or self.aim
        values = {**self.values, **changed}
        freed = (taken ^ self.taken) & self.saved_by_hand
        self.undecided, self.taken = undecided, taken
        if not freed and (values, aim) == (self.values, self.aim):
            return False
        self._past.append(before)
        del self._past[:-_MOST_UNDONE]
        self.values, self.aim = values, aim
        return True


def start_working(run: RunState, earlier: WorkingThresholds | None = None) -> WorkingThresholds:
    """The thresholds that a run has in the session, with changes that were not saved kept."""
    made = run.thresholds
    assert made is not None, "a run is tuned before its thresholds are moved"
    if earlier is not None and earlier.made_at == made.made_at:
        return earlier
    aim = Aim(made.objective, _readable(made))
    working = WorkingThresholds(
        saved=dict(made.values),
        saved_by_hand=frozenset(made.edited),
        made_at=made.made_at,
        tuned_on=made.tuned_on,
        aim=aim,
        saved_aim=aim,
        values=dict(made.values),
    )
    if earlier is not None and earlier.is_changed:
        changed = {label: earlier.values[label] for label in earlier.unsaved}
        working._apply(changed, earlier.undecided, earlier.taken, earlier.aim)
    return working


def _readable(made: ThresholdsState) -> dict[str, str]:
    """Objectives of single labels; a name that is none, as of a label set by hand, is left out."""
    own = {}
    for label, text in made.per_label.items():
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


# From thresholds on the screen to the settings of a tuning that ends at them.


def aim_of(
    working: WorkingThresholds, curves: RunCurves, known: KnownEvidence | None = None
) -> Aim:
    """How each label came to stand where it stands.

    At its objective's choice it is tuned, and adopted unless the evidence is known to bear the
    choice or has still to be heard. At the default because the evidence keeps it, it is tuned as
    well. Anywhere else it is set by hand, and so is a label that was and was left alone.
    """
    by_hand, adopt = {}, []
    for label, choice in working.chosen(curves).items():
        at = working.values[label]
        decision = known.decision(label, choice, working.aim.of(label)) if known else ""
        if working.is_by_hand(label):
            by_hand[label] = at
        elif at == choice.threshold:
            is_open = label in working.undecided or choice.threshold == curves.default
            if decision != "tuned" and not is_open:
                adopt.append(label)
        elif at != curves.default or decision != "default":
            by_hand[label] = at
    return dataclasses.replace(working.aim, by_hand=by_hand, adopt=tuple(adopt))


def is_known(
    working: WorkingThresholds, curves: RunCurves, known: KnownEvidence | None = None
) -> bool:
    """Whether the evidence is of exactly the thresholds on the screen."""
    if known is None or working.undecided or dict(known.values) != working.values:
        return False
    present = aim_of(working, curves, known)
    return dataclasses.replace(present, adopt=()) == dataclasses.replace(known.aim, adopt=())


def tuning_settings(
    working: WorkingThresholds, curves: RunCurves, known: KnownEvidence | None = None
) -> TuningSettings:
    """The settings that make the session's thresholds equal the working ones.

    Args:
        working: the thresholds on the screen.
        curves: of the run.
        known: evidence that says which choices are borne; without it they are adopted.
    """
    aim = aim_of(working, curves, known)
    forget = not working.saved_by_hand <= aim.by_hand.keys()
    if not forget:
        saved = {label: working.saved[label] for label in working.saved_by_hand}
        moved_by_hand = {label: at for label, at in aim.by_hand.items() if saved.get(label) != at}
        aim = dataclasses.replace(aim, by_hand=moved_by_hand)
    return TuningSettings(
        run=curves.run,
        aim=aim,
        tune_on=None if working.tuned_on == curves.tuning_part else working.tuned_on,
        forget_by_hand=forget,
    )
