"""What is told of an experiment: its plan before, its arms under way, its report afterwards."""

from dataclasses import dataclass
from typing import Literal

import msgspec

from core.comprehend.pricing import Estimate
from core.dataset.label_groups import Group
from core.dataset.oversampling import ArmsRequest, Imbalance, PlannedArm
from core.tuning.arms import ArmsComparison
from core.workflow.state import ArmState

Stage = Literal["planned", "training", "scoring", "done", "failed", "skipped"]


@dataclass(frozen=True)
class ArmPreview:
    """What one arm would train on, and what it would cost."""

    plan: PlannedArm
    run: str
    """The run that it is, or would be, trained as."""
    is_there: bool
    """Whether that run exists already, so that its training is not paid again."""
    documents: int
    added: int
    removed: int
    after: dict[str, int]
    """Positives of every label, copies included."""
    distinct: dict[str, int]
    """Positives of every label without copies."""
    size_bytes: int
    """Size of the training file."""
    imbalance: Imbalance
    training: Estimate
    """What is still to be trained."""
    scoring: Estimate
    """What is still to be scored."""


@dataclass(frozen=True)
class ExperimentPlan:
    """What an experiment would train, score and cost."""

    id: str
    is_resumed: bool
    """Whether it exists and is only carried on."""
    split: str
    request: ArmsRequest
    groups: tuple[Group, ...]
    """Label groups that every arm has, each a classifier more."""
    objective: str
    patience: int | None
    labels: tuple[str, ...]
    before: dict[str, int]
    """Positives of every label in the training part as it was split."""
    arms: tuple[ArmPreview, ...]
    """Base first, then in ascending order."""
    trainings: int
    """Classifiers that are still to be trained."""
    at_once: int
    """Trainings that the engine runs at the same time."""
    estimate: Estimate
    """Trainings and scoring that are still to be started."""
    keeping: Estimate
    """Keeping the new classifiers, per month."""
    budget_usd: float | None
    left_usd: float | None
    """What the budget leaves beside everything started and intended; None without a budget."""
    is_over_budget: bool
    """Whether the whole of it would exceed the budget."""
    engine: str
    is_paid: bool
    cautions: tuple[str, ...]
    """What a reader must know before paying, such as labels whose scores are not returned."""


@dataclass(frozen=True)
class ArmStatus:
    """Where one arm stands."""

    arm: ArmState
    stage: Stage
    detail: str
    """In words: the state of its jobs, why it failed, why it was skipped."""


class ExperimentReport(msgspec.Struct, frozen=True, kw_only=True):
    """Every arm of an experiment against the base."""

    session: str
    engine: str
    """Badge; OFFLINE scores are not Comprehend's."""
    experiment: str
    labels: tuple[str, ...]
    """The labels that the arms raise; empty for a whole-set strategy."""
    tuned_on: str
    measured_on: str
    objective: str
    before: dict[str, int]
    """Positives of every label in the training part as it was split."""
    after: dict[str, dict[str, int]]
    """The same by arm, copies included."""
    comparison: ArmsComparison
    missing: dict[str, str]
    """Arms that are not compared, with the reason."""
    test_looks: int
    """How often figures of the test part were looked at, this comparison included."""
    cautions: tuple[str, ...]
    made_at: str


@dataclass(frozen=True)
class Version:
    """One trained run of the session, as a line of its history."""

    run: str
    kind: str
    """``split``, ``oversampled``, ``label groups``, ``attached``, or the kind of the arm."""
    experiment: str
    """The experiment that it is an arm of; empty for a run of its own."""
    split: str
    is_current: bool
    """Whether the session's thresholds are its."""
    positives: dict[str, int]
    """Positives of every label that it was trained on."""
    state: str
    """Trained, scored, tuned, deleted …, in words."""
    macro_f1: tuple[float, float] | None
    """Of its saved thresholds on test, the lowest and the highest that unknown scores allow; None
    without any."""
    macro_f1_default: tuple[float, float] | None
    """The same at the default threshold."""
    verdict: str
    """Against its experiment's base; empty when it was not compared."""
    made_at: str
