"""The distinct label sets of a dataset: the unit that a split works on.

However many labels there are, two documents get the same number exactly when they have the same
labels.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.dataset.documents import BoolMatrix, Parts
from core.errors import InvalidInput
from core.progress import UNWATCHED, Watch
from core.text import plural, printable

FloatMatrix = npt.NDArray[np.float64]
FloatVector = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Incidence:
    """A sparse matrix of ones: label sets by things, the things being labels or pairs."""

    owner: Numbers
    """intp (n_entries,): the label set of each entry, ascending."""
    thing: Numbers
    """intp (n_entries,): the thing of each entry."""
    starts: Numbers
    """intp (n_sets + 1,): where the entries of a label set begin."""
    n_things: int
    """Number of things."""

    def count(self, sets_by_part: npt.NDArray[np.int64]) -> FloatMatrix:
        """float64 (n_things, n_parts): documents with each thing, from documents per label set."""
        counts = np.empty((self.n_things, sets_by_part.shape[1]))
        for part, documents in enumerate(sets_by_part.T):
            counts[:, part] = np.bincount(self.thing, documents[self.owner], self.n_things)
        return counts

    def sums(self, values: FloatVector) -> FloatVector:
        """float64 (n_sets,): the sum of `values` (n_things,) over the things of each label set."""
        sums = np.bincount(self.owner, values[self.thing], len(self.starts) - 1)
        return sums.astype(np.float64)  # whole numbers when there is no entry at all

    def of(self, label_set: int) -> Numbers:
        """The things of one label set."""
        return self.thing[self.starts[label_set] : self.starts[label_set + 1]]

    def overlap(self, first: Numbers, second: Numbers, values: FloatVector) -> FloatMatrix:
        """float64 (len(first), len(second)): the sum of `values` over what two label sets share.

        A sparse product, written out because a dense one would be mostly zeros and would add up
        in an order that differs from machine to machine.
        """
        row, row_thing = self._entries(first)
        column, column_thing = self._entries(second)
        by_thing = np.argsort(column_thing, kind="stable")
        column, column_thing = column[by_thing], column_thing[by_thing]
        begin = np.searchsorted(column_thing, row_thing, side="left")
        matches = np.searchsorted(column_thing, row_thing, side="right") - begin
        place = _consecutive(begin, matches)
        cell = np.repeat(row, matches) * len(second) + column[place]
        shared = np.bincount(cell, np.repeat(values[row_thing], matches), len(first) * len(second))
        return shared.astype(np.float64).reshape(len(first), len(second))

    def _entries(self, sets: Numbers) -> tuple[Numbers, Numbers]:
        """Positions in `sets`, and the things of the label sets there."""
        lengths = self.starts[sets + 1] - self.starts[sets]
        position = np.repeat(np.arange(len(sets)), lengths)
        return position, self.thing[_consecutive(self.starts[sets], lengths)]


def label_incidence(members: BoolMatrix) -> Incidence:
    """The labels of each label set of bool (n_sets, n_labels)."""
    owner, label = np.divmod(np.flatnonzero(members), max(members.shape[1], 1))
    return Incidence(owner, label, _starts(owner, len(members)), members.shape[1])


def pair_incidence(labels: Incidence) -> Incidence:
    """The pairs of labels of each label set; only pairs that occur are numbered."""
    sizes = np.diff(labels.starts)
    owners, codes = [np.zeros(0, np.intp)], [np.zeros(0, np.intp)]
    for distance in range(1, int(sizes.max(initial=0))):
        first = np.flatnonzero(labels.owner[:-distance] == labels.owner[distance:])
        owners.append(labels.owner[first])
        codes.append(labels.thing[first] * labels.n_things + labels.thing[first + distance])
    owner, code = np.concatenate(owners), np.concatenate(codes)
    by_owner = np.argsort(owner, kind="stable")
    owner, code = owner[by_owner], code[by_owner]
    present = np.flatnonzero(np.bincount(code, minlength=1))
    place = np.zeros(int(present.max(initial=0)) + 1, dtype=np.intp)
    place[present] = np.arange(len(present))
    return Incidence(owner, place[code], _starts(owner, len(sizes)), len(present))


def _starts(owner: Numbers, n_sets: int) -> Numbers:
    return np.concatenate(([0], np.cumsum(np.bincount(owner, minlength=n_sets)))).astype(np.intp)


def _consecutive(begin: Numbers, lengths: Numbers) -> Numbers:
    """Runs of consecutive numbers, one after the other: from each `begin`, `lengths` long."""
    before = np.cumsum(lengths) - lengths
    numbers: Numbers = np.arange(int(lengths.sum())) + np.repeat(begin - before, lengths)
    return numbers


IntVector = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

_TABLE_LABELS = 16
_GATHER_BITS = np.uint64(0x0102040810204080)
_ONE_BYTE = np.uint64(56)
_MIX = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)


@dataclass(frozen=True)
class LabelSets:
    """The distinct label sets and the document numbers that refer to them."""

    number: Numbers
    """intp (n_documents,): label set of each document."""
    members: BoolMatrix
    """bool (n_sets, n_labels): labels of each label set."""
    counts: IntVector
    """int64 (n_sets,): documents of each label set."""
    incidence: Incidence
    """The labels of each label set."""

    @property
    def support(self) -> IntVector:
        """int64 (n_labels,): documents with each label."""
        return self.incidence.count(self.counts[:, None])[:, 0].astype(np.int64)

    def by_part(self, parts: npt.NDArray[np.int8], n_parts: int) -> npt.NDArray[np.int64]:
        """int64 (n_sets, n_parts): documents of each label set in each part.

        Documents whose part is negative are left out.
        """
        shape = (len(self.counts), n_parts)
        there = parts >= 0
        if not there.any():
            return np.zeros(shape, dtype=np.int64)
        code = self.number * n_parts + parts
        counts = np.bincount(code if there.all() else code[there], minlength=shape[0] * n_parts)
        return counts.reshape(shape)

    def order(self) -> Numbers:
        """intp (n_sets,): label sets sorted so that sets which share rare labels are neighbours."""
        rarest_first = np.argsort(self.support, kind="stable")
        words = _packed(np.take(self.members, rarest_first, axis=1), ">u8")
        return np.lexsort(words.T[::-1]).astype(np.intp)


def find_label_sets(membership: BoolMatrix) -> LabelSets:
    """Number the distinct label sets of bool (n_documents, n_labels)."""
    membership = np.ascontiguousarray(membership, dtype=np.bool_)
    find = _by_table if membership.shape[1] <= _TABLE_LABELS else _by_words
    number, n_sets = find(membership)
    first = np.zeros(n_sets, dtype=np.intp)
    first[number[::-1]] = np.arange(len(number) - 1, -1, -1)
    counts = np.bincount(number, minlength=n_sets).astype(np.int64)
    members = membership[first]
    return LabelSets(number, members, counts, label_incidence(members))


def _by_table(membership: BoolMatrix) -> tuple[Numbers, int]:
    """Number of each document and number of label sets, for few labels."""
    n_documents, n_labels = membership.shape
    padded = np.zeros((n_documents, 8 if n_labels <= 8 else 16), dtype=np.uint8)
    padded[:, :n_labels] = membership
    # Eight bytes of 0 or 1, read as one little-endian word, become eight bits by one product.
    bits = ((padded.view("<u8") * _GATHER_BITS) >> _ONE_BYTE).astype(np.intp)
    code = bits[:, 0] if bits.shape[1] == 1 else bits[:, 0] * 256 + bits[:, 1]
    present = np.flatnonzero(np.bincount(code))
    place = np.zeros(2**_TABLE_LABELS, dtype=np.intp)
    place[present] = np.arange(len(present))
    return place[code], len(present)


def _by_words(membership: BoolMatrix) -> tuple[Numbers, int]:
    """Number of each document and number of label sets, for any number of labels."""
    words = _packed(membership, "<u8")
    mixed = words[:, 0]
    for word in range(1, words.shape[1]):
        mixed = (mixed ^ (mixed >> _HALF)) * _MIX ^ words[:, word]
    distinct, first, number = np.unique(mixed, return_index=True, return_inverse=True)
    if words.shape[1] == 1 or np.array_equal(words[first[number]], words):
        return number, len(distinct)
    rows, number = np.unique(words, axis=0, return_inverse=True)  # two label sets mixed alike
    return number.reshape(-1), len(rows)


def _packed(members: BoolMatrix, word: str) -> Words:
    """uint64 (n_rows, n_words): labels as bits."""
    n_rows, n_labels = members.shape
    packed = np.zeros((n_rows, 8 * max(-(-n_labels // 64), 1)), dtype=np.uint8)
    packed[:, : -(-n_labels // 8)] = np.packbits(members, axis=1)
    return packed.view(word).astype(np.uint64)


def place_clusters(
    membership: BoolMatrix,
    clusters: npt.NDArray[np.int32],
    sizes: npt.NDArray[np.int64],
    wanted: npt.NDArray[np.float64],
    rng: np.random.Generator,
    watch: Watch = UNWATCHED,
) -> Parts:
    """int8 (n_documents,): the part of each document in a cluster of several, -1 for the others.

    Largest clusters first, each to the part where it lowers the deviations of size and labels
    most, and only to a part that has room for it as long as there is one. Deviations are weighted
    by the wanted count, so that all parts fill at the same pace.

    Args:
        membership: bool (n_documents, n_labels).
        clusters: int32 (n_documents,): cluster number of each document.
        sizes: int64 (n_parts,): wanted documents of each part.
        wanted: float64 (n_labels, n_parts): wanted positives.
        rng: gives the order of clusters of the same size.
    """
    _, number, rows_of = np.unique(clusters, return_inverse=True, return_counts=True)
    parts = np.full(len(clusters), -1, dtype=np.int8)
    several = np.flatnonzero(rows_of > 1)
    if not len(several):
        return parts
    place = np.full(len(rows_of), -1, dtype=np.intp)
    place[several] = np.arange(len(several))
    rows = np.flatnonzero(place[number] >= 0)
    rows = rows[np.argsort(place[number[rows]], kind="stable")]
    starts = np.concatenate(([0], np.cumsum(rows_of[several])[:-1]))
    things = np.concatenate((np.ones((len(rows), 1), np.int64), membership[rows]), axis=1)
    counts = np.add.reduceat(things, starts, axis=0)
    goals = np.concatenate((sizes[None, :].astype(np.float64), wanted))
    chosen = _choose(counts, goals, rng, watch)
    parts[rows] = np.repeat(chosen, rows_of[several])
    return parts


def _choose(
    counts: npt.NDArray[np.int64],
    goals: npt.NDArray[np.float64],
    rng: np.random.Generator,
    watch: Watch,
) -> Parts:
    """int8 (n_clusters,): part of each cluster; row 0 of the goals is the size."""
    shuffled = rng.permutation(len(counts))
    order = shuffled[np.argsort(-counts[shuffled, 0], kind="stable")]
    filled = np.zeros_like(goals)
    weight = 1.0 / np.maximum(goals, 1.0)
    chosen = np.zeros(len(counts), dtype=np.int8)
    for cluster in watch.over(order.tolist()):
        things = counts[cluster]
        held = np.flatnonzero(things)
        amount = things[held][:, None]
        cost = amount * (2 * (filled[held] - goals[held]) + amount) * weight[held]
        score = np.round(cost.sum(axis=0), 9)
        room = goals[0] - filled[0] - things[0]
        part = int(np.lexsort((score, np.maximum(-room, 0)))[0])
        filled[held, part] += things[held]
        chosen[cluster] = part
    return chosen


_TITLE = "Cannot split"
_EXAMPLES = "write them like 70/10/20 (train/calibration/test) or 80/20 (train/test)"
_MOST_PARTS = 127
_ROUNDING = 1e-9


def parse_ratios(text: str) -> tuple[float, ...]:
    """Read shares such as ``70/10/20`` or ``0.8/0.2``; return fractions that add up to 1.

    Raises:
        InvalidInput: not two or three positive numbers, or they do not add up to 100 (or 1).
    """
    shown = printable(text, 60)
    try:
        numbers = [float(piece) for piece in text.split("/")]
    except ValueError:
        raise InvalidInput(_TITLE, f"the ratios {shown!r} are not numbers", _EXAMPLES) from None
    if len(numbers) not in (2, 3):
        raise InvalidInput(_TITLE, f"the ratios {shown!r} do not name 2 or 3 parts", _EXAMPLES)
    if not all(math.isfinite(number) and number > 0 for number in numbers):
        raise InvalidInput(_TITLE, f"every ratio in {shown!r} must be above 0", _EXAMPLES)
    total = math.fsum(numbers)
    if not any(math.isclose(total, whole, rel_tol=1e-6) for whole in (100.0, 1.0)):
        message = f"the ratios {shown!r} add up to {total:g}, not to 100"
        raise InvalidInput(_TITLE, message, _EXAMPLES)
    return tuple(number / total for number in numbers)


def part_names_for(ratios: Sequence[float]) -> tuple[str, ...]:
    """Return the part names that belong to 2 or 3 ratios, in the order of the ratios.

    Raises:
        InvalidInput: the ratios name another number of parts.
    """
    if len(ratios) == 2:
        return ("train", "test")
    if len(ratios) == 3:
        return ("train", "calibration", "test")
    message = f"a split has 2 or 3 parts, not {len(ratios)}"
    raise InvalidInput(_TITLE, message, _EXAMPLES)


def checked_shares(ratios: Sequence[float]) -> FloatVector:
    """float64 (n_parts,): `ratios` divided by their sum.

    Raises:
        InvalidInput: fewer than 2 or more than 127 ratios, or one that is not above 0.
    """
    shares: FloatVector = np.asarray(ratios, dtype=np.float64)
    if shares.ndim != 1 or not 2 <= len(shares) <= _MOST_PARTS:
        message = f"a split needs 2 to {_MOST_PARTS} ratios, got {shares.size}"
        raise InvalidInput(_TITLE, message, _EXAMPLES)
    if not np.all(np.isfinite(shares) & (shares > 0)):
        raise InvalidInput(_TITLE, "every ratio must be a number above 0", _EXAMPLES)
    fractions: FloatVector = shares / shares.sum()
    return fractions


def whole_rows(wanted: FloatVector, total: int) -> IntVector:
    """int64 (n_parts,): `wanted` in whole rows that add up to `total`, each less than 1 row off.

    Largest remainders first (Hamilton); at equal remainders the earlier part gets the row.
    `wanted` must add up to `total`.
    """
    rows = np.floor(wanted + _ROUNDING).astype(np.int64)
    remainders = np.round(wanted - rows, 9)
    most_owed = np.argsort(-remainders, kind="stable")
    rows[most_owed[: total - int(rows.sum())]] += 1
    return rows


def part_sizes(n_documents: int, shares: FloatVector, ideal: IntVector | None = None) -> IntVector:
    """int64 (n_parts,): documents of each part, each less than 1 off its share.

    Args:
        n_documents: documents in all.
        shares: float64 (n_parts,): wanted shares, adding up to 1.
        ideal: int64 (n_parts,): sizes that would suit the labels best; of the sizes that are less
            than 1 off, those nearest to it are taken. None for the sizes nearest to the shares.

    Raises:
        InvalidInput: there are too few documents to give every part at least one.
    """
    wanted = shares * n_documents
    sizes = whole_rows(wanted, n_documents)
    least = np.floor(wanted + _ROUNDING).astype(np.int64)
    if ideal is not None and least.min() > 0:
        remainders = np.round(wanted - least, 9)
        may_grow = np.flatnonzero(remainders > 0)
        by_need = may_grow[np.lexsort((-remainders[may_grow], (least - ideal)[may_grow]))]
        sizes = least.copy()
        sizes[by_need[: n_documents - int(least.sum())]] += 1
    refuse_empty_parts(sizes, "use more documents, or larger ratios for the small parts")
    return sizes


def refuse_empty_parts(sizes: IntVector, hint: str) -> None:
    """Raise InvalidInput when a part has no document.

    Raises:
        InvalidInput: naming the first empty part.
    """
    empty = np.flatnonzero(sizes == 0)
    if len(empty):
        total = plural(int(sizes.sum()), "document")
        names = part_names_for(sizes.tolist()) if len(sizes) <= 3 else ()
        name = names[empty[0]] if names else f"number {empty[0] + 1}"
        raise InvalidInput(_TITLE, f"of {total}, none would be left for the part {name}", hint)
