"""Sections on the labels' thresholds and their evidence."""

from core.text import printable
from core.workflow.reporting.blocks import (
    NONE,
    Block,
    Items,
    Plot,
    Section,
    Table,
    count,
    figure,
    interval,
    name,
    ranged,
    signed_interval,
    table,
    threshold,
)
from core.workflow.reporting.contents import FullReport
from core.workflow.reporting.trust import parts_words
from core.workflow.reports import Figures, LabelReport, RunReport, Summary


def averages_table(tuning: RunReport) -> Table:
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
    headers = ["average", "macro-F1", "macro-P", "macro-R", "micro-F1", "micro-P", "micro-R",
               "all labels right", "Hamming loss"]  # fmt: skip
    return table(caption, headers, rows)


def _average(what: str, found: Summary) -> list[str]:
    return [
        what,
        ranged(found.macro_f1, found.macro_f1_low, found.macro_f1_high),
        figure(found.macro_precision),
        figure(found.macro_recall),
        figure(found.micro_f1),
        figure(found.micro_precision),
        figure(found.micro_recall),
        figure(found.subset_accuracy),
        figure(found.hamming_loss),
    ]


def labels_section(report: FullReport) -> Section:
    """Thresholds, evidence and counts of every label, with plots."""
    tuning = report.tuning
    blocks: list[Block] = []
    if tuning is not None:
        blocks += [
            _thresholds(tuning),
            _notes(tuning),
            Plot("f1", f"F1 per label, {_badged(report)}{parts_words(tuning)}. Bar: F1 at the "
                       "threshold used; line: interval; diamond: F1 at the default threshold; "
                "where F1 is a range, its low end."),
            _evidence(tuning),
            _counts(tuning),
            _precisely(tuning),
        ]  # fmt: skip
    if report.curves:
        part = report.curves[0].part
        caption = (
            f"F1, precision and recall by threshold on {part}, {_badged(report)}the part that "
            "thresholds are chosen on: optimistic. Upright line: threshold used; band around it: "
            "where tuning lands on resamples; dashed upright: default; shaded lines: what scores "
            "that were not returned allow. Thinned for drawing only."
        )
        blocks.append(Plot("curves", caption))
    return Section("Thresholds and evidence", tuple(blocks))


def _badged(report: FullReport) -> str:
    return "OFFLINE scores, " if report.is_offline else ""


def _thresholds(tuning: RunReport) -> Table:
    level = f"{tuning.evidence.level:.0%} interval" if tuning.evidence else "interval"
    headers = ["label", "threshold", "status", "grade", "F1 default", "F1", level, "precision",
               "recall", "AP"]  # fmt: skip
    rows = [_threshold_row(label) for label in tuning.labels]
    default = figure(tuning.default_threshold, 2)
    caption = (
        f"Thresholds for {printable(tuning.objective)} (label when the score is at least the "
        f"threshold), default {default}; figures {parts_words(tuning)}. AP: average "
        "precision, whatever the threshold."
    )
    return table(caption, headers, rows, left=["status"])


def _threshold_row(label: LabelReport) -> list[str]:
    before, after = label.default, label.tuned
    return [
        name(label.label),
        threshold(label.threshold),
        label.status,
        label.evidence.grade if label.evidence else NONE,
        ranged(before.f1, before.f1_low, before.f1_high),
        ranged(after.f1, after.f1_low, after.f1_high),
        interval(label.f1_interval),
        *precision_and_recall(after),
        figure(label.average_precision),
    ]


def precision_and_recall(found: Figures) -> tuple[str, str]:
    """Both as figures, or as the ranges that scores that were not returned allow.

    How many of the unknown documents have the label follows from the highest F1,
    2x / (x + FP + positives), where x are the true positives with all of these counted in.
    """
    positives = found.tp + found.fn
    most = found.f1_high * (found.fp + positives) / (2 - found.f1_high)
    lucky = min(max(round(most) - found.tp, 0), found.unknown)
    unlucky = found.unknown - lucky
    if not found.unknown or not positives:
        return figure(found.precision), figure(found.recall)
    tp, fp = found.tp, found.fp
    low = tp / (tp + fp + unlucky) if tp else 0.0
    high = (tp + lucky) / (tp + lucky + fp) if tp + lucky else 0.0
    return (
        ranged(found.precision, low, high),
        ranged(found.recall, found.recall, (tp + lucky) / positives),
    )


def _notes(tuning: RunReport) -> Items:
    return Items(
        tuple(
            f"{name(label.label)}: {label.note or label.status}"
            for label in tuning.labels
            if label.note or label.status != "tuned"
        )
    )


def _evidence(tuning: RunReport) -> Table:
    level = f"{tuning.evidence.level:.0%}" if tuning.evidence else "unknown level"
    headers = ["label", "grade", "decision", "positives tuned", "measured", "tuned threshold",
               "lands in", "F1 of it", "gain", "noise floor", "why"]  # fmt: skip
    rows = []
    for label in tuning.labels:
        found = label.evidence
        if found is None:
            rows.append([name(label.label), NONE, NONE, NONE, NONE,
                         threshold(label.tuned_threshold), *[NONE] * 5])  # fmt: skip
            continue
        landing = found.threshold
        rows.append([
            name(label.label), found.grade, f"use {found.decision}", count(found.positives_tuned),
            count(found.positives_measured), threshold(label.tuned_threshold),
            NONE if landing is None else f"{threshold(landing.low)} to {threshold(landing.high)}",
            interval(found.f1), signed_interval(found.gain), figure(found.noise_floor), found.why,
        ])  # fmt: skip
    caption = (
        f"Evidence for the tuned thresholds, whether or not they are used; intervals at {level}, "
        f"{parts_words(tuning)}. Gain: F1 tuned minus F1 at the default, on the same documents. "
        "Positives without their copies."
    )
    return table(caption, headers, rows, left=["decision", "why"])


def _counts(tuning: RunReport) -> Table:
    parts = list(dict.fromkeys(part for label in tuning.labels for part in label.support))
    headers = ["label", *(f"in {part}" for part in parts), "TP", "FP", "FN", "TN", "unknown",
               "F1 on tuning rows"]  # fmt: skip
    rows = []
    for label in tuning.labels:
        found, own = label.tuned, label.tuned_optimistic
        rows.append([
            name(label.label), *(count(label.support.get(part)) for part in parts),
            *(count(cell) for cell in (found.tp, found.fp, found.fn, found.tn, found.unknown)),
            ranged(own.f1, own.f1_low, own.f1_high),
        ])  # fmt: skip
    caption = (
        f"Positives by part, and counts at the thresholds used, {parts_words(tuning)}. Unknown: "
        "documents whose score was not returned and could reach the threshold. F1 on tuning rows "
        f"({tuning.tuned_on}) is optimistic."
    )
    return table(caption, headers, rows)


def _precisely(tuning: RunReport) -> Table:
    rows = [[name(label.label), repr(label.threshold), label.objective] for label in tuning.labels]
    caption = f"Thresholds in full precision, tuned on {tuning.tuned_on}; apply these, not rounded"
    return table(caption, ["label", "threshold", "objective"], rows, left=["objective"])
