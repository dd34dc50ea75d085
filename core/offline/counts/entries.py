"""Kept counts as one file: a header line, the keys of the items, and their counts; no pickle.

Header and keys are read by every job of the twin, the counts only by one that needs them; each
has a checksum of its own. Whatever is not exactly as it was written is not read.
"""

import contextlib
import hashlib
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from core.offline.counts.counting import Analyzer, Counted

SUFFIX = ".counts"
TEMPORARY = ".tmp"
_FORMAT = "comprehend-tuner/offline-counts"
_VERSION = 1
_KEY_BYTES = 16
_LONGEST_HEADER = 4096


@dataclass(frozen=True)
class Entry:
    """Where the counts of some items are kept."""

    path: Path
    """The file."""
    rows: dict[bytes, int]
    """Row of each item by its key."""
    start: int
    """Byte at which the counts begin."""
    checksum: str
    """Of the counts' bytes."""


def keys_of(items: Sequence[str]) -> list[bytes]:
    """16 bytes per item that no other item has."""
    return [
        hashlib.blake2b(item.encode("utf-8", "surrogatepass"), digest_size=_KEY_BYTES).digest()
        for item in items
    ]


def write_entry(
    folder: Path, keys: Sequence[bytes], counted: Counted, analyzer: Analyzer, largest: int
) -> Entry | None:
    """Write counts as a file of their own, whole or not at all; None when above `largest` bytes.

    The file is not forced to disk: losing it to a power cut costs a counting, no more.

    Raises:
        OSError: it cannot be written.
    """
    body = _packed(counted)
    joined = b"".join(keys)
    header = _described(analyzer) | {
        "items": len(keys), "keys": _digest(joined), "counts": _digest(body)
    }  # fmt: skip
    line = json.dumps(header).encode() + b"\n"
    if len(line) > _LONGEST_HEADER or len(line) + len(joined) + len(body) > largest:
        return None
    descriptor, temporary = tempfile.mkstemp(TEMPORARY, dir=folder)
    path = folder / f"{analyzer.name}-{header['keys']}{SUFFIX}"
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines([line, joined, body])
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    rows = {key: row for row, key in enumerate(keys)}
    return Entry(path, rows, len(line) + len(joined), header["counts"])


def read_entry(path: Path, analyzer: Analyzer) -> Entry | None:
    """Read which items a file holds; None when it is not a sound one of this analyzer."""
    try:
        with path.open("rb") as file:
            return _entry(path, file, analyzer)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _entry(path: Path, file: BinaryIO, analyzer: Analyzer) -> Entry | None:
    line = file.readline(_LONGEST_HEADER)
    header: dict[str, Any] = json.loads(line)
    if any(header[name] != value for name, value in _described(analyzer).items()):
        return None
    n_items = header["items"]
    if n_items * _KEY_BYTES > os.fstat(file.fileno()).st_size:
        return None
    joined = file.read(n_items * _KEY_BYTES)
    if _digest(joined) != header["keys"]:
        return None
    rows = {joined[row * _KEY_BYTES : (row + 1) * _KEY_BYTES]: row for row in range(n_items)}
    return Entry(path, rows, len(line) + len(joined), str(header["counts"]))


def read_counts(entry: Entry) -> Counted | None:
    """Read the counts of an entry; None when the file is gone or damaged."""
    try:
        with entry.path.open("rb") as file:
            file.seek(entry.start)
            body = file.read()
        if _digest(body) != entry.checksum:
            return None
        with np.load(io.BytesIO(body), allow_pickle=False) as stored:
            return _unpacked(dict(stored), len(entry.rows))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None


def _described(analyzer: Analyzer) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "version": _VERSION,
        "analyzer": analyzer.name,
        "rules": analyzer.rules,
    }


def _packed(counted: Counted) -> bytes:
    matrix = counted.matrix
    largest = int(matrix.data.max()) if matrix.nnz else 0
    buffer = io.BytesIO()
    np.savez(
        buffer,
        names=np.frombuffer("\n".join(counted.names).encode("utf-8", "surrogatepass"), np.uint8),
        counts=matrix.data.astype(np.min_scalar_type(largest)),
        indices=matrix.indices,
        indptr=matrix.indptr,
    )
    return buffer.getvalue()


def _unpacked(stored: dict[str, npt.NDArray[Any]], n_items: int) -> Counted | None:
    """Counts whose places are checked, as a wrong one would read memory that is not theirs."""
    from scipy import sparse

    packed = stored["names"].tobytes().decode("utf-8", "surrogatepass")
    names = packed.split("\n") if packed else []
    matrix = sparse.csr_matrix(
        (stored["counts"].astype(np.float32), stored["indices"], stored["indptr"]),
        shape=(n_items, len(names)),
    )
    matrix.check_format(full_check=True)
    return Counted(names, matrix)


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=_KEY_BYTES).hexdigest()
