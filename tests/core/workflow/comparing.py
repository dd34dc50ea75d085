"""Sessions to compare with one another."""

import dataclasses
import shutil
from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from core.comprehend.predictions import load_scores, save_scores
from core.dataset.documents import Dataset, load_dataset, save_dataset
from core.dataset.duplicates import duplicate_clusters
from core.files import file_fingerprint
from core.workflow.session import Session
from core.workflow.shared_documents import SharedDocuments, find_compared, shared_documents
from core.workflow.split import load_all_parts
from core.workflow.state import RunState
from tests.recording import record_as_is

Edit = Callable[[Dataset], Dataset]


def part_ids(session: Session, split_id: str, part: str) -> list[str]:
    """Ids of the documents of one part, in file order."""
    state = session.state()
    split = next(split for split in state.splits if split.id == split_id)
    revision = next(r for r in state.revisions if r.id == split.revision)
    ids = load_dataset(session.path(revision.path)).ids
    rows = np.flatnonzero(load_all_parts(session, split) == split.part_names.index(part))
    return [ids[row] for row in rows.tolist()]


def other_session(
    session: Session, name: str = "larger", edit: Edit = lambda dataset: dataset, seed: int = 7
) -> Session:
    """A copy of the session whose documents stand in another order and are then edited.

    Scores follow their documents, so an unedited copy scores every document as the session does.
    """
    folder = session.folder.parent / name
    shutil.copytree(session.folder, folder)
    other = Session(folder)
    with other.editing() as state:
        state.name = name
        split, revision = state.splits[0], state.revisions[0]
        dataset = load_dataset(other.path(revision.path))
        order = np.random.default_rng(seed).permutation(len(dataset))
        old = load_all_parts(other, split)
        for run in state.runs:
            follow(other, run, split.part_names, old, order)
        dataset = edit(dataset.subset(order))
        made = save_dataset(dataset, other.path(revision.path))
        state.revisions[0] = msgspec.structs.replace(
            revision, fingerprint=made, labels=dataset.labels
        )
        state.splits[0] = msgspec.structs.replace(split, dataset=made, fingerprint=f"{made}{seed}")
        clusters = duplicate_clusters(dataset.texts, dataset.groups)
        np.savez(
            other.path(f"data/{split.id}/truth.npz"),
            parts=old[order],
            membership=dataset.membership,
            clusters=clusters,
        )
        names = dataset.labels
        support = dict(zip(names, split.support.values(), strict=True))
        state.splits[0] = msgspec.structs.replace(state.splits[0], support=support)
        record_as_is(other, state)
    return other


def follow(
    session: Session, run: RunState, names: Sequence[str], parts: np.ndarray, order: np.ndarray
) -> None:
    """Put a run's scores into the new order of the documents."""
    for part, kept in run.scores.items():
        number = list(names).index(part)
        rows = np.flatnonzero(parts == number)
        moved = order[parts[order] == number]
        places = np.searchsorted(rows, moved)
        path = session.path(kept.path)
        scores = load_scores(path)
        save_scores(
            dataclasses.replace(
                scores, values=scores.values[places], ceilings=scores.ceilings[places]
            ),
            path,
        )
        run.scores[part] = msgspec.structs.replace(kept, fingerprint=file_fingerprint(path))
    run.thresholds = None


def shared_by(session: Session, *names: str) -> SharedDocuments:
    return shared_documents(find_compared(session, names))


def with_texts(texts: dict[str, str]) -> Edit:
    """Give some documents another text."""

    def edit(dataset: Dataset) -> Dataset:
        new = [texts.get(name, text) for name, text in zip(dataset.ids, dataset.texts, strict=True)]
        return dataclasses.replace(dataset, texts=new)

    return edit


def text_of(session: Session, name: str) -> str:
    dataset = load_dataset(session.path(session.state().revisions[0].path))
    return dataset.texts[dataset.ids.index(name)]
