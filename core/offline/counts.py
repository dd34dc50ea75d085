"""Counting what texts and words are made of, and keeping the counts for the jobs that follow.

Jobs of one twin mostly read the same documents: arms of an experiment, versions of a classifier,
the files that each of them scores. What was counted for one is kept below the twin's folder and
taken by the others; a job's result does not depend on whether it was.
"""

import contextlib
import hashlib
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from core.decoding import decode_json
from core.errors import TunerError
from core.files import locked


@dataclass(frozen=True)
class Analyzer:
    """A fixed way to take an item apart."""

    name: str
    """What it finds, such as "words"."""
    rules: str
    """Everything that its results depend on; kept counts of other rules are not used."""
    split: Callable[[str], list[str]]
    """The names in an item; a name holds no line feed."""


@dataclass(frozen=True)
class Counted:
    """Counts of items; the same items in the same order always give the same arrays."""

    names: list[str]
    """Every name that occurs, sorted."""
    matrix: Any
    """float32 CSR (n_items, n_names): how often; places in a row ascend."""


Count = Callable[[Sequence[str], Analyzer], Counted]


def count_anew(items: Sequence[str], analyzer: Analyzer) -> Counted:
    """Take every item apart and count."""
    from scipy import sparse
    from sklearn.feature_extraction.text import CountVectorizer

    counter = CountVectorizer(analyzer=analyzer.split, dtype=np.float32)
    try:
        matrix = counter.fit_transform(items)
    except ValueError:  # scikit-learn's word for an empty vocabulary
        return Counted([], sparse.csr_matrix((len(items), 0), dtype=np.float32))
    matrix.sort_indices()
    return Counted(counter.get_feature_names_out().tolist(), matrix)


def gathered(
    pieces: Sequence[Counted], piece_of: npt.NDArray[np.intp], row_of: npt.NDArray[np.intp]
) -> Counted:
    """Put rows of several pieces together, without the names that do not occur in them.

    Args:
        pieces: counts by the same analyzer.
        piece_of: intp (n_items,): the piece that holds each item.
        row_of: intp (n_items,): the item's row in it.
    """
    from scipy import sparse

    names, matrices = _with_common_names(pieces)
    starts = np.cumsum([0, *(matrix.shape[0] for matrix in matrices)])
    stacked = matrices[0] if len(matrices) == 1 else sparse.vstack(matrices, format="csr")
    chosen = stacked[starts[piece_of] + row_of]
    is_used = np.zeros(len(names), np.bool_)
    is_used[chosen.indices] = True
    if is_used.all():
        return Counted(names, chosen)
    place = (np.cumsum(is_used) - 1).astype(np.int32)
    used = [names[position] for position in np.flatnonzero(is_used).tolist()]
    matrix = sparse.csr_matrix(
        (chosen.data, place[chosen.indices], chosen.indptr), shape=(len(row_of), len(used))
    )
    return Counted(used, matrix)


def _with_common_names(pieces: Sequence[Counted]) -> tuple[list[str], list[Any]]:
    """The names of all pieces, sorted, and the pieces' matrices over them."""
    from scipy import sparse

    if len(pieces) == 1:
        return pieces[0].names, [pieces[0].matrix]
    names = sorted(set().union(*(piece.names for piece in pieces)))
    position = {name: number for number, name in enumerate(names)}
    matrices = []
    for piece in pieces:
        place = np.array([position[name] for name in piece.names], np.int32)
        matrix = piece.matrix
        matrices.append(
            sparse.csr_matrix(
                (matrix.data, place[matrix.indices], matrix.indptr),
                shape=(matrix.shape[0], len(names)),
            )
        )
    return names, matrices


# Kept counts as one file: a header line, the keys of the items, and their counts; no pickle.
#
# Header and keys are read by every job of the twin, the counts only by one that needs them; each
# has a checksum of its own. Whatever is not exactly as it was written is not read.


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
        "items": len(keys),
        "keys": _digest(joined),
        "counts": _digest(body),
    }
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
    header = decode_json(line, dict[str, Any])
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


# The counts that jobs of one twin share.
#
# Each file holds the counts of all items of one job, every item once. A job takes rows from as many
# files as it needs and counts only what is in none. One job counts at a time: another that comes
# meanwhile waits, as it mostly needs the very same items, and then finds them.


_LEAST_ITEMS = 20
"""Items that are worth a file, or a look into one; fewer are counted by each job."""
_MOST_FILES = 24
_MOST_BYTES = 512 << 20
"""Size of all files; the ones used last stay."""
_WAIT_S = 60.0
"""How long a job waits for another that counts, before it counts by itself."""
_ABSENT = -1
_Places = npt.NDArray[np.intp]


@dataclass(frozen=True)
class _Found:
    """Where kept counts of some items are."""

    pieces: list[Counted]
    """The kept counts."""
    piece_of: _Places
    """intp (n_items,): the piece of each item, or -1."""
    row_of: _Places
    """intp (n_items,): its row there."""

    @property
    def absent(self) -> _Places:
        """The items that are in no piece."""
        return np.flatnonzero(self.piece_of == _ABSENT)


class CountStore:
    """Counts items as `count_anew` does, and keeps what it counted.

    Args:
        folder: where the counts are kept; made when there is something to keep.
        lock: file that is locked while a job counts; outside `folder`, which may be removed.
        is_wanted: whether something may still be kept, asked under the lock.
    """

    def __init__(self, folder: Path, lock: Path, is_wanted: Callable[[], bool]) -> None:
        self._folder = folder
        self._lock = lock
        self._is_wanted = is_wanted
        self._entries: dict[tuple[Path, Analyzer], Entry | None] = {}
        self._held: dict[str, Counted] = {}

    def count(self, items: Sequence[str], analyzer: Analyzer) -> Counted:
        """Return the counts of `items`, from kept ones as far as there are any.

        Faults of the kept counts, and of the disk they are on, cost time and nothing else.
        """
        if len(items) < _LEAST_ITEMS:
            return count_anew(items, analyzer)
        keys = keys_of(items)
        number_of: dict[bytes, int] = {}
        distinct: list[str] = []
        for key, item in zip(keys, items, strict=True):
            if key not in number_of:
                number_of[key] = len(distinct)
                distinct.append(item)
        counted = self._counted(list(number_of), distinct, analyzer)
        if len(distinct) == len(items):
            return counted
        rows = np.fromiter(map(number_of.__getitem__, keys), np.intp, len(keys))
        return Counted(counted.names, counted.matrix[rows])

    def _counted(self, keys: list[bytes], items: list[str], analyzer: Analyzer) -> Counted:
        """The counts of distinct items; kept when enough of them had to be counted."""
        found = self._found(keys, analyzer)
        if len(found.absent) < _LEAST_ITEMS:
            return _completed(found, items, analyzer)
        with self._turn() as is_mine:
            found = self._found(keys, analyzer)
            counted = _completed(found, items, analyzer)
            if is_mine and len(found.absent) >= _LEAST_ITEMS and self._is_wanted():
                self._keep(keys, counted, analyzer)
        return counted

    def _found(self, keys: list[bytes], analyzer: Analyzer) -> _Found:
        """Look for items, in the files used last first."""
        found = _Found([], *(np.full(len(keys), _ABSENT, np.intp) for _ in range(2)))
        held: dict[str, Counted] = {}
        for path in _newest_first(self._folder.glob(f"{analyzer.name}-*{SUFFIX}")):
            absent = found.absent
            entry = self._entry(path, analyzer) if len(absent) else None
            if entry is None:
                continue
            rows = np.array([entry.rows.get(keys[item], _ABSENT) for item in absent.tolist()])
            hits = np.flatnonzero(rows != _ABSENT)
            if len(hits) < _LEAST_ITEMS or (counted := self._load(entry, analyzer)) is None:
                continue
            found.piece_of[absent[hits]] = len(found.pieces)
            found.row_of[absent[hits]] = rows[hits]
            found.pieces.append(counted)
            held[entry.checksum] = counted
        self._held = held
        return found

    def _entry(self, path: Path, analyzer: Analyzer) -> Entry | None:
        if (path, analyzer) not in self._entries:
            self._entries[path, analyzer] = read_entry(path, analyzer)
        return self._entries[path, analyzer]

    def _load(self, entry: Entry, analyzer: Analyzer) -> Counted | None:
        """The counts of an entry, marked as used; None when they cannot be read."""
        counted = self._held.get(entry.checksum) or read_counts(entry)
        if counted is None:
            self._entries[entry.path, analyzer] = None
        else:
            with contextlib.suppress(OSError):
                os.utime(entry.path)
        return counted

    @contextlib.contextmanager
    def _turn(self) -> Iterator[bool]:
        """Hold the lock; yield whether it was to be had in time."""
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(locked(self._lock, "the offline twin's counts", _WAIT_S))
                is_mine = True
            except (TunerError, OSError):
                is_mine = False
            yield is_mine

    def _keep(self, keys: list[bytes], counted: Counted, analyzer: Analyzer) -> None:
        """Write a file and remove those that are too many; the caller holds the lock."""
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            entry = write_entry(self._folder, keys, counted, analyzer, _MOST_BYTES)
            if entry is not None:
                self._entries[entry.path, analyzer] = entry
                self._held[entry.checksum] = counted
            _prune(self._folder)


def _completed(found: _Found, items: list[str], analyzer: Analyzer) -> Counted:
    """The found rows with those of the items that are absent, counted now."""
    absent = found.absent
    if len(absent) == len(items):
        return count_anew(items, analyzer)
    pieces, piece_of, row_of = list(found.pieces), found.piece_of.copy(), found.row_of.copy()
    if len(absent):
        piece_of[absent], row_of[absent] = len(pieces), np.arange(len(absent))
        pieces.append(count_anew([items[item] for item in absent.tolist()], analyzer))
    return gathered(pieces, piece_of, row_of)


def _newest_first(paths: Iterator[Path]) -> list[Path]:
    """Files by the time of their last use; those removed meanwhile are left out."""
    files: list[tuple[int, Path]] = []
    for path in paths:
        with contextlib.suppress(OSError):
            files.append((path.stat().st_mtime_ns, path))
    return [path for _, path in sorted(files, reverse=True)]


def _prune(folder: Path) -> None:
    """Remove what a killed job left half written, and the files unused for longest."""
    for path in folder.glob(f"*{TEMPORARY}"):
        path.unlink(missing_ok=True)
    size = 0
    for number, path in enumerate(_newest_first(folder.glob(f"*{SUFFIX}"))):
        size += path.stat().st_size
        if number >= _MOST_FILES or size > _MOST_BYTES:
            path.unlink(missing_ok=True)
