"""Find out what a source looks like, and say why."""

import re
from pathlib import Path

import msgspec

from core.dataset.formats.detect_csv import csv_shape, detect_csv
from core.dataset.formats.detect_json import detect_json
from core.dataset.formats.opening import Source
from core.dataset.formats.places import CANNOT_READ, place_of
from core.dataset.formats.settings import Detection, SourceFormat, SourceSettings
from core.errors import InvalidInput

_SAMPLE_BYTES = 1 << 21
_JSON_ARRAY = re.compile(r"\s*\[\s*(\{|$)", re.MULTILINE)
_JSON_OBJECT = re.compile(r'\s*\{\s*("|$)', re.MULTILINE)
_NOTHING_GIVEN = SourceSettings()
_JSON = (SourceFormat.JSON_LINES, SourceFormat.AUGMENTED_MANIFEST)


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
    if given.format in _JSON or (given.format is None and _is_json(head, path)):
        detection = detect_json(path, head, is_whole, given)
    else:
        detection = detect_csv(path, csv_shape(path, head, is_whole, given), given)
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
            msgspec.json.decode(first, type=dict[str, object])
        except msgspec.MsgspecError:
            return "}" not in first or first.rstrip().endswith("}")
        return True
    if _JSON_ARRAY.match(head):
        raise InvalidInput(
            CANNOT_READ,
            f"{place_of(path)} is one JSON array, not one object a line",
            "write it as JSON Lines: `jq -c '.[]' IN > OUT`",
        )
    return False
