"""A table that repaints only the cells that have changed.

A monitor over a slow line pays for every cell that is sent again; `DataTable` repaints the whole
table for one changed cell.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from rich.text import Text
from textual.coordinate import Coordinate
from textual.geometry import Region
from textual.widgets import DataTable

from core.text import cell_width, printable
from tui.render import cell, plain

MOST_ROWS = 500
"""Rows that a table shows; one more row tells how many are left out."""


@dataclass(frozen=True)
class Column:
    """A column whose width follows its cells."""

    title: str
    is_number: bool = False
    """Whether cells stand at the right edge."""
    widest: int = 40
    """Longest cell in terminal cells; longer ones end in an ellipsis."""


@dataclass(frozen=True)
class Row:
    """The texts of one row, of any origin, under a key that stays the same."""

    key: str
    texts: tuple[str, ...]


class LiveTable(DataTable[object]):
    """Rows under a row cursor; showing them again sends what differs."""

    _changes_cell = False

    def __init__(self, ascii_only: bool, gap: int = 2, widget_id: str | None = None) -> None:
        super().__init__(id=widget_id, cursor_type="row", cell_padding=0)
        self._ascii_only = ascii_only
        self._gap = gap
        self._shown_layout: tuple[object, ...] = ()
        self._texts: list[list[str]] = []

    def show(self, columns: Sequence[Column], rows: Sequence[Row]) -> None:
        """Show rows; the cursor stays on its row when that is still there."""
        shown = [*rows[:MOST_ROWS]]
        if len(rows) > MOST_ROWS:
            more = f"{len(rows) - MOST_ROWS:,} more"
            shown.append(Row("more rows", (more, *[""] * (len(columns) - 1))))
        texts = [[printable(plain(text, self._ascii_only)) for text in row.texts] for row in shown]
        widths = tuple(
            min(max([cell_width(column.title), *(cell_width(row[at]) for row in texts)]),
                column.widest)
            for at, column in enumerate(columns)
        )  # fmt: skip
        layout = (tuple(columns), widths, tuple(row.key for row in shown))
        if layout == self._shown_layout:
            self._show_changes(columns, texts)
        else:
            self._show_anew(columns, widths, [row.key for row in shown], texts)
        self._shown_layout, self._texts = layout, texts

    @property
    def current_key(self) -> str | None:
        """Key of the row under the cursor; None in an empty table."""
        if not self.row_count or not self.is_valid_coordinate(self.cursor_coordinate):
            return None
        return self.coordinate_to_cell_key(self.cursor_coordinate).row_key.value

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        """Repaint, except for the whole table while one cell is being changed."""
        if self._changes_cell:
            return self
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def _show_changes(self, columns: Sequence[Column], texts: list[list[str]]) -> None:
        for row, (old, new) in enumerate(zip(self._texts, texts, strict=True)):
            for at, text in enumerate(new):
                if old[at] != text:
                    self._change(Coordinate(row, at), self._cell(columns, at, text))

    def _change(self, place: Coordinate, value: Text) -> None:
        self._changes_cell = True
        try:
            self.update_cell_at(place, value)
        finally:
            self._changes_cell = False
        self.refresh_coordinate(place)

    def _show_anew(
        self,
        columns: Sequence[Column],
        widths: tuple[int, ...],
        keys: list[str],
        texts: list[list[str]],
    ) -> None:
        cursor = self.current_key
        self.clear(columns=True)
        for at, (column, width) in enumerate(zip(columns, widths, strict=True)):
            size = width + self._gap + self._lead(columns, at)
            self.add_column(self._cell(columns, at, column.title), width=size)
        for key, row in zip(keys, texts, strict=True):
            cells = (self._cell(columns, at, text) for at, text in enumerate(row))
            self.add_row(*cells, key=key)
        if cursor in keys:
            self.move_cursor(row=keys.index(cursor), animate=False)

    def _cell(self, columns: Sequence[Column], at: int, text: str) -> Text:
        """A cell with the gap on the side away from its edge."""
        column = columns[at]
        made = cell(text, justify="right" if column.is_number else "left")
        made.truncate(column.widest, overflow="ellipsis")
        return (
            cell(" " * self._lead(columns, at)).append_text(made) if not column.is_number else made
        )

    def _lead(self, columns: Sequence[Column], at: int) -> int:
        """Cells before a text column, which a number column before it leaves to it."""
        is_after_number = at > 0 and columns[at - 1].is_number
        return self._gap if is_after_number and not columns[at].is_number else 0
