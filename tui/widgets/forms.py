"""One field of a form: a name and an input beside it."""

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.suggester import SuggestFromList
from textual.widget import Widget
from textual.widgets import Input, Static

from tui.render import literal


class FieldInput(Input):
    """An input without blinking, whose tab completes before it moves on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete_or_leave", show=False),
        Binding("right", "right_or_complete", show=False),
    ]

    def __init__(
        self,
        id: str,  # noqa: A002 - Textual's name
        value: str = "",
        *,
        placeholder: str = "",
        restrict: str | None = None,
        complete: Callable[[], bool] | None = None,
    ) -> None:
        """Make the input.

        Args:
            id: the widget's id.
            value: what stands in it at first.
            placeholder: shown while it is empty.
            restrict: pattern that the value must keep to.
            complete: completes the value; returns whether there was anything to complete.
        """
        super().__init__(value, placeholder, id=id, restrict=restrict, select_on_focus=False)
        self.cursor_blink = False
        self._complete = complete

    def suggest(self, words: list[str]) -> None:
        """Suggest words; the right arrow at the end takes one."""
        self.suggester = SuggestFromList(words, case_sensitive=False)

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
    """A name and what is typed or chosen beside it."""

    DEFAULT_CSS = """
    Field { height: 1; width: 1fr; }
    Field > .field-name { width: 11; color: $text-muted; }
    Field > Input { width: 1fr; }
    Field:focus-within > .field-name { color: $text-accent; text-style: bold; }
    """

    def __init__(self, name: str, given: Widget) -> None:
        super().__init__(Static(literal(name), classes="field-name"), given)
