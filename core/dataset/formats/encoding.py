"""Name the encoding of a file that is not UTF-8, and the command that converts it."""

import codecs
import itertools
import shlex
from collections.abc import Iterable
from pathlib import Path

from core.dataset.formats.places import place_of
from core.errors import InvalidInput

_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_OTHER_FILES = (
    (b"PK\x03\x04", "a zip file or a spreadsheet", "unpack it, or save the sheet as CSV UTF-8"),
    (b"PAR1", "a Parquet file", "write it as CSV or JSON Lines"),
    (b"SQLite format 3", "an SQLite database", "export the table as CSV"),
    (b"BZh", "compressed with bzip2", "unpack it with `bunzip2`, or use gzip"),
    (b"\xfd7zXZ\x00", "compressed with xz", "unpack it with `unxz`, or use gzip"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "unpack it with `unzstd`, or use gzip"),
    (b"%PDF-", "a PDF document", "give a text file with the documents and their labels"),
)


def refuse_other_files(head: bytes, path: Path) -> None:
    """Refuse files that are no text at all, by their first bytes.

    Raises:
        InvalidInput: the file is an archive, a database or the like; the hint says what to do.
    """
    for magic, what, hint in _OTHER_FILES:
        if head.startswith(magic):
            raise InvalidInput("Cannot read the source", f"{place_of(path)} is {what}", hint)


def refuse_wide_encodings(head: bytes, path: Path, is_gzip: bool) -> None:
    """Refuse UTF-16 and UTF-32, by their mark or by where their zero bytes stand.

    Raises:
        InvalidInput: with the command that converts the file.
    """
    for mark, name in _MARKS:
        if head.startswith(mark):
            raise _wrong_encoding(path, name, is_gzip, f"it begins with the mark of {name}")
    sample = head[:4096]
    sample = sample[: len(sample) // 2 * 2]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if max(even, odd) * 5 > len(sample) and max(even, odd) > 8 * min(even, odd):
        name = "UTF-16LE" if odd > even else "UTF-16BE"
        raise _wrong_encoding(path, name, is_gzip, "every other byte is zero")


def bad_utf8(path: Path, file: Iterable[bytes], is_gzip: bool) -> InvalidInput:
    """Return the error for a file that holds bytes which are not UTF-8, with line and column.

    Args:
        path: the file, for the message.
        file: the unpacked bytes, line by line from the beginning.
        is_gzip: whether the file is compressed, which changes the command.
    """
    wide = 0
    lines = iter(file)
    for line, data in enumerate(lines, start=1):
        try:
            wide += len(data) - len(data.decode("utf-8"))
        except UnicodeDecodeError as error:
            column = len(data[: error.start].decode("utf-8")) + 1
            reason = f"byte 0x{data[error.start]:02X} at line {line}, column {column} is not UTF-8"
            rest = data[error.start :] + b"".join(itertools.islice(lines, 1000))
            name = _guess(rest, wide + error.start - column + 1)
            return _wrong_encoding(path, name, is_gzip, reason)
    return InvalidInput("Cannot read the source", f"{place_of(path)} is not UTF-8")


def _guess(data: bytes, wide_before: int) -> str:
    """Return the likely encoding of bytes that are not UTF-8; "UTF-8" when a few are damaged."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    wide = wide_before + sum(character > "\x7f" for character in text) - broken
    if wide > 4 * broken:
        return "UTF-8"
    if any(0x7F < byte < 0xA0 for byte in data):
        return "WINDOWS-1252"
    return "ISO-8859-1"


def _wrong_encoding(path: Path, name: str, is_gzip: bool, reason: str) -> InvalidInput:
    target = path.with_suffix("") if path.suffix == ".gz" else path
    target = target.with_name(f"{target.stem}.utf8{target.suffix}")
    source, result = shlex.quote(str(path)), shlex.quote(str(target))
    is_damaged = name == "UTF-8"
    options = f"-f {name} -t UTF-8" + (" -c" if is_damaged else "")
    command = f"iconv {options} {source} > {result}"
    if is_gzip:
        command = f"gzip -dc {source} | iconv {options} > {result}"
    if is_damaged:
        message = f"{place_of(path)}: {reason}; the rest is UTF-8, so some bytes are damaged"
        hint = f"get an undamaged copy, or drop the bad bytes with `{command}`"
        return InvalidInput("The source is not UTF-8", message, hint)
    shown = "Latin-1 (ISO-8859-1)" if name == "ISO-8859-1" else name
    message = f"{place_of(path)}: {reason}; the encoding looks like {shown}"
    hint = f"convert it with `{command}`"
    if not name.startswith("UTF"):
        hint += ", then look at its accented letters: similar encodings cannot be told apart"
    return InvalidInput("The source is not UTF-8", message, hint)
