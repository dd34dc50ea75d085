"""The lines of an arm's table: every label, macro and micro, with their figures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.errors import InvalidInput
from core.text import printable
from core.tuning.arms.figures import FigureName, RunFigures
from core.tuning.comparison.figures import Both, f1s, precisions, recalls
from core.tuning.comparison.ranking import Rankings
from core.tuning.comparison.resampling import Floats, count_units
from core.tuning.evidence import Interval

DECIDED: Mapping[FigureName, Callable[[Floats], Both]] = {
    "f1_default": f1s,
    "f1_tuned": f1s,
    "precision": precisions,
    "recall": recalls,
}
"""Figures of decisions; all but the first at the run's own thresholds."""
FIGURES: tuple[FigureName, ...] = ("average_precision", *DECIDED)
CLAIMED: tuple[FigureName, ...] = ("average_precision", "f1_tuned")
"""What verdicts rest on."""


@dataclass(frozen=True)
class Line:
    """A label or an average."""

    name: str
    kind: Literal["label", "macro", "micro"]
    columns: tuple[int, ...]
    """Of a macro average, those with positives."""
    is_claimed: bool
    """Whether verdicts rest on it."""

    def of(self, figure: Callable[[Floats], Both], counts: Floats) -> Both:
        """The figure from counts (..., n_labels, 9)."""
        columns = list(self.columns)
        if self.kind == "micro":
            return figure(counts[..., columns, :].sum(axis=-2))
        return figure(counts).mean(columns)


@dataclass(frozen=True)
class Measured:
    """One figure of one run, with what unknown scores allow."""

    value: float
    range: Interval | None


def lines_of(run: RunFigures, chosen: Sequence[str], none_label: str | None) -> tuple[Line, ...]:
    """Every label in column order, then macro and micro without the none-label.

    Raises:
        InvalidInput: a chosen label is not among those of the run.
    """
    labels = run.test.labels
    strange = [label for label in chosen if label not in labels]
    if strange:
        raise InvalidInput(
            "No such label",
            f"the scores have no label {printable(strange[0], 60)}",
            f"labels: {', '.join(printable(label, 40) for label in labels[:20])}",
        )
    support = run.test.truth.sum(axis=0)
    averaged = [c for c, label in enumerate(labels) if label != none_label] or [0]
    with_positives = [column for column in averaged if support[column]] or averaged
    return (
        *(Line(label, "label", (c,), label in chosen) for c, label in enumerate(labels)),
        Line("macro", "macro", tuple(with_positives), True),
        Line("micro", "micro", tuple(averaged), False),
    )


def measure(
    run: RunFigures, rankings: Rankings, lines: Sequence[Line]
) -> dict[tuple[int, FigureName], Measured | None]:
    """Every figure of one run, by the position of the line and the figure.

    Average precision is None where it is not known.
    """
    counts = {
        "f1_default": count_units(run.test.truth, run.default, run.default, None).totals(),
        "f1_tuned": count_units(run.test.truth, run.tuned, run.tuned, None).totals(),
    }
    found: dict[tuple[int, FigureName], Measured | None] = {}
    for place, line in enumerate(lines):
        known = [rankings.found[column] for column in line.columns]
        precisions_known = [one for one in known if one is not None]
        is_whole = line.kind != "micro" and len(precisions_known) == len(known)
        found[place, "average_precision"] = (
            Measured(float(np.mean(precisions_known)), None) if is_whole else None
        )
        for name, figure in DECIDED.items():
            both = line.of(figure, counts["f1_default" if name == "f1_default" else "f1_tuned"])
            low, high = float(both.a_low), float(both.a_high)
            allowed = None if low == high else Interval(low=low, high=high)
            found[place, name] = Measured(float(both.a), allowed)
    return found


def support_of(run: RunFigures, line: Line) -> int:
    """Test documents with the label, summed over the labels of an average."""
    return int(run.test.truth[:, list(line.columns)].sum())
