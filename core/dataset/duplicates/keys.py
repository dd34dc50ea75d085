"""The normalised form of a text, and its fixed 64-bit key.

`text_keys` works on blocks of documents as arrays of bytes, because running the regular expression
engine over every document costs several times as much. The key of a text is the hash of its
`normalised` form; the tests hold it to that.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

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


def text_keys(texts: Sequence[str]) -> npt.NDArray[np.uint64]:
    """uint64 (n_documents,): BLAKE2b, 8 bytes, of each normalised text.

    The same text has the same key on every machine and in every run, so keys may be stored. The
    chance that any two of a million different texts share one is below 1 in 30 million.
    """
    digests = bytearray()
    for block in text_blocks(texts):
        characters = block.characters.tobytes()
        bounds = zip(block.starts.tolist(), block.ends.tolist(), strict=True)
        for row, (start, end) in enumerate(bounds, block.first):
            words = characters[start:end].strip()
            if not words:
                words = normalised(texts[row]).encode("utf-8", "surrogatepass")
            digests += hashlib.blake2b(words, digest_size=8).digest()
    return np.frombuffer(bytes(digests), dtype="<u8").astype(np.uint64)
