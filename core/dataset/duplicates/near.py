"""Near duplicates: MinHash signatures, locality-sensitive hashing and an exact check.

MinHash is Broder, "On the resemblance and containment of documents" (1997); banding is Indyk and
Motwani (1998) as told in Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets", chapter 3.
"""

import functools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.dataset.duplicates.keys import TextBlock, text_blocks, text_keys
from core.progress import CancelToken, Progress, Reporter, silent

_HASHES = 32
_ROWS_PER_BAND = 4
_REACH = 4
"""Within a bucket each document is compared with this many followers, so that a template used
thousands of times costs thousands of comparisons, not millions; the pairs still connect it."""
_SPACE = 32
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
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
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
        reporter: told how many documents are done.
        cancel: stops the work between blocks.
        similarity: the least Jaccard similarity, in (0, 1].
        keys: what `text_keys` gave for these texts, when the caller has it already.

    Raises:
        Interrupted: `cancel` was set.
    """
    rows = np.sort(np.unique(text_keys(texts) if keys is None else keys, return_index=True)[1])
    signatures, has_pairs = _signatures([texts[row] for row in rows.tolist()], reporter, cancel)
    rows, signatures = rows[has_pairs], signatures[has_pairs]
    candidates = _candidates(signatures, similarity)
    pairs = _similar_enough(texts, rows, candidates, similarity)
    return sorted((int(rows[low]), int(rows[high])) for low, high in pairs)


def _signatures(
    texts: Sequence[str], reporter: Reporter, cancel: CancelToken | None
) -> tuple[_Uint32, npt.NDArray[np.bool_]]:
    """uint32 (n_documents, 32) MinHash values, and bool (n_documents,): has two word pairs."""
    multipliers = np.random.default_rng(_SEED).integers(0, 2**32, _HASHES, np.uint32) | 1
    signatures = np.zeros((len(texts), _HASHES), np.uint32)
    has_pairs = np.zeros(len(texts), np.bool_)
    for block in text_blocks(texts):
        if cancel is not None:
            cancel.check()
        hashes, starts, ends = _pair_hashes(block)
        kept = np.flatnonzero(ends - starts >= 2)
        done = block.first + len(starts)
        if len(kept):
            edges = np.column_stack((starts[kept], ends[kept])).ravel()
            minima = np.empty((_HASHES, len(kept)), np.uint32)
            for index, multiplier in enumerate(multipliers):
                minima[index] = np.minimum.reduceat(hashes * multiplier, edges)[::2]
            signatures[block.first + kept] = minima.T
            has_pairs[block.first + kept] = True
        reporter(Progress(_TASK, done, len(texts), "documents"))
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
    found = []
    for start in range(0, _HASHES, _ROWS_PER_BAND):
        band = np.zeros(n_documents, np.uint64)
        for column in range(start, start + _ROWS_PER_BAND):
            band = (band ^ (band >> np.uint64(31))) * _BASE + signatures[:, column]
        order = np.argsort(band, kind="stable")
        band = band[order]
        for reach in range(1, min(_REACH, n_documents - 1) + 1):
            hits = np.flatnonzero(band[reach:] == band[:-reach])
            found.append(order[hits] * n_documents + order[hits + reach])
    codes = np.unique(np.concatenate(found)) if found else np.zeros(0, np.int64)
    low, high = codes // max(n_documents, 1), codes % max(n_documents, 1)
    agreement = (signatures[low] == signatures[high]).mean(axis=1)
    kept = np.flatnonzero(agreement >= similarity - _SIGNATURE_SLACK)
    return np.column_stack((low[kept], high[kept]))


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
