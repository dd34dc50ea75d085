"""Which labels and which pairs of labels each label set has, as sparse matrices."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.dataset.documents import BoolMatrix

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
