"""Read one part of a run: its reading lists, its documents, and why each is worth reading."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from core.dataset.documents import Dataset, load_dataset
from core.errors import InvalidInput
from core.text import printable
from core.tuning.review import KINDS, Kind
from core.workflow.actions.joining import labels_taken
from core.workflow.actions.launching import session_clients
from core.workflow.actions.part_data import PartData, default_threshold, load_part_data
from core.workflow.actions.review.lists import LISTS, LabelLists, ListName, text_groups
from core.workflow.actions.review.marks import Mark, Marks
from core.workflow.actions.runs import pick_run
from core.workflow.actions.truth import load_all_parts
from core.workflow.session import Session
from core.workflow.state import RunState
from core.workflow.steps import split_of, tuning_part

Terms = tuple[tuple[str, float], ...]


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
    confidence: float = 0.0
    """Probability that the classifier gives to what the document is labelled with; the highest
    possible one when the score was not returned."""
    rival: str = ""
    """Multi-class: the class beside its own that the classifier scores highest; "" when no other
    class was returned."""
    text_group: int = 0
    """Documents of equal text share it."""
    mark: Mark | None = None


@dataclass(frozen=True)
class Review:
    """One reading list of one label."""

    run: str
    part: str
    label: str
    threshold: float
    is_tuned: bool
    """False when the run has no thresholds yet and the default is used."""
    wanted: ListName
    counts: dict[Kind, int]
    """Number of documents of each kind in the whole part."""
    sizes: dict[ListName, int]
    """Documents of every list of the label."""
    found: int
    """Documents of the list that hold every word."""
    read: int
    """How many of them are marked."""
    rows: tuple[ReviewRow, ...]
    """The first of them."""


@dataclass(frozen=True)
class LabelErrors:
    """How often one label is wrong at its threshold, and how often it is labelled wrongly."""

    label: str
    threshold: float
    false_negatives: int
    false_positives: int
    not_returned: int
    """Documents whose score is unknown."""
    suspects: int
    duplicates: int
    contradictions: int


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
    groups: npt.NDArray[np.intp]
    """intp (n_documents,): documents of equal text share a number."""
    explain: Callable[[str, str], Terms | None]
    """The words of a text that move a label's score most, by label and text; None when the engine
    does not say."""
    _lists: dict[str, LabelLists] = field(default_factory=dict, repr=False)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels in the order of the dataset."""
        return self.data.truth.labels

    @cached_property
    def searchable(self) -> list[str]:
        """Id and text of each document in lower case."""
        pairs = zip(self.documents.ids, self.documents.texts, strict=True)
        return [f"{name}\n{text}".lower() for name, text in pairs]

    def lists_of(self, label: str) -> LabelLists:
        """The reading lists of a label.

        Raises:
            InvalidInput: there is no such label.
        """
        if label not in self.labels:
            known = ", ".join(printable(name, 40) for name in self.labels)
            raise InvalidInput(
                "No such label", f"{printable(label, 60)!r} is not a label here", f"labels: {known}"
            )
        if label not in self._lists:
            column = self.labels.index(label)
            self._lists[label] = LabelLists(self.data, column, self.thresholds[label], self.groups)
        return self._lists[label]


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
    documents = dataset.subset(rows)
    values = dict(run.thresholds.values) if run.thresholds is not None else {}
    default = default_threshold(data.truth.mode)
    return ReviewData(
        run=run.name,
        part=wanted,
        parts=tuple(name for name in split.part_names if name in run.scores),
        documents=documents,
        data=data,
        thresholds={label: values.get(label, default) for label in data.truth.labels},
        is_tuned=run.thresholds is not None,
        groups=text_groups(documents.texts),
        explain=_explainer(session, run),
    )


def review_label(
    review: ReviewData,
    label: str,
    wanted: ListName = "all",
    words: str = "",
    limit: int = 500,
    marks: Marks | None = None,
) -> Review:
    """One reading list of a label.

    Decisions come by distance from the threshold, suspected label errors by self-confidence,
    conflicting duplicates text by text.

    Args:
        words: only documents that hold each of these words in their text or id, in any case.
        limit: rows to return at most.
        marks: what was marked so far.

    Raises:
        InvalidInput: there is no such label.
    """
    marks = marks or Marks(review.data.truth.mode)
    lists = review.lists_of(label)
    rows: list[int] = lists.rows(wanted).tolist()
    needles = words.lower().split()
    if needles:
        texts = review.searchable
        rows = [row for row in rows if all(needle in texts[row] for needle in needles)]
    ids = review.documents.ids
    return Review(
        run=review.run,
        part=review.part,
        label=label,
        threshold=review.thresholds[label],
        is_tuned=review.is_tuned,
        wanted=wanted,
        counts=lists.around.counts,
        sizes={name: len(lists.rows(name)) for name in LISTS},
        found=len(rows),
        read=sum(marks.of(ids[row], label) is not None for row in rows),
        rows=_rows(review, label, lists, rows[:limit], marks),
    )


def label_errors(review: ReviewData) -> tuple[LabelErrors, ...]:
    """How often each label is wrong, to choose what to read."""
    rows = []
    for column, label in enumerate(review.labels):
        lists = review.lists_of(label)
        counts = lists.around.counts
        rows.append(
            LabelErrors(
                label=label,
                threshold=review.thresholds[label],
                false_negatives=counts["false-negative"],
                false_positives=counts["false-positive"],
                not_returned=int(np.isnan(review.data.scores[:, column]).sum()),
                suspects=len(lists.rows("suspects")),
                duplicates=len(lists.rows("duplicates")),
                contradictions=len(lists.rows("contradictions")),
            )
        )
    return tuple(rows)


def _rows(
    review: ReviewData, label: str, lists: LabelLists, rows: Sequence[int], marks: Marks
) -> tuple[ReviewRow, ...]:
    scores = review.data.scores[:, review.labels.index(label)]
    documents = review.documents
    is_classes = review.data.truth.mode == "multi-class"
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
            kind=KINDS[lists.around.kinds[row]],
            confidence=float(lists.suspects.confidence[row]),
            rival=_rival(review, row) if is_classes else "",
            text_group=int(review.groups[row]),
            mark=marks.of(documents.ids[row], label),
        )
        for row, labels in zip(rows, label_sets, strict=True)
    )


def _rival(review: ReviewData, row: int) -> str:
    """The highest scored class that the document does not have; "" when none was returned."""
    scores = np.where(review.data.truth.membership[row], np.nan, review.data.scores[row])
    return "" if np.isnan(scores).all() else review.labels[int(np.nanargmax(scores))]


def _explainer(session: Session, run: RunState) -> Callable[[str, str], Terms | None]:
    """What explains a score of a run; the engine is opened only where it can answer."""
    if session.state().engine.name != "offline":
        return lambda label, text: None
    explain = session_clients(session).explain_score
    owners = {
        label: classifier.training.arn
        for classifier, taken in zip(run.classifiers, labels_taken(run), strict=True)
        for label in taken
    }

    def terms(label: str, text: str) -> Terms | None:
        arn = owners.get(label)
        return None if arn is None else explain(arn, text, label)

    return terms
