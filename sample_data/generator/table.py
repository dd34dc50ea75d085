"""CSV text of the sample files: comma, double quotes where needed, line feed at row ends.

Written here rather than with the csv module, whose quoting of lone carriage returns depends on the
Python version.
"""

import re
from collections.abc import Iterable, Sequence

_NEEDS_QUOTES = re.compile(r'[,"\r\n]')


def csv_text(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A header and rows as CSV."""
    return "".join(",".join(map(_field, row)) + "\n" for row in (header, *rows))


def numbered(prefix: str, first: int, count: int) -> list[str]:
    """`count` ids such as ``T100001``, increasing."""
    return [f"{prefix}{first + index}" for index in range(count)]


def _field(value: str) -> str:
    return '"' + value.replace('"', '""') + '"' if _NEEDS_QUOTES.search(value) else value
