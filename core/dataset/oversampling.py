"""Repeating rare labels, in the training part only.

The parts that measure stay natural: nothing that is repeated may be in a held-out part, under its
id or under another with the same text. A copy brings all labels of its document, so the counts of
labels that occur together with a chosen one rise too; the result shows them all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from core.dataset.documents import Dataset
from core.dataset.duplicates import text_keys
from core.errors import InvalidInput
from core.text import printable

Rows = npt.NDArray[np.intp]

_TITLE = "Cannot oversample"
_SHOWN = 60


class OversampleSettings(msgspec.Struct, frozen=True):
    """What to repeat."""

    targets: dict[str, int]
    """Positives wanted in the training part, by label."""
    seed: int
    """The same seed repeats the same documents."""


@dataclass(frozen=True)
class OversampleResult:
    """A training part with copies, and what they changed."""

    dataset: Dataset
    """The training part as it was, then the copies: ids ``<id>#copy1``, origins set."""
    added: int
    """Number of copies."""
    before: dict[str, int]
    """Positives of every label without the copies."""
    after: dict[str, int]
    """Positives of every label with the copies."""


def oversample(
    train: Dataset, targets: Mapping[str, int], seed: int, held_out: Sequence[Dataset] = ()
) -> OversampleResult:
    """Repeat positives of the chosen labels until each has as many as wanted.

    Labels are taken from the rarest to the most frequent, and copies made for one count for the
    next, so a label may end above its target. The copies of a label are spread evenly over its
    documents: each is repeated as often as any other, or once more; the seed draws which.

    Args:
        train: the training part, without copies.
        targets: positives wanted in the training part, by label.
        seed: the same seed gives the same result; 0 or above.
        held_out: the parts used to tune or to measure.

    Raises:
        InvalidInput: an unknown label, one without positives, a target below what is there, a
            training part that holds copies already, or a held-out part that holds a document (by
            id, origin or normalised text) which would be repeated.
    """
    if seed < 0:
        raise InvalidInput(_TITLE, f"the seed {seed} is negative", "use 0 or above")
    columns = _columns(train, targets)
    if train.origins and any(train.origins):
        message = "the training part holds copies already"
        raise InvalidInput(_TITLE, message, "start from the training part as it was split")
    support = train.support
    growing = [column for column in columns if targets[train.labels[column]] > support[column]]
    candidates = np.flatnonzero(train.membership[:, growing].any(axis=1))
    _refuse_held_out(train, candidates, held_out)
    rng = np.random.default_rng(seed)
    times = np.zeros(len(train), dtype=np.int64)
    for column in sorted(growing, key=lambda column: (int(support[column]), column)):
        positives = np.flatnonzero(train.membership[:, column])
        missing = targets[train.labels[column]] - len(positives) - int(times[positives].sum())
        if missing > 0:
            times[rng.permutation(positives)] += _evenly(missing, len(positives))
    copies = np.repeat(np.arange(len(train)), times)
    dataset = _with_copies(train, copies)
    return OversampleResult(
        dataset=dataset,
        added=len(copies),
        before=dict(zip(train.labels, support.tolist(), strict=True)),
        after=dict(zip(train.labels, dataset.support.tolist(), strict=True)),
    )


def _columns(train: Dataset, targets: Mapping[str, int]) -> list[int]:
    """Return the columns of the chosen labels, after checking each target."""
    column_of = {label: column for column, label in enumerate(train.labels)}
    support = train.support
    columns = []
    for label, target in targets.items():
        shown = printable(label, _SHOWN)
        if label not in column_of:
            known = ", ".join(printable(name, 20) for name in train.labels[:10])
            raise InvalidInput(_TITLE, f"there is no label {shown!r}", f"the labels are: {known}")
        present = int(support[column_of[label]])
        if present == 0:
            message = f"the label {shown!r} has no document in the training part"
            raise InvalidInput(_TITLE, message, "there is nothing to repeat; add real examples")
        if target < present:
            message = f"the target {target:,} of label {shown!r} is below the {present:,} present"
            raise InvalidInput(_TITLE, message, "oversampling only adds; ask for at least as many")
        columns.append(column_of[label])
    return columns


def _refuse_held_out(train: Dataset, candidates: Rows, held_out: Sequence[Dataset]) -> None:
    """Refuse copies in held-out parts, and documents to repeat that are held out too."""
    if not held_out or not len(candidates):
        return
    rows = candidates.tolist()
    row_of_id = {train.ids[row]: row for row in rows}
    row_of_key = dict(
        zip(text_keys([train.texts[row] for row in rows]).tolist(), rows, strict=True)
    )
    for part in held_out:
        origins = part.origins or [""] * len(part)
        keys = text_keys(part.texts).tolist()
        for name, origin, key in zip(part.ids, origins, keys, strict=True):
            shown = printable(name, _SHOWN)
            if origin:
                message = f"the held-out document {shown} is a copy of {printable(origin, _SHOWN)}"
                hint = "tune and measure on documents as they occur; split again without copies"
                raise InvalidInput(_TITLE, message, hint)
            row = row_of_id.get(name, row_of_key.get(key))
            if row is not None:
                same = printable(train.ids[row], _SHOWN)
                message = f"the training document {same} is also held out, as {shown}"
                hint = "drop duplicates, or split again so that they stay in one part"
                raise InvalidInput(_TITLE, message, hint)


def _evenly(total: int, places: int) -> npt.NDArray[np.int64]:
    """int64 (places,): whole numbers that add up to `total` and differ by at most 1."""
    share, more = divmod(total, places)
    return np.full(places, share, dtype=np.int64) + (np.arange(places) < more)


def _with_copies(train: Dataset, copies: Rows) -> Dataset:
    rows = np.concatenate((np.arange(len(train)), copies))
    together = train.subset(rows)
    taken = set(train.ids)
    made: dict[int, int] = {}
    names = []
    for row in copies.tolist():
        name = train.ids[row]
        while name in taken:
            made[row] = made.get(row, 0) + 1
            name = f"{train.ids[row]}#copy{made[row]}"
        taken.add(name)
        names.append(name)
    return Dataset(
        ids=train.ids + names,
        texts=together.texts,
        labels=train.labels,
        membership=together.membership,
        mode=train.mode,
        none_label=train.none_label,
        groups=together.groups,
        origins=[""] * len(train) + [train.ids[row] for row in copies.tolist()],
    )
