"""The report of a run's thresholds as text."""

from typing import TYPE_CHECKING

from core.text import printable
from core.views.numbers import count, figure, interval, level, signed_interval, span, threshold
from core.views.terminal import table

if TYPE_CHECKING:
    from core.tuning.evaluation import Averages
    from core.workflow.reports import LabelReport, RunReport


_SHORT_PARTS = {"calibration": "calib."}
_KEPT_MARKS = {"tuned": " ", "set by hand": "h", "adopted": "a"}
"""What stands behind a threshold; any other status keeps the default and is marked ``*``."""


def report_text(report: "RunReport") -> str:
    """The report as text: per label the threshold and F1, default and tuned; then averages."""
    measured = f"measured on {report.measured_on}"
    if report.is_optimistic:
        measured += " (optimistic: the rows it was tuned on)"
    head = [
        f"session {printable(report.session)} · run {printable(report.run)} · {report.engine}",
        f"tuned on {report.tuned_on} ({report.documents[report.tuned_on]:,} documents), {measured} "
        f"({report.documents['test']:,} documents), objective {report.objective}",
    ]
    share = level(report.evidence.level) if report.evidence else "interval"
    parts = [part for part in report.labels[0].support if part != "train"]
    headers = [
        "label",
        *(_SHORT_PARTS.get(part, part) for part in parts),
        "thr",
        "F1@def",
        "F1",
        share,
        "P",
        "R",
        "grade ",
    ]
    rows = [_row(label, parts) for label in report.labels]
    lines = [*head, table(headers, rows, widest=16), *_averages(report)]
    lines.extend(
        f"  {_KEPT_MARKS.get(label.status, '*')} {printable(label.label, 40)}: "
        + (printable(label.note) or label.status)
        for label in report.labels
        if label.note or label.status != "tuned"
    )
    lines.extend(f"! {printable(caution)}" for caution in report.cautions)
    lines.append(f"thresholds were measured on the test part {report.test_looks} time(s)")
    return "\n".join(lines)


def _row(label: "LabelReport", parts: list[str]) -> list[str]:
    return [
        label.label,
        *(count(label.support[part]) for part in parts),
        threshold(label.threshold) + _KEPT_MARKS.get(label.status, "*"),
        span(label.default.f1_low, label.default.f1_high),
        span(label.tuned.f1_low, label.tuned.f1_high),
        interval(label.f1_interval),
        figure(label.tuned.precision),
        figure(label.tuned.recall),
        label.evidence.grade if label.evidence else "",
    ]


def _averages(report: "RunReport") -> list[str]:
    rows = [_average("all labels", report.default, report.tuned)]
    if report.default_without_none and report.tuned_without_none:
        name = f"without {report.none_label}"
        rows.append(_average(name, report.default_without_none, report.tuned_without_none))
    optimistic = report.tuned_optimistic.macro_f1
    gain = report.macro_gain
    headers = ["average", "macro-F1@default", "macro-F1", "micro-F1@default", "micro-F1"]
    lines = [table(headers, rows)]
    if report.evidence and gain is not None:
        lines.append(
            f"{level(report.evidence.level)} intervals: macro-F1 "
            f"{interval(report.macro_f1_interval)}, its gain {signed_interval(gain)}, micro-F1 "
            f"{interval(report.micro_f1_interval)}"
        )
    if not report.is_optimistic:
        lines.append(
            f"on the rows it was tuned on, macro-F1 would read {figure(optimistic)} (optimistic)"
        )
    without = sorted(report.tuned.labels_without_support)
    if without:
        names = ", ".join(printable(label, 40) for label in without)
        lines.append(f"left out of macro-F1, no positives on {report.measured_on}: {names}")
    return lines


def _average(name: str, default: "Averages", tuned: "Averages") -> list[str]:
    return [
        name,
        span(default.macro_f1_low, default.macro_f1_high),
        span(tuned.macro_f1_low, tuned.macro_f1_high),
        figure(default.micro_f1),
        figure(tuned.micro_f1),
    ]
