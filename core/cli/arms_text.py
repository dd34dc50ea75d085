"""The comparison of an experiment's arms as text of 80 columns."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.cli.experiment_text import positives_text, spaced
from core.cli.narrow import narrow_tables, paragraph
from core.cli.tables import figure
from core.cli.thresholds_text import threshold_text
from core.text import plural, printable

if TYPE_CHECKING:
    from core.tuning.arms import ArmFigures, ArmRow, ArmsComparison, Effect, Noise
    from core.tuning.evidence import Interval
    from core.workflow.experiments.views import ExperimentReport

_AVERAGES = ("macro", "micro")
_FIGURES = {
    "average_precision": "AP",
    "f1_default": "F1@def",
    "f1_tuned": "F1",
    "precision": "P",
    "recall": "R",
}
_ZERO = ".000"
_VERDICTS = {"cannot tell apart": "cannot tell"}
"""Verdicts in as few letters as a table has room for; the legend explains them."""


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
        lines += ["", *_tables(found, name, is_label=True)]
    for name in _AVERAGES:
        lines += ["", *_tables(found, name, is_label=False)]
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
    lines += _noise(found, [*labels, *_AVERAGES])
    return "\n".join([*lines, *_closing(report)])


def _shown_labels(found: "ArmsComparison", all_labels: bool) -> list[str]:
    names = [figures.name for figures in found.base.labels]
    raised = [name for name in found.chosen if name in names]
    if not all_labels:
        return raised
    return [*raised, *(name for name in names if name not in found.chosen)]


def _tables(found: "ArmsComparison", name: str, is_label: bool) -> list[str]:
    """One table of the ranking, one of the decisions; the ranking is left out when unknown."""
    rows = [(arm, _figures(arm, name, is_label)) for arm in (found.base, *found.arms)]
    title = printable(name, 60) if is_label else f"{name} average"
    support = rows[0][1].support
    head = f"{title} ({plural(support, 'positive')} in {found.part})"
    lines = [head]
    if any(figures.average_precision is not None for _, figures in rows):
        lines += [*_ranking(rows, name if is_label else None), ""]
    return [*lines, *_decisions(rows)]


def _figures(arm: "ArmRow", name: str, is_label: bool) -> "ArmFigures":
    if not is_label:
        return arm.macro if name == "macro" else arm.micro
    return next(figures for figures in arm.labels if figures.name == name)


def _ranking(rows: "Sequence[tuple[ArmRow, ArmFigures]]", label: str | None) -> list[str]:
    """The ranking of every arm, with the positives that it was trained on when of a label."""
    headers = ["arm", *([] if label is None else ["positives"]), "AP", "ΔAP", "interval", "AP is "]
    cells = [
        [
            arm.arm,
            *([] if label is None else [_positives(arm, label)]),
            figure(figures.average_precision),
            *_effect(figures.average_precision_effect),
        ]
        for arm, figures in rows
    ]
    return spaced(narrow_tables(headers, cells))


def _decisions(rows: "Sequence[tuple[ArmRow, ArmFigures]]") -> list[str]:
    headers = ["arm", "F1@def", "F1", "ΔF1", "interval", "P", "R", "thr", "F1 is "]
    cells = []
    for arm, figures in rows:
        difference, interval, verdict = _effect(figures.f1_tuned_effect)
        cells.append(
            [
                arm.arm,
                _ranged(figures.f1_default, figures.f1_default_range),
                _ranged(figures.f1_tuned, figures.f1_tuned_range),
                difference,
                interval,
                figure(figures.precision),
                figure(figures.recall),
                "–" if figures.threshold is None else threshold_text(figures.threshold),
                verdict,
            ]
        )
    if all(row[7] == "–" for row in cells):
        headers, cells = [*headers[:7], headers[8]], [[*row[:7], row[8]] for row in cells]
    return spaced(narrow_tables(headers, cells))


def _positives(arm: "ArmRow", label: str) -> str:
    total = arm.positives.get(label, 0)
    return positives_text(total, arm.distinct.get(label, total))


def _effect(effect: "Effect | None") -> tuple[str, str, str]:
    """Difference, its interval, and the verdict in short."""
    if effect is None:
        return "–", "–", ""
    low, high = effect.interval.low, effect.interval.high
    ends = [signed(low), signed(high)]
    if low > 0 and ends[0] == _ZERO:
        ends[0] = "<.001"
    if high < 0 and ends[1] == _ZERO:
        ends[1] = ">-.001"
    verdict = _VERDICTS.get(effect.verdict, effect.verdict)
    return signed(effect.difference), "–".join(ends), verdict


def signed(value: float) -> str:
    """A difference with its sign, to three digits."""
    rounded = round(value, 3) + 0.0
    return f"{'+' if rounded > 0 else ''}{figure(rounded, 3)}"


def _ranged(value: float, bounds: "Interval | None") -> str:
    if bounds is None or bounds.low == bounds.high:
        return figure(value)
    return f"{figure(bounds.low)}–{figure(bounds.high)}"


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
        [name, *(figure(row[f].deviation, 3) if f in row else "–" for f in _FIGURES)]
        for name, row in by_name.items()
    ]
    head = (
        "noise: standard deviation between trainings of the same arm with other seeds "
        f"({plural(degrees, 'degree')} of freedom)"
    )
    return ["", *paragraph(head), *narrow_tables(["", *_FIGURES.values()], rows)]


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
