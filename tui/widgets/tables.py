"""A table of rows whose widest column takes the room that the others leave."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Self

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.coordinate import Coordinate
from textual.geometry import Region
from textual.message import Message
from textual.widgets import DataTable, Input, Static

from core.text import cell_width, plural, printable
from core.workflow.trial import Trial, TrialRow, shown
from tui.render import cell, glyph, literal, plain

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


# A table of rows that leaves every key but the vertical ones to its screen.


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


class ReadingPane(VerticalScroll, inherit_bindings=False):
    """A long text, scrolled with the vertical keys when it has the focus."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll_up", show=False),
        Binding("down", "scroll_down", show=False),
        Binding("pageup", "page_up", show=False),
        Binding("pagedown", "page_down", show=False),
    ]

    def on_mount(self) -> None:
        """As in `KeyTable`."""
        if self.app.has_class("-ascii"):
            self.styles.scrollbar_size_vertical = 0


# A table that repaints only the cells that have changed.
#
# A monitor over a slow line pays for every cell that is sent again; `DataTable` repaints the whole
# table for one changed cell.


@dataclass(frozen=True)
class LiveColumn:
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

    def show(self, columns: Sequence[LiveColumn], rows: Sequence[Row]) -> None:
        """Show rows; the cursor stays on its row when that is still there."""
        shown = [*rows[:MOST_ROWS]]
        if len(rows) > MOST_ROWS:
            more = f"{len(rows) - MOST_ROWS:,} more"
            shown.append(Row("more rows", (more, *[""] * (len(columns) - 1))))
        texts = [[printable(plain(text, self._ascii_only)) for text in row.texts] for row in shown]
        widths = tuple(
            min(
                max([cell_width(column.title), *(cell_width(row[at]) for row in texts)]),
                column.widest,
            )
            for at, column in enumerate(columns)
        )
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

    def _show_changes(self, columns: Sequence[LiveColumn], texts: list[list[str]]) -> None:
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
        columns: Sequence[LiveColumn],
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

    def _cell(self, columns: Sequence[LiveColumn], at: int, text: str) -> Text:
        """A cell with the gap on the side away from its edge."""
        column = columns[at]
        made = cell(text, justify="right" if column.is_number else "left")
        made.truncate(column.widest, overflow="ellipsis")
        return (
            cell(" " * self._lead(columns, at)).append_text(made) if not column.is_number else made
        )

    def _lead(self, columns: Sequence[LiveColumn], at: int) -> int:
        """Cells before a text column, which a number column before it leaves to it."""
        is_after_number = at > 0 and columns[at - 1].is_number
        return self._gap if is_after_number and not columns[at].is_number else 0


# A line to type words that the rows of a list must hold.


class FilterLine(Horizontal):
    """Hidden until it is opened; shows how many rows it leaves."""

    DEFAULT_CSS = """
    FilterLine { height: 1; display: none; }
    FilterLine.-open { display: block; }
    FilterLine > .filter-name { width: 7; color: $text-accent; }
    FilterLine > Input { width: 1fr; }
    FilterLine > .filter-count { width: auto; color: $text-muted; padding: 0 1; }
    """

    def compose(self) -> ComposeResult:
        """Name, words, count."""
        yield Static(literal("filter"), classes="filter-name")
        words = Input(id="filter", select_on_focus=False)
        words.cursor_blink = False
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

    def close(self) -> None:
        """Forget the words and hide the line."""
        self.query_one(Input).value = ""
        self.remove_class("-open")

    def lets_through(self, text: str) -> bool:
        """Whether `text` holds every word."""
        folded = text.casefold()
        return all(word in folded for word in self.words.casefold().split())

    def show_count(self, shown: int, total: int) -> None:
        """Say how many rows are left of how many."""
        self.query_one(".filter-count", Static).update(literal(f"{shown:,} of {total:,}"))


# Every label of a tried document: score, threshold, decision.


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
