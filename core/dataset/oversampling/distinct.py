"""Leave out surplus positives of chosen labels, so that so many distinct ones remain.

The kept documents of a smaller amount are among those of a larger one: every amount is a stop on
one way down. Level by level, from the largest support on, each label that has more than the level
gives up one document.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.dataset.documents import Dataset
from core.dataset.oversampling.recipe import Rows


@dataclass
class _Queue:
    """Documents of one label that carry the same other chosen labels, in the label's order."""

    others: list[int]
    """The other chosen labels of these documents."""
    rows: list[int]
    ranks: list[int]
    """Place of each in the random order of the label; ascending."""
    head: int = 0

    def advance(self, is_kept: bytearray) -> bool:
        """Pass over documents left out already; return whether one is left."""
        while self.head < len(self.rows) and not is_kept[self.rows[self.head]]:
            self.head += 1
        return self.head < len(self.rows)


@dataclass
class _Descent:
    """Where the way down has come to."""

    is_kept: bytearray
    columns_of: list[list[int]]
    """Chosen labels by pattern."""
    pattern_of: list[int]
    """Pattern by document."""
    counts: list[int]
    """Positives still kept, by chosen label."""
    numbers: list[int | None]
    """Positives wanted, by chosen label; None for labels that give up nothing."""
    queues: dict[int, list[_Queue]]

    def leave_out(self, row: int) -> None:
        self.is_kept[row] = 0
        for column in self.columns_of[self.pattern_of[row]]:
            self.counts[column] -= 1

    def spare(self, column: int, level: int) -> int:
        """What a label can bear: above `level` when it may give up one more, else its count."""
        count, number = self.counts[column], self.numbers[column]
        if number is not None and count > max(level, number):
            return level + 1
        return min(count, level)


def kept_rows(
    train: Dataset, distinct: Mapping[str, int], targets: Mapping[str, int], seed: int
) -> Rows:
    """Return the positions of the documents that stay, ascending.

    A label of `distinct` gives up documents in a random order, drawn from the seed and the label's
    name alone. Documents that would take from another chosen label which has none to spare go last,
    and of these first those whose scarcest other label is the most frequent. A label can still end
    below its number where labels stand together so much that they leave hardly a choice, as when
    each document of several labels carries one that is to be rare.

    Args:
        train: the training part.
        distinct: most positives kept, by label.
        targets: labels to be repeated; those not in `distinct` are spared.
        seed: with the same seed, the documents kept for smaller numbers are among those for larger
            ones, as long as the numbers of all labels are equal and `targets` names the others.
    """
    support = dict(zip(train.labels, train.support.tolist(), strict=True))
    if all(support[label] <= number for label, number in distinct.items()):
        return np.arange(len(train))
    descent = _start(train, distinct, targets, seed)
    order = {column: place for place, column in enumerate(_most_frequent_first(descent))}
    while tops := _tops(descent):
        level = descent.counts[tops[0]] - 1
        if len(tops) == 1 and _leave_out_lone(descent, tops[0]):
            continue
        for column in sorted(tops, key=order.__getitem__):
            if descent.counts[column] > level:
                _leave_out_one(descent, column, level)
    return np.flatnonzero(np.frombuffer(descent.is_kept, dtype=np.uint8))


def _tops(descent: _Descent) -> list[int]:
    """The labels above their number that have the most positives left."""
    over = _over(descent)
    most = max((descent.counts[column] for column in over), default=0)
    return [column for column in over if descent.counts[column] == most]


def _over(descent: _Descent) -> list[int]:
    counts = zip(descent.counts, descent.numbers, strict=True)
    return [
        column
        for column, (count, number) in enumerate(counts)
        if number is not None and count > number
    ]


def _leave_out_lone(descent: _Descent, column: int) -> bool:
    """Go down many levels at once while only documents of no other chosen label are taken.

    With one label on top, every other is at its bound down to the next one's count.
    """
    lone = next((queue for queue in descent.queues[column] if not queue.others), None)
    if lone is None or not lone.advance(descent.is_kept):
        return False
    below = [descent.counts[other] for other in _over(descent) if other != column]
    surplus = descent.counts[column] - max(descent.numbers[column] or 0, *below, 0)
    taken = lone.rows[lone.head : lone.head + surplus]
    lone.head += len(taken)
    descent.counts[column] -= len(taken)
    for row in taken:
        descent.is_kept[row] = 0
    return True


def _leave_out_one(descent: _Descent, column: int, level: int) -> None:
    """Leave out the document that the other chosen labels bear best; the random order decides."""
    spare = [descent.spare(other, level) for other in range(len(descent.counts))]
    best: _Queue | None = None
    best_key = (-1, 0)
    for queue in descent.queues[column]:
        if not queue.advance(descent.is_kept):
            continue
        borne = min([spare[other] for other in queue.others], default=level + 1)
        key = (borne, -queue.ranks[queue.head])
        if key > best_key:
            best, best_key = queue, key
    if best is not None:
        descent.leave_out(best.rows[best.head])


def _start(
    train: Dataset, distinct: Mapping[str, int], targets: Mapping[str, int], seed: int
) -> _Descent:
    column_of = {label: column for column, label in enumerate(train.labels)}
    chosen = sorted(column_of[label] for label in {*distinct, *targets})
    members = train.membership[:, chosen]
    packed = np.packbits(members, axis=1)
    keys = np.ascontiguousarray(packed).view(f"V{packed.shape[1]}").ravel()
    _, first, patterns = np.unique(keys, return_index=True, return_inverse=True)
    columns_of = [np.flatnonzero(row).tolist() for row in members[first]]
    counts = members.sum(axis=0, dtype=np.int64).tolist()
    numbers = [distinct.get(train.labels[column]) for column in chosen]
    queues = {}
    for place, number in enumerate(numbers):
        if number is not None and counts[place] > number:
            label = train.labels[chosen[place]]
            order = _order(np.flatnonzero(members[:, place]), label, seed)
            queues[place] = _queues(place, order, patterns.ravel()[order], columns_of)
    return _Descent(
        is_kept=bytearray(b"\1" * len(train)),
        columns_of=columns_of,
        pattern_of=patterns.ravel().tolist(),
        counts=counts,
        numbers=numbers,
        queues=queues,
    )


def _order(positives: Rows, label: str, seed: int) -> Rows:
    digest = hashlib.blake2b(label.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    rng = np.random.default_rng((seed, int.from_bytes(digest, "big")))
    return rng.permutation(positives)


def _queues(
    column: int, order: Rows, patterns: npt.NDArray[np.intp], columns_of: list[list[int]]
) -> list[_Queue]:
    ranks = np.argsort(patterns, kind="stable")
    cuts = np.flatnonzero(np.diff(patterns[ranks])) + 1
    return [
        _Queue(
            [other for other in columns_of[patterns[group[0]]] if other != column],
            order[group].tolist(),
            group.tolist(),
        )
        for group in np.split(ranks, cuts)
    ]


def _most_frequent_first(descent: _Descent) -> list[int]:
    return sorted(range(len(descent.counts)), key=lambda column: (-descent.counts[column], column))
