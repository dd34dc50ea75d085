"""Aligned text tables that measure in terminal cells."""

import math
from collections.abc import Sequence

from core.text import cell_width, printable


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], widest: int = 40) -> str:
    """Rows under headers; the first column is left-aligned, the others right-aligned.

    Args:
        headers: column titles; a title that ends with a space makes its column left-aligned.
        rows: cells of any origin; they are made printable here.
        widest: longest cell in characters.
    """
    cells = [[printable(cell, widest) for cell in row] for row in (headers, *rows)]
    widths = [max(cell_width(row[column]) for row in cells) for column in range(len(headers))]
    lines = []
    for row in cells:
        parts = []
        for column, cell in enumerate(row):
            gap = " " * (widths[column] - cell_width(cell))
            is_left = column == 0 or headers[column].endswith(" ")
            parts.append(cell + gap if is_left else gap + cell)
        lines.append("  ".join(parts).rstrip())
    return "\n".join([lines[0], "─" * max(map(cell_width, lines)), *lines[1:]])


def figure_range(bounds: tuple[float, float] | None, digits: int = 2) -> str:
    """A share with the range that unknown scores allow: ``.24``, ``.24–.31``; ``–`` without one."""
    if bounds is None:
        return "–"
    low, high = figure(bounds[0], digits), figure(bounds[1], digits)
    return low if low == high else f"{low}–{high}"


def figure(value: float | None, digits: int = 2) -> str:
    """A share or score without its leading zero: ``.24``, ``1.00``; ``–`` when undefined."""
    if value is None or math.isnan(value):
        return "–"
    text = f"{value:.{digits}f}"
    return text[1:] if text.startswith("0.") else text.replace("-0.", "-.")
