"""Fixes that drop documents or change their texts."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from core.dataset.health.duplicates import conflicting_rows, repeated_rows
from core.dataset.health.findings import Facts, Rows
from core.dataset.health.fixes.requests import Change, Fix, Request, without_columns, without_rows
from core.dataset.health.labelling import header_rows
from core.dataset.health.texts import (
    CONTROL_CHARACTERS,
    INVISIBLE_CHARACTERS,
    without_control_characters,
)
from core.text import plural, printable


def _dropped(rows_of: Callable[[Facts], Rows], noun: str, nouns: str = "") -> Fix:
    """The fix that drops the documents which a check finds."""

    def fix(request: Request) -> Change | None:
        rows = rows_of(request.facts)
        if len(rows) == 0:
            return None
        left = without_rows(request.dataset, rows)
        return (
            left,
            f"Dropped {plural(len(rows), noun, nouns)}; {plural(len(left), 'document')} left.",
        )

    return fix


def _header_row(request: Request) -> Change | None:
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

    def fix(request: Request) -> Change | None:
        texts = [cleaned(text) if is_hit(text) else text for text in request.dataset.texts]
        changed = sum(new is not old for old, new in zip(request.dataset.texts, texts, strict=True))
        if changed == 0:
            return None
        return replace(request.dataset, texts=texts), f"{did} {plural(changed, 'document')}."

    return fix


def _blank_rows(facts: Facts) -> Rows:
    return np.flatnonzero(facts.is_blank)


FIXES: dict[str, tuple[str, Fix]] = {
    "blank-documents": (
        "drop documents without text",
        _dropped(_blank_rows, "blank document"),
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
