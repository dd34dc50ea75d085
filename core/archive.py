"""Reading gzip and tar files as if a stranger had sent them.

Nothing is ever extracted to disk. Bytes are unpacked forwards, in blocks of at most 128 KiB, and
every size that a file claims is bounded before memory or time is spent on it. Checksums, lengths
and ends are verified; whoever watches may stop the work between any two blocks.

The tar headers are read here (POSIX.1-2001 "ustar" and "pax", and GNU's long names), because the
standard library keeps every header in memory, follows sparse maps and reads links.
"""

import contextlib
import re
import zlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from core.errors import InvalidInput, OperationFailed, TunerError
from core.progress import UNWATCHED, Watch
from core.text import printable

_TITLE = "Cannot read the archive"
_GZIP_MAGIC = b"\x1f\x8b"
BLOCK_BYTES = 1 << 17
"""The largest block that is handed over."""
_PIECE_BYTES = 1 << 14
"""Compressed bytes taken at once; small, since the rest of a gzip member's piece is copied."""
_RATIO_GRACE_BYTES = 64 << 20
_LONGEST_LINE_BYTES = 16 << 20
_ARCHIVE_ENDINGS = (".tar.gz", ".tgz", ".tar")


@dataclass(frozen=True)
class Limits:
    """Where reading stops, because no output of the service looks like that."""

    max_bytes: int = 2 << 30
    """Uncompressed bytes in all."""
    max_ratio: int = 250
    """Uncompressed to compressed bytes, looked at after the first 64 MiB."""
    max_members: int = 1000
    """Files, folders and other entries of a tar archive."""
    max_header_bytes: int = 1 << 20
    """Bytes of names and other details beside the plain headers of a tar archive, in all."""


_SMALL = Limits(max_bytes=64 << 20)


def read_archive(
    path: Path, wanted: Collection[str] | None = None, max_bytes: int = _SMALL.max_bytes
) -> dict[str, bytes]:
    """Return the content of an archive's files, by base name.

    Args:
        path: a tar archive, with or without gzip.
        wanted: base names to read, such as ``{"confusion_matrix.json"}``; None for every file.
            A name that is absent from the archive is absent from the result.
        max_bytes: the most uncompressed bytes to go through.

    Raises:
        InvalidInput: not a tar archive, an unsafe or repeated member, or too large.
        OperationFailed: the archive ends early or is damaged.
    """
    contents: dict[str, list[bytes]] = {}
    limits = Limits(max_bytes=max_bytes)
    for name, is_first, block in _member_blocks(
        path, lambda name: wanted is None or base_name(name) in wanted, limits, UNWATCHED
    ):
        base = base_name(name)
        if is_first and base in contents:
            raise _refused(path, f"it holds {printable(base, 60)} twice")
        contents.setdefault(base, []).append(block)
    return {name: b"".join(blocks) for name, blocks in contents.items()}


def member_blocks(
    path: Path,
    is_wanted: Callable[[str], bool],
    limits: Limits | None = None,
    watch: Watch = UNWATCHED,
    what: str = "file of this kind",
) -> Iterator[bytes]:
    """Yield the bytes of the wanted files in blocks of at most 128 KiB, memory flat.

    Args:
        path: a tar archive, with or without gzip.
        is_wanted: decides by member name, such as ``output/predictions.jsonl``.
        limits: where to stop; None for the defaults.
        watch: asked between blocks whether to stop.
        what: name of the wanted files, for the error when there is none.

    Raises:
        InvalidInput: not a tar archive, an unsafe member, too large, a wanted name that occurs
            twice, or no wanted file in it.
        OperationFailed: the archive ends early or is damaged.
    """
    names: set[str] = set()
    for name, is_first, block in _member_blocks(path, is_wanted, limits or Limits(), watch):
        if is_first:
            if name in names:
                raise _refused(path, f"it holds {printable(name, 120)} twice")
            if names:
                yield b"\n"
            names.add(name)
        if block:
            yield block
    if not names:
        raise InvalidInput(
            _TITLE,
            f"{printable(str(path))}: it holds no {what}",
            "check that it is the output of a finished job of this kind",
        )


def plain_blocks(
    path: Path, limits: Limits | None = None, watch: Watch = UNWATCHED
) -> Iterator[bytes]:
    """Yield the bytes of a plain or gzip-compressed file in blocks of at most 128 KiB.

    Raises:
        InvalidInput: the file is absent or too large.
        OperationFailed: the file ends early or is damaged.
    """
    with _opened(path, limits or Limits(), watch) as blocks:
        yield from blocks


def prediction_blocks(
    path: Path, limits: Limits | None = None, watch: Watch = UNWATCHED
) -> Iterator[bytes]:
    r"""Yield a scoring job's output in blocks that each end at a line end, or at the end of all.

    An archive's files called ``…predictions.jsonl`` are read one after another. Only ``\n`` ends a
    line.

    Args:
        path: `output.tar.gz`, or its `predictions.jsonl`, plain or gzip-compressed.
        limits: where to stop; None for the defaults.
        watch: asked between blocks whether to stop.

    Raises:
        InvalidInput: not readable, too large, an unsafe archive or one without predictions, or a
            line longer than 16 MiB.
        OperationFailed: the file ends early or is damaged.
    """
    if path.name.lower().endswith(_ARCHIVE_ENDINGS) or is_tar(path):
        blocks = member_blocks(path, _is_predictions, limits, watch, "predictions.jsonl")
    else:
        blocks = plain_blocks(path, limits, watch)
    pending: list[bytes] = []
    pending_bytes = 0
    for block in blocks:
        end = block.rfind(b"\n") + 1
        if end:
            yield b"".join((*pending, block[:end]))
            pending, pending_bytes = [], 0
        pending.append(block[end:])
        pending_bytes += len(block) - end
        if pending_bytes > _LONGEST_LINE_BYTES:
            raise InvalidInput(
                "Cannot read the predictions",
                f"{printable(str(path))}: a line is longer than {_LONGEST_LINE_BYTES:,} bytes",
                "expected one JSON object per line",
            )
    if pending_bytes:
        yield b"".join(pending)


def _is_predictions(member: str) -> bool:
    base = base_name(member)
    return base.endswith("predictions.jsonl") and not base.startswith("._")


def is_tar(path: Path) -> bool:
    """Whether a file is a tar archive, by its content, with or without gzip.

    Raises:
        InvalidInput: the file is absent or empty.
        OperationFailed: the file ends early or is damaged.
    """
    with _opened(path, Limits(), UNWATCHED) as blocks:
        head = _Bytes(blocks).up_to(512)
    return head[257:262] == b"ustar" and not head.lstrip().startswith(b"{")


def base_name(name: str) -> str:
    """The part of a member name after the last slash."""
    return name.rstrip("/").rsplit("/", 1)[-1]


# Bytes of a file, unpacked when they are compressed.


@contextlib.contextmanager
def _opened(path: Path, limits: Limits, watch: Watch) -> Iterator[Iterator[bytes]]:
    """Open a file and yield its unpacked blocks; low-level errors become readable ones."""
    try:
        with path.open("rb") as file:
            if not (head := file.read(2)):
                raise InvalidInput(
                    _TITLE, f"{printable(str(path))}: the file is empty", "fetch it again"
                )
            file.seek(0)
            size = path.stat().st_size
            if head == _GZIP_MAGIC:
                blocks = unpacked(file, watch)
            else:
                blocks = _pieces(file, BLOCK_BYTES, watch)
            yield _bounded(blocks, path, size, limits)
    except TunerError:
        raise
    except (EOFError, zlib.error) as error:
        raise _damaged(path, error) from error
    except OSError as error:
        raise InvalidInput(
            _TITLE,
            f"{printable(str(path))}: {error.strerror or error}",
            "check the path and its permissions",
        ) from error


def _pieces(file: BinaryIO, size: int, watch: Watch) -> Iterator[bytes]:
    while piece := file.read(size):
        watch.check()
        yield piece


def unpacked(file: BinaryIO, watch: Watch = UNWATCHED) -> Iterator[bytes]:
    """Yield what a gzip file holds in blocks of at most 128 KiB; every member is verified.

    Zero bytes may follow the last member and nothing else.

    Args:
        file: at the beginning of its first member.
        watch: asked between blocks whether to stop.

    Raises:
        EOFError: the file ends within a member.
        zlib.error: damaged, of another checksum or length, or followed by something else.
    """
    member: zlib._Decompress | None = zlib.decompressobj(wbits=31)
    is_first = True
    for piece in _pieces(file, _PIECE_BYTES, watch):
        while piece:
            if member is None:
                piece = piece.lstrip(b"\0")
                if not piece:
                    break
                member, is_first = zlib.decompressobj(wbits=31), False
            try:
                block = member.decompress(piece, BLOCK_BYTES)
            except zlib.error as error:
                if not is_first and "header check" in str(error):
                    raise zlib.error("something follows its end") from error
                raise
            if block:
                yield block
                watch.check()
            piece = member.unused_data if member.eof else member.unconsumed_tail
            if member.eof:
                member = None
    while member is not None:
        block = member.decompress(b"", BLOCK_BYTES)
        if block:
            yield block
        elif not member.eof:
            raise EOFError("it ends within the compressed data")
        if member.eof:
            member = None


def _bounded(
    blocks: Iterator[bytes], path: Path, packed_bytes: int, limits: Limits
) -> Iterator[bytes]:
    done = 0
    by_ratio = max(_RATIO_GRACE_BYTES, limits.max_ratio * packed_bytes)
    for block in blocks:
        done += len(block)
        if done > limits.max_bytes:
            raise _refused(path, f"it unpacks to more than {limits.max_bytes:,} bytes")
        if packed_bytes and done > by_ratio:  # a pipe has no size
            raise _refused(
                path, f"it unpacks to more than {limits.max_ratio} times its {packed_bytes:,} bytes"
            )
        yield block


class _Bytes:
    """Blocks as a stream that is read forwards by counts of bytes."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest = b""

    def some(self, most: int) -> bytes:
        """At least one byte and at most `most`; b"" at the end."""
        if not self._rest:
            self._rest = next(self._blocks, b"")
        data, self._rest = self._rest[:most], self._rest[most:]
        return data

    def up_to(self, size: int) -> bytes:
        """`size` bytes, fewer at the end only; for small sizes."""
        pieces = []
        while size and (data := self.some(size)):
            pieces.append(data)
            size -= len(data)
        return b"".join(pieces)

    def exactly(self, size: int) -> bytes:
        """`size` bytes.

        Raises:
            EOFError: there are fewer.
        """
        data = self.up_to(size)
        if len(data) < size:
            raise EOFError("unexpected end of data")
        return data

    def content(self, size: int) -> Iterator[bytes]:
        """Yield the next `size` bytes in blocks.

        Raises:
            EOFError: there are fewer.
        """
        while size:
            data = self.some(min(size, BLOCK_BYTES))
            if not data:
                raise EOFError("unexpected end of data")
            size -= len(data)
            yield data


# The headers of a tar archive.


_HEADER_BYTES = 512
_RECORD = re.compile(rb"([1-9][0-9]{0,6}) ([^=\n]+)=")
_NAMES_BYTES = 1 << 16
"""The longest list of a member's further details; a name has at most some thousand bytes."""


@dataclass(frozen=True)
class _Member:
    name: str
    size: int
    is_folder: bool


def _member_blocks(
    path: Path, is_wanted: Callable[[str], bool], limits: Limits, watch: Watch
) -> Iterator[tuple[str, bool, bytes]]:
    """Yield (member name, whether this is its first block, block); an empty file gives b"" once."""
    with _opened(path, limits, watch) as blocks:
        stream = _Bytes(blocks)
        for member in _members(stream, path, limits, watch):
            is_read = not member.is_folder and is_wanted(member.name)
            if is_read:
                yield member.name, True, b""
            for block in stream.content(member.size):
                if is_read:
                    yield member.name, False, block
            stream.exactly(-member.size % _HEADER_BYTES)


def _members(stream: _Bytes, path: Path, limits: Limits, watch: Watch) -> Iterator[_Member]:
    """Yield the files and folders; after each its content is to be read from the stream."""
    details: dict[str, str] = {}
    details_bytes = entries = 0
    while True:
        watch.check()
        header = stream.up_to(_HEADER_BYTES)
        if len(header) < _HEADER_BYTES or not _is_header(header):
            if entries or (len(header) == _HEADER_BYTES and not any(header)):
                break
            raise InvalidInput(
                _TITLE,
                f"{printable(str(path))}: it is not a tar archive",
                "expected the output.tar.gz of a job",
            )
        entries += 1
        if entries > limits.max_members:
            raise _refused(path, f"it holds more than {limits.max_members:,} entries")
        kind, size = header[156:157], _number(header[124:136], path)
        if kind in (b"x", b"g", b"L"):
            details_bytes += size
            if size > _NAMES_BYTES or details_bytes > limits.max_header_bytes:
                raise _refused(path, "one of its headers claims an absurd size")
            data = stream.exactly(size)
            stream.exactly(-size % _HEADER_BYTES)
            details |= _details(kind, data, path)
            continue
        member = _member(header, size, details, path)
        if member.size > limits.max_bytes:
            raise _refused(path, f"it unpacks to more than {limits.max_bytes:,} bytes")
        details = {}
        yield member
    _check_end(stream, header, bool(details))


def _check_end(stream: _Bytes, header: bytes, has_open_details: bool) -> None:
    """An archive ends with blocks of zeros; what follows would be seen by some readers only."""
    if not header or has_open_details:
        raise EOFError("unexpected end of data")
    if any(header):
        raise zlib.error("a header is damaged")
    while block := stream.some(BLOCK_BYTES):
        if block.count(0) != len(block):
            raise zlib.error("something follows its end")


def _is_header(header: bytes) -> bool:
    """Whether a block's checksum is that of a header; of zeros it is not."""
    field = header[148:156].strip(b" \0")
    if not re.fullmatch(rb"[0-7]{1,7}", field):
        return False
    rest = header[:148] + b" " * 8 + header[156:]
    signed = sum(byte - 256 if byte > 127 else byte for byte in rest)
    return int(field, 8) in (sum(rest), signed)


def _number(field: bytes, path: Path) -> int:
    """A size: octal digits, or a binary number behind a byte of 0x80."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0")
    if not re.fullmatch(rb"[0-7]*", digits):
        raise _refused(path, "a header holds a size that is no number")
    return int(digits or b"0", 8)


def _details(kind: bytes, data: bytes, path: Path) -> dict[str, str]:
    """What a header of further details says about the member that follows."""
    if kind == b"L":
        return {"path": _text(data.rstrip(b"\0"))}
    details = {}
    while data.strip(b"\0"):
        record = _RECORD.match(data)
        length = int(record[1]) if record else 0
        if not record or not record.end() < length <= len(data) or data[length - 1] != 0x0A:
            raise _refused(path, "its headers are malformed")
        key, value = _text(record[2]), _text(data[record.end() : length - 1])
        is_sparse = key.startswith("GNU.sparse")
        if is_sparse or (kind == b"g" and key in ("path", "size")):
            what = "is a link, a device or another special file"
            raise _refused(path, f"one of its members {what}")
        details[key] = value
        data = data[length:]
    return details if kind == b"x" else {}


def _member(header: bytes, size: int, details: dict[str, str], path: Path) -> _Member:
    name = _text(header[:100].split(b"\0")[0])
    prefix = _text(header[345:500].split(b"\0")[0])
    if prefix and header[257:263] == b"ustar\0":
        name = f"{prefix}/{name}"
    name = details.get("path", name)
    if "size" in details:
        if not re.fullmatch(r"[0-9]{1,20}", details["size"]):
            raise _refused(path, "a header holds a size that is no number")
        size = int(details["size"])
    kind = header[156:157]
    is_folder = kind == b"5" or (kind in (b"0", b"\0") and name.endswith("/"))
    shown = printable(name, 60)
    if name.startswith("/") or "\\" in name or "\0" in name or ".." in name.split("/"):
        raise _refused(path, f"its member {shown!r} points outside the archive")
    if not is_folder and kind not in (b"0", b"\0"):
        raise _refused(path, f"its member {shown!r} is a link, a device or another special file")
    return _Member(name, 0 if kind == b"5" else size, is_folder)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _damaged(path: Path, error: BaseException) -> OperationFailed:
    return OperationFailed(
        _TITLE,
        f"{printable(str(path))}: it ends early or is damaged ({printable(str(error), 100)})",
        "fetch it again",
    )


def _refused(path: Path, reason: str) -> InvalidInput:
    return InvalidInput(
        _TITLE,
        f"{printable(str(path))}: {reason}",
        "no output of Comprehend looks like this; do not trust the file",
    )
