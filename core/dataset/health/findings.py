"""What a health check tells: findings, their examples, and what checks look at.

Labels, examples and names of measures hold data in its original form, so whoever shows them cleans
it; titles, meanings and remedies are safe to show.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import msgspec
import numpy as np
import numpy.typing as npt

from core.dataset.documents import BoolMatrix, Dataset, Rows
from core.dataset.duplicates import text_keys
from core.progress import UNWATCHED, Watch

Severity = Literal["error", "warning", "info", "passed"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info", "passed")
"""Most serious first. An error makes training fail or its numbers wrong; a warning lowers quality
or trust; an info is worth knowing."""
_EXAMPLES = 5
_EXCERPT = 200
_LEAD = 60


class Example(msgspec.Struct, frozen=True):
    """A document that shows a finding."""

    id: str
    """The document's name."""
    text: str
    """Excerpt of at most 200 characters, in original form."""
    labels: tuple[str, ...]
    """Its labels, in original form."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What one check found."""

    id: str
    """The check, such as "blank-documents"."""
    severity: Severity
    """How serious it is; "passed" when nothing was found."""
    title: str
    """What was found, or what is in order, in a few words."""
    count: int = 0
    """How many documents or labels are concerned."""
    share: float = 0.0
    """`count` as a share of all documents or labels."""
    of: Literal["documents", "labels"] = "documents"
    """What `count` counts."""
    labels: tuple[str, ...] = ()
    """The labels concerned, in original form."""
    examples: tuple[Example, ...] = ()
    """At most five documents that show it."""
    meaning: str = ""
    """Why it matters."""
    remedy: str = ""
    """What to do about it."""
    fix: str | None = None
    """The fix that `apply_fix` knows for it."""
    measures: dict[str, float] = {}
    """Figures behind the finding, by name."""


@dataclass(frozen=True)
class HealthContext:
    """What is checked."""

    dataset: Dataset
    """The documents and labels."""
    parts: npt.NDArray[np.int8] | None = None
    """int8 (n_documents,): part of each document, -1 for none; None before a split."""
    part_names: tuple[str, ...] = ()
    """Names of the parts: "train", "test" and perhaps "calibration"."""
    delimiter: str = "|"
    """The character that will stand between the labels of a document in Comprehend's files."""
    had_bom: bool = False
    """Whether the source began with a byte order mark."""


class DatasetFacts:
    """What several checks need to know of a dataset, each worked out once and when first asked."""

    def __init__(self, context: HealthContext, watch: Watch = UNWATCHED) -> None:
        self.context = context
        self.watch = watch
        self.dataset = context.dataset

    @cached_property
    def support(self) -> npt.NDArray[np.int64]:
        """int64 (n_labels,): documents of each label."""
        return self.dataset.support

    @cached_property
    def text_bytes(self) -> npt.NDArray[np.int64]:
        """int64 (n_documents,): length of each text in UTF-8."""
        sizes = (
            len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
            for text in self.dataset.texts
        )
        return np.fromiter(sizes, np.int64, len(self.dataset))

    @cached_property
    def keys(self) -> npt.NDArray[np.uint64]:
        """uint64 (n_documents,): key of each normalised text."""
        return text_keys(self.dataset.texts, self.watch)

    @cached_property
    def is_blank(self) -> npt.NDArray[np.bool_]:
        """bool (n_documents,): nothing but white space, control and invisible characters."""
        return np.asarray(self.keys == text_keys([""])[0])

    @cached_property
    def label_set_codes(self) -> npt.NDArray[np.int64]:
        """int64 (n_documents,): equal for documents with the same labels."""
        return label_set_codes(self.dataset)

    def rows_where(self, is_hit: Callable[[str], object]) -> Rows:
        """The positions of the documents whose text satisfies `is_hit`."""
        return np.array(
            [row for row, text in enumerate(self.dataset.texts) if is_hit(text)], dtype=np.intp
        )

    def examples(
        self, rows: Rows | Sequence[int], pattern: re.Pattern[str] | None = None
    ) -> tuple[Example, ...]:
        """The first five of the documents at `rows`, cut around what `pattern` matches."""
        picked = [int(row) for row in rows[:_EXAMPLES]]
        return tuple(
            Example(
                self.dataset.ids[row],
                excerpt(self.dataset.texts[row], pattern),
                tuple(
                    self.dataset.labels[column]
                    for column in np.flatnonzero(self.dataset.membership[row]).tolist()
                ),
            )
            for row in picked
        )

    def one_document_each(self, columns: Sequence[int]) -> list[int]:
        """The first document of each of the first five labels that has one."""
        rows = [
            int(self.dataset.membership[:, column].argmax())
            for column in columns
            if self.support[column]
        ]
        return list(dict.fromkeys(rows))[:_EXAMPLES]


@dataclass(frozen=True)
class Check:
    """One question about a dataset."""

    id: str
    """Kebab-case name, also the name of its fix when it has one."""
    passed: str
    """What is in order when the check finds nothing."""
    run: Callable[[DatasetFacts], Finding | None]
    """Answers the question; None when nothing was found."""


def label_set_codes(dataset: Dataset) -> npt.NDArray[np.int64]:
    """int64 (n_documents,): a number for each distinct label set."""
    if dataset.membership.shape[1] == 0:
        return np.zeros(len(dataset), np.int64)
    packed = np.packbits(dataset.membership, axis=1)
    rows = np.ascontiguousarray(packed).view(np.dtype((np.void, packed.shape[1]))).ravel()
    return np.unique(rows, return_inverse=True)[1].astype(np.int64)


def excerpt(text: str, pattern: re.Pattern[str] | None = None) -> str:
    """At most 200 characters of `text`, from a little before the first match of `pattern` on."""
    match = pattern.search(text) if pattern is not None else None
    start = max(match.start() - _LEAD, 0) if match is not None else 0
    return text[start : start + _EXCERPT]


def about_documents(
    facts: DatasetFacts,
    rows: Rows,
    finding: Finding,
    *,
    pattern: re.Pattern[str] | None = None,
    shown: Sequence[int] | None = None,
) -> Finding | None:
    """`finding` with its count, share and examples filled in; None when `rows` is empty.

    Args:
        facts: the dataset.
        rows: positions of the documents concerned.
        finding: what to say about them.
        pattern: what the excerpts are cut around.
        shown: documents to show instead of the first of `rows`.
    """
    if len(rows) == 0:
        return None
    return msgspec.structs.replace(
        finding,
        of="documents",
        count=len(rows),
        share=len(rows) / len(facts.dataset),
        examples=facts.examples(rows if shown is None else shown, pattern),
    )


def about_labels(facts: DatasetFacts, columns: Sequence[int], finding: Finding) -> Finding | None:
    """`finding` with its count, share, labels and examples; None when `columns` is empty."""
    if len(columns) == 0:
        return None
    return msgspec.structs.replace(
        finding,
        of="labels",
        count=len(columns),
        share=len(columns) / len(facts.dataset.labels),
        labels=tuple(facts.dataset.labels[column] for column in columns),
        examples=facts.examples(facts.one_document_each(columns)),
    )


# Measures of imbalance and of labels that occur together.
#
# Sources: F. Charte, A. J. Rivera, M. J. del Jesus, F. Herrera, "Addressing imbalance in
# multilabel classification: Measures and random resampling algorithms", Neurocomputing 163
# (2015), sections 3.1 and 3.2, for IRLbl, MeanIR and CVIR; the same authors, "Concurrence among
# imbalanced labels and its influence on multilabel resampling algorithms", HAIS 2014, and
# "Dealing with difficult minority labels in imbalanced multilabel data sets", Neurocomputing 326
# (2019), for SCUMBLE.


_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class LabelCount:
    """How often a label occurs."""

    label: str
    """The name, in original form."""
    count: int
    """Its support."""
    share: float
    """Its support as a share of all documents."""
    imbalance: float
    """IRLbl: support of the commonest label over this one's; infinite without support."""


def label_distribution(dataset: Dataset) -> tuple[LabelCount, ...]:
    """How often each label occurs, the commonest first."""
    support = dataset.support
    ratios = irlbl(support)
    order = np.argsort(-support, kind="stable").tolist()
    n_documents = max(len(dataset), 1)
    return tuple(
        LabelCount(
            dataset.labels[column],
            int(support[column]),
            float(support[column] / n_documents),
            float(ratios[column]),
        )
        for column in order
    )


def cooccurrence(dataset: Dataset) -> npt.NDArray[np.int64]:
    """int64 (n_labels, n_labels): documents that have both labels; support on the diagonal."""
    # float64 products run in BLAS and are exact for counts below 2^53
    members = dataset.membership.astype(np.float64)
    return np.rint(members.T @ members).astype(np.int64)


def irlbl(support: npt.NDArray[np.int64]) -> _Floats:
    """float64 (n_labels,): imbalance ratio per label, the largest support over each support.

    1 for the commonest label; infinite for a label without documents.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = support.max(initial=0) / support.astype(np.float64)
    return np.where(support == 0, np.inf, ratios)


def mean_ir(support: npt.NDArray[np.int64]) -> float:
    """MeanIR: the mean of IRLbl over the labels that have documents; NaN without any."""
    ratios = irlbl(support)[support > 0]
    return float(ratios.mean()) if len(ratios) else float("nan")


def cvir(support: npt.NDArray[np.int64]) -> float:
    """CVIR: the coefficient of variation of IRLbl (n - 1 in the standard deviation)."""
    ratios = irlbl(support)[support > 0]
    return float(ratios.std(ddof=1) / ratios.mean()) if len(ratios) > 1 else 0.0


def scumble_of_documents(membership: BoolMatrix) -> _Floats:
    """float64 (n_documents,): SCUMBLE of each document, in [0, 1).

    One minus the geometric over the arithmetic mean of IRLbl of the labels that the document has:
    0 when they are equally common, near 1 when a very rare label stands beside a very common one.
    Means run over the labels present, as in the authors' R package mldr. 0 without labels.
    """
    ratios = irlbl(membership.sum(axis=0, dtype=np.int64))
    ratios = np.where(np.isfinite(ratios), ratios, 1.0)
    members = membership.astype(np.float64)
    counts = members.sum(axis=1)
    divisor = np.maximum(counts, 1)
    arithmetic = members @ ratios / divisor
    geometric = np.exp(members @ np.log(ratios) / divisor)
    values = 1.0 - geometric / np.where(counts > 0, arithmetic, 1.0)
    return np.where(counts > 1, np.maximum(values, 0.0), 0.0)


def scumble(membership: BoolMatrix) -> float:
    """SCUMBLE of a dataset: the mean over its documents. Above 0.1 is high (HAIS 2014)."""
    return float(scumble_of_documents(membership).mean()) if len(membership) else 0.0


def scumble_of_labels(membership: BoolMatrix) -> _Floats:
    """float64 (n_labels,): SCUMBLELbl, the mean over the documents of each label; 0 without any."""
    support = membership.sum(axis=0)
    totals = scumble_of_documents(membership) @ membership.astype(np.float64)
    return np.asarray(totals / np.maximum(support, 1), dtype=np.float64)
