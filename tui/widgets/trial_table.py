"""Every label of a tried document: score, threshold, decision."""

from rich.text import Text

from core.workflow.actions.trial import Trial, TrialRow, shown
from tui.render import cell, glyph
from tui.widgets.key_table import KeyTable

_MOST_ROWS = 500
_SIGNS = {"flagged": "passed", "not flagged": "blocked", "undecided": "warning"}
_FIGURES = (("score", 14), ("threshold", 9))
_DECISION = 13


class TrialTable(KeyTable):
    """Rows by score; a score that was not returned shows what it is at most."""

    def show(self, trial: Trial) -> None:
        """Fill the table; the cursor keeps its row."""
        row, ascii_only = self.cursor_row, self.app.has_class("-ascii")
        self.clear(columns=True)
        taken = sum(width for _, width in _FIGURES) + _DECISION + 2 * (len(_FIGURES) + 2) + 1
        self.add_column(cell("label"), width=max(self.size.width - taken, 12))
        for title, width in _FIGURES:
            self.add_column(cell(title, justify="right"), width=width)
        self.add_column(cell("decision"), width=_DECISION)
        for entry in trial.rows[:_MOST_ROWS]:
            self.add_cells(_cells(entry, ascii_only), ascii_only)
        more = len(trial.rows) - _MOST_ROWS
        if more > 0:
            self.add_row(cell(f"{more:,} more"), *[cell("")] * 3)
        self.move_cursor(row=min(max(row, 0), len(trial.rows) - 1))


def _cells(row: TrialRow, ascii_only: bool) -> list[Text]:
    style = "bold" if row.decision == "flagged" else ""
    score = row.note.removeprefix("not returned: ")
    if row.score is not None:
        score = shown(row.score, row.threshold)
    return [
        cell(row.label, style),
        cell(score, style, "right"),
        cell(shown(row.threshold, row.score), justify="right"),
        cell(f"{glyph(_SIGNS[row.decision], ascii_only)} {row.decision}", style),
    ]
