"""Precision, recall and F1 against the threshold, drawn with plotext.

Series are told apart without colour: F1 is a whole line, precision is dashed, recall is dotted, and
each carries its name. What is drawn is read from the full curve, one look-up per dot column;
nothing is chosen on it.
"""

import dataclasses
import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.tuning.charts.cells import fitted
from core.tuning.charts.names import place_names
from core.tuning.curves import Curve

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
) -> str:  # fmt: skip
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
    plotext: Any, canvas: _Canvas, curve: Curve, other: Curve | None, marker: float | None,
    ascii_only: bool, remark: Sequence[str],
) -> str:  # fmt: skip
    series = _all_series(canvas, curve, other, marker)
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


def _all_series(
    canvas: _Canvas, curve: Curve, other: Curve | None, marker: float | None
) -> list[Series]:
    """The lines from back to front; the last is drawn over the others."""
    hidden = len(curve.positive_ceilings) + len(curve.negative_ceilings)
    lines: list[tuple[str, str, str | int, Curve, Values, tuple[int, int]]] = [
        ("recall", "r", 208, curve, _at_columns(canvas, curve, curve.recall), (1, 3)),
        ("precision", "p", 39, curve, _at_columns(canvas, curve, curve.precision), (4, 7)),
        ("F1 at least" if hidden else "F1", "F", "default", curve, _f1s(canvas, curve)[0], (1, 1)),
    ]
    if other is not None:
        lines.insert(0, ("other F1", "o", 245, other, _f1s(canvas, other)[0], (1, 5)))
    shade = [_beside(_possible(canvas, curve), canvas, marker)] if hidden else []
    return [*shade, *(_trace(canvas, *line) for line in lines)]


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
    canvas: _Canvas, name: str, letter: str, color: str | int, curve: Curve, metric: Values,
    pattern: tuple[int, int],
) -> Series:  # fmt: skip
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
