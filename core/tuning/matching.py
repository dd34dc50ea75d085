"""Thresholds that give the service's counts, and which fault explains that none does."""

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from core.text import plural, printable
from core.tuning.curves import Curve, label_curve
from core.tuning.decimals import exact_value
from core.tuning.intervals import Interval
from core.tuning.part import Part

MatchKind = Literal["exact", "ties", "possible", "none"]
_MOST_TIED = 0.01
"""Share of the documents; a larger group of equal scores could match nearly anything."""
_FEW_TIED = 10


class ServiceCells(NamedTuple):
    """The service's decisions about one label."""

    tp: int
    fp: int
    fn: int
    tn: int

    @property
    def positives(self) -> int:
        """Test documents with the label."""
        return self.tp + self.fn

    @property
    def total(self) -> int:
        """Test documents."""
        return sum(self)

    def exchanged(self) -> "ServiceCells":
        """With false positives and false negatives exchanged."""
        return ServiceCells(self.tp, self.fn, self.fp, self.tn)


@dataclass(frozen=True)
class Match:
    """How a curve can give the wanted counts."""

    kind: MatchKind
    """Exactly; within a group of equal scores, which rounding may have made; if unknown scores
    fall the right way; not at all."""
    interval: Interval | None
    """Thresholds above `low` up to `high` inclusive."""
    gap: int
    """Fewest decisions by which the curve misses the counts, at any threshold."""
    nearest: float
    """A threshold of that gap."""


@dataclass(frozen=True)
class _Regions:
    """Stretches of thresholds with constant counts, ascending; the last one flags nothing."""

    ends: npt.NDArray[np.float64]
    """Upper end of each, inclusive; 1 for the last."""
    tp: npt.NDArray[np.int64]
    fp: npt.NDArray[np.int64]
    possible_tp: npt.NDArray[np.int64]
    """Positives whose unknown score may be flagged."""
    possible_fp: npt.NDArray[np.int64]

    def interval(self, first: int, last: int) -> Interval:
        """From one region to another."""
        low = float(self.ends[first - 1]) if first else 0.0
        return Interval(low=low, high=max(float(self.ends[last]), low))


def match(curve: Curve, cells: ServiceCells, lowest_only: bool = False) -> Match:
    """Find the thresholds at which a curve gives the service's counts.

    Args:
        curve: of the label, with as many positives and negatives as the cells.
        cells: what the service counted.
        lowest_only: look only below all scores, as for the highest class of multi-class.
    """
    regions = _regions(curve)
    over_tp, over_fp = regions.tp - cells.tp, regions.fp - cells.fp
    gaps = np.maximum(np.maximum(over_tp, -over_tp - regions.possible_tp), 0)
    gaps = gaps + np.maximum(np.maximum(over_fp, -over_fp - regions.possible_fp), 0)
    if lowest_only:
        gaps[1:] = np.iinfo(np.int64).max
    is_known = (regions.possible_tp == 0) & (regions.possible_fp == 0)
    best = int(gaps.argmin())
    gap, nearest = int(gaps[best]), float(regions.ends[best])
    fitting = np.flatnonzero(gaps == 0)
    if len(fitting):
        kind: MatchKind = "exact" if is_known[fitting].all() else "possible"
        return Match(kind, regions.interval(int(fitting[0]), int(fitting[-1])), 0, nearest)
    tied = None if lowest_only else _tied(regions, cells)
    if tied is None:
        return Match("none", None, gap, nearest)
    at = float(regions.ends[tied])
    size = _flagged(regions, tied) - _flagged(regions, tied + 1)
    documents = curve.positives + curve.negatives
    kind = "ties" if size <= max(_FEW_TIED, _MOST_TIED * documents) else "possible"
    if not is_known[tied]:
        kind = "possible"
    return Match(kind, Interval(low=at, high=at), gap, at)


def gap_at(curve: Curve, cells: ServiceCells, threshold: float) -> int:
    """Decisions by which a curve misses the counts at one threshold."""
    found = curve.at(threshold)
    return _outside(cells.tp, found.tp, found.unknown_positives) + _outside(
        cells.fp, found.fp, found.unknown_negatives
    )


def common_interval(matches: Mapping[str, Match]) -> tuple[Interval | None, tuple[str, ...]]:
    """The thresholds within the most labels' intervals, and the labels left outside."""
    intervals = {label: found.interval for label, found in matches.items() if found.interval}
    best: tuple[int, Interval] | None = None
    for start in sorted({interval.low for interval in intervals.values()}):
        inside = [i for i in intervals.values() if i.low <= start <= i.high]
        if best is None or len(inside) > best[0]:
            stretch = Interval(low=start, high=min(interval.high for interval in inside))
            best = (len(inside), stretch)
    if best is None:
        return None, tuple(matches)
    low = best[1].low
    outside = [
        label
        for label in matches
        if label not in intervals or not intervals[label].low <= low <= intervals[label].high
    ]
    return best[1], tuple(outside)


def ranking(curve: Curve) -> float:
    """Area under the ROC curve over the known scores, ties counted half; NaN when undefined."""
    if not len(curve) or not curve.tp[0] or not curve.fp[0]:
        return math.nan
    positives = curve.tp - np.append(curve.tp[1:], 0)
    negatives = curve.fp - np.append(curve.fp[1:], 0)
    below = curve.fp[0] - curve.fp
    won = float(np.sum(positives * (below + negatives / 2)))
    return won / (float(curve.tp[0]) * float(curve.fp[0]))


def _regions(curve: Curve) -> _Regions:
    grid = np.unique(
        np.concatenate((curve.values, curve.positive_ceilings, curve.negative_ceilings))
    )
    index = np.searchsorted(curve.values, grid)
    tp, fp = (np.append(counts, 0)[index] for counts in (curve.tp, curve.fp))
    possible = [
        len(ceilings) - np.searchsorted(ceilings, grid)
        for ceilings in (curve.positive_ceilings, curve.negative_ceilings)
    ]
    ends = np.array([*(exact_value(value) for value in grid), 1.0])
    return _Regions(ends, *(np.append(counts, 0) for counts in (tp, fp, *possible)))


def _tied(regions: _Regions, cells: ServiceCells) -> int | None:
    """The region at whose end a group of equal scores lies that the wanted counts part."""
    next_tp, next_fp = (np.append(counts[1:], 0) for counts in (regions.tp, regions.fp))
    parts = (
        (next_tp <= cells.tp)
        & (cells.tp <= regions.tp + regions.possible_tp)
        & (next_fp <= cells.fp)
        & (cells.fp <= regions.fp + regions.possible_fp)
    )
    parts[-1] = False
    found = np.flatnonzero(parts)
    return int(found[0]) if len(found) else None


def _flagged(regions: _Regions, index: int) -> int:
    return int(regions.tp[index] + regions.fp[index])


def _outside(wanted: int, certain: int, possible: int) -> int:
    return max(certain - wanted, wanted - certain - possible, 0)


# What a reconciliation may find, and what follows from it.


FitOutcome = Literal["reproduced", "cannot tell", "does not fit"]

FINDINGS: Mapping[str, FitOutcome] = {
    # remarks: the cells are reproduced all the same
    "rounding-ties": "reproduced",
    "swapped-orientation": "reproduced",
    "no-common-threshold": "reproduced",
    "metrics-disagree": "reproduced",
    # nothing to compare, or too little
    "leaked-labels": "cannot tell",
    "subsampled": "cannot tell",
    "other-test-set": "cannot tell",
    "unknown-scores": "cannot tell",
    "near-miss": "cannot tell",
    "nothing-flagged": "cannot tell",
    "no-matrix": "cannot tell",
    # faults: figures from these scores would be wrong
    "renamed-labels": "does not fit",
    "missing-labels": "does not fit",
    "different-size": "does not fit",
    "different-support": "does not fit",
    "shifted-lines": "does not fit",
    "swapped-labels": "does not fit",
    "scores-too-good": "does not fit",
    "unrelated-scores": "does not fit",
    "no-common-reading": "does not fit",
    "other-classifier": "does not fit",
    "other-confusions": "does not fit",
}
"""Every finding and its outcome; the worst one of a reconciliation counts."""

_ORDER: tuple[FitOutcome, ...] = ("reproduced", "cannot tell", "does not fit")


class ReconcileFinding(msgspec.Struct, frozen=True):
    """One thing that was found."""

    id: str
    """A key of `FINDINGS`."""
    message: str
    """A sentence for the user, with what to do where there is something to do."""
    labels: tuple[str, ...] = ()
    """The labels it is about; empty for all."""


class Reconciliation(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the scores give the service's own counts."""

    outcome: FitOutcome
    operating_points: dict[str, Interval | None]
    """Per label the thresholds that give its counts, those above `low` up to `high` inclusive; None
    when there is none or it was not looked for."""
    common: Interval | None = None
    """The thresholds that give the counts of all labels; None when there is none."""
    findings: tuple[ReconcileFinding, ...] = ()
    summary: str
    documents: int
    documents_tested: int | None
    part: str


def worst(findings: Sequence[ReconcileFinding]) -> FitOutcome:
    """The outcome that follows from the findings; reproduced without any."""
    outcomes = [FINDINGS[finding.id] for finding in findings]
    return max(outcomes, key=_ORDER.index, default="reproduced")


def names(labels: Sequence[str], most: int = 6) -> str:
    """Labels for a sentence, printable and not too many."""
    shown = ", ".join(repr(printable(label, 40)) for label in labels[:most])
    return shown + (f" and {len(labels) - most} more" if len(labels) > most else "")


# The usual faults, tried one by one on scores that do not give the service's counts.


_SHIFTS = (1, -1, 2, -2, 3, -3)
_MOST_EXCHANGED = 30
"""Labels among which exchanged columns are looked for."""
_PERFECT = 0.999
_NO_RANKING = 0.6
"""Area under the ROC curve below which scores say next to nothing about a label."""
_MORE_RANKING = 0.05
_NEAR = 0.02
"""Share of flagged and positive documents by which a near miss may be off."""
_NEAR_COUNT = 3
_USUAL = 0.5
"""Tried as well, and preferred among equally near thresholds."""


@dataclass(frozen=True)
class Case:
    """Scores and the service's counts, with as many documents and positives."""

    part: Part
    cells: Mapping[str, ServiceCells]
    """Of labels of the part."""
    lowest_only: bool
    """Multi-class: the highest class decides, there is no threshold."""

    @cached_property
    def curves(self) -> dict[str, Curve]:
        """Of the labels with cells."""
        curves = self.part.curves()
        return {label: curves[label] for label in self.cells}

    @cached_property
    def matches(self) -> dict[str, Match]:
        """Of the labels with cells."""
        return self.match(self.curves)

    def match(self, curves: Mapping[str, Curve]) -> dict[str, Match]:
        """How these curves can give the counts."""
        return {
            label: match(curves[label], cells, self.lowest_only)
            for label, cells in self.cells.items()
        }

    def misfits(self) -> tuple[str, ...]:
        """Labels that do not fit at the threshold where most do."""
        return common_interval(self.matches)[1]


def diagnose(case: Case) -> ReconcileFinding:
    """The likeliest reason why the scores do not give the service's counts."""
    outside = case.misfits()
    tried = (shifted_lines, exchanged_columns, too_good, near_miss, unrelated)
    for explain in tried:
        finding = explain(case, outside)
        if finding is not None:
            return finding
    worst = max(outside, key=lambda label: case.matches[label].gap)
    if not case.matches[worst].gap:
        return ReconcileFinding(
            "no-common-reading",
            f"the counts of {names(outside)} and of the other labels need different thresholds, and"
            " scores that were not returned would have to be above returned ones: labels may have"
            " been left out of the output although they score high",
            outside,
        )
    return ReconcileFinding(
        "other-classifier",
        f"no threshold gives the service's counts ({names([worst])} misses them by"
        f" {plural(case.matches[worst].gap, 'decision')} at best) although the scores rank the"
        " documents well: they may come from another classifier or version; check which model the"
        " scoring job names",
        outside,
    )


def shifted_lines(case: Case, outside: Sequence[str]) -> ReconcileFinding | None:
    """Whether every score belongs to a neighbouring document."""
    before = _mean_ranking(case.curves.values())
    for shift in _SHIFTS:
        if abs(shift) >= len(case.part):
            continue
        curves = _shifted(case.part, shift).curves()
        moved = case.match(curves)
        if common_interval(moved)[1] or not _gains(before, _mean_ranking(curves.values())):
            continue
        after = "before" if shift < 0 else "after"
        return ReconcileFinding(
            "shifted-lines",
            "the service's counts appear when every score is given to the document"
            f" {plural(abs(shift), 'line')} {after} it: the lines of the output and of the"
            " documents are shifted, as by a header or a lost line; score the part again",
        )
    return None


def exchanged_columns(case: Case, outside: Sequence[str]) -> ReconcileFinding | None:
    """Whether the scores of some labels stand under each other's names."""
    if not 2 <= len(outside) <= _MOST_EXCHANGED:
        return None
    columns = {label: case.part.labels.index(label) for label in outside}
    crossed = {
        (label, other): _curve_of(case.part, columns[label], columns[other])
        for label in outside
        for other in outside
    }
    fits = {
        label: [
            other
            for other in outside
            if match(crossed[label, other], case.cells[label], case.lowest_only).interval
        ]
        for label in outside
    }
    owner = pairing(fits)
    if owner is None or all(label == other for label, other in owner.items()):
        return None
    rearranged = case.match(
        {**case.curves, **{label: crossed[label, other] for label, other in owner.items()}}
    )
    gained = _mean_ranking([crossed[pair] for pair in owner.items()])
    before = _mean_ranking([case.curves[label] for label in outside])
    if common_interval(rearranged)[1] or not _gains(before, gained, least=0.0):
        return None
    return _exchanged(owner, "their scores stand under each other's names")


def exchanged_cells(case: Case, outside: Sequence[str]) -> ReconcileFinding | None:
    """Whether the service's counts of some labels, positives included, are each other's."""
    if not 2 <= len(outside) <= _MOST_EXCHANGED:
        return None
    curves = case.part.curves()
    fits = {
        label: [
            other
            for other in outside
            if curves[other].positives == case.cells[label].positives
            and match(curves[other], case.cells[label], case.lowest_only).interval
        ]
        for label in outside
    }
    owner = pairing(fits)
    if owner is None or all(label == other for label, other in owner.items()):
        return None
    return _exchanged(owner, "the service's counts under one name fit the documents of the other")


def too_good(case: Case, outside: Sequence[str]) -> ReconcileFinding | None:
    """Whether the scores separate what the service's own test did not."""
    found = [label for label in outside if ranking(case.curves[label]) >= _PERFECT]
    if not outside or len(found) < len(outside) or not all(map(case.cells.get, found)):
        return None
    if all(case.cells[label].fp + case.cells[label].fn == 0 for label in found):
        return None
    return ReconcileFinding(
        "scores-too-good",
        f"the scores of {names(found)} are right almost without exception while the service's own"
        " test was not: the scored text may hold the labels, or these documents were trained on;"
        " look at the scoring file and at the training file",
        tuple(found),
    )


def near_miss(case: Case, outside: Sequence[str]) -> ReconcileFinding | None:
    """Whether one threshold comes so close that a few changed texts could explain the rest."""
    candidates = (
        {0.0} if case.lowest_only else {m.nearest for m in case.matches.values()} | {_USUAL}
    )
    allowed = {
        label: max(_NEAR_COUNT, _NEAR * (cells.tp + cells.fp + cells.positives))
        for label, cells in case.cells.items()
    }
    near = []
    for threshold in sorted(candidates):
        gaps = {
            label: gap_at(case.curves[label], cells, threshold)
            for label, cells in case.cells.items()
        }
        if all(gaps[label] <= allowed[label] for label in gaps):
            near.append((sum(gaps.values()), threshold, gaps))
    if not near:
        return None
    _, threshold, gaps = min(near, key=lambda found: (found[0], found[1] != _USUAL))
    return ReconcileFinding(
        "near-miss",
        f"at {threshold:.4f} all counts are nearly the service's, at most"
        f" {plural(max(gaps.values()), 'decision')} off: a few documents may have been"
        " read differently in training and in scoring",
        tuple(label for label in gaps if gaps[label]),
    )


def unrelated(case: Case, outside: Sequence[str]) -> ReconcileFinding | None:
    """Whether the scores say nothing about the documents although the service's test did."""
    areas = [ranking(case.curves[label]) for label in case.cells]
    known = [area for area in areas if not np.isnan(area)]
    hits = sum(cells.tp for cells in case.cells.values())
    if not known or np.mean(known) >= _NO_RANKING or not hits:
        return None
    return ReconcileFinding(
        "unrelated-scores",
        "the scores say next to nothing about these documents (mean area under the ROC curve"
        f" {np.mean(known):.2f}, .5 is chance) although the service's own test did: the lines are"
        " in another order, or the output belongs to another file; score the part again",
    )


def pairing(fits: Mapping[str, Sequence[str]]) -> dict[str, str] | None:
    """One other for each, none taken twice (Kuhn's augmenting paths); None when impossible."""
    taken: dict[str, str] = {}

    def place(label: str, tried: set[str]) -> bool:
        for other in fits[label]:
            if other in tried:
                continue
            tried.add(other)
            if other not in taken or place(taken[other], tried):
                taken[other] = label
                return True
        return False

    if not all(place(label, set()) for label in fits):
        return None
    return {label: other for other, label in taken.items()}


def _exchanged(owner: Mapping[str, str], why: str) -> ReconcileFinding:
    moved = [label for label, other in owner.items() if label != other]
    pairs = ", ".join(f"{names([label])} is {names([owner[label]])}" for label in sorted(moved)[:6])
    return ReconcileFinding(
        "swapped-labels",
        f"labels are exchanged, {why}: {pairs}; check the order of the label columns and the names"
        " in the training file",
        tuple(sorted(moved)),
    )


def _shifted(part: Part, shift: int) -> Part:
    """Scores given to the document `shift` lines later; documents without a score are unknown."""
    scores = np.roll(part.scores, shift, axis=0)
    ceilings = None if part.ceilings is None else np.roll(part.ceilings, shift, axis=0)
    edge = slice(0, shift) if shift > 0 else slice(shift, None)
    scores[edge] = np.nan
    if ceilings is not None:
        ceilings[edge] = 1.0
    return dataclasses.replace(part, scores=scores, ceilings=ceilings)


def _curve_of(part: Part, truth_column: int, score_column: int) -> Curve:
    ceilings = None if part.ceilings is None else part.ceilings[:, score_column]
    return label_curve(
        part.labels[truth_column],
        part.scores[:, score_column],
        part.truth[:, truth_column],
        ceilings,
    )


def _mean_ranking(curves: Iterable[Curve]) -> float:
    areas = [ranking(curve) for curve in curves]
    known = [area for area in areas if not np.isnan(area)]
    return float(np.mean(known)) if known else 0.5


def _gains(before: float, after: float, least: float = _MORE_RANKING) -> bool:
    return after > before + least
