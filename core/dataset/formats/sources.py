"""A source: what it looks like, opening it in one pass, and what an import did."""

import codecs
import contextlib
import difflib
import hashlib
import io
import itertools
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Literal, cast

import msgspec

from core.archive import unpacked
from core.dataset.documents import Mode
from core.errors import InvalidInput
from core.progress import UNWATCHED, Watch
from core.text import command_word, printable

LIST_CELLS = "[]"
"""The label delimiter of cells that each hold a list, such as ``["a", "b"]`` or ``['a', 'b']``."""


class SourceFormat(StrEnum):
    """The forms of a source that can be read; `detect.FAMILIES` says how each is told and read."""

    WIDE_CSV = "wide-csv"
    LABEL_LIST_CSV = "label-list-csv"
    COMPREHEND_CSV = "comprehend-csv"
    AUGMENTED_MANIFEST = "augmented-manifest"
    JSON_LINES = "json-lines"


class SourceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How to read a source; None means: detect."""

    format: SourceFormat | None = None
    """The form of the file."""
    mode: Mode | None = None
    """Whether a document has a set of labels or exactly one."""
    text_column: str | None = None
    """Column, or key in JSON, that holds the text."""
    id_column: str | None = None
    """Column that names each document; "" for none even when one is found."""
    label_columns: tuple[str, ...] | None = None
    """The 0/1 columns of a wide CSV, in the order that the labels shall have."""
    label_column: str | None = None
    """Column or key that holds the labels; in a manifest, the label attribute."""
    label_delimiter: str | None = None
    """What stands between the labels of one cell; `LIST_CELLS` for cells that hold a list."""
    field_delimiter: str | None = None
    """What stands between the cells of a CSV row: comma, semicolon or tab."""
    group_column: str | None = None
    """Column whose equal values stay in one part of a split; "" for none even when one is found."""
    none_label: str = "clean"
    """The label given to documents without any label."""
    unlabelled: Literal["none-label", "error"] = "none-label"
    """What to do with a document without any label."""


@dataclass(frozen=True)
class Detection:
    """What a source looks like."""

    settings: SourceSettings
    """Settings with everything filled in that reading needs."""
    reasons: tuple[str, ...]
    """Why, in plain words; safe to show."""
    columns: tuple[str, ...]
    """Names of the columns or keys, in source order and original form."""
    preview: tuple[tuple[str, ...], ...]
    """Cells of the first rows, in column order and original form."""
    encoding: str
    """"UTF-8" or "UTF-8 with byte order mark"."""


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """What an import read and what it did."""

    source_path: str
    """The file that was read."""
    source_fingerprint: str
    """``sha256:…`` of the file's bytes, compressed ones when it is compressed."""
    rows_read: int
    """Data rows or lines in the source, without the header."""
    documents: int
    """Documents in the dataset."""
    not_scored_rows: int
    """Rows left out because a label cell says -1 (not scored), or labelling had failed."""
    none_label_documents: int
    """Documents that have the none-label."""
    contradictions: int
    """Documents that have the none-label beside another label."""
    repeated_label_cells: int
    """Label cells that name a label more than once."""
    renamed_ids: int
    """Ids that were empty or taken and were changed."""
    had_bom: bool
    """Whether the file began with a byte order mark."""
    notes: tuple[str, ...] = ()
    """What the user should know; safe to show."""


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


# What every reader hands over: documents and numbered label sets, before rules are applied.


class NumberedSets:
    """Distinct label sets, each numbered once, and the labels in order of first appearance."""

    def __init__(self, labels: Sequence[str] = ()) -> None:
        self._columns: dict[str, int] = {label: column for column, label in enumerate(labels)}
        self.members: list[tuple[int, ...]] = []
        self.has_repeats: list[bool] = []

    @property
    def labels(self) -> list[str]:
        """Label names, by column."""
        return list(self._columns)

    def add(self, names: Sequence[str]) -> int:
        """Number a label set given by names; a name given twice counts once and is marked."""
        columns = self._columns
        members = tuple(dict.fromkeys(columns.setdefault(name, len(columns)) for name in names))
        self.has_repeats.append(len(members) < len(names))
        self.members.append(members)
        return len(self.members) - 1


@dataclass
class SourceRows:
    """Documents as they were read."""

    sets: NumberedSets = field(default_factory=NumberedSets)
    """The label sets that `codes` number."""
    texts: list[str] = field(default_factory=list)
    """Text of each document."""
    codes: "array[int]" = field(default_factory=lambda: array("I"))
    """Number of each document's label set."""
    lines: "array[int]" = field(default_factory=lambda: array("Q"))
    """Physical line where each document begins, counted from 1."""
    ids: list[str] | None = None
    """Id cell of each document; None when there is no id column."""
    numbers: "array[int]" = field(default_factory=lambda: array("Q"))
    """Row number of each document in the source, counted from 1; kept when `ids` is None."""
    groups: list[str] | None = None
    """Group cell of each document; None when there is no group column."""
    rows_read: int = 0
    """Data rows seen, those left out included."""
    not_scored: int = 0
    """Rows left out because they are not scored."""
    blank_lines: int = 0
    """Lines without any cell, passed over."""


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
    source, result = command_word(str(path)), command_word(str(target))
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


# Open a source: one pass over its bytes, unpacked, counted, fingerprinted and decoded.
#
# Only UTF-8 is read, with or without a byte order mark. Line ends are kept as they are.


_GZIP_MAGIC = b"\x1f\x8b"
_BLOCK_BYTES = 1 << 17
_MOST_UNPACKED_BYTES = 2 << 30
_MOST_RATIO = 100
_RATIO_GRACE_BYTES = 16 << 20
_HEAD_BYTES = 1 << 16


class _MeteredFile(io.RawIOBase):
    """A file that hashes and counts what is read from it, and stops when asked to."""

    def __init__(self, path: Path, watch: Watch) -> None:
        self._file = path.open("rb", buffering=0)
        self._task = f"reading {path.name}"
        self._total = path.stat().st_size
        self._watch = watch
        self._digest = hashlib.sha256()
        self.done = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        self._watch.check()
        count = self._file.readinto(buffer) or 0
        if count:
            self._digest.update(memoryview(buffer)[:count])
            self.done += count
        self._watch.report(self._task, self.done, self._total, "bytes")
        return count

    def fingerprint(self) -> str:
        """Read what is left, and return the fingerprint of the whole file."""
        block = bytearray(_BLOCK_BYTES)
        while self.readinto(block):
            pass
        return f"sha256:{self._digest.hexdigest()}"

    def close(self) -> None:
        self._file.close()
        super().close()


class _Unpacked(io.RawIOBase):
    """Blocks as a raw file."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        filled = 0
        while filled < len(buffer):
            self._rest = self._rest or next(self._blocks, b"")
            piece = self._rest[: len(buffer) - filled]
            if not piece:
                break
            buffer[filled : filled + len(piece)] = piece
            self._rest = self._rest[len(piece) :]
            filled += len(piece)
        return filled


def _bounded(blocks: Iterator[bytes], path: Path) -> Iterator[bytes]:
    """The blocks of a compressed source, up to where no file of texts comes from."""
    done = 0
    by_ratio = max(_RATIO_GRACE_BYTES, _MOST_RATIO * path.stat().st_size)
    for block in blocks:
        done += len(block)
        if done > min(by_ratio, _MOST_UNPACKED_BYTES):
            what = f"{_MOST_UNPACKED_BYTES >> 30} GiB"
            if by_ratio < _MOST_UNPACKED_BYTES:
                what = f"{_MOST_RATIO} times its size"
            raise InvalidInput(
                CANNOT_READ,
                f"{place_of(path)} unpacks to more than {what}",
                "when you trust it, unpack it with `gunzip` and give the plain file",
            )
        yield block


class _BlockReader(io.BufferedReader):
    """A buffer that hands a text reader whole blocks, where it asks for 8 KiB at a time."""

    def read1(self, size: int = -1) -> bytes:
        return super().read1(max(size, _BLOCK_BYTES))


class Source:
    """An open source; a context manager that turns faults of reading into `InvalidInput`."""

    def __init__(self, path: Path, watch: Watch = UNWATCHED) -> None:
        """Open `path` and look at its first bytes.

        Raises:
            InvalidInput: absent, empty, unreadable, not text, or not UTF-8 by its first bytes.
        """
        self.path = path
        self._watch = watch
        with _explained(path):
            self._open()
            head = self._bytes.peek(_HEAD_BYTES)[:_HEAD_BYTES]
        refuse_other_files(head, path)
        if not head:
            self.close()
            raise InvalidInput(CANNOT_READ, f"{place_of(path)} is empty", "give a file with data")
        refuse_wide_encodings(head, path, self.is_gzip)
        self.had_bom = head.startswith(codecs.BOM_UTF8)
        if self.had_bom:
            self._bytes.read(len(codecs.BOM_UTF8))

    def _open(self) -> None:
        self._metered = _MeteredFile(self.path, self._watch)
        self._bytes = _BlockReader(cast(io.RawIOBase, self._metered), _BLOCK_BYTES)
        self.is_gzip = self._bytes.peek(2)[:2] == _GZIP_MAGIC
        if self.is_gzip:
            self._packed = self._bytes  # kept, since it closes the file when it goes
            blocks = _bounded(unpacked(self._packed, self._watch.quietly()), self.path)
            self._bytes = _BlockReader(cast(io.RawIOBase, _Unpacked(blocks)), _BLOCK_BYTES)

    def refuse_bomb(self) -> None:
        """Unpack a compressed file once without keeping anything, so that a bomb costs no memory.

        Raises:
            InvalidInput: damaged, cut off, or far larger than a file of its size can be.
        """
        if self.is_gzip:
            with _explained(self.path), self.path.open("rb") as file:
                for _ in _bounded(unpacked(file, self._watch.quietly()), self.path):
                    pass

    def byte_lines(self) -> Iterator[bytes]:
        """Lines as bytes, split at LF only, line ends kept."""
        return iter(self._bytes)

    def lines(self) -> Iterator[str]:
        """Lines as text, split at LF, CR and CRLF and nowhere else, line ends kept."""
        self._text = io.TextIOWrapper(self._bytes, encoding="utf-8", newline="")
        return self._text

    def head(self, limit: int) -> tuple[str, bool]:
        """The first `limit` bytes as text, and whether that is the whole file."""
        data = self._bytes.read(limit)
        is_whole = not self._bytes.peek(1)
        return codecs.getincrementaldecoder("utf-8")().decode(data, final=is_whole), is_whole

    def fingerprint(self) -> str:
        """``sha256:…`` of the file's own bytes, compressed ones when it is compressed."""
        return self._metered.fingerprint()

    def close(self) -> None:
        """Close the file."""
        self._bytes.close()
        self._metered.close()

    def __enter__(self) -> "Source":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
        if isinstance(error, UnicodeDecodeError):
            with Source(self.path) as again:
                raise bad_utf8(self.path, again.byte_lines(), self.is_gzip) from error
        if isinstance(error, (OSError, EOFError, zlib.error)):
            with _explained(self.path):
                raise error


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn faults of the file itself into errors that say what to do."""
    try:
        yield
    except EOFError as error:
        raise InvalidInput(
            CANNOT_READ,
            f"{place_of(path)} is a gzip file that was cut off before its end",
            "copy it again; `gzip -t` tells whether a copy is whole",
        ) from error
    except zlib.error as error:
        raise InvalidInput(
            CANNOT_READ,
            f"{place_of(path)} is a damaged gzip file ({error})",
            "copy it again; `gzip -t` tells whether a copy is whole",
        ) from error
    except FileNotFoundError as error:
        raise InvalidInput(
            CANNOT_READ, f"{printable(str(path))} does not exist", "check the path"
        ) from error
    except IsADirectoryError as error:
        raise InvalidInput(
            CANNOT_READ, f"{printable(str(path))} is a folder", "give one file"
        ) from error
    except OSError as error:
        raise InvalidInput(
            CANNOT_READ, f"{printable(str(path))}: {error.strerror or error}", "check permissions"
        ) from error
