"""Precision, recall and F1 against the threshold, drawn with plotext.

Series are told apart without colour: F1 is a whole line, precision is dashed, recall is dotted, and
each carries its name. What is drawn is read from the full curve, one look-up per dot column;
nothing is chosen on it.
"""

import dataclasses
import math
import threading
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from core.text import printable
from core.tuning.curves import Curve
from core.views.numbers import figure

# Where on a chart the name of each line may stand: beside its own line, clear of the others.


Cells = npt.NDArray[np.int64]


def place_names(
    width: int, height: int, lines: Sequence[tuple[str, Cells, Cells]]
) -> list[tuple[str, int, int, int]]:
    """Name, line number, cell column and cell row (from the bottom) of each name.

    A name goes to the row above or below its line where it is farthest from the other lines; over
    the line's own dots when no place is free. A line without dots gets no name.

    Args:
        width: of the canvas, in cells.
        height: of the canvas, in cells.
        lines: name, cell columns and cell rows of each line.
    """
    owner = np.full((height, width), -1)
    for number, (_, columns, rows) in enumerate(lines):
        owner[rows, columns] = number
    taken = owner >= 0
    placed = []
    for number in reversed(range(len(lines))):
        name, columns, rows = lines[number]
        if not len(columns) or len(name) + 2 > width:
            continue
        others = [
            np.stack([line[1], line[2]]) for place, line in enumerate(lines) if place != number
        ]
        column, row = _best_place(taken, len(name), columns, rows, np.concatenate(others, axis=1))
        taken[row, max(column - 1, 0) : column + len(name) + 1] = True
        placed.append((name, number, column, row))
    return placed


def _best_place(
    taken: npt.NDArray[np.bool_], length: int, columns: Cells, rows: Cells, others: Cells
) -> tuple[int, int]:
    height, width = taken.shape
    cells = np.unique(np.stack([columns, rows]), axis=1)
    beside = [(2, 0), (-length - 1, 0), (-(length // 2), 1), (-(length // 2), -1)]
    spots = np.concatenate([cells + np.array([step]).T for step in beside], axis=1)
    inside = (spots[1] >= 0) & (spots[1] < height) & (spots[0] >= 0) & (spots[0] <= width - length)
    spots = spots[:, inside]
    # Dots in a row up to each column, with a free column on both sides of the canvas.
    before = np.cumsum(np.pad(taken, ((0, 0), (2, 1))), axis=1)
    dots = before[spots[1], spots[0] + length + 2] - before[spots[1], spots[0]]
    spots = spots[:, dots == 0]
    if spots.shape[1]:
        farthest = int(np.argmax(_distance(spots, length, others)))
        return int(spots[0, farthest]), int(spots[1, farthest])
    middle = len(columns) // 2
    return min(max(int(columns[middle]), 0), width - length), int(rows[middle])


def _distance(spots: Cells, length: int, others: Cells) -> Cells:
    """Cells from a name at each spot to the nearest dot of another line; rows count twice."""
    if not others.shape[1]:
        return np.zeros(spots.shape[1], dtype=np.int64)
    lefts, rows = spots[0][:, None], spots[1][:, None]
    across = np.maximum(np.maximum(lefts - others[0], others[0] - lefts - length + 1), 0)
    nearest: Cells = (across + 2 * np.abs(others[1] - rows)).min(axis=1)
    return nearest


# Text measured in terminal cells.


_PLAIN = str.maketrans("…—–·“”‘’›‹", "~--.\"\"''><")


def cell_width(text: str) -> int:
    """Cells that `text` takes: two for wide characters, none for combining ones."""
    return sum(_width(character) for character in text)


def fitted(text: str, width: int, ascii_only: bool = False) -> str:
    """`text`, made printable, in exactly `width` cells: cut with an ellipsis or padded."""
    text = printable(text)
    if ascii_only:
        text = text.translate(_PLAIN).encode("ascii", "replace").decode("ascii")
    if cell_width(text) > width:
        ellipsis = "~" if ascii_only else "…"
        kept, used = "", 0
        for character in text:
            used += _width(character)
            if used > width - 1:
                break
            kept += character
        text = (kept + ellipsis)[: max(width, 0)]
    return text + " " * (width - cell_width(text))


def _width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


Values = npt.NDArray[np.float64]

_PLOTEXT = threading.Lock()
"""plotext draws on one figure that the whole process shares."""
_LEAST_WIDTH, _LEAST_HEIGHT = 20, 6
"""Below this size no curve can be read and only the title is shown."""
_AXIS = 4
"""Cells left of the canvas: tick labels of three characters and the axis."""
_ASCII = str.maketrans("┤├┬┴┼│─└┘┌┐●·", "++++++-++++@:", "")
_LOWEST_LOG = -6
"""The logarithmic axis starts at a millionth at the lowest."""


@dataclass(frozen=True)
class Series:
    """One line of the chart, in canvas dots."""

    name: str
    letter: str
    """What its dots are in ASCII."""
    color: str | int
    columns: npt.NDArray[np.int64]
    """Dot columns, from the left."""
    rows: npt.NDArray[np.int64]
    """Dot rows, from the bottom."""


@dataclass(frozen=True)
class _Canvas:
    """The drawing area and its scale."""

    width: int
    """In cells."""
    height: int
    """In cells."""
    dots: tuple[int, int]
    """Dots in a cell, across and down."""
    low: float
    """Left end of the axis; a power of ten's exponent on a logarithmic axis."""
    high: float
    log_axis: bool

    def thresholds(self) -> Values:
        """The threshold of each dot column."""
        places = np.linspace(self.low, self.high, self.width * self.dots[0])
        return 10.0**places if self.log_axis else places

    def place(self, threshold: float) -> float:
        """Where a threshold stands on the axis, kept inside."""
        if not self.log_axis:
            return min(max(threshold, self.low), self.high)
        return min(max(math.log10(threshold), self.low), self.high) if threshold > 0 else self.low


def curve_chart(  # noqa: PLR0913 - one drawing, named settings
    curve: Curve,
    *,
    width: int,
    height: int,
    log_axis: bool = False,
    marker: float | None = None,
    other: Curve | None = None,
    ascii_only: bool = False,
    title: str = "",
    remark: Sequence[str] = (),
    color: bool = False,
) -> str:
    """The chart as `height` lines of exactly `width` cells, without a final newline.

    F1 is the certain one where scores are unknown; where these could raise or lower it, everything
    between the lowest and the highest F1 they allow is shaded. Lines end at the highest score.

    Args:
        curve: the full curve.
        width: in cells.
        height: in lines, the title's included.
        log_axis: a logarithmic threshold axis, for labels whose best threshold is near 0.
        marker: a threshold to mark with an upright line and a dot on F1.
        other: a curve whose F1 is overlaid: the label on another part or in another run.
        ascii_only: nothing beyond ASCII.
        title: first line, of any origin; none when empty.
        remark: lines of our own words over the middle of the chart.
        color: ANSI colours; plain text without.
    """
    head = [fitted(title, width, ascii_only)] if title and height > 0 else []
    rows = height - len(head)
    if width < _LEAST_WIDTH or rows < _LEAST_HEIGHT:
        return "\n".join([*head, *([" " * width] * rows)])
    low, high = (_log_start(curve, other), 0.0) if log_axis else (0.0, 1.0)
    dots = (1, 1) if ascii_only else (2, 4)
    canvas = _Canvas(width - _AXIS, rows - 2, dots, low, high, log_axis)
    with _PLOTEXT:
        import plotext

        over = tuple(remark) or (() if len(curve) else ("no score was returned",))
        body = _draw(plotext, canvas, curve, other, marker, ascii_only, over)
        body = body if color else plotext.uncolorize(body)
    return "\n".join([*head, *body.translate(_ASCII if ascii_only else {}).split("\n")[:rows]])


def _log_start(curve: Curve, other: Curve | None) -> float:
    drawn = [c.values[c.values > 0] for c in (curve, other) if c is not None]
    lowest = min((float(values[0]) for values in drawn if len(values)), default=0.01)
    # A float32 of .0001 is a little less than .0001.
    return float(min(max(math.floor(math.log10(lowest) + 1e-6), _LOWEST_LOG), -2))


def _draw(
    plotext: Any,
    canvas: _Canvas,
    curve: Curve,
    other: Curve | None,
    marker: float | None,
    ascii_only: bool,
    remark: Sequence[str],
) -> str:
    shade, *lines = _all_series(canvas, curve, other)
    series = [*([_beside(shade, canvas, marker)] if len(shade.columns) else []), *lines]
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.limit_size(False, False)
    plotext.plotsize(canvas.width + _AXIS, canvas.height + 2)
    plotext.xaxes(True, False)
    plotext.yaxes(True, False)
    plotext.xlim(canvas.low, canvas.high)
    plotext.ylim(0, 1)
    plotext.yticks([0, 0.25, 0.5, 0.75, 1], ["  0", ".25", " .5", ".75", "  1"])
    plotext.xticks(*_x_ticks(canvas))
    if marker is not None:
        plotext.vertical_line(canvas.place(marker))
    for line in series:
        xs, ys = _data(canvas, line)
        shape = line.letter if ascii_only else "braille"
        plotext.scatter(xs, ys, marker=shape, color=line.color)
    texts = place_names(canvas.width, canvas.height, _in_cells(canvas, series))
    if marker is not None and len(curve):
        counts = curve.at(marker)
        plotext.scatter([canvas.place(marker)], [counts.f1_low], marker="●", color="default")
    texts = _with_remark(texts, len(series), canvas, remark)
    for name, owner, column, row in texts:
        x = canvas.low + (canvas.high - canvas.low) * column / (canvas.width - 1)
        tone = series[owner].color if owner < len(series) else "default"
        plotext.text(name, x=x, y=row / (canvas.height - 1), color=tone, alignment="left")
    return str(plotext.build())


def _with_remark(
    names: list[tuple[str, int, int, int]], owner: int, canvas: _Canvas, remark: Sequence[str]
) -> list[tuple[str, int, int, int]]:
    """Names, and the remark's lines in the middle; a name in one of these rows is left out."""
    top = canvas.height // 2
    rows = [top - number for number in range(min(len(remark), top))]
    kept = [name for name in names if name[3] not in rows]
    return kept + [
        (text[: canvas.width], owner, max((canvas.width - len(text)) // 2, 0), row)
        for text, row in zip(remark, rows, strict=False)
    ]


def _x_ticks(canvas: _Canvas) -> tuple[list[float], list[str]]:
    if not canvas.log_axis:
        return [0, 0.25, 0.5, 0.75, 1], ["0", ".25", ".5", ".75", "1"]
    places = [float(power) for power in range(int(canvas.low), 1)]
    names = [
        "1" if power == 0 else f".{'0' * int(-power - 1)}1" if power > -5 else f"1e{power:.0f}"
        for power in places
    ]
    return places, names


@lru_cache(maxsize=8)
def _all_series(canvas: _Canvas, curve: Curve, other: Curve | None) -> tuple[Series, ...]:
    """The shade, without dots where nothing is unknown, then the lines from back to front.

    They are the same wherever the marker stands, which moves with every key.
    """
    hidden = len(curve.positive_ceilings) + len(curve.negative_ceilings)
    lines: list[tuple[str, str, str | int, Curve, Values, tuple[int, int]]] = [
        ("recall", "r", 208, curve, _at_columns(canvas, curve, curve.recall), (1, 3)),
        ("precision", "p", 39, curve, _at_columns(canvas, curve, curve.precision), (4, 7)),
        ("F1 at least" if hidden else "F1", "F", "default", curve, _f1s(canvas, curve)[0], (1, 1)),
    ]
    if other is not None:
        lines.insert(0, ("other F1", "o", 245, other, _f1s(canvas, other)[0], (1, 5)))
    return (_possible(canvas, curve), *(_trace(canvas, *line) for line in lines))


def _beside(shade: Series, canvas: _Canvas, marker: float | None) -> Series:
    """A shade without the dots that would hide the upright line of the marker."""
    if marker is None:
        return shade
    share = (canvas.place(marker) - canvas.low) / (canvas.high - canvas.low)
    seen = shade.columns // canvas.dots[0] != round(share * (canvas.width - 1))
    return dataclasses.replace(shade, columns=shade.columns[seen], rows=shade.rows[seen])


def _at_columns(canvas: _Canvas, curve: Curve, metric: Values) -> Values:
    """float64 (n_dot_columns,): a metric of the points at each column's threshold; 0 past them."""
    found: Values = np.append(metric, 0.0)[_index(canvas, curve)]
    return found


def _index(canvas: _Canvas, curve: Curve) -> npt.NDArray[np.intp]:
    return np.searchsorted(curve.values.astype(np.float64), canvas.thresholds())


def _f1s(canvas: _Canvas, curve: Curve) -> tuple[Values, Values]:
    """float64 (n_dot_columns,) each: lowest and highest F1 at each column's own threshold.

    Which unknown scores may reach a threshold changes between the points of the curve as well.
    """
    index = _index(canvas, curve)
    tp, fp = (np.append(counts, 0)[index] for counts in (curve.tp, curve.fp))
    lucky, unlucky = (
        len(ceilings) - np.searchsorted(ceilings.astype(np.float64), canvas.thresholds())
        for ceilings in (curve.positive_ceilings, curve.negative_ceilings)
    )
    whole = np.maximum(tp + fp + curve.positives, 1)
    return 2 * tp / (whole + unlucky), 2 * (tp + lucky) / (whole + lucky)


def _possible(canvas: _Canvas, curve: Curve) -> Series:
    """Sparse dots between the lowest and the highest F1 that unknown scores allow.

    Unlike the lines it may go on beyond the highest score that was returned.
    """
    top = canvas.height * canvas.dots[1] - 1
    first, last = (np.rint(ends * top).astype(np.int64) for ends in _f1s(canvas, curve))
    rows = np.arange(top + 1)
    inside = (rows > first[:, None]) & (rows <= last[:, None])
    across, up = (2, 3) if canvas.dots == (2, 4) else (1, 1)
    sparse = (np.arange(len(first)) % across == 0)[:, None] & (rows % up == 0)
    columns, shaded = np.nonzero(inside & sparse)
    return Series("F1 may be here", ":", 245, columns.astype(np.int64), shaded.astype(np.int64))


def _trace(
    canvas: _Canvas,
    name: str,
    letter: str,
    color: str | int,
    curve: Curve,
    metric: Values,
    pattern: tuple[int, int],
) -> Series:
    """Dots of a stepped line: the metric at each dot column's own threshold, joined upright.

    Args:
        metric: float64 (n_dot_columns,).
        pattern: dots drawn of how many, along the line; ASCII lines are always whole.
    """
    columns = np.flatnonzero(_index(canvas, curve) < len(curve))
    top = canvas.height * canvas.dots[1] - 1
    heights = np.rint(metric[columns] * top).astype(np.int64)
    xs: list[int] = []
    ys: list[int] = []
    for place, column in enumerate(columns.tolist()):
        here = int(heights[place])
        before = int(heights[place - 1]) if place else here
        step = 1 if here >= before else -1
        climb = [here] if abs(here - before) <= 1 else list(range(before + step, here + step, step))
        xs += [column] * len(climb)
        ys += climb
    drawn, period = (1, 1) if canvas.dots == (1, 1) else pattern
    kept = np.arange(len(xs)) % period < drawn
    return Series(
        name, letter, color, np.array(xs, dtype=np.int64)[kept], np.array(ys, dtype=np.int64)[kept]
    )


def _data(canvas: _Canvas, line: Series) -> tuple[list[float], list[float]]:
    across, up = canvas.width * canvas.dots[0] - 1, canvas.height * canvas.dots[1] - 1
    xs = canvas.low + (canvas.high - canvas.low) * line.columns / across
    return xs.tolist(), (line.rows / up).tolist()


def _in_cells(
    canvas: _Canvas, series: list[Series]
) -> list[tuple[str, npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    across, up = canvas.dots
    return [(line.name, line.columns // across, line.rows // up) for line in series]


# Horizontal bars.


_EIGHTHS = " ▏▎▍▌▋▊▉█"
_LONGEST_LABEL = 0.4
"""Share of the width that labels may take."""


def bars(rows: Sequence[tuple[str, float]], *, width: int, ascii_only: bool = False) -> str:
    """One line per row: label, bar, value; every line exactly `width` cells, no final newline.

    The longest bar is the largest value; values of 0 or less have none. Whole numbers are shown
    with thousands separated, others as figures.

    Args:
        rows: label and value, from top to bottom.
        width: in cells.
        ascii_only: bars of ``#`` instead of blocks.
    """
    if not rows:
        return ""
    whole = all(float(value).is_integer() for _, value in rows)
    figures = [f"{int(value):,}" if whole else figure(value) for _, value in rows]
    figure_width = max(map(len, figures))
    longest = max(cell_width(fitted(label, cell_width(label))) for label, _ in rows)
    label_width = max(min(longest, int(width * _LONGEST_LABEL)), 1)
    room = max(width - label_width - figure_width - 2, 0)
    top = max(value for _, value in rows)
    lines = []
    for (label, value), number in zip(rows, figures, strict=True):
        length = room * max(value, 0) / top if top > 0 else 0.0
        name = fitted(label, label_width, ascii_only)
        bar = _bar(length, ascii_only)
        lines.append(fitted(f"{name} {bar:<{room}} {number:>{figure_width}}", width, ascii_only))
    return "\n".join(lines)


def _bar(length: float, ascii_only: bool) -> str:
    if ascii_only:
        return "#" * (round(length) or (1 if length > 0 else 0))
    eighths = round(length * 8) or (1 if length > 0 else 0)
    full, rest = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[rest] if rest else "")
