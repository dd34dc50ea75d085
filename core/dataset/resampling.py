"""Change a training part by a recipe.

The parts that measure stay natural: nothing that is repeated may be in a held-out part, under its
id or under another with the same text. A copy brings all labels of its document, and a document
left out takes all of its labels along; the result shows the counts of every label.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from core.dataset.documents import BoolMatrix, Dataset, Rows
from core.dataset.duplicates import text_keys
from core.dataset.health.balance import MOST_DOCUMENTS
from core.dataset.health.findings import irlbl, mean_ir
from core.errors import InvalidInput
from core.text import plural, printable

MOST_GROWTH = 5.0
"""Most copies that ML-ROS may be asked for, as a share of the documents."""
_TITLE = "Cannot oversample"


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """How a training part is changed; an empty recipe changes nothing.

    The steps follow each other in this order: leave out, repeat, clone, shuffle.
    """

    targets: dict[str, int] = {}
    """Positives wanted by label, reached by repeating documents."""
    distinct: dict[str, int] = {}
    """Most distinct positives kept, by label; the label's other positives are left out."""
    growth: float = 0.0
    """Copies that ML-ROS adds, as a share of the documents it is given; 0 for none."""
    is_shuffled: bool = False
    """Documents in an order drawn from the seed, instead of source order and then the copies."""
    seed: int = 0
    """The same seed gives the same documents; 0 or above."""


@dataclass(frozen=True)
class Resampled:
    """A training part after a recipe."""

    dataset: Dataset
    """Kept documents in their order, then the copies: ids ``<id>#copy1``, origins set."""
    rows: Rows
    """intp (n_documents,): position in the training part of each document of `dataset`."""
    added: int
    """Number of copies."""
    removed: int
    """Number of documents left out."""
    before: dict[str, int]
    """Positives of every label as the training part was."""
    after: dict[str, int]
    """Positives of every label in `dataset`, copies included."""
    distinct: dict[str, int]
    """Positives of every label in `dataset` without copies."""


SHOWN_LENGTH = 60
"""Characters of a label or an id that a message shows."""


def refuse_label(label: str, support: Mapping[str, int]) -> None:
    """Refuse a label that is unknown or has no document in the training part.

    Raises:
        InvalidInput: as said.
    """
    shown = printable(label, SHOWN_LENGTH)
    if label not in support:
        names = ", ".join(printable(name, 20) for name in list(support)[:10])
        raise InvalidInput(_TITLE, f"there is no label {shown!r}", f"the labels are: {names}")
    if support[label] == 0:
        message = f"the label {shown!r} has no document in the training part"
        raise InvalidInput(_TITLE, message, "there is nothing to repeat; add real examples")


_Counts = npt.NDArray[np.int64]


def repeats(
    membership: BoolMatrix, targets: Mapping[int, int], rng: np.random.Generator
) -> _Counts:
    """int64 (n_documents,): how many copies of each document are made.

    Labels are taken from the rarest to the most frequent, and copies made for one count for the
    next, so a label may end above its target. The copies of a label are spread evenly over its
    documents: each is repeated as often as any other, or once more; `rng` draws which.

    Args:
        membership: bool (n_documents, n_labels).
        targets: positives wanted, by column; a target that is met adds nothing.
        rng: what draws.
    """
    support = membership.sum(axis=0, dtype=np.int64).tolist()
    growing = [column for column, target in targets.items() if target > support[column]]
    times = np.zeros(len(membership), dtype=np.int64)
    for column in sorted(growing, key=lambda column: (support[column], column)):
        positives = np.flatnonzero(membership[:, column])
        missing = targets[column] - len(positives) - int(times[positives].sum())
        if missing > 0:
            times[rng.permutation(positives)] += _evenly(missing, len(positives))
    return times


def _evenly(total: int, places: int) -> _Counts:
    """int64 (places,): whole numbers that add up to `total` and differ by at most 1."""
    share, more = divmod(total, places)
    return np.full(places, share, dtype=np.int64) + (np.arange(places) < more)


# Leave out surplus positives of chosen labels, so that so many distinct ones remain.
#
# The kept documents of a smaller amount are among those of a larger one: every amount is a stop on
# one way down. Level by level, from the largest support on, each label that has more than the level
# gives up one document.


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
    counts = descent.counts
    by_frequency = sorted(range(len(counts)), key=lambda column: (-counts[column], column))
    order = {column: place for place, column in enumerate(by_frequency)}
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


# ML-ROS: clone random documents of the rare labels, over the whole label set.
#
# F. Charte, A. J. Rivera, M. J. del Jesus, F. Herrera, "Addressing imbalance in multilabel
# classification: Measures and random resampling algorithms", Neurocomputing 163 (2015), Algorithm
# 4.


_DRAWS = 4096


def minority_columns(support: npt.NDArray[np.int64]) -> list[int]:
    """Columns of the labels whose IRLbl is above MeanIR, labels without documents apart."""
    is_minority = (irlbl(support) > mean_ir(support)) & (support > 0)
    return np.flatnonzero(is_minority).tolist()


def clones(
    membership: BoolMatrix, support: npt.NDArray[np.int64], budget: int, rng: np.random.Generator
) -> list[int]:
    """Return which documents are cloned, one after the other.

    Each label whose IRLbl is above MeanIR has a bag of its documents. In turn, one document is
    drawn from every bag, with replacement; a bag leaves, for good, when after its own draw the
    IRLbl of its label is MeanIR or below. It ends with the budget, which may be in the middle of a
    turn, or with the last bag.

    MeanIR is that of the start and stays fixed, as in Algorithm 4: the aim does not move while
    clones are made. IRLbl follows every clone, so the support of the commonest label rises with the
    clones that carry it.

    Args:
        membership: bool (n_documents, n_labels): documents that may be drawn.
        support: int64 (n_labels,): positives at the start, copies made before included.
        budget: most clones.
        rng: what draws.

    Returns:
        Rows of `membership`, at most `budget`.
    """
    aim = mean_ir(support)
    counts: list[int] = support.tolist()
    most = max(counts, default=0)
    bags = {
        column: np.flatnonzero(membership[:, column]).tolist()
        for column in minority_columns(support)
    }
    bags = {column: bag for column, bag in bags.items() if bag}
    columns_of: dict[int, list[int]] = {}
    made: list[int] = []
    draws: list[float] = []
    while bags:
        for column, bag in list(bags.items()):
            if len(made) >= budget:
                return made
            if not draws:
                draws = rng.random(_DRAWS).tolist()
            row = bag[int(draws.pop() * len(bag))]
            made.append(row)
            if row not in columns_of:
                columns_of[row] = np.flatnonzero(membership[row]).tolist()
            for touched in columns_of[row]:
                counts[touched] += 1
                most = max(most, counts[touched])
            if most / counts[column] <= aim:
                del bags[column]
    return made


def refuse_held_out(train: Dataset, candidates: Rows, held_out: Sequence[Dataset]) -> None:
    """Refuse copies in held-out parts, and documents to repeat that are held out too.

    Args:
        train: the training part.
        candidates: positions in it of the documents that may be repeated.
        held_out: the parts used to tune or to measure.

    Raises:
        InvalidInput: a held-out part holds a copy, or a candidate by id or normalised text.
    """
    for part in held_out:
        _refuse_copies(part)
    if not held_out or not len(candidates):
        return
    rows = candidates.tolist()
    row_of_id = {train.ids[row]: row for row in rows}
    row_of_key = dict(
        zip(text_keys([train.texts[row] for row in rows]).tolist(), rows, strict=True)
    )
    for part in held_out:
        for name, key in zip(part.ids, text_keys(part.texts).tolist(), strict=True):
            row = row_of_id.get(name, row_of_key.get(key))
            if row is not None:
                same, shown = (
                    printable(train.ids[row], SHOWN_LENGTH),
                    printable(name, SHOWN_LENGTH),
                )
                message = f"the training document {same} is also held out, as {shown}"
                hint = "drop duplicates, or split again so that they stay in one part"
                raise InvalidInput(_TITLE, message, hint)


def _refuse_copies(part: Dataset) -> None:
    if not part.origins or not any(part.origins):
        return
    name, origin = next(pair for pair in zip(part.ids, part.origins, strict=True) if pair[1])
    shown = printable(name, SHOWN_LENGTH)
    message = f"the held-out document {shown} is a copy of {printable(origin, SHOWN_LENGTH)}"
    hint = "tune and measure on documents as they occur; split again without copies"
    raise InvalidInput(_TITLE, message, hint)


_CLONING, _SHUFFLING = 1, 2


def resample(train: Dataset, recipe: Recipe, held_out: Sequence[Dataset] = ()) -> Resampled:
    """Leave out, repeat, clone and shuffle documents of a training part, in this order.

    1. `recipe.distinct`: surplus positives are left out, never relabelled; see
       `core.dataset.oversampling.distinct`.
    2. `recipe.targets`: what is left is repeated evenly; see `repeats`. A label with 10 in
       `distinct` and 500 in `targets` ends with 10 distinct positives repeated to 500.
    3. `recipe.growth`: ML-ROS on the documents and copies so far, whose number it grows by; it
       draws from the documents, each as often as any other however many copies it has. See
       `ml_ros.clones`.
    4. `recipe.is_shuffled`: all documents in an order drawn from the seed.

    Args:
        train: the training part, without copies.
        recipe: how to change it.
        held_out: the parts used to tune or to measure.

    Raises:
        InvalidInput: an unknown label, one without positives, a target below what is there after
            the first step, more distinct positives than there are, a growth outside 0 to 5, a
            negative seed, more documents than the service trains on, a training part that holds
            copies already, or a held-out part that holds copies or a document (by id or normalised
            text) which would be repeated.
    """
    _refuse_recipe(train, recipe)
    kept = kept_rows(train, recipe.distinct, recipe.targets, recipe.seed)
    members = train.membership[kept]
    support = members.sum(axis=0, dtype=np.int64)
    targets = _target_columns(train.labels, support.tolist(), recipe.targets)
    times = repeats(members, targets, np.random.default_rng(recipe.seed))
    _refuse_size(len(kept), int(times.sum()))
    copies = np.repeat(np.arange(len(kept)), times)
    growing = [column for column, target in targets.items() if target > support[column]]
    if recipe.growth:
        support = support + members[copies].sum(axis=0, dtype=np.int64)
        growing += minority_columns(support)
    refuse_held_out(train, kept[members[:, growing].any(axis=1)], held_out)
    if recipe.growth:
        budget = round(recipe.growth * (len(kept) + len(copies)))
        _refuse_size(len(kept), len(copies) + budget)
        rng = np.random.default_rng((recipe.seed, _CLONING))
        cloned = np.array(clones(members, support, budget, rng), dtype=np.intp)
        copies = np.concatenate((copies, cloned))
    return _resampled(train, kept, kept[copies], recipe)


def _refuse_recipe(train: Dataset, recipe: Recipe) -> None:
    if recipe.seed < 0:
        raise InvalidInput(_TITLE, f"the seed {recipe.seed} is negative", "use 0 or above")
    if not 0 <= recipe.growth <= MOST_GROWTH:
        message = f"a growth of {recipe.growth:g} is not between 0 and {MOST_GROWTH:g}"
        raise InvalidInput(_TITLE, message, "for example 0.25 adds a quarter of the documents")
    support = dict(zip(train.labels, train.support.tolist(), strict=True))
    for label in (*recipe.targets, *recipe.distinct):
        refuse_label(label, support)
    if train.origins and any(train.origins):
        message = "the training part holds copies already"
        raise InvalidInput(_TITLE, message, "start from the training part as it was split")
    for label, number in recipe.distinct.items():
        shown = printable(label, SHOWN_LENGTH)
        if number < 1:
            message = f"{number:,} distinct positives of label {shown!r}"
            raise InvalidInput(_TITLE, message, "keep at least 1")
        if number > support[label]:
            message = f"{number:,} distinct positives of label {shown!r} of {support[label]:,}"
            hint = "repeat the positives for more than are there"
            raise InvalidInput(_TITLE, message, hint)


def _target_columns(
    labels: Sequence[str], support: Sequence[int], targets: Mapping[str, int]
) -> dict[int, int]:
    """Return the targets by column, after checking each against what is there."""
    present = dict(zip(labels, support, strict=True))
    column_of = {label: column for column, label in enumerate(labels)}
    for label, target in targets.items():
        refuse_label(label, present)
        if target < present[label]:
            shown = printable(label, SHOWN_LENGTH)
            message = f"the target {target:,} of label {shown!r} is below the {present[label]:,} "
            hint = "oversampling only adds; ask for at least as many"
            raise InvalidInput(_TITLE, message + "present", hint)
        _refuse_size(0, target)
    return {column_of[label]: target for label, target in targets.items()}


def _refuse_size(documents: int, copies: int) -> None:
    if copies and documents + copies > MOST_DOCUMENTS:
        raise InvalidInput(
            _TITLE,
            f"the training part would hold {plural(documents + copies, 'document')}",
            f"Comprehend trains on {MOST_DOCUMENTS:,} at most; ask for fewer copies",
        )


def _resampled(train: Dataset, kept: Rows, copied: Rows, recipe: Recipe) -> Resampled:
    rows = np.concatenate((kept, copied))
    names = [train.ids[row] for row in kept.tolist()] + _copy_names(train.ids, copied.tolist())
    origins = [""] * len(kept) + [train.ids[row] for row in copied.tolist()]
    if recipe.is_shuffled:
        rng = np.random.default_rng((recipe.seed, _SHUFFLING))
        order = rng.permutation(len(rows))
        rows = rows[order]
        names = [names[place] for place in order.tolist()]
        origins = [origins[place] for place in order.tolist()]
    together = train.subset(rows)
    dataset = Dataset(
        ids=names,
        texts=together.texts,
        labels=train.labels,
        membership=together.membership,
        mode=train.mode,
        none_label=train.none_label,
        groups=together.groups,
        origins=origins if len(copied) else None,
    )
    distinct = train.membership[kept].sum(axis=0, dtype=np.int64)
    return Resampled(
        dataset=dataset,
        rows=rows,
        added=len(copied),
        removed=len(train) - len(kept),
        before=dict(zip(train.labels, train.support.tolist(), strict=True)),
        after=dict(zip(train.labels, dataset.support.tolist(), strict=True)),
        distinct=dict(zip(train.labels, distinct.tolist(), strict=True)),
    )


def _copy_names(ids: Sequence[str], copied: Sequence[int]) -> list[str]:
    """Return ``<id>#copy1`` … for each copied document, none of which is an id already."""
    taken = set(ids)
    made: dict[int, int] = {}
    names = []
    for row in copied:
        name = ids[row]
        while name in taken:
            made[row] = made.get(row, 0) + 1
            name = f"{ids[row]}#copy{made[row]}"
        taken.add(name)
        names.append(name)
    return names
