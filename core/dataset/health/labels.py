"""Checks of label names: rules of the service, and names that were probably meant otherwise."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from core.dataset.documents import Rows
from core.dataset.duplicates import normalised, text_keys
from core.dataset.formats.comprehend_files import DELIMITERS, choose_delimiter
from core.dataset.health.findings import Check, DatasetFacts, Finding, about_documents, about_labels
from core.dataset.health.texts import INVISIBLE_CHARACTERS
from core.errors import InvalidInput

LONGEST_LABEL = 5_000
_LIST_MARKS = "|;,\t"
"""What people put between labels and seldom inside one."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SEPARATORS = re.compile(r"[\s_\-‐‑–—]+")


def is_blank_label(label: str) -> bool:
    """Whether nothing of the name can be seen."""
    return not INVISIBLE_CHARACTERS.sub("", _CONTROL.sub("", label)).strip()


def has_unseen_characters(label: str) -> bool:
    """Whether control or invisible characters are in the name."""
    return bool(_CONTROL.search(label) or INVISIBLE_CHARACTERS.search(label))


def without_unseen_characters(label: str) -> str:
    """The name without invisible characters; control characters become single spaces.

    A name that has neither comes back as it is, spaces at its ends included.
    """
    if not has_unseen_characters(label):
        return label
    return " ".join(_CONTROL.sub(" ", INVISIBLE_CHARACTERS.sub("", label)).split())


def variant_key(label: str) -> str:
    """The name without case, compatibility forms, and kind or number of spaces, `_` and `-`."""
    folded = unicodedata.normalize("NFKC", INVISIBLE_CHARACTERS.sub("", label)).casefold()
    return _SEPARATORS.sub(" ", folded).strip()


def variant_groups(labels: Sequence[str]) -> list[list[int]]:
    """Columns of labels that differ only in case, spaces, underscores or hyphens, in groups."""
    groups: dict[str, list[int]] = defaultdict(list)
    for column, label in enumerate(labels):
        if not is_blank_label(label):
            groups[variant_key(label)].append(column)
    return [columns for columns in groups.values() if len(columns) > 1]


def _where(is_hit: Sequence[bool]) -> list[int]:
    return np.flatnonzero(np.array(is_hit, dtype=np.bool_)).tolist()


def _blank_labels(facts: DatasetFacts) -> Finding | None:
    return about_labels(
        facts,
        _where([is_blank_label(label) for label in facts.dataset.labels]),
        Finding(
            id="blank-labels",
            severity="error",
            title="Blank labels",
            meaning="Comprehend refuses empty labels. They come from an empty cell, or from a "
            "delimiter at the start or end of a list or twice in a row.",
            remedy="Drop them: health --fix blank-labels.",
            fix="blank-labels",
        ),
    )


def _label_length(facts: DatasetFacts) -> Finding | None:
    return about_labels(
        facts,
        _where([len(label) > LONGEST_LABEL for label in facts.dataset.labels]),
        Finding(
            id="label-length",
            severity="error",
            title=f"Labels longer than {LONGEST_LABEL:,} characters",
            meaning=f"A label may have {LONGEST_LABEL:,} characters. Text and label column are "
            "probably swapped.",
            remedy="Import again with the right columns.",
        ),
    )


def _label_characters(facts: DatasetFacts) -> Finding | None:
    names = facts.dataset.labels
    return about_labels(
        facts,
        _where([has_unseen_characters(label) and not is_blank_label(label) for label in names]),
        Finding(
            id="label-characters",
            severity="error",
            title="Labels with control or invisible characters",
            meaning="A line break or control character in a label breaks the training file; an "
            "invisible one makes two labels that look the same.",
            remedy="Remove them: health --fix label-characters.",
            fix="label-characters",
        ),
    )


def _label_spaces(facts: DatasetFacts) -> Finding | None:
    labels = facts.dataset.labels
    return about_labels(
        facts,
        _where([label != label.strip() and not is_blank_label(label) for label in labels]),
        Finding(
            id="label-spaces",
            severity="error",
            title="Labels with spaces at an end",
            meaning="Comprehend allows no space beside the comma of its file, and programs that "
            "read its answers will not find the label without the space.",
            remedy="Trim them: health --fix label-spaces.",
            fix="label-spaces",
        ),
    )


def _label_variants(facts: DatasetFacts) -> Finding | None:
    groups = variant_groups(facts.dataset.labels)
    return about_labels(
        facts,
        [column for columns in groups for column in columns],
        Finding(
            id="label-variants",
            severity="warning",
            title="Labels that differ only in case, spaces, _ or -",
            meaning="Comprehend takes each spelling for a label of its own, so their documents "
            "teach against each other.",
            remedy="Merge each into its commonest spelling: health --fix label-variants.",
            fix="label-variants",
            measures={"groups": float(len(groups))},
        ),
    )


def _label_delimiter(facts: DatasetFacts) -> Finding | None:
    if facts.dataset.mode == "multi-class":
        return None
    labels = facts.dataset.labels
    delimiter = facts.context.delimiter
    free = _free_delimiter(labels)
    instead = (
        f"the files for Comprehend can use {_said(free)} instead"
        if free
        else "and no other allowed delimiter is free"
    )
    return about_labels(
        facts,
        _where([delimiter in label for label in labels]),
        Finding(
            id="label-delimiter",
            severity="warning" if free else "error",
            title=f"Labels that contain the delimiter {_said(delimiter)}",
            meaning="Comprehend would cut such a label in two where the delimiter stands; "
            f"{instead}.",
            remedy="If they are lists of labels, import again with --label-delimiter; if they are "
            "names, replace the character by _: health --fix label-delimiter.",
            fix="label-delimiter",
        ),
    )


def _free_delimiter(labels: Sequence[str]) -> str:
    """A delimiter that occurs in no label; "" when there is none."""
    try:
        return choose_delimiter(labels)
    except InvalidInput:
        return ""


def _said(delimiter: str) -> str:
    return {"\t": "a tab", " ": "a space"}.get(delimiter, delimiter)


def _wrong_delimiter(facts: DatasetFacts) -> Finding | None:
    delimiter, columns = _joined_labels(facts.dataset.labels)
    typed = "$'\\t'" if delimiter == "\t" else f"'{delimiter}'"
    mode = " and --mode multi-label" if facts.dataset.mode == "multi-class" else ""
    return about_labels(
        facts,
        columns,
        Finding(
            id="wrong-delimiter",
            severity="error",
            title=f"Labels that look like lists joined with {_said(delimiter)}",
            meaning="Read with another delimiter than they were written with, whole lists become "
            "labels, each with few documents.",
            remedy=f"Import again with --label-delimiter {typed}{mode}.",
        ),
    )


def _joined_labels(labels: Sequence[str]) -> tuple[str, list[int]]:
    """The delimiter that most labels seem to be joined with, and the columns of those labels.

    A mark that people use in lists gives itself away when its pieces recur in several labels; a
    mark that is common in names (space, ``_``, ``-``, ``/`` …) only when the pieces are labels too.
    """
    names = {label.strip().casefold() for label in labels}
    best: tuple[str, list[int]] = ("", [])
    for mark in dict.fromkeys(_LIST_MARKS + DELIMITERS):
        pieces = {
            column: [piece.strip().casefold() for piece in label.split(mark) if piece.strip()]
            for column, label in enumerate(labels)
            if mark in label.strip()
        }
        joined = {column: parts for column, parts in pieces.items() if len(parts) > 1}
        of_labels = [column for column, parts in joined.items() if names.issuperset(parts)]
        distinct = {piece for parts in joined.values() for piece in parts}
        is_list = len(of_labels) >= 2 and 2 * len(of_labels) >= len(joined)
        if mark in _LIST_MARKS:
            is_many = len(joined) >= 3 and 10 * len(joined) >= 3 * len(labels)
            is_list = is_list or bool(of_labels) or (is_many and len(distinct) <= len(joined))
        if is_list and len(joined) > len(best[1]):
            best = (mark, list(joined))
    return best


LABEL_CHECKS = (
    Check("blank-labels", "No label is blank", _blank_labels),
    Check("label-length", f"No label is longer than {LONGEST_LABEL:,} characters", _label_length),
    Check("label-characters", "No control characters in labels", _label_characters),
    Check("wrong-delimiter", "No label looks like a joined list", _wrong_delimiter),
    Check("label-delimiter", "No label contains the delimiter", _label_delimiter),
    Check("label-spaces", "No label has a space at an end", _label_spaces),
    Check("label-variants", "No two labels are spellings of one name", _label_variants),
)
"""Checks of label names."""


_TEXT_HEADERS = tuple(
    (
        "text, texts, comment, comments, comment text, document, documents, doc, content, "
        "message, body, sentence, tweet, review, description, title, subject, utterance, "
        "question, source, input, text of document"
    ).split(", ")
)
_LABEL_HEADERS = frozenset(
    (
        "label labels class classes category categories target targets tag tags topic topics "
        "intent sentiment output y"
    ).split()
)


def header_rows(facts: DatasetFacts) -> Rows:
    """Positions of documents that are a header row: text and labels are column names.

    In the first document one of the two is enough, when its labels occur nowhere else.
    """
    dataset = facts.dataset
    if len(dataset) == 0:
        return np.zeros(0, np.intp)
    named = [
        column
        for column, label in enumerate(dataset.labels)
        if variant_key(label) in _LABEL_HEADERS
    ]
    has_text_name = np.isin(facts.keys, text_keys([normalised(name) for name in _TEXT_HEADERS]))
    has_label_name = np.asarray(dataset.membership[:, named].any(axis=1))
    rows = has_text_name & has_label_name
    only_here = np.flatnonzero(dataset.membership[0])
    if len(only_here) and (facts.support[only_here] == 1).all():
        rows[0] = has_text_name[0] or has_label_name[0]
    return np.flatnonzero(rows)


def contradicting_rows(facts: DatasetFacts) -> Rows:
    """Positions of documents that have the none-label beside another label."""
    dataset = facts.dataset
    if dataset.none_label is None or dataset.none_label not in dataset.labels:
        return np.zeros(0, np.intp)
    column = dataset.labels.index(dataset.none_label)
    has_several = dataset.membership.sum(axis=1) > 1
    return np.flatnonzero(dataset.membership[:, column] & has_several)


def _header_row(facts: DatasetFacts) -> Finding | None:
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


def _contradictions(facts: DatasetFacts) -> Finding | None:
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


def _unlabelled_documents(facts: DatasetFacts) -> Finding | None:
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


def _several_labels(facts: DatasetFacts) -> Finding | None:
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


LABELLING_CHECKS = (
    Check("header-row", "No header row among the documents", _header_row),
    Check("unlabelled-documents", "Every document has a label", _unlabelled_documents),
    Check("several-labels", "Every document has labels as its mode asks", _several_labels),
    Check("contradictions", "No none-label beside another label", _contradictions),
)
"""Checks of which labels documents have."""
