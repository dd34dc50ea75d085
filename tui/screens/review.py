"""The review step: read the documents around a label's threshold, nearest first."""

import shlex

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import DataTable, Input, Static

from core.progress import CancelToken, Reporter
from core.text import printable
from core.tuning.review import WANTED, Kind, Wanted
from core.workflow.actions.review import Review, ReviewData, ReviewRow, load_review, review_label
from core.workflow.overview import Overview
from tui.render import cell, literal, plain
from tui.screens.step import StepScreen
from tui.widgets.document_text import SHORT, document_facts, document_lines
from tui.widgets.key_table import KeyTable, ReadingPane

_MOST_ROWS = 500
_EXCERPT = 300
_STYLES: dict[Kind, str] = {"false-negative": "bold", "false-positive": "bold"}


class ReviewScreen(StepScreen):
    """Documents around the threshold of one label."""

    step_id = "review"
    title_words = "review"

    DEFAULT_CSS = """
    ReviewScreen #review-label { height: 1; }
    ReviewScreen #review-kinds { height: 1; }
    ReviewScreen #review-panes { height: 1fr; }
    ReviewScreen #review-list { height: 1fr; min-height: 4; }
    ReviewScreen #review-reading { height: 1fr; border-top: solid $foreground 30%; }
    ReviewScreen #review-reading:focus { border-top: solid $border; }
    ReviewScreen #review-facts { text-style: bold; }
    ReviewScreen.-wide #review-panes { layout: horizontal; }
    ReviewScreen.-wide #review-list { width: 1fr; height: 1fr; }
    ReviewScreen.-wide #review-reading {
        width: 1fr; height: 1fr; border-top: none; border-left: solid $foreground 30%;
        padding-left: 1;
    }
    ReviewScreen.-plain #review-reading { border-top: ascii $foreground 30%; }
    ReviewScreen.-plain.-wide #review-reading {
        border-top: none; border-left: ascii $foreground 30%;
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._data: ReviewData | None = None
        self._loaded = ""
        self._part = ""
        self._label = 0
        self._wanted: Wanted = "all"
        self._words = ""
        self._review: Review | None = None

    def compose_body(self) -> ComposeResult:
        """Label, kinds, filter, documents, the whole text."""
        yield Static("", id="review-label", markup=False)
        yield Static("", id="review-kinds", markup=False)
        words = Input(placeholder="words that the document must hold", id="review-filter")
        words.cursor_blink = False
        words.display = False
        yield words
        with Vertical(id="review-panes"):
            with Vertical(id="review-list"):
                yield KeyTable("review-documents")
            with ReadingPane(id="review-reading"):
                yield Static("", id="review-facts", markup=False)
                yield Static("", id="review-text", markup=False)

    def on_mount(self) -> None:
        """Fill the frame; the documents have the focus."""
        super().on_mount()
        self.set_class(self.tuner.settings.ascii_only, "-plain")
        self._table.focus()

    def show_session(self, overview: Overview) -> None:
        """Read the part again when scores or thresholds have changed."""
        status = overview.status_of("review")
        if status.status == "blocked":
            self._say(f"{status.detail}: press 5 (Score) to score the held-out documents")
            return
        run = overview.state.runs[-1]
        values = run.thresholds.values if run.thresholds else None
        key = f"{self._part} {run.name} {run.scores} {values}"
        if key != self._loaded:
            self._loaded = key
            if self._data is None:
                self._say("reading the documents …")
            self._load(run.name, self._part)

    def job_finished(self, name: str, result: object) -> None:
        """Show the documents that were read."""
        if isinstance(result, ReviewData):
            self._data = result
            self._label = min(self._label, len(result.labels) - 1)
            self._refresh_list()

    def equivalent_command(self) -> str:
        """The command that lists the same documents."""
        if self._data is None or self._review is None:
            return super().equivalent_command()
        label = shlex.quote(self._review.label)
        return (
            f"{super().equivalent_command()} --label {label} --kind {self._wanted}"
            f" --part {self._data.part} --limit {_MOST_ROWS}"
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
        """Show missed documents, wrongly flagged ones, or all."""
        order: tuple[Wanted, ...] = ("all", *(kind for kind in WANTED if kind != "all"))
        self._wanted = order[(order.index(self._wanted) + 1) % len(order)]
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
        pane = self.query_one(ReadingPane)
        if pane.scroll_y >= pane.max_scroll_y:
            pane.scroll_home(animate=False)
        else:
            pane.scroll_page_down(animate=False)

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
        row = self._highlighted
        facts, text = (
            self.query_one("#review-facts", Static),
            self.query_one("#review-text", Static),
        )
        if row is None or self._review is None:
            facts.update("")
            text.update("")
            return
        facts.update(Content(self._plain(document_facts(row, self._review.threshold))))
        text.update(Content(document_lines(row)))
        self.query_one(ReadingPane).scroll_home(animate=False)

    @property
    def _table(self) -> KeyTable:
        return self.query_one(KeyTable)

    @property
    def _highlighted(self) -> ReviewRow | None:
        row = self._table.cursor_row
        rows = self._review.rows if self._review else ()
        return rows[row] if 0 <= row < len(rows) else None

    def _load(self, run: str, part: str) -> None:
        session = self.session

        def work(reporter: Reporter, cancel: CancelToken) -> ReviewData:
            return load_review(session, run, part)

        self.start_job("review", work)

    def _refresh_list(self) -> None:
        if self._data is None:
            return
        label = self._data.labels[self._label]
        self._review = review_label(self._data, label, self._wanted, self._words, _MOST_ROWS)
        self._show_head(self._data, self._review)
        self._fill_table()

    def _show_head(self, data: ReviewData, review: Review) -> None:
        threshold = f"{review.threshold:.4f}" + ("" if review.is_tuned else " (default)")
        self.query_one("#review-label", Static).update(
            Content.assemble(
                self._plain("← "), (printable(review.label, 40), "bold"), self._plain(" → "),
                f" label {self._label + 1} of {len(data.labels)}",
                self._plain(f" · threshold {threshold} · {data.part}"),
            )
        )  # fmt: skip
        counts = review.counts
        names: dict[Wanted, str] = {
            "all": f"all {sum(counts.values()):,}",
            "false-negatives": f"missed {counts['false-negative']:,}",
            "false-positives": f"wrongly flagged {counts['false-positive']:,}",
        }
        kinds = [
            Content.styled(f"[{text}]", "reverse")
            if kind == review.wanted
            else Content(f" {text} ")
            for kind, text in names.items()
        ]
        shown = min(review.found, _MOST_ROWS)
        more = review.found - shown
        tail = f"{shown:,} nearest first" + (f", {more:,} more" if more else "")
        if self._words:
            tail = f'{review.found:,} with "{printable(self._words, 20)}"'
        self.query_one("#review-kinds", Static).update(
            Content.assemble(Content(" ").join(kinds), "  ", (self._plain(tail), "dim"))
        )

    @on(KeyTable.WidthChanged)
    def _fill_table(self) -> None:
        table, review = self._table, self._review
        if review is None:
            return
        room = table.size.width or self.size.width - 2
        table.clear(columns=True)
        table.add_column(cell("kind"), width=4)
        table.add_column(cell("score", justify="right"), width=6)
        table.add_column(cell("document"), width=max(room - 18, 12))
        for row in review.rows:
            style = _STYLES.get(row.kind, "")
            score = "?" if row.score is None else f"{row.score:.4f}"
            cells = [
                cell(SHORT[row.kind], style),
                cell(score, justify="right"),
                cell(" ".join(row.text[:_EXCERPT].split())),
            ]
            table.add_cells(cells, self.tuner.settings.ascii_only)
        if not review.rows:
            self._say_nothing_found(review)
        self._show_document()

    def _say_nothing_found(self, review: Review) -> None:
        what = {"all": "document", "false-negatives": "missed document",
                "false-positives": "wrongly flagged document"}[review.wanted]  # fmt: skip
        words = f' holds "{printable(self._words, 40)}"' if self._words else " here"
        self._table.add_row(cell(""), cell(""), cell(f"no {what}{words}", "dim"))

    def _say(self, text: str) -> None:
        self.query_one("#review-label", Static).update(literal(self._plain(text)))

    def _plain(self, text: str) -> str:
        return plain(text, self.tuner.settings.ascii_only)
