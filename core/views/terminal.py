"""Aligned text tables that measure in terminal cells."""

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


# Tables and sentences that fit a terminal of 80 columns.


WIDTH = 80
"""Terminal cells of a line."""


def narrow_tables(
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    widest: int = 24,
    width: int = WIDTH,
) -> list[str]:
    """A table in as many pieces as the width asks for, each beginning with the first column.

    Args:
        headers: column titles, as `core.cli.tables.table` reads them.
        rows: cells of any origin.
        widest: longest cell in characters.
        width: terminal cells of a line; a single column beside the first may exceed it.
    """
    if not rows:
        return []
    widths = [
        max(cell_width(printable(row[column], widest)) for row in (headers, *rows))
        for column in range(len(headers))
    ]
    pieces: list[list[int]] = [[0]]
    used = widths[0]
    for column in range(1, len(headers)):
        if len(pieces[-1]) > 1 and used + 2 + widths[column] > width:
            pieces.append([0])
            used = widths[0]
        pieces[-1].append(column)
        used += 2 + widths[column]
    return [
        table(
            [headers[column] for column in piece],
            [[row[column] for column in piece] for row in rows],
            widest,
        )
        for piece in pieces
    ]


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
