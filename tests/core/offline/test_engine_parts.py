"""The pieces of the twin's models, each against an independent computation."""

from collections import Counter
from typing import Any

import numpy as np
import pytest

from core.offline.counts import count_anew
from core.offline.model import WORDS, Design, describe_grams, learn_design, words_of
from core.offline.solver import Factors, fit_together, sigmoid, softmax

_TEXTS = [
    "The invoice was wrong, refund it!",
    "Password reset does not work",
    "refund the invoice please",
    "the password is wrong again",
    "thanks for the quick refund",
    "cannot reset my account",
] * 20
_TEXTS = [f"{text} case{number % 37}" for number, text in enumerate(_TEXTS)]


def _features(design: Design) -> Any:
    from scipy import sparse

    return sparse.csr_matrix(design.documents @ design.description, dtype=np.float64)


@pytest.mark.parametrize("cost", [0.3, 1.0, 20.0])
def test_models_fitted_together_are_those_of_scikit_learn(cost: float) -> None:
    from sklearn.linear_model import LogisticRegression

    design = learn_design(_TEXTS)
    assert design is not None
    truth = np.array([["refund" in text, "case3 " in f"{text} "] for text in _TEXTS])
    truth ^= np.random.default_rng(0).random(truth.shape) < (0.05, 0.0)
    factors = Factors.of(design.documents, design.description)
    weights = fit_together(factors, truth, cost, tolerance=1e-4)
    for model in range(2):
        peer = LogisticRegression(C=cost, tol=1e-8, max_iter=10_000)
        peer.fit(_features(design), truth[:, model])
        assert np.allclose(weights[:-1, model], peer.coef_[0], atol=2e-3)
        assert weights[-1, model] == pytest.approx(peer.intercept_[0], abs=2e-3)


def test_a_softmax_over_classes_is_that_of_scikit_learn() -> None:
    from sklearn.linear_model import LogisticRegression

    design = learn_design(_TEXTS)
    assert design is not None
    chosen = np.array([("refund" in text) + 2 * ("password" in text.lower()) for text in _TEXTS])
    factors = Factors.of(design.documents, design.description)
    weights = fit_together(
        factors, np.eye(3, dtype=np.bool_)[chosen], 1.0, one_of_all=True, tolerance=1e-4
    )
    peer = LogisticRegression(C=1.0, tol=1e-8, max_iter=10_000)
    peer.fit(_features(design), chosen)
    assert np.allclose(
        softmax(factors.margins(weights)), peer.predict_proba(_features(design)), atol=2e-3
    )
    assert np.allclose(weights[:-1], peer.coef_.T, atol=5e-3)


def test_the_mean_probability_in_training_is_the_base_rate() -> None:
    design = learn_design(_TEXTS)
    assert design is not None
    truth = np.array([["case3" in text, "refund" in text] for text in _TEXTS])
    factors = Factors.of(design.documents, design.description)
    weights = fit_together(factors, truth, 1.0, tolerance=1e-4)
    assert sigmoid(factors.margins(weights)).mean(axis=0) == pytest.approx(
        truth.mean(axis=0), rel=1e-3
    )


def test_documents_have_unit_length_and_known_words_are_described_alike() -> None:
    design = learn_design(_TEXTS)
    assert design is not None
    squares = design.documents.multiply(design.documents).sum(axis=1)
    assert np.allclose(squares, 1, atol=1e-5)
    again = describe_grams(design.lexicon.words, design.lexicon)
    n_own = len(design.own_words)
    assert np.allclose(again.toarray(), design.description[:, n_own:].toarray())


def test_words_keep_punctuation_and_lose_case() -> None:
    assert words_of("STOP it!!! e-mail\tme\n") == ["stop", "it", "!!!", "e", "-", "mail", "me"]


def test_extreme_log_odds_stay_finite() -> None:
    assert sigmoid(np.array([-1e6, 0.0, 1e6])).tolist() == [0.0, 0.5, 1.0]
    assert softmax(np.array([[1e6, -1e6]])).tolist() == [[1.0, 0.0]]


def test_every_word_of_every_text_is_counted() -> None:
    texts = [*_TEXTS, "", "¿qué? 日本語 a\x1cb", "A a a A"]
    counted = count_anew(texts, WORDS)
    expected = [Counter(words_of(text)) for text in texts]
    assert counted.names == sorted(set().union(*expected))
    for row, words in zip(counted.matrix.toarray().tolist(), expected, strict=True):
        assert row == [words[name] for name in counted.names]
    assert counted.matrix.dtype == np.float32
    assert counted.matrix.has_sorted_indices
