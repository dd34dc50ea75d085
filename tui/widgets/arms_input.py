"""A line to type arms or a target in, under what it asks for."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Static

from tui.render import literal, plain


class ArmsInput(Vertical):
    """Hidden until something is asked."""

    DEFAULT_CSS = """
    ArmsInput { height: auto; display: none; }
    ArmsInput.-open { display: block; }
    ArmsInput > Static { height: auto; max-height: 2; color: $text-accent; }
    """

    def __init__(self, ascii_only: bool) -> None:
        super().__init__(id="arms-input")
        self._ascii_only = ascii_only
        self.asked = ""
        """What is typed: ``arms``, ``target``; empty while nothing is."""

    def compose(self) -> ComposeResult:
        """The question, the input."""
        yield Static("", markup=False)
        typed = Input(id="oversample-input")
        typed.cursor_blink = False
        yield typed

    def open(self, asked: str, question: str, value: str) -> None:
        """Ask, with a value to begin with."""
        self.asked = asked
        self.query_one(Static).update(literal(plain(question, self._ascii_only)))
        typed = self.query_one(Input)
        typed.value = value
        self.add_class("-open")
        typed.focus()

    def close(self) -> bool:
        """Ask no longer; whether anything was asked."""
        was_open = bool(self.asked)
        self.asked = ""
        self.remove_class("-open")
        return was_open
