"""Which points of the curves to take as thresholds.

An objective gives every point of a curve a worth; the point of highest worth is taken and, among
equal ones, the highest threshold, which flags the fewest documents. Joint objectives weigh the
points of all labels together. Every distinct score is looked at, so what is chosen is exact.

A score that was not returned counts at its worst: as a flagged negative where precision, F1, cost
or the number flagged is meant, as a missed positive where recall is meant.
"""

from core.tuning.objectives.choice import LEAST_RETURNED_SHARE, Choice, LabelStatus
from core.tuning.objectives.goals import MENU, MenuEntry, Objective, parse_objective
from core.tuning.objectives.joint import choose_all
from core.tuning.objectives.preview import FigureRange, Preview, PreviewRow, preview
from core.tuning.objectives.single import all_positive_f1, choose, max_f1

__all__ = [
    "LEAST_RETURNED_SHARE",
    "MENU",
    "Choice",
    "FigureRange",
    "LabelStatus",
    "MenuEntry",
    "Objective",
    "Preview",
    "PreviewRow",
    "all_positive_f1",
    "choose",
    "choose_all",
    "max_f1",
    "parse_objective",
    "preview",
]
