"""The thresholds of a run, their evidence and their averages: tables, sentences, and the report of
the command ``thresholds``.
"""

from typing import TYPE_CHECKING

from core.text import printable
from core.views.blocks import Table, TableColumn, name, table
from core.views.numbers import (
    NONE,
    count,
    figure,
    fine,
    interval,
    level,
    signed_interval,
    span,
    threshold,
    threshold_span,
)
from core.views.terminal import WIDTH, table_text

if TYPE_CHECKING:
    from core.tuning.curves import Counts
    from core.tuning.evaluation import Averages
    from core.workflow.reports import LabelReport, RunReport


_SHORT_PARTS = {"calibration": "calib."}
_MARKS = {"tuned": "", "set by hand": "h", "adopted": "a"}
"""What stands behind a threshold; any other status keeps the default and is marked ``*``."""


def report_text(report: "RunReport") -> str:
    """The report as text: per label the threshold and F1, default and tuned; then averages."""
    head = [
        f"session {printable(report.session)} · run {printable(report.run)} · {report.engine}",
        f"{tuned_words(report)}, objective {report.objective}",
    ]
    whole = thresholds_table(report)
    parts = [f"in {part}" for part in report.labels[0].support if part != "train"]
    shown = whole.pick(
        *("label", *parts, "threshold and mark", "F1 default", "F1"),
        *(interval_title(report), "precision", "recall", "grade"),
    )
    lines = [*head, table_text(shown, widest=16, width=WIDTH), *_averages(report)]
    lines.extend(
        f"  {_mark(label) or ' '} {note}"
        for label, note in zip(_noted(report), status_notes(report), strict=True)
    )
    lines.extend(f"! {printable(caution)}" for caution in report.cautions)
    lines.append(f"thresholds were measured on the test part {report.test_looks} time(s)")
    return "\n".join(lines)


def tuned_words(report: "RunReport") -> str:
    """What the thresholds were tuned on and measured on, with the sizes of both parts."""
    measured = f"measured on {report.measured_on}"
    if report.is_optimistic:
        measured += " (optimistic: the rows it was tuned on)"
    return (
        f"tuned on {report.tuned_on} ({count(report.documents[report.tuned_on])} documents), "
        f"{measured} ({count(report.documents['test'])} documents)"
    )


def parts_words(tuning: "RunReport") -> str:
    """What the thresholds were tuned on and what the figures were measured on."""
    words = f"tuned on {tuning.tuned_on}, measured on {tuning.measured_on}"
    return f"{words} (optimistic: the rows it was tuned on)" if tuning.is_optimistic else words


def thresholds_table(tuning: "RunReport") -> Table:
    """Every label: positives by part, threshold, F1 at the default and at it, evidence, grade."""
    parts = list(dict.fromkeys(part for label in tuning.labels for part in label.support))
    share = level(tuning.evidence.level) if tuning.evidence else "interval"
    columns = [
        TableColumn("label"),
        *(TableColumn(f"in {part}", _SHORT_PARTS.get(part, part)) for part in parts),
        TableColumn("threshold", "thr"),
        TableColumn("threshold and mark", "thr"),
        TableColumn("status", is_left=True),
        TableColumn("F1 default", "F1@def"),
        TableColumn("F1"),
        TableColumn(interval_title(tuning), share),
        TableColumn("precision", "P"),
        TableColumn("recall", "R"),
        TableColumn("AP"),
        TableColumn("grade", "gr", is_left=True),
    ]
    rows = [
        [
            name(label.label),
            *(count(label.support.get(part)) for part in parts),
            threshold(label.threshold),
            threshold(label.threshold) + (_mark(label) or " "),
            label.status,
            span(label.default.f1_low, label.default.f1_high),
            span(label.tuned.f1_low, label.tuned.f1_high),
            interval(label.f1_interval),
            *precision_and_recall(label.tuned),
            figure(label.average_precision),
            label.evidence.grade if label.evidence else NONE,
        ]
        for label in tuning.labels
    ]
    caption = (
        f"Thresholds for {printable(tuning.objective)} (label when the score is at least the "
        f"threshold), default {threshold(tuning.default_threshold)}; figures "
        f"{parts_words(tuning)}. AP: average precision, whatever the threshold."
    )
    return table(columns, rows, caption=caption)


def interval_title(report: "RunReport") -> str:
    """The title of the column of F1's interval."""
    return f"{level(report.evidence.level)} interval" if report.evidence else "interval"


def _mark(label: "LabelReport") -> str:
    return _MARKS.get(label.status, "*")


def _noted(report: "RunReport") -> list["LabelReport"]:
    return [label for label in report.labels if label.note or label.status != "tuned"]


def status_notes(report: "RunReport") -> list[str]:
    """Why a threshold is not as it was tuned, and what else is special, by label."""
    return [
        f"{name(label.label)}: {printable(label.note) or label.status}" for label in _noted(report)
    ]


def precision_and_recall(counts: "Counts") -> tuple[str, str]:
    """Both as figures, or as the ranges that scores that were not returned allow."""
    return (
        span(*counts.precision_range),
        span(*counts.recall_range),
    )


def evidence_table(tuning: "RunReport") -> Table:
    """Evidence for the tuned thresholds, whether or not they are used."""
    share = level(tuning.evidence.level) if tuning.evidence else "unknown level"
    headers = [
        "label",
        "grade",
        "decision",
        "positives tuned",
        "measured",
        "tuned threshold",
        "lands in",
        "F1 of it",
        "gain",
        "noise floor",
        "why",
    ]
    rows = []
    for label in tuning.labels:
        found = label.evidence
        if found is None:
            cells = [*[NONE] * 4, threshold(label.tuned_threshold), *[NONE] * 5]
            rows.append([name(label.label), *cells])
            continue
        rows.append(
            [
                name(label.label),
                found.grade,
                f"use {found.decision}",
                count(found.positives_tuned),
                count(found.positives_measured),
                threshold(label.tuned_threshold),
                threshold_span(found.threshold),
                interval(found.f1),
                signed_interval(found.gain),
                figure(found.noise_floor),
                found.why,
            ]
        )
    caption = (
        f"Evidence for the tuned thresholds, whether or not they are used; intervals at {share}, "
        f"{parts_words(tuning)}. Gain: F1 tuned minus F1 at the default, on the same documents. "
        "Positives without their copies."
    )
    return table(headers, rows, left=["decision", "why"], caption=caption)


def counts_table(tuning: "RunReport") -> Table:
    """Positives by part, and counts at the thresholds used."""
    parts = list(dict.fromkeys(part for label in tuning.labels for part in label.support))
    headers = [
        "label",
        *(f"in {part}" for part in parts),
        "TP",
        "FP",
        "FN",
        "TN",
        "unknown",
        "F1 on tuning rows",
    ]
    rows = []
    for label in tuning.labels:
        found, own = label.tuned, label.tuned_optimistic
        rows.append(
            [
                name(label.label),
                *(count(label.support.get(part)) for part in parts),
                *(count(cell) for cell in (found.tp, found.fp, found.fn, found.tn, found.unknown)),
                span(own.f1_low, own.f1_high),
            ]
        )
    caption = (
        f"Positives by part, and counts at the thresholds used, {parts_words(tuning)}. Unknown: "
        "documents whose score was not returned and could reach the threshold. F1 on tuning rows "
        f"({tuning.tuned_on}) is optimistic."
    )
    return table(headers, rows, caption=caption)


def exact_table(tuning: "RunReport") -> Table:
    """Thresholds in full precision."""
    rows = [[name(label.label), repr(label.threshold), label.objective] for label in tuning.labels]
    caption = f"Thresholds in full precision, tuned on {tuning.tuned_on}; apply these, not rounded"
    columns = ["label", "threshold", "objective"]
    return table(columns, rows, left=["objective"], caption=caption)


def averages_table(tuning: "RunReport") -> Table:
    """Averages at the default thresholds and at those used, with and without the none-label."""
    rows = [
        _average("all labels, default", tuning.default),
        _average("all labels, tuned", tuning.tuned),
    ]
    if tuning.default_without_none and tuning.tuned_without_none:
        without = f"without {name(tuning.none_label or '')}"
        rows.append(_average(f"{without}, default", tuning.default_without_none))
        rows.append(_average(f"{without}, tuned", tuning.tuned_without_none))
    caption = (
        f"Averages, {parts_words(tuning)}. Macro-F1 is the mean of the labels' F1; micro-F1 is the "
        "F1 of the pooled counts."
    )
    if any(found.macro_f1_low < found.macro_f1_high for found in (tuning.default, tuning.tuned)):
        caption += (
            " Macro-F1 is a range; the other averages take scores that were not returned as below "
            "the threshold."
        )
    absent = tuning.tuned.labels_without_support
    if absent:
        names = ", ".join(name(label) for label in absent)
        caption += f" Left out of the macro averages, having no positives there: {names}."
    headers = [
        "average",
        "macro-F1",
        "macro-P",
        "macro-R",
        "micro-F1",
        "micro-P",
        "micro-R",
        "all labels right",
        "Hamming loss",
    ]
    return table(headers, rows, caption=caption)


def _average(what: str, found: "Averages") -> list[str]:
    return [
        what,
        span(found.macro_f1_low, found.macro_f1_high),
        figure(found.macro_precision),
        figure(found.macro_recall),
        figure(found.micro_f1),
        figure(found.micro_precision),
        figure(found.micro_recall),
        figure(found.subset_accuracy),
        fine(found.hamming_loss),
    ]


def _averages(report: "RunReport") -> list[str]:
    whole = averages_table(report).without("all labels right", "Hamming loss")
    lines = [table_text(whole, width=WIDTH)]
    if report.evidence and report.macro_gain is not None:
        lines.append(
            f"{level(report.evidence.level)} intervals: macro-F1 "
            f"{interval(report.macro_f1_interval)}, its gain {signed_interval(report.macro_gain)}, "
            f"micro-F1 {interval(report.micro_f1_interval)}"
        )
    if not report.is_optimistic:
        optimistic = figure(report.tuned_optimistic.macro_f1)
        lines.append(f"on the rows it was tuned on, macro-F1 would read {optimistic} (optimistic)")
    without = sorted(report.tuned.labels_without_support)
    if without:
        names = ", ".join(name(label) for label in without)
        lines.append(f"left out of macro-F1, no positives on {report.measured_on}: {names}")
    return lines
