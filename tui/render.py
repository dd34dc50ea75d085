"""The one way from text to the screen: literal, printable, and marked by more than colour."""

import base64
import os
from typing import ClassVar

from rich.text import Text
from textual.content import Content
from textual.scrollbar import ScrollBar, ScrollBarRender

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
_PLAIN = str.maketrans(
    {
        "…": ".",
        "·": "-",
        "–": "-",
        "—": "-",
        "→": ">",
        "←": "<",
        "✓": "+",
        "✗": "x",
        "›": ">",
        "⏎": "/",
        "█": "#",
        "≥": ">",
        "×": "x",
        "─": "-",
        "−": "-",
    }
)


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


# Copying over SSH: the terminal is asked to take text (OSC 52), through tmux and screen too.


_LONGEST = 74_994
"""Bytes of an OSC 52 sequence that terminals are known to take."""


def clipboard_sequence(text: str) -> str | None:
    """The sequence that puts `text` on the terminal's clipboard; None when it is too long."""
    payload = base64.b64encode(text.encode("utf-8")).decode("ascii")
    sequence = f"\x1b]52;c;{payload}\x07"
    if len(sequence) > _LONGEST:
        return None
    if os.environ.get("TMUX"):
        return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    if os.environ.get("TERM", "").startswith("screen"):
        return "\x1bP" + sequence + "\x1b\\"
    return sequence


# Scroll bars without characters beyond ASCII.


class PlainScrollBarRender(ScrollBarRender):
    """Draws the bar with coloured spaces alone."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * 8


def use_scroll_bars(ascii_only: bool) -> None:
    """Choose how every scroll bar of the app is drawn."""
    ScrollBar.renderer = PlainScrollBarRender if ascii_only else ScrollBarRender
