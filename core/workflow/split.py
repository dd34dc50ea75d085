"""The split step: deal the documents into parts and prepare Comprehend's files from them."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.arrays import Arrays, ArraysFault, read_arrays
from core.comprehend.pricing import units
from core.dataset.documents import Dataset, Parts, load_dataset
from core.dataset.duplicates import duplicate_clusters
from core.dataset.formats.comprehend_files import (
    choose_delimiter,
    one_line,
    save_line_map,
    write_scoring_text,
    write_training_csv,
)
from core.dataset.health.checks import run_part_checks
from core.dataset.health.findings import HealthContext
from core.dataset.label_groups import LabelGroup, project
from core.dataset.label_sets import part_names_for
from core.dataset.resampling import Recipe, Resampled, resample
from core.dataset.splits import SplitAudit, audit_split, stratified_split
from core.errors import InvalidInput
from core.files import file_fingerprint, fingerprint, write_atomic
from core.progress import UNWATCHED, Watch
from core.spreadsheet import csv_bytes
from core.text import plural, printable
from core.tuning.part import Part
from core.workflow.data import current_dataset
from core.workflow.recorded import is_as_recorded, verified
from core.workflow.session import Session, now
from core.workflow.state import OversamplingState, PartFile, SessionState, SplitState

# Which documents of a part truly have which label, without their texts.


def save_truth(
    session: Session,
    split_id: str,
    dataset: Dataset,
    parts: npt.NDArray[np.int8],
    clusters: npt.NDArray[np.int32],
) -> str:
    """Keep parts, labels and clusters of all documents beside a split's files.

    Returns:
        The file's fingerprint.
    """
    data = io.BytesIO()
    np.savez(data, parts=parts, membership=dataset.membership, clusters=clusters)
    path = session.path(_path(split_id))
    write_atomic(path, data.getvalue())
    return file_fingerprint(path)


def unscored_part(session: Session, state: SessionState, split: SplitState, part: str) -> Part:
    """The truth of one part, in file order, every score unknown.

    Raises:
        InvalidInput: the file is absent or damaged.
    """
    revision = next(r for r in state.revisions if r.id == split.revision)
    path = verified(session, state, _path(split.id))
    arrays = _arrays(path)
    if part not in split.part_names or arrays["membership"].shape[1] != len(revision.labels):
        raise _damaged(path, "it does not fit the split")
    rows = arrays["parts"] == split.part_names.index(part)
    membership, clusters = arrays["membership"][rows], arrays["clusters"][rows]
    return Part(
        name=part,
        labels=revision.labels,
        scores=np.broadcast_to(np.float32(np.nan), membership.shape),
        truth=membership,
        clusters=clusters,
        mode=revision.mode,
        none_label=revision.none_label,
    )


def load_all_parts(session: Session, split: SplitState) -> npt.NDArray[np.int8]:
    """int8 (n_documents,): the part of each document of the revision that was split.

    Raises:
        InvalidInput: the file is absent or damaged.
    """
    return _arrays(verified(session, session.state(), _path(split.id)))["parts"]


_TRUTH = {"parts": ("i", 1), "membership": ("b", 2), "clusters": ("i", 1)}


def _arrays(path: Path) -> Arrays:
    try:
        arrays = read_arrays(path, _TRUTH)
    except ArraysFault as error:
        raise _damaged(path, str(error)) from error
    if len({len(array) for array in arrays.values()}) != 1:
        raise _damaged(path, "its arrays differ in length")
    return arrays


def _damaged(path: Path, what: str) -> InvalidInput:
    return InvalidInput(
        "Cannot read the split",
        f"{printable(str(path))}: {printable(what, 200)}",
        "split again: comprehend-tuner split",
    )


def _path(split_id: str) -> str:
    return f"data/{split_id}/truth.npz"


@dataclass(frozen=True)
class SplitPreview:
    """An assignment that was computed but not kept."""

    parts: Parts
    """int8 (n_documents,): part of each document."""
    clusters: npt.NDArray[np.int32]
    """int32 (n_documents,): documents that had to stay together share a number."""
    audit: SplitAudit


@dataclass(frozen=True)
class SplitMade:
    """A split that was kept, with its audit."""

    split: SplitState
    audit: SplitAudit
    is_new: bool
    """False when the same split of the same dataset was there already."""


def preview_split(
    dataset: Dataset, ratios: tuple[float, ...], seed: int, watch: Watch = UNWATCHED
) -> SplitPreview:
    """Compute a split and its audit without keeping anything.

    Args:
        dataset: the documents; equal texts and equal groups stay in one part.
        ratios: wanted share of each part, 2 or 3 of them.
        seed: same seed, same parts.

    Raises:
        InvalidInput: the ratios cannot be met.
        Interrupted: cancelled.
    """
    clusters = duplicate_clusters(dataset.texts, dataset.groups, watch)
    parts = stratified_split(dataset.membership, ratios, seed, clusters, watch)
    audit = audit_split(parts, dataset, part_names_for(ratios), ratios, clusters)
    return SplitPreview(parts, clusters, audit)


def split_dataset(
    session: Session, ratios: tuple[float, ...], seed: int, watch: Watch = UNWATCHED
) -> SplitMade:
    """Split the newest revision and write training, test and scoring files.

    Raises:
        InvalidInput: the ratios cannot be met, or a document or label cannot be written.
        TryAgain: another terminal runs a step of this session.
        Interrupted: cancelled; the session is as it was.
    """
    with session.working():
        state = session.state()
        dataset = current_dataset(session, state, watch)
        watch.report("splitting", 0, len(dataset), "documents")
        preview = preview_split(dataset, ratios, seed, watch)
        made = fingerprint(state.dataset.fingerprint, preview.parts.tobytes(), repr(ratios))
        same = [split for split in state.splits if split.fingerprint == made]
        watch.check()
        if _are_whole(session, state, dataset, preview, same, watch):
            return SplitMade(same[-1], preview.audit, is_new=False)
        split = prepare_split(session, state, dataset, preview, (ratios, seed, made), watch)
        with session.editing() as state:
            if state.dataset.fingerprint != split.dataset:
                raise InvalidInput("Dataset changed", "it changed during the split", "split again")
            state.splits.append(split)
        session.record("split", id=split.id, ratios=ratios, seed=seed, sizes=split.sizes)
        return SplitMade(split, preview.audit, is_new=True)


def _are_whole(
    session: Session,
    state: SessionState,
    dataset: Dataset,
    preview: SplitPreview,
    same: list[SplitState],
    watch: Watch,
) -> bool:
    """Whether the newest of these equal splits will do; damaged files of them are written anew."""
    is_mended = False
    for split in same:
        if not _is_whole(session, state, split):
            prepare_split(
                session,
                state,
                dataset,
                preview,
                (split.ratios, split.seed, split.fingerprint),
                watch,
                split.id,
            )
            is_mended |= _is_whole(session, state, split)
    is_newest = bool(same) and same[-1] is state.splits[-1]
    return is_mended or (is_newest and _is_whole(session, state, same[-1]))


def prepare_split(
    session: Session,
    state: SessionState,
    dataset: Dataset,
    preview: SplitPreview,
    made_from: tuple[tuple[float, ...], int, str],
    watch: Watch,
    split_id: str = "",
) -> SplitState:
    ratios, seed, made = made_from
    names = preview.audit.part_names
    split_id = split_id or f"s{len(state.splits) + 1}"
    delimiter = choose_delimiter(dataset.labels) if dataset.mode == "multi-label" else "|"
    training, scoring = _write_files(session, split_id, dataset, preview, delimiter, watch)
    _write_parts(session, split_id, dataset, (preview.parts, names), watch)
    truth = save_truth(session, split_id, dataset, preview.parts, preview.clusters)
    context = HealthContext(
        dataset=dataset, parts=preview.parts, part_names=names, delimiter=delimiter
    )
    return SplitState(
        id=split_id,
        dataset=state.dataset.fingerprint,
        revision=state.dataset.id,
        ratios=ratios,
        part_names=names,
        seed=seed,
        sizes=preview.audit.sizes,
        delimiter=delimiter,
        worst_deviation=preview.audit.worst_deviation,
        fingerprint=made,
        support={
            label.label: dict(zip(names, label.counts, strict=True))
            for label in preview.audit.labels
        },
        training=training,
        scoring=scoring,
        findings=run_part_checks(context, watch),
        truth_fingerprint=truth,
        made_at=now(),
    )


def _write_files(
    session: Session,
    split_id: str,
    dataset: Dataset,
    preview: SplitPreview,
    delimiter: str,
    watch: Watch,
) -> tuple[dict[str, PartFile], dict[str, PartFile]]:
    """Write what classifiers are trained and tested on, and what they score, part by part."""
    training: dict[str, PartFile] = {}
    scoring: dict[str, PartFile] = {}
    names = preview.audit.part_names
    for position, name in enumerate(names):
        watch.report(f"writing {name}", position, len(names), "parts")
        part = dataset.subset(np.flatnonzero(preview.parts == position))
        path = f"data/{split_id}/{name}"
        if name != "calibration":
            training[name] = write_training(session, part, f"{path}.csv", delimiter, watch)
        scoring[name] = _write_scoring(session, part, path, watch)
    return training, scoring


def write_training(
    session: Session, part: Dataset, path: str, delimiter: str, watch: Watch = UNWATCHED
) -> PartFile:
    """Write a two-column training or test file below the session's folder.

    Raises:
        InvalidInput: a document or label cannot be written.
    """
    written = write_training_csv(part, session.path(path), delimiter, watch)
    return PartFile(path=path, fingerprint=file_fingerprint(session.path(path)), documents=written)


def _write_scoring(session: Session, part: Dataset, stem: str, watch: Watch) -> PartFile:
    line_map = write_scoring_text(part, session.path(f"{stem}.txt"), watch)
    save_line_map(line_map, session.path(f"{stem}.lines.json"))
    return PartFile(
        path=f"{stem}.txt",
        fingerprint=line_map.fingerprint,
        documents=len(line_map.ids),
        units=units(watch.over(map(one_line, part.texts))),
        line_map=f"{stem}.lines.json",
        line_map_fingerprint=file_fingerprint(session.path(f"{stem}.lines.json")),
    )


def _write_parts(
    session: Session,
    split_id: str,
    dataset: Dataset,
    dealt: tuple[Parts, tuple[str, ...]],
    watch: Watch,
) -> None:
    parts, names = dealt
    rows = zip(dataset.ids, (names[part] for part in parts.tolist()), strict=True)
    table = csv_bytes((("id", "part"), *watch.over(rows)))
    write_atomic(session.path(f"data/{split_id}/parts.csv"), table)


def _is_whole(session: Session, state: SessionState, split: SplitState) -> bool:
    files = (*split.training.values(), *split.scoring.values())
    maps = (file.line_map for file in split.scoring.values())
    paths = (_path(split.id), *maps, *(file.path for file in files))
    return is_as_recorded(session, state, *paths)


# Changed training parts: the pieces that a change starts from, and the file that it makes.


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
    dataset = load_dataset(verified(session, state, revision.path))
    parts = load_all_parts(session, split)
    if len(parts) != len(dataset):
        what = f"parts of {len(parts):,} documents for {len(dataset):,}"
        raise _damaged(session.path(_path(split.id)), what)
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


# The files that classifiers are trained and tested on: those of the split, and those of groups.


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


def group_files(
    split: SplitState, over: OversamplingState | None, group: LabelGroup
) -> dict[str, PartFile]:
    """Training and test file of a group by part, which need not be written yet."""
    key = fingerprint(split.training_inputs(over), *group.all_labels)[7:15]
    return {
        name: PartFile(path=f"data/{split.id}/groups/{key}/{name}.csv", fingerprint="", documents=0)
        for name in split.training
    }


def write_group_files(
    session: Session,
    state: SessionState,
    split: SplitState,
    over: OversamplingState | None,
    groups: Sequence[LabelGroup],
    watch: Watch = UNWATCHED,
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
        watch.report("writing group files", done, len(groups), plural(len(groups), "group"))
        watch.check()
        delimiter = choose_delimiter(group.all_labels)
        files = {
            name: write_training(session, project(parts[name], group), file.path, delimiter)
            for name, file in group_files(split, over, group).items()
        }
        made.append(ClassifierFiles(files, delimiter))
    return made


def _parts(
    session: Session, state: SessionState, split: SplitState, over: OversamplingState | None
) -> dict[str, Dataset]:
    """The documents of the parts that training reads, the training part as it was changed."""
    revision = state.revision_of(split)
    dataset = load_dataset(verified(session, state, revision.path))
    numbers = load_all_parts(session, split)
    parts = {
        name: dataset.subset(np.flatnonzero(numbers == split.part_names.index(name)))
        for name in split.training
    }
    if over is not None:
        parts["train"] = resample(parts["train"], over.recipe).dataset
    return parts
