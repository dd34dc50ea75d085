"""What a reconciliation may find, and what follows from it."""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from core.text import printable
from core.tuning.evidence import Interval

Outcome = Literal["reproduced", "cannot tell", "does not fit"]

FINDINGS: Mapping[str, Outcome] = {
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

_ORDER: tuple[Outcome, ...] = ("reproduced", "cannot tell", "does not fit")


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

    outcome: Outcome
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


def worst(findings: Sequence[ReconcileFinding]) -> Outcome:
    """The outcome that follows from the findings; reproduced without any."""
    outcomes = [FINDINGS[finding.id] for finding in findings]
    return max(outcomes, key=_ORDER.index, default="reproduced")


def names(labels: Sequence[str], most: int = 6) -> str:
    """Labels for a sentence, printable and not too many."""
    shown = ", ".join(repr(printable(label, 40)) for label in labels[:most])
    return shown + (f" and {len(labels) - most} more" if len(labels) > most else "")
