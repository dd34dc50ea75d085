"""What came of joining predictions to documents, and how to say it."""

from collections.abc import Sequence

import msgspec

from core.text import plural, printable


class JoinReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came of matching result rows to documents."""

    lines: int
    """Result rows read."""
    joined: int
    """Documents that have scores."""
    missing: tuple[int, ...] = ()
    """Lines of the scoring file without any row."""
    duplicated: tuple[int, ...] = ()
    """Lines that came more than once; the first row counts when the others say the same."""
    conflicting: tuple[int, ...] = ()
    """Lines that came more than once with different scores; they are left without scores."""
    extra: tuple[tuple[str, int | None], ...] = ()
    """File name and line of rows that belong to no document, the first 1,000."""
    extra_rows: int = 0
    """Number of rows that belong to no document."""
    errored: tuple[tuple[int, str, str], ...] = ()
    """Line, code and message of documents that the service could not score; line -1 when the row
    has none."""
    unknown_labels: tuple[str, ...] = ()
    """Labels in the output that the classifier should not know, the first 1,000."""

    @property
    def is_complete(self) -> bool:
        """Whether every document has its scores and nothing else was in the output."""
        return not (
            self.missing or self.duplicated or self.extra_rows or self.errored
            or self.unknown_labels
        )  # fmt: skip


def join_problems(report: JoinReport, labels: Sequence[str]) -> tuple[str, ...]:
    """One sentence for each kind of row or document that did not match; empty when all did.

    Args:
        report: the outcome of a join.
        labels: the labels of the classifier, to name a likely original of an unknown one.
    """
    sentences = []
    if report.missing:
        sentences.append(f"{_lines(report.missing)} without a result")
    if report.errored:
        line, code, message = report.errored[0]
        where = f"line {line}" if line >= 0 else "no line"
        sentences.append(
            f"{plural(len(report.errored), 'document')} refused by the service, first {where}:"
            f" {printable(f'{code}: {message}'.strip(': '), 160)}"
        )
    if report.duplicated:
        sentences.append(f"{_lines(report.duplicated)} with more than one result")
    if report.conflicting:
        sentences.append(f"{_lines(report.conflicting)} with results that contradict each other")
    if report.extra_rows:
        file, number = report.extra[0]
        sentences.append(
            f"{plural(report.extra_rows, 'row')} of no document, first {printable(file, 60)!r}"
            f" line {number}"
        )
    for label in report.unknown_labels[:5]:
        sentences.append(f"unknown label {printable(label, 60)!r}{_likely(label, labels)}")
    if len(report.unknown_labels) > 5:
        sentences.append(f"{len(report.unknown_labels) - 5:,} more unknown labels")
    return tuple(sentences)


def _lines(lines: tuple[int, ...]) -> str:
    shown = ", ".join(str(line) for line in lines[:5]) + (", …" if len(lines) > 5 else "")
    return f"{plural(len(lines), 'document')} ({'line' if len(lines) == 1 else 'lines'} {shown})"


def _likely(label: str, labels: Sequence[str]) -> str:
    folded = _folded(label)
    for known in labels:
        if _folded(known) == folded:
            return f", which differs from {printable(known, 60)!r} by case, space or underscore"
    return ""


def _folded(label: str) -> str:
    return "".join(label.casefold().replace("_", " ").replace("-", " ").split())
