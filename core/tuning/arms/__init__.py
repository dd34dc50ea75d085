"""The arms of an experiment, each against the base on the same documents, and when to stop."""

from core.tuning.arms.comparing import compare_arms
from core.tuning.arms.figures import (
    ArmFigures,
    ArmRow,
    ArmRuns,
    ArmsComparison,
    Effect,
    Noise,
    RunFigures,
)
from core.tuning.arms.stopping import has_stalled

__all__ = [
    "ArmFigures",
    "ArmRow",
    "ArmRuns",
    "ArmsComparison",
    "Effect",
    "Noise",
    "RunFigures",
    "compare_arms",
    "has_stalled",
]
