"""The usual faults, tried one by one on scores that do not give the service's counts."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.text import plural
from core.tuning.curves import Curve, label_curve
from core.tuning.parts import PartArrays
from core.tuning.reconcile.findings import ReconcileFinding, names
from core.tuning.reconcile.matching import (
    Cells,
    Match,
    common_interval,
    gap_at,
    match,
    ranking,
)

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

    part: PartArrays
    cells: Mapping[str, Cells]
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
        label: [other for other in outside
                if match(crossed[label, other], case.cells[label], case.lowest_only).interval]
        for label in outside
    }  # fmt: skip
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
        label: [other for other in outside
                if curves[other].positives == case.cells[label].positives
                and match(curves[other], case.cells[label], case.lowest_only).interval]
        for label in outside
    }  # fmt: skip
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
        gaps = {label: gap_at(case.curves[label], cells, threshold)
                for label, cells in case.cells.items()}  # fmt: skip
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


def _shifted(part: PartArrays, shift: int) -> PartArrays:
    """Scores given to the document `shift` lines later; documents without a score are unknown."""
    scores = np.roll(part.scores, shift, axis=0)
    ceilings = None if part.ceilings is None else np.roll(part.ceilings, shift, axis=0)
    edge = slice(0, shift) if shift > 0 else slice(shift, None)
    scores[edge] = np.nan
    if ceilings is not None:
        ceilings[edge] = 1.0
    return dataclasses.replace(part, scores=scores, ceilings=ceilings)


def _curve_of(part: PartArrays, truth_column: int, score_column: int) -> Curve:
    ceilings = None if part.ceilings is None else part.ceilings[:, score_column]
    return label_curve(
        part.labels[truth_column], part.scores[:, score_column], part.truth[:, truth_column],
        ceilings,
    )  # fmt: skip


def _mean_ranking(curves: Iterable[Curve]) -> float:
    areas = [ranking(curve) for curve in curves]
    known = [area for area in areas if not np.isnan(area)]
    return float(np.mean(known)) if known else 0.5


def _gains(before: float, after: float, least: float = _MORE_RANKING) -> bool:
    return after > before + least
