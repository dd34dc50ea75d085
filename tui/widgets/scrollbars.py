"""Scroll bars without characters beyond ASCII."""

from typing import ClassVar

from textual.scrollbar import ScrollBar, ScrollBarRender


class PlainScrollBarRender(ScrollBarRender):
    """Draws the bar with coloured spaces alone."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * 8


def use_scroll_bars(ascii_only: bool) -> None:
    """Choose how every scroll bar of the app is drawn."""
    ScrollBar.renderer = PlainScrollBarRender if ascii_only else ScrollBarRender
