"""A report as one HTML page: no network, no script, plots inside, light and dark."""

import html
import math
from collections.abc import Callable, Sequence

from core.text import printable
from core.tuning.calibration import LabelCalibration
from core.tuning.intervals import Interval
from core.views import svg
from core.views.blocks import (
    Block,
    Cautions,
    Code,
    Items,
    Paragraph,
    Plot,
    Section,
    Table,
)
from core.views.numbers import NONE, exact, figure, fine, span, threshold
from core.views.report_data import MOST_DRAWN, DrawnCurve, FullReport
from core.workflow.reports import LabelReport, RunReport

# The style sheet of the HTML page; colours are variables, so that light and dark share it.


STYLE = """
:root{--paper:#fff;--ink:#1b1f24;--soft:#5b6470;--rule:#d5dae0;--shade:#f3f5f7;--f1:#0b5cad;
--precision:#9a4a00;--recall:#1a7a3c;--mark:#b3003c;--warn:#fff4d6;--warn-rule:#b37a00}
@media (prefers-color-scheme:dark){:root{--paper:#14171b;--ink:#e6e9ed;--soft:#9aa4b0;
--rule:#363d46;--shade:#1d2126;--f1:#6db3f8;--precision:#f0a35c;--recall:#6fce8d;--mark:#ff7d9d;
--warn:#332a12;--warn-rule:#e0b040}}
@media print{:root{--paper:#fff;--ink:#000;--soft:#444;--rule:#bbb;--shade:#fff;--f1:#0b5cad;
--precision:#9a4a00;--recall:#1a7a3c;--mark:#b3003c;--warn:#fff;--warn-rule:#000}
nav{display:none}section{break-inside:auto}h2{break-after:avoid}
figure,tr,.cautions{break-inside:avoid}.wide{overflow:visible!important}body{font-size:10pt}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.5rem 1rem 3rem;max-width:72rem;background:var(--paper);
color:var(--ink);font:1rem/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
h1{font-size:1.6rem;line-height:1.25;margin:.2rem 0 1rem}
h2{font-size:1.2rem;margin:2.2rem 0 .6rem;padding-top:.6rem;border-top:1px solid var(--rule)}
p,li{max-width:60rem;overflow-wrap:anywhere}
.badge{display:inline-block;margin:0;padding:.1rem .6rem;border:2px solid var(--ink);
font-weight:700;letter-spacing:.04em}
.cautions{list-style:none;margin:1rem 0;padding:.6rem 1rem;background:var(--warn);
border-left:4px solid var(--warn-rule)}
.cautions li::before{content:"! ";font-weight:700}
.note,figcaption,caption,footer{color:var(--soft);font-size:.9rem}
nav ol{columns:16rem;padding-left:1.4rem;margin:.5rem 0}
a{color:var(--f1)}
.wide{overflow-x:auto;margin:1rem 0}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
caption{text-align:left;padding-bottom:.3rem}
th,td{padding:.25rem .7rem;text-align:right;border-bottom:1px solid var(--rule);
vertical-align:top}
th{border-bottom:2px solid var(--soft);font-weight:600;white-space:nowrap}
.left{text-align:left;overflow-wrap:anywhere}
td:first-child{font-weight:500}
tbody tr:nth-child(even){background:var(--shade)}
pre{background:var(--shade);border:1px solid var(--rule);padding:.7rem 1rem;overflow-x:auto}
figure{margin:0 0 1rem}
svg{max-width:100%;height:auto;display:block}
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(15.5rem,21.5rem));gap:1rem 1.2rem}
.plots figcaption{color:var(--ink);font-weight:600;overflow-wrap:anywhere}
footer{margin-top:3rem;padding-top:.6rem;border-top:1px solid var(--rule)}
.t{font:11px system-ui,-apple-system,"Segoe UI",sans-serif;fill:var(--soft)}
.name{font-size:12px;fill:var(--ink)}
.strong{font-weight:700;fill:var(--ink)}
.grid{stroke:var(--rule);stroke-width:1}
.axis{stroke:var(--soft);stroke-width:1}
.f1,.precision,.recall,.joined{fill:none;stroke-linejoin:round}
.f1{stroke:var(--f1);stroke-width:2.6}
.precision{stroke:var(--precision);stroke-width:1.5;stroke-dasharray:7 3}
.recall{stroke:var(--recall);stroke-width:1.7;stroke-dasharray:1.5 3}
.band{stroke:none;fill-opacity:.2}
.f1-band{fill:var(--f1)}.precision-band{fill:var(--precision)}.recall-band{fill:var(--recall)}
.landing{fill:var(--mark);fill-opacity:.13}
.threshold{stroke:var(--mark);stroke-width:1.6}
.default-line{stroke:var(--soft);stroke-width:1;stroke-dasharray:3 3}
.bar{fill:var(--f1);fill-opacity:.45;stroke:var(--f1)}
.unknown{fill:none;stroke:var(--f1);stroke-dasharray:3 2}
.whisker{stroke:var(--ink);stroke-width:1.4}
.default{fill:var(--paper);stroke:var(--mark);stroke-width:1.6}
.diagonal{stroke:var(--soft);stroke-dasharray:4 3}
.joined{stroke:var(--f1);stroke-width:1.2}
.bin{fill:var(--f1)}
""".strip()


# The plots of a report as SVG; shape and line style say what colour says.


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
        svg.rect(x, 8, 22, 9, "bar"),
        svg.text(x + 28, 17, "F1"),
        svg.line((x + 62, 12.5), (x + 92, 12.5), "whisker"),
        svg.text(x + 98, 17, "interval"),
        svg.rect(x + 156, 8, 22, 9, "unknown"),
        svg.text(x + 184, 17, "scores not returned"),
        svg.diamond((x + 320, 12.5), 5, "default"),
        svg.text(x + 330, 17, "F1 at the default"),
    ]


def _bars_axis(bottom: float) -> list[str]:
    shapes = []
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = _across(tick)
        shapes.append(svg.line((x, 30), (x, bottom), "grid"))
        shapes.append(svg.text(x, bottom + 16, figure(tick), "t", "middle"))
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
    shown = span(tuned.f1_low, tuned.f1_high)
    shapes.append(svg.text(_across(1) + 62, y + 4, shown, "t name", "end"))
    grade = label.evidence.grade if label.evidence else NONE
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
    for x, style, words in (
        (36, "f1", "F1"),
        (92, "precision", "precision"),
        (186, "recall", "recall"),
    ):
        shapes.append(svg.polyline(((x, 14), (x + 22, 14)), style))
        shapes.append(svg.text(x + 27, 18, words))
    return shapes


def _curve_axes(low: float, x_of: Callable[[float], float]) -> list[str]:
    left, _, right, bottom = _BOX
    shapes = []
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = _up(tick)
        shapes.append(svg.line((left, y), (right, y), "grid"))
        shapes.append(svg.text(left - 5, y + 4, figure(tick), "t", "end"))
    ticks = (0.0, 0.25, 0.5, 0.75, 1.0) if low == 0 else _decades(low)
    for tick in ticks:
        shown = figure(tick) if low == 0 else exact(tick)
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
        shown = figure(tick) if furthest >= 1 else fine(tick)
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


_HEAD = (
    '<meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta name="color-scheme" content="light dark">'
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
)


def html_page(title: str, sections: tuple[Section, ...], report: FullReport) -> str:
    """The page; what is in `sections` with the plots drawn from `report`."""
    named = [(f"s{number}", section) for number, section in enumerate(sections)]
    contents = "".join(
        f'<li><a href="#{anchor}">{escaped(section.title)}</a></li>'
        for anchor, section in named
        if section.title
    )
    badge = f'<p class="badge">{escaped(report.engine)}</p>'
    body = [f"<header>{badge}<h1>{escaped(title)}</h1></header>"]
    for number, (anchor, section) in enumerate(named):
        heading = f"<h2>{escaped(section.title)}</h2>" if section.title else ""
        blocks = "".join(_block(block, report) for block in section.blocks)
        body.append(f'<section id="{anchor}">{heading}{blocks}</section>')
        if number == 0:
            body.append(f'<nav aria-label="Contents"><ol>{contents}</ol></nav>')
    body.append(
        f"<footer>{escaped(report.engine)} · session {escaped(report.session)} · run "
        f"{escaped(report.run)} · as of {escaped(report.as_of)} · comprehend-tuner "
        f"{escaped(report.provenance.tool)}</footer>"
    )
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head>{_HEAD}<title>{escaped(title)}</title>'
        f"<style>{STYLE}</style></head>\n<body>" + "\n".join(body) + "</body></html>\n"
    )


def escaped(text: str) -> str:
    """Text of any origin as HTML text: printable, and nothing in it is markup."""
    return html.escape(printable(text))


def _block(block: Block, report: FullReport) -> str:
    match block:
        case Paragraph():
            return f"<p>{escaped(block.text)}</p>"
        case Cautions():
            items = "".join(f"<li>{escaped(text)}</li>" for text in block.texts)
            return f'<ul class="cautions">{items}</ul>' if items else ""
        case Items():
            items = "".join(f"<li>{escaped(text)}</li>" for text in block.texts)
            return f"<ul>{items}</ul>" if items else ""
        case Code():
            lines = "\n".join(escaped(line) for line in block.text.split("\n"))
            return f"<pre><code>{lines}</code></pre>"
        case Table():
            return table_html(block)
        case Plot():
            return _PLOTS[block.name](block, report)


def table_html(table: Table) -> str:
    """A table as HTML; nothing in it is markup."""

    def cell(tag: str, column: int, text: str) -> str:
        scope = ' scope="col"' if tag == "th" else ""
        left = ' class="left"' if table.is_left(column) else ""
        return f"<{tag}{scope}{left}>{escaped(text)}</{tag}>"

    head = "".join(cell("th", place, column.title) for place, column in enumerate(table.columns))
    rows = "\n".join(
        f"<tr>{''.join(cell('td', column, text) for column, text in enumerate(row))}</tr>"
        for row in table.rows
    )
    return (
        f'<div class="wide"><table><caption>{escaped(table.caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>\n{rows}</tbody></table></div>"
    )


def _f1(block: Plot, report: FullReport) -> str:
    if report.tuning is None:
        return ""
    picture = f1_bars(report.tuning)
    return f"<figure>{picture}<figcaption>{escaped(block.caption)}</figcaption></figure>"


def _curves(block: Plot, report: FullReport) -> str:
    labels = {label.label: label for label in report.tuning.labels} if report.tuning else {}
    default = report.tuning.default_threshold if report.tuning else 0.5
    figures = [
        _small(curve.label, curve_plot(curve, labels.get(curve.label), default))
        for curve in report.curves
    ]
    return _grid(block, figures)


def _reliability(block: Plot, report: FullReport) -> str:
    view = report.calibration
    if view is None:
        return ""
    drawn = {curve.label for curve in report.curves}
    figures = [
        _small(label.label, reliability_plot(label, view.part))
        for label in view.labels
        if label.label in drawn
    ]
    return _grid(block, figures)


def _small(label: str, picture: str) -> str:
    return f"<figure><figcaption>{escaped(printable(label, 60))}</figcaption>{picture}</figure>"


def _grid(block: Plot, figures: list[str]) -> str:
    if not figures:
        return ""
    joined = "\n".join(figures)
    return f'<p class="note">{escaped(block.caption)}</p><div class="plots">{joined}</div>'


_PLOTS: dict[str, Callable[[Plot, FullReport], str]] = {
    "f1": _f1,
    "curves": _curves,
    "reliability": _reliability,
}
