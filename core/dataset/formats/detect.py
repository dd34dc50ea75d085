"""Find out what a source looks like, and say why."""

import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from core.dataset.documents import Mode
from core.dataset.formats.csv_sources import (
    COMPREHEND_COLUMNS,
    FIELD_DELIMITERS,
    csv_reader,
    find_label_delimiter,
    flag,
    position,
    read_csv_source,
)
from core.dataset.formats.json_sources import (
    METADATA,
    manifest_names,
    missing_text,
    objects,
    read_json_source,
)
from core.dataset.formats.sources import (
    CANNOT_READ,
    Detection,
    Source,
    SourceFormat,
    SourceRows,
    SourceSettings,
    listed,
    place_of,
    quoted,
    unknown_column,
)
from core.decoding import JsonDecoder, Undecodable
from core.errors import InvalidInput
from core.text import plural

_TEXT_NAMES = tuple(
    (
        "text comment_text document comment body content message description sentence review "
        "source question title tweet utterance summary doc"
    ).split()
)
_LABEL_NAMES = tuple(
    (
        "labels label classes class categories category tags tag topics topic target true_label "
        "label_name class_name sentiment intent genre emotion y"
    ).split()
)
_ID_NAMES = (
    *"id doc_id document_id comment_id text_id row_id uid uuid guid key ticket_id".split(),
    *"message_id index line row number".split(),
    "",
)
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
    likeliest = min(repeated, key=lambda name: repeated[name])
    return likeliest, "its cells are short and repeat"


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


def detect_csv(path: Path, head: str, is_whole: bool, given: SourceSettings) -> Detection:
    """Complete the settings of a CSV file.

    Args:
        path: the file.
        head: its beginning.
        is_whole: whether `head` is all of it.
        given: what the user has set.

    Raises:
        InvalidInput: it is no table, a named column does not exist, or text or labels cannot be
            found.
    """
    shape = csv_shape(path, head, is_whole, given)
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
        likeliest = find_text({name: v for name, v in cells.items() if name not in taken})
        text, reason = likeliest or _not_found(path, "text", cells)
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
        and folded(name) not in _ID_NAMES
        and sum(flag(cell) is not None for cell in values) >= _FLAG_SHARE * len(values)
    ]


def _is_single(flags: Sequence[str], given: SourceSettings) -> bool:
    """Whether a lone 0/1 column holds two classes rather than one label."""
    return len(flags) == 1 and given.label_columns is None and folded(flags[0]) in _LABEL_NAMES


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


_Rows = Sequence[Mapping[str, Any]]


def detect_json(path: Path, head: str, is_whole: bool, given: SourceSettings) -> Detection:
    """Complete the settings of a file with one JSON object a line.

    Args:
        path: the file.
        head: its beginning.
        is_whole: whether `head` is all of it.
        given: what the user has set.

    Raises:
        InvalidInput: a line is not an object, or no key holds text or labels.
    """
    lines = head.encode().splitlines(keepends=True)
    if not is_whole and len(lines) > 1:
        lines.pop()
    rows = [row for _, row in islice(objects(iter(lines), path), _ROWS)]
    columns = tuple(dict.fromkeys(key for row in rows for key in row))
    attributes = [key for key in columns if key + METADATA in columns]
    form = given.format
    if form is None:
        form = SourceFormat.AUGMENTED_MANIFEST if attributes else SourceFormat.JSON_LINES
    if form is SourceFormat.AUGMENTED_MANIFEST:
        settings, reasons = _manifest(path, rows, columns, attributes, given)
    else:
        settings, reasons = _json_lines(path, rows, columns, given)
    for name, what in (
        (settings.text_column, "text key"),
        (settings.label_column, "label key"),
        (settings.id_column, "id key"),
        (settings.group_column, "group key"),
    ):
        if name and name not in columns:
            raise unknown_column(name, columns, path, what)
    preview = tuple(tuple(_shown(row.get(key)) for key in columns) for row in rows[:_PREVIEW_ROWS])
    return Detection(settings, tuple(reasons), columns, preview, "UTF-8")


def _manifest(
    path: Path,
    rows: _Rows,
    columns: Sequence[str],
    attributes: Sequence[str],
    given: SourceSettings,
) -> tuple[SourceSettings, list[str]]:
    reasons = ["each line is a JSON object with an attribute and its metadata"]
    if "source-ref" in columns and "source" not in columns and given.text_column is None:
        raise missing_text(path)
    usable = [name for name in attributes if _first_names(rows, name) is not None]
    attribute = given.label_column or (usable[0] if usable else None)
    if attribute is None:
        raise InvalidInput(
            CANNOT_READ,
            f"{place_of(path)} has no attribute with class-name or class-map in its metadata",
            f"keys: {listed(columns, 20)}",
        )
    if given.label_column is None and len(usable) > 1:
        reasons.append(f"of the attributes {listed(usable)} the first is taken")
    details = [row[attribute + METADATA] for row in rows if attribute + METADATA in row]
    has_map = any(isinstance(item, dict) and "class-map" in item for item in details)
    mode: Mode = given.mode or ("multi-label" if has_map else "multi-class")
    kind = "class-map, several labels" if has_map else "class-name, one label"
    reasons.append(f"attribute {quoted(attribute)} has {kind}")
    return (
        msgspec.structs.replace(
            given,
            format=SourceFormat.AUGMENTED_MANIFEST,
            mode=mode,
            text_column=given.text_column or "source",
            label_column=attribute,
            id_column=given.id_column or find_id(_cells(rows, ("id", "source-id"))),
        ),
        reasons,
    )


def _first_names(rows: _Rows, attribute: str) -> list[str] | None:
    """The label names of the first row whose metadata has any."""
    for row in rows:
        details = row.get(attribute + METADATA)
        names = manifest_names(details) if isinstance(details, dict) else None
        if names is not None:
            return names
    return None


def _json_lines(
    path: Path, rows: _Rows, columns: Sequence[str], given: SourceSettings
) -> tuple[SourceSettings, list[str]]:
    reasons = ["each line is a JSON object"]
    lists = [key for key in columns if any(isinstance(row.get(key), list) for row in rows)]
    cells = _cells(rows, [key for key in columns if key not in lists])
    named = {key: cells.get(key, []) for key in columns if key in lists or key in cells}
    text, reason = (
        (given.text_column, "") if given.text_column else _or_fail(find_text(cells), path)
    )
    if reason:
        reasons.append(f"text in {quoted(text or '')}: {reason}")
    rest = {key: values for key, values in named.items() if key != text}
    likeliest = find_labels({key: rest[key] for key in lists if key in rest}) or (
        (lists[0], "it holds lists") if lists else find_labels(rest)
    )
    label, reason = (given.label_column, "") if given.label_column else _or_fail(likeliest, path)
    if reason:
        reasons.append(f"labels in {quoted(label or '')}: {reason}")
    mode, delimiter = _mode(rows, label or "", given, reasons)
    others = {key: values for key, values in cells.items() if key not in (text, label)}
    settings = msgspec.structs.replace(
        given,
        format=SourceFormat.JSON_LINES,
        mode=mode,
        text_column=text,
        label_column=label,
        label_delimiter=delimiter,
        id_column=find_id(others) if given.id_column is None else given.id_column,
        group_column=find_group(others) if given.group_column is None else given.group_column,
    )
    return settings, reasons


def _mode(
    rows: _Rows, label: str, given: SourceSettings, reasons: list[str]
) -> tuple[Mode, str | None]:
    """The mode, and the delimiter of labels that stand in one text."""
    values = [row.get(label) for row in rows]
    if any(isinstance(value, list) for value in values):
        reasons.append("labels are lists: several a document")
        return given.mode or "multi-label", given.label_delimiter
    texts = [value for value in values if isinstance(value, str)]
    delimiter = given.label_delimiter or find_label_delimiter(texts)
    if given.mode == "multi-class" or (given.mode is None and delimiter is None):
        reasons.append("labels are single texts: exactly one a document")
        return "multi-class", given.label_delimiter
    if delimiter is not None:
        reasons.append(f"labels are joined with {quoted(delimiter)}")
    return "multi-label", delimiter


def _or_fail(likeliest: tuple[str, str] | None, path: Path) -> tuple[str, str]:
    if likeliest is None:
        raise InvalidInput(
            CANNOT_READ,
            f"{place_of(path)}: no key looks like text or like labels",
            "set the text column and the label column",
        )
    return likeliest


def _cells(rows: _Rows, keys: Sequence[str]) -> dict[str, list[str]]:
    """Values by key, as text, of the keys that hold scalars."""
    return {
        key: [str(row[key]) for row in rows if isinstance(row.get(key), str | int | float)]
        for key in keys
        if any(isinstance(row.get(key), str | int | float) for row in rows)
    }


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


_ROW = JsonDecoder(dict[str, Any], any_integer=True)
_SAMPLE_BYTES = 1 << 21
_JSON_ARRAY = re.compile(r"\s*\[\s*(\{|$)", re.MULTILINE)
_JSON_OBJECT = re.compile(r'\s*\{\s*("|$)', re.MULTILINE)
_NOTHING_GIVEN = SourceSettings()


def detect_source(path: Path, given: SourceSettings = _NOTHING_GIVEN) -> Detection:
    """Find out how to read a source, from about its first two mebibytes.

    Args:
        path: the file.
        given: what the user has set already; it is kept and narrows the rest.

    Raises:
        InvalidInput: the file cannot be read, has no form that is known, or lacks a column that
            `given` names.
    """
    with Source(path) as source:
        head, is_whole = source.head(_SAMPLE_BYTES)
        had_bom = source.had_bom
    if not head.strip():
        raise InvalidInput(CANNOT_READ, f"{place_of(path)} is empty", "give a file with data")
    if given.format is None:
        family = next(family for family in FAMILIES if family.is_told_by(head, path))
    else:
        family = family_of(given.format)
    detection = family.detect(path, head, is_whole, given)
    encoding = "UTF-8 with byte order mark" if had_bom else "UTF-8"
    reasons = (*detection.reasons, f"encoding {encoding}") if had_bom else detection.reasons
    return Detection(detection.settings, reasons, detection.columns, detection.preview, encoding)


def _is_json(head: str, path: Path) -> bool:
    """Whether a file holds one JSON object a line.

    Raises:
        InvalidInput: it holds one JSON array.
    """
    first = head.lstrip().split("\n", 1)[0]
    if _JSON_OBJECT.match(head):
        try:
            _ROW.decode(first.encode())
        except Undecodable:
            return "}" not in first or first.rstrip().endswith("}")
        return True
    if _JSON_ARRAY.match(head):
        raise InvalidInput(
            CANNOT_READ,
            f"{place_of(path)} is one JSON array, not one object a line",
            "write it as JSON Lines: `jq -c '.[]' IN > OUT`",
        )
    return False


@dataclass(frozen=True)
class Family:
    """Formats that are told, detected and read alike; `FAMILIES` is where one is registered."""

    needed: Mapping[SourceFormat, tuple[str, ...]]
    """The formats, each with the settings that reading it needs beside mode and text column."""
    is_told_by: Callable[[str, Path], bool]
    """Whether a file is of the family, by its beginning; may raise InvalidInput with a hint."""
    detect: Callable[[Path, str, bool, SourceSettings], Detection]
    """Completes the settings: path, beginning, whether that is all of the file, what is given."""
    read: Callable[[Source, SourceSettings], SourceRows]
    """Reads the open source by complete settings."""


FAMILIES = (
    Family(
        {
            SourceFormat.JSON_LINES: ("label_column",),
            SourceFormat.AUGMENTED_MANIFEST: ("label_column",),
        },
        _is_json,
        detect_json,
        read_json_source,
    ),
    Family(
        {
            SourceFormat.WIDE_CSV: ("label_columns", "field_delimiter"),
            SourceFormat.LABEL_LIST_CSV: ("label_column", "field_delimiter"),
            SourceFormat.COMPREHEND_CSV: ("label_column", "field_delimiter"),
        },
        lambda head, path: True,
        detect_csv,
        read_csv_source,
    ),
)
"""Every format, in the order in which a file is tried; the last takes what no other has taken."""


def family_of(form: SourceFormat) -> Family:
    """The family of a format."""
    return next(family for family in FAMILIES if form in family.needed)
