"""Fixes of findings: each makes a new dataset and says what it changed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from core.dataset.documents import BoolMatrix, Dataset, Rows
from core.dataset.health.balance import FEWEST_PER_LABEL
from core.dataset.health.findings import DatasetFacts, HealthContext
from core.dataset.health.labels import (
    contradicting_rows,
    header_rows,
    is_blank_label,
    variant_groups,
    without_unseen_characters,
)
from core.dataset.health.parts import conflicting_rows, repeated_rows
from core.dataset.health.texts import (
    CONTROL_CHARACTERS,
    INVISIBLE_CHARACTERS,
    without_control_characters,
)
from core.errors import InvalidInput
from core.text import plural, printable


@dataclass(frozen=True)
class Request:
    """A dataset that is to be fixed."""

    facts: DatasetFacts
    """The dataset, and what was worked out about it."""
    none_label: str
    """The dataset's none-label, or the name that it gets when it has none yet."""

    @property
    def dataset(self) -> Dataset:
        """The dataset that is to be fixed."""
        return self.facts.dataset


Repaired = tuple[Dataset, str]
"""The fixed dataset, and a sentence on what changed."""
Fix = Callable[[Request], Repaired | None]
"""Fixes a dataset; None when there is nothing to fix."""


def without_rows(dataset: Dataset, dropped: Rows) -> Dataset:
    """The dataset without the documents at `dropped`; label columns stay."""
    stays = np.ones(len(dataset), np.bool_)
    stays[dropped] = False
    return dataset.subset(np.flatnonzero(stays))


def without_columns(dataset: Dataset, dropped: Sequence[int]) -> Dataset:
    """The dataset without the labels in columns `dropped`; documents stay."""
    columns = [column for column in range(len(dataset.labels)) if column not in set(dropped)]
    labels = tuple(dataset.labels[column] for column in columns)
    return replace(
        dataset,
        labels=labels,
        membership=dataset.membership[:, columns],
        none_label=dataset.none_label if dataset.none_label in labels else None,
    )


def _dropped(rows_of: Callable[[DatasetFacts], Rows], noun: str, nouns: str = "") -> Fix:
    """The fix that drops the documents which a check finds."""

    def fix(request: Request) -> Repaired | None:
        rows = rows_of(request.facts)
        if len(rows) == 0:
            return None
        left = without_rows(request.dataset, rows)
        return (
            left,
            f"Dropped {plural(len(rows), noun, nouns)}; {plural(len(left), 'document')} left.",
        )

    return fix


def _header_row(request: Request) -> Repaired | None:
    rows = header_rows(request.facts)
    if len(rows) == 0:
        return None
    left = without_rows(request.dataset, rows)
    unused = np.flatnonzero((left.support == 0) & (request.facts.support > 0)).tolist()
    names = ", ".join(printable(left.labels[column], 60) for column in unused)
    left = without_columns(left, unused)
    also = f" and the {'label' if len(unused) == 1 else 'labels'} {names}" if unused else ""
    return left, f"Dropped {plural(len(rows), 'header row')}{also}."


def _retexted(is_hit: Callable[[str], object], cleaned: Callable[[str], str], did: str) -> Fix:
    """The fix that changes the texts which satisfy `is_hit`."""

    def fix(request: Request) -> Repaired | None:
        texts = [cleaned(text) if is_hit(text) else text for text in request.dataset.texts]
        changed = sum(new is not old for old, new in zip(request.dataset.texts, texts, strict=True))
        if changed == 0:
            return None
        return replace(request.dataset, texts=texts), f"{did} {plural(changed, 'document')}."

    return fix


DOCUMENT_FIXES: dict[str, tuple[str, Fix]] = {
    "blank-documents": (
        "drop documents without text",
        _dropped(lambda facts: np.flatnonzero(facts.is_blank), "blank document"),
    ),
    "header-row": ("drop a header row that was read as a document", _header_row),
    "exact-duplicates": (
        "keep the first of documents with the same text and labels",
        _dropped(repeated_rows, "exact duplicate"),
    ),
    "conflicting-duplicates": (
        "drop all documents whose text also occurs with other labels",
        _dropped(
            conflicting_rows,
            "document with a text that has different labels",
            "documents with texts that have different labels",
        ),
    ),
    "control-characters": (
        "replace control characters in texts by spaces",
        _retexted(
            CONTROL_CHARACTERS.search, without_control_characters, "Removed control characters from"
        ),
    ),
    "invisible-characters": (
        "remove invisible characters from texts",
        _retexted(
            INVISIBLE_CHARACTERS.search,
            lambda text: INVISIBLE_CHARACTERS.sub("", text),
            "Removed invisible characters from",
        ),
    ),
}
"""Fixes of documents: what each does, in one line, and how."""


def _without_labels(
    request: Request, dropped: Sequence[int], what: str, fewest: int = 0
) -> Repaired:
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


def _blank_labels(request: Request) -> Repaired | None:
    names = request.dataset.labels
    blank = [column for column, label in enumerate(names) if is_blank_label(label)]
    return _without_labels(request, blank, "blank label") if blank else None


def _rare_labels(request: Request) -> Repaired | None:
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

    def fix(request: Request) -> Repaired | None:
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


def _without_delimiter(label: str, request: Request) -> str:
    delimiter = request.facts.context.delimiter
    return label.replace(delimiter, "-" if delimiter == "_" else "_")


def _label_variants(request: Request) -> Repaired | None:
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


def _contradictions(request: Request) -> Repaired | None:
    rows = contradicting_rows(request.facts)
    none_label = request.dataset.none_label
    if len(rows) == 0 or none_label is None:
        return None
    membership = request.dataset.membership.copy()
    membership[rows, request.dataset.labels.index(none_label)] = False
    left = replace(request.dataset, membership=membership)
    count = plural(len(rows), "document")
    return left, f"Took {printable(none_label, 60)} off {count} with another label."


LABEL_FIXES: dict[str, tuple[str, Fix]] = {
    "blank-labels": (
        "drop blank labels; documents left without a label get the none-label",
        _blank_labels,
    ),
    "label-variants": ("merge spellings of one label into the commonest", _label_variants),
    "label-spaces": (
        "trim spaces off label names",
        _renaming(lambda label, _: label.strip() or label, "Trimmed"),
    ),
    "label-characters": (
        "remove control and invisible characters from label names",
        _renaming(lambda label, _: without_unseen_characters(label) or label, "Cleaned"),
    ),
    "label-delimiter": (
        "replace the delimiter inside label names by _",
        _renaming(_without_delimiter, "Replaced the delimiter in"),
    ),
    "contradictions": ("take the none-label off documents with another label", _contradictions),
}
"""Fixes of labels: what each does, in one line, and how."""
LAST_FIXES: dict[str, tuple[str, Fix]] = {
    "rare-labels": (
        f"drop labels with fewer than {FEWEST_PER_LABEL} documents; documents left without a label "
        "get the none-label",
        _rare_labels,
    )
}
"""Fixes of labels that are best applied after all others, which may make rare labels common."""


_FIXES = LABEL_FIXES | DOCUMENT_FIXES | LAST_FIXES


def apply_fix(
    fix_id: str, dataset: Dataset, *, none_label: str = "clean", delimiter: str = "|"
) -> tuple[Dataset, str]:
    """Return a new dataset with one finding put right, and a sentence on what changed.

    Args:
        fix_id: one of `fix_ids`.
        dataset: what is fixed; it stays as it is.
        none_label: name of the none-label, should the dataset need one and have none.
        delimiter: the character that ``label-delimiter`` takes out of labels.

    Raises:
        InvalidInput: there is no such fix, nothing to fix, or nothing would be left.
    """
    if fix_id not in _FIXES:
        raise InvalidInput(
            "No such fix",
            f"{printable(fix_id, 60)} is not a fix",
            f"known fixes: {', '.join(_FIXES)}",
        )
    context = HealthContext(dataset=dataset, delimiter=delimiter)
    request = Request(DatasetFacts(context), dataset.none_label or none_label)
    changed = _FIXES[fix_id][1](request)
    if changed is None:
        raise InvalidInput(
            "Nothing to fix", f"{fix_id} finds nothing in this dataset", "see: health"
        )
    if len(changed[0]) == 0:
        raise InvalidInput(
            "Nothing would be left",
            f"{fix_id} would drop every document",
            "check that text and label columns were chosen rightly",
        )
    return changed


def fix_ids() -> dict[str, str]:
    """Each fix and what it does, in one line, in the order in which they are best applied."""
    return {fix_id: description for fix_id, (description, _) in _FIXES.items()}
