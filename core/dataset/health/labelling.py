"""Checks of which labels documents have: none, too many, contradicting, or a header's."""

import numpy as np

from core.dataset.duplicates import normalised, text_keys
from core.dataset.health.findings import Check, Facts, Finding, Rows, about_documents
from core.dataset.health.labels import variant_key

_TEXT_HEADERS = (
    "text", "texts", "comment", "comments", "comment text", "document", "documents", "doc",
    "content", "message", "body", "sentence", "tweet", "review", "description", "title", "subject",
    "utterance", "question", "source", "input", "text of document",
)  # fmt: skip
_LABEL_HEADERS = frozenset(
    (
        "label", "labels", "class", "classes", "category", "categories", "target", "targets", "tag",
        "tags", "topic", "topics", "intent", "sentiment", "output", "y",
    )
)  # fmt: skip


def header_rows(facts: Facts) -> Rows:
    """Positions of documents that are a header row: text and labels are column names.

    In the first document one of the two is enough, when its labels occur nowhere else.
    """
    dataset = facts.dataset
    if len(dataset) == 0:
        return np.zeros(0, np.intp)
    named = [
        column for column, label in enumerate(dataset.labels)
        if variant_key(label) in _LABEL_HEADERS
    ]  # fmt: skip
    has_text_name = np.isin(facts.keys, text_keys([normalised(name) for name in _TEXT_HEADERS]))
    has_label_name = np.asarray(dataset.membership[:, named].any(axis=1))
    rows = has_text_name & has_label_name
    only_here = np.flatnonzero(dataset.membership[0])
    if len(only_here) and (facts.support[only_here] == 1).all():
        rows[0] = has_text_name[0] or has_label_name[0]
    return np.flatnonzero(rows)


def contradicting_rows(facts: Facts) -> Rows:
    """Positions of documents that have the none-label beside another label."""
    dataset = facts.dataset
    if dataset.none_label is None or dataset.none_label not in dataset.labels:
        return np.zeros(0, np.intp)
    column = dataset.labels.index(dataset.none_label)
    has_several = dataset.membership.sum(axis=1) > 1
    return np.flatnonzero(dataset.membership[:, column] & has_several)


def _header_row(facts: Facts) -> Finding | None:
    return about_documents(
        facts,
        header_rows(facts),
        Finding(
            id="header-row",
            severity="error",
            title="A header row among the documents",
            meaning="Comprehend's files have no header: the column names would be trained as a "
            "document, and as a label of their own.",
            remedy="Drop it: health --fix header-row.",
            fix="header-row",
        ),
    )


def _contradictions(facts: Facts) -> Finding | None:
    return about_documents(
        facts,
        contradicting_rows(facts),
        Finding(
            id="contradictions",
            severity="warning",
            title="The none-label beside another label",
            meaning="A document cannot both have no label and have one; it teaches the none-label "
            "the wrong way.",
            remedy="Take the none-label off them: health --fix contradictions.",
            fix="contradictions",
        ),
    )


def _unlabelled_documents(facts: Facts) -> Finding | None:
    return about_documents(
        facts,
        np.flatnonzero(~facts.dataset.membership.any(axis=1)),
        Finding(
            id="unlabelled-documents",
            severity="error",
            title="Documents without any label",
            meaning="Every document of a training file must have a label.",
            remedy="Import again with a label for them: new --none-label clean; or label them.",
        ),
    )


def _several_labels(facts: Facts) -> Finding | None:
    if facts.dataset.mode == "multi-label":
        return None
    return about_documents(
        facts,
        np.flatnonzero(facts.dataset.membership.sum(axis=1) > 1),
        Finding(
            id="several-labels",
            severity="error",
            title="Documents with several labels in multi-class mode",
            meaning="In multi-class mode a document has exactly one label.",
            remedy="Import again with --mode multi-label, or choose one label for them.",
        ),
    )


CHECKS = (
    Check("header-row", "No header row among the documents", _header_row),
    Check("unlabelled-documents", "Every document has a label", _unlabelled_documents),
    Check("several-labels", "Every document has labels as its mode asks", _several_labels),
    Check("contradictions", "No none-label beside another label", _contradictions),
)
"""Checks of which labels documents have."""
