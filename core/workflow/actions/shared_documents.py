"""The documents that two runs have in common, when a reader's marks were applied between them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.dataset.documents import BoolMatrix, Dataset, load_dataset
from core.errors import InvalidInput
from core.text import printable
from core.workflow.actions.truth import load_all_parts
from core.workflow.session import Session
from core.workflow.state import RunState, SessionState
from core.workflow.steps import split_of


@dataclass(frozen=True)
class SharedDocuments:
    """The documents that two runs both have in one part, with the newer labels."""

    rows_a: npt.NDArray[np.intp]
    """intp (k,): their positions in the first run's part."""
    rows_b: npt.NDArray[np.intp]
    """intp (k,): their positions in the second run's part."""
    truth: BoolMatrix
    """bool (k, n_labels): their labels in the newer of the two revisions."""
    relabelled: int
    """How many of them have other labels in the two revisions."""
    only_a: int
    """Documents of the first run's part that the second one's does not have."""
    only_b: int
    """Documents of the second run's part that the first one's does not have."""


def shared_documents(
    session: Session, state: SessionState, a: RunState, b: RunState, part: str = "test"
) -> SharedDocuments:
    """Match the documents of one part of two runs by id, for a paired comparison.

    Where the revisions label a document differently, the newer label counts for both runs: it is
    what a reader has decided. Both runs are measured on documents that neither was trained on.

    Raises:
        InvalidInput: the two have different labels, or no document in common.
    """
    before, after = _part_of_run(session, state, a, part), _part_of_run(session, state, b, part)
    if before.labels != after.labels:
        raise InvalidInput(
            "Different labels",
            f"runs {printable(a.name)} and {printable(b.name)} have different labels",
            "compare runs of one set of labels",
        )
    places = {name: row for row, name in enumerate(before.ids)}
    pairs = [(places[name], row) for row, name in enumerate(after.ids) if name in places]
    if not pairs:
        raise InvalidInput(
            "Different test sets",
            f"no document is in part {printable(part)} of both {printable(a.name)} and"
            f" {printable(b.name)}",
            "compare runs of one split",
        )
    rows_a, rows_b = np.array(pairs, dtype=np.intp).T
    old, new = before.membership[rows_a], after.membership[rows_b]
    order = [revision.id for revision in state.revisions]
    is_newer = order.index(split_of(state, b).revision) >= order.index(split_of(state, a).revision)
    return SharedDocuments(
        rows_a=rows_a,
        rows_b=rows_b,
        truth=new if is_newer else old,
        relabelled=int((old != new).any(axis=1).sum()),
        only_a=len(before) - len(pairs),
        only_b=len(after) - len(pairs),
    )


def _part_of_run(session: Session, state: SessionState, run: RunState, part: str) -> Dataset:
    split = split_of(state, run)
    revision = next(r for r in state.revisions if r.id == split.revision)
    rows = load_all_parts(session, split) == split.part_names.index(part)
    return load_dataset(session.path(revision.path)).subset(np.flatnonzero(rows))
