"""Everything that is known of how good a set of thresholds is, in one pass."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.progress import CancelToken, Progress, Reporter, silent
from core.tuning.curves import column_of
from core.tuning.evidence.aims import aim_interval, missed_target
from core.tuning.evidence.cross_fitting import cross_fit, decide
from core.tuning.evidence.figures import Evidence, Interval, LabelEvidence
from core.tuning.evidence.grades import ROUGH_POSITIVES
from core.tuning.evidence.grading import Facts, grade_of
from core.tuning.evidence.intervals import cross_fitted_level, quantiles
from core.tuning.evidence.measuring import (
    Decisions,
    LabelIntervals,
    Reading,
    label_intervals,
    macro_intervals,
    micro_interval,
    readings,
)
from core.tuning.evidence.noise import NoiseFloor, noise_floor
from core.tuning.evidence.rechoosing import TakeAll, rechosen_thresholds
from core.tuning.evidence.row_types import distinct_positives
from core.tuning.objectives import Choice, Objective, choose_all, parse_objective
from core.tuning.parts import PartArrays

METHOD = (
    "precision, recall, F1: score intervals (Wilson); gains: bootstrap of duplicate groups, "
    "smoothed by half a document per cell; macro-F1: from the labels' intervals and correlations; "
    "micro-F1: bootstrap; thresholds: chosen anew on resamples of the tuning part; all wider by a "
    "factor of root folds / (folds - 1) where figures are cross-fitted"
)


@dataclass(frozen=True)
class _Case:
    """What evidence is gathered about."""

    tuning: PartArrays
    measured: PartArrays
    choices: Mapping[str, Choice]
    values: Mapping[str, float]
    """The thresholds in question."""
    by_hand: Mapping[str, float]
    default: float
    objectives: Mapping[str, Objective]
    take: TakeAll
    level: float
    """Of the intervals as they are computed; higher than what they promise when cross-fitted."""
    seed: int

    @property
    def is_cross_fitted(self) -> bool:
        """Whether thresholds are chosen and measured on one part."""
        return self.tuning.name == self.measured.name


def gather_evidence(  # noqa: PLR0913 - two parts, and settings by name
    tuning: PartArrays,
    measured: PartArrays,
    choices: Mapping[str, Choice],
    default: float,
    *,
    objective: str,
    per_label: Mapping[str, str] = {},
    by_hand: Mapping[str, float] = {},
    resamples: int = 1_000,
    level: float = 0.9,
    seed: int = 0,
    folds: int = 5,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
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
        default: the threshold without tuning.
        objective: what was chosen for, as `objectives.parse_objective` reads it.
        per_label: other objectives of single labels.
        by_hand: thresholds that a person set instead, by label.
        resamples: of the bootstrap, and draws of the noise floor.
        level: of the intervals.
        seed: the same seed gives the same evidence, and the folds of `cross_fit`.
        folds: of the cross-fit.
        reporter: told how far each of the three stages has come.
        cancel: looked at several times a second.

    Raises:
        InvalidInput: no such objective, or too few documents to cross-fit.
        Interrupted: stopped through `cancel`.
    """
    labels = measured.labels
    case = _Case(
        tuning=tuning,
        measured=measured,
        choices=choices,
        values={label: by_hand.get(label, choices[label].threshold) for label in labels},
        by_hand=by_hand,
        default=default,
        objectives={label: parse_objective(per_label.get(label, objective)) for label in labels},
        take=functools.partial(
            choose_all, objective=objective, per_label=per_label, default=default
        ),
        level=cross_fitted_level(level, folds) if tuning.name == measured.name else level,
        seed=seed,
    )
    decisions = _decisions(case, folds, cancel)
    pair = readings(decisions, resamples, seed, reporter, cancel)
    kinds = {wanted.name for wanted in case.objectives.values()}
    rechosen = rechosen_thresholds(
        tuning, kinds.pop() if len(kinds) == 1 else "", case.take, default, resamples, seed,
        reporter, cancel,
    )  # fmt: skip
    floors = _noise_floors(case, resamples, reporter, cancel)
    has_positives = [bool(count) for count in np.count_nonzero(measured.truth, axis=0)]
    intervals = [
        label_intervals(pair, column, case.level) if has_positives[column] else None
        for column in range(len(labels))
    ]
    macro = macro_intervals(pair, intervals)
    found = _label_evidence(case, pair, intervals, floors, rechosen)
    return Evidence(
        labels=found,
        macro_f1=macro[0] if macro else None,
        micro_f1=micro_interval(pair, case.level) if macro else None,
        macro_gain=macro[1] if macro else None,
        level=level,
        resamples=resamples,
        seed=seed,
        method=METHOD,
        tuned_on=tuning.name,
        measured_on=f"{measured.name}, cross-fitted" if case.is_cross_fitted else measured.name,
        notes=_notes(case, decisions, found),
    )


def _decisions(case: _Case, folds: int, cancel: CancelToken | None) -> Decisions:
    measured, labels = case.measured, case.measured.labels
    shape = measured.truth.shape
    tuned, tuned_open, default, default_open = (np.zeros(shape, np.bool_) for _ in range(4))
    used: dict[str, tuple[float, ...]] = {label: (case.values[label],) for label in labels}
    if case.is_cross_fitted:
        fitted = cross_fit(
            labels, measured.scores, measured.truth, measured.ceilings, folds, case.seed,
            case.take, measured.clusters, cancel=cancel,
        )  # fmt: skip
        tuned, tuned_open = fitted.flags, fitted.undecided
        used = {label: fitted.fold_thresholds[label] for label in labels}
    for column, label in enumerate(labels):
        scores, highest = measured.scores[:, column], column_of(measured.ceilings, column)
        default[:, column], default_open[:, column] = decide(scores, case.default, highest)
        if case.is_cross_fitted and label not in case.by_hand:
            continue
        used[label] = (case.values[label],)
        tuned[:, column], tuned_open[:, column] = decide(scores, case.values[label], highest)
    return Decisions(
        truth=measured.truth,
        tuned=tuned,
        tuned_open=tuned_open,
        default=default,
        default_open=default_open,
        can_gain=np.array([min(used[label]) < case.default for label in labels], dtype=np.bool_),
        can_lose=np.array([max(used[label]) > case.default for label in labels], dtype=np.bool_),
        clusters=measured.clusters,
    )


def _noise_floors(
    case: _Case, draws: int, reporter: Reporter, cancel: CancelToken | None
) -> list[NoiseFloor | None]:
    tuning = case.tuning
    floors = []
    for column in range(len(tuning.labels)):
        if cancel is not None:
            cancel.check()
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
        reporter(Progress("drawing the noise floor", column + 1, len(tuning.labels), "labels"))
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
        found, floor, choice = intervals[column], floors[column], case.choices[label]
        wanted, is_by_hand = case.objectives[label], label in case.by_hand
        curve = curves[label]
        facts = Facts(
            objective=wanted.name,
            status=choice.status,
            note=choice.note,
            is_by_hand=is_by_hand,
            is_default=case.values[label] == case.default,
            positives_tuned=int(supports[0][column]),
            positives_measured=int(supports[1][column]),
            best_f1=float(curve.f1_low.max()) if len(curve) else 0.0,
            noise_floor=floor.high if floor else None,
            gain=found.gain if found else None,
            aim=aim_interval(pair, column, wanted, case.level),
            missed=missed_target(pair, column, wanted, found, case.level) if found else "",
            f1=found.f1 if found else None,
        )
        spread = rechosen[label] if choice.status == "tuned" and not is_by_hand else None
        records.append(_record(label, facts, found, spread, case))
    return tuple(records)


def _record(
    label: str,
    facts: Facts,
    found: LabelIntervals | None,
    spread: npt.NDArray[np.float64] | None,
    case: _Case,
) -> LabelEvidence:
    grade, why, decision = grade_of(facts)
    return LabelEvidence(
        label=label,
        positives_tuned=facts.positives_tuned,
        positives_measured=facts.positives_measured,
        threshold=_threshold_interval(spread, case.values[label], case.level),
        precision=found.precision if found else None,
        recall=found.recall if found else None,
        f1=facts.f1,
        f1_default=found.f1_default if found else None,
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
    found = quantiles(spread, level)
    return Interval(min(found.low, chosen), max(found.high, chosen))


def _notes(case: _Case, decisions: Decisions, found: tuple[LabelEvidence, ...]) -> tuple[str, ...]:
    notes = []
    rough = sum(0 < record.positives_measured < ROUGH_POSITIVES for record in found)
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
    if case.by_hand:
        notes.append("thresholds set by hand may have been set with the measuring part in sight")
    if decisions.clusters is not None and len(np.unique(decisions.clusters)) < len(case.measured):
        notes.append("copies of a document are resampled together and counted once")
    return tuple(notes)
