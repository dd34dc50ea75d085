"""Reading `output.tar.gz` as if a stranger had sent it.

Nothing is ever extracted to disk, members are read forwards in blocks, and every size that an
archive claims is bounded before memory is spent on it.
"""

import contextlib
import gzip
import tarfile
import zlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from core.errors import InvalidInput, OperationFailed, TunerError
from core.text import printable

_TITLE = "Cannot read the archive"
_BLOCK_BYTES = 1 << 17
_LARGEST_HEADER_BYTES = 1 << 20
_RATIO_GRACE_BYTES = 64 << 20
_REGULAR_TYPES = (tarfile.REGTYPE, tarfile.AREGTYPE)


@dataclass(frozen=True)
class Limits:
    """Where reading stops, because no output of the service looks like that."""

    max_bytes: int = 2 << 30
    """Uncompressed bytes in all."""
    max_ratio: int = 250
    """Uncompressed to compressed bytes, looked at after the first 64 MiB."""
    max_members: int = 1000
    """Files, folders and other entries of a tar archive."""


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
    for name, is_first, block in _members(
        path, lambda name: wanted is None or base_name(name) in wanted, limits
    ):
        base = base_name(name)
        if is_first and base in contents:
            raise _refused(path, f"it holds {printable(base, 60)} twice")
        contents.setdefault(base, []).append(block)
    return {name: b"".join(blocks) for name, blocks in contents.items()}


def member_blocks(
    path: Path, is_wanted: Callable[[str], bool], limits: Limits | None = None
) -> Iterator[bytes]:
    """Yield the bytes of the wanted files in blocks of at most 128 KiB, memory flat.

    Args:
        path: a tar archive, with or without gzip.
        is_wanted: decides by member name, such as ``output/predictions.jsonl``.
        limits: where to stop; None for the defaults.

    Raises:
        InvalidInput: not a tar archive, an unsafe member, too large, or no wanted file in it.
        OperationFailed: the archive ends early or is damaged.
    """
    seen = False
    for _, is_first, block in _members(path, is_wanted, limits or Limits()):
        if seen and is_first:
            yield b"\n"
        seen = True
        yield block
    if not seen:
        raise InvalidInput(
            _TITLE,
            f"{path}: it does not hold the wanted file",
            "check that it is the output of a finished job of this kind",
        )


def plain_blocks(path: Path, limits: Limits | None = None) -> Iterator[bytes]:
    """Yield the bytes of a plain or gzip-compressed file in blocks of at most 128 KiB.

    Raises:
        InvalidInput: the file is absent or too large.
        OperationFailed: the file ends early or is damaged.
    """
    with _forward(path, limits or Limits()) as stream:
        while block := stream.read(_BLOCK_BYTES):
            yield block


def is_tar(path: Path) -> bool:
    """Whether a file is a tar archive, by its content, with or without gzip.

    Raises:
        InvalidInput: the file is absent or empty.
        OperationFailed: the file ends early or is damaged.
    """
    with _forward(path, Limits()) as stream:
        head = stream.read(512)
    return head[257:262] == b"ustar" and not head.lstrip().startswith(b"{")


def base_name(name: str) -> str:
    """The part of a member name after the last slash."""
    return name.rstrip("/").rsplit("/", 1)[-1]


def _members(
    path: Path, is_wanted: Callable[[str], bool], limits: Limits
) -> Iterator[tuple[str, bool, bytes]]:
    """Yield (member name, whether this is its first block, block); an empty file gives b"" once."""
    with _forward(path, limits) as stream:
        with tarfile.open(fileobj=stream, mode="r:") as archive:  # type: ignore[call-overload]
            for number, member in enumerate(archive, start=1):
                if number > limits.max_members:
                    raise _refused(path, f"it holds more than {limits.max_members:,} entries")
                _check_member(path, member)
                if not member.isdir() and is_wanted(member.name):
                    for is_first, block in _content(archive, member):
                        yield member.name, is_first, block
        while stream.read(_BLOCK_BYTES):  # to the end, so that the checksum is compared
            pass


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[tuple[bool, bytes]]:
    file = archive.extractfile(member)
    assert file is not None
    yield True, file.read(_BLOCK_BYTES)
    while block := file.read(_BLOCK_BYTES):
        yield False, block


def _check_member(path: Path, member: tarfile.TarInfo) -> None:
    name = member.name
    shown = printable(name, 60)
    if name.startswith("/") or "\\" in name or "\0" in name or ".." in name.split("/"):
        raise _refused(path, f"its member {shown!r} points outside the archive")
    if member.issparse() or not (member.isdir() or member.type in _REGULAR_TYPES):
        raise _refused(path, f"its member {shown!r} is a link, a device or another special file")


class _ForwardReader:
    """A decompressed stream that goes forwards only and stops at its limits."""

    def __init__(self, stream: gzip.GzipFile | BinaryIO, path: Path, limits: Limits) -> None:
        self._stream = stream
        self._path = path
        self._limits = limits
        self._compressed_bytes = max(path.stat().st_size, 1)
        self._position = 0
        self._last = b""
        self._pushed = False

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes; larger requests than an archive needs are refused."""
        if not 0 <= size <= _LARGEST_HEADER_BYTES:
            raise _refused(self._path, "one of its headers claims an absurd size")
        if size == 0:
            return b""
        head = self._last if self._pushed else b""
        self._pushed = False
        data = head + self._stream.read(size - len(head))
        self._position += len(data)
        if data:
            self._last = data[-1:]
        self._check_size()
        return data

    def _check_size(self) -> None:
        limits, done = self._limits, self._position
        if done > limits.max_bytes:
            raise _refused(self._path, f"it unpacks to more than {limits.max_bytes:,} bytes")
        if done > max(_RATIO_GRACE_BYTES, limits.max_ratio * self._compressed_bytes):
            raise _refused(
                self._path,
                f"it unpacks to more than {limits.max_ratio} times its {self._compressed_bytes:,}"
                " bytes",
            )

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go forwards to `offset`, or one byte back, which tar reading needs at member ends."""
        if whence == 0 and offset == self._position - 1 and self._last and not self._pushed:
            self._pushed = True
            self._position = offset
        elif whence != 0 or offset < self._position:
            raise _refused(self._path, "its headers point backwards")
        while self._position < offset:
            if not self.read(min(offset - self._position, _BLOCK_BYTES)):
                raise EOFError("unexpected end of data")
        return self._position

    def tell(self) -> int:
        """Position in the decompressed stream, in bytes."""
        return self._position


@contextlib.contextmanager
def _forward(path: Path, limits: Limits) -> Iterator[_ForwardReader]:
    """Open a file through gzip when it is compressed; low-level errors become readable ones."""
    try:
        with path.open("rb") as raw:
            head = raw.read(2)
            raw.seek(0)
            if not head:
                raise InvalidInput(_TITLE, f"{path}: the file is empty", "fetch it again")
            is_gzip = head == b"\x1f\x8b"
            stream = gzip.GzipFile(fileobj=raw, mode="rb") if is_gzip else raw
            yield _ForwardReader(stream, path, limits)
    except TunerError:
        raise
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _damaged(path, error) from error
    except tarfile.TarError as error:
        if "unexpected end of data" in str(error):
            raise _damaged(path, error) from error
        raise InvalidInput(
            _TITLE, f"{path}: it is not a tar archive", "expected the output.tar.gz of a job"
        ) from error
    except OSError as error:
        raise InvalidInput(
            _TITLE, f"{path}: {error.strerror or error}", "check the path and its permissions"
        ) from error


def _damaged(path: Path, error: BaseException) -> OperationFailed:
    return OperationFailed(
        _TITLE,
        f"{path}: it ends early or is damaged ({printable(str(error), 100)})",
        "fetch it again",
    )


def _refused(path: Path, reason: str) -> InvalidInput:
    return InvalidInput(
        _TITLE,
        f"{path}: {reason}",
        "no output of Comprehend looks like this; do not trust the file",
    )
