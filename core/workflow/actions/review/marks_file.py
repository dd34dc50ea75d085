"""Marks as a CSV file, to read and edit in a spreadsheet."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

from core.dataset.documents import load_dataset
from core.errors import InvalidInput
from core.files import write_atomic
from core.text import plural, printable
from core.workflow.actions.create import current_dataset
from core.workflow.actions.review.marks import Action, Mark, Marks, add_marks, read_marks
from core.workflow.actions.review.reading import Review
from core.workflow.session import Session

ACTIONS: tuple[Action, ...] = get_args(Action)
_NEEDED = ("id", "label", "mark")
_COLUMNS = (*_NEEDED, "labels", "score", "text")
_MOST_SHOWN = 5
_HINT = "marks are add, remove, drop and keep; leave a cell empty for no mark"


def export_marks(session: Session, path: Path) -> int:
    """Write every mark of the session as CSV, with labels and text; how many there are.

    Raises:
        InvalidInput: there are none, or a file of the session is damaged.
        OperationFailed: the file cannot be written.
    """
    marks = read_marks(session).all()
    if not marks:
        raise InvalidInput(
            "No marks", "nothing is marked yet", "export a reading list: add --label LABEL"
        )
    dataset = load_dataset(session.path(session.state().revisions[0].path))
    places = {name: row for row, name in enumerate(dataset.ids)}
    label_sets = dataset.label_sets()
    rows = []
    for mark in marks:
        row = places[mark.id]
        labels = ", ".join(label_sets[row])
        rows.append((mark.id, mark.label, mark.action, labels, "", dataset.texts[row]))
    _write(path, rows)
    return len(rows)


def export_list(review: Review, path: Path) -> int:
    """Write a reading list as CSV with its marks, to be marked there; how many documents it has.

    Raises:
        OperationFailed: the file cannot be written.
    """
    rows = [
        (
            row.id,
            row.mark.label if row.mark else review.label,
            row.mark.action if row.mark else "",
            ", ".join(row.labels),
            "" if row.score is None else repr(row.score),
            row.text,
        )
        for row in review.rows
    ]
    _write(path, rows)
    return len(rows)


def _write(path: Path, rows: Iterable[tuple[str, ...]]) -> None:
    """Write rows of `_COLUMNS`; a text that a spreadsheet would run as a formula gets an apostrophe
    in front, since the column is not read back."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for *facts, document in rows:
        is_formula = document.lstrip()[:1] in ("=", "+", "-", "@")
        writer.writerow([*facts, f"'{document}" if is_formula else document])
    write_atomic(path, text.getvalue().encode("utf-8", "surrogatepass"), mode=0o644)


def import_marks(session: Session, path: Path) -> Marks:
    """Take the marks of a CSV file into the session, as one thing to undo; all marks afterwards.

    The columns ``id``, ``label`` and ``mark`` are read and the others ignored; a row without a mark
    changes nothing.

    Raises:
        InvalidInput: the file cannot be read, or a row names a document, a label or a mark that
            does not exist; lines are named, and nothing is taken.
        TryAgain: another terminal is writing the marks.
    """
    return add_marks(session, read_marks_file(session, path))


def read_marks_file(session: Session, path: Path) -> tuple[Mark, ...]:
    """The marks of a CSV file.

    Raises:
        InvalidInput: as `import_marks`.
    """
    state = session.state()
    ids = set(load_dataset(session.path(state.revisions[0].path)).ids)
    labels = frozenset(current_dataset(session, state).labels)
    marks: dict[tuple[str, str], Mark] = {}
    lines: dict[tuple[str, str], int] = {}
    problems: list[str] = []
    for number, row in _rows(path):
        name, label, action = (row[column] for column in _NEEDED)
        if not action.strip():
            continue
        mark = _mark(name, label, action)
        problem = _problem(mark, name, label, action, ids, labels)
        earlier = marks.get((name, label))
        if not problem and earlier is not None and earlier != mark:
            problem = f"another mark than in line {lines[name, label]}"
        if problem:
            problems.append(f"line {number}: {problem}")
        elif mark is not None:
            marks[name, label], lines[name, label] = mark, number
    if problems:
        more = len(problems) - _MOST_SHOWN
        tail = f"; and {plural(more, 'more line')}" if more > 0 else ""
        raise _bad_file(path, "; ".join(problems[:_MOST_SHOWN]) + tail, _HINT)
    return tuple(marks.values())


def _mark(name: str, label: str, action: str) -> Mark | None:
    wanted = action.strip().lower()
    return next((Mark(name, label, known) for known in ACTIONS if known == wanted), None)


def _problem(
    mark: Mark | None, name: str, label: str, action: str, ids: set[str], labels: frozenset[str]
) -> str:
    """What is wrong with one row; empty when nothing is."""
    if name not in ids:
        return f"no document has the id {printable(name, 40)!r}"
    if mark is None:
        return f"{printable(action, 40)!r} is not a mark"
    if label not in labels and mark.action != "drop":
        return f"{printable(label, 40)!r} is not a label of the dataset"
    return ""


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """Line number and the needed cells of every row."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = next(reader, [])
        missing = [name for name in _NEEDED if name not in header]
        if missing:
            raise _bad_file(path, f"line 1: column {', '.join(missing)} is missing",
                            "the first line names the columns: id,label,mark")  # fmt: skip
        places = {name: header.index(name) for name in _NEEDED}
        rows = []
        number = reader.line_num + 1
        for cells in reader:
            if cells:
                if len(cells) <= max(places.values()):
                    raise _bad_file(path, f"line {number}: {plural(len(cells), 'cell')} only",
                                    "every row needs an id, a label and a mark")  # fmt: skip
                rows.append((number, {name: cells[at] for name, at in places.items()}))
            number = reader.line_num + 1
    except OSError as error:
        raise _bad_file(
            path, error.strerror or str(error), "give the path of a CSV file"
        ) from error
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise _bad_file(path, f"line {line}: not UTF-8", "save it as CSV in UTF-8") from error
    except csv.Error as error:
        message = f"line {reader.line_num}: {printable(str(error), 80)}"
        raise _bad_file(path, message, "check the quotes of that line") from error
    return rows


def _bad_file(path: Path, message: str, hint: str) -> InvalidInput:
    return InvalidInput("Cannot read the marks", f"{printable(str(path))}: {message}", hint)
