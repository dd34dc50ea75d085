"""Refuse to score text that carries its own answer.

A labelled two-column CSV is accepted by a one-document-per-line job, which then scores the label
names as part of the text.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

from core.dataset.formats.csv_table import csv_reader
from core.dataset.formats.opening import Source
from core.dataset.formats.places import place_of, quoted
from core.errors import InvalidInput

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
    known = frozenset(labels)
    checked = texts[:_ROWS_CHECKED]
    labelled = [text for text in checked if _begins_with_labels(text, known)]
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
    known = frozenset(labels)
    rows = 0
    found: list[str] = []
    for row in islice(csv_reader(iter(lines), ",", strict=False), _ROWS_CHECKED):
        rows += 1
        if len(row) > 1 and _is_labels(row[0], known):
            found.append(row[0])
    if rows and len(found) > _SHARE * rows:
        raise _leak(path, found[0], len(found), rows)


def _leak(path: Path, example: str, count: int, rows: int) -> InvalidInput:
    return InvalidInput(
        "The text to be scored holds labels",
        f"{place_of(path)}: {count:,} of {rows:,} rows begin with known labels, such as "
        f"{quoted(example)}; the classifier would read the answer",
        "score a file with the text alone, one document a line",
    )
