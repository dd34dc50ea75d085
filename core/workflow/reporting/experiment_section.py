"""The section on the experiment that a run is an arm, or the base, of."""

from core.text import plural
from core.tuning.arms import ArmFigures, ArmRow, Effect
from core.tuning.evidence import Interval
from core.workflow.experiments import (
    ExperimentReport,
    find_experiment,
    load_comparison,
)
from core.workflow.reporting.blocks import (
    NONE,
    Block,
    Items,
    Paragraph,
    Section,
    Table,
    count,
    figure,
    name,
    ranged,
    signed,
    signed_interval,
    table,
)
from core.workflow.session import Session
from core.workflow.state import RunState, SessionState


def experiment_of(session: Session, state: SessionState, run: RunState) -> ExperimentReport | None:
    """The newest kept comparison of arms that a run takes part in; None without one."""
    for experiment in reversed(state.experiments):
        if any(arm.run == run.name for arm in experiment.arms):
            found = load_comparison(session, find_experiment(state, experiment.id))
            if found is not None:
                return found
    return None


def experiment_section(report: ExperimentReport | None) -> Section:
    """Every arm against the base: figures of the raised labels and of macro, verdicts, advice."""
    if report is None:
        return Section("Experiment", ())
    found = report.comparison
    raised = ", ".join(name(label) for label in report.labels) or "every rare label (ML-ROS)"
    lead = (
        f"Experiment {report.experiment} raises {raised} in the training part. Every arm has"
        f" thresholds of its own, chosen on {report.tuned_on} for {report.objective}, and is"
        f" measured on {report.measured_on} ({plural(found.documents, 'document')}). Verdicts rest"
        f" on {plural(found.claims, 'look')}, which share {found.level:.0%}: each of these"
        f" intervals is one of {found.claim_level:.2%}."
    )
    blocks: list[Block] = [Paragraph(lead)]
    blocks += [_table(report, label) for label in (*report.labels, "macro")]
    verdicts = tuple(f"{row.arm}: {row.verdict}" for row in found.arms)
    missing = tuple(f"{arm} is not compared: {why}" for arm, why in report.missing.items())
    blocks += [Items((*verdicts, *missing)), Items(found.advice), Items(found.notes)]
    return Section("Experiment", tuple(blocks))


def _table(report: ExperimentReport, label: str) -> Table:
    rows = (report.comparison.base, *report.comparison.arms)
    of_label = label in report.labels
    support = _figures(rows[0], label).support
    what = f"{name(label)}, {plural(support, 'positive')}" if of_label else "macro average"
    return table(
        f"Arms against the base on {report.measured_on}: {what}",
        ["arm", "trained on", "AP", "AP difference", "F1 at default", "F1", "F1 difference",
         "precision", "recall"],
        [_row(row, label, of_label) for row in rows],
        left=["trained on"],
    )  # fmt: skip


def _row(row: ArmRow, label: str, of_label: bool) -> list[str]:
    found = _figures(row, label)
    return [
        row.arm,
        _positives(row, label) if of_label else NONE,
        figure(found.average_precision),
        _effect(found.average_precision_effect),
        _ranged(found.f1_default, found.f1_default_range),
        _ranged(found.f1_tuned, found.f1_tuned_range),
        _effect(found.f1_tuned_effect),
        figure(found.precision),
        figure(found.recall),
    ]


def _figures(row: ArmRow, label: str) -> ArmFigures:
    return next((found for found in row.labels if found.name == label), row.macro)


def _positives(row: ArmRow, label: str) -> str:
    total, distinct = row.positives[label], row.distinct[label]
    copies = total - distinct
    return count(distinct) + (f" and {plural(copies, 'copy', 'copies')}" if copies else "")


def _effect(effect: Effect | None) -> str:
    if effect is None:
        return NONE
    return f"{signed(effect.difference)} ({signed_interval(effect.interval)})"


def _ranged(value: float, bounds: Interval | None) -> str:
    return figure(value) if bounds is None else ranged(value, bounds.low, bounds.high)
