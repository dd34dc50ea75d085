"""Fixes that drop, merge or rename labels."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from core.dataset.documents import BoolMatrix, Dataset
from core.dataset.health.fixes.requests import Change, Fix, Request, without_columns, without_rows
from core.dataset.health.labelling import contradicting_rows
from core.dataset.health.labels import (
    is_blank_label,
    variant_groups,
    without_unseen_characters,
)
from core.dataset.health.limits import FEWEST_PER_LABEL
from core.text import plural, printable


def _without_labels(request: Request, dropped: Sequence[int], what: str, fewest: int = 0) -> Change:
    """Drop label columns.

    Documents left without a label get the none-label. They are dropped in multi-class mode, where
    no class can stand for the dropped one, and when the none-label would have under `fewest` of
    them.
    """
    dataset = request.dataset
    left = without_columns(dataset, dropped)
    is_bare = _has_label(dataset) & ~_has_label(left)
    said = f"Dropped {plural(len(dropped), what)}"
    count = int(is_bare.sum())
    if count == 0:
        return left, f"{said}; every document keeps another label."
    with_none = _with_none_label(left, is_bare, request.none_label)
    support = int(with_none.support[with_none.labels.index(request.none_label)])
    if dataset.mode == "multi-class" or support < fewest:
        left = without_rows(left, np.flatnonzero(is_bare))
        return left, f"{said} and {plural(count, 'document')} without another label."
    name = printable(request.none_label, 60)
    return with_none, f"{said}; {plural(count, 'document')} left without a label got {name}."


def _has_label(dataset: Dataset) -> npt.NDArray[np.bool_]:
    """bool (n_documents,): whether a document has any label."""
    return np.asarray(dataset.membership.any(axis=1), dtype=np.bool_)


def _with_none_label(dataset: Dataset, rows: BoolMatrix, none_label: str) -> Dataset:
    """Give the documents where `rows` is true the none-label, adding its column when absent."""
    labels, membership = dataset.labels, dataset.membership.copy()
    if none_label not in labels:
        labels = (*labels, none_label)
        membership = np.column_stack((membership, np.zeros(len(dataset), np.bool_)))
    membership[rows, labels.index(none_label)] = True
    return replace(dataset, labels=labels, membership=membership, none_label=none_label)


def _blank_labels(request: Request) -> Change | None:
    names = request.dataset.labels
    blank = [column for column, label in enumerate(names) if is_blank_label(label)]
    return _without_labels(request, blank, "blank label") if blank else None


def _rare_labels(request: Request) -> Change | None:
    dataset, names = request.dataset, request.dataset.labels
    rare = np.flatnonzero(request.facts.support < FEWEST_PER_LABEL).tolist()
    if not rare:
        return None
    dropped = [column for column in rare if names[column] != dataset.none_label]
    if len(dropped) < len(rare):
        bare = _has_label(dataset) & ~_has_label(without_columns(dataset, dropped))
        none_documents = request.facts.support[names.index(request.none_label)] + bare.sum()
        if dataset.mode == "multi-class" or none_documents < FEWEST_PER_LABEL:
            dropped = rare
    left, said = _without_labels(request, dropped, "rare label", FEWEST_PER_LABEL)
    listed = ", ".join(printable(names[column], 40) for column in dropped[:10])
    more = f" and {len(dropped) - 10:,} more" if len(dropped) > 10 else ""
    return left, f"{said} Rare: {listed}{more}."


def _renamed(new_names: Sequence[str], request: Request) -> Dataset:
    """The dataset under new label names; labels that become equal are merged into the first."""
    dataset = request.dataset
    labels = tuple(dict.fromkeys(new_names))
    membership = np.zeros((len(dataset), len(labels)), np.bool_)
    for column, name in enumerate(new_names):
        membership[:, labels.index(name)] |= dataset.membership[:, column]
    none_label = dataset.none_label
    if none_label is not None and none_label in dataset.labels:
        none_label = new_names[dataset.labels.index(none_label)]
    return replace(dataset, labels=labels, membership=membership, none_label=none_label)


def _renaming(rename: Callable[[str, Request], str], did: str) -> Fix:
    """The fix that changes label names one by one."""

    def fix(request: Request) -> Change | None:
        names = request.dataset.labels
        new_names = [rename(label, request) for label in names]
        changed = sum(old != new for old, new in zip(names, new_names, strict=True))
        if changed == 0:
            return None
        left = _renamed(new_names, request)
        merged = len(names) - len(left.labels)
        also = f", which merged {plural(merged, 'label')} into another one" if merged else ""
        return left, f"{did} {plural(changed, 'label')}{also}; {len(left.labels):,} labels left."

    return fix


def _trimmed(label: str, request: Request) -> str:
    return label.strip() or label


def _without_unseen(label: str, request: Request) -> str:
    return without_unseen_characters(label) or label


def _without_delimiter(label: str, request: Request) -> str:
    delimiter = request.facts.context.delimiter
    return label.replace(delimiter, "-" if delimiter == "_" else "_")


def _label_variants(request: Request) -> Change | None:
    dataset = request.dataset
    groups = variant_groups(dataset.labels)
    if not groups:
        return None
    new_names = list(dataset.labels)
    for columns in groups:
        commonest = max(columns, key=lambda column: (request.facts.support[column], -column))
        for column in columns:
            new_names[column] = dataset.labels[commonest]
    left = _renamed(new_names, request)
    merged = plural(len(dataset.labels) - len(left.labels), "spelling")
    return left, f"Merged {merged} into the commonest one of {plural(len(groups), 'label')}."


def _contradictions(request: Request) -> Change | None:
    rows = contradicting_rows(request.facts)
    none_label = request.dataset.none_label
    if len(rows) == 0 or none_label is None:
        return None
    membership = request.dataset.membership.copy()
    membership[rows, request.dataset.labels.index(none_label)] = False
    left = replace(request.dataset, membership=membership)
    count = plural(len(rows), "document")
    return left, f"Took {printable(none_label, 60)} off {count} with another label."


FIXES: dict[str, tuple[str, Fix]] = {
    "blank-labels": (
        "drop blank labels; documents left without a label get the none-label",
        _blank_labels,
    ),
    "label-variants": ("merge spellings of one label into the commonest", _label_variants),
    "label-spaces": ("trim spaces off label names", _renaming(_trimmed, "Trimmed")),
    "label-characters": (
        "remove control and invisible characters from label names",
        _renaming(_without_unseen, "Cleaned"),
    ),
    "label-delimiter": (
        "replace the delimiter inside label names by _",
        _renaming(_without_delimiter, "Replaced the delimiter in"),
    ),
    "contradictions": (
        "take the none-label off documents with another label",
        _contradictions,
    ),
}
"""Fixes of labels: what each does, in one line, and how."""
LAST_FIXES: dict[str, tuple[str, Fix]] = {
    "rare-labels": (
        f"drop labels with fewer than {FEWEST_PER_LABEL} documents; documents left without a label "
        "get the none-label",
        _rare_labels,
    ),
}
"""Fixes of labels that are best applied after all others, which may make rare labels common."""
