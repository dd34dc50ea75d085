"""The pieces that a report is put together from, the same for Markdown and HTML.

Text in them is plain: whoever writes a page makes it printable and escapes it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from core.text import printable
from core.tuning.evidence import Interval

NONE = "–"
"""What stands for a figure that is not defined or not known."""


@dataclass(frozen=True)
class Paragraph:
    """Sentences."""

    text: str


@dataclass(frozen=True)
class Cautions:
    """Sentences that must be seen."""

    texts: tuple[str, ...]


@dataclass(frozen=True)
class Items:
    """A list."""

    texts: tuple[str, ...]


@dataclass(frozen=True)
class Code:
    """Lines to copy."""

    text: str


@dataclass(frozen=True)
class Table:
    """Rows under headers; columns named in `left` are left-aligned, the others right-aligned."""

    caption: str
    """What the figures are, with the parts that they belong to."""
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: tuple[str, ...] = ()
    """The first column always is."""

    def is_left(self, column: int) -> bool:
        """Whether a column is left-aligned."""
        return column == 0 or self.headers[column] in self.left


@dataclass(frozen=True)
class Plot:
    """A place for a plot, which only pages with pictures fill."""

    name: str
    """``f1``, ``curves`` or ``reliability``."""
    caption: str


Block = Paragraph | Cautions | Items | Code | Table | Plot


@dataclass(frozen=True)
class Section:
    """A heading with what stands under it."""

    title: str
    blocks: tuple[Block, ...]


def table(
    caption: str,
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    left: Sequence[str] = (),
) -> Table:
    """A table from any sequences.

    Raises:
        ValueError: a row has more or fewer cells than there are headers.
    """
    for row in rows:
        if len(row) != len(headers):
            raise ValueError(f"{len(row)} cells under {len(headers)} headers")
    return Table(caption, tuple(headers), tuple(tuple(row) for row in rows), tuple(left))


def name(label: str) -> str:
    """A label or another name of outside origin for a cell."""
    return printable(label, 60)


def figure(value: float | None, digits: int = 3) -> str:
    """A share or score without its leading zero: ``.240``, ``1.000``; a dash when undefined."""
    if value is None or math.isnan(value):
        return NONE
    text = f"{value:.{digits}f}"
    return text[1:] if text.startswith("0.") else text.replace("-0.", "-.")


def threshold(value: float | None) -> str:
    """A threshold to four decimals, smaller ones to two significant digits."""
    if value is not None and 0 < value < 0.001:
        return f"{value:.2g}"
    return figure(value, 4)


def signed(value: float) -> str:
    """A difference with its sign."""
    text = figure(value)
    return text if text.startswith("-") else f"+{text}"


def interval(found: Interval | None, digits: int = 3) -> str:
    """An interval; a dash when there is none."""
    if found is None:
        return NONE
    return f"{figure(found.low, digits)} to {figure(found.high, digits)}"


def signed_interval(found: Interval | None) -> str:
    """The interval of a difference."""
    return NONE if found is None else f"{signed(found.low)} to {signed(found.high)}"


def ranged(value: float, low: float, high: float) -> str:
    """A figure, or the range that scores that were not returned allow."""
    return figure(value) if low == high else f"{figure(low)}–{figure(high)}"


def dollars(value: float | None) -> str:
    """An amount in US dollars, without the sign that some Markdown reads as a formula."""
    return NONE if value is None else f"{value:,.2f}"


def count(value: int | None) -> str:
    """A whole number, thousands separated."""
    return NONE if value is None else f"{value:,}"


def moment(text: str) -> str:
    """An ISO time to the second, for reading."""
    return f"{text[:10]} {text[11:19]}" if text else NONE
