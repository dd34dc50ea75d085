"""Which runs can be compared: on the same test documents, or on those that they share."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.text import plural, printable
from core.tuning.comparison import Decisions
from core.tuning.parts import PartArrays
from core.workflow.actions.shared_documents import SharedDocuments, shared_documents
from core.workflow.session import Session
from core.workflow.state import RunState, SessionState
from core.workflow.steps import split_of

Measured = tuple[PartArrays, Decisions]
"""One run's documents and its decisions on them."""


def require_same_test(state: SessionState, runs: Sequence[RunState]) -> None:
    """Refuse runs that were tested on different documents.

    Two runs of different revisions of the dataset pass: see `on_shared`.

    Raises:
        InvalidInput: they were.
    """
    splits = {run.name: split_of(state, run).fingerprint for run in runs}
    if are_of_two_revisions(state, runs):
        splits = {}
    tested = {run.name: "own" if _has_own_test(run) else "automatic" for run in runs}
    for what, by_run in (("split", splits), ("test set", tested)):
        if len(set(by_run.values())) > 1:
            others = [name for name, value in by_run.items() if value != by_run[runs[0].name]]
            raise InvalidInput(
                "Different test sets",
                f"run {', '.join(map(printable, others))} has another {what} than run"
                f" {printable(runs[0].name)}",
                "compare runs of one split; train again on the present one to compare",
            )


def are_of_two_revisions(state: SessionState, runs: Sequence[RunState]) -> bool:
    """Whether these are two runs with the dataset changed in between."""
    return len(runs) == 2 and len({split_of(state, run).revision for run in runs}) == 2


def on_shared(
    session: Session, state: SessionState, runs: Sequence[RunState], sides: Sequence[Measured]
) -> tuple[Measured, Measured, tuple[str, ...]]:
    """Two runs on the test documents that both have, by the newer labels, and what to say of it.

    Raises:
        InvalidInput: they have different labels, or no document in common.
    """
    found = shared_documents(session, state, runs[0], runs[1])
    first = _taken(sides[0], found.rows_a, found)
    second = _taken(sides[1], found.rows_b, found)
    notes = [
        f"the dataset changed between the runs: compared on {plural(len(found.truth), 'document')}"
        f" of both test parts by the newer labels, which differ for {found.relabelled}"
    ]
    for run, count in zip(runs, (found.only_a, found.only_b), strict=True):
        if count:
            notes.append(
                f"{plural(count, 'document')} of run {printable(run.name)}'s test part left out"
            )
    return first, second, tuple(notes)


def _taken(side: Measured, rows: npt.NDArray[np.intp], found: SharedDocuments) -> Measured:
    arrays, given = side
    taken = dataclasses.replace(
        arrays,
        scores=arrays.scores[rows],
        truth=found.truth,
        ceilings=None if arrays.ceilings is None else arrays.ceilings[rows],
        clusters=None if arrays.clusters is None else arrays.clusters[rows],
    )
    return taken, Decisions(given.flags[rows], given.may_flag[rows])


def _has_own_test(run: RunState) -> bool:
    """Whether no classifier let the service take its test documents from the training file."""
    inputs = [c.training.request.get("InputDataConfig") for c in run.classifiers]
    return all("TestS3Uri" in given for given in inputs if isinstance(given, dict))
