"""Predictions of a scoring job, joined to the documents that were sent.

Rows are matched by file name and line number, never by position: the service promises no order.
Whatever does not match is reported; nothing is guessed.
"""

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from core.archive import Limits, prediction_blocks
from core.arrays import ArraysFault, read_arrays
from core.decoding import JsonDecoder, Undecodable, decode_json
from core.errors import InvalidInput, TunerError
from core.files import atomic_writer
from core.progress import UNWATCHED, Watch
from core.text import plural, printable

# The score matrix of a run: one row per document, one column per label.
#
# A score that the service did not return is NaN, never zero. What is known about it is its ceiling:
# it cannot exceed the lowest score that the same classifier returned for the same document.


_FORMAT = "comprehend-tuner/scores"
_ARRAYS = {"header": ("u", 1), "values": ("f", 2), "ceilings": ("f", 2), "source": ("i", 1)}


class _Header(msgspec.Struct, frozen=True):
    format: str
    version: int
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Scores:
    """Scores of documents for labels, from one classifier or from several merged ones."""

    labels: tuple[str, ...]
    """Label of each column."""
    values: npt.NDArray[np.float32]
    """float32 (n_documents, n_labels): the returned score; NaN where none was returned."""
    ceilings: npt.NDArray[np.float32]
    """float32 (n_documents, n_classifiers): the lowest score that the classifier returned for the
    document, an upper bound of its scores that were not returned; 1.0 without a usable result."""
    source: npt.NDArray[np.int16]
    """int16 (n_labels,): column of `ceilings` that belongs to each label."""

    @property
    def label_ceilings(self) -> npt.NDArray[np.float32]:
        """float32 (n_documents, n_labels): the ceiling of each label's unknown scores."""
        return self.ceilings[:, self.source]

    def rows(self, picked: npt.NDArray[np.intp]) -> "Scores":
        """The documents at positions `picked`, in that order."""
        return Scores(self.labels, self.values[picked], self.ceilings[picked], self.source)


def merge_scores(pieces: Sequence[Scores], label_order: Sequence[str]) -> Scores:
    """Put the scores of several classifiers for the same documents into one matrix.

    Each label is taken from the first piece that has it; the ceilings of all classifiers are kept.

    Args:
        pieces: scores of the same documents in the same order.
        label_order: the columns of the result.

    Raises:
        InvalidInput: no piece has a label, or the pieces are of different documents.
    """
    counts = {len(piece.values) for piece in pieces}
    if len(counts) != 1:
        raise InvalidInput(
            "Cannot merge scores",
            f"the pieces have {sorted(counts)} documents",
            "score the same documents with every classifier",
        )
    column_of: dict[str, tuple[npt.NDArray[np.float32], int]] = {}
    first_classifier = 0
    for piece in pieces:
        for column, label in enumerate(piece.labels):
            owner = first_classifier + int(piece.source[column])
            column_of.setdefault(label, (piece.values[:, column], owner))
        first_classifier += piece.ceilings.shape[1]
    absent = [label for label in label_order if label not in column_of]
    if absent:
        raise InvalidInput(
            "Cannot merge scores",
            f"no classifier scores the labels {absent!r:.200}",
            "train a classifier that has them",
        )
    values = np.empty((counts.pop(), len(label_order)), dtype=np.float32)
    for column, label in enumerate(label_order):
        values[:, column] = column_of[label][0]
    return Scores(
        labels=tuple(label_order),
        values=values,
        ceilings=np.concatenate([piece.ceilings for piece in pieces], axis=1),
        source=np.array([column_of[label][1] for label in label_order], dtype=np.int16),
    )


def returned_share(scores: Scores, truth: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Share of each label's positives whose score was returned.

    Args:
        scores: the scores.
        truth: bool (n_documents, n_labels), columns as in `scores.labels`.

    Returns:
        float64 (n_labels,); NaN for a label without positives.
    """
    positives = truth.sum(axis=0).astype(np.float64)
    returned = (truth & ~np.isnan(scores.values)).sum(axis=0)
    share = np.full(len(positives), np.nan)
    np.divide(returned, positives, out=share, where=positives > 0)
    return share


def save_scores(scores: Scores, path: Path) -> None:
    """Write scores as a NumPy `.npz` file; equal scores give equal bytes.

    Raises:
        OperationFailed: the file cannot be written.
    """
    header = msgspec.json.encode({"format": _FORMAT, "version": 1, "labels": scores.labels})
    arrays = {
        "header": np.frombuffer(header, dtype=np.uint8),
        "values": scores.values,
        "ceilings": scores.ceilings,
        "source": scores.source,
    }
    with atomic_writer(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy")
            with archive.open(entry, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.ascontiguousarray(array), allow_pickle=False)


def load_scores(path: Path) -> Scores:
    """Read what `save_scores` wrote.

    Raises:
        InvalidInput: the file is absent, damaged or of another version.
    """
    try:
        arrays = read_arrays(path, _ARRAYS)
        header = decode_json(arrays["header"].tobytes(), _Header)
        if (header.format, header.version) != (_FORMAT, 1):
            raise ValueError(f"format {header.format} {header.version} is not known here")
        scores = Scores(
            labels=header.labels,
            values=arrays["values"].astype(np.float32, copy=False),
            ceilings=arrays["ceilings"].astype(np.float32, copy=False),
            source=arrays["source"].astype(np.int16, copy=False),
        )
        _check_shapes(scores)
    except (ArraysFault, Undecodable, ValueError) as error:
        raise InvalidInput(
            "Cannot read the scores",
            f"{printable(str(path))}: {printable(str(error), 200)}",
            "fetch and join the predictions again",
        ) from error
    return scores


def _check_shapes(scores: Scores) -> None:
    n_labels = len(scores.labels)
    if scores.values.ndim != 2 or scores.values.shape[1] != n_labels:
        raise ValueError(f"{n_labels} labels but a matrix of shape {scores.values.shape}")
    if scores.ceilings.ndim != 2 or len(scores.ceilings) != len(scores.values):
        raise ValueError(f"ceilings of shape {scores.ceilings.shape}")
    if scores.source.shape != (n_labels,) or (
        n_labels and not 0 <= scores.source.min() <= scores.source.max() < scores.ceilings.shape[1]
    ):
        raise ValueError("labels without a classifier")
    for name, array in (("values", scores.values), ("ceilings", scores.ceilings)):
        given = array[~np.isnan(array)]
        if given.size and not 0.0 <= given.min() <= given.max() <= 1.0:
            raise ValueError(f"{name} that are not between 0 and 1")
    if np.isnan(scores.ceilings).any():
        raise ValueError("ceilings that are no numbers")


class JoinReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came of matching result rows to documents."""

    lines: int
    """Result rows read."""
    joined: int
    """Documents that have scores. With the unscored, the missing, the conflicting and the otherwise
    errored ones these are all documents, each counted once."""
    unscored: tuple[int, ...] = ()
    """Lines answered without a score of any label of the classifier."""
    missing: tuple[int, ...] = ()
    """Lines of the scoring file without any row."""
    duplicated: tuple[int, ...] = ()
    """Lines that came more than once; the first row counts when the others say the same."""
    conflicting: tuple[int, ...] = ()
    """Lines that came more than once with different scores; they are left without scores."""
    extra: tuple[tuple[str, int | None], ...] = ()
    """File name and line of rows that belong to no document, the first 1,000."""
    extra_rows: int = 0
    """Number of rows that belong to no document."""
    errored: tuple[tuple[int, str, str], ...] = ()
    """Line, code and message of documents that the service could not score; line -1 when the row
    has none."""
    unknown_labels: tuple[str, ...] = ()
    """Labels in the output that the classifier should not know, the first 1,000."""

    @property
    def is_complete(self) -> bool:
        """Whether every document has its scores and nothing else was in the output."""
        return not (
            self.missing
            or self.duplicated
            or self.extra_rows
            or self.errored
            or self.unknown_labels
        )


def join_problems(report: JoinReport, labels: Sequence[str]) -> tuple[str, ...]:
    """One sentence for each kind of row or document that did not match; empty when all did.

    Args:
        report: the outcome of a join.
        labels: the labels of the classifier, to name a likely original of an unknown one.
    """
    sentences = []
    if report.missing:
        sentences.append(f"{_lines(report.missing)} without a result")
    if report.errored:
        line, code, message = report.errored[0]
        where = f"line {line}" if line >= 0 else "no line"
        sentences.append(
            f"{plural(len(report.errored), 'document')} refused by the service, first {where}:"
            f" {printable(f'{code}: {message}'.strip(': '), 160)}"
        )
    if report.unscored:
        sentences.append(f"{_lines(report.unscored)} answered without a score")
    if report.duplicated:
        sentences.append(f"{_lines(report.duplicated)} with more than one result")
    if report.conflicting:
        sentences.append(f"{_lines(report.conflicting)} with results that contradict each other")
    if report.extra_rows:
        file, number = report.extra[0]
        sentences.append(
            f"{plural(report.extra_rows, 'row')} of no document, first {printable(file, 60)!r}"
            f" line {number}"
        )
    for label in report.unknown_labels[:5]:
        sentences.append(f"unknown label {printable(label, 60)!r}{_likely(label, labels)}")
    if len(report.unknown_labels) > 5:
        sentences.append(f"{len(report.unknown_labels) - 5:,} more unknown labels")
    return tuple(sentences)


def _lines(lines: tuple[int, ...]) -> str:
    shown = ", ".join(str(line) for line in lines[:5]) + (", …" if len(lines) > 5 else "")
    return f"{plural(len(lines), 'document')} ({'line' if len(lines) == 1 else 'lines'} {shown})"


def _likely(label: str, labels: Sequence[str]) -> str:
    folded = _folded(label)
    for original in labels:
        if _folded(original) == folded:
            return f", which differs from {printable(original, 60)!r} by case, space or underscore"
    return ""


def _folded(label: str) -> str:
    return "".join(label.casefold().replace("_", " ").replace("-", " ").split())


# Result rows placed into the score matrix, a block at a time.
#
# A block of ordinary rows is placed at once; a block with anything unusual goes row by row, so that
# each oddity is found, counted and, where it matters, refused with its line.


_TITLE = "Cannot read the predictions"
_MOST_LISTED = 1000
_MOST_DIGITS = 18
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
        [("name", name, msgspec.field(name="Name")), ("score", float, msgspec.field(name="Score"))],
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
        self._errored_lines: set[int] = set()
        self._unknown: dict[str, None] = {}
        self._decoder = JsonDecoder(_Row, any_integer=True)
        self._typed = JsonDecoder[_Row](_typed_row(self._labels))

    def add(self, block: bytes) -> None:
        """Take a block of whole lines: all at once when it is ordinary, else row by row."""
        if not self._rows and block.startswith(b"\xef\xbb\xbf"):
            block = block[3:]
        try:
            rows = self._typed.decode_lines(block)
        except Undecodable:
            rows = []
        if not self._add_ordinary(rows):
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
            numbers = _line_numbers([row.line for row in rows])
            lines = np.array(numbers, dtype=np.int64)
        except (ValueError, OverflowError):
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
            line = None if row.line is None else _line_numbers([row.line])[0]
        except ValueError as error:
            raise self._malformed(str(error)) from error
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
        if line < 0 or line not in self._errored_lines:
            self._errored.append((line, code, message))
        self._errored_lines.add(line)

    def _malformed(self, reason: str) -> TunerError:
        return InvalidInput(
            _TITLE,
            f"{printable(str(self._path))}: line {self._physical_lines}: {reason}",
            "expected Comprehend's predictions.jsonl; fetch the job's output again",
        )

    def result(self) -> tuple[Scores, JoinReport]:
        """The matrix and the report, once every block was added."""
        errored = (line for line in self._errored_lines if line >= 0 and self._usable[line])
        conflicting = sorted(self._conflicting.union(errored))
        self._values[conflicting] = np.nan
        self._ceilings[conflicting] = 1.0
        self._usable[conflicting] = False
        has_scores = ~np.isnan(self._values).all(axis=1)
        source = np.zeros(len(self._labels), dtype=np.int16)
        report = JoinReport(
            lines=self._rows,
            joined=int(np.count_nonzero(has_scores)),
            unscored=tuple(np.flatnonzero(self._usable & ~has_scores).tolist()),
            missing=tuple(np.flatnonzero(~self._seen).tolist()),
            duplicated=tuple(sorted(self._duplicated)),
            conflicting=tuple(conflicting),
            extra=tuple(self._extra),
            extra_rows=self._extra_rows,
            errored=tuple(self._errored),
            unknown_labels=tuple(self._unknown),
        )
        return Scores(self._labels, self._values, self._ceilings, source), report


def _line_numbers(values: list[str | int | None]) -> list[int]:
    """Line numbers, which the service writes as text.

    Raises:
        ValueError: one is absent or not a plain number.
    """
    texts = [value for value in values if isinstance(value, str)]
    joined = "".join(texts)
    if texts and not (joined.isascii() and joined.lstrip("-").isdecimal()):
        raise ValueError(f"the line {printable(texts[0], 40)!r} is not a number")
    if None in values or any(len(text) > _MOST_DIGITS for text in texts):
        raise ValueError("a line number is absent or too long")
    return [int(value) for value in values if value is not None]


def _small_integers(values: list[int]) -> npt.NDArray[np.uint8]:
    """uint8 of values below 256, several times faster than by way of a list conversion."""
    return np.frombuffer(bytes(values), dtype=np.uint8)


def join_predictions(
    path: Path,
    *,
    file_name: str,
    n_documents: int,
    labels: Sequence[str],
    watch: Watch = UNWATCHED,
) -> tuple[Scores, JoinReport]:
    """Read a scoring job's output into a score matrix.

    Rows are decoded in blocks by a decoder typed for them, so that memory is the matrix and one
    block however long the output is.

    Args:
        path: `output.tar.gz`, or its `predictions.jsonl`, plain or gzip-compressed.
        file_name: name of the scoring file that was sent; rows of other files are extra.
        n_documents: number of its lines.
        labels: the labels of the classifier; the columns of the result.
        watch: asked now and then whether to stop.

    Returns:
        The scores (one classifier: ``ceilings`` is (n_documents, 1)) and what did not match.

    Raises:
        InvalidInput: a row is malformed, names a label twice or has a score outside 0 to 1; the
            archive is unsafe or holds no predictions.
        OperationFailed: the file ends early or is damaged.
        Interrupted: stopped through `watch`.
    """
    join = Join(path, file_name, n_documents, labels)
    limits = _expected_limits(file_name, n_documents, labels)
    for block in prediction_blocks(path, limits, watch):
        join.add(block)
    return join.result()


def _expected_limits(file_name: str, n_documents: int, labels: Sequence[str]) -> Limits:
    """Twice the size of output that lists every label of every document, at least the default."""
    row_bytes = 256 + 6 * len(file_name) + sum(64 + 6 * len(label) for label in labels)
    return Limits(max_bytes=max(Limits().max_bytes, 2 * n_documents * row_bytes))
