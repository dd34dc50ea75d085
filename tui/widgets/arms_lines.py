"""The arms of an experiment as lines of a table and points of a chart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.cli.tables import figure
from core.tuning.charts import ArmPoint
from core.workflow.experiments import ArmStatus, ExperimentReport, Stage
from core.workflow.state import ArmState, ExperimentState
from tui.widgets.figures import range_text

if TYPE_CHECKING:
    from core.tuning.arms import ArmFigures, ArmRow, Effect
    from core.tuning.evidence import Interval

AVERAGES = ("macro", "micro")
"""Names of what is shown beside labels."""
_ORDER: tuple[Stage, ...] = ("failed", "training", "scoring", "planned", "skipped", "done")
"""Of several replicates, the stage that comes first here is the arm's."""
SHORT_OUTCOMES = {"cannot tell apart": "cannot tell"}
FINAL: frozenset[Stage] = frozenset({"done", "failed", "skipped"})


@dataclass(frozen=True)
class ArmGroup:
    """An arm with all its replicates."""

    name: str
    statuses: tuple[ArmStatus, ...]

    @property
    def arm(self) -> ArmState:
        """Its first replicate."""
        return self.statuses[0].arm

    @property
    def stage(self) -> Stage:
        """Where the arm stands: at its worst or slowest replicate."""
        stages = {status.stage for status in self.statuses}
        return next(stage for stage in _ORDER if stage in stages)

    @property
    def words(self) -> str:
        """The stage, with how many replicates are done when there are several."""
        done = sum(status.stage == "done" for status in self.statuses)
        if len(self.statuses) == 1 or done == len(self.statuses):
            return self.stage
        return f"{self.stage} {done}/{len(self.statuses)}"

    @property
    def details(self) -> tuple[str, ...]:
        """What is said of replicates that are not done."""
        return tuple(
            f"{status.arm.run}: {status.detail}"
            for status in self.statuses
            if status.stage != "done" and status.detail
        )

    @property
    def adoptable(self) -> ArmState | None:
        """The first replicate with scores; None without any."""
        return next((one.arm for one in self.statuses if one.stage == "done"), None)


@dataclass(frozen=True)
class ArmLine:
    """One arm as the table shows it."""

    name: str
    stage: Stage
    positives: str
    """Distinct documents and copies, or documents."""
    average_precision: str
    f1_default: str
    f1_tuned: str
    difference: str
    """Of tuned F1 against the base, with its interval."""
    outcome: str
    """The verdict in two words, or the stage."""


def groups_of(statuses: Sequence[ArmStatus]) -> tuple[ArmGroup, ...]:
    """The arms in the experiment's order, replicates together."""
    names = dict.fromkeys(status.arm.plan.group for status in statuses)
    return tuple(
        ArmGroup(name, tuple(one for one in statuses if one.arm.plan.group == name))
        for name in names
    )


def shown_names(experiment: ExperimentState) -> tuple[str, ...]:
    """What the figures can be shown of: the raised labels, then the averages."""
    return (*experiment.request.labels, *AVERAGES)


def row_of(report: ExperimentReport | None, group: str) -> "ArmRow | None":
    """The compared figures of an arm; None when it was not compared."""
    if report is None:
        return None
    rows = (report.comparison.base, *report.comparison.arms)
    return next((row for row in rows if row.arm == group), None)


def figures_of(row: "ArmRow | None", name: str) -> "ArmFigures | None":
    """The figures of a label or an average."""
    if row is None:
        return None
    if name in AVERAGES:
        return row.macro if name == "macro" else row.micro
    return next((one for one in row.labels if one.name == name), None)


def arm_line(group: ArmGroup, report: ExperimentReport | None, name: str) -> ArmLine:
    """One arm with the figures of a label or an average."""
    row = row_of(report, group.name)
    found = figures_of(row, name)
    is_compared = row is not None and group.stage in FINAL
    outcome = SHORT_OUTCOMES.get(row.outcome, row.outcome) if row is not None else ""
    return ArmLine(
        name=group.name,
        stage=group.stage,
        positives=positives_text(group.arm, name),
        average_precision=figure(found.average_precision) if found else "",
        f1_default=_ranged(found.f1_default, found.f1_default_range) if found else "",
        f1_tuned=_ranged(found.f1_tuned, found.f1_tuned_range) if found else "",
        difference=effect_text(found.f1_tuned_effect) if found else "",
        outcome=outcome if is_compared and group.stage != "failed" else group.words,
    )


def positives_text(arm: ArmState, name: str) -> str:
    """Distinct positives and copies of a label; documents for an average."""
    if name in AVERAGES:
        return f"{arm.documents:,}"
    distinct, total = arm.distinct.get(name, 0), arm.after.get(name, 0)
    copies = total - distinct
    return f"{distinct:,}+{copies:,}" if copies else f"{distinct:,}"


def effect_text(effect: "Effect | None") -> str:
    """A difference with its interval; nothing for the base."""
    if effect is None:
        return ""
    from core.tuning.arms.words import change

    return change(effect.difference, effect.interval)


def _ranged(value: float | None, bounds: "Interval | None") -> str:
    return figure(value) if bounds is None else range_text(bounds.low, bounds.high)


def average_precision_points(
    groups: Sequence[ArmGroup], report: ExperimentReport | None, name: str
) -> tuple[ArmPoint, ...]:
    """Average precision of every arm."""
    return tuple(_point(group, report, name, is_precision=True) for group in groups)


def tuned_f1_points(
    groups: Sequence[ArmGroup], report: ExperimentReport | None, name: str
) -> tuple[ArmPoint, ...]:
    """Tuned F1 of every arm."""
    return tuple(_point(group, report, name, is_precision=False) for group in groups)


def _point(
    group: ArmGroup, report: ExperimentReport | None, name: str, *, is_precision: bool
) -> ArmPoint:
    """An arm in the chart; its bar is the interval of the difference, laid on the base."""
    found = figures_of(row_of(report, group.name), name)
    base = figures_of(report.comparison.base if report is not None else None, name)
    value = effect = level = None
    if found is not None and base is not None:
        if is_precision:
            value, effect, level = (
                found.average_precision, found.average_precision_effect, base.average_precision
            )  # fmt: skip
        else:
            value, effect, level = found.f1_tuned, found.f1_tuned_effect, base.f1_tuned
    bar: tuple[float | None, float | None] = (None, None)
    if effect is not None and level is not None:
        bar = (level + effect.interval.low, level + effect.interval.high)
    return ArmPoint(group.name, group.arm.plan.kind, _place(group.arm, name), value, *bar)


def _place(arm: ArmState, name: str) -> float:
    """Positives of a label; of an average the documents."""
    return float(arm.documents if name in AVERAGES else arm.after.get(name, 0))
