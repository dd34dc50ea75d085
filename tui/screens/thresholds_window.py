"""A window of text that leaves room for its keys, whatever the height."""

from textual.containers import VerticalScroll

from tui.screens.modal import TextModal

_HIGHEST = 0.9
"""Share of the screen's height that a window may take, as in the stylesheet."""
_AROUND = 4
"""Rows of a window beside its text: border, title, keys."""


class TextWindow(TextModal):
    """A scrollable text; its keys stay in sight."""

    def on_resize(self) -> None:
        """Leave the window's height to title and keys first."""
        room = int(self.app.size.height * _HIGHEST) - _AROUND
        self.query_one("#window-text", VerticalScroll).styles.max_height = max(room, 1)
