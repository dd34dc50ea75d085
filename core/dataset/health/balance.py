"""Checks of how evenly documents are spread over labels."""

import itertools

import msgspec
import numpy as np
import numpy.typing as npt

from core.dataset.health.findings import (
    Check,
    DatasetFacts,
    Finding,
    about_documents,
    about_labels,
    cooccurrence,
    cvir,
    irlbl,
    mean_ir,
    scumble,
    scumble_of_labels,
)
from core.dataset.health.labels import variant_groups
from core.text import printable

# Limits of the service. Sources: Amazon Comprehend's developer guide, pages "Guidelines and
# quotas" and "Preparing classifier training data", and the general reference's quota page.


FEWEST_DOCUMENTS = 50
MOST_DOCUMENTS = 1_000_000
FEWEST_PER_LABEL = 10
ADVISED_PER_LABEL = 50
MOST_LABELS = {"multi-label": 100, "multi-class": 1_000}
LARGEST_DATASET_BYTES = 5 * 1024**3
LARGEST_DOCUMENT_BYTES = 10 * 1024**2
LARGEST_REALTIME_BYTES = 10 * 1024
_NEARLY = 0.9


def _too_few_documents(facts: DatasetFacts) -> Finding | None:
    count = len(facts.dataset)
    if count >= FEWEST_DOCUMENTS:
        return None
    return Finding(
        id="too-few-documents",
        severity="error",
        title=f"Fewer than {FEWEST_DOCUMENTS} documents",
        count=count,
        share=1.0,
        meaning=f"Comprehend trains on {FEWEST_DOCUMENTS} documents or more.",
        remedy="Label more documents and import them together.",
    )


def _too_many_documents(facts: DatasetFacts) -> Finding | None:
    count = len(facts.dataset)
    if count <= MOST_DOCUMENTS:
        return None
    return Finding(
        id="too-many-documents",
        severity="error",
        title=f"More than {MOST_DOCUMENTS:,} documents",
        count=count,
        share=1.0,
        meaning=f"A training job takes up to {MOST_DOCUMENTS:,} documents, a scoring job up to "
        f"{MOST_DOCUMENTS:,} lines.",
        remedy="Leave out documents of the commonest label; they teach the classifier least.",
    )


def _dataset_size(facts: DatasetFacts) -> Finding | None:
    size = int(facts.text_bytes.sum())
    if size <= _NEARLY * LARGEST_DATASET_BYTES:
        return None
    is_over = size > LARGEST_DATASET_BYTES
    return Finding(
        id="dataset-size",
        severity="error" if is_over else "warning",
        title="Texts are larger than 5 GB" if is_over else "Texts come near 5 GB",
        count=len(facts.dataset),
        share=1.0,
        meaning="The files of one training job, and of one scoring job, may hold 5 GB in all.",
        remedy="Leave out documents, or shorten the longest ones.",
        measures={"bytes": float(size)},
    )


def _document_size(facts: DatasetFacts) -> Finding | None:
    return about_documents(
        facts,
        np.flatnonzero(facts.text_bytes > LARGEST_DOCUMENT_BYTES),
        Finding(
            id="document-size",
            severity="error",
            title="Documents larger than 10 MB",
            meaning="Comprehend refuses a document of more than 10 MB, and the job with it.",
            remedy="Shorten or split these documents in the source; a quote that is never closed "
            "can also swallow rows.",
            measures={"largest_bytes": float(facts.text_bytes.max(initial=0))},
        ),
    )


def _realtime_size(facts: DatasetFacts) -> Finding | None:
    return about_documents(
        facts,
        np.flatnonzero(facts.text_bytes > LARGEST_REALTIME_BYTES),
        Finding(
            id="realtime-size",
            severity="info",
            title="Documents larger than 10 KB",
            meaning="A real-time endpoint takes texts up to 10 KB; scoring jobs take them whole.",
            remedy="Nothing to do, unless production uses an endpoint: it cannot see such texts.",
        ),
    )


def _too_few_labels(facts: DatasetFacts) -> Finding | None:
    used = np.flatnonzero(facts.support)
    if len(used) >= 2:
        return None
    return Finding(
        id="too-few-labels",
        severity="error",
        title="Fewer than 2 labels are in use",
        of="labels",
        count=len(used),
        share=1.0,
        labels=tuple(facts.dataset.labels[column] for column in used.tolist()),
        meaning="A classifier needs at least two labels to choose from.",
        remedy="Check that the right label column was chosen; documents without a label can get a "
        "label of their own: new --none-label clean.",
    )


def _too_many_labels(facts: DatasetFacts) -> Finding | None:
    limit = MOST_LABELS[facts.dataset.mode]
    used = np.flatnonzero(facts.support)
    if len(used) <= limit:
        return None
    rarest = used[np.argsort(facts.support[used], kind="stable")][: len(used) - limit]
    return about_labels(
        facts,
        rarest.tolist(),
        Finding(
            id="too-many-labels",
            severity="error",
            title=f"{len(used):,} labels, {limit:,} are possible",
            meaning=f"A {facts.dataset.mode} classifier takes up to {limit:,} labels; listed are "
            "the rarest, those over the limit.",
            remedy="Merge or drop rare labels. Very many labels often mean that text and label "
            "column are swapped, or that lists of labels were read as one label.",
            measures={"labels": float(len(used)), "limit": float(limit)},
        ),
    )


def _rare_labels(facts: DatasetFacts) -> Finding | None:
    rare = set(np.flatnonzero(facts.support < FEWEST_PER_LABEL).tolist())
    spellings = rare.intersection(itertools.chain(*variant_groups(facts.dataset.labels)))
    first = (
        f"{len(spellings):,} of them may be spellings of another label: first "
        "health --fix label-variants. Then label "
        if spellings
        else "Label "
    )
    return _labels_between(
        facts,
        0,
        FEWEST_PER_LABEL,
        Finding(
            id="rare-labels",
            severity="error",
            title=f"Labels with fewer than {FEWEST_PER_LABEL} documents",
            meaning=f"Comprehend needs {FEWEST_PER_LABEL} training documents of each label, and "
            "some more are needed to tune its threshold and to test it.",
            remedy=f"{first}more documents of them, or drop these labels: "
            "health --fix rare-labels.",
            fix="rare-labels",
        ),
    )


def _scarce_labels(facts: DatasetFacts) -> Finding | None:
    is_multi_class = facts.dataset.mode == "multi-class"
    pages = " (one quota page even requires it in multi-class mode)" if is_multi_class else ""
    return _labels_between(
        facts,
        FEWEST_PER_LABEL,
        ADVISED_PER_LABEL,
        Finding(
            id="scarce-labels",
            severity="warning",
            title=f"Labels with {FEWEST_PER_LABEL} to {ADVISED_PER_LABEL - 1} documents",
            meaning=f"Amazon advises {ADVISED_PER_LABEL} documents of each label{pages}. With "
            "fewer, a threshold rests on a handful of positives and its F1 is a rough guess.",
            remedy="Label more documents of them first: each one counts most here.",
        ),
    )


def _labels_between(facts: DatasetFacts, low: int, high: int, finding: Finding) -> Finding | None:
    columns = [
        column
        for column in np.argsort(facts.support, kind="stable").tolist()
        if low <= facts.support[column] < high
    ]
    supports = {facts.dataset.labels[column]: float(facts.support[column]) for column in columns}
    return about_labels(facts, columns, msgspec.structs.replace(finding, measures=supports))


LIMIT_CHECKS = (
    Check("too-few-documents", f"At least {FEWEST_DOCUMENTS} documents", _too_few_documents),
    Check("too-many-documents", f"At most {MOST_DOCUMENTS:,} documents", _too_many_documents),
    Check("dataset-size", "Texts are well below 5 GB", _dataset_size),
    Check("document-size", "No document is larger than 10 MB", _document_size),
    Check("too-few-labels", "At least 2 labels are in use", _too_few_labels),
    Check("too-many-labels", "The number of labels is within the limit", _too_many_labels),
    Check("rare-labels", f"Every label has {FEWEST_PER_LABEL} documents", _rare_labels),
    Check(
        "scarce-labels",
        f"No label has {FEWEST_PER_LABEL} to {ADVISED_PER_LABEL - 1} documents",
        _scarce_labels,
    ),
    Check("realtime-size", "Every document fits a real-time endpoint", _realtime_size),
)
"""Checks against the service's limits."""


MOST_SKEW = 10.0
"""Largest to smallest label, Amazon's guideline."""
DOMINANT_SHARE = 0.95
HIGH_SCUMBLE = 0.1


def _skew(facts: DatasetFacts) -> Finding | None:
    ratios = irlbl(facts.support)
    rarest_first = np.argsort(-ratios, kind="stable").tolist()
    columns = [column for column in rarest_first if MOST_SKEW < ratios[column] < np.inf]
    is_named = np.array(
        [label != facts.dataset.none_label for label in facts.dataset.labels], dtype=np.bool_
    )
    return about_labels(
        facts,
        columns,
        Finding(
            id="skew",
            severity="warning",
            title="Labels over 10 times rarer than the commonest",
            meaning="Amazon advises at most 10 to 1. Beyond it the default threshold of 0.5 often "
            "misses rare labels entirely; that is what tuning thresholds repairs.",
            remedy="Go on and tune thresholds. Then label more documents of the rare labels, or "
            "compare with oversampling.",
            measures={
                "ratio": _ratio(facts.support),
                "ratio_without_none_label": _ratio(facts.support[is_named]),
            },
        ),
    )


def _ratio(support: npt.NDArray[np.int64]) -> float:
    """The largest over the smallest support of labels in use; 1 without any."""
    used = support[support > 0]
    return float(used.max() / used.min()) if len(used) else 1.0


def _imbalance(facts: DatasetFacts) -> Finding | None:
    mean = mean_ir(facts.support)
    if not mean > 1.5:
        return None
    ratios = irlbl(facts.support)
    columns = [
        column
        for column in np.argsort(-ratios, kind="stable").tolist()
        if mean < ratios[column] < np.inf
    ]
    figures = {f"IRLbl {facts.dataset.labels[column]}": float(ratios[column]) for column in columns}
    return about_labels(
        facts,
        columns,
        Finding(
            id="imbalance",
            severity="info",
            title="Minority labels (IRLbl above MeanIR)",
            meaning="IRLbl is how many times rarer a label is than the commonest one, MeanIR its "
            "mean over all labels. Labels above the mean are the candidates for oversampling.",
            remedy="Choose them first when you label more documents or oversample.",
            measures={"MeanIR": mean, "CVIR": cvir(facts.support), **figures},
        ),
    )


def _label_concurrence(facts: DatasetFacts) -> Finding | None:
    if facts.dataset.mode == "multi-class":
        return None
    values = scumble_of_labels(facts.dataset.membership)
    columns = [
        column
        for column in np.argsort(-values, kind="stable").tolist()
        if values[column] > HIGH_SCUMBLE
    ]
    figures = {
        f"SCUMBLE {facts.dataset.labels[column]}": float(values[column]) for column in columns
    }
    return about_labels(
        facts,
        columns,
        Finding(
            id="label-concurrence",
            severity="info",
            title="Rare and common labels on the same documents",
            meaning="SCUMBLE of a label is above 0.1 when its documents also carry labels that are "
            "much rarer or much commoner. Repeating such documents for the rare label repeats the "
            "common one too.",
            remedy="Look at the counts of all labels before and after oversampling, not only at "
            "the label you repeat.",
            measures={"SCUMBLE": scumble(facts.dataset.membership), **figures},
        ),
    )


def _dominant_label(facts: DatasetFacts) -> Finding | None:
    shares = facts.support / max(len(facts.dataset), 1)
    columns = [int(column) for column in np.flatnonzero(shares >= DOMINANT_SHARE)]
    return about_labels(
        facts,
        columns if len(facts.dataset.labels) > 1 else [],
        Finding(
            id="dominant-label",
            severity="warning",
            title=f"A label on {DOMINANT_SHARE:.0%} of the documents or more",
            meaning="Predicting it always is right nearly always, so accuracy and averages look "
            "good whatever the classifier learned of the other labels.",
            remedy="Judge by the F1 of each label and by averages without this one; add documents "
            "of the other labels.",
            measures={"largest_share": float(shares.max(initial=0.0))},
        ),
    )


def _implied_labels(facts: DatasetFacts) -> Finding | None:
    """Labels whose every document also carries one and the same other label."""
    if facts.dataset.mode == "multi-class":
        return None
    together = cooccurrence(facts.dataset)
    np.fill_diagonal(together, 0)
    support = facts.support
    is_implied = (together == support[:, None]) & (support[:, None] >= FEWEST_PER_LABEL)
    columns = np.flatnonzero(is_implied.any(axis=1)).tolist()
    n_twins = int((is_implied & is_implied.T).any(axis=1).sum())
    named = "; ".join(
        f"{_name(facts, column)} with {_name(facts, int(is_implied[column].argmax()))}"
        for column in columns[:5]
    )
    return about_labels(
        facts,
        columns,
        Finding(
            id="implied-labels",
            severity="warning" if n_twins else "info",
            title="Labels that never occur without a certain other one",
            meaning=f"Each of their documents carries the other label too: {named}. That is "
            "natural for a degree of something; two labels that always come together cannot be "
            "told apart.",
            remedy="Nothing to do for a degree; merge labels that mean the same.",
            measures={"always_together": float(n_twins)},
        ),
    )


def _name(facts: DatasetFacts, column: int) -> str:
    return printable(facts.dataset.labels[column], 40)


BALANCE_CHECKS: tuple[Check, ...] = (
    Check("skew", "No label is over 10 times rarer than the commonest", _skew),
    Check(
        "dominant-label", f"No label is on {DOMINANT_SHARE:.0%} of the documents", _dominant_label
    ),
    Check("imbalance", "Labels are about equally frequent (MeanIR)", _imbalance),
    Check("label-concurrence", "Rare and common labels seldom meet (SCUMBLE)", _label_concurrence),
    Check("implied-labels", "Every label also occurs without the others", _implied_labels),
)
"""Checks of balance."""
