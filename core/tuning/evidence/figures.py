"""What evidence consists of: intervals, one record per label, and the whole."""

import msgspec

from core.tuning.evidence.grades import Decision, Grade


class Interval(msgspec.Struct, frozen=True):
    """From the lowest to the highest value that the data are compatible with, ends included."""

    low: float
    high: float

    @property
    def width(self) -> float:
        """`high` minus `low`."""
        return self.high - self.low

    def holds(self, value: float) -> bool:
        """Whether `value` lies inside."""
        return self.low <= value <= self.high


class LabelEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """How far the threshold of one label can be trusted. Figures are those of the measuring part.

    An interval is None when nothing can be said: no document of the measuring part has the label,
    or (for `threshold`) no threshold was tuned.
    """

    label: str
    positives_tuned: int
    """Documents with the label in the tuning part, copies counted once."""
    positives_measured: int
    """Documents with the label in the measuring part, copies counted once."""
    threshold: Interval | None
    """Where the threshold lands when it is chosen anew on resamples of the tuning part."""
    precision: Interval | None
    recall: Interval | None
    f1: Interval | None
    f1_default: Interval | None
    """F1 at the default threshold."""
    gain: Interval | None
    """F1 at the tuned threshold minus F1 at the default one, on the same documents."""
    noise_floor: float | None
    """What the best F1 of the tuning part stays below in 95 % of draws in which the scores know
    nothing of the label; None without positives."""
    grade: Grade
    why: str
    """What the grade rests on, in a sentence."""
    decision: Decision
    """Whether to use the tuned threshold or to keep the default."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """How far a set of thresholds can be trusted."""

    labels: tuple[LabelEvidence, ...]
    macro_f1: Interval | None
    """Mean F1 of the labels with positives."""
    micro_f1: Interval | None
    """F1 of the counts pooled over labels."""
    macro_gain: Interval | None
    """Macro-F1 at the tuned thresholds minus at the default ones, on the same documents."""
    level: float
    """Share of repetitions in which an interval should hold the true figure, such as 0.9."""
    resamples: int
    seed: int
    method: str
    """How the intervals were made."""
    tuned_on: str
    """The part that thresholds were chosen on."""
    measured_on: str
    """The part that the figures were measured on, such as "test, cross-fitted"."""
    notes: tuple[str, ...]
    """What a reader must know besides, such as scores that were not returned."""

    def of(self, label: str) -> LabelEvidence:
        """The record of one label.

        Raises:
            KeyError: no such label.
        """
        for found in self.labels:
            if found.label == label:
                return found
        raise KeyError(label)
