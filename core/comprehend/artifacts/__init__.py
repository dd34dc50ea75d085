"""What the service leaves behind: archives, confusion matrices and predictions."""

from core.comprehend.artifacts.archive import Limits, read_archive
from core.comprehend.artifacts.confusion import Cells, Confusion, confusion_metrics, read_confusion
from core.comprehend.artifacts.predictions import join_predictions
from core.comprehend.artifacts.report import JoinReport, join_problems
from core.comprehend.artifacts.scores import (
    Scores,
    load_scores,
    merge_scores,
    returned_share,
    save_scores,
)

__all__ = [
    "Cells",
    "Confusion",
    "JoinReport",
    "Limits",
    "Scores",
    "confusion_metrics",
    "join_predictions",
    "join_problems",
    "load_scores",
    "merge_scores",
    "read_archive",
    "read_confusion",
    "returned_share",
    "save_scores",
]
