"""Whether new scores look like those that thresholds were tuned and measured on.

A reference is kept with each threshold: how many documents it flagged and how many scores lay at or
above a few points. New predictions are counted at the same points. Scores alone say that something
moved, never what: fewer flagged documents may be fewer positives, or the same positives with lower
scores. Only labelled documents tell them apart.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.text import printable
from core.tuning.decimals import FloatArray, exact_value, reached
from core.tuning.intervals import Interval
from core.tuning.part import Part

# How often chance alone gives a difference of two shares or of two distributions.


_NORMAL_FROM = 10
"""Expected count in every cell from which the normal test of two shares is used."""


def two_shares(k: int, n: int, other_k: int, other_n: int) -> float:
    """Two-sided p-value of ``k / n`` against ``other_k / other_n``, when both shares are equal.

    The normal test of pooled shares, or Fisher's exact test where a count is small.
    """
    total, hits = n + other_n, k + other_k
    if hits in (0, total):
        return 1.0
    fewest = min(n, other_n) * min(hits, total - hits) / total
    if fewest >= _NORMAL_FROM:
        share = hits / total
        error = math.sqrt(share * (1 - share) * (1 / n + 1 / other_n))
        return math.erfc(abs(k / n - other_k / other_n) / error / math.sqrt(2))
    logs = np.array(
        [
            _log_choose(n, i) + _log_choose(other_n, hits - i) - _log_choose(total, hits)
            for i in range(max(0, hits - other_n), min(n, hits) + 1)
        ]
    )
    here = logs[k - max(0, hits - other_n)]
    return float(min(1.0, np.exp(logs[logs <= here + 1e-7]).sum()))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def kolmogorov(gap: float, n: int, other_n: int) -> float:
    """p-value of the largest gap of two distributions (Stephens 1970)."""
    if gap <= 0:
        return 1.0
    size = math.sqrt(n * other_n / (n + other_n))
    x = (size + 0.12 + 0.11 / size) * gap
    terms = sum((-1) ** (j - 1) * math.exp(-2 * (j * x) ** 2) for j in range(1, 101))
    return min(1.0, max(0.0, 2 * float(terms)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Corrected so that the smallest may be compared with 1 - level over all tests (Holm 1979)."""
    values: npt.NDArray[np.float64] = np.array(p_values)
    order = np.argsort(values, kind="stable")
    scaled = values[order] * np.arange(len(values), 0, -1)
    found = np.empty_like(values)
    found[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return [float(p) for p in found]


# What is kept of a part's scores, and how new scores are counted at the same points.


_SHARES = (0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995)
"""Where the scores of the reference are looked at: mostly high, where decisions are made."""


_MOST_DOCUMENTS = 10**12


class ScorePoint(msgspec.Struct, frozen=True):
    """How many documents reach one score."""

    score: float
    above: int
    """Documents whose score is at or above it."""
    possible: int = 0
    """Documents whose unknown score may be."""


class DriftReference(msgspec.Struct, frozen=True, kw_only=True):
    """What one label's scores looked like when its threshold was made."""

    part: str
    documents: int
    distinct: int
    """Documents without their copies; it is these that carry evidence."""
    threshold: float
    flagged: int
    undecided: int
    """Documents whose unknown score may reach the threshold."""
    returned: int
    """Documents whose score was returned."""
    points: tuple[ScorePoint, ...]

    @property
    def is_sound(self) -> bool:
        """Whether its counts can be those of some documents."""
        counts = [(self.flagged, self.undecided), (self.returned, 0)]
        counts += [(point.above, point.possible) for point in self.points]
        return 1 <= self.distinct <= self.documents <= _MOST_DOCUMENTS and all(
            min(certain, possible) >= 0 and certain + possible <= self.documents
            for certain, possible in counts
        )


@dataclass(frozen=True)
class Tally:
    """Counts of new documents for one label, at the points of its reference."""

    documents: int
    flagged: int
    undecided: int
    returned: int
    points: tuple[ScorePoint, ...]

    def __add__(self, other: "Tally") -> "Tally":
        """The counts of both."""
        return Tally(
            self.documents + other.documents,
            self.flagged + other.flagged,
            self.undecided + other.undecided,
            self.returned + other.returned,
            tuple(
                ScorePoint(one.score, one.above + two.above, one.possible + two.possible)
                for one, two in zip(self.points, other.points, strict=True)
            ),
        )


def drift_reference(part: Part, thresholds: Mapping[str, float]) -> dict[str, DriftReference]:
    """What to keep of a part's scores, per label, so that new predictions can be compared.

    Args:
        part: natural documents, such as calibration or test; never oversampled ones.
        thresholds: of every label.
    """
    distinct = len(part) if part.clusters is None else len(np.unique(part.clusters))
    found = {}
    for column, label in enumerate(part.labels):
        scores = part.scores[:, column]
        returned = np.sort(scores[np.isfinite(scores)])
        places = sorted({math.floor(share * (len(returned) - 1)) for share in _SHARES})
        looked_at = sorted({exact_value(returned[p]) for p in places}) if len(returned) else []
        ceilings = None if part.ceilings is None else part.ceilings[:, column]
        counted = count_scores(scores, ceilings, thresholds[label], looked_at)
        found[label] = DriftReference(
            part=part.name,
            documents=len(part),
            distinct=distinct,
            threshold=thresholds[label],
            flagged=counted.flagged,
            undecided=counted.undecided,
            returned=counted.returned,
            points=counted.points,
        )
    return found


def count_scores(
    scores: FloatArray, ceilings: FloatArray | None, threshold: float, points: Iterable[float]
) -> Tally:
    """Count one label's scores at its threshold and at some points.

    Args:
        scores: (n_documents,) decision scores, NaN where not returned.
        ceilings: (n_documents,), the highest values of unknown scores; None for 1.
        threshold: of the label.
        points: scores to look at.
    """
    unknown = np.isnan(scores)
    highest = np.ones_like(scores) if ceilings is None else ceilings

    def at(score: float) -> ScorePoint:
        possible = int(np.count_nonzero(unknown & reached(highest, score)))
        return ScorePoint(score, int(np.count_nonzero(reached(scores, score))), possible)

    decided = at(threshold)
    return Tally(
        len(scores),
        decided.above,
        decided.possible,
        int(len(scores) - unknown.sum()),
        tuple(at(score) for score in points),
    )


# New scores against a reference, label by label.


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
            "Nothing to compare",
            "the predictions hold no scored document of these labels",
            "give the predictions of the classifier that the thresholds are for",
        )
    p_values = [p for label in labels for p in _p_values(reference[label], new[label])]
    corrected = iter(holm(p_values))
    rows = tuple(
        _label(
            label,
            reference[label],
            new[label],
            [next(corrected) for _ in range(_N_TESTS)],
            1 - level,
        )
        for label in labels
    )
    first = reference[labels[0]]
    left_out = [printable(label, 40) for label in reference if label not in new]
    notes = [f"not compared, of another classifier: {', '.join(left_out)}"] if left_out else []
    notes += ["copies among the new documents are not known; many of them overstate a change"]
    return DriftReport(
        labels=rows,
        documents=new[labels[0]].documents,
        errored=errored,
        reference_part=first.part,
        reference_documents=first.documents,
        level=level,
        tests=len(p_values),
        notes=(*notes, *NOT_IDENTIFIABLE),
    )


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
        why = (
            f"about {before.low * now.documents:.0f} flagged documents expected,"
            f" {_FEWEST_EXPECTED} needed"
        )
    return LabelDrift(
        label=label,
        verdict=verdict,
        flagged=after,
        flagged_before=before,
        ratio=after.low / before.low if before.low else None,
        largest_gap=gap,
        gap_at=at,
        returned_share=now.returned / now.documents,
        returned_share_before=then.returned / then.documents,
        p_value=p_value,
        why=why,
    )


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
