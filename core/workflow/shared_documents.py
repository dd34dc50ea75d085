"""The test documents that several runs have in common, and that none of them has learnt from."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from core.dataset.documents import BoolMatrix, Dataset, Rows, load_dataset
from core.dataset.duplicates import text_keys
from core.errors import InvalidInput
from core.progress import UNWATCHED, Watch
from core.text import printable
from core.workflow.recorded import verified
from core.workflow.session import Session, find_session
from core.workflow.split import load_all_parts, unscored_part
from core.workflow.state import Revision, RunState, SessionState, SplitState

# Which runs can be compared: found by name, of this session or of another one.


@dataclass(frozen=True)
class ComparedRun:
    """A run that takes part in a comparison."""

    session: Session
    state: SessionState
    run: RunState
    name: str
    """As it is shown: ``RUN``, or ``SESSION:RUN`` when it is another session's."""

    @property
    def split(self) -> SplitState:
        """The split that it was trained on."""
        return self.state.split_of(self.run)

    @property
    def revision(self) -> Revision:
        """The revision of the dataset that was split."""
        return self.state.revision_of(self.split)


def find_compared(session: Session, names: Sequence[str]) -> list[ComparedRun]:
    """The runs that the names mean.

    Args:
        session: whose runs are named by their name alone.
        names: ``RUN``, or ``SESSION:RUN``, where SESSION is a session's name or its folder.

    Raises:
        InvalidInput: fewer than two different runs are named, or one is not to be found.
    """
    states = {session.folder.resolve(): (session, session.state())}
    runs = [_found(session, name, states) for name in names]
    own = states[session.folder.resolve()][1].runs
    if len(runs) < 2 or len({(run.session.folder, run.run.name) for run in runs}) != len(runs):
        raise InvalidInput(
            "Nothing to compare",
            "two or more different runs are needed",
            f"runs: {', '.join(printable(run.name) for run in own) or 'none yet'};"
            " name those of another session SESSION:RUN",
        )
    return runs


def _found(
    session: Session, name: str, states: dict[Path, tuple[Session, SessionState]]
) -> ComparedRun:
    """The run called `name`; the state of every session is read once and kept in `states`."""
    own, state = states[session.folder.resolve()]
    place, colon, run_name = name.rpartition(":")
    if not colon or state.find_run(name) is not None:
        return ComparedRun(own, state, state.run_named(name), name)
    other = _other_session(session, place)
    folder = other.folder.resolve()
    if folder not in states:
        states[folder] = (other, other.state())
    other, state = states[folder]
    run = state.run_named(run_name)
    return ComparedRun(other, state, run, run_name if other is own else f"{other.name}:{run_name}")


def _other_session(session: Session, place: str) -> Session:
    """The session called `place` beside this one or below the working directory."""
    beside = session.folder.parent / place
    if place and (beside / "session.json").is_file():
        return Session(beside.resolve())
    return find_session(place, Path.cwd())


def require_comparable(runs: Sequence[ComparedRun]) -> None:
    """Refuse runs whose figures do not mean the same.

    Raises:
        InvalidInput: they are of different engines, modes or labels, or some were tested by the
            service on documents that it took from their training file.
    """
    engines = {run.name: run.state.engine.name for run in runs}
    if len(set(engines.values())) > 1:
        said = ", ".join(f"{printable(name)}: {engine}" for name, engine in engines.items())
        raise InvalidInput(
            "Different engines",
            f"an offline twin's scores are not Comprehend's ({said})",
            "compare runs of one engine",
        )
    _require_same_labels(runs)
    tested = {run.name: _has_own_test(run.run) for run in runs}
    if len(set(tested.values())) > 1:
        others = [name for name, is_own in tested.items() if is_own != tested[runs[0].name]]
        raise InvalidInput(
            "Different test sets",
            f"run {', '.join(map(printable, others))} has another test set than run"
            f" {printable(runs[0].name)}",
            "compare runs that were all trained with a test file, or all without one",
        )


def _require_same_labels(runs: Sequence[ComparedRun]) -> None:
    first = runs[0]
    for other in runs[1:]:
        if other.revision.mode != first.revision.mode:
            raise InvalidInput(
                "Different modes",
                f"run {printable(first.name)} is {first.revision.mode}, run"
                f" {printable(other.name)} is {other.revision.mode}",
                "compare runs of one mode",
            )
        for run, against in ((first, other), (other, first)):
            only = [name for name in run.revision.labels if name not in against.revision.labels]
            if only:
                names = ", ".join(printable(label, 40) for label in only[:5])
                raise InvalidInput(
                    "Different labels",
                    f"run {printable(run.name)} has {names}"
                    + (f" and {len(only) - 5} more" if len(only) > 5 else "")
                    + f", run {printable(against.name)} has not",
                    "compare runs of one set of labels",
                )


def _has_own_test(run: RunState) -> bool:
    """Whether no classifier let the service take its test documents from the training file."""
    inputs = [c.training.request.get("InputDataConfig") for c in run.classifiers]
    return all("TestS3Uri" in given for given in inputs if isinstance(given, dict))


Keys = npt.NDArray[np.uint64]
_PART = "test"


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """The documents of one run's test part that are not compared, and what was found in it."""

    test_documents: int
    """Documents of its test part."""
    not_in_all: int = 0
    """Left out: not in the test part of every run, by id and text."""
    trained_on: int = 0
    """In every test part, but left out: this run was trained on it, or on the same text."""
    tuned_on: int = 0
    """The same for the part that this run's thresholds are tuned on."""
    relabelled: int = 0
    """Compared documents that had other labels when this run was trained."""


@dataclass(frozen=True)
class SharedDocuments:
    """The documents that every run is compared on, in one order."""

    labels: tuple[str, ...]
    """Names of the columns of `truth`."""
    truth: BoolMatrix
    """bool (k, n_labels): their labels in the newest of the revisions."""
    clusters: npt.NDArray[np.int32]
    """int32 (k,): documents with equal text or group share a number."""
    rows: tuple[Rows, ...]
    """Per run, intp (k,): their positions in its test part."""
    left_out: tuple[LeftOut, ...]
    """Per run."""
    newest: int
    """Position of the run whose revision's labels count."""
    seen: int
    """Documents in every test part that are left out because a run has learnt from them."""

    @property
    def is_everything(self) -> bool:
        """Whether every run is measured on its whole test part, with its own labels."""
        whole = len(self.truth)
        return all(run.test_documents == whole and not run.relabelled for run in self.left_out)


@dataclass(frozen=True)
class _Documents:
    """Some documents of a revision."""

    ids: list[str]
    origins: list[str]
    """"" for a document that repeats none."""
    keys: Keys
    truth: BoolMatrix

    def take(self, rows: Rows) -> "_Documents":
        picked = rows.tolist()
        return _Documents(
            [self.ids[row] for row in picked],
            [self.origins[row] for row in picked],
            self.keys[rows],
            self.truth[rows],
        )


_Parts = dict[str, _Documents]


def shared_documents(runs: Sequence[ComparedRun], watch: Watch = UNWATCHED) -> SharedDocuments:
    """Match the test documents of runs of any splits, revisions and sessions.

    Documents are the same when their normalised text is; among equal texts those with the same id
    are paired first, then those with the same labels. A document is left out when any of the runs
    was trained or tuned on it or on the same text. Where revisions label a document differently,
    the newest label counts for every run: it is what a reader has decided.

    Args:
        runs: of the same labels.
        watch: looked at between datasets.

    Raises:
        InvalidInput: no document is left, or a dataset or split is absent or damaged.
        Interrupted: cancelled.
    """
    labels = runs[0].revision.labels
    parts = _loaded(runs, labels, watch)
    tests = [places_in[_PART] for places_in in parts]
    places = [np.arange(len(tests[0].ids)), *(_matches(tests[0], other) for other in tests[1:])]
    is_common = np.all([places_in >= 0 for places_in in places], axis=0)
    common = tuple(places_in[is_common] for places_in in places)
    taken = [test.take(rows) for test, rows in zip(tests, common, strict=True)]
    trained = [_learnt(runs, taken, at, parts[at], ("train",)) for at in range(len(runs))]
    tuned = [_learnt(runs, taken, at, parts[at], ("calibration",)) for at in range(len(runs))]
    is_seen = np.any([*trained, *tuned], axis=0)
    rows_in = tuple(rows[~is_seen] for rows in common)
    if not len(rows_in[0]):
        raise _nothing_shared(runs, int(is_seen.sum()))
    newest = max(range(len(runs)), key=lambda at: _age(runs[at]))
    truth = tests[newest].truth[rows_in[newest]]
    left_out = tuple(
        LeftOut(
            test_documents=len(test.ids),
            not_in_all=len(test.ids) - len(is_seen),
            trained_on=int(trained[at].sum()),
            tuned_on=int(tuned[at].sum()),
            relabelled=int((test.truth[rows_in[at]] != truth).any(axis=1).sum()),
        )
        for at, test in enumerate(tests)
    )
    clusters = _clusters(runs[newest])[rows_in[newest]]
    return SharedDocuments(labels, truth, clusters, rows_in, left_out, newest, int(is_seen.sum()))


def _loaded(runs: Sequence[ComparedRun], labels: tuple[str, ...], watch: Watch) -> list[_Parts]:
    """The documents of every run by part; each revision is read once."""
    revisions: dict[tuple[str, str], _Documents] = {}
    parts = []
    for run in runs:
        watch.check()
        where = (str(run.session.folder), run.revision.path)
        if where not in revisions:
            path = verified(run.session, run.session.state(), run.revision.path)
            dataset = load_dataset(path)
            revisions[where] = _documents(dataset, labels)
        numbers = load_all_parts(run.session, run.split)
        parts.append(
            {
                name: revisions[where].take(np.flatnonzero(numbers == number))
                for number, name in enumerate(run.split.part_names)
            }
        )
    return parts


def _documents(dataset: Dataset, labels: tuple[str, ...]) -> _Documents:
    columns = [dataset.labels.index(label) for label in labels]
    return _Documents(
        dataset.ids,
        dataset.origins or [""] * len(dataset),
        text_keys(dataset.texts),
        dataset.membership[:, columns],
    )


def _matches(first: _Documents, other: _Documents) -> Rows:
    """intp (n,): for each document of `first` its position in `other`, -1 when it has none."""
    places = np.full(len(first.ids), -1, dtype=np.intp)
    forms: tuple[Callable[[_Documents], list[Hashable]], ...] = (_by_id, _by_labels, _by_text)
    for form in forms:
        is_free = np.ones(len(other.ids), dtype=np.bool_)
        is_free[places[places >= 0]] = False
        names = form(other)
        waiting: dict[Hashable, list[int]] = defaultdict(list)
        for row in np.flatnonzero(is_free)[::-1].tolist():
            waiting[names[row]].append(row)
        names = form(first)
        for row in np.flatnonzero(places < 0).tolist():
            if waiting.get(names[row]):
                places[row] = waiting[names[row]].pop()
    return places


def _by_id(documents: _Documents) -> list[Hashable]:
    return list(zip(documents.keys.tolist(), documents.ids, strict=True))


def _by_labels(documents: _Documents) -> list[Hashable]:
    labels = (row.tobytes() for row in documents.truth)
    return list(zip(documents.keys.tolist(), labels, strict=True))


def _by_text(documents: _Documents) -> list[Hashable]:
    return list(documents.keys.tolist())


def _learnt(
    runs: Sequence[ComparedRun],
    shared: Sequence[_Documents],
    at: int,
    parts: _Parts,
    names: tuple[str, ...],
) -> npt.NDArray[np.bool_]:
    """bool (k,): which shared documents are in some parts of the run at position `at`.

    Texts are compared across sessions, ids and origins within one.
    """
    learnt = np.zeros(len(shared[at].ids), dtype=np.bool_)
    for name in names:
        part = parts.get(name)
        if part is None:
            continue
        learnt |= np.isin(shared[at].keys, part.keys)
        ids = {*part.ids, *part.origins} - {""}
        for run, documents in zip(runs, shared, strict=True):
            if run.session.folder == runs[at].session.folder:
                pairs = zip(documents.ids, documents.origins, strict=True)
                learnt |= np.fromiter(
                    (own in ids or origin in ids for own, origin in pairs), np.bool_, len(learnt)
                )
    return learnt


def _age(run: ComparedRun) -> tuple[str, int]:
    """Grows with the revision that a run's documents were labelled in."""
    return run.revision.made_at, run.state.revisions.index(run.revision)


def _clusters(run: ComparedRun) -> npt.NDArray[np.int32]:
    clusters = unscored_part(run.session, run.state, run.split, _PART).clusters
    assert clusters is not None, "a split keeps the clusters of its documents"
    return clusters


def _nothing_shared(runs: Sequence[ComparedRun], seen: int) -> InvalidInput:
    names = ", ".join(printable(run.name) for run in runs)
    if seen:
        return InvalidInput(
            "Different test sets",
            f"every test document that runs {names} share was trained or tuned on by one of them",
            "compare runs of one split, or of a dataset with the same test documents",
        )
    return InvalidInput(
        "Different test sets",
        f"no document is in the test part of all of {names}",
        "compare runs of one split, or of a dataset with the same test documents",
    )
