"""How a value reads: the one place that turns numbers about results into digits.

The command line, the screens, Markdown and HTML all take their digits from here, so one value never
reads differently in two places. A value that is not defined or not known is a dash. JSON and CSV
hold the values themselves, in full precision.
"""

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.tuning.intervals import Interval

NONE = "–"
"""What stands for a figure that is not defined or not known."""


def _digits(value: float, places: int) -> str:
    """Fixed places without a leading zero, and without a sign on what rounds to zero."""
    text = f"{round(value, places) + 0.0:.{places}f}"
    return text.replace("0.", ".", 1) if text.lstrip("-").startswith("0.") else text


def figure(value: float | None) -> str:
    """A share or score such as F1, precision or recall: ``.24``, ``1.00``."""
    return NONE if value is None or math.isnan(value) else _digits(value, 2)


def fine(value: float | None) -> str:
    """A figure that is small by nature, such as a calibration error or a deviation: ``.012``."""
    return NONE if value is None or math.isnan(value) else _digits(value, 3)


def metric(value: float | None) -> str:
    """A metric of the service, which reports four digits: ``.8512``."""
    return NONE if value is None or math.isnan(value) else _digits(value, 4)


def threshold(value: float | None, beside: float | None = None) -> str:
    """A threshold, or a score to be held against one: ``.4120``, ``.00004``, ``4e-6``.

    Only 0 reads ``0`` and only 1 reads ``1``; files keep full precision.

    Args:
        value: the threshold or score.
        beside: what it is held against; where both would look the same and are not, more digits
            tell them apart.
    """
    if value is not None and beside is not None and value != beside:
        places = 4
        while threshold(value) == threshold(beside) and places < 10:
            places += 1
            texts = _digits(value, places), _digits(beside, places)
            if texts[0] != texts[1]:
                return texts[0]
    if value is None or math.isnan(value):
        return NONE
    if value in (0, 1):
        return f"{value:.0f}"
    if 0 < value < 1e-5:
        mantissa, exponent = f"{value:.0e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    if 1e-3 <= value < 0.99995:
        return _digits(value, 4)
    text = _digits(value, 5).rstrip("0")
    return ">.9999" if text == "1." else text


def threshold_span(between: "Interval | None") -> str:
    """From one threshold to another: ``.0412–.2500``."""
    return NONE if between is None else f"{threshold(between.low)}–{threshold(between.high)}"


def exact(value: float) -> str:
    """A threshold with the digits that a person may want to type again: ``.04123``, ``.5``."""
    text = f"{value:.10f}".rstrip("0")
    if 0 < value and text == "0.":
        return threshold(value)
    return f"{text}0" if text.endswith(".") else text.removeprefix("0")


def signed(value: float | None) -> str:
    """A difference with its sign: ``+.031``, ``-.001``; ``<.001`` for less than half of that.

    Only a difference of 0 reads ``.000``.
    """
    if value is None or math.isnan(value):
        return NONE
    text = _digits(value, 3)
    if text == ".000" and value:
        return "<.001" if value > 0 else ">-.001"
    return f"+{text}" if value > 0 else text


def span(low: float | None, high: float | None) -> str:
    """A figure, or the range that scores which were not returned allow: ``.24``, ``.24–.31``."""
    low_text, high_text = figure(low), figure(high)
    return low_text if low_text == high_text else f"{low_text}–{high_text}"


def ranged(value: float | None, bounds: "Interval | tuple[float, float] | None") -> str:
    """A figure, or its range where one is given."""
    if bounds is None:
        return figure(value)
    low, high = bounds if isinstance(bounds, tuple) else (bounds.low, bounds.high)
    return span(low, high)


def interval(found: "Interval | None") -> str:
    """The interval of a figure: ``.24–.31``."""
    return NONE if found is None else f"{figure(found.low)}–{figure(found.high)}"


def signed_interval(found: "Interval | None") -> str:
    """The interval of a difference: ``-.012 to +.020``; no end reads 0 that is not 0."""
    return NONE if found is None else f"{signed(found.low)} to {signed(found.high)}"


def percentage(share: float | None) -> str:
    """A share of documents: ``12.3%``; two places below 1 %; only 0 and 1 read 0 % and 100 %."""
    if share is None or math.isnan(share):
        return NONE
    if share in (0, 1):
        return f"{share:.0%}"
    if 0 < share < 0.00005:
        return "<0.01%"
    text = f"{share:.2%}" if abs(share) < 0.01 else f"{share:.1%}"
    return ">99.9%" if share < 1 and text == "100.0%" else text


def level(share: float) -> str:
    """A level or a ratio that somebody chose, with no more digits than it has: ``95%``."""
    text = f"{share * 100:.2f}".rstrip("0").rstrip(".")
    return ">99.99%" if share < 1 and text == "100" else f"{text}%"


def count(value: int | None) -> str:
    """A whole number, thousands separated."""
    return NONE if value is None else f"{value:,}"


def amount(value: float | None) -> str:
    """US dollars for a column that says so: ``1,234.50``; ``<0.01`` for what is not nothing."""
    if value is None or math.isnan(value):
        return NONE
    return "<0.01" if 0 < value < 0.005 else f"{value:,.2f}"


def amounts(low: float, high: float) -> str:
    """From the least to the most of it, in US dollars for a column that says so."""
    low_text, high_text = amount(low), amount(high)
    return high_text if low_text == high_text else f"{low_text} to {high_text}"


def usd(value: float | None) -> str:
    """US dollars: ``$1,234.50``."""
    text = amount(value)
    return f"<${text[1:]}" if text.startswith("<") else text if text == NONE else f"${text}"


def usd_between(low: float, high: float) -> str:
    """From the least to the most of it: ``$1.50 to $3.00``."""
    low_text, high_text = usd(low), usd(high)
    return high_text if low_text == high_text else f"{low_text} to {high_text}"


def size(size_bytes: int) -> str:
    """The size of a file, in steps of 1,000: ``412 B``, ``7.7 MB``."""
    number = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000 or unit == "GB":
            break
        number /= 1000
    return f"{number:.0f} {unit}" if unit == "B" else f"{number:,.1f} {unit}"


def duration(seconds: float | None) -> str:
    """Elapsed time in minutes and seconds: ``0:07``, ``1:02:03``."""
    if seconds is None:
        return NONE
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def moment(text: str) -> str:
    """An ISO time to the second, for reading."""
    return f"{text[:10]} {text[11:19]}" if text else NONE
