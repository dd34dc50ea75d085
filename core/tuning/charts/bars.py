"""Horizontal bars."""

from collections.abc import Sequence

from core.tuning.charts.cells import cell_width, fitted

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_LONGEST_LABEL = 0.4
"""Share of the width that labels may take."""


def bars(rows: Sequence[tuple[str, float]], *, width: int, ascii_only: bool = False) -> str:
    """One line per row: label, bar, value; every line exactly `width` cells, no final newline.

    The longest bar is the largest value; values of 0 or less have none. Whole numbers are shown
    with thousands separated, others with two decimals.

    Args:
        rows: label and value, from top to bottom.
        width: in cells.
        ascii_only: bars of ``#`` instead of blocks.
    """
    if not rows:
        return ""
    whole = all(float(value).is_integer() for _, value in rows)
    figures = [f"{int(value):,}" if whole else f"{value:.2f}" for _, value in rows]
    figure_width = max(map(len, figures))
    longest = max(cell_width(fitted(label, cell_width(label))) for label, _ in rows)
    label_width = max(min(longest, int(width * _LONGEST_LABEL)), 1)
    room = max(width - label_width - figure_width - 2, 0)
    top = max(value for _, value in rows)
    lines = []
    for (label, value), figure in zip(rows, figures, strict=True):
        length = room * max(value, 0) / top if top > 0 else 0.0
        name = fitted(label, label_width, ascii_only)
        bar = _bar(length, ascii_only)
        lines.append(fitted(f"{name} {bar:<{room}} {figure:>{figure_width}}", width, ascii_only))
    return "\n".join(lines)


def _bar(length: float, ascii_only: bool) -> str:
    if ascii_only:
        return "#" * (round(length) or (1 if length > 0 else 0))
    eighths = round(length * 8) or (1 if length > 0 else 0)
    full, rest = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[rest] if rest else "")
