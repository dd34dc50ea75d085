"""Oversampling experiments: arms, each trained as a run, as they are saved."""

import msgspec

from core.dataset.label_groups import Group
from core.dataset.oversampling import ArmsRequest, PlannedArm
from core.workflow.state.dataset import OversamplingState


class ArmState(msgspec.Struct, frozen=True, kw_only=True):
    """One arm of an experiment."""

    plan: PlannedArm
    run: str
    """The run that it is trained as; the base arm may be a run that was there before."""
    before: dict[str, int]
    """Positives of every label in the training part as it was split."""
    after: dict[str, int]
    """Positives of every label in the arm's training part, copies included."""
    distinct: dict[str, int]
    """The same without copies."""
    added: int
    removed: int
    documents: int
    size_bytes: int
    """Size of the training file."""
    made: OversamplingState | None = None
    """The training file, once it is written; None before and for a base as it was split."""
    skipped: str = ""
    """Why it is not trained; empty when it is, or is to be."""


class ComparisonState(msgspec.Struct, frozen=True, kw_only=True):
    """The last comparison of an experiment's arms."""

    inputs: str
    """Fingerprint of the scores that were compared."""
    path: str
    """The report in JSON."""
    verdicts: dict[str, str]
    """In words, by arm."""
    made_at: str


class ExperimentState(msgspec.Struct, kw_only=True):
    """A sweep of arms on one split."""

    id: str
    """``e1``, ``e2`` …"""
    split: str
    """Id of the split."""
    request: ArmsRequest
    groups: tuple[Group, ...] = ()
    """Label groups that every arm has, as the base does."""
    objective: str = "max_f1"
    """What every arm's thresholds are chosen for, on the tuning part."""
    patience: int | None = None
    """Stop after so many arms in a row without gain; None trains every arm."""
    arms: list[ArmState]
    """Base first, then in ascending order."""
    comparison: ComparisonState | None = None
    made_at: str

    def arm(self, arm_id: str) -> ArmState:
        """The arm called `arm_id`, which must exist."""
        return next(arm for arm in self.arms if arm.plan.id == arm_id)
