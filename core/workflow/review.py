"""The review step: read documents that are worth reading, and mark what is wrong with them."""

import csv
import io
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal, get_args

import msgspec
import numpy as np
import numpy.typing as npt

from core.dataset.documents import Dataset, Mode, Rows, load_dataset
from core.dataset.duplicates import text_keys
from core.dataset.formats.csv_sources import csv_reader
from core.decoding import JsonDecoder, Undecodable, read_bytes
from core.errors import InvalidInput
from core.files import locked, write_atomic
from core.spreadsheet import csv_bytes, without_apostrophe
from core.text import plural, printable
from core.tuning.curves import column_of
from core.tuning.part import Part
from core.tuning.review import KINDS, Around, Kind, Suspects, documents_around, label_suspects
from core.workflow.data import current_dataset
from core.workflow.jobs import session_clients
from core.workflow.parts import load_part
from core.workflow.recorded import verified
from core.workflow.score import labels_taken
from core.workflow.session import Session, now
from core.workflow.split import load_all_parts
from core.workflow.state import RunState

# The reading lists of one label: which documents of a part, in which order, and why.


ListName = Literal[
    "all", "false-negatives", "false-positives", "suspects", "duplicates", "contradictions"
]
"""What to read: every document, missed ones, wrongly flagged ones, suspected label errors, equal
texts of which only some have the label, and documents with the none-label beside another one."""
LISTS: tuple[ListName, ...] = get_args(ListName)


class LabelLists:
    """Every reading list of one label; each is worked out when it is first asked for."""

    def __init__(
        self, data: Part, column: int, threshold: float, groups: npt.NDArray[np.intp]
    ) -> None:
        """Take the scores and labels of one part.

        Args:
            data: of the part.
            column: of the label.
            threshold: of the label.
            groups: intp (n_documents,), as `text_groups` gives them.
        """
        self._data = data
        self._column = column
        self._groups = groups
        self._truth = data.truth[:, column]
        self.around: Around = documents_around(
            data.returned[:, column], self._truth, threshold, "all", data.scores[:, column]
        )
        """Every document by its distance from the threshold, with its kind of decision."""
        self.suspects: Suspects = label_suspects(
            data.returned[:, column], self._truth, column_of(data.ceilings, column)
        )
        """Documents whose label the classifier confidently contradicts."""

    def rows(self, name: ListName) -> Rows:
        """Positions of the documents of one list, in reading order."""
        if name == "suspects":
            return self.suspects.rows
        if name == "duplicates":
            return self._conflicting()
        if name == "contradictions":
            return self._contradicting()
        by_distance = self.around.rows
        if name == "all":
            return by_distance
        kind = 0 if name == "false-negatives" else 1
        rows: Rows = by_distance[self.around.kinds[by_distance] == kind]
        return rows

    def _conflicting(self) -> Rows:
        """Equal texts of which some have the label and some have not, text by text."""
        size = np.bincount(self._groups)
        with_label = np.bincount(self._groups, weights=self._truth, minlength=len(size))
        differs = (with_label > 0) & (with_label < size)
        rows: Rows = np.flatnonzero(differs[self._groups])
        by_text: Rows = rows[np.argsort(self._groups[rows], kind="stable")]
        return by_text

    def _contradicting(self) -> Rows:
        """Documents that have the label and the none-label, or the none-label and any other."""
        data = self._data
        if data.none_label is None or data.none_label not in data.labels:
            return np.zeros(0, np.intp)
        none = data.truth[:, data.labels.index(data.none_label)]
        has_several = data.truth.sum(axis=1) > 1
        return np.flatnonzero(self._truth & none & has_several)


def text_groups(texts: list[str]) -> npt.NDArray[np.intp]:
    """intp (n_documents,): equal normalised texts share a number, in order of first appearance."""
    if not texts:
        return np.zeros(0, np.intp)
    _, first, inverse = np.unique(text_keys(texts), return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.intp)
    rank[np.argsort(first)] = np.arange(len(first))
    groups: npt.NDArray[np.intp] = rank[inverse]
    return groups


# What a reader decided about documents, kept in the session as a log with undo.
#
# A mark says what a document should be, not what to change, so applying the same marks twice
# changes nothing the second time, and marks need no clearing after they were applied.


Action = Literal["add", "remove", "drop", "keep"]
"""Give the document the label, take the label off it, leave the document out, leave as it is."""


class Mark(msgspec.Struct, frozen=True):
    """One decision of a reader."""

    id: str
    """The document."""
    label: str
    """The label that it is about; for ``drop`` the one under which it was read."""
    action: Action


class _Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One press of a key, or one imported file."""

    at: str
    marks: tuple[Mark, ...] = ()
    undo: bool = False


@dataclass
class Marks:
    """The marks that count, by document and label."""

    mode: Mode
    """In multi-class mode a document has one mark, since it has one class."""
    by_document: dict[str, dict[str, Mark]] = field(default_factory=dict)

    def __len__(self) -> int:
        """Number of marks."""
        return sum(map(len, self.by_document.values()))

    def of(self, document: str, label: str) -> Mark | None:
        """The mark of a document that a reader of `label` should see."""
        marks = self.by_document.get(document, {})
        for mark in marks.values():
            if mark.action == "drop" or self.mode == "multi-class":
                return mark
        return marks.get(label)

    def all(self) -> list[Mark]:
        """Every mark, in the order in which documents were first marked."""
        return [mark for marks in self.by_document.values() for mark in marks.values()]

    def put(self, mark: Mark) -> None:
        """Take a decision in; a dropped document has no other mark, and another mark revives it."""
        marks = self.by_document.setdefault(mark.id, {})
        is_alone = mark.action == "drop" or self.mode == "multi-class"
        if is_alone or any(other.action == "drop" for other in marks.values()):
            marks.clear()
        marks[mark.label] = mark


def relabel_mark(row: "ReviewRow", label: str, mode: Mode, none_label: str | None) -> Mark:
    """The mark that says that a document's label is wrong.

    A document without the label should have it; one with it should not. In multi-class mode a
    document that has the class should have the one that the classifier scores highest beside it.

    Raises:
        InvalidInput: it is not known which label the document should have instead.
    """
    if label not in row.labels:
        return Mark(row.id, label, "add")
    if mode == "multi-label" and (label != none_label or len(row.labels) > 1):
        return Mark(row.id, label, "remove")
    if mode == "multi-class" and row.rival:
        return Mark(row.id, row.rival, "add")
    raise InvalidInput(
        "Which label instead?",
        f"without {printable(label, 40)!r} the document would have no label",
        "go to the label that it should have, and mark it there",
    )


def read_marks(session: Session) -> Marks:
    """The marks of a session.

    Raises:
        InvalidInput: the file is damaged.
    """
    marks = Marks(session.state().dataset.mode)
    for line in _effective(_lines(session)):
        for mark in line.marks:
            marks.put(mark)
    return marks


def add_marks(session: Session, marks: Iterable[Mark]) -> Marks:
    """Keep marks, as one thing to undo; all marks afterwards. They are on disk when it returns.

    Raises:
        InvalidInput: the file of marks is damaged.
        OperationFailed: it cannot be written.
        TryAgain: another terminal is writing it.
    """
    known = read_marks(session)
    new = tuple(
        mark for mark in marks if known.by_document.get(mark.id, {}).get(mark.label) != mark
    )
    if new:
        _append(session, _Line(now(), new))
    return read_marks(session)


def undo_marks(session: Session) -> tuple[Mark, ...]:
    """Take the last marks back; they are returned, none when there are none.

    What was applied to the dataset stays applied.

    Raises:
        InvalidInput: the file of marks is damaged.
        TryAgain: another terminal is writing it.
    """
    left = _effective(_lines(session))
    if not left:
        return ()
    _append(session, _Line(now(), undo=True))
    return left[-1].marks


def _effective(lines: list[_Line]) -> list[_Line]:
    """The lines that were not taken back."""
    kept: list[_Line] = []
    for line in lines:
        if not line.undo:
            kept.append(line)
        elif kept:
            kept.pop()
    return kept


_DAMAGED = "Damaged marks"


def _lines(session: Session) -> list[_Line]:
    decoder = JsonDecoder(_Line)
    path = session.path("review.jsonl")
    lines = []
    data = _saved_marks(path)
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line:
            continue
        try:
            lines.append(decoder.decode(line))
        except Undecodable as error:
            raise InvalidInput(
                _DAMAGED,
                f"{printable(str(path))} line {number}: {error}",
                "remove that line; every other mark stays",
            ) from error
    return lines


def _saved_marks(path: Path) -> bytes:
    hint = "restore it from a copy, or remove it and with it every mark"
    return read_bytes(path, title=_DAMAGED, hint=hint) if path.exists() else b""


def _append(session: Session, line: _Line) -> None:
    path = session.path("review.jsonl")
    with locked(session.path(".review.lock"), "the marks of the session", 2.0):
        before = _saved_marks(path)
        write_atomic(path, before + msgspec.json.encode(line) + b"\n")


# Read one part of a run: its reading lists, its documents, and why each is worth reading.


Terms = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class ReviewRow:
    """One document as a person wants to read it."""

    id: str
    text: str
    """As in the source."""
    labels: tuple[str, ...]
    """Its true labels."""
    score: float | None
    """Score of the reviewed label; None when it was not returned."""
    kind: Kind
    confidence: float = 0.0
    """Probability that the classifier gives to what the document is labelled with; the highest
    possible one when the score was not returned."""
    rival: str = ""
    """Multi-class: the class beside its own that the classifier scores highest; "" when no other
    class was returned."""
    text_group: int = 0
    """Documents of equal text share it."""
    mark: Mark | None = None


@dataclass(frozen=True)
class Review:
    """One reading list of one label."""

    run: str
    part: str
    label: str
    threshold: float
    is_tuned: bool
    """False when the run has no thresholds yet and the default is used."""
    wanted: ListName
    counts: dict[Kind, int]
    """Number of documents of each kind in the whole part."""
    sizes: dict[ListName, int]
    """Documents of every list of the label."""
    found: int
    """Documents of the list that hold every word."""
    read: int
    """How many of them are marked."""
    rows: tuple[ReviewRow, ...]
    """The first of them."""


@dataclass(frozen=True)
class LabelErrors:
    """How often one label is wrong at its threshold, and how often it is labelled wrongly."""

    label: str
    threshold: float
    false_negatives: int
    false_positives: int
    not_returned: int
    """Documents whose score is unknown."""
    suspects: int
    duplicates: int
    contradictions: int


@dataclass(frozen=True)
class ReviewData:
    """Scores, truth and texts of one part, read once for every label."""

    run: str
    part: str
    parts: tuple[str, ...]
    """The scored parts of the run, which can be reviewed."""
    documents: Dataset
    """The documents of the part, in the order of `data`."""
    data: Part
    thresholds: dict[str, float]
    """Threshold of every label."""
    is_tuned: bool
    """False when the run has no thresholds yet and the default is used."""
    groups: npt.NDArray[np.intp]
    """intp (n_documents,): documents of equal text share a number."""
    explain: Callable[[str, str], Terms | None]
    """The words of a text that move a label's score most, by label and text; None when the engine
    does not say."""
    _lists: dict[str, LabelLists] = field(default_factory=dict, repr=False)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels in the order of the dataset."""
        return self.data.labels

    @cached_property
    def searchable(self) -> list[str]:
        """Id and text of each document in lower case."""
        pairs = zip(self.documents.ids, self.documents.texts, strict=True)
        return [f"{name}\n{text}".lower() for name, text in pairs]

    def lists_of(self, label: str) -> LabelLists:
        """The reading lists of a label.

        Raises:
            InvalidInput: there is no such label.
        """
        if label not in self.labels:
            known = ", ".join(printable(name, 40) for name in self.labels)
            raise InvalidInput(
                "No such label", f"{printable(label, 60)!r} is not a label here", f"labels: {known}"
            )
        if label not in self._lists:
            column = self.labels.index(label)
            self._lists[label] = LabelLists(self.data, column, self.thresholds[label], self.groups)
        return self._lists[label]


def load_review(session: Session, run_name: str | None = None, part: str = "") -> ReviewData:
    """Read what reviewing any label of a part needs.

    Args:
        run_name: the run; the newest when None.
        part: the part; the one that thresholds are tuned on when empty.

    Raises:
        InvalidInput: there is no such run, the part was not scored, or a file is damaged.
    """
    state = session.state()
    run = state.run_named(run_name)
    split = state.split_of(run)
    wanted = part or split.tuning_part
    if wanted not in run.scores:
        raise InvalidInput(
            "No scores",
            f"part {printable(wanted, 40)!r} was not scored in run {printable(run.name)}",
            f"scored parts: {', '.join(run.scores) or 'none; run: comprehend-tuner score'}",
        )
    data = load_part(session, state, run, wanted)
    revision = next(r for r in state.revisions if r.id == split.revision)
    dataset = load_dataset(verified(session, state, revision.path))
    rows = np.flatnonzero(load_all_parts(session, split) == split.part_names.index(wanted))
    documents = dataset.subset(rows)
    values = dict(run.thresholds.values) if run.thresholds is not None else {}
    default = data.default
    return ReviewData(
        run=run.name,
        part=wanted,
        parts=tuple(name for name in split.part_names if name in run.scores),
        documents=documents,
        data=data,
        thresholds={label: values.get(label, default) for label in data.labels},
        is_tuned=run.thresholds is not None,
        groups=text_groups(documents.texts),
        explain=_explainer(session, run),
    )


def review_label(
    review: ReviewData,
    label: str,
    wanted: ListName = "all",
    words: str = "",
    limit: int = 500,
    marks: Marks | None = None,
) -> Review:
    """One reading list of a label.

    Decisions come by distance from the threshold, suspected label errors by self-confidence,
    conflicting duplicates text by text.

    Args:
        words: only documents that hold each of these words in their text or id, in any case.
        limit: rows to return at most.
        marks: what was marked so far.

    Raises:
        InvalidInput: there is no such label.
    """
    marks = marks or Marks(review.data.mode)
    lists = review.lists_of(label)
    rows: list[int] = lists.rows(wanted).tolist()
    needles = words.lower().split()
    if needles:
        texts = review.searchable
        rows = [row for row in rows if all(needle in texts[row] for needle in needles)]
    ids = review.documents.ids
    return Review(
        run=review.run,
        part=review.part,
        label=label,
        threshold=review.thresholds[label],
        is_tuned=review.is_tuned,
        wanted=wanted,
        counts=lists.around.counts,
        sizes={name: len(lists.rows(name)) for name in LISTS},
        found=len(rows),
        read=sum(marks.of(ids[row], label) is not None for row in rows),
        rows=_rows(review, label, lists, rows[:limit], marks),
    )


def label_errors(review: ReviewData) -> tuple[LabelErrors, ...]:
    """How often each label is wrong, to choose what to read."""
    rows = []
    for column, label in enumerate(review.labels):
        lists = review.lists_of(label)
        counts = lists.around.counts
        rows.append(
            LabelErrors(
                label=label,
                threshold=review.thresholds[label],
                false_negatives=counts["false-negative"],
                false_positives=counts["false-positive"],
                not_returned=int(np.isnan(review.data.returned[:, column]).sum()),
                suspects=len(lists.rows("suspects")),
                duplicates=len(lists.rows("duplicates")),
                contradictions=len(lists.rows("contradictions")),
            )
        )
    return tuple(rows)


def _rows(
    review: ReviewData, label: str, lists: LabelLists, rows: Sequence[int], marks: Marks
) -> tuple[ReviewRow, ...]:
    scores = review.data.returned[:, review.labels.index(label)]
    documents = review.documents
    is_classes = review.data.mode == "multi-class"
    label_sets = [
        tuple(name for name, has in zip(review.labels, row, strict=True) if has)
        for row in review.data.truth[list(rows)].tolist()
    ]
    return tuple(
        ReviewRow(
            id=documents.ids[row],
            text=documents.texts[row],
            labels=labels,
            score=None if np.isnan(scores[row]) else float(str(scores[row])),
            kind=KINDS[lists.around.kinds[row]],
            confidence=float(lists.suspects.confidence[row]),
            rival=_rival(review, row) if is_classes else "",
            text_group=int(review.groups[row]),
            mark=marks.of(documents.ids[row], label),
        )
        for row, labels in zip(rows, label_sets, strict=True)
    )


def _rival(review: ReviewData, row: int) -> str:
    """The highest scored class that the document does not have; "" when none was returned."""
    scores = np.where(review.data.truth[row], np.nan, review.data.returned[row])
    return "" if np.isnan(scores).all() else review.labels[int(np.nanargmax(scores))]


def _explainer(session: Session, run: RunState) -> Callable[[str, str], Terms | None]:
    """What explains a score of a run; the engine is opened only where it can answer."""
    if session.state().engine.name != "offline":
        return lambda label, text: None
    explain = session_clients(session).explain_score
    owners = {
        label: classifier.training.arn
        for classifier, taken in zip(run.classifiers, labels_taken(run), strict=True)
        for label in taken
    }

    def terms(label: str, text: str) -> Terms | None:
        arn = owners.get(label)
        return None if arn is None else explain(arn, text, label)

    return terms


# Marks as a CSV file, to read and edit in a spreadsheet.


ACTIONS: tuple[Action, ...] = get_args(Action)
_NEEDED = ("id", "label", "mark")
_COLUMNS = (*_NEEDED, "labels", "score", "text")
_MOST_SHOWN = 5
_HINT = "marks are add, remove, drop and keep; leave a cell empty for no mark"


def export_marks(session: Session, path: Path, is_raw: bool = False) -> int:
    """Write every mark of the session as CSV, with labels and text; how many there are.

    Args:
        is_raw: for machines: no apostrophe before text that a spreadsheet would run.

    Raises:
        InvalidInput: there are none, or a file of the session is damaged.
        OperationFailed: the file cannot be written.
    """
    marks = read_marks(session).all()
    if not marks:
        raise InvalidInput(
            "No marks", "nothing is marked yet", "export a reading list: add --label LABEL"
        )
    state = session.state()
    dataset = load_dataset(verified(session, state, state.revisions[0].path))
    places = {name: row for row, name in enumerate(dataset.ids)}
    label_sets = dataset.label_sets()
    rows = []
    for mark in marks:
        row = places[mark.id]
        labels = ", ".join(label_sets[row])
        rows.append((mark.id, mark.label, mark.action, labels, "", dataset.texts[row]))
    write_atomic(path, csv_bytes((_COLUMNS, *rows), is_raw), mode=0o644)
    return len(rows)


def export_list(review: Review, path: Path, is_raw: bool = False) -> int:
    """Write a reading list as CSV with its marks, to be marked there; how many documents it has.

    Args:
        is_raw: as in `export_marks`.

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
    write_atomic(path, csv_bytes((_COLUMNS, *rows), is_raw), mode=0o644)
    return len(rows)


def import_marks(session: Session, path: Path, is_raw: bool = False) -> Marks:
    """Take the marks of a CSV file into the session, as one thing to undo; all marks afterwards.

    The columns ``id``, ``label`` and ``mark`` are read and the others ignored; a row without a mark
    changes nothing.

    Args:
        is_raw: whether the file was exported so; else an apostrophe that made a cell harmless is
            taken off again.

    Raises:
        InvalidInput: the file cannot be read, or a row names a document, a label or a mark that
            does not exist; lines are named, and nothing is taken.
        TryAgain: another terminal is writing the marks.
    """
    return add_marks(session, read_marks_file(session, path, is_raw))


def read_marks_file(session: Session, path: Path, is_raw: bool = False) -> tuple[Mark, ...]:
    """The marks of a CSV file.

    Args:
        is_raw: as in `import_marks`.

    Raises:
        InvalidInput: as `import_marks`.
    """
    state = session.state()
    ids = set(load_dataset(verified(session, state, state.revisions[0].path)).ids)
    labels = frozenset(current_dataset(session, state).labels)
    marks: dict[tuple[str, str], Mark] = {}
    lines: dict[tuple[str, str], int] = {}
    problems: list[str] = []
    for number, row in _csv_rows(path):
        name, label, action = (row[column] for column in _NEEDED)
        if not is_raw:
            name, label = _as_exported(name, ids), _as_exported(label, labels)
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


def _as_exported(cell: str, names: Collection[str]) -> str:
    """The name that a cell stands for; one that was written by hand may carry no apostrophe."""
    bare = without_apostrophe(cell)
    return cell if bare not in names and cell in names else bare


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


def _csv_rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """Line number and the needed cells of every row."""
    try:
        data = read_bytes(path, title="Cannot read the marks", hint="give the path of a CSV file")
        text = data.decode("utf-8-sig")
        reader = csv_reader(io.StringIO(text, newline=""), ",")
        header: list[str] = next(reader, [])
        missing = [name for name in _NEEDED if name not in header]
        if missing:
            raise _bad_file(
                path,
                f"line 1: column {', '.join(missing)} is missing",
                "the first line names the columns: id,label,mark",
            )
        places = {name: header.index(name) for name in _NEEDED}
        rows = []
        number = reader.line_num + 1
        for cells in reader:
            if cells:
                if len(cells) <= max(places.values()):
                    raise _bad_file(
                        path,
                        f"line {number}: {plural(len(cells), 'cell')} only",
                        "every row needs an id, a label and a mark",
                    )
                rows.append((number, {name: cells[at] for name, at in places.items()}))
            number = reader.line_num + 1
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise _bad_file(path, f"line {line}: not UTF-8", "save it as CSV in UTF-8") from error
    except csv.Error as error:
        message = f"line {reader.line_num}: {printable(str(error), 80)}"
        raise _bad_file(path, message, "check the quotes of that line") from error
    return rows


def _bad_file(path: Path, message: str, hint: str) -> InvalidInput:
    return InvalidInput("Cannot read the marks", f"{printable(str(path))}: {message}", hint)
