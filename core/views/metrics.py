"""What the service counted itself, and how scores read against the truth, in tables and words."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from core.text import plural, printable
from core.views.blocks import Table, name, table
from core.views.numbers import count, figure, fine, interval, level, metric, percentage, threshold
from core.views.terminal import table_text

if TYPE_CHECKING:
    from core.tuning.calibration import CalibrationView, LabelCalibration
    from core.tuning.drift import DriftReport
    from core.tuning.intervals import Interval
    from core.workflow.metrics import MetricsFile


def service_table(metrics: "MetricsFile") -> Table:
    """The metrics that the service reported, and the same from its confusion matrix."""
    rows = [
        [key, metric(value), metric(metrics.recomputed_metrics.get(key))]
        for key, value in metrics.service_metrics.items()
    ]
    return table(
        ["metric", "reported", "from the matrix"],
        rows,
        caption=f"Metrics that the service reported for {_tested(metrics)}, at its own threshold",
    )


def cells_table(metrics: "MetricsFile") -> Table:
    """The confusion matrix of each label with the figures that follow from it."""
    rows = []
    for label, cell in metrics.cells.items():
        tp, fp, fn, tn = (cell[key] for key in ("tp", "fp", "fn", "tn"))
        shares = ((tp, tp + fp), (tp, tp + fn), (2 * tp, 2 * tp + fp + fn))
        figures = [figure(above / below if below else None) for above, below in shares]
        rows.append([name(label), *map(count, (tp, fp, fn, tn)), *figures])
    return table(
        ["label", "TP", "FP", "FN", "TN", "precision", "recall", "F1"],
        rows,
        caption=f"The service's counts for {_tested(metrics)}",
    )


def matrix_table(metrics: "MetricsFile") -> Table:
    """The confusion matrix of labels against labels."""
    rows = [
        [name(label), *map(count, row)]
        for label, row in zip(metrics.labels, metrics.matrix, strict=True)
    ]
    return table(
        ["actual", *map(name, metrics.labels)],
        rows,
        caption=f"Confusion matrix of {_tested(metrics)}: rows actual, columns predicted",
    )


def untested_words(metrics: "MetricsFile") -> str:
    """The labels without test documents; empty when every label has some."""
    absent = [name(label) for label in metrics.all_labels if label not in metrics.labels]
    return f"without test documents, left out of the averages: {', '.join(absent)}" * bool(absent)


def _tested(metrics: "MetricsFile") -> str:
    return f"classifier {metrics.classifier} on {count(metrics.documents_tested)} test documents"


def metrics_text(metrics: Sequence["MetricsFile"]) -> str:
    """Metrics of each classifier, reported and recomputed, then counts per label."""
    blocks = []
    for classifier in metrics:
        blocks.append(
            f"classifier {classifier.classifier}: reported by the service on "
            f"{classifier.documents_tested or 0:,} test documents"
        )
        blocks += [table_text(service_table(classifier)), table_text(cells_table(classifier))]
        untested = untested_words(classifier)
        blocks += [f"! {untested}"] if untested else []
        if classifier.orientation == "undecided":
            blocks.append("! which cell is FP and which FN cannot be told from these figures")
    return "\n".join(blocks)


def returned_table(shares: Mapping[str, Mapping[str, float | None]]) -> Table:
    """How much of each label's positives the service returned a score for, by part."""
    labels = list(dict.fromkeys(label for part in shares.values() for label in part))
    rows = [
        [name(label), *(figure(part.get(label)) for part in shares.values())] for label in labels
    ]
    return table(["label", *shares], rows)


# Calibration: whether scores can be read as shares of positives.


def calibration_table(view: "CalibrationView") -> Table:
    """One row per label: error, threshold against F*/2, resolution."""
    rows = [
        [
            name(label.label),
            count(label.known),
            count(label.unknown),
            fine(label.ece),
            threshold(label.threshold),
            threshold(label.half_best_f1),
            "full" if label.decimals is None else str(label.decimals),
            count(label.distinct_near),
            count(label.ties),
        ]
        for label in view.labels
    ]
    return table(
        [
            *("label", "scores", "not returned", "ECE", "threshold", "F*/2", "decimals"),
            *("distinct", "ties"),
        ],
        rows,
        caption=(
            "ECE: mean distance of score and share of positives; F*/2: threshold that calibrated "
            "scores would have (from the best F1 of this part, optimistic); distinct: scores among "
            "the 100 documents nearest the threshold; ties: documents at exactly the threshold."
        ),
    )


def calibration_notes(view: "CalibrationView") -> list[str]:
    """What is special about labels."""
    return [f"{name(label.label)}: {label.note}" for label in view.labels if label.note]


def calibrations_text(view: "CalibrationView") -> str:
    """Every label in one line, then what the columns mean."""
    rows = calibration_table(view)
    return "\n".join(
        [
            f"{view.documents:,} documents of {view.part}",
            table_text(rows.without("not returned"), widest=30),
            *(f"  {note}" for note in calibration_notes(view)),
            *(f"! {printable(note)}" for note in view.notes),
            rows.caption,
        ]
    )


def bins_table(label: "LabelCalibration", share: float) -> Table:
    """The bins of one label: scores from and to, documents, mean, share of positives."""
    rows = [
        [
            f"{threshold(each.low)}–{threshold(each.high)}",
            count(each.n),
            threshold(each.mean_score),
            count(each.positives),
            figure(each.share_positive),
            interval(each.interval),
        ]
        for each in label.bins
    ]
    columns = ["score", "n", "mean score", "positive", "share", f"{level(share)} interval"]
    return table(columns, rows)


def bins_chart(label: "LabelCalibration", width: int, ascii_only: bool) -> str:
    """The share of positives by mean score as bars."""
    from core.views.curve_chart import bars

    drawn = [(threshold(each.mean_score), each.share_positive) for each in label.bins]
    return bars(drawn, width=width, ascii_only=ascii_only)


def bins_text(label: "LabelCalibration", share: float, width: int, ascii_only: bool) -> str:
    """The bins of one label as a table and as bars of the share of positives."""
    lines = [
        f"{printable(label.label, 60)}: threshold {threshold(label.threshold)}, F*/2"
        f" {threshold(label.half_best_f1)} (optimistic), ECE {fine(label.ece)}",
        f"{plural(label.ties, 'document')} at exactly the threshold"
        f" ({label.ties_positive:,} positive); {label.unknown:,} scores were not returned",
        table_text(bins_table(label, share)),
        "share of positives by mean score:",
        bins_chart(label, width, ascii_only),
    ]
    return "\n".join([*lines, *([f"! {label.note}"] if label.note else [])])


# Drift: new predictions against the scores that thresholds were made from.


def drift_text(report: "DriftReport") -> str:
    """One row per label, then what the figures cannot say."""
    rows = [
        [
            label.label,
            _share(label.flagged_before),
            _share(label.flagged),
            "–" if label.ratio is None else f"{label.ratio:.2f}×",
            figure(label.largest_gap),
            f"{percentage(label.returned_share_before)} → {percentage(label.returned_share)}",
            label.verdict,
            label.why,
        ]
        for label in report.labels
    ]
    columns = ["label", "flagged then", "now", "ratio", "gap", "returned", "verdict", "why"]
    errors = f", {report.errored:,} more with an error" if report.errored else ""
    return "\n".join(
        [
            f"{plural(report.documents, 'new document')}{errors}, against"
            f" {report.reference_documents:,} of part {report.reference_part}",
            table_text(table(columns, rows, left=["verdict", "why"]), widest=60),
            f"{report.tests} tests, together wrong in at most {level(1 - report.level)} of the"
            " cases when nothing moved; gap: largest difference of the shares at or above a score",
            *(f"! {printable(note)}" for note in report.notes),
        ]
    )


def _share(flagged: "Interval") -> str:
    low, high = percentage(flagged.low), percentage(flagged.high)
    return low if low == high else f"{low}–{high}"
