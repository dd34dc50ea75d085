"""The counts that jobs of one twin share.

Each file holds the counts of all items of one job, every item once. A job takes rows from as many
files as it needs and counts only what is in none. One job counts at a time: another that comes
meanwhile waits, as it mostly needs the very same items, and then finds them.
"""

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.errors import TryAgain
from core.files import locked
from core.offline.counts.counting import Analyzer, Counted, count_anew, gathered
from core.offline.counts.entries import (
    SUFFIX,
    TEMPORARY,
    Entry,
    keys_of,
    read_counts,
    read_entry,
    write_entry,
)

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
            except (TryAgain, OSError):
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
    found: list[tuple[int, Path]] = []
    for path in paths:
        with contextlib.suppress(OSError):
            found.append((path.stat().st_mtime_ns, path))
    return [path for _, path in sorted(found, reverse=True)]


def _prune(folder: Path) -> None:
    """Remove what a killed job left half written, and the files unused for longest."""
    for path in folder.glob(f"*{TEMPORARY}"):
        path.unlink(missing_ok=True)
    size = 0
    for number, path in enumerate(_newest_first(folder.glob(f"*{SUFFIX}"))):
        size += path.stat().st_size
        if number >= _MOST_FILES or size > _MOST_BYTES:
            path.unlink(missing_ok=True)
