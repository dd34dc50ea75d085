"""Words of a text, weighted by TF-IDF, and the character sequences that words are made of.

A document is a weighted set of words, and each word has a fixed description: itself, when it occurs
in more than one training document, and its sequences of four characters. A linear model over both
is therefore the product of two small sparse matrices (documents x words, words x features); the
large matrix of documents x character sequences is never built. A word that was not seen in training
still has sequences, so misspelt and disguised words keep a part of their meaning.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from core.offline.counts.counting import Analyzer, Count, Counted, count_anew

Float32Array = npt.NDArray[np.float32]

_TOKEN = re.compile(r"\w+|[^\w\s]+")
_GRAM_LENGTH = 4
_LONGEST_WORD = 40
"""Characters of a word that are cut into sequences; what follows is noise, as in keys and links."""
_GRAM_WEIGHT = 0.7
"""Length of a word's vector of sequences, where the word's own feature has 1."""
_LEAST_DOCUMENTS = 2
"""Training documents that a word needs for a feature of its own."""


@dataclass(frozen=True)
class Lexicon:
    """What training learnt about words and sequences, without any label."""

    words: tuple[str, ...]
    """Every word of the training texts, sorted."""
    word_idf: Float32Array
    """float32 (n_words,): inverse document frequency of each word."""
    unseen_idf: float
    """Inverse document frequency of a word that training did not see."""
    grams: tuple[str, ...]
    """Sequences that occur in more than one word, sorted."""
    gram_idf: Float32Array
    """float32 (n_grams,): inverse frequency of each sequence among the words."""

    @cached_property
    def word_positions(self) -> dict[str, int]:
        """Position of each word."""
        return {word: position for position, word in enumerate(self.words)}

    @cached_property
    def gram_positions(self) -> dict[str, int]:
        """Position of each sequence."""
        return {gram: position for position, gram in enumerate(self.grams)}


@dataclass(frozen=True)
class Design:
    """The training data of the linear models."""

    lexicon: Lexicon
    documents: Any
    """float32 CSR (n_documents, n_words): TF-IDF of each document, rows of length 1."""
    description: Any
    """float32 CSR (n_words, n_features): own features first, then the sequences."""
    own_words: npt.NDArray[np.intp]
    """intp (n_own,): position in `lexicon.words` of each word that has a feature of its own."""


def words_of(text: str) -> list[str]:
    """The words and runs of punctuation of a text, in lower case."""
    return _TOKEN.findall(text.lower())


def _grams_of(word: str) -> list[str]:
    padded = f" {word[:_LONGEST_WORD]} "
    last = max(len(padded) - _GRAM_LENGTH, 0)
    return [padded[start : start + _GRAM_LENGTH] for start in range(last + 1)]


_RULES = f"{_TOKEN.pattern} in lower case, Unicode {unicodedata.unidata_version}"
WORDS = Analyzer("words", _RULES, words_of)
"""Texts as counts of their words."""
GRAMS = Analyzer("sequences", f"{_GRAM_LENGTH} of {_LONGEST_WORD} between spaces", _grams_of)
"""Words as counts of their sequences."""


def learn_design(texts: Sequence[str], count: Count = count_anew) -> Design | None:
    """Learn the lexicon of training texts and describe them; None when no text has a word."""
    from scipy import sparse

    by_text = count_words(texts, count)
    words, counts = by_text.names, by_text.matrix
    if not words:
        return None
    document_frequency = np.bincount(counts.indices, minlength=len(words))
    by_word = count(words, GRAMS)
    gram_frequency = np.bincount(by_word.matrix.indices, minlength=len(by_word.names))
    kept = np.flatnonzero(gram_frequency >= 2)
    lexicon = Lexicon(
        words=tuple(words),
        word_idf=_inverse_frequency(document_frequency, len(texts)),
        unseen_idf=float(_inverse_frequency(np.zeros(1), len(texts))[0]),
        grams=tuple(by_word.names[position] for position in kept.tolist()),
        gram_idf=_inverse_frequency(gram_frequency[kept], len(words)),
    )
    own_words = np.flatnonzero(document_frequency >= _LEAST_DOCUMENTS)
    own = sparse.csr_matrix(
        (
            np.ones(len(own_words), np.float32),
            (own_words, np.arange(len(own_words))),
        ),
        shape=(len(words), len(own_words)),
    )
    described = _weighted_grams(by_word.matrix[:, kept], lexicon)
    return Design(
        lexicon=lexicon,
        documents=weigh_words(counts, lexicon.word_idf),
        description=sparse.hstack([own, described], format="csr", dtype=np.float32),
        own_words=own_words,
    )


def describe_grams(words: Sequence[str], lexicon: Lexicon) -> Any:
    """float32 CSR (n_words, n_grams): the known sequences of any words, as in training."""
    from scipy import sparse

    position = lexicon.gram_positions
    found = [
        sorted({position[gram] for gram in _grams_of(word) if gram in position}) for word in words
    ]
    indices = np.fromiter((place for row in found for place in row), np.int32)
    ends = np.cumsum([0, *map(len, found)], dtype=np.int32)
    pattern = sparse.csr_matrix(
        (np.ones(len(indices), np.float32), indices, ends), shape=(len(words), len(lexicon.grams))
    )
    return _weighted_grams(pattern, lexicon)


def count_words(texts: Sequence[str], count: Count = count_anew) -> Counted:
    """The sorted words of `texts`, and how often each is in each text."""
    return count(texts, WORDS)


def weigh_words(counts: Any, idf: Float32Array) -> Any:
    """TF-IDF with the logarithm of the count; rows of length 1, rows without a word stay 0."""
    return _scaled_rows((np.log(counts.data) + 1) * idf[counts.indices], counts, 1.0)


def _weighted_grams(counts: Any, lexicon: Lexicon) -> Any:
    return _scaled_rows(lexicon.gram_idf[counts.indices], counts, _GRAM_WEIGHT)


def _inverse_frequency(frequency: npt.NDArray[Any], total: int) -> Float32Array:
    return (np.log((1 + total) / (1 + frequency)) + 1).astype(np.float32)


def _scaled_rows(values: npt.NDArray[Any], pattern: Any, length: float) -> Any:
    """CSR with the places of `pattern` and rows of one length; empty rows stay empty."""
    from scipy import sparse

    row = np.repeat(np.arange(pattern.shape[0]), np.diff(pattern.indptr))
    norms = np.sqrt(np.bincount(row, weights=values * values, minlength=pattern.shape[0]))
    scaled = (values * (length / norms[row])).astype(np.float32)
    return sparse.csr_matrix((scaled, pattern.indices, pattern.indptr), shape=pattern.shape)
