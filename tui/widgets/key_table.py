"""A table of rows that leaves every key but the vertical ones to its screen."""

from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import DataTable


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
