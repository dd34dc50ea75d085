"""Find out how a CSV file is laid out: delimiter, header, text, labels, mode."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import msgspec

from core.dataset.documents import Mode
from core.dataset.formats.column_names import (
    find_group,
    find_id,
    find_labels,
    find_text,
    is_column_name,
    is_number,
    looks_like_id,
    looks_like_labels,
)
from core.dataset.formats.csv_sources import COMPREHEND_COLUMNS, flag
from core.dataset.formats.csv_table import FIELD_DELIMITERS, csv_reader, position
from core.dataset.formats.label_cells import find_label_delimiter
from core.dataset.formats.places import CANNOT_READ, listed, place_of, quoted
from core.dataset.formats.settings import Detection, SourceFormat, SourceSettings
from core.errors import InvalidInput
from core.text import plural

_ROWS = 2000
_PREVIEW_ROWS = 5
_LONGEST_NAME = 100
_FLAG_SHARE = 0.9


@dataclass(frozen=True)
class CsvShape:
    """The beginning of a CSV file, taken apart."""

    delimiter: str
    """Comma, semicolon or tab."""
    has_header: bool
    """Whether the first row names the columns."""
    columns: tuple[str, ...]
    """Column names; those of Comprehend's CSV when there is no header."""
    rows: tuple[tuple[str, ...], ...]
    """The first data rows, those of another width left out."""
    reasons: tuple[str, ...]
    """Why, in plain words."""


def csv_shape(path: Path, head: str, is_whole: bool, given: SourceSettings) -> CsvShape:
    """Take the beginning of a file apart.

    Args:
        path: the file.
        head: its beginning.
        is_whole: whether `head` is all of it.
        given: what the user has set.

    Raises:
        InvalidInput: it is no table, or a table without a header that is not Comprehend's.
    """
    delimiter = given.field_delimiter or _field_delimiter(head, is_whole, path)
    rows = _rows(head, delimiter, is_whole)
    width = len(rows[0])
    even = [row for row in rows if len(row) == width]
    reasons = [f"cells are separated by a {FIELD_DELIMITERS.get(delimiter, quoted(delimiter))}"]
    if given.format is SourceFormat.COMPREHEND_CSV:
        has_header = False
    else:
        has_header = given.format is not None or _has_header(even, given)
    if has_header:
        reasons.append(f"the first row names {plural(width, 'column')}")
        columns = tuple(rows[0])
        return CsvShape(delimiter, True, columns, tuple(map(tuple, even[1:])), tuple(reasons))
    _refuse_nameless(path, even, width)
    reasons.append("two columns without a header, as Comprehend reads them")
    return CsvShape(delimiter, False, COMPREHEND_COLUMNS, tuple(map(tuple, even)), tuple(reasons))


def _rows(head: str, delimiter: str, is_whole: bool) -> list[list[str]]:
    """The first rows; the last one is left out where the beginning may cut it."""
    reader = csv_reader(io.StringIO(head, newline=""), delimiter, strict=False)
    rows = [row for row in islice(reader, _ROWS + 1) if row]
    if not is_whole and 1 < len(rows) <= _ROWS:
        rows.pop()
    return rows


def _field_delimiter(head: str, is_whole: bool, path: Path) -> str:
    """The delimiter that gives most rows the width of the first."""
    best, best_share = "", 0.0
    for delimiter in FIELD_DELIMITERS:
        rows = _rows(head, delimiter, is_whole)
        width = len(rows[0]) if rows else 0
        share = sum(len(row) == width for row in rows) / len(rows) if width > 1 else 0.0
        if share > best_share:
            best, best_share = delimiter, share
    if not best:
        raise InvalidInput(
            CANNOT_READ,
            f"{place_of(path)} is no table: its first line has no comma, semicolon or tab",
            "give CSV with text and labels, JSON Lines or an augmented manifest",
        )
    return best


def _has_header(rows: Sequence[Sequence[str]], given: SourceSettings) -> bool:
    """Whether the first row names the columns, or is a document already.

    Repetitions of the first row count for nothing: files put together from several hold them.
    """
    first = rows[0]
    rest = [row for row in rows[1:] if row != first]
    named = (given.text_column, given.label_column, given.id_column, given.group_column)
    if any(name in first for name in (*named, *(given.label_columns or ())) if name):
        return True
    if len(set(first)) < len(first) or any(
        len(cell) > _LONGEST_NAME or "\n" in cell or (is_number(cell) and cell) for cell in first
    ):
        return False
    below = [{row[place] for row in rest} for place in range(len(first))]
    if any(cells and all(map(is_number, cells)) for cells in below):
        return True
    if any(cell in cells for cell, cells in zip(first, below, strict=True) if cell):
        return False
    return len(first) > 2 or any(map(is_column_name, first)) or _names_stand_out(rows)


def _names_stand_out(rows: Sequence[Sequence[str]]) -> bool:
    """Whether one word stands above long texts, and above labels that repeat."""
    first, rest = rows[0], rows[1:]
    length = sum(len(row[1]) for row in rest) / max(len(rest), 1)
    repeats = len(rest) >= 10 and 2 * len({row[0] for row in rest}) <= len(rest)
    return repeats and first[1].isidentifier() and length > 5 * len(first[1])


def _refuse_nameless(path: Path, rows: Sequence[Sequence[str]], width: int) -> None:
    if width != len(COMPREHEND_COLUMNS):
        raise InvalidInput(
            CANNOT_READ,
            f"{place_of(path, 1)} names no columns, and {plural(width, 'column')} without names "
            "are not Comprehend's two (label, text)",
            "put a header line first, such as id,text,labels",
        )
    lengths = [sum(len(row[place]) for row in rows) for place in (0, 1)]
    if lengths[0] > 2 * lengths[1] and len({row[1] for row in rows}) < len(rows):
        raise InvalidInput(
            CANNOT_READ,
            f"{place_of(path, 1)} names no columns, and the first column looks like the text",
            "put the label first, as Comprehend wants it, or a header line such as text,label",
        )


def detect_csv(path: Path, shape: CsvShape, given: SourceSettings) -> Detection:
    """Complete the settings of a CSV file.

    Raises:
        InvalidInput: a named column does not exist, or text or labels cannot be found.
    """
    reasons = list(shape.reasons)
    cells = {name: [row[place] for row in shape.rows] for place, name in enumerate(shape.columns)}
    settings = msgspec.structs.replace(given, field_delimiter=shape.delimiter)
    if shape.has_header:
        for name, what in _named_columns(given):
            position(name, shape.columns, path, what)
        settings = _with_columns(path, settings, cells, reasons)
    else:
        settings = msgspec.structs.replace(
            settings, format=SourceFormat.COMPREHEND_CSV, label_column="label", text_column="text"
        )
    if settings.format is not SourceFormat.WIDE_CSV:
        settings = _with_delimiter(settings, cells[settings.label_column or ""], reasons)
    preview = shape.rows[:_PREVIEW_ROWS]
    return Detection(settings, tuple(reasons), shape.columns, preview, "UTF-8")


def _named_columns(given: SourceSettings) -> list[tuple[str, str]]:
    named = [
        (given.text_column, "text column"),
        (given.label_column, "label column"),
        (given.id_column, "id column"),
        (given.group_column, "group column"),
        *((name, "label column") for name in given.label_columns or ()),
    ]
    return [(name, what) for name, what in named if name]


def _with_columns(
    path: Path, given: SourceSettings, cells: Mapping[str, Sequence[str]], reasons: list[str]
) -> SourceSettings:
    """Settings with form and columns of a file with a header."""
    flags = list(given.label_columns or _flag_columns(cells, given))
    form = given.format
    if form is None:
        is_list = given.label_column is not None or not flags or _is_single(flags, given)
        form = SourceFormat.LABEL_LIST_CSV if is_list else SourceFormat.WIDE_CSV
    taken = set(flags) if form is SourceFormat.WIDE_CSV else {given.label_column}
    text = given.text_column
    if text is None:
        found = find_text({name: v for name, v in cells.items() if name not in taken})
        text, reason = found or _not_found(path, "text", cells)
        reasons.append(f"text in {quoted(text)}: {reason}")
    rest = {name: values for name, values in cells.items() if name not in (*taken, text)}
    if form is SourceFormat.WIDE_CSV:
        settings = _wide(path, given, flags, cells, reasons)
    else:
        label = given.label_column
        if label is None:
            label, reason = find_labels(rest) or _not_found(path, "labels", cells)
            reasons.append(f"labels in {quoted(label)}: {reason}")
            rest = {name: values for name, values in rest.items() if name != label}
        settings = msgspec.structs.replace(given, label_column=label)
    identity = find_id(rest) if given.id_column is None else given.id_column
    group = find_group(rest) if given.group_column is None else given.group_column
    if identity and given.id_column is None:
        reasons.append(f"ids in {quoted(identity)}: its name, and no cell stands twice")
    if group and given.group_column is None:
        reasons.append(f"groups in {quoted(group)}: its name")
    return msgspec.structs.replace(
        settings, format=form, text_column=text, id_column=identity, group_column=group
    )


def _flag_columns(cells: Mapping[str, Sequence[str]], given: SourceSettings) -> list[str]:
    """Columns of 0, 1 and -1; a few other cells are errors to report, not a reason to drop it."""
    others = (given.text_column, given.id_column, given.group_column)
    return [
        name
        for name, values in cells.items()
        if name not in others
        and values
        and not looks_like_id(name)
        and sum(flag(cell) is not None for cell in values) >= _FLAG_SHARE * len(values)
    ]


def _is_single(flags: Sequence[str], given: SourceSettings) -> bool:
    """Whether a lone 0/1 column holds two classes rather than one label."""
    return len(flags) == 1 and given.label_columns is None and looks_like_labels(flags[0])


def _wide(
    path: Path,
    given: SourceSettings,
    flags: Sequence[str],
    cells: Mapping[str, Sequence[str]],
    reasons: list[str],
) -> SourceSettings:
    if not flags:
        _not_found(path, "0/1 label columns", cells)
    if given.label_columns is None:
        verb = "columns hold" if len(flags) > 1 else "column holds"
        reasons.append(f"{len(flags)} {verb} only 0 and 1: {listed(flags)}")
    mode = given.mode or "multi-label"
    if given.mode is None:
        columns = [[flag(cell) == 1 for cell in cells[name]] for name in flags if name in cells]
        counts = [sum(row) for row in zip(*columns, strict=True)]
        if len(flags) > 1 and len(counts) >= 20 and set(counts) == {1}:
            mode = "multi-class"
            reasons.append(f"each of {len(counts):,} sampled rows has exactly one label")
    return msgspec.structs.replace(given, label_columns=tuple(flags), mode=mode)


def _with_delimiter(
    settings: SourceSettings, cells: Sequence[str], reasons: list[str]
) -> SourceSettings:
    """Settings with mode and label delimiter of a column of label lists."""
    delimiter = settings.label_delimiter
    if delimiter is None and settings.mode != "multi-class":
        delimiter = find_label_delimiter(cells)
        if delimiter is not None:
            reasons.append(f"labels are joined with {quoted(delimiter)}: several a document")
    mode: Mode | None = settings.mode
    if mode is None:
        mode = "multi-class" if delimiter is None else "multi-label"
        if mode == "multi-class":
            reasons.append("no delimiter inside label cells: exactly one label a document")
    if mode == "multi-label" and delimiter is None:
        delimiter = "|"
    return msgspec.structs.replace(settings, mode=mode, label_delimiter=delimiter)


def _not_found(path: Path, what: str, cells: Mapping[str, Sequence[str]]) -> tuple[str, str]:
    raise InvalidInput(
        CANNOT_READ,
        f"{place_of(path)}: no column looks like {what}",
        f"name it; columns: {listed(list(cells), 20)}",
    )
