"""A small writer of SVG: shapes as strings, coordinates to a tenth, text escaped."""

import html
from collections.abc import Iterable, Sequence

from core.text import printable

Point = tuple[float, float]


def element(tag: str, content: str = "", **attributes: str | float) -> str:
    """One element.

    Args:
        tag: its name.
        content: what is inside, already safe.
        attributes: names with ``_`` for ``-`` and ``class_`` for ``class``; numbers are rounded.
    """
    shown = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
    )
    return f"<{tag}{shown}>{content}</{tag}>" if content else f"<{tag}{shown}/>"


def text(x: float, y: float, words: str, class_: str = "t", anchor: str = "start") -> str:
    """Words of any origin."""
    shown = html.escape(printable(words))
    return element("text", shown or " ", x=x, y=y, class_=class_, text_anchor=anchor)


def line(start: Point, end: Point, class_: str) -> str:
    """A straight line."""
    return element("line", x1=start[0], y1=start[1], x2=end[0], y2=end[1], class_=class_)


def polyline(points: Iterable[Point], class_: str) -> str:
    """A line through points; nothing without points."""
    shown = _points(points)
    return element("polyline", points=shown, class_=class_) if shown else ""


def band(lows: Sequence[Point], highs: Sequence[Point], class_: str) -> str:
    """The area between two lines."""
    return element("polygon", points=_points((*lows, *reversed(highs))), class_=class_)


def rect(x: float, y: float, width: float, height: float, class_: str) -> str:
    """A rectangle; one of no width is drawn a pixel wide."""
    return element("rect", x=x, y=y, width=max(width, 1.0), height=height, class_=class_)


def circle(centre: Point, radius: float, class_: str) -> str:
    """A circle."""
    return element("circle", cx=centre[0], cy=centre[1], r=radius, class_=class_)


def diamond(centre: Point, radius: float, class_: str) -> str:
    """A square on its corner."""
    x, y = centre
    corners = ((x - radius, y), (x, y - radius), (x + radius, y), (x, y + radius))
    return element("polygon", points=_points(corners), class_=class_)


def drawing(width: float, height: float, label: str, shapes: Iterable[str]) -> str:
    """A whole picture that scales with its place; `label` says in words what it shows."""
    return element(
        "svg",
        "".join(shapes),
        viewBox=f"0 0 {width:g} {height:g}",
        width=width,
        height=height,
        role="img",
        aria_label=html.escape(printable(label)),
    )


def _points(points: Iterable[Point]) -> str:
    return " ".join(f"{_value(x)},{_value(y)}" for x, y in points)


def _value(value: str | float) -> str:
    return value if isinstance(value, str) else f"{round(value, 1):g}"
