"""One figure of every arm against the positives that the arm was trained on.

The axis of positives is logarithmic. Arms are told apart without colour: the mark says how the
positives were reached. An upright bar is the interval of an arm; the base is a level line as well.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.views.curve_chart import fitted

_LEAST_WIDTH, _LEAST_HEIGHT = 20, 6
"""Below this size nothing can be read and only the title is shown."""
_AXIS = 4
"""Cells left of the canvas: tick labels of three characters and the axis."""
_LEAST_SPAN = 0.1
_STEPS = (0.02, 0.05, 0.1, 0.25, 0.5)
"""The value axis begins and ends at a multiple of one of these."""
_MARKS = {
    "base": ("■", "B"),
    "distinct": ("●", "o"),
    "repeats": ("◆", "x"),
    "mixed": ("▲", "m"),
    "repeats-from": ("◇", "f"),
    "ml-ros": ("▼", "r"),
}
_COLORS = {
    "base": 245,
    "distinct": 39,
    "repeats": 208,
    "mixed": 170,
    "repeats-from": 214,
    "ml-ros": 208,
}
_LINE = ("┈", ".")
_ASCII = str.maketrans("┤┬│─└╷╵△", "++|-+||^")


@dataclass(frozen=True)
class ArmPoint:
    """One arm in the chart."""

    name: str
    kind: str
    """``base``, ``distinct``, ``repeats``, ``mixed``, ``repeats-from`` or ``ml-ros``."""
    positives: float
    """Where it stands on the axis; below 1 counts as 1."""
    value: float | None
    """Between 0 and 1; None when it was not measured."""
    low: float | None = None
    """Lower end of its interval; None without one."""
    high: float | None = None


@dataclass(frozen=True)
class _Canvas:
    """The drawing area in cells, and what its edges stand for."""

    width: int
    height: int
    left: float
    """Decimal logarithm of the positives at the left edge."""
    right: float
    low: float
    high: float

    def column(self, positives: float) -> int:
        """The column of so many positives, one free on either side."""
        if self.right <= self.left:
            return self.width // 2
        share = (math.log10(max(positives, 1.0)) - self.left) / (self.right - self.left)
        return 1 + round(share * (self.width - 3))

    def halves(self, value: float) -> int:
        """The place of a value in half rows, from the bottom."""
        share = (value - self.low) / (self.high - self.low)
        return round(min(max(share, 0.0), 1.0) * (2 * self.height - 1))

    def row(self, value: float) -> int:
        """The row of a value, from the top."""
        return self.height - 1 - self.halves(value) // 2


class _Grid:
    """Characters with their colours."""

    def __init__(self, width: int, height: int) -> None:
        self.cells: list[list[tuple[str, int | None]]] = [
            [(" ", None)] * width for _ in range(height)
        ]

    def put(self, row: int, column: int, text: str, color: int | None = None) -> None:
        """Write a text; what is beyond the edge is left out."""
        for at, character in enumerate(text, column):
            if 0 <= row < len(self.cells) and 0 <= at < len(self.cells[row]):
                self.cells[row][at] = (character, color)

    def lines(self, has_color: bool) -> list[str]:
        """The rows as text."""
        if not has_color:
            return ["".join(character for character, _ in row) for row in self.cells]
        return ["".join(_painted(row)) for row in self.cells]


def arms_chart(
    points: Sequence[ArmPoint],
    *,
    width: int,
    height: int,
    title: str = "",
    marked: str = "",
    remark: str = "not measured yet",
    ascii_only: bool = False,
    color: bool = False,
) -> str:
    """The chart as `height` lines of exactly `width` cells, without a final newline.

    Args:
        points: the arms, the base among them.
        width: in cells.
        height: in lines, the title's included.
        title: first line, of any origin; none when empty.
        marked: name of the arm to point at below the axis.
        remark: our own words over the middle while no arm has a value.
        ascii_only: nothing beyond ASCII.
        color: ANSI colours; plain text without.
    """
    head = [fitted(title, width, ascii_only)] if title and height > 0 else []
    rows = height - len(head)
    if width < _LEAST_WIDTH or rows < _LEAST_HEIGHT:
        return "\n".join([*head, *([" " * width] * rows)])
    measured = [point for point in points if point.value is not None]
    grid = _Grid(width, rows)
    canvas = _canvas(points, measured, width - _AXIS, rows - 2)
    _draw_axes(grid, canvas)
    columns = _columns(canvas, points)
    _draw_ticks(grid, canvas, points, columns, marked)
    _draw_points(grid, canvas, measured, columns, ascii_only)
    if not measured:
        words = remark[: canvas.width]
        grid.put(canvas.height // 2, _AXIS + (canvas.width - len(words)) // 2, words)
    return "\n".join([*head, *_translated(grid, ascii_only).lines(color)])


def arms_legend(kinds: Iterable[str], ascii_only: bool = False) -> str:
    """What the marks of these kinds mean, in one line."""
    present = set(kinds)
    words = [f"{_MARKS[kind][ascii_only]} {kind}" for kind in _MARKS if kind in present]
    return "  ".join(words)


def _canvas(
    points: Sequence[ArmPoint], measured: Sequence[ArmPoint], width: int, height: int
) -> _Canvas:
    places = [math.log10(max(point.positives, 1.0)) for point in points] or [0.0]
    low, high = _bounds(
        [
            value
            for point in measured
            for value in (point.value, point.low, point.high)
            if value is not None
        ]
    )
    return _Canvas(width, height, min(places), max(places), low, high)


def _bounds(values: Sequence[float]) -> tuple[float, float]:
    """Round ends of the value axis that hold every value."""
    if not values:
        return 0.0, 1.0
    low, high = max(min(values), 0.0), min(max(values), 1.0)
    span = max(high - low, _LEAST_SPAN)
    step = next((step for step in _STEPS if span <= 6 * step), _STEPS[-1])
    start = max(math.floor(low / step + 1e-9), 0) * step
    end = min(math.ceil(high / step - 1e-9) * step, 1.0)
    if end - start < _LEAST_SPAN:
        start, end = max(end - _LEAST_SPAN, 0.0), max(end, _LEAST_SPAN)
    return start, end


def _columns(canvas: _Canvas, points: Sequence[ArmPoint]) -> dict[str, int]:
    """The column of every arm, beside each other where they have as many positives."""
    taken: set[int] = set()
    columns = {}
    for point in points:
        wanted = canvas.column(point.positives)
        places = (wanted, wanted + 1, wanted - 1, wanted + 2, wanted - 2)
        free = [at for at in places if at not in taken and 0 <= at < canvas.width]
        columns[point.name] = (free or [wanted])[0]
        taken.add(columns[point.name])
    return columns


def _draw_axes(grid: _Grid, canvas: _Canvas) -> None:
    labelled = {
        0: canvas.high,
        canvas.height - 1: canvas.low,
        (canvas.height - 1) // 2: None,
    }
    for row in range(canvas.height):
        grid.put(row, _AXIS - 1, "┤" if row in labelled else "│")
    middle = (canvas.height - 1) // 2
    share = 1 - middle / max(canvas.height - 1, 1)
    values = {**labelled, middle: canvas.low + share * (canvas.high - canvas.low)}
    for row, value in values.items():
        if value is not None:
            grid.put(row, 0, _figure(value))
    grid.put(canvas.height, _AXIS - 1, "└" + "─" * canvas.width)


def _figure(value: float) -> str:
    """A share in three cells."""
    return f"{value:.2f}".removeprefix("0") if value < 0.995 else "1.0"


def _draw_ticks(
    grid: _Grid,
    canvas: _Canvas,
    points: Sequence[ArmPoint],
    columns: dict[str, int],
    marked: str,
) -> None:
    """Ticks of the arms with their positives, the outer ones first, and the marked arm's sign."""
    ordered = sorted(points, key=lambda point: point.positives)
    taken = [False] * (_AXIS + canvas.width + 1)
    for point in [*ordered[-1:], *ordered[:1], *ordered[1:-1]]:
        column = _AXIS + columns[point.name]
        grid.put(canvas.height, column, "┬")
        words = f"{point.positives:,.0f}"
        start = min(max(column - len(words) // 2, 0), _AXIS + canvas.width - len(words))
        if start < 0 or any(taken[max(start - 1, 0) : start + len(words) + 1]):
            continue
        taken[start : start + len(words)] = [True] * len(words)
        grid.put(canvas.height + 1, start, words)
    if marked in columns:
        grid.put(canvas.height, _AXIS + columns[marked], "△")


def _draw_points(
    grid: _Grid,
    canvas: _Canvas,
    measured: Sequence[ArmPoint],
    columns: dict[str, int],
    ascii_only: bool,
) -> None:
    """The base's line below, then bars, then marks over everything."""
    for point in measured:
        if point.kind == "base" and point.value is not None:
            row = canvas.row(point.value)
            grid.put(row, _AXIS, _LINE[ascii_only] * canvas.width, _COLORS["base"])
    for point in measured:
        if point.low is not None and point.high is not None:
            _draw_bar(grid, canvas, point, _AXIS + columns[point.name])
    for point in measured:
        if point.value is not None:
            mark = _MARKS.get(point.kind, _MARKS["mixed"])[ascii_only]
            row = canvas.row(point.value)
            grid.put(row, _AXIS + columns[point.name], mark, _COLORS.get(point.kind))


def _draw_bar(grid: _Grid, canvas: _Canvas, point: ArmPoint, column: int) -> None:
    assert point.low is not None and point.high is not None
    first, last = canvas.halves(point.low), canvas.halves(point.high)
    for level in range(first // 2, last // 2 + 1):
        has_lower, has_upper = first <= 2 * level, last >= 2 * level + 1
        sign = "│" if has_lower and has_upper else "╷" if has_lower else "╵"
        grid.put(canvas.height - 1 - level, column, sign, _COLORS.get(point.kind))


def _translated(grid: _Grid, ascii_only: bool) -> _Grid:
    if ascii_only:
        for row in grid.cells:
            row[:] = [(sign.translate(_ASCII), tone) for sign, tone in row]
    return grid


def _painted(row: Sequence[tuple[str, int | None]]) -> list[str]:
    """A row with ANSI colours, each run of one colour at once."""
    pieces: list[str] = []
    before: int | None = None
    for character, color in row:
        if color != before:
            pieces.append("\x1b[0m" if color is None else f"\x1b[38;5;{color}m")
            before = color
        pieces.append(character)
    if before is not None:
        pieces.append("\x1b[0m")
    return pieces
