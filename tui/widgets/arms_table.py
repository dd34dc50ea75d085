"""The arms of an experiment: where each stands, and its figures."""

from collections.abc import Sequence

from rich.text import Text

from core.text import cell_width, printable
from tui.render import cell, glyph, plain
from tui.widgets.arms_lines import ArmLine
from tui.widgets.key_table import KeyTable

_SIGNS = {
    "planned": "blocked", "training": "running", "scoring": "running", "done": "done",
    "failed": "error", "skipped": "info",
}  # fmt: skip
_LONGEST_NAME = 16
_FIGURES = ("AP", "F1@.5", "F1", "F1 – base")
_GAP = 2
_MOST_ROWS = 500


class ArmsTable(KeyTable):
    """One row per arm; a row is rewritten only when it has changed."""

    def __init__(self, ascii_only: bool, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id)
        self.cell_padding = 0
        self.styles.height = "auto"
        self._ascii_only = ascii_only
        self._lines: tuple[ArmLine, ...] = ()
        self._counted = ""
        self._laid_out: tuple[object, ...] = ()

    @property
    def selected(self) -> str | None:
        """The highlighted arm; None when there is none."""
        if 0 <= self.cursor_row < len(self._lines):
            return self._lines[self.cursor_row].name
        return None

    def show(self, lines: Sequence[ArmLine], counted: str) -> None:
        """Show arms; the highlighted one stays highlighted.

        Args:
            lines: from the top.
            counted: what the column of positives counts.
        """
        shown = tuple(lines[:_MOST_ROWS])
        widths = self._widths(shown)
        layout = (counted, widths, tuple(line.name for line in shown))
        if layout != self._laid_out:
            self._show_anew(shown, counted, widths)
        else:
            for row, (before, after) in enumerate(zip(self._lines, shown, strict=True)):
                if before != after:
                    self._rewrite(row, self._cells(before, widths), self._cells(after, widths))
        self._laid_out, self._lines = layout, shown

    def _widths(self, lines: Sequence[ArmLine]) -> tuple[int, ...]:
        """Of every column; figures give way on the right where the room is short."""
        names = [cell_width(printable(line.name)) for line in lines]
        counts = [cell_width(line.positives) for line in lines]
        name = min(max([*names, 3]), _LONGEST_NAME) + 1
        positives = max([*counts, 9]) + 1
        outcome = max([cell_width(line.outcome) for line in lines] + [7]) + _GAP
        room = (self.size.width or 78) - 2 - name - positives - outcome
        figures = []
        for at, head in enumerate(_FIGURES):
            texts = [head, *(_figures(line)[at] for line in lines)]
            width = max(map(cell_width, texts)) + (1 if at else _GAP)
            figures.append(width if room >= width else 0)
            room -= width
        return (2, name, positives, *figures, outcome)

    def _show_anew(self, lines: Sequence[ArmLine], counted: str, widths: tuple[int, ...]) -> None:
        selected = self.selected
        self.clear(columns=True)
        heads = ["", "arm", counted, *_FIGURES, "  verdict"]
        for at, (head, width) in enumerate(zip(heads, widths, strict=True)):
            is_number = 2 <= at < len(widths) - 1
            if width:
                text = plain(head, self._ascii_only)
                self.add_column(cell(text, justify="right" if is_number else "left"), width=width)
        for line in lines:
            self.add_cells(self._cells(line, widths), self._ascii_only)
        names = [line.name for line in lines]
        if selected in names:
            self.move_cursor(row=names.index(selected), animate=False)

    def _cells(self, line: ArmLine, widths: tuple[int, ...]) -> list[Text]:
        sign = glyph(_SIGNS[line.stage], self._ascii_only)
        style = "bold" if line.outcome in ("better", "worse") else ""
        cells = [
            cell(sign),
            cell(self._text(line.name)),
            cell(line.positives, justify="right"),
            *(cell(self._text(text), justify="right") for text in _figures(line)),
            cell(f"  {self._text(line.outcome)}", style),
        ]
        return [one for one, width in zip(cells, widths, strict=True) if width]

    def _text(self, text: str) -> str:
        return plain(text, self._ascii_only)

    def _rewrite(self, row: int, before: list[Text], after: list[Text]) -> None:
        from textual.coordinate import Coordinate

        for column, (old, new) in enumerate(zip(before, after, strict=True)):
            if old != new:
                self.update_cell_at(Coordinate(row, column), new)


def _figures(line: ArmLine) -> tuple[str, str, str, str]:
    """The texts of the columns that give way."""
    return line.average_precision, line.f1_default, line.f1_tuned, line.difference
