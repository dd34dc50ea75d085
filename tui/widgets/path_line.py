"""The input of a path, above a list of what it may become."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import OptionList

from tui.widgets.field import Line


class PathLine(Line):
    """The path; up and down move through the matches below it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "match(1)", show=False),
        Binding("up", "match(-1)", show=False),
    ]

    def action_match(self, step: int) -> None:
        """Highlight another match."""
        matches = self.screen.query_one("#matches", OptionList)
        if matches.display and step > 0:
            matches.action_cursor_down()
        elif matches.display:
            matches.action_cursor_up()
