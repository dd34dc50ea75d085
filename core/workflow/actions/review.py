"""The review step: read the documents around a label's threshold."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.dataset.documents import Dataset, load_dataset
from core.errors import InvalidInput
from core.text import printable
from core.tuning.review import KINDS, Around, Kind, Wanted
from core.tuning.review import documents_around as around_threshold
from core.workflow.actions.part_data import PartData, default_threshold, load_part_data
from core.workflow.actions.runs import pick_run
from core.workflow.actions.truth import load_all_parts
from core.workflow.session import Session
from core.workflow.steps import split_of, tuning_part


@dataclass(frozen=True)
class ReviewRow:
    """One document as a person wants to read it."""

    id: str
    text: str
    """As in the source."""
    labels: tuple[str, ...]
    """Its true labels."""
    score: float | None
    """Score of the reviewed label; None when it was not returned."""
    kind: Kind


@dataclass(frozen=True)
class Review:
    """The documents around one label's threshold, nearest first."""

    run: str
    part: str
    label: str
    threshold: float
    is_tuned: bool
    """False when the run has no thresholds yet and the default is used."""
    wanted: Wanted
    counts: dict[Kind, int]
    """Number of documents of each kind in the whole part."""
    found: int
    """Documents of the wanted kind that hold every word."""
    rows: tuple[ReviewRow, ...]
    """The nearest of them."""


@dataclass(frozen=True)
class LabelErrors:
    """How often one label is wrong at its threshold."""

    label: str
    threshold: float
    false_negatives: int
    false_positives: int
    not_returned: int
    """Documents whose score is unknown."""


@dataclass(frozen=True)
class ReviewData:
    """Scores, truth and texts of one part, read once for every label."""

    run: str
    part: str
    parts: tuple[str, ...]
    """The scored parts of the run, which can be reviewed."""
    documents: Dataset
    """The documents of the part, in the order of `data`."""
    data: PartData
    thresholds: dict[str, float]
    """Threshold of every label."""
    is_tuned: bool
    """False when the run has no thresholds yet and the default is used."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels in the order of the dataset."""
        return self.data.truth.labels

    @cached_property
    def searchable(self) -> list[str]:
        """Id and text of each document in lower case."""
        pairs = zip(self.documents.ids, self.documents.texts, strict=True)
        return [f"{name}\n{text}".lower() for name, text in pairs]


def load_review(session: Session, run_name: str | None = None, part: str = "") -> ReviewData:
    """Read what reviewing any label of a part needs.

    Args:
        run_name: the run; the newest when None.
        part: the part; the one that thresholds are tuned on when empty.

    Raises:
        InvalidInput: there is no such run, the part was not scored, or a file is damaged.
    """
    state = session.state()
    run = pick_run(state, run_name)
    split = split_of(state, run)
    wanted = part or tuning_part(split)
    if wanted not in run.scores:
        raise InvalidInput(
            "No scores",
            f"part {printable(wanted, 40)!r} was not scored in run {printable(run.name)}",
            f"scored parts: {', '.join(run.scores) or 'none; run: comprehend-tuner score'}",
        )
    data = load_part_data(session, state, run, wanted)
    revision = next(r for r in state.revisions if r.id == split.revision)
    dataset = load_dataset(session.path(revision.path))
    rows = np.flatnonzero(load_all_parts(session, split) == split.part_names.index(wanted))
    values = dict(run.thresholds.values) if run.thresholds is not None else {}
    default = default_threshold(data.truth.mode)
    return ReviewData(
        run=run.name,
        part=wanted,
        parts=tuple(name for name in split.part_names if name in run.scores),
        documents=dataset.subset(rows),
        data=data,
        thresholds={label: values.get(label, default) for label in data.truth.labels},
        is_tuned=run.thresholds is not None,
    )


def review_label(
    review: ReviewData, label: str, wanted: Wanted = "all", words: str = "", limit: int = 500
) -> Review:
    """The documents around a label's threshold, nearest first.

    Args:
        words: only documents that hold each of these words in their text or id, in any case.
        limit: rows to return at most.

    Raises:
        InvalidInput: there is no such label.
    """
    found = _around(review, label, wanted)
    rows: list[int] = found.rows.tolist()
    needles = words.lower().split()
    if needles:
        texts = review.searchable
        rows = [row for row in rows if all(needle in texts[row] for needle in needles)]
    return Review(
        run=review.run,
        part=review.part,
        label=label,
        threshold=review.thresholds[label],
        is_tuned=review.is_tuned,
        wanted=wanted,
        counts=found.counts,
        found=len(rows),
        rows=_rows(review, label, found, rows[:limit]),
    )


def label_errors(review: ReviewData) -> tuple[LabelErrors, ...]:
    """How often each label is wrong at its threshold, to choose what to read."""
    rows = []
    for column, label in enumerate(review.labels):
        counts = _around(review, label, "all").counts
        unknown = int(np.isnan(review.data.scores[:, column]).sum())
        rows.append(
            LabelErrors(
                label,
                review.thresholds[label],
                counts["false-negative"],
                counts["false-positive"],
                unknown,
            )
        )
    return tuple(rows)


def _around(review: ReviewData, label: str, wanted: Wanted) -> Around:
    if label not in review.labels:
        known = ", ".join(printable(name, 40) for name in review.labels)
        raise InvalidInput(
            "No such label", f"{printable(label, 60)!r} is not a label here", f"labels: {known}"
        )
    column = review.labels.index(label)
    return around_threshold(
        review.data.scores[:, column],
        review.data.truth.membership[:, column],
        review.thresholds[label],
        wanted,
        review.data.decision_scores[:, column],
    )


def _rows(
    review: ReviewData, label: str, found: Around, rows: Sequence[int]
) -> tuple[ReviewRow, ...]:
    scores = review.data.scores[:, review.labels.index(label)]
    documents = review.documents
    label_sets = [
        tuple(name for name, has in zip(review.labels, row, strict=True) if has)
        for row in review.data.truth.membership[list(rows)].tolist()
    ]
    return tuple(
        ReviewRow(
            id=documents.ids[row],
            text=documents.texts[row],
            labels=labels,
            score=None if np.isnan(scores[row]) else float(str(scores[row])),
            kind=KINDS[found.kinds[row]],
        )
        for row, labels in zip(rows, label_sets, strict=True)
    )
