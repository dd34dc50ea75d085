"""Everything that is known of how good a set of thresholds is, in one pass."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from core.progress import UNWATCHED, Watch
from core.tuning.aim import Aim
from core.tuning.cross_fitting import cross_fit
from core.tuning.curves import Curve, column_of
from core.tuning.intervals import (
    FEW_POSITIVES,
    GRADES,
    ROUGH_POSITIVES,
    WIDEST,
    DecisionPair,
    Evidence,
    Grade,
    Interval,
    LabelEvidence,
    LabelIntervals,
    Reading,
    ThresholdUsed,
    cross_fitted_level,
    distinct_positives,
    hull,
    label_intervals,
    macro_intervals,
    micro_interval,
    quantiles,
    readings,
    share_interval,
    tallies,
)
from core.tuning.noise import NoiseFloor, noise_floor
from core.tuning.objectives import Choice, Objective, ResampledTally, parse_objective
from core.tuning.part import Part
from core.tuning.rechoosing import rechosen_thresholds

# Whether the tuned threshold of a label serves its objective better than the default does.
#
# For objectives with a worth of their own (F1, F-beta, cost, the joint ones) that is the sign of
# the difference in that worth, on the same documents. A target (precision, recall, number
# flagged) is not better or worse than a default; it is missed for certain, or not.


def aim_interval(
    pair: tuple[Reading, Reading], column: int, objective: Objective, level: float
) -> Interval | None:
    """The interval of the difference in worth, tuned minus default; None for a target.

    Only its sign has a meaning that all objectives share.

    Args:
        pair: the unlucky and the lucky reading.
        column: of the label.
        objective: of the label.
        level: such as 0.9.
    """
    worth = objective.entry.resampled
    if worth is None:
        return None
    value = float(objective.ratio)
    first, second = (
        quantiles(
            worth(_tally(reading, column, True), value)
            - worth(_tally(reading, column, False), value),
            level,
        )
        for reading in pair
    )
    return hull(first, second)


def _tally(reading: Reading, column: int, is_tuned: bool) -> ResampledTally:
    hits, flagged, positives = (float(count.sum()) for count in tallies(reading.total, True))
    own = tallies(reading.smoothed[:, column], is_tuned)
    return ResampledTally(*own, (hits, flagged, positives), reading.total.shape[0])


def missed_target(
    pair: tuple[Reading, Reading],
    column: int,
    objective: Objective,
    intervals: LabelIntervals,
    level: float,
) -> str:
    """How a target is missed for certain; empty when it may be met or is no target."""
    value, target = objective.value or 0.0, objective.entry.target
    if target == "precision" and intervals.precision.high < value:
        return f"precision is at most {intervals.precision.high:.2f}"
    if target == "recall" and intervals.recall.high < value:
        return f"recall is at most {intervals.recall.high:.2f}"
    if target == "flags":
        types = pair[1].types
        cells = types.cells[:, column].astype(np.float64)
        flagged = tallies(cells, True)[1]
        least = 1000 * share_interval(flagged, cells.sum(axis=1), types, level).low
        if least > value:
            return f"at least {least:.1f} of 1,000 documents are flagged"
    return ""


# The grade of one label from what is known of it, as `grades.GRADES` says.


@dataclass(frozen=True)
class GradeFacts:
    """What the grade of one label rests on."""

    objective: str
    status: str
    """`tuned`, or why not."""
    note: str
    """Why it was not tuned, in words."""
    is_by_hand: bool
    """Whether a person set the threshold."""
    is_default: bool
    """Whether the threshold is the default one."""
    positives_tuned: int
    positives_measured: int
    best_f1: float
    """The highest F1 of the tuning part."""
    noise_floor: float | None
    gain: Interval | None
    """In F1, over the default; None when it cannot be measured."""
    aim: Interval | None
    """In the worth of the objective, over the default; None for a target."""
    missed: str
    """How a target is missed for certain; empty when it may be met."""
    f1: Interval | None


def grade_of(facts: GradeFacts) -> tuple[Grade, str, ThresholdUsed]:
    """The grade, what it rests on, and which threshold to use.

    A threshold that a person set is graded like any other and stays in use whatever the grade.
    """
    grade, why = _graded(facts)
    decision = next(rule.decision for rule in GRADES if rule.grade == grade)
    if facts.is_by_hand:
        return grade, f"set by hand; {why}", "tuned"
    return grade, why, decision


def _graded(facts: GradeFacts) -> tuple[Grade, str]:
    if refused := _refused(facts):
        return "D", refused
    if facts.gain is None or facts.f1 is None:
        return "C", "no document of the measuring part has the label"
    if facts.aim is not None and not facts.is_default and facts.aim.low <= 0:
        return "C", f"better or worse than the default: {_gained(facts)}"
    return _adopted(facts, facts.f1)


def _refused(facts: GradeFacts) -> str:
    """Why the default is kept whatever else is known; empty when it is not."""
    if facts.status != "tuned" and not facts.is_by_hand:
        return facts.note or facts.status
    if facts.noise_floor is not None and facts.best_f1 <= facts.noise_floor:
        return (
            f"the best F1 of the tuning part, {facts.best_f1:.3f}, is within what scores that know "
            f"nothing of the label reach ({facts.noise_floor:.3f})"
        )
    if facts.missed:
        return f"{facts.objective} is missed: {facts.missed}"
    if facts.gain is not None and facts.aim is not None and facts.aim.high < 0:
        return f"worse than the default for certain: {_gained(facts)}"
    return ""


def _adopted(facts: GradeFacts, f1: Interval) -> tuple[Grade, str]:
    why = _gained(facts)
    if facts.is_default:
        why = "the best threshold is the default"
    elif facts.aim is None:
        why = f"{facts.objective} may be met; {why}"
    doubts = []
    fewest = min(facts.positives_tuned, facts.positives_measured)
    if fewest < FEW_POSITIVES:
        part = "tune on" if facts.positives_tuned == fewest else "measure on"
        doubts.append(f"only {fewest} positives to {part}")
    if facts.positives_measured < ROUGH_POSITIVES:
        doubts.append(
            f"intervals are rough with fewer than {ROUGH_POSITIVES} positives to measure on"
        )
    if f1.width > WIDEST:
        doubts.append(f"F1 anywhere from {f1.low:.2f} to {f1.high:.2f}")
    return ("B", f"{why}; {'; '.join(doubts)}") if doubts else ("A", why)


def _gained(facts: GradeFacts) -> str:
    """The gain in F1, and that it is not what was tuned for when it is not."""
    assert facts.gain is not None
    low, high = facts.gain.low, facts.gain.high
    places = 2 if max(abs(low), abs(high)) >= 0.01 else 4
    text = f"F1 changes by {low:+.{places}f} to {high:+.{places}f}"
    if facts.objective != "max_f1" and facts.aim is not None:
        return f"by {facts.objective}; {text}"
    return text


METHOD = (
    "precision, recall, F1: score intervals (Wilson); gains: bootstrap of duplicate groups, "
    "smoothed by half a document per cell; macro-F1: from the labels' intervals and correlations; "
    "micro-F1: bootstrap; thresholds: chosen anew on resamples of the tuning part; all wider by a "
    "factor of root folds / (folds - 1) where figures are cross-fitted"
)


@dataclass(frozen=True)
class _Case:
    """What evidence is gathered about."""

    tuning: Part
    measured: Part
    choices: Mapping[str, Choice]
    aim: Aim
    level: float
    """Of the intervals as they are computed; higher than what they promise when cross-fitted."""
    seed: int

    @property
    def default(self) -> float:
        """The threshold without tuning."""
        return self.measured.default

    @cached_property
    def values(self) -> dict[str, float]:
        """The thresholds in question."""
        return {
            label: self.aim.by_hand.get(label, self.choices[label].threshold)
            for label in self.measured.labels
        }

    @cached_property
    def objectives(self) -> dict[str, Objective]:
        """Of every label."""
        return {label: parse_objective(self.aim.of(label)) for label in self.measured.labels}

    def take(self, curves: Mapping[str, Curve]) -> dict[str, Choice]:
        """What the objectives choose on other curves."""
        return self.aim.choose(curves, self.default)

    @property
    def is_cross_fitted(self) -> bool:
        """Whether thresholds are chosen and measured on one part."""
        return self.tuning.name == self.measured.name


def gather_evidence(  # noqa: PLR0913 - two parts, and settings by name
    tuning: Part,
    measured: Part,
    choices: Mapping[str, Choice],
    aim: Aim,
    *,
    resamples: int = 1_000,
    level: float = 0.9,
    seed: int = 0,
    folds: int = 5,
    watch: Watch = UNWATCHED,
) -> Evidence:
    """Intervals, noise floor and grade of every label's threshold, and intervals of the averages.

    When both parts have the same name, decisions are cross-fitted: each document is decided by a
    threshold chosen without its fold. Thresholds set by hand are fixed; whether the part was looked
    at when they were set, nobody can tell from here.

    The method of each interval is the one that `tests.benchmarks.bench_evidence_coverage` found to
    hold the true figure as often as it says. From fewer than 20 positives they are rough.

    Args:
        tuning: the documents that `choices` were made on.
        measured: the documents that figures are measured on.
        choices: of every label, from `tuning`.
        aim: what was chosen for; the thresholds it has by hand stand in place of the choices.
        resamples: of the bootstrap, and draws of the noise floor.
        level: of the intervals.
        seed: the same seed gives the same evidence, and the folds of `cross_fit`.
        folds: of the cross-fit.
        watch: told how far each of the three stages has come.

    Raises:
        InvalidInput: no such objective, or too few documents to cross-fit.
        Interrupted: stopped through `watch`.
    """
    level_here = cross_fitted_level(level, folds) if tuning.name == measured.name else level
    case = _Case(tuning, measured, choices, aim, level_here, seed)
    decisions = _decisions(case, folds, watch)
    pair = readings(decisions, resamples, seed, watch)
    kinds = {objective.name for objective in case.objectives.values()}
    rechosen = rechosen_thresholds(
        tuning,
        kinds.pop() if len(kinds) == 1 else "",
        case.take,
        case.default,
        resamples,
        seed,
        watch,
    )
    floors = _noise_floors(case, resamples, watch)
    has_positives = [bool(count) for count in np.count_nonzero(measured.truth, axis=0)]
    intervals = [
        label_intervals(pair, column, case.level) if has_positives[column] else None
        for column in range(len(measured.labels))
    ]
    macro = macro_intervals(pair, intervals)
    records = _label_evidence(case, pair, intervals, floors, rechosen)
    return Evidence(
        labels=records,
        macro_f1=macro[0] if macro else None,
        micro_f1=micro_interval(pair, case.level) if macro else None,
        macro_gain=macro[1] if macro else None,
        level=level,
        resamples=resamples,
        seed=seed,
        method=METHOD,
        tuned_on=tuning.name,
        measured_on=f"{measured.name}, cross-fitted" if case.is_cross_fitted else measured.name,
        notes=_notes(case, decisions, records),
    )


def _decisions(case: _Case, folds: int, watch: Watch) -> DecisionPair:
    measured, labels = case.measured, case.measured.labels
    tuned = measured.decide(case.values)
    default = measured.decide(dict.fromkeys(labels, case.default))
    used: dict[str, tuple[float, ...]] = {label: (case.values[label],) for label in labels}
    if case.is_cross_fitted:
        fitted = cross_fit(measured, case.take, folds, case.seed, watch=watch)
        free = [column for column, label in enumerate(labels) if label not in case.aim.by_hand]
        tuned.flags[:, free] = fitted.decisions.flags[:, free]
        tuned.may_flag[:, free] = fitted.decisions.may_flag[:, free]
        used |= {labels[column]: fitted.fold_thresholds[labels[column]] for column in free}
    return DecisionPair(
        truth=measured.truth,
        tuned=tuned.flags,
        tuned_open=tuned.may_flag,
        default=default.flags,
        default_open=default.may_flag,
        can_gain=np.array([min(used[label]) < case.default for label in labels], dtype=np.bool_),
        can_lose=np.array([max(used[label]) > case.default for label in labels], dtype=np.bool_),
        clusters=measured.clusters,
    )


def _noise_floors(
    case: _Case,
    draws: int,
    watch: Watch,
) -> list[NoiseFloor | None]:
    tuning = case.tuning
    floors = []
    for column in range(len(tuning.labels)):
        watch.check()
        floors.append(
            noise_floor(
                tuning.scores[:, column],
                tuning.truth[:, column],
                column_of(tuning.ceilings, column),
                tuning.clusters,
                draws,
                (case.seed, column, 1),
            )
        )
        watch.report("drawing the noise floor", column + 1, len(tuning.labels), "labels")
    return floors


def _label_evidence(
    case: _Case,
    pair: tuple[Reading, Reading],
    intervals: list[LabelIntervals | None],
    floors: list[NoiseFloor | None],
    rechosen: Mapping[str, npt.NDArray[np.float64]],
) -> tuple[LabelEvidence, ...]:
    curves = case.tuning.curves()
    supports = [distinct_positives(p.truth, p.clusters) for p in (case.tuning, case.measured)]
    records = []
    for column, label in enumerate(case.measured.labels):
        own, floor, choice = intervals[column], floors[column], case.choices[label]
        objective, is_by_hand = case.objectives[label], label in case.aim.by_hand
        curve = curves[label]
        facts = GradeFacts(
            objective=objective.name,
            status=choice.status,
            note=choice.note,
            is_by_hand=is_by_hand,
            is_default=case.values[label] == case.default,
            positives_tuned=int(supports[0][column]),
            positives_measured=int(supports[1][column]),
            best_f1=float(curve.f1_low.max()) if len(curve) else 0.0,
            noise_floor=floor.high if floor else None,
            gain=own.gain if own else None,
            aim=aim_interval(pair, column, objective, case.level),
            missed=missed_target(pair, column, objective, own, case.level) if own else "",
            f1=own.f1 if own else None,
        )
        spread = rechosen[label] if choice.status == "tuned" and not is_by_hand else None
        records.append(_record(label, facts, own, spread, case))
    return tuple(records)


def _record(
    label: str,
    facts: GradeFacts,
    intervals: LabelIntervals | None,
    spread: npt.NDArray[np.float64] | None,
    case: _Case,
) -> LabelEvidence:
    grade, why, decision = grade_of(facts)
    return LabelEvidence(
        label=label,
        positives_tuned=facts.positives_tuned,
        positives_measured=facts.positives_measured,
        threshold=_threshold_interval(spread, case.values[label], case.level),
        precision=intervals.precision if intervals else None,
        recall=intervals.recall if intervals else None,
        f1=facts.f1,
        f1_default=intervals.f1_default if intervals else None,
        gain=facts.gain,
        noise_floor=facts.noise_floor,
        grade=grade,
        why=why,
        decision=decision,
    )


def _threshold_interval(
    spread: npt.NDArray[np.float64] | None, chosen: float, level: float
) -> Interval | None:
    """The central interval of thresholds chosen anew, stretched to hold the chosen one."""
    if spread is None:
        return None
    central = quantiles(spread, level)
    return Interval(min(central.low, chosen), max(central.high, chosen))


def _notes(
    case: _Case, decisions: DecisionPair, records: tuple[LabelEvidence, ...]
) -> tuple[str, ...]:
    notes = []
    rough = sum(0 < record.positives_measured < ROUGH_POSITIVES for record in records)
    if rough:
        notes.append(
            f"{rough} label(s) have fewer than {ROUGH_POSITIVES} positives to measure on: their "
            "intervals are rough"
        )
    if decisions.has_open:
        notes.append(
            "scores that were not returned may reach a threshold: intervals reach from the "
            "unlucky to the lucky reading"
        )
    if case.is_cross_fitted:
        notes.append("thresholds are measured on documents that they were not chosen on, by folds")
    if case.aim.by_hand:
        notes.append("thresholds set by hand may have been set with the measuring part in sight")
    if decisions.clusters is not None and len(np.unique(decisions.clusters)) < len(case.measured):
        notes.append("copies of a document are resampled together and counted once")
    return tuple(notes)
