"""One line to type or paste a document into."""

from textual import events
from textual.widgets import Input

from core.text import printable


class DocumentInput(Input):
    """An input that keeps all lines of a pasted text, joined by blanks.

    Control characters and invisible marks are left out: they would reach the terminal.
    """

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.cursor_blink = False

    def on_paste(self, event: events.Paste) -> None:
        """Take a pasted text whole."""
        event.prevent_default()
        event.stop()
        line = "".join(c for c in " ".join(event.text.split()) if printable(c) == c)
        if self.selection.is_empty:
            self.insert_text_at_cursor(line)
        else:
            self.replace(line, *self.selection)
