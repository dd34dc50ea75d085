"""Apply a reader's marks as a new revision.

The source and earlier revisions stay as they are. The parts of the split are carried over, so that
every document that is left stays in its part, and the next run can be compared with the last one
on the test documents that both have: `core.workflow.actions.shared_documents`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from core.dataset.documents import BoolMatrix, Dataset, save_dataset
from core.dataset.duplicates import duplicate_clusters
from core.dataset.splits import audit_split
from core.errors import InvalidInput
from core.files import fingerprint
from core.progress import UNWATCHED, Watch
from core.text import plural, printable
from core.workflow.data import current_dataset, revision_of
from core.workflow.review import Mark, Marks, read_marks
from core.workflow.session import Session
from core.workflow.split import SplitPreview, load_all_parts, prepare_split
from core.workflow.state import Revision, SessionState, SplitState

_MOST_NAMED = 5


@dataclass(frozen=True)
class Relabelling:
    """What applying the marks does."""

    added: int
    """Labels given to documents."""
    removed: int
    """Labels taken off documents, the none-label that gives way to another one included."""
    dropped: int
    """Documents left out."""
    by_part: dict[str, int]
    """Changed and dropped documents by part; empty when there is no split of this revision."""
    change: str
    """The same as a sentence."""
    notes: tuple[str, ...]
    """What a reader of later figures must know."""


@dataclass(frozen=True)
class Applied:
    """Marks that were applied."""

    relabelling: Relabelling
    revision: Revision
    split: SplitState | None
    """The split carried over; None when the revision before had none."""


@dataclass(frozen=True)
class _Plan:
    shown: Relabelling
    dataset: Dataset
    kept: npt.NDArray[np.intp]


def preview_marks(session: Session, extra: Iterable[Mark] = ()) -> Relabelling:
    """What applying the session's marks would change.

    Args:
        extra: marks to be counted in that the session does not hold.

    Raises:
        InvalidInput: nothing would change, a document would be left without a label, or a mark
            names a label that the dataset does not have any more.
    """
    return _plan(session, session.state(), extra).shown


def apply_marks(session: Session, watch: Watch = UNWATCHED) -> Applied:
    """Apply the session's marks as a new revision and carry the split over to it.

    Health, training and everything after it are stale then. A mark says what a document should be,
    so one that was applied before changes nothing.

    Raises:
        InvalidInput: as `preview_marks`.
        TryAgain: another terminal runs a step of this session.
    """
    with session.working():
        state = session.state()
        plan = _plan(session, state)
        revision_id = f"r{len(state.revisions) + 1}"
        path = f"data/{revision_id}.jsonl"
        made = save_dataset(plan.dataset, session.path(path))
        revision = revision_of(
            plan.dataset, revision_id, path, made, plan.shown.change, fix="review"
        )
        split = _carried(session, state, plan, revision, watch)
        with session.editing() as state:
            state.revisions.append(revision)
            if split is not None:
                state.splits.append(split)
        session.record("review", revision=revision_id, change=plan.shown.change)
        return Applied(plan.shown, revision, split)


def _plan(session: Session, state: SessionState, extra: Iterable[Mark] = ()) -> _Plan:
    dataset = current_dataset(session, state)
    marks = read_marks(session)
    for mark in extra:
        marks.put(mark)
    is_dropped, membership = _marked(dataset, marks)
    kept = np.flatnonzero(~is_dropped)
    before, after = dataset.membership[kept], membership[kept]
    is_changed = is_dropped.copy()
    is_changed[kept] = (before != after).any(axis=1)
    if not is_changed.any():
        raise InvalidInput(
            "Nothing to apply",
            f"{plural(len(marks), 'mark')}, none of which changes the dataset",
            "mark documents on the review screen, or give a file: review --apply marks.csv",
        )
    added, removed = int((after & ~before).sum()), int((before & ~after).sum())
    dropped = int(is_dropped.sum())
    by_part = _by_part(session, state, is_changed)
    change = (
        f"Review: {plural(added, 'label')} given, {removed:,} taken off, "
        f"{plural(dropped, 'document')} dropped."
    )
    shown = Relabelling(added, removed, dropped, by_part, change, _notes(by_part))
    return _Plan(shown, replace(dataset, membership=membership).subset(kept), kept)


def _marked(dataset: Dataset, marks: Marks) -> tuple[npt.NDArray[np.bool_], BoolMatrix]:
    """Which documents are dropped, bool (n_documents,), and the membership that the marks ask for.

    Another label takes the place of the none-label; a document that loses its last label gets the
    none-label.
    """
    columns = {label: column for column, label in enumerate(dataset.labels)}
    none = columns.get(dataset.none_label) if dataset.none_label is not None else None
    is_dropped = np.zeros(len(dataset), np.bool_)
    membership = dataset.membership.copy()
    bare: list[str] = []
    for row, name in enumerate(dataset.ids):
        own = marks.by_document.get(name)
        if not own:
            continue
        if any(mark.action == "drop" for mark in own.values()):
            is_dropped[row] = True
            continue
        _change_row(membership[row], own.values(), columns, none, dataset.mode == "multi-class")
        if not membership[row].any():
            if none is None or any(columns[m.label] == none for m in own.values()):
                bare.append(name)
            else:
                membership[row, none] = True
    _require_labels(bare)
    return is_dropped, membership


def _change_row(
    row: npt.NDArray[np.bool_],
    marks: Iterable[Mark],
    columns: Mapping[str, int],
    none: int | None,
    is_classes: bool,
) -> None:
    """Give one document, bool (n_labels,), what its marks ask for, in place."""
    wanted: dict[str, list[int]] = {"add": [], "remove": [], "keep": []}
    for mark in marks:
        if mark.label not in columns:
            raise InvalidInput(
                "No such label any more",
                f"a mark of document {printable(mark.id, 40)!r} is about label"
                f" {printable(mark.label, 40)!r}, which the dataset does not have",
                "undo it, or mark the document again under the label's present name",
            )
        wanted[mark.action].append(columns[mark.label])
    row[wanted["remove"]] = False
    if wanted["add"]:
        if is_classes or none in wanted["add"]:
            row[:] = False
        elif none is not None:
            row[none] = False
        row[wanted["add"]] = True


def _require_labels(bare: list[str]) -> None:
    """Refuse to leave documents without any label.

    Raises:
        InvalidInput: there are some.
    """
    if not bare:
        return
    named = ", ".join(printable(name, 40) for name in bare[:_MOST_NAMED])
    more = f" and {len(bare) - _MOST_NAMED:,} more" if len(bare) > _MOST_NAMED else ""
    raise InvalidInput(
        "Documents without a label",
        f"{plural(len(bare), 'document')} would have no label: {named}{more}",
        "mark the label that they should have (add), or drop them",
    )


def _by_part(
    session: Session, state: SessionState, is_changed: npt.NDArray[np.bool_]
) -> dict[str, int]:
    split = state.split
    if split is None or split.dataset != state.dataset.fingerprint:
        return {}
    parts = load_all_parts(session, split)
    return {
        name: int(is_changed[parts == position].sum())
        for position, name in enumerate(split.part_names)
    }


def _notes(by_part: Mapping[str, int]) -> tuple[str, ...]:
    if not by_part:
        return ("no split of this dataset is carried over: split again",)
    if not by_part.get("test"):
        return ("the test part is as it was: figures of the next run can be set beside the last's",)
    return (
        f"the test part changed ({plural(by_part['test'], 'document')}): figures that were measured"
        " on it before are of the old labels; a comparison uses the documents that both runs have,"
        " with the new labels",
    )


def _carried(
    session: Session, state: SessionState, plan: _Plan, revision: Revision, watch: Watch
) -> SplitState | None:
    """The parts of the present split for the new revision; None when it is of another one."""
    old = state.split
    if old is None or old.dataset != state.dataset.fingerprint:
        return None
    dataset = plan.dataset
    parts = load_all_parts(session, old)[plan.kept]
    clusters = duplicate_clusters(dataset.texts, dataset.groups)
    audit = audit_split(parts, dataset, old.part_names, old.ratios, clusters)
    made = fingerprint(revision.fingerprint, parts.tobytes(), repr(old.ratios))
    state.revisions.append(revision)
    preview = SplitPreview(parts, clusters, audit)
    return prepare_split(session, state, dataset, preview, (old.ratios, old.seed, made), watch)
