"""Runs compared in pairs: one table and one set of sentences for terminal, screen and report."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.text import plural, printable
from core.views.blocks import Table, TableColumn, name, table
from core.views.numbers import count, figure, level, ranged, signed, signed_interval
from core.views.terminal import WIDTH, paragraph, table_text

if TYPE_CHECKING:
    from core.tuning.paired import Comparison, Difference, PairedDifference
    from core.workflow.compare import ComparedPair, CompareReport
    from core.workflow.shared_documents import LeftOut

_SHORT = {"cannot tell apart": "cannot tell"}
"""Verdicts in as few letters as a table has room for."""


def verdict_text(verdict: str) -> str:
    """A verdict for a table cell."""
    return _SHORT.get(verdict, verdict)


def _columns(of: str) -> list[TableColumn]:
    return [
        TableColumn(of),
        TableColumn("positives", "pos."),
        TableColumn("a"),
        TableColumn("b"),
        TableColumn("b minus a", "b − a"),
        TableColumn("interval"),
        TableColumn("verdict on b", "b is", is_left=True),
    ]


def differences(comparison: "Comparison") -> list["Difference"]:
    """What is compared: the averages that are known, then the labels."""
    averages = (
        comparison.macro_f1,
        comparison.micro_f1,
        comparison.macro_f1_without_none,
        comparison.micro_f1_without_none,
    )
    return [*(average for average in averages if average is not None), *comparison.labels]


def pair_table(pair: "ComparedPair", engine: str) -> Table:
    """F1 of both sides: averages first, then the labels."""
    comparison = pair.comparison
    sides = "; ".join(
        f"{letter} = {name(side.name)}, tuned on {side.tuned_on}, measured on {side.measured_on}"
        for letter, side in (("a", pair.a), ("b", pair.b))
    )
    rows = [
        [
            name(row.name),
            count(row.support),
            ranged(row.a, row.a_range),
            ranged(row.b, row.b_range),
            *_change(row),
            figure(row.average_precision_a),
            figure(row.average_precision_b),
        ]
        for row in differences(comparison)
    ]
    return table(
        [*_columns("F1 of"), "AP a", "AP b"],
        rows,
        caption=(
            f"F1 on {count(comparison.documents)} documents of {comparison.part} ({engine}): "
            f"{sides}. Intervals of b minus a from {count(comparison.resamples)} paired resamples, "
            f"averages at {level(comparison.interval_level)}, labels at "
            f"{level(comparison.label_interval_level)}."
        ),
    )


def ranking_table(comparison: "Comparison") -> Table:
    """Average precision, which no threshold moves, where that of both is known."""
    rows = [
        [
            row.name.replace("macro-F1", "macro"),
            count(row.support),
            figure(row.average_precision_a),
            figure(row.average_precision_b),
            *_change(row.average_precision),
        ]
        for row in differences(comparison)
        if row.average_precision is not None
    ]
    return table(_columns("AP of"), rows)


def _change(row: "Difference | PairedDifference") -> list[str]:
    """Difference, interval and verdict."""
    return [signed(row.difference), signed_interval(row.interval), verdict_text(row.verdict)]


def compare_text(report: "CompareReport", width: int = WIDTH) -> str:
    """Every pair as tables of at most `width` columns: averages first, then the labels."""
    lines = paragraph(f"session {report.session} · {report.engine}", width=width)
    for pair in report.pairs:
        lines += ["", *_pair_lines(pair, report.engine, width)]
    lines.append("")
    for caution in report.cautions:
        lines += paragraph(caution, "! ", width=width)
    lines.append(f"the test part was looked at {report.test_looks} time(s)")
    for session, looks in report.other_looks.items():
        lines += paragraph(f"that of session {session} was looked at {looks} time(s)", width=width)
    return "\n".join(lines)


def _pair_lines(pair: "ComparedPair", engine: str, width: int) -> list[str]:
    comparison = pair.comparison
    lines = paragraph(
        f"b = {printable(pair.b.name, 60)} against a = {printable(pair.a.name, 60)},"
        f" {plural(comparison.documents, 'document')} of {comparison.part}",
        width=width,
    )
    for words in _sides(pair):
        lines += paragraph(words, "  ", "     ", width)
    decisions = pair_table(pair, engine).without("AP a", "AP b")
    lines.append(table_text(decisions, width=width))
    ranking = ranking_table(comparison)
    if ranking.rows:
        lines += ["", "ranking (average precision), whatever the thresholds"]
        lines.append(table_text(ranking, width=width))
    lines += paragraph(
        f"intervals: averages {level(comparison.interval_level)}, labels"
        f" {level(comparison.label_interval_level)}; {comparison.resamples:,} paired resamples of"
        f" {plural(comparison.distinct_documents, 'distinct document')}",
        width=width,
    )
    for note in comparison.notes:
        lines += paragraph(note, "  ", "    ", width)
    return lines


def _sides(pair: "ComparedPair") -> Sequence[str]:
    """What each of both is, and what of its test part is left out."""
    return [
        f"{letter}: tuned{' here' if side.is_tuned_here else ''} on {side.tuned_on} for"
        f" {printable(side.objective, 40)}, measured on {side.measured_on}"
        f"{_left_out(side.left_out)}"
        for letter, side in (("a", pair.a), ("b", pair.b))
    ]


def _left_out(left_out: "LeftOut | None") -> str:
    if left_out is None:
        return ""
    said = [
        f"{documents:,} {why}"
        for documents, why in (
            (left_out.not_in_all, "not in every test part"),
            (left_out.trained_on, "trained on"),
            (left_out.tuned_on, "tuned on"),
        )
        if documents
    ]
    of = f" of its {plural(left_out.test_documents, 'test document')}"
    return f"; left out{of}: {', '.join(said)}" if said else f"; nothing{of} left out"
