"""The decisions of one threshold, counted."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Counts:
    """Decisions of one threshold on a set of documents, unknown scores taken as not flagged."""

    threshold: float
    tp: int
    """Documents with the label that were flagged."""
    fp: int
    """Documents without the label that were flagged."""
    fn: int
    """Documents with the label that were not flagged."""
    tn: int
    """Documents without the label that were not flagged."""
    unknown_positives: int = 0
    """Documents among `fn` whose unknown score may reach the threshold."""
    unknown_negatives: int = 0
    """Documents among `tn` whose unknown score may reach the threshold."""

    @property
    def flagged(self) -> int:
        """Documents that get the label."""
        return self.tp + self.fp

    @property
    def positives(self) -> int:
        """Documents with the label: its support here."""
        return self.tp + self.fn

    @property
    def precision(self) -> float:
        """TP / (TP + FP), 0 when nothing is flagged."""
        return _ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        """TP / (TP + FN), 0 without positives."""
        return _ratio(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> float:
        """2TP / (2TP + FP + FN), 0 when undefined."""
        return _ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    @property
    def f1_low(self) -> float:
        """F1 if every unknown score were as unlucky as it may be: the negatives flagged."""
        return _ratio(2 * self.tp, 2 * self.tp + self.fp + self.unknown_negatives + self.fn)

    @property
    def f1_high(self) -> float:
        """F1 if every unknown score were as lucky as it may be: the positives flagged."""
        tp = self.tp + self.unknown_positives
        return _ratio(2 * tp, tp + self.fp + self.positives)


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
