"""Which documents of a part truly have which label, without their texts."""

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.dataset.documents import BoolMatrix, Dataset, Mode
from core.errors import InvalidInput
from core.files import write_atomic
from core.workflow.session import Session
from core.workflow.state import SessionState, SplitState


@dataclass(frozen=True)
class PartTruth:
    """The true labels of the documents of one part, in file order."""

    labels: tuple[str, ...]
    membership: BoolMatrix
    """bool (n_documents, n_labels)."""
    clusters: npt.NDArray[np.int32]
    """int32 (n_documents,): documents with equal text or group share a number."""
    mode: Mode
    none_label: str | None

    def __len__(self) -> int:
        return len(self.membership)


def save_truth(
    session: Session,
    split_id: str,
    dataset: Dataset,
    parts: npt.NDArray[np.int8],
    clusters: npt.NDArray[np.int32],
) -> None:
    """Keep parts, labels and clusters of all documents beside a split's files."""
    data = io.BytesIO()
    np.savez(data, parts=parts, membership=dataset.membership, clusters=clusters)
    write_atomic(session.path(_path(split_id)), data.getvalue())


def load_truth(session: Session, state: SessionState, split: SplitState, part: str) -> PartTruth:
    """The truth of one part.

    Raises:
        InvalidInput: the file is absent or damaged.
    """
    revision = next(r for r in state.revisions if r.id == split.revision)
    path = session.path(_path(split.id))
    try:
        with np.load(path, allow_pickle=False) as kept:
            rows = kept["parts"] == split.part_names.index(part)
            membership, clusters = kept["membership"][rows], kept["clusters"][rows]
    except (OSError, ValueError, KeyError) as error:
        raise InvalidInput(
            "Cannot read the split", f"{path}: {error}", "split again: comprehend-tuner split"
        ) from error
    return PartTruth(revision.labels, membership, clusters, revision.mode, revision.none_label)


def load_all_parts(session: Session, split: SplitState) -> npt.NDArray[np.int8]:
    """int8 (n_documents,): the part of each document of the revision that was split.

    Raises:
        InvalidInput: the file is absent or damaged.
    """
    path = session.path(_path(split.id))
    try:
        with np.load(path, allow_pickle=False) as kept:
            parts: npt.NDArray[np.int8] = kept["parts"]
            return parts
    except (OSError, ValueError, KeyError) as error:
        raise InvalidInput(
            "Cannot read the split", f"{path}: {error}", "split again: comprehend-tuner split"
        ) from error


def _path(split_id: str) -> str:
    return f"data/{split_id}/truth.npz"
