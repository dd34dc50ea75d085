"""Checks of a split: nothing in two parts, and enough of every label in each."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from core.dataset.documents import Rows
from core.dataset.duplicates import near_duplicates
from core.dataset.health.balance import FEWEST_PER_LABEL
from core.dataset.health.findings import Check, DatasetFacts, Finding, about_documents, about_labels
from core.progress import Watch


def _parts(facts: DatasetFacts) -> npt.NDArray[np.int8]:
    parts = facts.context.parts
    return np.full(len(facts.dataset), -1, np.int8) if parts is None else parts


def _support_in(facts: DatasetFacts, part_name: str) -> npt.NDArray[np.int64] | None:
    """int64 (n_labels,): support in a part; None when the split has no such part."""
    if part_name not in facts.context.part_names:
        return None
    rows = _parts(facts) == facts.context.part_names.index(part_name)
    return np.asarray(facts.dataset.membership[rows].sum(axis=0), dtype=np.int64)


def _rows_in_several_parts(facts: DatasetFacts, codes: npt.NDArray[np.int64]) -> Rows:
    """Positions of documents whose code occurs in several parts, code by code; -1 never counts."""
    parts = _parts(facts)
    rows = np.flatnonzero((parts >= 0) & (codes >= 0))
    lowest = np.full(int(codes.max(initial=-1)) + 1, np.iinfo(np.int64).max)
    highest = np.full(len(lowest), -1, np.int64)
    np.minimum.at(lowest, codes[rows], parts[rows])
    np.maximum.at(highest, codes[rows], parts[rows])
    is_spread = lowest != highest
    shared = rows[np.flatnonzero(is_spread[codes[rows]])]
    return shared[np.argsort(codes[shared], kind="stable")]


def _text_overlap(facts: DatasetFacts) -> Finding | None:
    codes = np.unique(facts.keys, return_inverse=True)[1].astype(np.int64)
    codes[facts.is_blank] = -1
    return about_documents(
        facts,
        _rows_in_several_parts(facts, codes),
        Finding(
            id="part-overlap",
            severity="error",
            title="The same text in several parts",
            meaning="What was trained on is also used to tune or to test, so thresholds and "
            "figures come out better than they will ever be again.",
            remedy="Split again with this program, which keeps equal texts together: split.",
        ),
    )


def _group_overlap(facts: DatasetFacts) -> Finding | None:
    if facts.dataset.groups is None:
        return None
    number: dict[str, int] = {}
    codes = [
        number.setdefault(group, len(number)) if group else -1 for group in facts.dataset.groups
    ]
    return about_documents(
        facts,
        _rows_in_several_parts(facts, np.array(codes, dtype=np.int64)),
        Finding(
            id="group-overlap",
            severity="error",
            title="A group in several parts",
            meaning="Documents of one group resemble each other, so the parts are not independent.",
            remedy="Split again with this program, which keeps groups together: split.",
        ),
    )


def _rare_in_training(facts: DatasetFacts) -> Finding | None:
    support = _support_in(facts, "train")
    if support is None:
        return None
    return about_labels(
        facts,
        np.flatnonzero((support < FEWEST_PER_LABEL) & (facts.support >= FEWEST_PER_LABEL)).tolist(),
        Finding(
            id="rare-in-training",
            severity="error",
            title=f"Labels with fewer than {FEWEST_PER_LABEL} training documents",
            meaning=f"They have {FEWEST_PER_LABEL} documents in all, but Comprehend counts those "
            "of the training file alone.",
            remedy="Give the training part a larger share (split --ratios 80/20), label more "
            "documents of them, or drop them.",
            measures=_counts(facts, support, FEWEST_PER_LABEL),
        ),
    )


def _counts(facts: DatasetFacts, support: npt.NDArray[np.int64], below: int) -> dict[str, float]:
    return {
        facts.dataset.labels[column]: float(support[column])
        for column in np.flatnonzero((support < below) & (facts.support > 0)).tolist()
    }


_MISSING = {
    "test": Finding(
        id="test-lacks-labels",
        severity="error",
        title="Labels without a document in the test part",
        meaning="A test file must hold every label of the training file, and a label without test "
        "documents cannot be measured at all.",
        remedy="Give the test part a larger share, label more documents of them, or drop them.",
    ),
    "calibration": Finding(
        id="calibration-lacks-labels",
        severity="warning",
        title="Labels without a document in the calibration part",
        meaning="Their threshold cannot be tuned there and stays at the default.",
        remedy="Give the calibration part a larger share, or split in two, so that thresholds are "
        "tuned on the test part by cross-fitting: split --ratios 80/20.",
    ),
}


def _missing_in(part_name: str) -> Callable[[DatasetFacts], Finding | None]:
    """The check for labels that occur in the dataset but not in a part."""

    def run(facts: DatasetFacts) -> Finding | None:
        support = _support_in(facts, part_name)
        if support is None:
            return None
        columns = np.flatnonzero((support == 0) & (facts.support > 0)).tolist()
        return about_labels(facts, columns, _MISSING[part_name])

    return run


def _few_to_tune(facts: DatasetFacts) -> Finding | None:
    names = facts.context.part_names
    part_name = "calibration" if "calibration" in names else "test"
    support = _support_in(facts, part_name)
    if support is None:
        return None
    finding = Finding(
        id="few-to-tune",
        severity="warning",
        title=f"Labels with fewer than {FEWEST_PER_LABEL} documents in the {part_name} part",
        meaning="Their thresholds are tuned on these few positives: with 6 of them, an F1 of 0.33 "
        "may be anything from 0 to 0.57.",
        remedy=f"Give the {part_name} part a larger share, or label more documents of them.",
        measures=_counts(facts, support, FEWEST_PER_LABEL),
    )
    columns = np.flatnonzero((support > 0) & (support < FEWEST_PER_LABEL)).tolist()
    return about_labels(facts, columns, finding)


PART_CHECKS = (
    Check("part-overlap", "No text is in several parts", _text_overlap),
    Check("group-overlap", "No group is in several parts", _group_overlap),
    Check(
        "rare-in-training",
        f"Every label with {FEWEST_PER_LABEL} documents has them in training",
        _rare_in_training,
    ),
    Check("test-lacks-labels", "The test part holds every label", _missing_in("test")),
    Check(
        "calibration-lacks-labels",
        "The calibration part holds every label",
        _missing_in("calibration"),
    ),
    Check("few-to-tune", f"Every label has {FEWEST_PER_LABEL} documents to tune on", _few_to_tune),
)
"""Checks of a split; the others do not look at parts."""


_MANY = 0.05


def repeated_rows(facts: DatasetFacts) -> Rows:
    """Positions of documents whose normalised text and label set occurred before; no blank ones."""
    pairs = np.column_stack((facts.keys.view(np.int64), facts.label_set_codes))
    _, first = np.unique(pairs, axis=0, return_index=True)
    is_repeat = np.ones(len(facts.dataset), np.bool_)
    is_repeat[first] = False
    return np.flatnonzero(is_repeat & ~facts.is_blank)


def conflicting_rows(facts: DatasetFacts) -> Rows:
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


def _exact_duplicates(facts: DatasetFacts) -> Finding | None:
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


def _conflicting_duplicates(facts: DatasetFacts) -> Finding | None:
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


def near_duplicate_finding(facts: DatasetFacts, watch: Watch) -> Finding | None:
    """What `near_duplicates` finds, as a finding about all documents of the pairs."""
    pairs = near_duplicates(facts.dataset.texts, watch, keys=facts.keys)
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


DUPLICATE_CHECKS = (
    Check("exact-duplicates", "No exact duplicates", _exact_duplicates),
    Check("conflicting-duplicates", "No text has different labels", _conflicting_duplicates),
)
"""Checks for repeated documents; near duplicates have a check of their own, which takes longer."""
