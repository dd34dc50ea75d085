"""The table of every screen: columns that fit, a row cursor, and only what differs sent again.

A monitor over a slow line pays for every cell that is sent again; `DataTable` repaints the whole
table for one changed cell.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.coordinate import Coordinate
from textual.geometry import Region
from textual.message import Message
from textual.widgets import DataTable, Input, Static

from core.text import cell_width
from tui.render import cell, literal, plain

MOST_ROWS = 500
"""Rows that a table holds at most; more make the terminal slow."""
_NARROWEST = 8
_PADDING = 2
_VERTICAL: list[BindingType] = [
    Binding("up", "cursor_up", show=False),
    Binding("down", "cursor_down", show=False),
    Binding("pageup", "page_up", show=False),
    Binding("pagedown", "page_down", show=False),
    Binding("home", "scroll_top", show=False),
    Binding("end", "scroll_bottom", show=False),
]


@dataclass(frozen=True)
class Column:
    """One column of a `RowTable`."""

    title: str
    """May be outside text."""
    width: int | None = None
    """In cells; 0 takes the room that is left, None as much as the cells need."""
    is_number: bool = False
    """Whether cells stand at the right edge."""
    widest: int = 40
    """Most cells of a column that is as wide as its cells need."""


@dataclass(frozen=True)
class Row:
    """One row, its cells of any origin, under a key that stays the same."""

    key: str
    cells: Sequence[str | Text]


class RowTable(DataTable[Text], inherit_bindings=False):
    """Rows under a row cursor, shown as a whole; a text that is too long is cut."""

    BINDINGS: ClassVar[list[BindingType]] = _VERTICAL

    _changes_cell = False

    def __init__(
        self,
        id: str,  # noqa: A002
        *,
        gap: int = 0,
        keys: str = "all",
        more: str = "more",
    ) -> None:
        """Make an empty table.

        Args:
            id: the widget's id.
            gap: cells between columns; 0: a cell on both sides of each.
            keys: "all", or "vertical" to leave left, right, enter and space to the screen.
            more: what the last line says of rows beyond the most, after their number.
        """
        super().__init__(id=id, cursor_type="row", cell_padding=0 if gap else 1)
        self._gap = gap
        self._is_vertical = keys == "vertical"
        self._more = more
        self._shown_columns: Sequence[Column] = ()
        self._shown_rows: list[Row] = []
        self._layout: tuple[tuple[Column, ...], tuple[int, ...], tuple[str, ...]] = ((), (), ())
        self._cells: list[list[Text]] = []
        if not self._is_vertical and DataTable._merged_bindings is not None:
            self._bindings = DataTable._merged_bindings.copy()

    def on_mount(self) -> None:
        """Leave out the scroll bars that are of no use."""
        if self._gap:
            self.styles.scrollbar_size_horizontal = 0
        if self._is_vertical:
            self.styles.overflow_x = "hidden"
            if self._is_ascii:  # the bar is drawn with blocks
                self.styles.scrollbar_size_vertical = 0

    def on_resize(self) -> None:
        """Give the column that takes the rest its new room."""
        if self._shown_columns:
            self._lay_out()

    def show(self, columns: Sequence[Column], rows: Sequence[Row]) -> None:
        """Show rows, at most 500 of them; the cursor stays on its row while that is there."""
        self._shown_columns, self._shown_rows = columns, [*rows[:MOST_ROWS]]
        left_out = len(rows) - MOST_ROWS
        if left_out > 0:
            words = Text(f"{left_out:,} {self._more}", style="dim")
            self._shown_rows.append(Row("more rows", (words, *[""] * (len(columns) - 1))))
        self._lay_out()

    def change_row(self, at: int, row: Row) -> None:
        """Show one row anew; its cells must not need more room."""
        self._shown_rows[at] = row
        self._lay_out_row(at, self._fitted(row, self._widths()))

    @property
    def current_key(self) -> str | None:
        """Key of the row under the cursor; None in an empty table."""
        is_row = 0 <= self.cursor_row < len(self._shown_rows)
        return self._shown_rows[self.cursor_row].key if is_row else None

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        """Repaint, except for the whole table while one cell is being changed."""
        if self._changes_cell:
            return self
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    @property
    def _is_ascii(self) -> bool:
        return self.app.has_class("-ascii")

    def _lay_out(self) -> None:
        widths = self._widths()
        keys = tuple(row.key for row in self._shown_rows)
        cells = [self._fitted(row, widths) for row in self._shown_rows]
        layout = (tuple(self._shown_columns), tuple(widths), keys)
        if layout == self._layout:
            for at, texts in enumerate(cells):
                self._lay_out_row(at, texts)
            return
        self._fill(widths, keys, cells)
        self._layout, self._cells = layout, cells

    def _lay_out_row(self, at: int, texts: list[Text]) -> None:
        before, self._cells[at] = self._cells[at], texts
        for place, (old, new) in enumerate(zip(before, texts, strict=True)):
            if old != new or old.style != new.style:
                self._change(Coordinate(at, place), new)

    def _change(self, place: Coordinate, value: Text) -> None:
        self._changes_cell = True
        try:
            self.update_cell_at(place, value)
        finally:
            self._changes_cell = False
        self.refresh_coordinate(place)

    def _fill(self, widths: list[int], keys: tuple[str, ...], cells: list[list[Text]]) -> None:
        before, row = self._layout[-1], self.cursor_row
        cursor = before[row] if 0 <= row < len(before) else None
        self.clear(columns=True)
        titles = self._fitted(Row("", [column.title for column in self._shown_columns]), widths)
        for at, (title, width) in enumerate(zip(titles, widths, strict=True)):
            self.add_column(title, width=width + self._gap + self._lead(at))
        for texts in cells:
            self.add_row(*texts)
        if keys:
            row = keys.index(cursor) if cursor in keys else min(max(row, 0), len(keys) - 1)
            self.move_cursor(row=row, animate=False)

    def _widths(self) -> list[int]:
        """Room for the text of each column."""
        columns = self._shown_columns
        widths = [
            self._needed(at, column) if column.width is None else column.width
            for at, column in enumerate(columns)
        ]
        leads = sum(self._lead(at) for at in range(len(columns)))
        between = leads + (self._gap or _PADDING) * len(columns)
        room = self.size.width or self.app.size.width - _PADDING
        rest = max(room - sum(widths) - between - 1, _NARROWEST)
        return [
            rest if column.width == 0 else width
            for column, width in zip(columns, widths, strict=True)
        ]

    def _needed(self, at: int, column: Column) -> int:
        needed = cell_width(column.title)
        for row in self._shown_rows:
            value = row.cells[at]
            text = self._made(value) if isinstance(value, str) else value
            needed = max(needed, text.cell_len)
        return min(needed, column.widest)

    def _made(self, text: str) -> Text:
        return cell(plain(text, self._is_ascii))

    def _fitted(self, row: Row, widths: list[int]) -> list[Text]:
        fitted = []
        for at, (value, room) in enumerate(zip(row.cells, widths, strict=True)):
            text = self._made(value) if isinstance(value, str) else value
            if text.cell_len > room:
                text = _cut(text, room, self._is_ascii)
            text.justify = "right" if self._shown_columns[at].is_number else "left"
            lead = self._lead(at)
            fitted.append(cell(" " * lead).append_text(text) if lead else text)
        return fitted

    def _lead(self, at: int) -> int:
        """Cells before a text column, which a number column before it leaves to it."""
        columns = self._shown_columns
        is_after_number = at > 0 and columns[at - 1].is_number
        return self._gap if is_after_number and not columns[at].is_number else 0


def _cut(text: Text, room: int, ascii_only: bool) -> Text:
    """A copy that fits, its end marked."""
    cut = text.copy()
    if not ascii_only:
        cut.truncate(room, overflow="ellipsis")
        return cut
    cut.truncate(room - 1, overflow="crop")
    return cut.append("~")


class ReadingPane(VerticalScroll, inherit_bindings=False):
    """A long text, scrolled with the vertical keys when it has the focus."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll_up", show=False),
        Binding("down", "scroll_down", show=False),
        Binding("pageup", "page_up", show=False),
        Binding("pagedown", "page_down", show=False),
    ]

    def on_mount(self) -> None:
        """Without typographic characters there is no scroll bar: it is drawn with blocks."""
        if self.app.has_class("-ascii"):
            self.styles.scrollbar_size_vertical = 0

    def read_on(self) -> None:
        """Scroll by a page; from the end back to the top."""
        if self.scroll_y >= self.max_scroll_y:
            self.scroll_home(animate=False)
        else:
            self.scroll_page_down(animate=False)


# A table that is filled by hand, for boards whose cells are drawn by their screens.


class KeyTable(DataTable[Text], inherit_bindings=False):
    """Rows to move through with the vertical keys; left, right, enter and space stay free."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "cursor_up", show=False),
        Binding("down", "cursor_down", show=False),
        Binding("pageup", "page_up", show=False),
        Binding("pagedown", "page_down", show=False),
        Binding("home", "scroll_top", show=False),
        Binding("end", "scroll_bottom", show=False),
    ]

    DEFAULT_CSS = "KeyTable { overflow-x: hidden; }"

    class WidthChanged(Message):
        """The room for columns is another: fill the table again."""

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, cursor_type="row")
        self._known_width = 0

    def on_resize(self) -> None:
        """Tell the screen when columns must be fitted again."""
        if self.size.width != self._known_width:
            self._known_width = self.size.width
            self.post_message(self.WidthChanged())

    def on_mount(self) -> None:
        """Without typographic characters there is no scroll bar: it is drawn with blocks."""
        if self.app.has_class("-ascii"):
            self.styles.scrollbar_size_vertical = 0

    def add_cells(self, cells: list[Text], ascii_only: bool) -> None:
        """Add one row; without typographic characters, long cells are cut without an ellipsis."""
        for text in cells:
            text.overflow = "crop" if ascii_only else "ellipsis"
        self.add_row(*cells)


# A line to type words that the rows of a list must hold.


class FilterLine(Horizontal):
    """Hidden until it is opened; may show how many rows it leaves."""

    DEFAULT_CSS = """
    FilterLine { height: 1; display: none; }
    FilterLine.-open { display: block; }
    FilterLine > .filter-name { width: 7; color: $text-accent; }
    FilterLine > Input { width: 1fr; }
    FilterLine > .filter-count { width: auto; color: $text-muted; padding: 0 1; }
    """

    class Changed(Message):
        """Other words were typed."""

    def __init__(self, list_id: str, placeholder: str = "") -> None:
        """Make the line.

        Args:
            list_id: the list that gets the focus when typing is over; empty for none.
            placeholder: shown in the empty input in place of name and count.
        """
        super().__init__()
        self._list_id = list_id
        self._placeholder = placeholder

    def compose(self) -> ComposeResult:
        """Name, words, count."""
        words = Input(
            id="filter", placeholder=self._placeholder, select_on_focus=bool(self._placeholder)
        )
        words.cursor_blink = False
        if self._placeholder:
            yield words
        else:
            yield Static(literal("filter"), classes="filter-name")
            yield words
            yield Static("", classes="filter-count")

    @property
    def words(self) -> str:
        """What was typed."""
        return self.query_one(Input).value

    @property
    def is_open(self) -> bool:
        """Whether the line is shown."""
        return self.has_class("-open")

    def open(self) -> None:
        """Show the line and type in it."""
        self.add_class("-open")
        self.query_one(Input).focus()

    def close(self) -> bool:
        """Forget the words, hide the line and go to the list; whether the line was open."""
        was_open = self.is_open
        if was_open:
            self.query_one(Input).value = ""
            self.remove_class("-open")
            self._leave()
        return was_open

    def lets_through(self, text: str) -> bool:
        """Whether `text` holds every word."""
        folded = text.casefold()
        return all(word in folded for word in self.words.casefold().split())

    def show_count(self, shown: int, total: int) -> None:
        """Say how many rows are left of how many."""
        self.query_one(".filter-count", Static).update(literal(f"{shown:,} of {total:,}"))

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed())

    @on(Input.Submitted)
    def _accepted(self, event: Input.Submitted) -> None:
        event.stop()
        self._leave()

    def _leave(self) -> None:
        self.screen.set_focus(self.screen.query_one(self._list_id) if self._list_id else None)
