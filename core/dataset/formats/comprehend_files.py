"""Write the files that Comprehend reads: training CSV and text-only scoring files.

Training CSV: UTF-8 without a byte order mark, no header, label cell and text, minimal quoting, LF.
Scoring text: the text alone, exactly one physical line for each document.
(Amazon Comprehend Developer Guide: preparing classifier training data; asynchronous analysis.)
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import numpy as np
import numpy.typing as npt

from core.dataset.documents import Dataset
from core.dataset.formats.csv_sources import csv_reader
from core.dataset.formats.sources import Source, listed, place_of, quoted
from core.decoding import read_json
from core.errors import InvalidInput, OperationFailed
from core.files import atomic_writer, write_atomic
from core.progress import UNWATCHED, Watch
from core.text import plural, printable

_FORMAT = "comprehend-tuner/line-map"
_VERSION = 1
_CANNOT_READ = "Cannot read the line map"
_HINT = "write the scoring file again"


class LineMap(msgspec.Struct, frozen=True):
    """The documents of a scoring file, in line order."""

    file_name: str
    """Name of the text file, without its folder: what the service calls `File`."""
    fingerprint: str
    """``sha256:…`` of the text file's bytes."""
    ids: list[str]
    """Document id of each line; the service counts lines from 0."""


class _Stored(msgspec.Struct, frozen=True):
    format: str
    version: int
    map: LineMap


def save_line_map(line_map: LineMap, path: Path) -> None:
    """Write a line map as JSON, whole or not at all.

    Raises:
        OperationFailed: the file cannot be written.
    """
    write_atomic(path, msgspec.json.encode(_Stored(_FORMAT, _VERSION, line_map)))


def load_line_map(path: Path) -> LineMap:
    """Read what `save_line_map` wrote.

    Raises:
        InvalidInput: the file is absent, damaged, or of another kind or version.
    """
    stored = read_json(path, _Stored, title=_CANNOT_READ, hint=_HINT, most_bytes=2 << 30)
    if (stored.format, stored.version) != (_FORMAT, _VERSION):
        raise _cannot_read(path, f"{stored.format} {stored.version} is not known here")
    return stored.map


def _cannot_read(path: Path, why: str) -> InvalidInput:
    return InvalidInput(_CANNOT_READ, f"{printable(str(path))}: {printable(why, 200)}", _HINT)


_BREAK_RUN = re.compile("[\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]+")
_RARE_BYTES = (b"\r", b"\x0b", b"\x0c", b"\x1c", b"\x1d", b"\x1e", b"\x00")


def one_line(text: str) -> str:
    """Return a text as one line; "" when nothing is left.

    A run of line breaks of any kind becomes one blank, as does a NUL; byte order marks at the front
    and blanks around are dropped. Nothing that any common reader takes for a line end survives.
    """
    return _BREAK_RUN.sub(" ", text.replace("\x00", " ")).lstrip("\ufeff").strip()


def byte_lines(texts: Sequence[str]) -> list[bytes]:
    """Return `one_line` of many texts as UTF-8, faster than one by one.

    Most texts hold LF and no other break, so the others are looked for in all texts at once.

    Raises:
        UnicodeEncodeError: a text holds half of a surrogate pair.
    """
    lines = [
        " ".join(filter(None, text.split("\n"))) if "\n" in text else text
        for text in map(str.strip, texts)
    ]
    data = [
        line.encode() if line.isascii() else _wide_line(line, text)
        for line, text in zip(lines, texts, strict=True)
    ]
    joined = b"".join(data)
    if any(byte in joined for byte in _RARE_BYTES):
        return [one_line(text).encode() for text in texts]
    return data


def _wide_line(line: str, text: str) -> bytes:
    """The line of a text that is not ASCII, where further breaks and byte order marks can occur."""
    if "\x85" in line or "\u2028" in line or "\u2029" in line or "\ufeff" in line:
        return one_line(text).encode()
    return line.encode()


# Refuse to score text that carries its own answer.
#
# A labelled two-column CSV is accepted by a one-document-per-line job, which then scores the label
# names as part of the text.


_ROWS_CHECKED = 2000
_SHARE = 0.3
_SEPARATORS = "|;:/~^#+=*!$%@?>_- \\\t"


def refuse_labelled_lines(path: Path, labels: Sequence[str]) -> None:
    """Refuse a file to be scored whose rows begin with known labels.

    The first 2,000 rows count, read as CSV so that a row with line breaks inside its text is one
    row; three in ten that begin with a cell of nothing but known labels are too many.

    Args:
        path: the text file.
        labels: the classifier's labels.

    Raises:
        InvalidInput: the file looks like a labelled CSV.
    """
    with Source(path) as source:
        _refuse(source.lines(), labels, path)


def refuse_labelled_texts(texts: Sequence[str], labels: Sequence[str], path: Path) -> None:
    """Refuse texts that begin with known labels, before they are written to `path`.

    Raises:
        InvalidInput: the text column holds labels as well.
    """
    known_labels = frozenset(labels)
    checked = texts[:_ROWS_CHECKED]
    labelled = [text for text in checked if _begins_with_labels(text, known_labels)]
    if len(labelled) > _SHARE * len(checked):
        raise _leak(path, labelled[0], len(labelled), len(checked))


def _begins_with_labels(text: str, labels: frozenset[str]) -> bool:
    if "," not in text:
        return False
    try:
        row = next(csv.reader(io.StringIO(text, newline="")), [])
    except csv.Error:
        return False
    return len(row) > 1 and _is_labels(row[0], labels)


def _is_labels(cell: str, labels: frozenset[str]) -> bool:
    """Whether a cell holds nothing but known labels, joined with any delimiter of the service."""
    cell = cell.strip()
    if cell in labels:
        return True
    return any(
        separator in cell and all(piece in labels for piece in cell.split(separator))
        for separator in _SEPARATORS
    )


def _refuse(lines: Iterable[str], labels: Sequence[str], path: Path) -> None:
    known_labels = frozenset(labels)
    rows = 0
    label_cells: list[str] = []
    for row in islice(csv_reader(iter(lines), ",", strict=False), _ROWS_CHECKED):
        rows += 1
        if len(row) > 1 and _is_labels(row[0], known_labels):
            label_cells.append(row[0])
    if rows and len(label_cells) > _SHARE * rows:
        raise _leak(path, label_cells[0], len(label_cells), rows)


def _leak(path: Path, example: str, count: int, rows: int) -> InvalidInput:
    return InvalidInput(
        "The text to be scored holds labels",
        f"{place_of(path)}: {count:,} of {rows:,} rows begin with known labels, such as "
        f"{quoted(example)}; the classifier would read the answer",
        "score a file with the text alone, one document a line",
    )


DELIMITERS = "|;:/~^#+=*!$%@?>_- \\\t"
"""The label delimiters that the service takes, the safest first."""
_BLOCK_ROWS = 1024
_HALF_PAIR = re.compile("[\ud800-\udfff]")


def choose_delimiter(labels: Sequence[str], preferred: str = "|") -> str:
    """Return a label delimiter that the service takes and that occurs in no label.

    Args:
        labels: the label names.
        preferred: taken when it occurs in no label.

    Raises:
        InvalidInput: `preferred` is not one of the allowed characters, or each of them occurs in
            some label.
    """
    _refuse_unknown_delimiter(preferred)
    used = set("".join(labels))
    for delimiter in preferred + DELIMITERS:
        if delimiter not in used:
            return delimiter
    raise InvalidInput(
        "No label delimiter is left",
        f"every allowed delimiter occurs in a label ({plural(len(labels), 'label')})",
        "rename labels so that one of | ; : / ~ ^ # occurs in none of them",
    )


def write_training_csv(
    dataset: Dataset, path: Path, delimiter: str = "|", watch: Watch = UNWATCHED
) -> int:
    """Write a training or test CSV, whole or not at all; return its number of rows.

    Args:
        dataset: the documents.
        path: the file.
        delimiter: what stands between labels of the multi-label mode.

    Raises:
        InvalidInput: something in the dataset must not stand in such a file: a blank document or
            label, a document without a label, the delimiter or a line break inside a label.
        OperationFailed: the file cannot be written.
    """
    blocks = _training_rows(dataset, delimiter)
    with atomic_writer(path) as file:
        written = sum(_write_lines(file, rows) for rows in watch.over(blocks, every=1))
        _check_lines(written, len(dataset), path)
    return len(dataset)


def training_row_bytes(dataset: Dataset, delimiter: str = "|") -> npt.NDArray[np.int64]:
    """int64 (n_documents,): bytes of each document's line in a training CSV, line end included.

    The file has nothing else, so a file of some of the documents, or of copies of them, is as large
    as the sum of theirs.

    Raises:
        InvalidInput: what `write_training_csv` refuses.
    """
    sizes = (len(row) + 1 for rows in _training_rows(dataset, delimiter) for row in rows)
    return np.fromiter(sizes, np.int64, len(dataset))


def _training_rows(dataset: Dataset, delimiter: str) -> Iterator[list[bytes]]:
    """Check a dataset, then yield the rows of its training CSV, without line ends, in blocks."""
    _refuse_empty(dataset)
    cells, codes = _label_cells(dataset, delimiter)
    plain = [cell + b"," for cell in cells]
    quoting = [cell + b',"' for cell in cells]
    return (
        [
            quoting[code] + text.replace(b'"', b'""') + b'"'
            if b'"' in text
            else quoting[code] + text + b'"'
            if b"," in text
            else plain[code] + text
            for code, text in zip(codes[start : start + len(texts)], texts, strict=True)
        ]
        for start, texts in _text_blocks(dataset)
    )


def write_scoring_text(dataset: Dataset, path: Path, watch: Watch = UNWATCHED) -> LineMap:
    """Write the texts alone, one physical line each, whole or not at all; return the line map.

    Args:
        dataset: the documents.
        path: the file; its name becomes part of the line map.

    Raises:
        InvalidInput: a document is blank, or the texts begin with their labels.
        OperationFailed: the file cannot be written.
    """
    _refuse_empty(dataset)
    refuse_labelled_texts(dataset.texts, dataset.labels, path)
    digest = hashlib.sha256()
    with atomic_writer(path) as file:
        written = 0
        for _, texts in watch.over(_text_blocks(dataset), every=1):
            written += _write_lines(file, texts, digest)
        _check_lines(written, len(dataset), path)
    return LineMap(path.name, f"sha256:{digest.hexdigest()}", list(dataset.ids))


def _write_lines(file: BinaryIO, lines: Sequence[bytes], digest: Any = None) -> int:
    """Write lines with their ends; return how many line ends of any kind that made."""
    data = b"\n".join(lines) + b"\n"
    file.write(data)
    if digest is not None:
        digest.update(data)
    return data.count(b"\n") + data.count(b"\r")


def _text_blocks(dataset: Dataset) -> Iterator[tuple[int, list[bytes]]]:
    """Yield the position of each block's first document, and its texts as single lines."""
    for start in range(0, len(dataset), _BLOCK_ROWS):
        texts = dataset.texts[start : start + _BLOCK_ROWS]
        try:
            lines = byte_lines(texts)
        except UnicodeEncodeError as error:
            raise _half_pair(dataset) from error
        if b"" in lines:
            blank = [
                name
                for name, text in zip(dataset.ids, dataset.texts, strict=True)
                if not one_line(text)
            ]
            raise InvalidInput(
                "Blank documents",
                f"{plural(len(blank), 'document')} without any text: {listed(blank, 5)}",
                "drop them before files are written",
            )
        yield start, lines


def _label_cells(dataset: Dataset, delimiter: str) -> tuple[list[bytes], list[int]]:
    """The distinct label cells, quoted where needed, and the number of each document's cell."""
    _refuse_labels(dataset, delimiter)
    packed = np.packbits(dataset.membership, axis=1)
    keys = np.ascontiguousarray(packed).view(f"V{packed.shape[1]}").ravel()
    _, first, codes = np.unique(keys, return_index=True, return_inverse=True)
    sets = dataset.subset(first).label_sets()
    for names, row in zip(sets, first.tolist(), strict=True):
        if not names or (dataset.mode == "multi-class" and len(names) > 1):
            raise InvalidInput(
                "Wrong number of labels",
                f"document {quoted(dataset.ids[row])} has {plural(len(names), 'label')}",
                "a document has exactly one label in the multi-class mode"
                if names
                else "give it a label, or the none-label",
            )
    return [_csv_cell(delimiter.join(names)) for names in sets], codes.ravel().tolist()


def _csv_cell(cell: str) -> bytes:
    if "," in cell or '"' in cell:
        cell = '"' + cell.replace('"', '""') + '"'
    return cell.encode()


def _refuse_labels(dataset: Dataset, delimiter: str) -> None:
    _refuse_unknown_delimiter(delimiter)
    for label, support in zip(dataset.labels, dataset.support.tolist(), strict=True):
        if not support:
            continue
        if not label.strip():
            raise InvalidInput(
                "Blank label", f"{plural(support, 'document')} with a blank label", "rename it"
            )
        if label != one_line(label) or _HALF_PAIR.search(label):
            raise InvalidInput(
                "Label cannot be written",
                f"label {quoted(label)} has blanks around it, a line break or half a character",
                "rename the label",
            )
        if dataset.mode == "multi-label" and delimiter in label:
            raise InvalidInput(
                "The delimiter occurs in a label",
                f"label {quoted(label)} holds {quoted(delimiter)}",
                f"use {quoted(choose_delimiter(dataset.labels))} between labels",
            )


def _refuse_unknown_delimiter(delimiter: str) -> None:
    if len(delimiter) != 1 or delimiter not in DELIMITERS:
        raise InvalidInput(
            "Unknown label delimiter",
            f"{quoted(delimiter)} is not a delimiter that Comprehend takes",
            f"use one of {' '.join(DELIMITERS.strip())} or a blank or a tab",
        )


def _refuse_empty(dataset: Dataset) -> None:
    if not len(dataset):
        raise InvalidInput(
            "No documents", "there is nothing to write", "choose a part with documents"
        )


def _half_pair(dataset: Dataset) -> InvalidInput:
    halves = [
        name
        for name, text in zip(dataset.ids, dataset.texts, strict=True)
        if _HALF_PAIR.search(text)
    ]
    return InvalidInput(
        "Text cannot be written",
        f"half of a surrogate pair, which UTF-8 has not, in document {listed(halves, 5)}",
        "correct the text in the source",
    )


def _check_lines(written: int, documents: int, path: Path) -> None:
    if written != documents:
        raise OperationFailed(
            "Lines and documents differ",
            f"{printable(path.name, 80)}: {written:,} lines for {plural(documents, 'document')}",
            "report this as a defect; nothing was written",
        )
