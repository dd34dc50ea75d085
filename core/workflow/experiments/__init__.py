"""Oversampling experiments: plan arms, train them, compare them, adopt one.

Arms are runs of the session like any other: their jobs, their ledger entries and their files are
where those of a single run are.
"""

from core.workflow.experiments.adopting import adopt_arm, adoptable_run
from core.workflow.experiments.arms import arm_statuses, retry_failed
from core.workflow.experiments.comparing import ArmsSettings, compare_experiment, load_comparison
from core.workflow.experiments.finding import find_experiment, newest_experiment
from core.workflow.experiments.planning import plan_experiment
from core.workflow.experiments.running import run_experiment
from core.workflow.experiments.starting import start_experiment
from core.workflow.experiments.versions import versions
from core.workflow.experiments.views import (
    ArmPreview,
    ArmStatus,
    ExperimentPlan,
    ExperimentReport,
    Stage,
    Version,
)

__all__ = [
    "ArmPreview", "ArmStatus", "ArmsSettings", "ExperimentPlan", "ExperimentReport", "Stage",
    "Version", "adopt_arm", "adoptable_run", "arm_statuses", "compare_experiment",
    "find_experiment", "load_comparison", "newest_experiment", "plan_experiment", "retry_failed",
    "run_experiment", "start_experiment", "versions",
]  # fmt: skip
