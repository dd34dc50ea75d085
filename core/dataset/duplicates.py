"""Find documents that say the same thing.

Two documents are *exact duplicates* when their normalised texts are equal, and *near duplicates*
when most of their word pairs are. Neither depends on the machine, the run or the order of rows.
"""

import functools
import hashlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.progress import UNWATCHED, Watch

# The normalised form of a text, and its fixed 64-bit key.
#
# `text_keys` works on blocks of documents as arrays of bytes, because running the regular
# expression engine over every document costs several times as much. The key of a text is the hash
# of its `normalised` form; the tests hold it to that.


_BLOCK_CHARACTERS = 1 << 19
_SPACE = 32
_CONTROLS = dict.fromkeys([*range(32), 127], " ")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")


def _folded_byte(code: int) -> int:
    if code >= 128:
        return code
    character = chr(code)
    return ord(character.lower()) if character.isalnum() else _SPACE


_FOLDED_BYTES = bytes(_folded_byte(code) for code in range(256))
"""ASCII letters and digits in lower case, other ASCII characters as a space, UTF-8 bytes kept."""


class _Foreign(dict[int, str | None]):
    """What becomes of a character outside ASCII, worked out when it is first met.

    Punctuation, spaces and control characters become a space; invisible format characters go, so
    that they cannot hide a duplicate; letters, digits, marks and symbols such as emoji stay.
    """

    def __missing__(self, code: int) -> str | None:
        category = unicodedata.category(chr(code))
        if category == "Cf":
            self[code] = None
        else:
            self[code] = " " if category[0] in "PZC" else chr(code)
        return self[code]


_FOREIGN = _Foreign()


def _folded(text: str) -> str:
    """`text` with case and foreign characters folded; ASCII punctuation is still in it."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", _without_foreign_marks(text)).casefold()
    return _without_foreign_marks(unicodedata.normalize("NFKC", folded))


def _without_foreign_marks(text: str) -> str:
    return _NOT_ASCII.sub(lambda match: match[0].translate(_FOREIGN), text)


def normalised(text: str) -> str:
    """Return the form in which texts are compared: words in one case with single spaces between.

    Case, compatibility forms (Unicode NFKC), white space, punctuation and invisible characters do
    not count. A text without any letter or digit keeps its signs, so that ``:)`` and ``:(`` differ;
    a blank text gives "".
    """
    folded = _folded(text)
    raw = folded.encode("utf-8", "surrogatepass").translate(_FOLDED_BYTES)
    words = b" ".join(raw.split()).decode("utf-8", "surrogatepass")
    return words or " ".join(folded.translate(_CONTROLS).split())


@dataclass(frozen=True)
class TextBlock:
    """The normalised words of some consecutive documents, one after the other."""

    first: int
    """Position of the block's first document among all texts."""
    characters: npt.NDArray[np.uint8]
    """uint8 (n_bytes,): UTF-8, words separated by exactly one space, documents too."""
    starts: npt.NDArray[np.int64]
    """int64 (n_documents,): where each document begins in `characters`."""
    ends: npt.NDArray[np.int64]
    """int64 (n_documents,): where it ends; a space may still stand at either side."""


def text_blocks(texts: Sequence[str]) -> Iterator[TextBlock]:
    """Yield the texts as blocks of normalised words; a text without words is empty in them."""
    for first, last in _block_bounds(texts):
        encoded = [
            (text if text.isascii() else _folded(text)).encode("utf-8", "surrogatepass")
            for text in texts[first:last]
        ]
        lengths = np.fromiter(map(len, encoded), np.int64, len(encoded))
        joined = np.frombuffer(b" ".join(encoded).translate(_FOLDED_BYTES), np.uint8)
        is_space = joined == _SPACE
        kept = np.ones(len(joined), np.bool_)
        kept[1:] = ~(is_space[1:] & is_space[:-1])
        old_positions = np.flatnonzero(kept)
        starts = np.zeros(len(lengths), np.int64)
        np.cumsum(lengths[:-1] + 1, out=starts[1:])
        yield TextBlock(
            first,
            joined[old_positions],
            np.searchsorted(old_positions, starts),
            np.searchsorted(old_positions, starts + lengths),
        )


def _block_bounds(texts: Sequence[str]) -> list[tuple[int, int]]:
    """Row ranges of about `_BLOCK_CHARACTERS` each, so that a block's arrays stay in the cache."""
    if not texts:
        return []
    sizes = np.fromiter(map(len, texts), np.int64, len(texts)) + 1
    block_of_row = np.cumsum(sizes) // _BLOCK_CHARACTERS
    cuts = (np.flatnonzero(np.diff(block_of_row)) + 1).tolist()
    return list(zip([0, *cuts], [*cuts, len(texts)], strict=True))


def text_keys(texts: Sequence[str], watch: Watch = UNWATCHED) -> npt.NDArray[np.uint64]:
    """uint64 (n_documents,): BLAKE2b, 8 bytes, of each normalised text.

    The same text has the same key on every machine and in every run, so keys may be stored. The
    chance that any two of a million different texts share one is below 1 in 30 million.

    Raises:
        Interrupted: stopping was asked for.
    """
    digests = bytearray()
    for block in watch.over(text_blocks(texts), every=1):
        characters = block.characters.tobytes()
        bounds = zip(block.starts.tolist(), block.ends.tolist(), strict=True)
        for row, (start, end) in enumerate(bounds, block.first):
            words = characters[start:end].strip()
            if not words:
                words = normalised(texts[row]).encode("utf-8", "surrogatepass")
            digests += hashlib.blake2b(words, digest_size=8).digest()
    return np.frombuffer(bytes(digests), dtype="<u8").astype(np.uint64)


def duplicate_clusters(
    texts: Sequence[str], groups: Sequence[str] | None = None, watch: Watch = UNWATCHED
) -> npt.NDArray[np.int32]:
    """int32 (n_documents,): the cluster of each document, numbered by first appearance.

    Documents with the same normalised text share a cluster, and so do documents of one group; both
    relations chain. A document whose group is "" belongs to no group.

    Args:
        texts: one text for each document.
        groups: one group name for each document, or None when there are no groups.

    Raises:
        Interrupted: stopping was asked for.
    """
    keys = np.unique(text_keys(texts, watch), return_inverse=True)[1]
    if groups is None:
        return _numbered_by_appearance(keys)
    number_of_group: dict[str, int] = {}
    group_of = [
        number_of_group.setdefault(group, len(number_of_group)) if group else -1 for group in groups
    ]
    return _numbered_by_appearance(_joined(keys.tolist(), group_of, len(number_of_group)))


def _joined(keys: list[int], group_of: list[int], n_groups: int) -> npt.NDArray[np.int64]:
    """The cluster root of each row: groups that share a key become one (union-find)."""
    parent = list(range(n_groups + max(keys, default=-1) + 1))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for key, group in zip(keys, group_of, strict=True):
        if group >= 0:
            parent[root(group)] = root(n_groups + key)
    return np.fromiter((root(n_groups + key) for key in keys), np.int64, len(keys))


def _numbered_by_appearance(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    _, first_rows, inverse = np.unique(values, return_index=True, return_inverse=True)
    rank = np.empty(len(first_rows), np.int32)
    rank[np.argsort(first_rows)] = np.arange(len(first_rows), dtype=np.int32)
    return rank[inverse]


# Near duplicates: MinHash signatures, locality-sensitive hashing and an exact check.
#
# MinHash is Broder, "On the resemblance and containment of documents" (1997); banding is Indyk and
# Motwani (1998) as told in Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets", chapter 3.


_HASHES = 32
_ROWS_PER_BAND = 4
_REACH = 4
"""Within a bucket each document is compared with this many followers, so that a template used
thousands of times costs thousands of comparisons, not millions; the pairs still connect it."""
_USUAL = 1 << 20
_BASE = np.uint64(0x9E3779B97F4A7C15)
_SIGNATURE_SLACK = 0.25
"""Three standard deviations of the agreement of 32 values at a similarity of 0.7."""
_SEED = 20231005
_TASK = "looking for near duplicates"
_Uint32 = npt.NDArray[np.uint32]
_Uint64 = npt.NDArray[np.uint64]
_Int64 = npt.NDArray[np.int64]


def near_duplicates(
    texts: Sequence[str],
    watch: Watch = UNWATCHED,
    similarity: float = 0.7,
    keys: npt.NDArray[np.uint64] | None = None,
) -> list[tuple[int, int]]:
    """Return pairs of rows whose texts are nearly the same, ascending, the smaller row first.

    Compared are the sets of word pairs (two neighbouring words) of the normalised texts; a pair
    counts when the Jaccard similarity of the two sets reaches `similarity`. Texts that are equal
    once normalised are not reported: only the first row of them takes part. Texts of fewer than
    three words take no part. In a family of more than five similar texts not every pair is listed,
    but the listed pairs connect the family.

    Args:
        texts: one text for each document.
        watch: told how many documents are done.
        similarity: the least Jaccard similarity, in (0, 1].
        keys: what `text_keys` gave for these texts, when the caller has it already.

    Raises:
        Interrupted: stopping was asked for.
    """
    rows = np.sort(np.unique(text_keys(texts) if keys is None else keys, return_index=True)[1])
    signatures, has_pairs = _signatures([texts[row] for row in rows.tolist()], watch)
    rows, signatures = rows[has_pairs], signatures[has_pairs]
    candidates = _candidates(signatures, similarity)
    pairs = _similar_enough(texts, rows, candidates, similarity)
    return sorted((int(rows[low]), int(rows[high])) for low, high in pairs)


def _signatures(texts: Sequence[str], watch: Watch) -> tuple[_Uint32, npt.NDArray[np.bool_]]:
    """uint32 (n_documents, 32) MinHash values, and bool (n_documents,): has two word pairs."""
    multipliers = np.random.default_rng(_SEED).integers(0, 2**32, _HASHES, np.uint32) | 1
    signatures = np.zeros((len(texts), _HASHES), np.uint32)
    has_pairs = np.zeros(len(texts), np.bool_)
    for block in text_blocks(texts):
        watch.check()
        hashes, starts, ends = _pair_hashes(block)
        with_pairs = np.flatnonzero(ends - starts >= 2)
        done = block.first + len(starts)
        if len(with_pairs):
            edges = np.column_stack((starts[with_pairs], ends[with_pairs])).ravel()
            minima = np.empty((_HASHES, len(with_pairs)), np.uint32)
            for index, multiplier in enumerate(multipliers):
                minima[index] = np.minimum.reduceat(hashes * multiplier, edges)[::2]
            signatures[block.first + with_pairs] = minima.T
            has_pairs[block.first + with_pairs] = True
        watch.report(_TASK, done, len(texts), "documents")
    return signatures, has_pairs


def _pair_hashes(block: TextBlock) -> tuple[_Uint32, _Int64, _Int64]:
    """Hashes of neighbouring words, and where each document's pairs begin and end among them.

    A word's hash is a polynomial in its bytes modulo 2^64, with powers counted from the start of
    the block and then divided by the power at the word's start (the base is odd, so it has an
    inverse).
    """
    is_space = block.characters == _SPACE
    word_starts = np.flatnonzero(is_space[:-1] & ~is_space[1:]) + 1
    if len(is_space) and not is_space[0]:
        word_starts = np.concatenate((np.zeros(1, np.int64), word_starts))
    powers, inverse_powers = _powers(len(is_space))
    terms = np.where(is_space, np.uint8(0), block.characters) * powers
    words = np.zeros(0, np.uint64)
    if len(word_starts):
        words = np.add.reduceat(terms, word_starts) * inverse_powers[word_starts]
    hashes = np.zeros(len(words) + 1, np.uint64)
    hashes[:-2] = (words[:-1] ^ (words[:-1] >> np.uint64(29))) * _BASE + words[1:]
    hashes ^= hashes >> np.uint64(32)
    hashes *= _BASE
    first_word = np.searchsorted(word_starts, block.starts)
    last_word = np.searchsorted(word_starts, block.ends)
    return (hashes >> np.uint64(32)).astype(np.uint32), first_word, last_word - 1


def _powers(count: int) -> tuple[_Uint64, _Uint64]:
    """The base and its inverse modulo 2^64, to the powers 0 … `count` - 1."""
    powers, inverse_powers = _usual_powers() if count <= _USUAL else _powers_up_to(count)
    return powers[:count], inverse_powers[:count]


@functools.lru_cache(maxsize=1)
def _usual_powers() -> tuple[_Uint64, _Uint64]:
    """The powers that blocks of usual size need, kept because every block needs them."""
    return _powers_up_to(_USUAL)


def _powers_up_to(count: int) -> tuple[_Uint64, _Uint64]:
    inverse = np.uint64(pow(int(_BASE), -1, 2**64))
    tables = []
    for base in (_BASE, inverse):
        table = np.full(count, base, np.uint64)
        table[0] = 1
        tables.append(np.multiply.accumulate(table))
    return tables[0], tables[1]


def _candidates(signatures: _Uint32, similarity: float) -> _Int64:
    """int64 (n_pairs, 2): pairs that share a band and whose signatures agree often enough."""
    n_documents = len(signatures)
    codes_of_bands = []
    for start in range(0, _HASHES, _ROWS_PER_BAND):
        band = np.zeros(n_documents, np.uint64)
        for column in range(start, start + _ROWS_PER_BAND):
            band = (band ^ (band >> np.uint64(31))) * _BASE + signatures[:, column]
        order = np.argsort(band, kind="stable")
        band = band[order]
        for reach in range(1, min(_REACH, n_documents - 1) + 1):
            hits = np.flatnonzero(band[reach:] == band[:-reach])
            codes_of_bands.append(order[hits] * n_documents + order[hits + reach])
    codes = np.unique(np.concatenate(codes_of_bands)) if codes_of_bands else np.zeros(0, np.int64)
    low, high = codes // max(n_documents, 1), codes % max(n_documents, 1)
    agreement = (signatures[low] == signatures[high]).mean(axis=1)
    likely = np.flatnonzero(agreement >= similarity - _SIGNATURE_SLACK)
    return np.column_stack((low[likely], high[likely]))


def _similar_enough(
    texts: Sequence[str], rows: _Int64, candidates: _Int64, similarity: float
) -> list[tuple[int, int]]:
    """The candidates whose sets of word pairs reach the similarity, checked exactly."""
    involved = np.unique(candidates).tolist()
    sets: dict[int, frozenset[int]] = {}
    for block in text_blocks([texts[rows[position]] for position in involved]):
        hashes, starts, ends = _pair_hashes(block)
        bounds = zip(starts.tolist(), ends.tolist(), strict=True)
        for offset, (start, end) in enumerate(bounds, block.first):
            sets[involved[offset]] = frozenset(hashes[start:end].tolist())
    similar = []
    for low, high in candidates.tolist():
        shared = len(sets[low] & sets[high])
        if shared >= similarity * (len(sets[low]) + len(sets[high]) - shared):
            similar.append((low, high))
    return similar
