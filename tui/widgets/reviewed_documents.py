"""The documents of a reading list, one line each, with their marks."""

from textual.coordinate import Coordinate

from core.tuning.review import Kind
from core.workflow.actions.review import Mark, Review
from tui.render import cell
from tui.widgets.document_text import SHORT, SIGNS
from tui.widgets.key_table import KeyTable
from tui.widgets.review_head import nothing_found

MOST_ROWS = 500
"""Documents that are listed at most."""
_EXCERPT = 300
_STYLES: dict[Kind, str] = {"false-negative": "bold", "false-positive": "bold"}


class ReviewedDocuments(KeyTable):
    """Mark, kind of decision, score and beginning of every document."""

    def show(self, review: Review, words: str, width: int, ascii_only: bool) -> None:
        """Fill the table.

        Args:
            words: of the filter, to be named when nothing holds them.
            width: room in cells before the table has its size.
        """
        room = self.size.width or width
        self.clear(columns=True)
        self.add_column(cell(" "), width=1)
        self.add_column(cell("kind"), width=4)
        self.add_column(cell("score", justify="right"), width=6)
        self.add_column(cell("document"), width=max(room - 21, 12))
        for row in review.rows:
            score = "?" if row.score is None else f"{row.score:.4f}"
            cells = [
                cell(SIGNS[row.mark.action] if row.mark else "", "bold"),
                cell(SHORT[row.kind], _STYLES.get(row.kind, "")),
                cell(score, justify="right"),
                cell(" ".join(row.text[:_EXCERPT].split())),
            ]
            self.add_cells(cells, ascii_only)
        if not review.rows:
            said = nothing_found(review, words)
            self.add_row(cell(""), cell(""), cell(""), cell(said, "dim"))

    def show_mark(self, place: int, mark: Mark | None) -> None:
        """Show the mark of one document without filling the table again."""
        sign = SIGNS[mark.action] if mark else ""
        self.update_cell_at(Coordinate(place, 0), cell(sign, "bold"))
