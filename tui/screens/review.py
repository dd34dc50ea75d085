"""The review step: read the documents worth reading of a label, and mark what is wrong."""

import shlex
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import DataTable, Input, Static

from core.progress import CancelToken, Reporter
from core.workflow.actions.review import (
    LISTS,
    ListName,
    Marks,
    Review,
    ReviewData,
    load_review,
    read_marks,
    review_label,
)
from core.workflow.overview import Overview
from tui.render import literal, plain
from tui.screens.review_marks import MarkingScreen
from tui.widgets.key_table import KeyTable, ReadingPane
from tui.widgets.reading import DocumentView
from tui.widgets.review_head import label_content, lists_content, progress_content
from tui.widgets.reviewed_documents import MOST_ROWS, ReviewedDocuments


@dataclass(frozen=True)
class _Loaded:
    data: ReviewData
    marks: Marks


class ReviewScreen(MarkingScreen):
    """The reading lists of one label."""

    step_id = "review"
    title_words = "review"

    DEFAULT_CSS = """
    ReviewScreen #review-label { height: 1; }
    ReviewScreen #review-kinds { height: 1; }
    ReviewScreen #review-progress { height: 1; }
    ReviewScreen #review-panes { height: 1fr; }
    ReviewScreen #review-list { height: 1fr; min-height: 4; }
    ReviewScreen DocumentView { height: 1fr; border-top: solid $foreground 30%; }
    ReviewScreen DocumentView:focus { border-top: solid $border; }
    ReviewScreen.-wide #review-panes { layout: horizontal; }
    ReviewScreen.-wide #review-list { width: 1fr; height: 1fr; }
    ReviewScreen.-wide DocumentView {
        width: 1fr; height: 1fr; border-top: none; border-left: solid $foreground 30%;
        padding-left: 1;
    }
    ReviewScreen.-plain DocumentView { border-top: ascii $foreground 30%; }
    ReviewScreen.-plain.-wide DocumentView {
        border-top: none; border-left: ascii $foreground 30%;
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._loaded = ""
        self._part = ""
        self._label = 0
        self._wanted: ListName = "all"
        self._words = ""

    def compose_body(self) -> ComposeResult:
        """Label, lists, progress, filter, documents, the whole text."""
        yield Static("", id="review-label", markup=False)
        yield Static("", id="review-kinds", markup=False)
        yield Static("", id="review-progress", markup=False)
        words = Input(placeholder="words that the document must hold", id="review-filter")
        words.cursor_blink = False
        words.display = False
        yield words
        with Vertical(id="review-panes"):
            with Vertical(id="review-list"):
                yield ReviewedDocuments("review-documents")
            yield DocumentView()

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

    def job_finished(self, name: str, result: object) -> None:
        """Show what was read, ask before marks are applied, or say what was made."""
        if isinstance(result, _Loaded):
            self._data, self._marks = result.data, result.marks
            self._label = min(self._label, len(result.data.labels) - 1)
            self._refresh_list()
        else:
            self.marks_finished(result)

    def equivalent_command(self) -> str:
        """The command that lists the same documents."""
        if self._data is None or self._review is None:
            return super().equivalent_command()
        label = shlex.quote(self._review.label)
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

    def action_read_on(self) -> None:
        """Scroll the text by a page; from its end back to the top."""
        self.query_one(DocumentView).read_on()

    def action_filter(self) -> None:
        """Type words that the documents must hold."""
        words = self.query_one("#review-filter", Input)
        words.display = True
        words.focus()

    async def action_back(self) -> None:
        """Leave the filter, or the session."""
        words = self.query_one("#review-filter", Input)
        if words.display:
            words.value = ""
            words.display = False
            self._table.focus()
        elif self.query_one(ReadingPane).has_focus:
            self._table.focus()
        else:
            await self.tuner.action_back()

    @on(Input.Changed, "#review-filter")
    def _filter(self, event: Input.Changed) -> None:
        self._words = event.value
        self._refresh_list()

    @on(Input.Submitted, "#review-filter")
    def _filtered(self) -> None:
        self._table.focus()

    @on(DataTable.RowHighlighted, "#review-documents")
    def _show_document(self) -> None:
        row, review, data = self._highlighted, self._review, self._data
        view = self.query_one(DocumentView)
        if row is None or review is None or data is None:
            view.clear()
        else:
            view.show(row, review, data.explain(review.label, row.text), self._ascii)

    def _load(self, run: str, part: str) -> None:
        session = self.session

        def work(reporter: Reporter, cancel: CancelToken) -> _Loaded:
            data = load_review(session, run, part)
            data.explain(data.labels[0], "")
            return _Loaded(data, read_marks(session))

        self.start_job("review", work)

    def _refresh_list(self) -> None:
        if self._data is None:
            return
        label = self._data.labels[self._label]
        self._review = review_label(
            self._data, label, self._wanted, self._words, MOST_ROWS, self._marks
        )
        self._show_head(self._data, self._review)
        self._fill_table()

    def _show_head(self, data: ReviewData, review: Review) -> None:
        shown = {
            "#review-label": label_content(data, review, self._ascii),
            "#review-kinds": lists_content(review, self.size.width),
            "#review-progress": progress_content(review, self._words, MOST_ROWS, self._ascii),
        }
        for name, content in shown.items():
            self.query_one(name, Static).update(content)

    @on(KeyTable.WidthChanged)
    def _fill_table(self) -> None:
        if self._review is not None:
            self._table.show(self._review, self._words, self.size.width - 2, self._ascii)
            self._show_document()

    def _say(self, text: str) -> None:
        self.query_one("#review-label", Static).update(literal(plain(text, self._ascii)))
