"""The plots of a report as SVG; shape and line style say what colour says."""

import math
from collections.abc import Callable, Sequence

from core.text import printable
from core.tuning.calibration import LabelCalibration
from core.tuning.evidence import Interval
from core.workflow.reporting import svg
from core.workflow.reporting.blocks import figure, threshold
from core.workflow.reporting.contents import DrawnCurve
from core.workflow.reporting.drawn_curves import MOST_DRAWN
from core.workflow.reports import LabelReport, RunReport

_NAME = 26
"""Characters of a label that fit beside its bar."""
_ROW = 26.0
_LEFT, _RIGHT = 190.0, 130.0
_WIDTH = 760.0
_PLOT = (340.0, 240.0)
_BOX = (36.0, 40.0, 326.0, 206.0)
"""Left, top, right and bottom of the axes of a curve."""


def f1_bars(report: RunReport) -> str:
    """F1 per label with its interval, and F1 at the default threshold as a diamond."""
    labels = report.labels[:MOST_DRAWN]
    bottom = 34 + _ROW * len(labels)
    shapes = [*_bars_key(), *_bars_axis(bottom)]
    for place, label in enumerate(labels):
        shapes += _bar(label, 34 + _ROW * (place + 0.5))
    said = f"F1 of {len(labels)} labels on {report.measured_on}, tuned on {report.tuned_on}"
    return svg.drawing(_WIDTH, bottom + 36, said, shapes)


def _across(share: float) -> float:
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def _bars_key() -> list[str]:
    x = _LEFT
    return [
        svg.rect(x, 8, 22, 9, "bar"), svg.text(x + 28, 17, "F1"),
        svg.line((x + 62, 12.5), (x + 92, 12.5), "whisker"), svg.text(x + 98, 17, "interval"),
        svg.rect(x + 156, 8, 22, 9, "unknown"), svg.text(x + 184, 17, "scores not returned"),
        svg.diamond((x + 320, 12.5), 5, "default"), svg.text(x + 330, 17, "F1 at the default"),
    ]  # fmt: skip


def _bars_axis(bottom: float) -> list[str]:
    shapes = []
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = _across(tick)
        shapes.append(svg.line((x, 30), (x, bottom), "grid"))
        shapes.append(svg.text(x, bottom + 16, figure(tick, 2), "t", "middle"))
    shapes.append(svg.text(_across(1) + 62, 24, "F1", "t", "end"))
    shapes.append(svg.text(_WIDTH - 8, 24, "grade", "t", "end"))
    return shapes


def _bar(label: LabelReport, y: float) -> list[str]:
    tuned = label.tuned
    shapes = [
        svg.text(_LEFT - 10, y + 4, printable(label.label, _NAME), "t name", "end"),
        svg.rect(_across(0), y - 7, _across(tuned.f1_low) - _across(0), 14, "bar"),
    ]
    if tuned.f1_high > tuned.f1_low:
        x = _across(tuned.f1_low)
        shapes.append(svg.rect(x, y - 7, _across(tuned.f1_high) - x, 14, "unknown"))
    found = label.f1_interval
    if found is not None:
        low, high = _across(found.low), _across(found.high)
        shapes.append(svg.line((low, y), (high, y), "whisker"))
        shapes += [svg.line((x, y - 5), (x, y + 5), "whisker") for x in (low, high)]
    shapes.append(svg.diamond((_across(label.default.f1_low), y), 5, "default"))
    shown = figure(tuned.f1, 2)
    if tuned.f1_high > tuned.f1_low:
        shown = f"{figure(tuned.f1_low, 2)}–{figure(tuned.f1_high, 2)}"
    shapes.append(svg.text(_across(1) + 62, y + 4, shown, "t name", "end"))
    grade = label.evidence.grade if label.evidence else "–"
    shapes.append(svg.text(_WIDTH - 14, y + 4, grade, "t name strong", "end"))
    return shapes


def curve_plot(curve: DrawnCurve, label: LabelReport | None, default: float) -> str:
    """F1, precision and recall of one label against the threshold, with the threshold in use."""
    left, top, right, bottom = _BOX
    low = curve.axis_low

    def x_of(value: float) -> float:
        place = value if low == 0 else 1 - math.log10(max(value, low)) / math.log10(low)
        return left + min(max(place, 0.0), 1.0) * (right - left)

    shapes = [*_curve_axes(low, x_of), *_curve_key()]
    tuned = label.evidence.threshold if label and label.evidence else None
    if tuned is not None:
        x = x_of(tuned.low)
        shapes.append(svg.rect(x, top, x_of(tuned.high) - x, bottom - top, "landing"))
    xs = [x_of(value) for value in curve.thresholds]
    if not xs:
        middle = ((left + right) / 2, (top + bottom) / 2)
        shapes.append(svg.text(*middle, "no score was returned", "t", "middle"))
    for lows, highs, style in (
        (curve.precision_low, curve.precision_high, "precision"),
        (curve.recall_low, curve.recall_high, "recall"),
        (curve.f1_low, curve.f1_high, "f1"),
    ):
        shapes += _curve_line(xs, lows, highs, style)
    if default > low:
        shapes.append(svg.line((x_of(default), top), (x_of(default), bottom), "default-line"))
    at = label.threshold if label else default
    x = x_of(at)
    shapes.append(svg.line((x, top - 4), (x, bottom), "threshold"))
    shapes.append(svg.text(x, top - 7, threshold(at), "t strong", "middle"))
    said = f"{printable(curve.label, 60)} on {curve.part}: F1, precision and recall by threshold"
    return svg.drawing(*_PLOT, said, shapes)


def _curve_line(
    xs: Sequence[float], lows: Sequence[float], highs: Sequence[float], style: str
) -> list[str]:
    below = list(zip(xs, map(_up, lows), strict=True))
    shapes = []
    if tuple(lows) != tuple(highs):
        above = list(zip(xs, map(_up, highs), strict=True))
        shapes.append(svg.band(below, above, f"band {style}-band"))
    return [*shapes, svg.polyline(below, style)]


def _up(share: float) -> float:
    _, top, _, bottom = _BOX
    return bottom - share * (bottom - top)


def _curve_key() -> list[str]:
    shapes = []
    for x, style, words in ((36, "f1", "F1"), (92, "precision", "precision"),
                            (186, "recall", "recall")):  # fmt: skip
        shapes.append(svg.polyline(((x, 14), (x + 22, 14)), style))
        shapes.append(svg.text(x + 27, 18, words))
    return shapes


def _curve_axes(low: float, x_of: Callable[[float], float]) -> list[str]:
    left, _, right, bottom = _BOX
    shapes = []
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = _up(tick)
        shapes.append(svg.line((left, y), (right, y), "grid"))
        shapes.append(svg.text(left - 5, y + 4, figure(tick, 2), "t", "end"))
    ticks = (0.0, 0.25, 0.5, 0.75, 1.0) if low == 0 else _decades(low)
    for tick in ticks:
        shown = figure(tick, 2) if low == 0 else f"{tick:g}".removeprefix("0")
        shapes.append(svg.line((x_of(tick), bottom), (x_of(tick), bottom + 4), "axis"))
        shapes.append(svg.text(x_of(tick), bottom + 17, shown, "t", "middle"))
    shapes.append(svg.line((left, bottom), (right, bottom), "axis"))
    words = "threshold" if low == 0 else "threshold, logarithmic"
    shapes.append(svg.text(right, bottom + 31, words, "t", "end"))
    return shapes


def _decades(low: float) -> list[float]:
    return [10.0**power for power in range(round(math.log10(low)), 1)]


def reliability_plot(label: LabelCalibration, part: str) -> str:
    """Share of positives against mean score, bin by bin, with intervals; equal on the diagonal."""
    left, top, right, bottom = 40.0, 12.0, 230.0, 202.0
    furthest = _furthest(label)

    def place(score: float, share: float) -> svg.Point:
        across, up = (min(value / furthest, 1.0) for value in (score, share))
        return left + across * (right - left), bottom - up * (bottom - top)

    shapes = []
    for tick in (furthest * part / 4 for part in range(5)):
        shown = figure(tick, 2 if furthest >= 1 else 3)
        shapes.append(svg.line(place(0, tick), place(furthest, tick), "grid"))
        shapes.append(svg.text(left - 5, place(0, tick)[1] + 4, shown, "t", "end"))
        shapes.append(svg.text(place(tick, 0)[0], bottom + 16, shown, "t", "middle"))
    shapes.append(svg.line(place(0, 0), place(furthest, furthest), "diagonal"))
    at = label.threshold
    shapes.append(svg.line(place(at, 0), place(at, furthest), "threshold"))
    points = [place(found.mean_score, found.share_positive) for found in label.bins]
    for found, point in zip(label.bins, points, strict=True):
        shapes.append(_upright(point[0], found.interval, place))
    shapes.append(svg.polyline(points, "joined"))
    shapes += [svg.circle(point, 3, "bin") for point in points]
    shapes.append(svg.text(right, bottom + 31, "mean score", "t", "end"))
    said = f"{printable(label.label, 60)} on {part}: share of positives by mean score"
    return svg.drawing(248, 240, said, shapes)


def _furthest(label: LabelCalibration) -> float:
    """Where both axes end: the smallest round share that holds every bin and the threshold."""
    most = max((max(found.mean_score, found.share_positive) for found in label.bins), default=1.0)
    return next(
        end for end in (0.04, 0.2, 0.4, 1.0) if max(most, label.threshold) <= end or end == 1
    )


def _upright(x: float, found: Interval, place: Callable[[float, float], svg.Point]) -> str:
    return svg.line((x, place(0, found.low)[1]), (x, place(0, found.high)[1]), "whisker")
