"""New scores against a reference, label by label."""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from core.errors import InvalidInput
from core.text import printable
from core.tuning.drift.chance import holm, kolmogorov, two_shares
from core.tuning.drift.references import DriftReference, Tally
from core.tuning.evidence import Interval

DriftVerdict = Literal["moved", "no change we can tell", "cannot tell"]

_FEWEST_EXPECTED = 10
"""With fewer flagged documents expected, even a halving could not be seen."""
_N_TESTS = 3
"""Of each label: flagged share, returned share, scores."""

NOT_IDENTIFIABLE = (
    "scores alone cannot say whether precision or recall changed: fewer flagged documents may be"
    " fewer positives, or the same positives with lower scores",
    "to find out, label a random sample of new documents, most of it near the threshold, and tune"
    " again; a threshold is the best for the share of positives it was tuned on",
)


class LabelDrift(msgspec.Struct, frozen=True, kw_only=True):
    """One label now and then."""

    label: str
    verdict: DriftVerdict
    flagged: Interval
    """Share of the new documents that get the label; a range where scores were not returned."""
    flagged_before: Interval
    ratio: float | None
    """Flagged share now against then; None when none was flagged then."""
    largest_gap: float
    """Largest certain difference between the shares of documents at or above a score."""
    gap_at: float | None
    """The score of that difference."""
    returned_share: float
    returned_share_before: float
    p_value: float
    """The smallest of the label's, corrected for all tests of all labels (Holm 1979)."""
    why: str


class DriftReport(msgspec.Struct, frozen=True, kw_only=True):
    """New predictions against the reference of a thresholds file."""

    labels: tuple[LabelDrift, ...]
    documents: int
    errored: int = 0
    """Documents that the service could not score; they are left out."""
    reference_part: str
    reference_documents: int
    level: float
    """Chance that no label is wrongly said to have moved."""
    tests: int
    notes: tuple[str, ...]

    @property
    def moved(self) -> tuple[str, ...]:
        """Labels that moved."""
        return tuple(label.label for label in self.labels if label.verdict == "moved")


def drift_check(
    reference: Mapping[str, DriftReference],
    new: Mapping[str, Tally],
    *,
    level: float = 0.95,
    errored: int = 0,
) -> DriftReport:
    """Say per label whether new scores moved beyond what chance allows.

    Three tests per label: the flagged share and the returned share (two shares; Fisher's exact test
    where counts are small), and the largest gap between the score distributions at the points of
    the reference (Kolmogorov-Smirnov; conservative, since it looks at a few points only). Where
    scores are unknown, only what every reading of them agrees on counts as a difference.

    Args:
        reference: per label, from `drift_reference`.
        new: per label, from `count_scores` at the reference's threshold and points.
        level: chance that no label is wrongly said to have moved, over all tests (Holm 1979).
        errored: documents that the service could not score.

    Raises:
        InvalidInput: no label of `new` has a reference, or there are no documents.
    """
    labels = [label for label in reference if label in new]
    if not labels or not all(new[label].documents for label in labels):
        raise InvalidInput(
            "Nothing to compare", "the predictions hold no scored document of these labels",
            "give the predictions of the classifier that the thresholds are for",
        )  # fmt: skip
    p_values = [p for label in labels for p in _p_values(reference[label], new[label])]
    corrected = iter(holm(p_values))
    rows = tuple(
        _label(label, reference[label], new[label], [next(corrected) for _ in range(_N_TESTS)],
               1 - level)
        for label in labels
    )  # fmt: skip
    first = reference[labels[0]]
    left_out = [printable(label, 40) for label in reference if label not in new]
    notes = [f"not compared, of another classifier: {', '.join(left_out)}"] if left_out else []
    notes += ["copies among the new documents are not known; many of them overstate a change"]
    return DriftReport(
        labels=rows, documents=new[labels[0]].documents, errored=errored,
        reference_part=first.part, reference_documents=first.documents, level=level,
        tests=len(p_values), notes=(*notes, *NOT_IDENTIFIABLE),
    )  # fmt: skip


def _label(
    label: str, then: DriftReference, now: Tally, p_values: Sequence[float], alpha: float
) -> LabelDrift:
    before = _shares(then.flagged, then.undecided, then.documents)
    after = _shares(now.flagged, now.undecided, now.documents)
    gap, at = _largest_gap(then, now)
    p_value = min(p_values)
    is_open = now.undecided > now.flagged or then.undecided > then.flagged
    verdict: DriftVerdict = "no change we can tell"
    if p_value <= alpha:
        verdict = "moved"
    elif is_open or before.low * now.documents < _FEWEST_EXPECTED:
        verdict = "cannot tell"
    reasons = [
        word
        for word, p in zip(("flagged share", "returned share", "scores"), p_values, strict=True)
        if p <= alpha
    ]
    if verdict == "moved":
        why = f"beyond chance: {', '.join(reasons)}"
    elif verdict == "no change we can tell":
        why = "within chance"
    elif is_open:
        why = "most decisions rest on scores that were not returned"
    else:
        why = (f"about {before.low * now.documents:.0f} flagged documents expected,"
               f" {_FEWEST_EXPECTED} needed")  # fmt: skip
    return LabelDrift(
        label=label, verdict=verdict, flagged=after, flagged_before=before,
        ratio=after.low / before.low if before.low else None, largest_gap=gap, gap_at=at,
        returned_share=now.returned / now.documents,
        returned_share_before=then.returned / then.documents, p_value=p_value, why=why,
    )  # fmt: skip


def _shares(certain: int, possible: int, documents: int) -> Interval:
    return Interval(low=certain / documents, high=(certain + possible) / documents)


def _p_values(then: DriftReference, now: Tally) -> tuple[float, float, float]:
    """Of the flagged share, the returned share and the scores."""
    own = then.distinct / then.documents
    before = _shares(then.flagged, then.undecided, then.documents)
    after = _shares(now.flagged, now.undecided, now.documents)
    flagged = 1.0
    if after.low > before.high:
        most = round((then.flagged + then.undecided) * own)
        flagged = two_shares(now.flagged, now.documents, most, then.distinct)
    elif after.high < before.low:
        fewest = round(then.flagged * own)
        flagged = two_shares(now.flagged + now.undecided, now.documents, fewest, then.distinct)
    returned = two_shares(now.returned, now.documents, round(then.returned * own), then.distinct)
    gap, _ = _largest_gap(then, now)
    return flagged, returned, kolmogorov(gap, now.documents, then.distinct)


def _largest_gap(then: DriftReference, now: Tally) -> tuple[float, float | None]:
    """The largest difference that every reading of unknown scores agrees on, and its score."""
    found: tuple[float, float | None] = (0.0, None)
    for before, after in zip(then.points, now.points, strict=True):
        old = _shares(before.above, before.possible, then.documents)
        new = _shares(after.above, after.possible, now.documents)
        gap = max(new.low - old.high, old.low - new.high, 0.0)
        if gap > found[0]:
            found = (gap, before.score)
    return found
