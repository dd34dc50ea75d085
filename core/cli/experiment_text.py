"""Plan, arms and history of oversampling experiments as text of 80 columns."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from core.cli.narrow import narrow_tables, paragraph
from core.cli.tables import figure, figure_range
from core.cli.train_command import price_line
from core.text import plural, printable

if TYPE_CHECKING:
    from core.workflow.experiments.views import ArmPreview, ArmStatus, ExperimentPlan, Version

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
            f"{arm.documents:,}",
            size_text(arm.size_bytes),
            figure(arm.imbalance.mean_ir),
            figure(arm.imbalance.scumble, 3),
            _price(arm),
        ]
        for arm in plan.arms
    ]
    return spaced(narrow_tables(headers, rows, widest=_WIDEST_LABEL))


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
    return spaced(narrow_tables(["label", *columns], rows, widest=_WIDEST_LABEL))


def _price(arm: "ArmPreview") -> str:
    low = arm.training.low_usd + arm.scoring.low_usd
    high = arm.training.high_usd + arm.scoring.high_usd
    if round(low, 2) == round(high, 2):
        return f"{high:,.2f}"
    return f"{low:,.2f}–{high:,.2f}"


def _price_lines(plan: "ExperimentPlan") -> list[str]:
    if not plan.estimate.high_usd and not plan.trainings:
        return ["price: nothing is left to pay, every job is started"]
    lines = [
        price_line(plan.estimate.low_usd, plan.estimate.high_usd, plan.is_paid),
        *paragraph(f"basis: {plan.estimate.basis}"),
    ]
    if plan.trainings:
        trainings = plural(plan.trainings, "training")
        lines.append(f"{trainings} still to start, up to {plan.at_once} at once")
        lines += paragraph(f"keeping: {plan.keeping.basis}")
    if plan.is_paid and plan.budget_usd is not None and plan.left_usd is not None:
        budget = (
            f"budget: ${plan.budget_usd:,.2f}, of which ${max(plan.left_usd, 0.0):,.2f} is left"
        )
        lines.append(f"{budget}: too little for the high end" if plan.is_over_budget else budget)
    return lines


def positives_text(total: int, distinct: int) -> str:
    """Positives with their copies set apart: ``500=20+480``; the number alone without copies."""
    copies = total - distinct
    return f"{total:,}={distinct:,}+{copies:,}" if copies else f"{total:,}"


def size_text(size_bytes: int) -> str:
    """A file size for reading, in steps of 1,000."""
    if size_bytes < 1_000_000:
        return f"{size_bytes / 1_000:,.1f} kB"
    return f"{size_bytes / 1_000_000:,.1f} MB"


def spaced(blocks: Sequence[str]) -> list[str]:
    """Tables with an empty line between two."""
    lines: list[str] = []
    for block in blocks:
        lines += ["", block] if lines else [block]
    return lines


def arms_text(statuses: "Sequence[ArmStatus]") -> str:
    """Where every arm stands, and in full why one failed or was skipped."""
    rows = [
        [status.arm.plan.id, status.arm.run, status.stage, status.detail] for status in statuses
    ]
    lines = narrow_tables(["arm", "run ", "stage ", "detail "], rows, widest=30)
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
            figure_range(version.macro_f1_default),
            figure_range(version.macro_f1),
            version.made_at[:10],
        ]
        for version in versions
    ]
    headers = ["  run", "kind ", "exp. ", "split ", "state ", "F1@def", "F1", "made "]
    lines = [*spaced(narrow_tables(headers, rows)), "› the session's thresholds are its"]
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
