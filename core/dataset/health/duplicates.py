"""Checks for documents that say the same thing."""

import numpy as np
import numpy.typing as npt

from core.dataset.duplicates import near_duplicates
from core.dataset.health.findings import Check, Facts, Finding, Rows, about_documents
from core.progress import CancelToken, Reporter

_MANY = 0.05


def repeated_rows(facts: Facts) -> Rows:
    """Positions of documents whose normalised text and label set occurred before; no blank ones."""
    pairs = np.column_stack((facts.keys.view(np.int64), facts.label_set_codes))
    _, first = np.unique(pairs, axis=0, return_index=True)
    is_repeat = np.ones(len(facts.dataset), np.bool_)
    is_repeat[first] = False
    return np.flatnonzero(is_repeat & ~facts.is_blank)


def conflicting_rows(facts: Facts) -> Rows:
    """Positions of documents whose normalised text occurs with different label sets; no blank ones.

    They come text by text, so that those which contradict each other are neighbours.
    """
    keys, inverse = np.unique(facts.keys, return_inverse=True)
    lowest = np.full(len(keys), np.iinfo(np.int64).max)
    highest = np.full(len(keys), -1, np.int64)
    np.minimum.at(lowest, inverse, facts.label_set_codes)
    np.maximum.at(highest, inverse, facts.label_set_codes)
    rows = np.flatnonzero((lowest != highest)[inverse] & ~facts.is_blank)
    return rows[np.argsort(_first_row_of_text(inverse)[rows], kind="stable")]


def _first_row_of_text(inverse: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    _, first = np.unique(inverse, return_index=True)
    return first[inverse]


def _exact_duplicates(facts: Facts) -> Finding | None:
    rows = repeated_rows(facts)
    first = _first_row_of_text(np.unique(facts.keys, return_inverse=True)[1])
    shown = [row for repeat in rows[:3].tolist() for row in (int(first[repeat]), repeat)]
    return about_documents(
        facts,
        rows,
        Finding(
            id="exact-duplicates",
            severity="warning",
            title="Exact duplicates",
            meaning="Same text (but for case, spaces and punctuation) and same labels as an "
            "earlier document. They are paid for again and count twice; a split keeps them in one "
            "part, so they do not leak.",
            remedy="Keep the first of each: health --fix exact-duplicates.",
            fix="exact-duplicates",
        ),
        shown=list(dict.fromkeys(shown)),
    )


def _conflicting_duplicates(facts: Facts) -> Finding | None:
    rows = conflicting_rows(facts)
    return about_documents(
        facts,
        rows,
        Finding(
            id="conflicting-duplicates",
            severity="warning",
            title="Same text with different labels",
            meaning="No classifier can be right on all of them, and they are the surest sign of "
            "how far the labelling can be trusted.",
            remedy="Decide and relabel them in the source, or drop all of them: "
            "health --fix conflicting-duplicates.",
            fix="conflicting-duplicates",
            measures={"texts": float(len(np.unique(facts.keys[rows])))},
        ),
    )


def near_duplicate_finding(
    facts: Facts, reporter: Reporter, cancel: CancelToken | None
) -> Finding | None:
    """What `near_duplicates` finds, as a finding about all documents of the pairs."""
    pairs = near_duplicates(facts.dataset.texts, reporter, cancel, keys=facts.keys)
    rows = np.unique(np.array(pairs, dtype=np.intp))
    codes = facts.label_set_codes
    differing = [pair for pair in pairs if codes[pair[0]] != codes[pair[1]]]
    shown = list(dict.fromkeys(row for pair in (differing + pairs)[:3] for row in pair))
    return about_documents(
        facts,
        rows,
        Finding(
            id="near-duplicates",
            severity="warning" if len(rows) > _MANY * len(facts.dataset) else "info",
            title="Near duplicates",
            meaning="Texts that share most of their word pairs with another one, such as templates "
            "and quoted messages. A split does not keep them together, so test figures may come "
            "out a little too good.",
            remedy="Read some pairs. Where it matters, give them a common value in a column and "
            "import with --group-column, which keeps them in one part.",
            measures={
                "pairs": float(len(pairs)),
                "pairs_with_different_labels": float(len(differing)),
            },
        ),
        shown=shown,
    )


CHECKS = (
    Check("exact-duplicates", "No exact duplicates", _exact_duplicates),
    Check("conflicting-duplicates", "No text has different labels", _conflicting_duplicates),
)
"""Checks for repeated documents; near duplicates have a check of their own, which takes longer."""
