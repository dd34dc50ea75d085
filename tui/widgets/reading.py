"""The pane in which one reviewed document is read: facts, words that drive its score, text."""

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from core.workflow.actions.review import Review, ReviewRow
from tui.render import plain
from tui.widgets.document_text import document_facts, document_lines, suspicion, terms_line
from tui.widgets.key_table import ReadingPane


class DocumentView(ReadingPane):
    """A document in full, its text literal and wrapped."""

    DEFAULT_CSS = """
    DocumentView > #review-facts { text-style: bold; }
    DocumentView > #review-terms {
        display: none; height: 1; color: $text-muted; text-wrap: nowrap; text-overflow: clip;
    }
    DocumentView > #review-terms.-known { display: block; }
    """

    def compose(self) -> ComposeResult:
        """Facts, words, text."""
        yield Static("", id="review-facts", markup=False)
        yield Static("", id="review-terms", markup=False)
        yield Static("", id="review-text", markup=False)

    def show(
        self,
        row: ReviewRow,
        review: Review,
        terms: tuple[tuple[str, float], ...] | None,
        ascii_only: bool,
    ) -> None:
        """Show one document from its beginning.

        Args:
            terms: the words that move its score most; None when the engine does not say.
        """
        facts = document_facts(row, review.threshold)
        if review.wanted == "suspects":
            facts += f"\n{suspicion(row)}"
        elif review.wanted == "duplicates":
            same = sum(other.text_group == row.text_group for other in review.rows)
            facts += f"\n{same} documents here have this text, not all with this label"
        self._put("#review-facts", plain(facts, ascii_only))
        self._put("#review-terms", terms_line(terms) if terms else "")
        self.query_one("#review-terms").set_class(bool(terms), "-known")
        self._put("#review-text", document_lines(row))
        self.scroll_home(animate=False)

    def clear(self) -> None:
        """Show nothing."""
        for name in ("#review-facts", "#review-terms", "#review-text"):
            self._put(name, "")

    def read_on(self) -> None:
        """Scroll by a page; from the end back to the top."""
        if self.scroll_y >= self.max_scroll_y:
            self.scroll_home(animate=False)
        else:
            self.scroll_page_down(animate=False)

    def _put(self, name: str, text: str) -> None:
        self.query_one(name, Static).update(Content(text))
