"""Tables and sentences as text for a terminal, measured in terminal cells."""

from core.text import cell_width, printable
from core.views.blocks import Table

WIDTH = 80
"""Terminal cells of a line."""
_SHORTEST = 10
"""Cells of a first column that gives way; below this a table is split instead."""


def table_text(table: Table, *, widest: int = 40, width: int | None = None) -> str:
    """Rows under the short titles of their columns.

    Args:
        table: cells of any origin; they are made printable here.
        widest: longest cell in characters.
        width: terminal cells of a line. Where the table is wider, its first column gives way; where
            that is not enough, the table goes on below in further pieces, each of which begins with
            the first column. A single column beside the first may still exceed it.
    """
    titles = tuple(column.short or column.title for column in table.columns)
    cells = [[printable(cell, widest) for cell in row] for row in (titles, *table.rows)]
    if width is None:
        return _text(table, cells, list(range(len(titles))))
    widths = [max(cell_width(row[at]) for row in cells) for at in range(len(titles))]
    room = width - sum(wide + 2 for wide in widths[1:])
    if room >= _SHORTEST:
        cells = [[_fitted(row[0], room), *row[1:]] for row in cells]
        return _text(table, cells, list(range(len(titles))))
    pieces: list[list[int]] = [[0]]
    used = widths[0]
    for column in range(1, len(titles)):
        if len(pieces[-1]) > 1 and used + 2 + widths[column] > width:
            pieces.append([0])
            used = widths[0]
        pieces[-1].append(column)
        used += 2 + widths[column]
    return "\n\n".join(_text(table, cells, piece) for piece in pieces)


def _text(table: Table, cells: list[list[str]], columns: list[int]) -> str:
    widths = {at: max(cell_width(row[at]) for row in cells) for at in columns}
    lines = []
    for row in cells:
        parts = []
        for at in columns:
            gap = " " * (widths[at] - cell_width(row[at]))
            parts.append(row[at] + gap if table.is_left(at) else gap + row[at])
        lines.append("  ".join(parts).rstrip())
    return "\n".join([lines[0], "─" * max(map(cell_width, lines)), *lines[1:]])


def _fitted(shown: str, room: int) -> str:
    """A name in at most `room` terminal cells."""
    if cell_width(shown) <= room:
        return shown
    while cell_width(shown) >= room:
        shown = shown[:-1]
    return f"{shown}…"


def paragraph(text: str, first: str = "", rest: str = "  ", width: int = WIDTH) -> list[str]:
    """Text of any origin in lines of at most `width` cells, broken at spaces.

    Args:
        first: what the first line begins with.
        rest: what every further line begins with.
    """
    lines: list[str] = []
    line, is_empty = first, True
    for word in printable(text).split():
        glued = word if is_empty else f" {word}"
        if not is_empty and cell_width(line) + cell_width(glued) > width:
            lines.append(line)
            line, glued = rest, word
        line, is_empty = line + glued, False
    return [*lines, line]
