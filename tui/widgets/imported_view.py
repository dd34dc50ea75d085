"""What a session's import read, its revisions and its labels."""

from collections.abc import Sequence

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from core.dataset.health import LabelCount
from core.text import plural, printable
from core.workflow.state import SessionState
from tui.render import cell, glyph, literal, plain
from tui.widgets.filter_line import FilterLine
from tui.widgets.fitted_table import Column, FittedTable
from tui.widgets.new_command import reading_words

_MOST_NOTES = 4
_MOST_REVISIONS = 4
_NARROW = 72


class ImportedView(Vertical):
    """Source, how it was read, notes, revisions, and how often each label occurs."""

    DEFAULT_CSS = """
    ImportedView #imported-facts { height: auto; max-height: 13; }
    ImportedView #labels { min-height: 4; }
    """

    def __init__(self, ascii_only: bool) -> None:
        super().__init__()
        self._ascii_only = ascii_only
        self._counts: Sequence[LabelCount] = ()

    def compose(self) -> ComposeResult:
        """Facts, filter, labels."""
        yield Static("", id="imported-facts")
        yield FilterLine()
        yield FittedTable("labels")

    def show(self, state: SessionState) -> None:
        """Show what was imported."""
        self.query_one("#imported-facts", Static).update(self._facts(state))

    def show_counts(self, counts: Sequence[LabelCount]) -> None:
        """Show how often each label occurs."""
        self._counts = counts
        self._show_table()

    def on_resize(self) -> None:
        """Draw the bars as long as there is room."""
        self._show_table()

    @on(Input.Changed, "#filter")
    def _filtered(self) -> None:
        self._show_table()

    @on(Input.Submitted, "#filter")
    def _accepted(self) -> None:
        self.query_one(FittedTable).focus()

    def _facts(self, state: SessionState) -> Content:
        report, data = state.imported, state.dataset
        arrow = glyph("arrow", self._ascii_only)
        source = report.source_path.rpartition("/")[2]
        shape = (
            f"{printable(source, 40)} {arrow} {plural(data.documents, 'document')}, "
            f"{plural(len(data.labels), 'label')}, {data.mode}"
        )
        pieces = [
            literal(shape, "bold"),
            self._fact("source", report.source_path),
            self._fact("read as", plain(" · ".join(reading_words(state.source)), self._ascii_only)),
            self._fact("rows", self._rows_words(state)),
        ]
        pieces += [self._fact("note", note) for note in report.notes[:_MOST_NOTES]]
        if len(report.notes) > _MOST_NOTES:
            pieces.append(self._fact("note", f"{len(report.notes) - _MOST_NOTES} more: see log"))
        hidden = len(state.revisions) - _MOST_REVISIONS
        if hidden > 0:
            pieces.append(self._fact("", f"{plural(hidden, 'older revision')} not shown"))
        for revision in state.revisions[-_MOST_REVISIONS:]:
            size = plural(revision.documents, "document")
            pieces.append(self._fact(revision.id, f"{size}: {printable(revision.how, 160)}"))
        return Content("\n").join(pieces)

    def _rows_words(self, state: SessionState) -> str:
        report = state.imported
        amounts = (
            (report.not_scored_rows, "left out as not scored"),
            (report.none_label_documents, "with the none-label"),
            (report.contradictions, "with the none-label beside another"),
            (report.repeated_label_cells, "naming a label twice"),
            (report.renamed_ids, "with a changed id"),
        )
        words = [f"{report.rows_read:,} read", *(f"{n:,} {what}" for n, what in amounts if n)]
        return plain(" · ".join(words), self._ascii_only)

    def _fact(self, name: str, text: str) -> Content:
        return literal(f"{name:<9}", "$text-muted").append(literal(text))

    def _show_table(self) -> None:
        if not self._counts:
            return
        filter_line = self.query_one(FilterLine)
        shown = [row for row in self._counts if filter_line.lets_through(row.label)]
        filter_line.show_count(len(shown), len(self._counts))
        label_width = 14 if self.app.size.width < _NARROW else 24
        room = max(self.app.size.width - label_width - 27, 6)
        columns = (
            Column("label", label_width),
            Column("documents", 9, "right"),
            Column("share", 6, "right"),
            Column("", 0),
        )
        top = max(self._counts[0].count, 1)
        self.query_one(FittedTable).fill(columns, [self._row(row, top, room) for row in shown])

    def _row(self, row: LabelCount, top: int, room: int) -> list[Text]:
        length = round(room * row.count / top) or (1 if row.count else 0)
        return [
            cell(row.label or "(blank)"),
            cell(f"{row.count:,}", justify="right"),
            cell(f"{row.share:.1%}", justify="right"),
            cell(glyph("bar", self._ascii_only) * length),
        ]
