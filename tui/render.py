"""The one way from text to the screen: literal, printable, and marked by more than colour."""

from rich.text import Text
from textual.content import Content

from core.text import printable

GLYPHS = {
    "done": "✓",
    "ready": "›",
    "running": "…",
    "stale": "!",
    "blocked": "–",
    "error": "✗",
    "warning": "!",
    "info": "·",
    "passed": "✓",
    "separator": "·",
    "bar": "█",
    "arrow": "→",
}
ASCII_GLYPHS = {
    "done": "+",
    "ready": ">",
    "running": "~",
    "stale": "!",
    "blocked": "-",
    "error": "x",
    "warning": "!",
    "info": ".",
    "passed": "+",
    "separator": "-",
    "bar": "#",
    "arrow": "->",
}
_PLAIN = str.maketrans({"…": ".", "·": "-", "–": "-", "—": "-", "→": ">", "←": "<", "✓": "+",
                        "✗": "x", "›": ">", "⏎": "/", "█": "#", "≥": ">", "×": "x"})  # fmt: skip


def glyph(name: str, ascii_only: bool = False) -> str:
    """The sign of a status or severity."""
    return (ASCII_GLYPHS if ascii_only else GLYPHS)[name]


def plain(text: str, ascii_only: bool) -> str:
    """Our own typographic characters as ASCII when the terminal is to get nothing else."""
    return text.translate(_PLAIN) if ascii_only else text


def literal(text: str, style: str = "") -> Content:
    """Text of any origin for a widget: made printable, never read as markup."""
    content = Content(printable(text))
    return content.stylize(style) if style else content


def lines(texts: list[str] | tuple[str, ...]) -> Content:
    """Several lines of text of any origin."""
    return Content("\n".join(printable(text) for text in texts))


def cell(text: str, style: str = "", justify: str = "left") -> Text:
    """Text of any origin for a table cell."""
    shown = Text(printable(text), style=style, no_wrap=True, overflow="ellipsis")
    shown.justify = "right" if justify == "right" else "left"
    return shown
