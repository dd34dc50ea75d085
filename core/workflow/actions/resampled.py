"""Changed training parts: the pieces that a change starts from, and the file that it makes."""

from dataclasses import dataclass

import numpy as np

from core.dataset.documents import Dataset, load_dataset
from core.dataset.oversampling import Recipe, Resampled
from core.workflow.actions.split import write_training
from core.workflow.actions.truth import load_all_parts
from core.workflow.session import Session, now
from core.workflow.state import OversamplingState, SessionState, SplitState


@dataclass(frozen=True)
class Pieces:
    """The documents of a split: what is changed, and what must stay apart from it."""

    train: Dataset
    held_out: tuple[Dataset, ...]


def load_pieces(session: Session, state: SessionState, split: SplitState) -> Pieces:
    """Load the training part and the held-out parts of a split.

    Raises:
        InvalidInput: the dataset or the split is absent or damaged.
    """
    revision = state.revision_of(split)
    dataset = load_dataset(session.path(revision.path))
    parts = load_all_parts(session, split)
    train = split.part_names.index("train")
    pieces = [
        dataset.subset(np.flatnonzero(parts == position))
        for position in range(len(split.part_names))
    ]
    held_out = tuple(piece for position, piece in enumerate(pieces) if position != train)
    return Pieces(pieces[train], held_out)


def changed_training(
    session: Session, split: SplitState, recipe: Recipe, changed: Resampled, path: str
) -> OversamplingState:
    """Write a changed training part and describe it.

    Raises:
        InvalidInput: a document or label cannot be written.
    """
    return OversamplingState(
        split=split.fingerprint,
        targets=dict(recipe.targets),
        distinct=dict(recipe.distinct),
        growth=recipe.growth,
        is_shuffled=recipe.is_shuffled,
        seed=recipe.seed,
        added=changed.added,
        removed=changed.removed,
        before=changed.before,
        after=changed.after,
        training=write_training(session, changed.dataset, path, split.delimiter),
        made_at=now(),
    )
