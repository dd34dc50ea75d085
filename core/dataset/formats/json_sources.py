"""The two JSON forms: one object a line with text and labels, and Ground Truth's manifest."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from core.dataset.formats.csv_sources import names_in_cell
from core.dataset.formats.sources import (
    CANNOT_READ,
    Source,
    SourceFormat,
    SourceRows,
    SourceSettings,
    place_of,
    unknown_column,
)
from core.decoding import JsonDecoder, Undecodable
from core.errors import InvalidInput

METADATA = "-metadata"
"""The ending of a manifest's key that describes the attribute of the same name."""
_Labels = Callable[[dict[str, Any], int], "list[str] | None"]


def objects(lines: Iterator[bytes], path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each line's number and object; lines of nothing but blanks are passed over.

    Raises:
        InvalidInput: a line is not a JSON object.
    """
    decode = JsonDecoder(dict[str, Any], any_integer=True).decode
    for number, line in enumerate(lines, start=1):
        try:
            yield number, decode(line)
        except Undecodable as error:
            if line.isspace():
                continue
            if isinstance(error.__cause__, UnicodeDecodeError):  # the source names the encoding
                raise error.__cause__ from None
            raise InvalidInput(
                CANNOT_READ,
                f"{place_of(path, number)} is not a JSON object: {error}",
                "every line must hold one whole object; `jq -c . FILE` rewrites a file so",
            ) from error


def read_json_source(source: Source, settings: SourceSettings) -> SourceRows:
    """Read JSON Lines or an augmented manifest.

    Args:
        source: the open source, at its beginning.
        settings: complete settings.

    Raises:
        InvalidInput: a line is not an object, or lacks a key; with file, line and key.
    """
    path = source.path
    labels_of = _json_labels(path, settings)
    if settings.format is SourceFormat.AUGMENTED_MANIFEST:
        labels_of = _manifest_labels(path, settings)
    text_key = settings.text_column or "text"
    rows = SourceRows(
        ids=[] if settings.id_column else None, groups=[] if settings.group_column else None
    )
    code_of_names: dict[tuple[str, ...], int] = {}
    for line, row in objects(source.byte_lines(), path):
        rows.rows_read += 1
        labels = labels_of(row, line)
        if labels is None:
            rows.not_scored += 1
            continue
        key = tuple(labels)
        code = code_of_names.get(key)
        if code is None:
            code = code_of_names[key] = rows.sets.add(labels)
        rows.codes.append(code)
        rows.texts.append(_text(row, text_key, path, line))
        rows.lines.append(line)
        if rows.ids is None:
            rows.numbers.append(rows.rows_read)
        else:
            rows.ids.append(_scalar(row, settings.id_column or "", path, line))
        if rows.groups is not None:
            rows.groups.append(_scalar(row, settings.group_column or "", path, line))
    return rows


def _value(row: Mapping[str, Any], key: str, path: Path, line: int) -> Any:
    if key not in row:
        raise unknown_column(key, list(row), path, f"key at line {line:,} called")
    return row[key]


def _text(row: Mapping[str, Any], key: str, path: Path, line: int) -> str:
    value = row.get(key)
    if isinstance(value, str):
        return value
    if _value(row, key, path, line) is None:
        return ""
    raise InvalidInput(
        CANNOT_READ,
        f"{place_of(path, line, key)} is not text",
        "choose the key that holds the text",
    )


def _scalar(row: Mapping[str, Any], key: str, path: Path, line: int) -> str:
    value = _value(row, key, path, line)
    if value is None:
        return ""
    if isinstance(value, str | int | float):
        return str(value)
    raise InvalidInput(
        CANNOT_READ, f"{place_of(path, line, key)} is a list or an object", "choose another key"
    )


def _json_labels(path: Path, settings: SourceSettings) -> _Labels:
    key = settings.label_column or "labels"
    delimiter = settings.label_delimiter if settings.mode == "multi-label" else None

    def labels_of(row: dict[str, Any], line: int) -> list[str]:
        value = _value(row, key, path, line)
        if value is None:
            return []
        if isinstance(value, str):
            try:
                return names_in_cell(value, delimiter)
            except ValueError:
                return [value]
        names = value if isinstance(value, list) else [value]
        if any(isinstance(name, bool) or not isinstance(name, str | int | float) for name in names):
            raise InvalidInput(
                CANNOT_READ,
                f"{place_of(path, line, key)} is neither a label nor a list of labels",
                'labels look like "labels": ["a", "b"] or "label": "a"',
            )
        return [str(name) for name in names]

    return labels_of


def _manifest_labels(path: Path, settings: SourceSettings) -> _Labels:
    attribute = settings.label_column or ""

    def labels_of(row: dict[str, Any], line: int) -> list[str] | None:
        details = row.get(attribute + METADATA)
        if isinstance(details, dict):
            names = manifest_names(details)
            if names is not None:
                return names
            if "failure-reason" in details:
                return None
        _value(row, attribute + METADATA, path, line)
        raise InvalidInput(
            CANNOT_READ,
            f"{place_of(path, line, attribute + METADATA)} has no class-name and no class-map",
            "choose an attribute of a text classification job",
        )

    return labels_of


def manifest_names(details: Mapping[str, Any]) -> list[str] | None:
    """Return the label names in an attribute's metadata; None when it has none of either form."""
    if isinstance(details.get("class-name"), str):
        return [details["class-name"]]
    classes = details.get("class-map")
    if isinstance(classes, dict) and all(isinstance(name, str) for name in classes.values()):
        return list(classes.values())
    return None


def missing_text(path: Path) -> InvalidInput:
    """Return the error for a manifest whose documents are elsewhere."""
    return InvalidInput(
        CANNOT_READ,
        f"{place_of(path)} names its documents by `source-ref` instead of holding them",
        "give a manifest with the text in `source`",
    )
