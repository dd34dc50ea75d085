"""What is kept of a part's scores, and how new scores are counted at the same points."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec
import numpy as np

from core.tuning.decimals import FloatArray, exact_value, reached
from core.tuning.parts import PartArrays

_SHARES = (0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995)
"""Where the scores of the reference are looked at: mostly high, where decisions are made."""


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
            self.documents + other.documents, self.flagged + other.flagged,
            self.undecided + other.undecided, self.returned + other.returned,
            tuple(
                ScorePoint(one.score, one.above + two.above, one.possible + two.possible)
                for one, two in zip(self.points, other.points, strict=True)
            ),
        )  # fmt: skip


def drift_reference(part: PartArrays, thresholds: Mapping[str, float]) -> dict[str, DriftReference]:
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
            part=part.name, documents=len(part), distinct=distinct, threshold=thresholds[label],
            flagged=counted.flagged, undecided=counted.undecided, returned=counted.returned,
            points=counted.points,
        )  # fmt: skip
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
        len(scores), decided.above, decided.possible, int(len(scores) - unknown.sum()),
        tuple(at(score) for score in points),
    )  # fmt: skip
