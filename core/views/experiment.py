"""Plan, arms and history of oversampling experiments as text of 80 columns."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from core.text import plural, printable
from core.views.blocks import Table, TableColumn, table
from core.views.comparison import verdict_text
from core.views.numbers import (
    NONE,
    amounts,
    count,
    figure,
    fine,
    ranged,
    signed,
    signed_interval,
    size,
    threshold,
)
from core.views.prices import budget_lines, estimate_words
from core.views.terminal import WIDTH, paragraph, table_text

if TYPE_CHECKING:
    from core.tuning.arm_effects import ArmFigures, ArmRow, ArmsComparison, Effect, Noise
    from core.workflow.experiments.plan import (
        ArmPreview,
        ArmStatus,
        ExperimentPlan,
        ExperimentReport,
        Version,
    )


_WIDEST_LABEL = 20
_KINDS = {
    "base": "as it was split",
    "distinct": "distinct positives drawn",
    "repeats": "positives repeated",
    "mixed": "drawn for some labels, repeated for others",
    "repeats-from": "few distinct positives repeated",
    "ml-ros": "documents of rare labels repeated (ML-ROS)",
}


def plan_text(plan: "ExperimentPlan") -> str:
    """What an experiment would train, score and cost, for people."""
    named = ", ".join(printable(label, 40) for label in plan.request.labels)
    state = "carried on" if plan.is_resumed else "new"
    stop = f"; stops after {plural(plan.patience, 'arm')} without gain" if plan.patience else ""
    lines = [
        *paragraph(
            f"experiment {plan.id} ({state}) on {plan.engine}: "
            f"{plural(len(plan.arms), 'arm')} on the training part of split {plan.split}; "
            f"for {named or 'rare labels (ML-ROS)'}; every arm tuned for {plan.objective}{stop}"
        ),
        "",
        *_arm_tables(plan),
        *_kinds(plan.arms),
        *_runs(plan),
        "",
        "positives of every label in training, copies included:",
        *_label_tables(plan),
        "",
        *_price_lines(plan),
    ]
    for caution in plan.cautions:
        lines += paragraph(caution, "! ")
    return "\n".join(lines)


def _arm_tables(plan: "ExperimentPlan") -> list[str]:
    """Per arm: positives of the chosen labels, documents, file, imbalance, price."""
    labels = plan.request.labels
    headers = ["arm", *labels, "docs", "file", "MeanIR", "SCUMBLE", "price $"]
    rows = [
        [
            arm.plan.id,
            *(
                positives_text(arm.after.get(label, 0), arm.distinct.get(label, 0))
                for label in labels
            ),
            count(arm.documents),
            size(arm.size_bytes),
            figure(arm.imbalance.mean_ir),
            fine(arm.imbalance.scumble),
            amounts(
                arm.training.low_usd + arm.scoring.low_usd,
                arm.training.high_usd + arm.scoring.high_usd,
            ),
        ]
        for arm in plan.arms
    ]
    return [table_text(table(headers, rows), widest=_WIDEST_LABEL, width=WIDTH)]


def _kinds(arms: "Sequence[ArmPreview]") -> list[str]:
    """What is done to the training part, by kind of arm."""
    groups: dict[str, list[str]] = {}
    for arm in arms:
        groups.setdefault(arm.plan.kind, []).append(arm.plan.id)
    return [
        line
        for kind, ids in groups.items()
        for line in paragraph(f"{', '.join(ids)}: {_KINDS.get(kind, kind)}", "  ", "    ")
    ]


def _runs(plan: "ExperimentPlan") -> list[str]:
    """What the runs are called, and which are there already."""
    usual = {arm.plan.id: f"{plan.id}-{arm.plan.id}" for arm in plan.arms}
    others = [f"{arm.plan.id} is {arm.run}" for arm in plan.arms if arm.run != usual[arm.plan.id]]
    there = [arm.plan.id for arm in plan.arms if arm.is_there]
    known = [f"there already: {', '.join(there)}"] if there else []
    return paragraph("; ".join([f"runs: {plan.id}-ARM", *others, *known]), "  ", "    ")


def _label_tables(plan: "ExperimentPlan") -> list[str]:
    raised = set(plan.request.labels)
    labels = [*plan.request.labels, *(label for label in plan.labels if label not in raised)]
    return count_tables(labels, {arm.plan.id: arm.after for arm in plan.arms})


def count_tables(labels: Sequence[str], columns: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Positives with a row per label and a column per arm, in as many tables as needed."""
    rows = [
        [label, *(f"{counts.get(label, 0):,}" for counts in columns.values())] for label in labels
    ]
    counted = table(["label", *columns], rows)
    return [table_text(counted, widest=_WIDEST_LABEL, width=WIDTH)] if rows else []


def _price_lines(plan: "ExperimentPlan") -> list[str]:
    if not plan.estimate.high_usd and not plan.trainings:
        return ["price: nothing is left to pay, every job is started"]
    lines = [
        f"price: {estimate_words(plan.estimate.low_usd, plan.estimate.high_usd, plan.is_paid)}",
        *paragraph(f"basis: {plan.estimate.basis}"),
    ]
    if plan.trainings:
        trainings = plural(plan.trainings, "training")
        lines.append(f"{trainings} still to start, up to {plan.at_once} at once")
        lines += paragraph(f"keeping: {plan.keeping.basis}")
    return [*lines, *budget_lines(plan)]


def positives_text(total: int, distinct: int) -> str:
    """Positives with their copies set apart: ``500=20+480``; the number alone without copies."""
    copies = total - distinct
    return f"{total:,}={distinct:,}+{copies:,}" if copies else f"{total:,}"


def arms_text(statuses: "Sequence[ArmStatus]") -> str:
    """Where every arm stands, and in full why one failed or was skipped."""
    rows = [
        [status.arm.plan.id, status.arm.run, status.stage, status.detail] for status in statuses
    ]
    left = ["run", "stage", "detail"]
    lines = [table_text(table(["arm", *left], rows, left=left), widest=30, width=WIDTH)]
    for status in statuses:
        if status.stage in ("failed", "skipped") and len(status.detail) > 30:
            lines += paragraph(
                f"{status.arm.plan.id} {status.stage}: {status.detail}", "  ", "    "
            )
    return "\n".join(lines)


def history_text(versions: "Sequence[Version]") -> str:
    """Every trained run, oldest first: what it is, how it stands, its macro-F1, its verdict."""
    if not versions:
        return "no run yet"
    rows = [
        [
            f"{'›' if version.is_current else ' '} {version.run}",
            version.kind,
            version.experiment or "–",
            version.split,
            version.state,
            ranged(None, version.macro_f1_default),
            ranged(None, version.macro_f1),
            version.made_at[:10],
        ]
        for version in versions
    ]
    left = ["kind", "exp.", "split", "state", "made"]
    columns = ["  run", *left[:4], "F1@def", "F1", "made"]
    shown = table_text(table(columns, rows, left=left), widest=24, width=WIDTH)
    lines = [shown, "› the session's thresholds are its"]
    lines.append("F1@def, F1: macro-F1 on test at the default and at the run's own thresholds")
    for version in versions:
        if version.verdict:
            lines += paragraph(f"{version.run}: {version.verdict}")
    labels = _differing(versions)
    if labels:
        counts = {version.run: version.positives for version in versions}
        lines += ["", "positives trained on, of the labels that differ:"]
        lines += count_tables(labels, counts)
    return "\n".join(lines)


def _differing(versions: "Sequence[Version]") -> list[str]:
    """Labels of which not every version was trained on equally many positives."""
    names = dict.fromkeys(label for version in versions for label in version.positives)
    return [
        label
        for label in names
        if len({version.positives.get(label, 0) for version in versions}) > 1
    ]


# The comparison of an experiment's arms as text of 80 columns.


AVERAGES = ("macro", "micro")
_FIGURES = {
    "average_precision": "AP",
    "f1_default": "F1@def",
    "f1_tuned": "F1",
    "precision": "P",
    "recall": "R",
}
_COLUMNS = (
    TableColumn("trained on", "positives"),
    TableColumn("AP"),
    TableColumn("AP difference", "ΔAP"),
    TableColumn("AP interval", "interval"),
    TableColumn("AP verdict", "AP is", is_left=True),
    TableColumn("F1 at default", "F1@def"),
    TableColumn("F1"),
    TableColumn("F1 difference", "ΔF1"),
    TableColumn("F1 interval", "interval"),
    TableColumn("precision", "P"),
    TableColumn("recall", "R"),
    TableColumn("threshold", "thr"),
    TableColumn("F1 verdict", "F1 is", is_left=True),
    TableColumn("AP change", "AP", is_left=True),
    TableColumn("F1 change", "tuned F1", is_left=True),
    TableColumn("precision change", "precision", is_left=True),
    TableColumn("recall change", "recall", is_left=True),
    TableColumn("F1 at default change", "F1@def", is_left=True),
)
_RANKING = ("AP", "AP difference", "AP interval", "AP verdict")
_DECISIONS = (
    *("F1 at default", "F1", "F1 difference", "F1 interval", "precision", "recall"),
    *("threshold", "F1 verdict"),
)


def arm_table(report: "ExperimentReport", name: str, is_label: bool) -> Table:
    """Every arm against the base: the figures of a label, or of ``macro`` or ``micro``."""
    found = report.comparison
    arms = (found.base, *found.arms)
    figures = arm_figures(found.base, name, is_label)
    what = f"{name} average"
    if is_label:
        what = f"{printable(name, 60)}, {plural(figures.support, 'positive')}"
    return table(
        [TableColumn("arm"), *_COLUMNS],
        [[arm.arm, *_cells(arm, arm_figures(arm, name, is_label))] for arm in arms],
        caption=f"Arms against the base on {report.measured_on}: {what}",
    )


def labels_table(arm: "ArmRow") -> Table:
    """All figures of one arm: a row per label, then the averages."""
    columns = [TableColumn("label"), TableColumn("positives", "test"), *_COLUMNS]
    shown = (*arm.labels, arm.macro, arm.micro)
    return table(columns, [[each.name, count(each.support), *_cells(arm, each)] for each in shown])


def _cells(arm: "ArmRow", figures: "ArmFigures") -> list[str]:
    return [
        _positives(arm, figures.name),
        figure(figures.average_precision),
        *_effect(figures.average_precision_effect),
        ranged(figures.f1_default, figures.f1_default_range),
        ranged(figures.f1_tuned, figures.f1_tuned_range),
        *_effect(figures.f1_tuned_effect)[:2],
        figure(figures.precision),
        figure(figures.recall),
        threshold(figures.threshold),
        _effect(figures.f1_tuned_effect)[2],
        effect_text(figures.average_precision_effect),
        effect_text(figures.f1_tuned_effect),
        effect_text(figures.precision_effect),
        effect_text(figures.recall_effect),
        effect_text(figures.f1_default_effect),
    ]


def arm_figures(arm: "ArmRow", name: str, is_label: bool) -> "ArmFigures":
    """The figures of a label or an average.

    Raises:
        KeyError: the arm has none of that name.
    """
    if not is_label:
        return arm.macro if name == "macro" else arm.micro
    return {figures.name: figures for figures in arm.labels}[name]


def effect_text(effect: "Effect | None") -> str:
    """A difference with its interval in one cell; a dash for the base."""
    if effect is None:
        return NONE
    return f"{signed(effect.difference)} [{signed_interval(effect.interval)}]"


def experiment_text(report: "ExperimentReport", all_labels: bool = False) -> str:
    """Every arm against the base: two tables per label and average, then the verdicts.

    Args:
        all_labels: whether labels that were not raised get tables as well.
    """
    found = report.comparison
    raised = ", ".join(printable(label, 40) for label in report.labels)
    lines = [
        *paragraph(
            f"session {printable(report.session)} · experiment {report.experiment} · "
            f"{report.engine}"
        ),
        *paragraph(
            f"labels: {raised or 'rare labels (ML-ROS)'}; every arm tuned on {report.tuned_on} for "
            f"{report.objective}, measured on {report.measured_on}: "
            f"{plural(found.documents, 'document')} ({found.distinct_documents:,} distinct)"
        ),
    ]
    labels = _shown_labels(found, all_labels)
    for name in labels:
        lines += ["", *_tables(report, name, is_label=True)]
    for name in AVERAGES:
        lines += ["", *_tables(report, name, is_label=False)]
    lines += ["", *_legend(found)]
    if not all_labels:
        lines.append("labels that were not raised: compare --all-labels")
    lines += ["", "verdicts against base:"]
    for arm in found.arms:
        lines += paragraph(f"{arm.arm}: {arm.verdict}", "  ", "    ")
    if not found.arms:
        lines.append("  no arm is scored yet")
    for arm_id, reason in report.missing.items():
        lines += paragraph(f"{arm_id} is not compared: {reason}", "! ")
    lines += _noise(found, [*labels, *AVERAGES])
    return "\n".join([*lines, *_closing(report)])


def _shown_labels(found: "ArmsComparison", all_labels: bool) -> list[str]:
    names = [figures.name for figures in found.base.labels]
    raised = [name for name in found.chosen if name in names]
    if not all_labels:
        return raised
    return [*raised, *(name for name in names if name not in found.chosen)]


def _tables(report: "ExperimentReport", name: str, is_label: bool) -> list[str]:
    """One table of the ranking, one of the decisions; the ranking is left out when unknown."""
    found = report.comparison
    whole = arm_table(report, name, is_label)
    figures = arm_figures(found.base, name, is_label)
    title = printable(name, 60) if is_label else f"{name} average"
    lines = [f"{title} ({plural(figures.support, 'positive')} in {found.part})"]
    if _is_told(whole, "AP"):
        ranking = whole.pick("arm", *(["trained on"] if is_label else []), *_RANKING)
        lines += [table_text(ranking, width=WIDTH), ""]
    decisions = whole.pick("arm", *_DECISIONS)
    if not _is_told(whole, "threshold"):
        decisions = decisions.without("threshold")
    return [*lines, table_text(decisions, width=WIDTH)]


def _is_told(whole: Table, title: str) -> bool:
    """Whether a column holds anything but dashes."""
    return any(row != (NONE,) for row in whole.pick(title).rows)


def _positives(arm: "ArmRow", label: str) -> str:
    if label not in arm.positives:
        return NONE
    total = arm.positives[label]
    return positives_text(total, arm.distinct.get(label, total))


def _effect(effect: "Effect | None") -> tuple[str, str, str]:
    """Difference, its interval, and the verdict in short, which the legend explains."""
    if effect is None:
        return NONE, NONE, ""
    verdict = verdict_text(effect.verdict)
    return signed(effect.difference), signed_interval(effect.interval), verdict


def _legend(found: "ArmsComparison") -> list[str]:
    return [
        *paragraph(
            "positives: all = distinct + copies. AP: average precision, the ranking whatever the "
            "threshold. F1@def: at the default threshold, which copies raise by themselves. F1, P, "
            "R: at the arm's own thr. Δ: against base. cannot tell: the interval holds 0."
        ),
        f"{found.resamples:,} paired resamples, seed {found.seed}",
    ]


def _noise(found: "ArmsComparison", names: Sequence[str]) -> list[str]:
    """How far trainings of one arm lie apart, by figure; nothing without replicates."""
    by_name: dict[str, dict[str, Noise]] = {}
    for one in found.noise:
        if one.name in names:
            by_name.setdefault(one.name, {})[one.figure] = one
    if not by_name:
        return []
    degrees = max(one.degrees for row in by_name.values() for one in row.values())
    rows = [
        [name, *(fine(row[f].deviation) if f in row else NONE for f in _FIGURES)]
        for name, row in by_name.items()
    ]
    head = (
        "noise: standard deviation between trainings of the same arm with other seeds "
        f"({plural(degrees, 'degree')} of freedom)"
    )
    return [
        "",
        *paragraph(head),
        table_text(table(["", *_FIGURES.values()], rows), widest=24, width=WIDTH),
    ]


def _closing(report: "ExperimentReport") -> list[str]:
    """Advice, notes, cautions, and how often the test part was looked at."""
    found = report.comparison
    lines = []
    if found.advice:
        lines += ["", "advice:"]
        for sentence in found.advice:
            lines += paragraph(sentence, "  ", "    ")
    if found.notes:
        lines.append("")
    for note in found.notes:
        lines += paragraph(note, "  ", "    ")
    for caution in report.cautions:
        lines += paragraph(caution, "! ")
    lines.append(f"the test part was looked at {plural(report.test_looks, 'time')}")
    return lines
