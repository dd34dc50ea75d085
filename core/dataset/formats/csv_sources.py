"""The three CSV forms: wide 0/1 columns, a column of label lists, and Comprehend's two columns."""

import ast
import contextlib
import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

from core.dataset.formats.sources import (
    CANNOT_READ,
    LIST_CELLS,
    NumberedSets,
    Source,
    SourceFormat,
    SourceRows,
    SourceSettings,
    place_of,
    quoted,
    unknown_column,
)
from core.decoding import decode_json
from core.errors import InvalidInput
from core.text import plural

# Read CSV rows once, with the line number of every fault.
#
# Rows are parsed strictly as RFC 4180 with any of three field delimiters: a quote that is never
# closed would otherwise swallow the rest of a file without a word.


NOT_SCORED = -1
"""What stands for the label set of a row that is not scored."""
FIELD_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
_LONGEST_CELL = 2**31 - 1


class BadCellError(Exception):
    """A label cell that cannot be read."""

    def __init__(self, column: str, value: str, wanted: str, hint: str) -> None:
        super().__init__(value)
        self.column = column
        self.value = value
        self.wanted = wanted
        self.hint = hint


@dataclass(frozen=True)
class TablePlan:
    """Which cells of a row to take, and how to read its labels."""

    text: int
    """Position of the text."""
    labels_at: tuple[int, ...]
    """Positions of the label cells."""
    label_set: Callable[[tuple[str, ...], NumberedSets], int]
    """Numbers the label set of such cells, or says `NOT_SCORED`; called once per distinct cells."""
    id: int | None = None
    """Position of the id; None for none."""
    group: int | None = None
    """Position of the group; None for none."""
    labels: Sequence[str] = ()
    """Label names that are known beforehand, in order."""


def csv_reader(lines: Iterator[str], delimiter: str, strict: bool = True) -> Any:
    """Return a `csv.reader` without a limit on the length of a cell."""
    csv.field_size_limit(_LONGEST_CELL)
    return csv.reader(lines, delimiter=delimiter, strict=strict)


def read_header(reader: Iterator[list[str]], path: Path) -> list[str]:
    """Return the first row that has cells.

    Raises:
        InvalidInput: the file has none.
    """
    for row in reader:
        if row:
            return row
    raise InvalidInput(CANNOT_READ, f"{place_of(path)} has no rows", "give a file with data")


def position(name: str, columns: Sequence[str], path: Path, what: str) -> int:
    """Return where a named column stands; blanks around the name do not matter.

    Raises:
        InvalidInput: there is none, or more than one.
    """
    places = [place for place, column in enumerate(columns) if column == name]
    places = places or [
        place for place, column in enumerate(columns) if column.strip() == name.strip()
    ]
    if not places:
        raise unknown_column(name, columns, path, what)
    if len(places) > 1:
        raise InvalidInput(
            CANNOT_READ,
            f"{place_of(path, 1)}: {what} {quoted(name)} stands in the header {len(places)} times",
            "rename all but one of them",
        )
    return places[0]


def read_table(source: Source, reader: Any, width: int, plan: TablePlan) -> SourceRows:
    """Read the data rows that `reader` has left.

    Args:
        source: the open source, for messages.
        reader: a `csv_reader` past the header.
        width: number of cells that every row must have.
        plan: which cells to take.

    Raises:
        InvalidInput: a row has another number of cells, or a label cell cannot be read.
    """
    rows, extras = _no_rows(plan)
    label_cells = _picker(plan.labels_at)
    code_of_cells: dict[tuple[str, ...], int] = {}
    add_text, add_code, add_line = rows.texts.append, rows.codes.append, rows.lines.append
    count, line = 0, reader.line_num + 1
    for row in reader:
        if len(row) == width:
            count += 1
            cells = label_cells(row)
            code = code_of_cells.get(cells)
            if code is None:
                code = code_of_cells[cells] = _label_set(cells, plan, rows.sets, source.path, line)
            if code != NOT_SCORED:
                add_code(code)
                add_text(row[plan.text])
                add_line(line)
                for add, place in extras:
                    add(row[place])
                if rows.ids is None:
                    rows.numbers.append(count)
        elif row:
            raise _ragged(source.path, line, len(row), width)
        else:
            rows.blank_lines += 1
        line = reader.line_num + 1
    rows.rows_read = count
    rows.not_scored = count - len(rows.texts)
    return rows


def _no_rows(plan: TablePlan) -> tuple[SourceRows, list[tuple[Callable[[str], None], int]]]:
    """Rows to fill, and for ids and groups what takes a cell and the cell's position."""
    rows, extras = SourceRows(sets=NumberedSets(plan.labels)), []
    if plan.id is not None:
        rows.ids = []
        extras.append((rows.ids.append, plan.id))
    if plan.group is not None:
        rows.groups = []
        extras.append((rows.groups.append, plan.group))
    return rows, extras


def _label_set(
    cells: tuple[str, ...], plan: TablePlan, sets: NumberedSets, path: Path, line: int
) -> int:
    """Number the label set of cells that were not seen before."""
    try:
        return plan.label_set(cells, sets)
    except BadCellError as error:
        place = place_of(path, line, error.column)
        message = f"{place}: {quoted(error.value)} is not {error.wanted}"
        raise InvalidInput(CANNOT_READ, message, error.hint) from error


def _picker(places: tuple[int, ...]) -> Callable[[list[str]], tuple[str, ...]]:
    """A function that takes the cells at `places` as a tuple."""
    if len(places) == 1:
        only = places[0]
        return lambda row: (row[only],)
    return itemgetter(*places)


def _ragged(path: Path, line: int, n_cells: int, width: int) -> InvalidInput:
    return InvalidInput(
        CANNOT_READ,
        f"{place_of(path, line)} has {plural(n_cells, 'cell')} where {width} are expected",
        "put cells that hold the field delimiter or quotes in quotes, and double the quotes inside",
    )


@contextlib.contextmanager
def csv_faults_explained(path: Path, delimiter: str) -> Iterator[None]:
    """Turn a fault of quoting into an error with the line where the row begins.

    Raises:
        InvalidInput: instead of `csv.Error`.
    """
    try:
        yield
    except csv.Error as error:
        first, last = _faulty_row(path, delimiter)
        message = f"{place_of(path, first)}: {error}"
        hint = "double the quotes inside a quoted cell, and close every quoted cell"
        if "end of data" in str(error):
            message = (
                f"{place_of(path, first)}: a quoted cell that begins in this row is never closed"
            )
        elif "expected after" in str(error):
            message = f"{place_of(path, last)}: text follows the closing quote of a cell"
        raise InvalidInput(CANNOT_READ, message, hint) from error


def _faulty_row(path: Path, delimiter: str) -> tuple[int, int]:
    """The physical lines where the row that cannot be parsed begins, and where parsing stopped."""
    with Source(path) as source:
        reader = csv_reader(source.lines(), delimiter)
        first = 1
        with contextlib.suppress(csv.Error):
            for _ in reader:
                first = reader.line_num + 1
        return first, max(reader.line_num, first)


# Cells that hold several labels: take them apart, and find out what stands between the labels.


_SURE = ("|", ";")
_LIKELY = (",", "\t", "/", "+", "~", "^", " ")


def names_in_cell(cell: str, delimiter: str | None) -> list[str]:
    """Return the labels of one cell in original form; an empty cell has none.

    Args:
        cell: the cell.
        delimiter: what stands between labels; None when the whole cell is one label.

    Raises:
        ValueError: the cell should hold a list, and does not.
    """
    if not cell:
        return []
    if delimiter is None:
        return [cell]
    if delimiter == LIST_CELLS:
        return _names_in_list(cell)
    return cell.split(delimiter)


def _names_in_list(cell: str) -> list[str]:
    """The texts of a list written as JSON, or as Python writes it."""
    if not cell.strip():
        return []
    try:
        return decode_json(cell.encode(), list[str])
    except ValueError:
        pass
    try:
        values = ast.literal_eval(cell.strip())
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise ValueError(cell) from error
    if not isinstance(values, list | tuple | set) or any(not isinstance(v, str) for v in values):
        raise ValueError(cell)
    return sorted(values) if isinstance(values, set) else list(values)


def find_label_delimiter(cells: Iterable[str]) -> str | None:
    """Return what stands between the labels of some cells; None when each cell is one label.

    ``|`` and ``;`` are believed where they occur. A comma, a blank and the like also occur inside
    labels, so they are believed only when taking cells apart gives fewer labels than cells.
    """
    distinct = sorted({cell for cell in cells if cell.strip()})
    if not distinct:
        return None
    if all(cell.strip()[0] == "[" and cell.strip()[-1] == "]" for cell in distinct):
        return LIST_CELLS
    for character in _SURE:
        if any(character in cell for cell in distinct):
            return _with_blanks(character, distinct)
    for character in _LIKELY:
        if any(character in cell for cell in distinct):
            delimiter = _with_blanks(character, distinct)
            if _repeats(delimiter, distinct):
                return delimiter
    return None


def _with_blanks(character: str, cells: Sequence[str]) -> str:
    """The delimiter with the blanks that stand beside it everywhere."""
    if character == " ":
        return character
    total = sum(cell.count(character) for cell in cells)
    for delimiter in (f" {character} ", f"{character} "):
        if sum(cell.count(delimiter) for cell in cells) == total:
            return delimiter
    return character


def _repeats(delimiter: str, cells: Sequence[str]) -> bool:
    """Whether cells taken apart give fewer labels than there are distinct cells."""
    pieces = {piece for cell in cells for piece in cell.split(delimiter)}
    return "" not in pieces and len(pieces) < len(cells)


_LabelSetReader = Callable[[tuple[str, ...], NumberedSets], int]
COMPREHEND_COLUMNS = ("label", "text")
"""How the two columns of Comprehend's headerless CSV are called."""
_FLAGS = {
    **dict.fromkeys(("1", "1.0", "true", "True", "TRUE"), 1),
    **dict.fromkeys(("0", "0.0", "false", "False", "FALSE"), 0),
    **dict.fromkeys(("-1", "-1.0"), NOT_SCORED),
}


def flag(cell: str) -> int | None:
    """Return 1, 0, or -1 for "not scored"; None when a cell is none of these."""
    return _FLAGS.get(cell.strip())


def read_csv_source(source: Source, settings: SourceSettings) -> SourceRows:
    """Read any of the CSV forms.

    Args:
        source: the open source, at its beginning.
        settings: complete settings.

    Raises:
        InvalidInput: a column is unknown, or a row cannot be read; with file, line and column.
    """
    delimiter = settings.field_delimiter or ","
    with csv_faults_explained(source.path, delimiter):
        reader = csv_reader(source.lines(), delimiter)
        if settings.format is SourceFormat.COMPREHEND_CSV:
            columns = list(COMPREHEND_COLUMNS)
            plan = TablePlan(1, (0,), _list_reader("label", settings))
        else:
            columns = read_header(reader, source.path)
            plan = _plan(columns, settings, source.path)
        return read_table(source, reader, len(columns), plan)


def _plan(columns: Sequence[str], settings: SourceSettings, path: Path) -> TablePlan:
    """Which cells of a row with a header to take."""

    def place(name: str | None, what: str) -> int | None:
        return position(name, columns, path, what) if name else None

    text = position(settings.text_column or "", columns, path, "text column")
    identity = place(settings.id_column, "id column")
    group = place(settings.group_column, "group column")
    if settings.format is SourceFormat.LABEL_LIST_CSV:
        name = settings.label_column or ""
        label = position(name, columns, path, "label column")
        return TablePlan(text, (label,), _list_reader(name, settings), identity, group)
    label_columns = settings.label_columns or ()
    places = tuple(position(name, columns, path, "label column") for name in label_columns)
    names = [columns[place] for place in places]
    return TablePlan(text, places, _flags_reader(names), identity, group, names)


def _flags_reader(names: Sequence[str]) -> _LabelSetReader:
    def label_set(cells: tuple[str, ...], sets: NumberedSets) -> int:
        flags = [flag(cell) for cell in cells]
        if None in flags:
            wrong = flags.index(None)
            raise BadCellError(
                names[wrong],
                cells[wrong],
                "0, 1 or -1",
                "choose other label columns, or correct the cell",
            )
        if NOT_SCORED in flags:
            return NOT_SCORED
        return sets.add([name for name, value in zip(names, flags, strict=True) if value])

    return label_set


def _list_reader(column: str, settings: SourceSettings) -> _LabelSetReader:
    delimiter = settings.label_delimiter if settings.mode == "multi-label" else None

    def label_set(cells: tuple[str, ...], sets: NumberedSets) -> int:
        try:
            return sets.add(names_in_cell(cells[0], delimiter))
        except ValueError as error:
            raise BadCellError(
                column,
                cells[0],
                'a list of labels such as ["a", "b"]',
                "set the label delimiter, or correct the cell",
            ) from error

    return label_set
