"""A named line of input, with completion where the screen offers candidates."""

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.suggester import SuggestFromList
from textual.widgets import Input, Static

from tui.render import literal


class Line(Input):
    """An input without blinking, whose tab completes before it moves on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete_or_leave", show=False),
        Binding("right", "right_or_complete", show=False),
    ]

    def __init__(
        self,
        id: str,  # noqa: A002 - Textual's name
        *,
        restrict: str | None = None,
        complete: Callable[[], bool] | None = None,
    ) -> None:
        """Make the input.

        Args:
            id: the widget's id.
            restrict: pattern that the value must keep to.
            complete: completes the value; returns whether there was anything to complete.
        """
        super().__init__(id=id, restrict=restrict, select_on_focus=False)
        self.cursor_blink = False
        self._complete = complete

    def action_complete_or_leave(self) -> None:
        """Complete, or go to the next field."""
        if self._complete is None or not self._complete():
            self.screen.focus_next()

    def action_right_or_complete(self) -> None:
        """Move right; at the end, complete."""
        is_at_end = self.cursor_position >= len(self.value)
        if not (is_at_end and self._complete is not None and self._complete()):
            self.action_cursor_right()


class Field(Horizontal):
    """A name and a line of input beside it."""

    DEFAULT_CSS = """
    Field { height: 1; width: 1fr; }
    Field > .field-name { width: 11; color: $text-muted; }
    Field > Input { width: 1fr; }
    Field.-active > .field-name { color: $text-accent; text-style: bold; }
    """

    def __init__(self, name: str, line: Line) -> None:
        super().__init__()
        self._label = name
        self._line = line

    def compose(self) -> ComposeResult:
        """Name and input."""
        yield Static(literal(self._label), classes="field-name")
        yield self._line

    def on_descendant_focus(self) -> None:
        """Mark the field that is typed in."""
        self.add_class("-active")

    def on_descendant_blur(self) -> None:
        """Mark it no longer."""
        self.remove_class("-active")


def suggester_of(words: list[str]) -> SuggestFromList:
    """Suggestions for a line, taken over by the right arrow at its end."""
    return SuggestFromList(words, case_sensitive=False)
