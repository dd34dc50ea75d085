"""Which document stands at which line of a scoring file."""

from pathlib import Path

import msgspec

from core.errors import InvalidInput
from core.files import write_atomic
from core.text import printable

_FORMAT = "comprehend-tuner/line-map"
_VERSION = 1


class LineMap(msgspec.Struct, frozen=True):
    """The documents of a scoring file, in line order."""

    file_name: str
    """Name of the text file, without its folder: what the service calls `File`."""
    fingerprint: str
    """``sha256:…`` of the text file's bytes."""
    ids: list[str]
    """Document id of each line; the service counts lines from 0."""


class _Stored(msgspec.Struct, frozen=True):
    format: str
    version: int
    map: LineMap


def save_line_map(line_map: LineMap, path: Path) -> None:
    """Write a line map as JSON, whole or not at all.

    Raises:
        OperationFailed: the file cannot be written.
    """
    write_atomic(path, msgspec.json.encode(_Stored(_FORMAT, _VERSION, line_map)))


def load_line_map(path: Path) -> LineMap:
    """Read what `save_line_map` wrote.

    Raises:
        InvalidInput: the file is absent, damaged, or of another kind or version.
    """
    try:
        stored = msgspec.json.decode(path.read_bytes(), type=_Stored)
    except (OSError, msgspec.MsgspecError) as error:
        raise _cannot_read(path, str(error)) from error
    if (stored.format, stored.version) != (_FORMAT, _VERSION):
        raise _cannot_read(path, f"{stored.format} {stored.version} is not known here")
    return stored.map


def _cannot_read(path: Path, why: str) -> InvalidInput:
    return InvalidInput(
        "Cannot read the line map",
        f"{printable(str(path))}: {printable(why, 200)}",
        "write the scoring file again",
    )
