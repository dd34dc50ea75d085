"""What a reader decided about documents, kept in the session as a log with undo.

A mark says what a document should be, not what to change, so applying the same marks twice changes
nothing the second time, and marks need no clearing after they were applied.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import msgspec

from core.dataset.documents import Mode
from core.errors import InvalidInput
from core.files import locked, write_atomic
from core.text import printable
from core.workflow.session import Session, now

if TYPE_CHECKING:
    from core.workflow.actions.review.reading import ReviewRow

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


def _lines(session: Session) -> list[_Line]:
    path = session.path("review.jsonl")
    lines = []
    data = path.read_bytes() if path.exists() else b""
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line:
            continue
        try:
            lines.append(msgspec.json.decode(line, type=_Line))
        except msgspec.MsgspecError as error:
            raise InvalidInput(
                "Damaged marks",
                f"{printable(str(path))} line {number}: {printable(str(error), 120)}",
                "remove that line; every other mark stays",
            ) from error
    return lines


def _append(session: Session, line: _Line) -> None:
    path = session.path("review.jsonl")
    with locked(session.path(".review.lock"), "the marks of the session", 2.0):
        before = path.read_bytes() if path.exists() else b""
        write_atomic(path, before + msgspec.json.encode(line) + b"\n")
