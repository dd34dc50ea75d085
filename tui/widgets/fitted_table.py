"""A table of rows whose widest column takes the room that the others leave."""

from dataclasses import dataclass
from typing import Literal

from rich.text import Text
from textual import events
from textual.widgets import DataTable

from core.text import plural
from tui.render import cell

MOST_ROWS = 500
"""Rows that a table holds at most; more make the terminal slow."""
_NARROWEST = 8
_PADDING = 2


@dataclass(frozen=True)
class Column:
    """One column of a `FittedTable`."""

    title: str
    """May be outside text."""
    width: int
    """In cells; 0 takes the room that is left."""
    justify: Literal["left", "right"] = "left"


class FittedTable(DataTable[Text]):
    """A table with a row cursor, filled as a whole; it keeps its cursor when it is filled again."""

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, cursor_type="row")
        self._fitted: tuple[Column, ...] = ()
        self._cells: list[list[Text]] = []
        self._laid_out: tuple[int, tuple[Column, ...]] = (0, ())

    def fill(self, columns: tuple[Column, ...], rows: list[list[Text]]) -> None:
        """Show `rows`, at most 500 of them and a line that says how many more there are."""
        self._fitted, self._cells = columns, rows
        self._lay_out()

    def _lay_out(self) -> None:
        width = self.size.width or self.app.size.width - _PADDING
        row = self.cursor_row
        if self._laid_out == (width, self._fitted):
            self.clear()
        else:
            self.clear(columns=True)
            for column, cells in zip(self._fitted, self._widths(width), strict=True):
                self.add_column(cell(column.title, justify=column.justify), width=cells)
            self._laid_out = (width, self._fitted)
        widths = self._widths(width)
        for cells_of_row in self._cells[:MOST_ROWS]:
            if self.app.has_class("-ascii"):
                cut = [_cut(text, room) for text, room in zip(cells_of_row, widths, strict=True)]
                self.add_row(*cut)
            else:
                self.add_row(*cells_of_row)
        more = len(self._cells) - MOST_ROWS
        if more > 0 and self._fitted:
            blanks = [cell("") for _ in self._fitted[1:]]
            self.add_row(cell(f"{plural(more, 'row')} more: filter", "dim"), *blanks)
        if self.row_count:
            self.move_cursor(row=min(max(row, 0), self.row_count - 1), animate=False)

    def _widths(self, width: int) -> list[int]:
        taken = sum(column.width for column in self._fitted) + _PADDING * len(self._fitted) + 1
        rest = max(width - taken, _NARROWEST)
        return [column.width or rest for column in self._fitted]

    def on_resize(self, event: events.Resize) -> None:
        """Give the widest column its new room."""
        if self._fitted and self._laid_out[0] != self.size.width:
            self._lay_out()


def _cut(text: Text, room: int) -> Text:
    """`text` cut without the ellipsis that is beyond ASCII."""
    if text.cell_len <= room:
        return text
    kept = text.copy()
    kept.truncate(room - 1, overflow="crop")
    return kept.append("~")
