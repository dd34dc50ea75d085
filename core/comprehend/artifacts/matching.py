"""Result rows placed into the score matrix, a block at a time.

A block of ordinary rows is placed at once; a block with anything unusual goes row by row, so that
each oddity is found, counted and, where it matters, refused with its line.
"""

from collections.abc import Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from core.comprehend.artifacts.report import JoinReport
from core.comprehend.artifacts.scores import Scores
from core.errors import InvalidInput, TunerError
from core.text import printable

TITLE = "Cannot read the predictions"
_MOST_LISTED = 1000
_error_code = attrgetter("error_code")


class _Entry(msgspec.Struct, gc=False):
    name: str = msgspec.field(name="Name")
    score: float = msgspec.field(name="Score")


class _Row(msgspec.Struct, gc=False):
    file: str = msgspec.field(name="File", default="")
    line: str | int | None = msgspec.field(name="Line", default=None)
    labels: list[_Entry] | None = msgspec.field(name="Labels", default=None)
    classes: list[_Entry] | None = msgspec.field(name="Classes", default=None)
    error_code: str | None = msgspec.field(name="ErrorCode", default=None)
    error_message: str | None = msgspec.field(name="ErrorMessage", default=None)


def _typed_row(labels: tuple[str, ...]) -> Any:
    """A row type that knows the label names, so that decoding checks and interns them."""
    name = Literal[labels] if labels else str
    entry = msgspec.defstruct(
        "Entry",
        [
            ("name", name, msgspec.field(name="Name")),
            ("score", float, msgspec.field(name="Score")),
        ],
        gc=False,
    )
    optional = list[entry] | None  # type: ignore[valid-type]
    return msgspec.defstruct(
        "Row",
        [
            ("labels", optional, msgspec.field(name="Labels", default=None)),
            ("classes", optional, msgspec.field(name="Classes", default=None)),
        ],
        bases=(_Row,),
        gc=False,
    )


class Join:
    """The matrix being filled, and what did not fit into it."""

    def __init__(self, path: Path, file_name: str, n_documents: int, labels: Sequence[str]) -> None:
        self._path = path
        self._file_name = file_name
        self._labels = tuple(labels)
        self._columns = {label: column for column, label in enumerate(self._labels)}
        self._values = np.full((n_documents, len(self._labels)), np.nan, dtype=np.float32)
        self._ceilings = np.ones((n_documents, 1), dtype=np.float32)
        self._seen = np.zeros(n_documents, dtype=np.bool_)
        self._usable = np.zeros(n_documents, dtype=np.bool_)
        self._rows = 0
        self._physical_lines = 0
        self._duplicated: set[int] = set()
        self._conflicting: set[int] = set()
        self._extra: list[tuple[str, int | None]] = []
        self._extra_rows = 0
        self._errored: list[tuple[int, str, str]] = []
        self._unknown: dict[str, None] = {}
        self._decoder = msgspec.json.Decoder(_Row)
        self._typed = msgspec.json.Decoder(_typed_row(self._labels))

    def add(self, block: bytes) -> None:
        """Take a block of whole lines: all at once when it is ordinary, else row by row."""
        if not self._rows and block.startswith(b"\xef\xbb\xbf"):
            block = block[3:]
        try:
            rows = self._typed.decode_lines(block)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            rows = None
        if rows is None or not self._add_ordinary(rows):
            self._add_line_by_line(block)
        else:
            self._rows += len(rows)
            self._physical_lines += block.count(b"\n")

    def _add_ordinary(self, rows: list[_Row]) -> bool:
        """Place a block of rows that all match a document of their own; False if any does not."""
        lists = [row.labels if row.classes is None else row.classes for row in rows]
        if not rows or not all(lists) or {row.file for row in rows} != {self._file_name}:
            return False
        if any(map(_error_code, rows)):
            return False
        try:
            numbers = [int(row.line) for row in rows]  # type: ignore[arg-type]
            lines = np.array(numbers, dtype=np.int64)
        except (ValueError, TypeError, OverflowError):
            return False
        if lines.min() < 0 or lines.max() >= len(self._seen) or self._seen[lines].any():
            return False
        if len(set(numbers)) != len(numbers):
            return False
        return self._place(lines, lists)  # type: ignore[arg-type]

    def _place(self, lines: npt.NDArray[np.int64], lists: list[list[_Entry]]) -> bool:
        column = self._columns
        picked = [column[entry.name] for row in lists for entry in row]
        columns = _small_integers(picked) if len(column) <= 256 else np.array(picked, dtype=np.intp)
        scores = np.fromiter(
            [entry.score for row in lists for entry in row], dtype=np.float32, count=len(picked)
        )
        lengths = np.fromiter(map(len, lists), dtype=np.intp, count=len(lists))
        if not 0.0 <= scores.min() <= scores.max() <= 1.0:
            return False
        keys = np.repeat(lines * len(self._labels), lengths) + columns
        self._values.reshape(-1)[keys] = scores
        if np.count_nonzero(~np.isnan(self._values[lines])) != len(scores):
            self._values[lines] = np.nan
            return False
        starts = np.cumsum(lengths) - lengths
        self._ceilings[lines, 0] = np.minimum.reduceat(scores, starts)
        self._seen[lines] = True
        self._usable[lines] = True
        return True

    def _add_line_by_line(self, block: bytes) -> None:
        for raw in block.split(b"\n"):
            self._physical_lines += 1
            if raw.strip():
                self._rows += 1
                self._add_row(raw)
        self._physical_lines -= 1  # what follows the last line end

    def _add_row(self, raw: bytes) -> None:
        try:
            row = self._decoder.decode(raw)
            line = None if row.line is None else int(row.line)
        except (msgspec.MsgspecError, ValueError) as error:
            raise self._malformed(printable(str(error), 120)) from error
        entries = row.labels if row.classes is None else row.classes
        in_range = row.file == self._file_name and line is not None
        if not in_range or line is None or not 0 <= line < len(self._seen):
            self._add_unmatched(row, line)
        elif row.error_code or entries is None:
            if self._seen[line]:
                self._duplicated.add(line)
            self._seen[line] = True
            self._note_error(line, row)
        else:
            values, ceiling = self._values_of(entries)
            if not self._seen[line]:
                self._values[line], self._ceilings[line, 0] = values, ceiling
                self._usable[line] = True
            else:
                self._duplicated.add(line)
                if not np.array_equal(self._values[line], values, equal_nan=True):
                    self._conflicting.add(line)
            self._seen[line] = True

    def _values_of(self, entries: list[_Entry]) -> tuple[npt.NDArray[np.float32], float]:
        """float32 (n_labels,) of one row, and its ceiling.

        A label of another name may be a renamed one of ours, whose score is then not below the
        lowest returned one; the ceiling allows for that.
        """
        values = np.full(len(self._labels), np.nan, dtype=np.float32)
        names: set[str] = set()
        unknown_high = 0.0
        for entry in entries:
            if entry.name in names:
                raise self._malformed(f"the label {printable(entry.name, 60)!r} occurs twice")
            if not 0.0 <= entry.score <= 1.0:
                raise self._malformed(f"the score {entry.score} is not between 0 and 1")
            names.add(entry.name)
            if entry.name in self._columns:
                values[self._columns[entry.name]] = entry.score
            else:
                unknown_high = max(unknown_high, entry.score)
                if len(self._unknown) < _MOST_LISTED:
                    self._unknown.setdefault(entry.name)
        lowest = min((entry.score for entry in entries), default=1.0)
        return values, max(lowest, unknown_high)

    def _add_unmatched(self, row: _Row, line: int | None) -> None:
        if row.error_code and row.file == self._file_name and line is None:
            self._note_error(-1, row)
            return
        self._extra_rows += 1
        if len(self._extra) < _MOST_LISTED:
            self._extra.append((row.file, line))

    def _note_error(self, line: int, row: _Row) -> None:
        code = row.error_code or "NO_LABELS"
        message = row.error_message or ("" if row.error_code else "neither Labels nor Classes")
        self._errored.append((line, code, message))

    def _malformed(self, reason: str) -> TunerError:
        return InvalidInput(
            TITLE, f"{self._path}: line {self._physical_lines}: {reason}",
            "expected Comprehend's predictions.jsonl; fetch the job's output again",
        )  # fmt: skip

    def result(self) -> tuple[Scores, JoinReport]:
        """The matrix and the report, once every block was added."""
        conflicting = sorted(self._conflicting | self._errored_and_scored())
        self._values[conflicting] = np.nan
        self._ceilings[conflicting] = 1.0
        self._usable[conflicting] = False
        source = np.zeros(len(self._labels), dtype=np.int16)
        report = JoinReport(
            lines=self._rows,
            joined=int(np.count_nonzero(self._usable)),
            missing=tuple(np.flatnonzero(~self._seen).tolist()),
            duplicated=tuple(sorted(self._duplicated)),
            conflicting=tuple(conflicting),
            extra=tuple(self._extra),
            extra_rows=self._extra_rows,
            errored=tuple(self._errored),
            unknown_labels=tuple(self._unknown),
        )
        return Scores(self._labels, self._values, self._ceilings, source), report

    def _errored_and_scored(self) -> set[int]:
        return {line for line, _, _ in self._errored if line >= 0 and self._usable[line]}


def _small_integers(values: list[int]) -> npt.NDArray[np.uint8]:
    """uint8 of values below 256, several times faster than by way of a list conversion."""
    return np.frombuffer(bytes(values), dtype=np.uint8)
