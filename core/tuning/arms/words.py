"""Numbers in sentences, as the product writes them."""

import math
from collections.abc import Sequence

from core.text import printable
from core.tuning.evidence import Interval

_SHOWN = 40
_MOST_NAMES = 6


def figure(value: float, digits: int = 2) -> str:
    """A share without its leading zero: ``.06``, ``–.06``, ``1.00``."""
    text = f"{abs(value):.{digits}f}"
    text = text[1:] if text.startswith("0.") else text
    return f"–{text}" if value < 0 and text.strip(".0") else text


def signed(value: float) -> str:
    """A difference with its sign: ``+.06``, ``–.06``, ``.00``."""
    text = figure(value)
    return f"+{text}" if value > 0 and text != ".00" else text


def change(difference: float, interval: Interval) -> str:
    """A difference with its interval: ``+.08 [.02 – .14]``, ``+.01 [–.03 to .05]``.

    An end is never shown as 0 when the interval does not hold 0.
    """
    between = " to " if interval.low < 0 else " – "
    low, high = _end(interval, interval.low), _end(interval, interval.high)
    return f"{signed(difference)} [{low}{between}{high}]"


def percent(level: float, digits: int = 0) -> str:
    """A level below 1 in per cent, with as many more digits as keep it from reading 100 %."""
    text = f"{level:.{digits}%}"
    while float(text[:-1]) >= 100 and level < 1 and digits < 12:
        digits += 1
        text = f"{level:.{digits}%}"
    return text


def name(label: str) -> str:
    """A label in a sentence."""
    return printable(label, _SHOWN)


def names(labels: Sequence[str]) -> str:
    """Several labels in a sentence."""
    shown = ", ".join(name(label) for label in labels[:_MOST_NAMES])
    left = len(labels) - _MOST_NAMES
    return f"{shown} and {left} more" if left > 0 else shown


def _end(interval: Interval, value: float) -> str:
    text = figure(value)
    if text == ".00" and not interval.holds(0):
        text = figure(math.copysign(max(abs(value), 0.001), value), 3)
    return text
