"""Find out which keys of a JSON Lines file or a manifest hold text and labels."""

from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from core.dataset.documents import Mode
from core.dataset.formats.column_names import find_group, find_id, find_labels, find_text
from core.dataset.formats.json_sources import METADATA, manifest_names, missing_text, objects
from core.dataset.formats.label_cells import find_label_delimiter
from core.dataset.formats.places import CANNOT_READ, listed, place_of, quoted, unknown_column
from core.dataset.formats.settings import Detection, SourceFormat, SourceSettings
from core.errors import InvalidInput

_ROWS = 2000
_PREVIEW_ROWS = 5
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
    found = find_labels({key: rest[key] for key in lists if key in rest}) or (
        (lists[0], "it holds lists") if lists else find_labels(rest)
    )
    label, reason = (given.label_column, "") if given.label_column else _or_fail(found, path)
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


def _or_fail(found: tuple[str, str] | None, path: Path) -> tuple[str, str]:
    if found is None:
        raise InvalidInput(
            CANNOT_READ,
            f"{place_of(path)}: no key looks like text or like labels",
            "set the text column and the label column",
        )
    return found


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
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
