"""Change the training part, and only it: draw, repeat or clone documents; plan arms of a sweep."""

from core.dataset.formats.comprehend_files import training_row_bytes
from core.dataset.oversampling.arms import plan_arms
from core.dataset.oversampling.imbalance import Imbalance, imbalance_of
from core.dataset.oversampling.plans import DEFAULT_POSITIVES, ArmsRequest, PlannedArm
from core.dataset.oversampling.recipe import Recipe, Resampled
from core.dataset.oversampling.resampling import resample

__all__ = [
    "DEFAULT_POSITIVES",
    "ArmsRequest",
    "Imbalance",
    "PlannedArm",
    "Recipe",
    "Resampled",
    "imbalance_of",
    "plan_arms",
    "resample",
    "training_row_bytes",
]
