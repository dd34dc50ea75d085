"""The labels with their thresholds and F1; a cell is rewritten only when it has changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from core.text import cell_width, printable
from tui.render import cell, plain

MOST_ROWS = 500
"""More rows are counted, not shown."""
_FIGURE_WIDTHS = {"threshold": 7, "default": 6, "present": 5, "grade": 3}


@dataclass(frozen=True)
class LabelRow:
    """One label as the table shows it."""

    label: str
    threshold: str
    default: str
    """F1 at the default threshold."""
    present: str
    """F1 at the present threshold."""
    grade: str = ""
    """How far the threshold can be trusted."""


class LabelTable(DataTable[Text], inherit_bindings=False):
    """One row per label; left and right belong to the screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "cursor_up", show=False),
        Binding("down", "cursor_down", show=False),
        Binding("pageup", "page_up", show=False),
        Binding("pagedown", "page_down", show=False),
        Binding("home", "scroll_top", show=False),
        Binding("end", "scroll_bottom", show=False),
    ]

    def __init__(self, ascii_only: bool, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, cursor_type="row", cell_padding=0, zebra_stripes=False)
        self._ascii_only = ascii_only
        if ascii_only:
            self.styles.scrollbar_size_vertical = 0
        self._rows: list[LabelRow] = []
        self._layout: tuple[int, str, bool] | None = None

    @property
    def selected(self) -> str | None:
        """The highlighted label; None when no row is shown."""
        if 0 <= self.cursor_row < len(self._rows):
            return self._rows[self.cursor_row].label
        return None

    @property
    def shown_labels(self) -> tuple[str, ...]:
        """The labels of the rows, from the top."""
        return tuple(row.label for row in self._rows)

    def show(
        self, rows: Sequence[LabelRow], *, width: int, default_name: str, is_compact: bool
    ) -> None:
        """Show rows in `width` cells; the highlighted label stays highlighted.

        Args:
            rows: from the top; at most `MOST_ROWS` are shown.
            width: of the whole table, in cells.
            default_name: header of the column of F1 at the default threshold.
            is_compact: whether that column is left out.
        """
        rows = list(rows[:MOST_ROWS])
        layout = (width, default_name, is_compact)
        is_same = [row.label for row in rows] == [row.label for row in self._rows]
        if layout == self._layout and is_same:
            self._rewrite(rows)
            return
        selected = self.selected
        labels = [row.label for row in rows]
        place = labels.index(selected) if selected in labels else 0
        self._layout, self._rows = layout, rows
        self.clear(columns=True)
        self._add_columns(width, default_name, is_compact)
        for row in rows:
            self.add_row(*self._cells(row), key=row.label)
        if rows:
            self.move_cursor(row=place, animate=False)

    def _add_columns(self, width: int, default_name: str, is_compact: bool) -> None:
        figures = {"threshold": "thr", "default": default_name, "present": "F1", "grade": "gr"}
        if is_compact:
            del figures["default"]
        taken = sum(_FIGURE_WIDTHS[name] for name in figures) + 1
        self._name_width = max(width - taken, 6)
        self.add_column(cell(" label"), key="label", width=self._name_width)
        for name, header in figures.items():
            head = f"{header} " if name == "threshold" else header
            self.add_column(
                cell(head, justify="right"), key=name, width=_FIGURE_WIDTHS[name]
            )  # fmt: skip

    def _cells(self, row: LabelRow) -> list[Text]:
        cells = {name: self._figure(getattr(row, name)) for name in _FIGURE_WIDTHS}
        if self._layout is not None and self._layout[2]:
            del cells["default"]
        return [self._label_cell(row.label), *cells.values()]

    def _label_cell(self, label: str) -> Text:
        room = self._name_width - 2
        name = printable(label)
        if cell_width(name) > room:
            shortened = Text(name)
            shortened.truncate(room, overflow="ellipsis")
            name = shortened.plain
        return cell(f" {plain(name, self._ascii_only)}")

    def _figure(self, figure: str) -> Text:
        return cell(plain(figure, self._ascii_only), justify="right")

    def _rewrite(self, rows: Sequence[LabelRow]) -> None:
        """Rewrite the cells that differ."""
        is_compact = self._layout is not None and self._layout[2]
        for before, after in zip(self._rows, rows, strict=True):
            for name in _FIGURE_WIDTHS:
                if is_compact and name == "default":
                    continue
                figure = getattr(after, name)
                if figure != getattr(before, name):
                    self.update_cell(after.label, name, self._figure(figure))
        self._rows = list(rows)
