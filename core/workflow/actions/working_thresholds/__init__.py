"""Thresholds while a user moves them: in memory until they are saved.

The curves of a run are loaded once; after that every figure is a look-up. What is saved is what the
`thresholds` command saves with the same settings: what is seen is what is saved.
"""

from core.workflow.actions.working_thresholds.change import Change, planned_change
from core.workflow.actions.working_thresholds.known import (
    KnownEvidence,
    evidence_of_report,
    gather_known,
)
from core.workflow.actions.working_thresholds.saving import (
    SavedThresholds,
    equivalent_command,
    save_working,
)
from core.workflow.actions.working_thresholds.standing import (
    Standing,
    is_known,
    standing_of,
    tuning_settings,
)
from core.workflow.actions.working_thresholds.working import (
    LOG_STEP,
    STEP,
    WorkingThresholds,
    moved,
    start_working,
)

__all__ = [
    "LOG_STEP",
    "STEP",
    "Change",
    "KnownEvidence",
    "SavedThresholds",
    "Standing",
    "WorkingThresholds",
    "equivalent_command",
    "evidence_of_report",
    "gather_known",
    "is_known",
    "moved",
    "planned_change",
    "save_working",
    "standing_of",
    "start_working",
    "tuning_settings",
]
