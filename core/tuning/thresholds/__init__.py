"""The thresholds file: write it, read it, apply it."""

from core.tuning.thresholds.applying import ApplyReport, apply_to_predictions, apply_to_reply
from core.tuning.thresholds.deciding import Decision
from core.tuning.thresholds.file import (
    FORMAT,
    VERSION,
    Change,
    Classifier,
    LabelThreshold,
    Provenance,
    Summary,
    Thresholds,
    load,
    save,
)

__all__ = [
    "FORMAT",
    "VERSION",
    "ApplyReport",
    "Change",
    "Classifier",
    "Decision",
    "LabelThreshold",
    "Provenance",
    "Summary",
    "Thresholds",
    "apply_to_predictions",
    "apply_to_reply",
    "load",
    "save",
]
