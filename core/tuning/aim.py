"""What a run is tuned for, with what a person has decided about single labels."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.progress import UNWATCHED, Watch
from core.tuning.curves import Curve
from core.tuning.joint import choose_all
from core.tuning.objectives import Choice, parse_objective


@dataclass(frozen=True)
class Aim:
    """Objectives, thresholds set by hand, and choices to take whatever the evidence says."""

    objective: str = "max_f1"
    """Of every label without one of its own, as `objectives.parse_objective` reads it."""
    per_label: Mapping[str, str] = field(default_factory=dict)
    """Other objectives of single labels."""
    by_hand: Mapping[str, float] = field(default_factory=dict)
    """Thresholds that a person set, by label."""
    adopt: tuple[str, ...] = ()
    """Labels whose tuned threshold is used although the evidence would keep the default."""
    adopt_all: bool = False
    """Whether that goes for every label."""

    def of(self, label: str) -> str:
        """The objective of one label."""
        return self.per_label.get(label, self.objective)

    def adopts(self, label: str) -> bool:
        """Whether a label's tuned threshold is used whatever the evidence says."""
        return self.adopt_all or label in self.adopt

    def with_objective(self, name: str, label: str | None = None) -> "Aim":
        """The aim with another objective for one label, or for all in place of their own."""
        if label is None:
            return dataclasses.replace(self, objective=name, per_label={})
        own = {other: text for other, text in self.per_label.items() if other != label}
        if name != self.objective:
            own[label] = name
        return dataclasses.replace(self, per_label=own)

    def written(self) -> "Aim":
        """The aim with every objective in its one written form.

        Raises:
            InvalidInput: there is no such objective.
        """
        return dataclasses.replace(
            self,
            objective=parse_objective(self.objective).name,
            per_label={label: parse_objective(text).name for label, text in self.per_label.items()},
        )

    def choose(
        self, curves: Mapping[str, Curve], default: float, watch: Watch = UNWATCHED
    ) -> dict[str, Choice]:
        """What the objectives choose; thresholds set by hand play no part. See `choose_all`.

        Raises:
            InvalidInput: no such objective or label, or a joint objective for a single label.
            Interrupted: stopped through `watch`.
        """
        return choose_all(curves, self.objective, self.per_label, default, watch=watch)
