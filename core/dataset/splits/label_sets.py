"""The distinct label sets of a dataset: the unit that a split works on.

However many labels there are, two documents get the same number exactly when they have the same
labels.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.dataset.documents import BoolMatrix
from core.dataset.splits.incidence import Incidence, label_incidence

IntVector = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.intp]
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
