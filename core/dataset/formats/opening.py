"""Open a source: one pass over its bytes, unpacked, counted, fingerprinted and decoded.

Only UTF-8 is read, with or without a byte order mark. Line ends are kept as they are.
"""

import codecs
import contextlib
import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, cast

from core.dataset.formats.encoding import bad_utf8, refuse_other_files, refuse_wide_encodings
from core.dataset.formats.places import CANNOT_READ, place_of
from core.errors import InvalidInput
from core.progress import CancelToken, Progress, Reporter, silent
from core.text import printable

_GZIP_MAGIC = b"\x1f\x8b"
_BLOCK_BYTES = 1 << 17
_HEAD_BYTES = 1 << 16


class _MeteredFile(io.RawIOBase):
    """A file that hashes and counts what is read from it, and stops when asked to."""

    def __init__(self, path: Path, reporter: Reporter, cancel: CancelToken | None) -> None:
        self._file = path.open("rb", buffering=0)
        self._task = f"reading {path.name}"
        self._total = path.stat().st_size
        self._reporter = reporter
        self._cancel = cancel
        self._digest = hashlib.sha256()
        self.done = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        if self._cancel is not None:
            self._cancel.check()
        count = self._file.readinto(buffer) or 0
        if count:
            self._digest.update(memoryview(buffer)[:count])
            self.done += count
        self._reporter(Progress(self._task, self.done, self._total, "bytes"))
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


class _BlockReader(io.BufferedReader):
    """A buffer that hands a text reader whole blocks, where it asks for 8 KiB at a time."""

    def read1(self, size: int = -1) -> bytes:
        return super().read1(max(size, _BLOCK_BYTES))


class Source:
    """An open source; a context manager that turns faults of reading into `InvalidInput`."""

    def __init__(
        self, path: Path, reporter: Reporter = silent, cancel: CancelToken | None = None
    ) -> None:
        """Open `path` and look at its first bytes.

        Raises:
            InvalidInput: absent, empty, unreadable, not text, or not UTF-8 by its first bytes.
        """
        self.path = path
        self._reporter = reporter
        self._cancel = cancel
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
        self._metered = _MeteredFile(self.path, self._reporter, self._cancel)
        self._bytes = _BlockReader(cast(io.RawIOBase, self._metered), _BLOCK_BYTES)
        self.is_gzip = self._bytes.peek(2)[:2] == _GZIP_MAGIC
        if self.is_gzip:
            unpacked = gzip.GzipFile(fileobj=cast(BinaryIO, self._bytes))
            self._bytes = _BlockReader(cast(io.RawIOBase, unpacked), _BLOCK_BYTES)

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
    except (gzip.BadGzipFile, zlib.error) as error:
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
