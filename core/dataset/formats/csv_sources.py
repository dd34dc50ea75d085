"""The three CSV forms: wide 0/1 columns, a column of label lists, and Comprehend's two columns."""

from collections.abc import Callable, Sequence
from pathlib import Path

from core.dataset.formats.csv_table import (
    NOT_SCORED,
    BadCellError,
    TablePlan,
    csv_faults_explained,
    csv_reader,
    position,
    read_header,
    read_table,
)
from core.dataset.formats.label_cells import names_in_cell
from core.dataset.formats.opening import Source
from core.dataset.formats.rows import LabelSets, Rows
from core.dataset.formats.settings import SourceFormat, SourceSettings

_LabelSetReader = Callable[[tuple[str, ...], LabelSets], int]
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


def read_csv(source: Source, settings: SourceSettings) -> Rows:
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
    wanted = settings.label_columns or ()
    places = tuple(position(name, columns, path, "label column") for name in wanted)
    names = [columns[place] for place in places]
    return TablePlan(text, places, _flags_reader(names), identity, group, names)


def _flags_reader(names: Sequence[str]) -> _LabelSetReader:
    def label_set(cells: tuple[str, ...], sets: LabelSets) -> int:
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

    def label_set(cells: tuple[str, ...], sets: LabelSets) -> int:
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
