"""Cells that hold several labels: take them apart, and find out what stands between the labels."""

import ast
from collections.abc import Iterable, Sequence

import msgspec

from core.dataset.formats.settings import LIST_CELLS

_SURE = ("|", ";")
_LIKELY = (",", "\t", "/", "+", "~", "^", " ")


def names_in_cell(cell: str, delimiter: str | None) -> list[str]:
    """Return the labels of one cell in original form; an empty cell has none.

    Args:
        cell: the cell.
        delimiter: what stands between labels; None when the whole cell is one label.

    Raises:
        ValueError: the cell should hold a list, and does not.
    """
    if not cell:
        return []
    if delimiter is None:
        return [cell]
    if delimiter == LIST_CELLS:
        return _names_in_list(cell)
    return cell.split(delimiter)


def _names_in_list(cell: str) -> list[str]:
    """The texts of a list written as JSON, or as Python writes it."""
    if not cell.strip():
        return []
    try:
        return msgspec.json.decode(cell, type=list[str])
    except msgspec.MsgspecError:
        pass
    try:
        values = ast.literal_eval(cell.strip())
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise ValueError(cell) from error
    if not isinstance(values, list | tuple | set) or any(not isinstance(v, str) for v in values):
        raise ValueError(cell)
    return sorted(values) if isinstance(values, set) else list(values)


def find_label_delimiter(cells: Iterable[str]) -> str | None:
    """Return what stands between the labels of some cells; None when each cell is one label.

    ``|`` and ``;`` are believed where they occur. A comma, a blank and the like also occur inside
    labels, so they are believed only when taking cells apart gives fewer labels than cells.
    """
    distinct = sorted({cell for cell in cells if cell.strip()})
    if not distinct:
        return None
    if all(cell.strip()[0] == "[" and cell.strip()[-1] == "]" for cell in distinct):
        return LIST_CELLS
    for character in _SURE:
        if any(character in cell for cell in distinct):
            return _with_blanks(character, distinct)
    for character in _LIKELY:
        if any(character in cell for cell in distinct):
            delimiter = _with_blanks(character, distinct)
            if _repeats(delimiter, distinct):
                return delimiter
    return None


def _with_blanks(character: str, cells: Sequence[str]) -> str:
    """The delimiter with the blanks that stand beside it everywhere."""
    if character == " ":
        return character
    total = sum(cell.count(character) for cell in cells)
    for delimiter in (f" {character} ", f"{character} "):
        if sum(cell.count(delimiter) for cell in cells) == total:
            return delimiter
    return character


def _repeats(delimiter: str, cells: Sequence[str]) -> bool:
    """Whether cells taken apart give fewer labels than there are distinct cells."""
    pieces = {piece for cell in cells for piece in cell.split(delimiter)}
    return "" not in pieces and len(pieces) < len(cells)
