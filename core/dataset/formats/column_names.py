"""Guess what a column is for, from its name and from its cells."""

import re
from collections.abc import Mapping, Sequence

_TEXT_NAMES = (
    "text", "comment_text", "document", "comment", "body", "content", "message", "description",
    "sentence", "review", "source", "question", "title", "tweet", "utterance", "summary", "doc",
)  # fmt: skip
_LABEL_NAMES = (
    "labels", "label", "classes", "class", "categories", "category", "tags", "tag", "topics",
    "topic", "target", "true_label", "label_name", "class_name", "sentiment", "intent", "genre",
    "emotion", "y",
)  # fmt: skip
_ID_NAMES = (
    "id", "doc_id", "document_id", "comment_id", "text_id", "row_id", "uid", "uuid", "guid", "key",
    "ticket_id", "message_id", "index", "line", "row", "number", "",
)  # fmt: skip
_GROUP_NAMES = ("group", "group_id", "groups", "thread", "thread_id", "conversation_id")
_FOREIGN_LABELS = re.compile(r"pred|guess|score|old")
_NAME = re.compile(r"\w+(?:[ ._-]\w+){0,2}")
_NUMBER = re.compile(r"[-+$€£]?\d[\d.,:/ -]*%?")


def folded(name: str) -> str:
    """Return a column name in lower case with words joined by underscores."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[\W_]+", "_", spaced).strip("_").lower()


def is_number(cell: str) -> bool:
    """Whether a cell holds a number, an amount or a date, as a name seldom does."""
    return bool(_NUMBER.fullmatch(cell.strip()))


def is_column_name(cell: str) -> bool:
    """Whether a cell is a usual name of a text, label, id or group column."""
    name = folded(cell)
    return bool(_NAME.fullmatch(cell.strip())) and (
        name in _TEXT_NAMES + _LABEL_NAMES + _ID_NAMES + _GROUP_NAMES
        or name.endswith(("_text", "_label", "_labels", "_id"))
    )


def find_text(cells: Mapping[str, Sequence[str]]) -> tuple[str, str] | None:
    """Return the likely text column and the reason.

    Args:
        cells: sampled cells by column.
    """
    named = _named(cells, _TEXT_NAMES, ("_text", "text_", "_comment", "_body"))
    lengths = {
        name: sum(map(len, values)) / max(len(values), 1)
        for name, values in cells.items()
        if not all(is_number(cell) or not cell for cell in values)
    }
    if named and (named in lengths or not lengths):
        return named, "its name"
    if not lengths:
        return None
    longest = max(lengths, key=lambda name: lengths[name])
    return longest, f"its cells are the longest, {lengths[longest]:.0f} characters on average"


def find_labels(cells: Mapping[str, Sequence[str]]) -> tuple[str, str] | None:
    """Return the likely column of label lists and the reason.

    Args:
        cells: sampled cells by column, without the text column.
    """
    own = {
        name: values for name, values in cells.items() if not _FOREIGN_LABELS.search(folded(name))
    }
    named = _named(own, _LABEL_NAMES, ("_label", "_labels", "_class", "_category", "_tags"))
    if named:
        return named, "its name"
    shares = {
        name: len(set(values)) / len(values)
        for name, values in own.items()
        if values and folded(name) not in _ID_NAMES and max(map(len, values)) <= 200
    }
    repeated = {name: share for name, share in shares.items() if share <= 0.5}
    if not repeated:
        return None
    found = min(repeated, key=lambda name: repeated[name])
    return found, "its cells are short and repeat"


def find_id(cells: Mapping[str, Sequence[str]]) -> str | None:
    """Return the likely id column: a usual name, and no cell twice.

    Args:
        cells: sampled cells by column, without text and label columns.
    """
    unique = {
        name: values
        for name, values in cells.items()
        if len(set(values)) == len(values) and "" not in values
    }
    return _named(unique, _ID_NAMES, ("_id",))


def find_group(cells: Mapping[str, Sequence[str]]) -> str | None:
    """Return the likely group column: only by a name that says so."""
    return _named(cells, _GROUP_NAMES, ("_group",))


def looks_like_id(name: str) -> bool:
    """Whether a column's name is a usual one for ids."""
    return folded(name) in _ID_NAMES


def looks_like_labels(name: str) -> bool:
    """Whether a column's name is a usual one for a single column of labels."""
    return folded(name) in _LABEL_NAMES


def _named(
    columns: Mapping[str, Sequence[str]], names: Sequence[str], endings: tuple[str, ...]
) -> str | None:
    """The column with the most telling name; None when no name says anything."""
    by_name: dict[str, str] = {}
    for column in columns:
        by_name.setdefault(folded(column), column)
    for name in names:
        if name in by_name:
            return by_name[name]
    for name, column in by_name.items():
        if any(
            name.endswith(end) or (end.endswith("_") and name.startswith(end)) for end in endings
        ):
            return column
    return None
