"""The files that classifiers are trained and tested on: those of the split, and those of groups."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.dataset.documents import Dataset, load_dataset
from core.dataset.formats import choose_delimiter
from core.dataset.label_groups import Group, project
from core.dataset.oversampling import resample
from core.files import fingerprint
from core.progress import CancelToken, Progress, Reporter, silent
from core.text import plural
from core.workflow.actions.split import write_training
from core.workflow.actions.truth import load_all_parts
from core.workflow.session import Session
from core.workflow.state import OversamplingState, PartFile, SessionState, SplitState
from core.workflow.steps import training_inputs


@dataclass(frozen=True)
class ClassifierFiles:
    """What one classifier is trained on."""

    files: dict[str, PartFile]
    """``train`` and ``test``."""
    delimiter: str
    """What stands between labels."""


def main_files(split: SplitState, over: OversamplingState | None) -> dict[str, PartFile]:
    """Training and test file of all labels, the changed training file when there is one."""
    files = dict(split.training)
    if over is not None:
        files["train"] = over.training
    return files


def write_group_files(
    session: Session,
    state: SessionState,
    split: SplitState,
    over: OversamplingState | None,
    groups: Sequence[Group],
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> list[ClassifierFiles]:
    """Write a training and a test file per group from the same documents as the main files.

    Repeating it writes the same bytes to the same paths.

    Raises:
        InvalidInput: the dataset is absent or damaged, or a label cannot be written.
        Interrupted: cancelled between two files.
    """
    if not groups:
        return []
    parts = _parts(session, state, split, over)
    made = []
    for done, group in enumerate(groups):
        reporter(Progress("writing group files", done, len(groups), plural(len(groups), "group")))
        if cancel is not None:
            cancel.check()
        key = fingerprint(training_inputs(split, over), *group.all_labels)[7:15]
        delimiter = choose_delimiter(group.all_labels)
        files = {
            name: write_training(
                session, project(part, group), f"data/{split.id}/groups/{key}/{name}.csv", delimiter
            )
            for name, part in parts.items()
        }
        made.append(ClassifierFiles(files, delimiter))
    return made


def _parts(
    session: Session, state: SessionState, split: SplitState, over: OversamplingState | None
) -> dict[str, Dataset]:
    """The documents of the parts that training reads, the training part as it was changed."""
    revision = state.revision_of(split)
    dataset = load_dataset(session.path(revision.path))
    numbers = load_all_parts(session, split)
    parts = {
        name: dataset.subset(np.flatnonzero(numbers == split.part_names.index(name)))
        for name in split.training
    }
    if over is not None:
        parts["train"] = resample(parts["train"], over.recipe).dataset
    return parts
