"""What thresholds stand for: objectives, those set by hand, those adopted."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Standing:
    """What tuning must be told so that it ends at certain thresholds."""

    objective: str
    per_label: Mapping[str, str]
    by_hand: Mapping[str, float]
    """Every threshold set by hand, now or earlier."""
    adopt: tuple[str, ...]
    """Labels whose choice is used whatever the evidence says."""

    def objective_of(self, label: str) -> str:
        """What one label is tuned for."""
        return self.per_label.get(label, self.objective)
