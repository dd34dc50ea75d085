"""Sections on what checks the figures: returned scores, other runs, the service, calibration."""

from core.tuning.comparison import Difference
from core.tuning.evidence import Interval
from core.workflow.actions.compare import ComparedPair
from core.workflow.actions.metrics import MetricsFile
from core.workflow.actions.reconciling import ClassifierReconciliation
from core.workflow.reporting.blocks import (
    NONE,
    Block,
    Cautions,
    Items,
    Paragraph,
    Plot,
    Section,
    Table,
    count,
    figure,
    name,
    signed,
    signed_interval,
    table,
    threshold,
)
from core.workflow.reporting.contents import FullReport

_WIDEST_MATRIX = 12
"""Labels of a confusion matrix that fits on a page."""


def returned_section(report: FullReport) -> Section:
    """How much of each label's positives the service returned a score for."""
    shares = report.returned_share
    labels = list(dict.fromkeys(label for part in shares.values() for label in part))
    if not labels:
        return Section("Scores that were returned", ())
    rows = [
        [name(label), *(figure(part.get(label)) for part in shares.values())] for label in labels
    ]
    caption = (
        f"Share of each label's positives whose score was returned ({report.engine}), by part. "
        "Below 1.000 the rest is unknown, and recall and F1 are ranges."
    )
    return Section("Scores that were returned", (table(caption, ["label", *shares], rows),))


def comparison_section(report: FullReport) -> Section:
    """Other runs against this one, in pairs."""
    found = report.comparison
    if found is None:
        return Section("Comparison with other runs", ())
    blocks: list[Block] = [_pair(pair, found.engine) for pair in found.pairs]
    if found.cautions:
        blocks.append(Cautions(found.cautions))
    return Section("Comparison with other runs", tuple(blocks))


def _pair(pair: ComparedPair, engine: str) -> Table:
    found = pair.comparison
    sides = "; ".join(
        f"{letter} = {name(side.name)}, tuned on {side.tuned_on}, measured on {side.measured_on}"
        for letter, side in (("a", pair.a), ("b", pair.b))
    )
    caption = (
        f"F1 on {count(found.documents)} documents of {found.part} ({engine}): {sides}. Intervals "
        f"of b minus a from {count(found.resamples)} paired resamples, averages at "
        f"{found.interval_level:.1%}, labels at {found.label_interval_level:.1%}."
    )
    averages = [found.macro_f1, found.micro_f1, found.macro_f1_without_none,
                found.micro_f1_without_none]  # fmt: skip
    rows = [_difference(row) for row in (*averages, *found.labels) if row is not None]
    headers = ["F1 of", "positives", "a", "b", "b minus a", "interval", "verdict on b", "AP a",
               "AP b"]  # fmt: skip
    return table(caption, headers, rows, left=["verdict on b"])


def _difference(row: Difference) -> list[str]:
    return [
        name(row.name),
        count(row.support),
        _ranged(row.a, row.a_range),
        _ranged(row.b, row.b_range),
        signed(row.difference),
        signed_interval(row.interval),
        row.verdict,
        figure(row.average_precision_a),
        figure(row.average_precision_b),
    ]


def _ranged(value: float, found: Interval | None) -> str:
    return figure(value) if found is None else f"{figure(found.low)}–{figure(found.high)}"


def service_section(report: FullReport) -> Section:
    """What the service counted itself, and whether the scores give the same."""
    blocks: list[Block] = []
    for one in report.reconciliation:
        blocks += _reconciliation(one)
    for metrics in report.service:
        blocks += _service(metrics)
    return Section("The service's own metrics, and reconciliation", tuple(blocks))


def _reconciliation(one: ClassifierReconciliation) -> list[Block]:
    found = one.found
    outcome = Paragraph(
        f"Classifier {one.classifier}, reconciled on {found.part}: {found.outcome}. {found.summary}"
    )
    points = [f"{name(label)}: {_points(point)}" for label, point in found.operating_points.items()]
    blocks: list[Block] = [outcome]
    if points and found.common is None:
        blocks += [Paragraph("Thresholds that give the service's counts:"), Items(tuple(points))]
    elif found.common is not None:
        blocks.append(
            Paragraph(f"Thresholds that give the counts of all labels: {_points(found.common)}.")
        )
    blocks.append(Items(tuple(finding.message for finding in found.findings)))
    return blocks


def _points(found: Interval | None) -> str:
    if found is None:
        return "none"
    return f"above {threshold(found.low)} up to {threshold(found.high)}"


def _service(metrics: MetricsFile) -> list[Block]:
    tested = f"{count(metrics.documents_tested)} test documents"
    who = f"classifier {metrics.classifier}"
    rows = [
        [key, figure(value, 4), figure(metrics.recomputed_metrics.get(key), 4)]
        for key, value in metrics.service_metrics.items()
    ]
    caption = f"Metrics that the service reported for {who} on {tested}, at its own threshold"
    blocks: list[Block] = []
    if rows:
        blocks.append(table(caption, ["metric", "reported", "from the matrix"], rows))
    if metrics.cells:
        blocks.append(_cells(metrics, f"The service's counts for {who} on {tested}"))
    if metrics.matrix and len(metrics.labels) <= _WIDEST_MATRIX:
        matrix = [
            [name(label), *map(count, row)]
            for label, row in zip(metrics.labels, metrics.matrix, strict=True)
        ]
        caption = f"Confusion matrix of {who} on {tested}: rows actual, columns predicted"
        blocks.append(table(caption, ["actual", *map(name, metrics.labels)], matrix))
    absent = [name(label) for label in metrics.all_labels if label not in metrics.labels]
    if absent:
        blocks.append(
            Paragraph(f"Without test documents, left out of its averages: {', '.join(absent)}.")
        )
    return blocks


def _cells(metrics: MetricsFile, caption: str) -> Table:
    rows = []
    for label, cell in metrics.cells.items():
        tp, fp, fn, tn = (cell[key] for key in ("tp", "fp", "fn", "tn"))
        figures = ((tp, tp + fp), (tp, tp + fn), (2 * tp, 2 * tp + fp + fn))
        rows.append([
            name(label), *map(count, (tp, fp, fn, tn)),
            *(figure(above / below) if below else NONE for above, below in figures),
        ])  # fmt: skip
    return table(caption, ["label", "TP", "FP", "FN", "TN", "precision", "recall", "F1"], rows)


def calibration_section(report: FullReport) -> Section:
    """Whether scores can be read as shares of positives."""
    view = report.calibration
    if view is None:
        return Section("Calibration", ())
    rows = [
        [
            name(label.label), count(label.known), count(label.unknown), figure(label.ece),
            threshold(label.threshold), figure(label.half_best_f1),
            "full" if label.decimals is None else str(label.decimals),
            count(label.distinct_near), count(label.ties),
        ]
        for label in view.labels
    ]  # fmt: skip
    caption = (
        f"How scores read on {count(view.documents)} documents of {view.part} ({report.engine}). "
        "ECE: mean distance of score and share of positives; F*/2: threshold that calibrated "
        "scores would have (from the best F1 of this part, optimistic); distinct: scores among the "
        "100 documents nearest the threshold; ties: documents at exactly the threshold."
    )
    headers = ["label", "scores", "not returned", "ECE", "threshold", "F*/2", "decimals",
               "distinct", "ties"]  # fmt: skip
    notes = [f"{name(label.label)}: {label.note}" for label in view.labels if label.note]
    plot = Plot(
        "reliability",
        f"Share of positives by mean score on {view.part} ({report.engine}); each point a bin, its "
        f"line the {view.level:.0%} interval; calibrated scores lie on the diagonal; the upright "
        "line is the threshold.",
    )
    blocks = (table(caption, headers, rows), Items((*notes, *view.notes)), plot)
    return Section("Calibration", blocks)
