"""Names with what they are, the texts wrapped beside them."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text
from textual.widgets import Static

from core.text import printable
from tui.render import literal, plain

Fact = tuple[str, str]


class Facts(Static):
    """A list of facts: a short name and a text of any origin, which may be long."""

    def __init__(self, ascii_only: bool, widget_id: str | None = None) -> None:
        super().__init__("", markup=False, id=widget_id)
        self._ascii_only = ascii_only
        self.facts: tuple[Fact, ...] = ()

    def show(self, facts: Sequence[Fact]) -> None:
        """Show facts; an empty name goes on with the fact before."""
        if tuple(facts) == self.facts:
            return
        self.facts = tuple(facts)
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(no_wrap=True, style="bold")
        grid.add_column(overflow="fold")
        for name, text in self.facts:
            grid.add_row(
                Text(printable(plain(name, self._ascii_only))),
                Text(printable(plain(text, self._ascii_only))),
            )
        self.update(grid)


class Line(Static):
    """A text of any origin that is repainted only when it changes; hidden while empty."""

    def __init__(self, ascii_only: bool, widget_id: str | None = None) -> None:
        super().__init__("", markup=False, id=widget_id)
        self._ascii_only = ascii_only
        self.text = ""
        self.display = False

    def show(self, text: str) -> None:
        """Show a text; an empty one hides the line."""
        if text == self.text:
            return
        self.text = text
        self.display = bool(text)
        self.update(literal(plain(text, self._ascii_only)))
