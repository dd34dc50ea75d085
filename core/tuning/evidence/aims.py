"""Whether the tuned threshold of a label serves its objective better than the default does.

For objectives with a worth of their own (F1, F-beta, cost, the joint ones) that is the sign of the
difference in that worth, on the same documents. A target (precision, recall, number flagged) is not
better or worse than a default; it is missed for certain, or not.
"""

import numpy as np

from core.tuning.evidence.figures import Interval
from core.tuning.evidence.intervals import hull, quantiles, share_interval
from core.tuning.evidence.measuring import LabelIntervals, Reading
from core.tuning.evidence.row_types import Cells, f1_of, tallies
from core.tuning.objectives import Objective


def aim_interval(
    pair: tuple[Reading, Reading], column: int, objective: Objective, level: float
) -> Interval | None:
    """The interval of the difference in worth, tuned minus default; None for a target.

    Only its sign has a meaning that all objectives share.

    Args:
        pair: the unlucky and the lucky reading.
        column: of the label.
        objective: of the label.
        level: such as 0.9.
    """
    if objective.kind in ("precision", "recall", "flags"):
        return None
    first, second = (
        quantiles(
            _worth(objective, reading, column, True) - _worth(objective, reading, column, False),
            level,
        )
        for reading in pair
    )
    return hull(first, second)


def _worth(objective: Objective, reading: Reading, column: int, is_tuned: bool) -> Cells:
    hits, flagged, positives = tallies(reading.smoothed[:, column], is_tuned)
    value = 1.0 if objective.value is None else objective.value
    match objective.kind:
        case "f_beta":
            whole = flagged + value**2 * positives
            # F-beta is F1 with the positives weighed by beta squared.
            gained: Cells = (1 + value**2) * hits / np.where(whole > 0, whole, 1)
            return gained
        case "cost":
            saved: Cells = (1 + value) * hits - flagged - value * positives
            return saved
        case "joint_micro_f1" | "joint_micro_macro_f1":
            return _joint_worth(objective, reading, hits, flagged, positives)
        case _:
            return f1_of(hits, flagged, positives)


def _joint_worth(
    objective: Objective, reading: Reading, hits: Cells, flagged: Cells, positives: Cells
) -> Cells:
    """What the label adds to micro-F1, to first order, with the other labels as they are.

    Micro-F1 is N / D with N = 2TP and D = flagged + positives, each summed over labels; a label
    that changes them by dN and dD changes it by (dN - F dD) / D (Dinkelbach 1967).
    """
    all_hits, all_flagged, all_positives = (
        float(count.sum()) for count in tallies(reading.total, True)
    )
    whole = all_flagged + all_positives
    micro = 2 * all_hits / whole if whole else 0.0
    share: Cells = (2 * hits - micro * (flagged + positives)) / max(whole, 1.0)
    if objective.kind == "joint_micro_macro_f1":
        share += f1_of(hits, flagged, positives) / reading.total.shape[0]
    return share


def missed_target(
    pair: tuple[Reading, Reading],
    column: int,
    objective: Objective,
    found: LabelIntervals,
    level: float,
) -> str:
    """How a target is missed for certain; empty when it may be met or is no target."""
    value = objective.value or 0.0
    if objective.kind == "precision" and found.precision.high < value:
        return f"precision is at most {found.precision.high:.2f}"
    if objective.kind == "recall" and found.recall.high < value:
        return f"recall is at most {found.recall.high:.2f}"
    if objective.kind == "flags":
        types = pair[1].types
        cells = types.cells[:, column].astype(np.float64)
        flagged = tallies(cells, True)[1]
        least = 1000 * share_interval(flagged, cells.sum(axis=1), types, level).low
        if least > value:
            return f"at least {least:.1f} of 1,000 documents are flagged"
    return ""
