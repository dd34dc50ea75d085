"""A line to type words that the rows of a list must hold."""

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input, Static

from tui.render import literal


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
