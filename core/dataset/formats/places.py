"""Where in a source something is wrong, and the errors that say so."""

import difflib
from collections.abc import Sequence
from pathlib import Path

from core.errors import InvalidInput
from core.text import printable

CANNOT_READ = "Cannot read the source"


def place_of(path: Path, line: int | None = None, column: str | None = None) -> str:
    """Return ``comments.csv, line 12, column "toxic"``, safe to show.

    Args:
        path: the file.
        line: physical line number, counted from 1.
        column: name of the column or key.
    """
    place = printable(path.name, 80)
    if line is not None:
        place += f", line {line:,}"
    if column is not None:
        place += f", column {quoted(column)}"
    return place


def quoted(value: str) -> str:
    """Return an outside value in quotation marks, safe to show and at most 60 characters."""
    return f'"{printable(value, 60)}"'


def listed(values: Sequence[str], limit: int = 8) -> str:
    """Return outside values one after another, safe to show, at most `limit` of them."""
    shown = ", ".join(printable(value, 40) or '""' for value in values[:limit])
    return shown + (f" and {len(values) - limit} more" if len(values) > limit else "")


def unknown_column(name: str, columns: Sequence[str], path: Path, what: str) -> InvalidInput:
    """Return the error for a column that the settings name and the source has not.

    Args:
        name: the name in the settings.
        columns: the names that exist.
        path: the source.
        what: what the column was wanted for, such as "text column".
    """
    folded = {column.casefold(): column for column in reversed(columns)}
    near = difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.5)
    hint = f"the nearest is {quoted(folded[near[0]])}; " if near else ""
    return InvalidInput(
        CANNOT_READ,
        f"{place_of(path)} has no {what} {quoted(name)}",
        f"{hint}columns: {listed(columns, 20)}",
    )
