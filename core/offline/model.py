"""Train a model on labelled texts, score texts with it, and explain a score by its words."""

import hashlib
import io
import json
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from core.arrays import Arrays, read_arrays
from core.decoding import decode_json
from core.errors import InvalidInput, OperationFailed
from core.files import write_atomic
from core.offline.counts import Analyzer, Count, Counted, count_anew
from core.offline.solver import Factors, Float32Array, Membership, fit_together, sigmoid, softmax
from core.text import printable

# Words of a text, weighted by TF-IDF, and the character sequences that words are made of.
#
# A document is a weighted set of words, and each word has a fixed description: itself, when it
# occurs in more than one training document, and its sequences of four characters. A linear model
# over both is therefore the product of two small sparse matrices (documents x words, words x
# features); the large matrix of documents x character sequences is never built. A word that was
# not seen in training still has sequences, so misspelt and disguised words keep a part of their
# meaning.


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
    repeated = np.flatnonzero(gram_frequency >= 2)
    lexicon = Lexicon(
        words=tuple(words),
        word_idf=_inverse_frequency(document_frequency, len(texts)),
        unseen_idf=float(_inverse_frequency(np.zeros(1), len(texts))[0]),
        grams=tuple(by_word.names[position] for position in repeated.tolist()),
        gram_idf=_inverse_frequency(gram_frequency[repeated], len(words)),
    )
    own_words = np.flatnonzero(document_frequency >= _LEAST_DOCUMENTS)
    own = sparse.csr_matrix(
        (np.ones(len(own_words), np.float32), (own_words, np.arange(len(own_words)))),
        shape=(len(words), len(own_words)),
    )
    described = _weighted_grams(by_word.matrix[:, repeated], lexicon)
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
    positions = [
        sorted({position[gram] for gram in _grams_of(word) if gram in position}) for word in words
    ]
    indices = np.fromiter((place for row in positions for place in row), np.int32)
    ends = np.cumsum([0, *map(len, positions)], dtype=np.int32)
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


Report = Callable[[str, int, int], None]
ModelMode = Literal["multi-label", "multi-class"]

_COSTS: dict[ModelMode, float] = {"multi-label": 1.0, "multi-class": 10.0}
"""Weight of a document's loss against the length of the weights, as `C` of scikit-learn.

On held-out documents of the sample queues, log loss and accuracy of multi-class are 0.43 and 0.88
with 10, and 0.69 and 0.81 with 1.
"""
_LABELS_AT_ONCE = 24
_DOCUMENTS_AT_ONCE = 20_000


@dataclass(frozen=True)
class TrainedModel:
    """Everything that scoring needs."""

    labels: tuple[str, ...]
    """Label names, in the order of the score columns."""
    mode: ModelMode
    """Whether scores are independent per label, or sum to 1 over the classes."""
    n_documents: int
    """Training documents."""
    lexicon: Lexicon
    """Words and character sequences with their weights, shared by all labels."""
    word_weights: Float32Array
    """float32 (n_words, n_labels): a known word's weight, its sequences included."""
    gram_weights: Float32Array
    """float32 (n_grams, n_labels): for words that training did not see."""
    intercepts: Float32Array
    """float32 (n_labels,): log-odds, or power of the softmax, of a text without words."""
    constants: npt.NDArray[np.float64]
    """float64 (n_labels,): the score of a label that has one value in training, else NaN."""


def _silent(stage: str, done: int, total: int) -> None:
    """Report nothing."""


def train(
    texts: Sequence[str],
    membership: Membership,
    labels: Sequence[str],
    mode: ModelMode,
    report: Report = _silent,
    count: Count = count_anew,
) -> TrainedModel:
    """Fit regularised logistic regressions on word TF-IDF with character sequences.

    The log loss that they minimise makes their scores probabilities without a further step, as long
    as new documents are like the training documents: on 5,400 held-out comments the mean expected
    calibration error of six labels (15 equal bins) was 0.017. The penalty keeps scores of rare
    labels low, so that their best threshold is often below 0.5. The same documents always give the
    same model.

    Args:
        texts: training documents.
        membership: bool (n_documents, n_labels); label names in column order are `labels`.
        mode: multi-label fits one sigmoid per label, multi-class one softmax over the classes.
        report: called with the stage, the units done and the units in all.
        count: what counts words and sequences; the model does not depend on it.

    Raises:
        InvalidInput: there is no document or no label.
    """
    if not texts or not labels:
        raise InvalidInput("Cannot train", "no document or no label", "check the training file")
    report("reading words", 0, len(texts))
    design = learn_design(texts, count)
    report("reading words", len(texts), len(texts))
    rates = membership.mean(axis=0)
    if design is None:
        return _without_words(tuple(labels), mode, len(texts), rates)
    constants = np.where((rates == 0) | (rates == 1), rates, np.nan)
    weights = np.zeros((design.description.shape[1] + 1, len(labels)), np.float32)
    if len(fit := np.flatnonzero(np.isnan(constants))):
        weights[:, fit] = _fit_labels(design, membership[:, fit], mode, report)
    return TrainedModel(
        tuple(labels),
        mode,
        len(texts),
        design.lexicon,
        word_weights=np.asarray(design.description @ weights[:-1]),
        gram_weights=weights[len(design.own_words) : -1],
        intercepts=weights[-1],
        constants=constants,
    )


def _fit_labels(
    design: Design, membership: Membership, mode: ModelMode, report: Report
) -> Float32Array:
    """float32 (n_weights, n_labels), the intercept last."""
    factors = Factors.of(design.documents, design.description)
    n_labels = membership.shape[1]
    width = _LABELS_AT_ONCE if mode == "multi-label" else n_labels
    weights = np.zeros((factors.n_weights, n_labels), np.float32)
    for start in range(0, n_labels, width):
        report("fitting labels", start, n_labels)
        block = slice(start, start + width)
        weights[:, block] = fit_together(
            factors, membership[:, block], _COSTS[mode], one_of_all=mode == "multi-class"
        )
    report("fitting labels", n_labels, n_labels)
    return weights


def _without_words(
    labels: tuple[str, ...], mode: ModelMode, n_documents: int, rates: npt.NDArray[np.float64]
) -> TrainedModel:
    """A model that knows base rates alone."""
    empty = np.zeros((0, len(labels)), np.float32)
    nothing = np.zeros(0, np.float32)
    return TrainedModel(
        labels=labels,
        mode=mode,
        n_documents=n_documents,
        lexicon=Lexicon((), nothing, 1.0, (), nothing),
        word_weights=empty,
        gram_weights=empty,
        intercepts=np.zeros(len(labels), np.float32),
        constants=np.asarray(rates, np.float64),
    )


def score(
    model: TrainedModel, texts: Sequence[str], report: Report = _silent, count: Count = count_anew
) -> Float32Array:
    """float32 (n_documents, n_labels): probability of each label for each text.

    In multi-class mode rows sum to 1. A label that had one value in all training documents has
    that value, 0 or 1, everywhere. `count` counts the words; scores do not depend on it.
    """
    scores = np.empty((len(texts), len(model.labels)), np.float32)
    report("scoring", 0, len(texts))
    for start in range(0, len(texts), _DOCUMENTS_AT_ONCE):
        piece = texts[start : start + _DOCUMENTS_AT_ONCE]
        scores[start : start + len(piece)] = _probabilities(model, _margins(model, piece, count))
        report("scoring", start + len(piece), len(texts))
    return scores


def _margins(model: TrainedModel, texts: Sequence[str], count: Count) -> npt.NDArray[np.float64]:
    counted = count_words(texts, count)
    if not counted.names:
        return np.tile(model.intercepts.astype(np.float64), (len(texts), 1))
    idf, weights = _weights_of(model, counted.names)
    return np.asarray(weigh_words(counted.matrix, idf) @ weights + model.intercepts, np.float64)


def _weights_of(model: TrainedModel, words: list[str]) -> tuple[Float32Array, Float32Array]:
    """Inverse document frequency (n_words,) and weights (n_words, n_labels) of any words."""
    position_of = model.lexicon.word_positions
    positions = np.array([position_of.get(word, -1) for word in words], np.intp)
    idf = np.full(len(words), model.lexicon.unseen_idf, np.float32)
    weights = np.zeros((len(words), len(model.labels)), np.float32)
    seen, unseen = np.flatnonzero(positions >= 0), np.flatnonzero(positions < 0)
    idf[seen] = model.lexicon.word_idf[positions[seen]]
    weights[seen] = model.word_weights[positions[seen]]
    unseen_words = [words[position] for position in unseen.tolist()]
    weights[unseen] = describe_grams(unseen_words, model.lexicon) @ model.gram_weights
    return idf, weights


def _probabilities(model: TrainedModel, margins: npt.NDArray[np.float64]) -> Float32Array:
    is_constant = ~np.isnan(model.constants)
    scores = np.tile(np.where(is_constant, model.constants, 0.0), (len(margins), 1))
    if is_constant.all():
        return scores.astype(np.float32)
    if model.mode == "multi-label":
        scores[:, ~is_constant] = sigmoid(margins[:, ~is_constant])
    else:
        scores[:, ~is_constant] = softmax(margins[:, ~is_constant])
    return scores.astype(np.float32)


def term_contributions(
    model: TrainedModel, text: str, label: str, n: int = 10
) -> list[tuple[str, float]]:
    """The words of a text that move a label's score most, with their log-odds, strongest first.

    Positive numbers speak for the label. A word that training did not see contributes through its
    character sequences.

    Raises:
        InvalidInput: the model does not know the label.
    """
    if label not in model.labels:
        known_labels = ", ".join(printable(name, 40) for name in model.labels[:20])
        raise InvalidInput(
            "Unknown label",
            f"{printable(label, 60)} is not a label of this model",
            f"its labels are: {known_labels}",
        )
    column = model.labels.index(label)
    counted = count_words([text])
    words = counted.names
    if not words or not np.isnan(model.constants[column]):
        return []
    idf, weights = _weights_of(model, words)
    row: Any = weigh_words(counted.matrix, idf)
    moves = row.data * weights[row.indices, column]
    order = np.lexsort((row.indices, -np.abs(moves)))[:n]
    return [(words[row.indices[place]], float(moves[place])) for place in order.tolist()]


# A trained model as one file: a header line with a checksum, then NumPy arrays; no pickle.


_FORMAT = "comprehend-tuner/offline-model"
_VERSION = 2
_ARRAYS = {
    "words": ("u", 1),
    "grams": ("u", 1),
    "word_idf": ("f", 1),
    "gram_idf": ("f", 1),
    "word_weights": ("f", 2),
    "gram_weights": ("f", 2),
    "intercepts": ("f", 1),
    "constants": ("f", 1),
}


def save_model(model: TrainedModel, path: Path) -> None:
    """Write the model so that a reader sees the old file or all of the new one.

    Raises:
        OperationFailed: the file cannot be written.
    """
    buffer = io.BytesIO()
    np.savez(
        buffer,
        words=_packed(model.lexicon.words),
        grams=_packed(model.lexicon.grams),
        word_idf=model.lexicon.word_idf,
        gram_idf=model.lexicon.gram_idf,
        word_weights=model.word_weights,
        gram_weights=model.gram_weights,
        intercepts=model.intercepts,
        constants=model.constants,
    )
    arrays = buffer.getvalue()
    header = {
        "format": _FORMAT,
        "version": _VERSION,
        "mode": model.mode,
        "labels": model.labels,
        "n_documents": model.n_documents,
        "unseen_idf": model.lexicon.unseen_idf,
    }
    described = json.dumps(header).encode()
    checksum = hashlib.sha256(described + b"\n" + arrays).hexdigest()
    write_atomic(path, b"\n".join([checksum.encode(), described, arrays]))


def load_model(path: Path) -> TrainedModel:
    """Read what `save_model` wrote.

    Raises:
        OperationFailed: the file is absent, damaged or of another version.
    """
    try:
        checksum, described, arrays = path.read_bytes().split(b"\n", 2)
        if hashlib.sha256(described + b"\n" + arrays).hexdigest().encode() != checksum:
            raise _cannot_read(path, "the file is damaged")
        header = decode_json(described, _Header)
        if (header.format, header.version) != (_FORMAT, _VERSION):
            raise _cannot_read(path, "another version of this program wrote it")
        return _model_of(header, read_arrays(arrays, _ARRAYS))
    except OSError as error:
        raise _cannot_read(path, error.strerror or str(error)) from error
    except ValueError as error:
        raise _cannot_read(path, "the file is damaged") from error


class _Header(msgspec.Struct):
    format: str
    version: int
    mode: ModelMode
    labels: tuple[str, ...]
    n_documents: int
    unseen_idf: float


def _model_of(header: _Header, stored: Arrays) -> TrainedModel:
    model = TrainedModel(
        labels=header.labels,
        mode=header.mode,
        n_documents=header.n_documents,
        lexicon=Lexicon(
            words=_unpacked(stored["words"]),
            word_idf=stored["word_idf"],
            unseen_idf=header.unseen_idf,
            grams=_unpacked(stored["grams"]),
            gram_idf=stored["gram_idf"],
        ),
        word_weights=stored["word_weights"],
        gram_weights=stored["gram_weights"],
        intercepts=stored["intercepts"],
        constants=stored["constants"],
    )
    n_labels, lexicon = len(model.labels), model.lexicon
    fits = (
        model.word_weights.shape == (len(lexicon.words), n_labels),
        model.gram_weights.shape == (len(lexicon.grams), n_labels),
        len(lexicon.words) == len(lexicon.word_idf) and len(lexicon.grams) == len(lexicon.gram_idf),
        n_labels == len(model.intercepts) == len(model.constants),
    )
    if not all(fits):
        raise ValueError("its arrays do not fit each other")
    return model


def _cannot_read(path: Path, why: str) -> OperationFailed:
    return OperationFailed("Cannot read the trained model", f"{path}: {why}", "train it again")


def _packed(names: tuple[str, ...]) -> npt.NDArray[np.uint8]:
    """Names without a line feed as bytes; a word has no white space, a sequence only its border."""
    data = "\n".join(names).encode("utf-8", "surrogatepass")
    return np.frombuffer(data, np.uint8)


def _unpacked(data: npt.NDArray[np.uint8]) -> tuple[str, ...]:
    return tuple(data.tobytes().decode("utf-8", "surrogatepass").split("\n")) if len(data) else ()
