"""What is known of the arms of an experiment: what goes in, and what is told of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec

from core.tuning.comparison import Decisions, Verdict
from core.tuning.evidence import Interval
from core.tuning.parts import PartArrays

Outcome = Literal["base", "better", "worse", "cannot tell apart"]
FigureName = Literal["average_precision", "f1_default", "f1_tuned", "precision", "recall"]


@dataclass(frozen=True)
class RunFigures:
    """One trained run on the test documents."""

    name: str
    test: PartArrays
    default: Decisions
    """At the default threshold."""
    tuned: Decisions
    """At the run's own thresholds."""
    thresholds: Mapping[str, float]
    """Its own thresholds by label, chosen on other documents."""


@dataclass(frozen=True)
class ArmRuns:
    """One arm, trained once or, with other seeds, several times."""

    arm: str
    kind: str
    """Such as ``distinct`` or ``repeats``; see `core.tuning.arms.advice`."""
    positives: Mapping[str, int]
    """Positives trained on, by label, copies included."""
    distinct: Mapping[str, int]
    """The same without copies."""
    replicates: tuple[RunFigures, ...]


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """A figure of an arm minus that of the base."""

    difference: float
    interval: Interval
    verdict: Verdict


class ArmFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of one label or average, means over the arm's replicates."""

    name: str
    """The label, ``macro`` or ``micro``."""
    support: int
    """Test documents with the label; of an average, the sum over its labels."""
    average_precision: float | None
    """None without positives, when a score is not known, and for micro."""
    f1_default: float
    """At the default threshold, unknown scores taken as not flagged."""
    f1_tuned: float
    """At the arm's own threshold."""
    precision: float
    """At the arm's own threshold."""
    recall: float
    """At the arm's own threshold."""
    threshold: float | None
    """The arm's own; None for an average."""
    f1_default_range: Interval | None = None
    """What scores that were not returned allow; None when exact."""
    f1_tuned_range: Interval | None = None
    average_precision_effect: Effect | None = None
    """Against the base; None for the base itself, and where average precision is not known."""
    ranking_alone: Effect | None = None
    """The effect on average precision at the experiment's level as it stands, as if it were the
    only look; given where tuned F1 differs and verdicts rest on it."""
    f1_default_effect: Effect | None = None
    f1_tuned_effect: Effect | None = None
    precision_effect: Effect | None = None
    recall_effect: Effect | None = None


class ArmRow(msgspec.Struct, frozen=True, kw_only=True):
    """One arm against the base."""

    arm: str
    kind: str
    runs: tuple[str, ...]
    """One per replicate."""
    positives: dict[str, int]
    distinct: dict[str, int]
    labels: tuple[ArmFigures, ...]
    macro: ArmFigures
    """Means over the labels with positives, without the none-label."""
    micro: ArmFigures
    """Of the counts pooled over all labels but the none-label, those without positives too."""
    verdict: str
    """In plain words."""
    outcome: Outcome


class Noise(msgspec.Struct, frozen=True, kw_only=True):
    """How far trainings of the same arm with other seeds lie apart."""

    name: str
    """The label, ``macro`` or ``micro``."""
    figure: FigureName
    deviation: float
    """Standard deviation between replicates, pooled over arms as if they were equally noisy."""
    degrees: int
    """Degrees of freedom: replicates less arms that have several."""


class ArmsComparison(msgspec.Struct, frozen=True, kw_only=True):
    """Every arm against the base on the same documents."""

    base: ArmRow
    arms: tuple[ArmRow, ...]
    chosen: tuple[str, ...]
    """Labels that the arms raise: with macro, what verdicts rest on."""
    part: str
    documents: int
    distinct_documents: int
    """Documents without their copies: what is resampled."""
    level: float
    """Chance that no claim is wrong."""
    claim_level: float
    """Level of each interval of average precision and tuned F1 of chosen labels and macro."""
    claims: int
    """Looks that share `level`: arms times chosen labels and macro times both figures, and the arms
    that the advice compares with each other."""
    other_level: float
    """Level of each of the other intervals."""
    others: int
    """Looks that share `level` in a family of their own: all other intervals."""
    resamples: int
    seed: int
    noise: tuple[Noise, ...]
    """Empty when no arm has several replicates."""
    advice: tuple[str, ...]
    """By chosen label: whether to repeat documents or to label more."""
    notes: tuple[str, ...]
