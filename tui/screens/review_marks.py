"""Marking on the review screen: relabel, drop, keep, undo, export, apply."""

from abc import abstractmethod
from dataclasses import replace
from pathlib import Path

from core.errors import TunerError
from core.text import printable
from core.workflow.actions.relabel import Applied, Relabelling, apply_marks, preview_marks
from core.workflow.actions.review import (
    Mark,
    Marks,
    Review,
    ReviewData,
    ReviewRow,
    add_marks,
    export_list,
    read_marks,
    relabel_mark,
    undo_marks,
)
from tui.screens.modal import PayModal
from tui.screens.step import StepScreen
from tui.widgets.review_head import change_facts
from tui.widgets.reviewed_documents import ReviewedDocuments


class MarkingScreen(StepScreen):
    """A screen with a list of documents that can be marked; the list itself is the subclass's."""

    def __init__(self) -> None:
        super().__init__()
        self._data: ReviewData | None = None
        self._marks: Marks | None = None
        self._review: Review | None = None

    @abstractmethod
    def _refresh_list(self) -> None:
        """Show the list again, with the marks as they are."""

    @abstractmethod
    def _show_head(self, data: ReviewData, review: Review) -> None:
        """Show how far reading is."""

    @abstractmethod
    def _show_document(self) -> None:
        """Show the highlighted document."""

    def marks_finished(self, result: object) -> None:
        """Ask before marks are applied, or say what was made of them."""
        if isinstance(result, Relabelling):
            facts = change_facts(result.change, result.by_part, result.notes)
            self.app.push_screen(PayModal("Apply the marks?", facts, "apply"), self._apply)
        elif isinstance(result, Applied):
            self.banner.show_note(
                f"revision {result.revision.id}: {result.relabelling.change} Next: 2 (Health)"
            )

    def action_mark(self, what: str) -> None:
        """Mark the highlighted document, keep that in the session, and go to the next one."""
        row, review, data = self._highlighted, self._review, self._data
        if row is None or review is None or data is None:
            return
        self.banner.clear()
        truth = data.data.truth
        try:
            if what == "relabel":
                mark = relabel_mark(row, review.label, truth.mode, truth.none_label)
            else:
                mark = Mark(row.id, review.label, "keep" if what == "keep" else "drop")
            self._marks = add_marks(self.session, [mark])
        except TunerError as error:
            self.banner.show_error(error)
            return
        self._show_marked(self._table.cursor_row, review, self._marks)
        self._table.action_cursor_down()

    def action_undo(self) -> None:
        """Take the last mark back."""
        try:
            gone = undo_marks(self.session)
            self._marks = read_marks(self.session)
        except TunerError as error:
            self.banner.show_error(error)
            return
        if not gone:
            self.banner.show_note("nothing to undo")
            return
        ids = [row.id for row in self._review.rows] if self._review else []
        self._refresh_list()
        if gone[-1].id in ids:
            self._table.move_cursor(row=ids.index(gone[-1].id))
        else:
            self.banner.show_note(f"took back the mark of {printable(gone[-1].id, 40)}")

    def action_next_unread(self) -> None:
        """Go to the next document without a mark, from the end on to the first one."""
        rows = self._review.rows if self._review else ()
        start = self._table.cursor_row + 1
        places = [*range(start, len(rows)), *range(min(start, len(rows)))]
        unread = next((place for place in places if rows[place].mark is None), None)
        if unread is None:
            self.banner.show_note("every document of this list is marked")
        else:
            self._table.move_cursor(row=unread)

    def action_apply(self) -> None:
        """Work out what the marks would change, then ask."""
        session = self.session
        self.start_job("marks", lambda reporter, cancel: preview_marks(session))

    def _apply(self, agreed: bool | None) -> None:
        session = self.session
        if agreed:
            self.start_job("apply", lambda reporter, cancel: apply_marks(session, reporter))

    def action_export(self) -> None:
        """Write the list with its marks as CSV into the working directory."""
        if self._review is None:
            return
        path = Path(self.tuner.settings.directory) / f"{self.session.name}-marks.csv"
        try:
            written = export_list(self._review, path)
        except TunerError as error:
            self.banner.show_error(error)
            return
        self.banner.show_note(
            f"{written:,} documents written: {path}; take it in with review --apply"
        )

    def _show_marked(self, place: int, review: Review, marks: Marks) -> None:
        """Show one row's new mark without building the list again."""
        rows = list(review.rows)
        before = rows[place].mark
        mark = marks.of(rows[place].id, review.label)
        rows[place] = replace(rows[place], mark=mark)
        read = review.read + (mark is not None) - (before is not None)
        self._review = replace(review, rows=tuple(rows), read=read)
        self._table.show_mark(place, mark)
        if self._data is not None:
            self._show_head(self._data, self._review)
        self._show_document()

    @property
    def _ascii(self) -> bool:
        return self.tuner.settings.ascii_only

    @property
    def _table(self) -> ReviewedDocuments:
        return self.query_one(ReviewedDocuments)

    @property
    def _highlighted(self) -> ReviewRow | None:
        row = self._table.cursor_row
        rows = self._review.rows if self._review else ()
        return rows[row] if 0 <= row < len(rows) else None
