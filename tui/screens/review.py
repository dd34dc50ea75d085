"""The review step: read the documents worth reading of a label, and mark what is wrong."""

from dataclasses import replace
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import DataTable, Static

from core.errors import TunerError
from core.progress import Watch
from core.text import command_word, printable
from core.workflow.overview import Overview
from core.workflow.relabel import Applied, Relabelling, apply_marks, preview_marks
from core.workflow.review import (
    LISTS,
    ListName,
    Mark,
    Marks,
    Review,
    ReviewData,
    ReviewRow,
    add_marks,
    export_list,
    load_review,
    read_marks,
    relabel_mark,
    review_label,
    undo_marks,
)
from tui.render import cell, literal, plain
from tui.screens.base import StepScreen
from tui.widgets.documents import (
    DOCUMENT_COLUMNS,
    MOST_ROWS,
    change_facts,
    clear_document,
    document_pane,
    document_row,
    label_content,
    lists_content,
    nothing_found,
    progress_content,
    show_document,
)
from tui.widgets.tables import FilterLine, ReadingPane, Row, RowTable
from tui.windows import PayModal


class ReviewScreen(StepScreen):
    """The reading lists of one label."""

    step_id = "review"
    title_words = "review"

    DEFAULT_CSS = """
    ReviewScreen #review-label { height: 1; }
    ReviewScreen #review-kinds { height: 1; }
    ReviewScreen #review-progress { height: 1; }
    ReviewScreen #review-panes { height: 1fr; }
    ReviewScreen #review-list { height: 1fr; min-height: 4; }
    ReviewScreen #review-facts { text-style: bold; }
    ReviewScreen #review-terms {
        display: none; height: 1; color: $text-muted; text-wrap: nowrap; text-overflow: clip;
    }
    ReviewScreen #review-terms.-known { display: block; }
    ReviewScreen #review-document { height: 1fr; border-top: solid $foreground 30%; }
    ReviewScreen #review-document:focus { border-top: solid $border; }
    ReviewScreen.-wide #review-panes { layout: horizontal; }
    ReviewScreen.-wide #review-list { width: 1fr; height: 1fr; }
    ReviewScreen.-wide #review-document {
        width: 1fr; height: 1fr; border-top: none; border-left: solid $foreground 30%;
        padding-left: 1;
    }
    ReviewScreen.-plain #review-document { border-top: ascii $foreground 30%; }
    ReviewScreen.-plain.-wide #review-document {
        border-top: none; border-left: ascii $foreground 30%;
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._data: ReviewData | None = None
        self._marks: Marks | None = None
        self._review: Review | None = None
        self._loaded = ""
        self._part = ""
        self._label = 0
        self._wanted: ListName = "all"

    def compose_body(self) -> ComposeResult:
        """Label, lists, progress, filter, documents, the whole text."""
        yield Static("", id="review-label", markup=False)
        yield Static("", id="review-kinds", markup=False)
        yield Static("", id="review-progress", markup=False)
        yield FilterLine("#review-documents", "words that the document must hold")
        with Vertical(id="review-panes"):
            with Vertical(id="review-list"):
                yield RowTable("review-documents", keys="vertical")
            yield document_pane()

    def on_mount(self) -> None:
        """Fill the frame; the documents have the focus."""
        super().on_mount()
        self.set_class(self._ascii, "-plain")
        self._table.focus()

    def show_session(self, overview: Overview) -> None:
        """Read the part again when scores or thresholds have changed."""
        status = overview.status_of("review")
        if status.status == "blocked":
            self._say(f"{status.detail}: press 5 (Score) to score the held-out documents")
            return
        run = overview.state.run
        if run is None:
            return
        values = run.thresholds.values if run.thresholds else None
        key = f"{self._part} {run.name} {run.scores} {values}"
        if key != self._loaded:
            self._loaded = key
            if self._data is None:
                self._say("reading the documents …")
            self._load(run.name, self._part)

    def _take_review(self, loaded: tuple[ReviewData, Marks]) -> None:
        self._data, self._marks = loaded
        self._label = min(self._label, len(self._data.labels) - 1)
        self._refresh_list()

    def equivalent_command(self) -> str:
        """The command that lists the same documents."""
        if self._data is None or self._review is None:
            return super().equivalent_command()
        label = command_word(self._review.label)
        return (
            f"{super().equivalent_command()} --label {label} --kind {self._wanted}"
            f" --part {self._data.part} --limit {MOST_ROWS}"
        )

    def copied_value(self) -> str:
        """The highlighted document's text."""
        row = self._highlighted
        return row.text if row else self.equivalent_command()

    def action_label(self, step: int) -> None:
        """Review the next or previous label."""
        if self._data is not None:
            self._label = (self._label + step) % len(self._data.labels)
            self._refresh_list()

    def action_kind(self) -> None:
        """Go to the next reading list."""
        self._wanted = LISTS[(LISTS.index(self._wanted) + 1) % len(LISTS)]
        self._refresh_list()

    def action_part(self) -> None:
        """Review the next scored part."""
        if self._data is None:
            return
        parts = self._data.parts
        if len(parts) < 2:
            self.banner.show_note(f"only {parts[0]} is scored")
            return
        self._part = parts[(parts.index(self._data.part) + 1) % len(parts)]
        self.show_overview()

    def _ask_to_apply(self, relabelling: Relabelling) -> None:
        facts = change_facts(relabelling.change, relabelling.by_part, relabelling.notes)
        self.app.push_screen(PayModal("Apply the marks?", facts, "apply"), self._apply)

    def _tell_applied(self, applied: Applied) -> None:
        self.banner.show_note(
            f"revision {applied.revision.id}: {applied.relabelling.change} Next: 2 (Health)"
        )

    def action_mark(self, what: str) -> None:
        """Mark the highlighted document, keep that in the session, and go to the next one."""
        row, review, data = self._highlighted, self._review, self._data
        if row is None or review is None or data is None:
            return
        self.banner.clear()
        try:
            if what == "relabel":
                mark = relabel_mark(row, review.label, data.data.mode, data.data.none_label)
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
        self.run(lambda watch: preview_marks(session), self._ask_to_apply)

    def _apply(self, agreed: bool | None) -> None:
        session = self.session
        if agreed:
            self.run(lambda watch: apply_marks(session, watch), self._tell_applied)

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
        self._table.change_row(place, document_row(rows[place]))
        if self._data is not None:
            self._show_head(self._data, self._review)
        self._show_document()

    def action_read_on(self) -> None:
        """Scroll the text by a page; from its end back to the top."""
        self.query_one(ReadingPane).read_on()

    async def action_back(self) -> None:
        """Leave the filter, or the session."""
        if self.query_one(FilterLine).close():
            return
        if self.query_one(ReadingPane).has_focus:
            self._table.focus()
        else:
            await self.tuner.action_back()

    @on(FilterLine.Changed)
    def _filter(self) -> None:
        self._refresh_list()

    @on(DataTable.RowHighlighted, "#review-documents")
    def _show_document(self) -> None:
        row, review, data = self._highlighted, self._review, self._data
        pane = self.query_one(ReadingPane)
        if row is None or review is None or data is None:
            clear_document(pane)
        else:
            terms = data.explain(review.label, row.text)
            show_document(pane, row, review, terms, self._ascii)

    def _load(self, run: str, part: str) -> None:
        session = self.session

        def work(watch: Watch) -> tuple[ReviewData, Marks]:
            data = load_review(session, run, part)
            data.explain(data.labels[0], "")
            return data, read_marks(session)

        self.run(work, self._take_review)

    def _refresh_list(self) -> None:
        if self._data is None:
            return
        label = self._data.labels[self._label]
        self._review = review_label(
            self._data, label, self._wanted, self._filter_words, MOST_ROWS, self._marks
        )
        self._show_head(self._data, self._review)
        rows = [document_row(row) for row in self._review.rows]
        if not rows:
            said = cell(nothing_found(self._review, self._filter_words), "dim")
            rows = [Row("nothing", ("", "", "", said))]
        self._table.show(DOCUMENT_COLUMNS, rows)
        self._table.move_cursor(row=0, animate=False)
        self._show_document()

    def _show_head(self, data: ReviewData, review: Review) -> None:
        shown = {
            "#review-label": label_content(data, review, self._ascii),
            "#review-kinds": lists_content(review, self.size.width),
            "#review-progress": progress_content(
                review, self._filter_words, MOST_ROWS, self._ascii
            ),
        }
        for name, content in shown.items():
            self.query_one(name, Static).update(content)

    @property
    def _ascii(self) -> bool:
        return self.tuner.settings.ascii_only

    @property
    def _table(self) -> RowTable:
        return self.query_one(RowTable)

    @property
    def _highlighted(self) -> ReviewRow | None:
        row = self._table.cursor_row
        rows = self._review.rows if self._review else ()
        return rows[row] if 0 <= row < len(rows) else None

    @property
    def _filter_words(self) -> str:
        return self.query_one(FilterLine).words

    def _say(self, text: str) -> None:
        self.query_one("#review-label", Static).update(literal(plain(text, self._ascii)))
