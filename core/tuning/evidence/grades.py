"""The grade of a label's threshold: one table, printed as it stands by help and README."""

from typing import Literal

import msgspec

Grade = Literal["A", "B", "C", "D"]
Decision = Literal["tuned", "default"]

FEW_POSITIVES = 50
"""Positives in each part that grade A asks for."""
ROUGH_POSITIVES = 20
"""With fewer positives in the measuring part, intervals are rough and B is the best grade."""
WIDEST = 0.20
"""Width of the F1 interval that grade A allows."""


class GradeRule(msgspec.Struct, frozen=True):
    """One line of the table."""

    grade: Grade
    meaning: str
    """In two or three words."""
    rule: str
    """When it is given."""
    decision: Decision
    """Which threshold is used."""


GRADES: tuple[GradeRule, ...] = (
    GradeRule(
        "A",
        "adopt",
        "better than the default for certain (or equal to it), above the noise floor, at least "
        f"{FEW_POSITIVES} positives in both parts, F1 interval no wider than {WIDEST:.2f}",
        "tuned",
    ),
    GradeRule(
        "B",
        "adopt with care",
        "better than the default for certain and above the noise floor, but from fewer positives "
        "or with a wider interval",
        "tuned",
    ),
    GradeRule(
        "C",
        "cannot tell",
        "the interval of the gain over the default holds 0",
        "default",
    ),
    GradeRule(
        "D",
        "keep default",
        "the label cannot be tuned, its scores are not above the noise floor, or the tuned "
        "threshold is worse than the default for certain",
        "default",
    ),
)
"""The grades, best first."""
