"""CSV that people open in a spreadsheet: no cell of text is run as a formula.

A spreadsheet takes text for a formula that begins with ``=``, ``+``, ``-`` or ``@``, in their wide
forms too, after blanks, a tab or a line break. Such a cell gets an apostrophe in front, as OWASP's
page on CSV injection advises. A text that begins with apostrophes before all that gets one more,
so that taking one off always gives back what was there.
"""

import re
from collections.abc import Iterable

_RUN = re.compile(r"'*(?:[\t\r\n]|\s*[=+\-@\uff1d\uff0b\uff0d\uff20])")
_QUOTED = re.compile(r'[",\r\n]')


def defused(cell: str) -> str:
    """Text that no spreadsheet runs."""
    return f"'{cell}" if _RUN.match(cell) else cell


def without_apostrophe(cell: str) -> str:
    """What `defused` was given."""
    return cell[1:] if cell[:1] == "'" and _RUN.match(cell, 1) else cell


def csv_bytes(rows: Iterable[Iterable[object]], is_raw: bool = False) -> bytes:
    """Rows as CSV in UTF-8, a line break in a cell never without quotes.

    The writer of the standard library leaves a lone carriage return unquoted beside ``\\n`` as end
    of line; readers start a row there, and with it a cell that nobody looked at.

    Args:
        rows: text as it is, None and not-a-number as an empty cell, other numbers in full.
        is_raw: for machines: leave text as it is that a spreadsheet would run.
    """
    lines = (",".join(_written(cell, is_raw) for cell in row) + "\n" for row in rows)
    return "".join(lines).encode("utf-8", "replace")


def _written(cell: object, is_raw: bool) -> str:
    if isinstance(cell, str):
        text = cell if is_raw else defused(cell)
        doubled = text.replace('"', '""')
        return f'"{doubled}"' if _QUOTED.search(text) else text
    return "" if cell is None or cell != cell else str(cell)  # noqa: PLR0124 - not a number
