"""Write the files that Comprehend reads: training CSV and text-only scoring files.

Training CSV: UTF-8 without a byte order mark, no header, label cell and text, minimal quoting, LF.
Scoring text: the text alone, exactly one physical line for each document.
(Amazon Comprehend Developer Guide: preparing classifier training data; asynchronous analysis.)
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from core.dataset.documents import Dataset
from core.dataset.formats.line_maps import LineMap
from core.dataset.formats.one_line import byte_lines, one_line
from core.dataset.formats.places import listed, quoted
from core.dataset.formats.scoring_check import refuse_labelled_lines, refuse_labelled_texts
from core.errors import InvalidInput, OperationFailed
from core.files import atomic_writer
from core.text import plural, printable

__all__ = [
    "DELIMITERS",
    "choose_delimiter",
    "one_line",
    "refuse_labelled_lines",
    "training_row_bytes",
    "write_scoring_text",
    "write_training_csv",
]

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


def write_training_csv(dataset: Dataset, path: Path, delimiter: str = "|") -> int:
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
        written = sum(_write_lines(file, rows) for rows in blocks)
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


def write_scoring_text(dataset: Dataset, path: Path) -> LineMap:
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
        for _, texts in _text_blocks(dataset):
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
