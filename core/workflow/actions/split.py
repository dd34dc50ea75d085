"""The split step: deal the documents into parts and prepare Comprehend's files from them."""

import csv
import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.comprehend.pricing import units
from core.dataset.documents import Dataset
from core.dataset.duplicates import duplicate_clusters
from core.dataset.formats import (
    choose_delimiter,
    one_line,
    save_line_map,
    write_scoring_text,
    write_training_csv,
)
from core.dataset.health import HealthContext, run_part_checks
from core.dataset.splits import SplitAudit, audit_split, part_names_for, stratified_split
from core.errors import InvalidInput
from core.files import file_fingerprint, fingerprint, write_atomic
from core.progress import CancelToken, Progress, Reporter, silent
from core.workflow.actions.create import current_dataset
from core.workflow.actions.truth import save_truth
from core.workflow.session import Session, now
from core.workflow.state import PartFile, SessionState, SplitState

Parts = npt.NDArray[np.int8]


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


def preview_split(dataset: Dataset, ratios: tuple[float, ...], seed: int) -> SplitPreview:
    """Compute a split and its audit without keeping anything.

    Args:
        dataset: the documents; equal texts and equal groups stay in one part.
        ratios: wanted share of each part, 2 or 3 of them.
        seed: same seed, same parts.

    Raises:
        InvalidInput: the ratios cannot be met.
    """
    clusters = duplicate_clusters(dataset.texts, dataset.groups)
    parts = stratified_split(dataset.membership, ratios, seed, clusters)
    audit = audit_split(parts, dataset, part_names_for(ratios), ratios, clusters)
    return SplitPreview(parts, clusters, audit)


def split_dataset(
    session: Session,
    ratios: tuple[float, ...],
    seed: int,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> SplitMade:
    """Split the newest revision and write training, test and scoring files.

    Raises:
        InvalidInput: the ratios cannot be met, or a document or label cannot be written.
        TryAgain: another terminal runs a step of this session.
        Interrupted: cancelled; the session is as it was.
    """
    with session.working():
        state = session.state()
        dataset = current_dataset(session, state)
        reporter(Progress("splitting", 0, len(dataset), "documents"))
        preview = preview_split(dataset, ratios, seed)
        made = fingerprint(state.dataset.fingerprint, preview.parts.tobytes(), repr(ratios))
        same = [split for split in state.splits if split.fingerprint == made]
        if same and same[-1] is state.splits[-1] and _files_exist(session, same[-1]):
            return SplitMade(same[-1], preview.audit, is_new=False)
        if cancel is not None:
            cancel.check()
        split = prepare_split(session, state, dataset, preview, (ratios, seed, made), reporter)
        with session.editing() as state:
            if state.dataset.fingerprint != split.dataset:
                raise InvalidInput("Dataset changed", "it changed during the split", "split again")
            state.splits.append(split)
        session.record("split", id=split.id, ratios=ratios, seed=seed, sizes=split.sizes)
        return SplitMade(split, preview.audit, is_new=True)


def prepare_split(
    session: Session,
    state: SessionState,
    dataset: Dataset,
    preview: SplitPreview,
    made_from: tuple[tuple[float, ...], int, str],
    reporter: Reporter,
) -> SplitState:
    ratios, seed, made = made_from
    names = preview.audit.part_names
    split_id = f"s{len(state.splits) + 1}"
    delimiter = choose_delimiter(dataset.labels) if dataset.mode == "multi-label" else "|"
    training: dict[str, PartFile] = {}
    scoring: dict[str, PartFile] = {}
    for position, name in enumerate(names):
        reporter(Progress(f"writing {name}", position, len(names), "parts"))
        part = dataset.subset(np.flatnonzero(preview.parts == position))
        if name != "calibration":
            training[name] = write_training(session, part, f"data/{split_id}/{name}.csv", delimiter)
        scoring[name] = _write_scoring(session, part, f"data/{split_id}/{name}")
    _write_parts(session, split_id, dataset, preview.parts, names)
    save_truth(session, split_id, dataset, preview.parts, preview.clusters)
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
        findings=run_part_checks(context),
        made_at=now(),
    )


def write_training(session: Session, part: Dataset, path: str, delimiter: str) -> PartFile:
    """Write a two-column training or test file below the session's folder.

    Raises:
        InvalidInput: a document or label cannot be written.
    """
    written = write_training_csv(part, session.path(path), delimiter)
    return PartFile(path=path, fingerprint=file_fingerprint(session.path(path)), documents=written)


def _write_scoring(session: Session, part: Dataset, stem: str) -> PartFile:
    line_map = write_scoring_text(part, session.path(f"{stem}.txt"))
    save_line_map(line_map, session.path(f"{stem}.lines.json"))
    return PartFile(
        path=f"{stem}.txt",
        fingerprint=line_map.fingerprint,
        documents=len(line_map.ids),
        units=units(map(one_line, part.texts)),
        line_map=f"{stem}.lines.json",
    )


def _write_parts(
    session: Session, split_id: str, dataset: Dataset, parts: Parts, names: tuple[str, ...]
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["id", "part"])
    writer.writerows(zip(dataset.ids, (names[part] for part in parts.tolist()), strict=True))
    write_atomic(session.path(f"data/{split_id}/parts.csv"), text.getvalue().encode("utf-8"))


def _files_exist(session: Session, split: SplitState) -> bool:
    files = (*split.training.values(), *split.scoring.values())
    return all(session.path(file.path).exists() for file in files)
