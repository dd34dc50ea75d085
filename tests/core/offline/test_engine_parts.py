"""The pieces of the twin's models, each against an independent computation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.offline.engine.calibration import (
    DEFAULT_SLOPE,
    distinct_positives,
    fit_sigmoids,
    fit_softmax,
    fold_of_documents,
    sigmoid,
    softmax,
)
from core.offline.engine.features import describe_grams, learn_design, words_of
from core.offline.engine.solver import Factors, fit_together

_TEXTS = [
    "The invoice was wrong, refund it!",
    "Password reset does not work",
    "refund the invoice please",
    "the password is wrong again",
    "thanks for the quick refund",
    "cannot reset my account",
] * 20
_TEXTS = [f"{text} case{number % 37}" for number, text in enumerate(_TEXTS)]


def test_models_fitted_together_are_those_of_scikit_learn() -> None:
    from scipy import sparse
    from sklearn.svm import LinearSVC

    design = learn_design(_TEXTS)
    assert design is not None
    generator = np.random.default_rng(0)
    truth = np.array([["refund" in text, "password" in text.lower()] for text in _TEXTS])
    truth ^= generator.random(truth.shape) < 0.05
    cost = np.full(truth.shape, 0.5, np.float32)
    cost[:40, 1] = 0
    signs = np.where(truth, 1, -1).astype(np.float32)
    factors = Factors.of(design.documents, design.description)
    weights, margins = fit_together(factors, signs, cost, tolerance=1e-5)
    features = sparse.csr_matrix(design.documents @ design.description)
    for model in range(2):
        seen = cost[:, model] > 0
        peer = LinearSVC(C=0.5, dual=False, tol=1e-8, max_iter=10_000)
        peer.fit(features[seen], truth[seen, model])
        assert np.allclose(weights[:-1, model], peer.coef_[0], atol=2e-3)
        assert np.allclose(margins[:, model], peer.decision_function(features), atol=5e-3)


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


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.booleans(), st.booleans()), min_size=6),
    st.integers(0, 5),
)
def test_a9_equal_texts_share_a_fold_and_folds_are_even(
    rows: list[tuple[str, bool, bool]], seed: int
) -> None:
    texts = [text for text, _, _ in rows]
    membership = np.array([flags for _, *flags in rows], np.bool_)
    folds = fold_of_documents(texts, membership, 3, seed)
    fold_of_text = {text: fold for text, fold in zip(texts, folds.tolist(), strict=True)}
    assert [fold_of_text[text] for text in texts] == folds.tolist()
    sizes = np.bincount(list(fold_of_text.values()), minlength=3)
    assert sizes.max() - sizes.min() <= 1


def test_rare_labels_are_spread_over_the_folds() -> None:
    generator = np.random.default_rng(1)
    membership = generator.random((3_000, 4)) < (0.5, 0.2, 0.1, 0.0)
    membership[generator.choice(3_000, 6, replace=False), 3] = True
    folds = fold_of_documents([str(row) for row in range(3_000)], membership, 3, seed=2)
    for column, least in ((3, 2), (2, 90), (1, 180)):
        counts = np.bincount(folds[membership[:, column]], minlength=3)
        assert counts.min() >= least


def test_distinct_positives_count_a_repeated_text_once() -> None:
    membership = np.array([[True, False], [True, True], [True, False]])
    assert distinct_positives(["a", "a", "b"], membership).tolist() == [2, 1]


def test_sigmoids_recover_the_probabilities_that_made_the_labels() -> None:
    generator = np.random.default_rng(3)
    margins = generator.normal(-0.6, 0.3, (20_000, 2))
    wanted = sigmoid(margins * (8.0, 5.0) + (2.0, 1.0))
    membership = generator.random(margins.shape) < wanted
    slopes, biases = fit_sigmoids(margins, membership, membership.sum(axis=0))
    assert slopes == pytest.approx([8.0, 5.0], rel=0.1)
    assert np.abs(sigmoid(margins * slopes + biases) - wanted).mean() < 0.01


def test_a_label_with_one_positive_takes_the_common_slope_and_its_own_rate() -> None:
    generator = np.random.default_rng(4)
    margins = generator.normal(-0.8, 0.2, (5_000, 2))
    membership = np.zeros((5_000, 2), np.bool_)
    membership[:, 0] = generator.random(5_000) < sigmoid(6.0 * margins[:, 0] + 1.0)
    membership[7, 1] = True
    slopes, biases = fit_sigmoids(margins, membership, membership.sum(axis=0))
    assert slopes[1] == pytest.approx(slopes[0])
    expected = sigmoid(margins[:, 1] * slopes[1] + biases[1]).sum()
    assert 1.0 <= expected <= 2.0


def test_a_ranking_is_never_turned_round() -> None:
    margins = np.linspace(-1, 0, 8_000)[:, None]
    membership = margins < -0.8
    slopes, _ = fit_sigmoids(margins, membership, np.array([1_600]))
    assert slopes[0] == pytest.approx(DEFAULT_SLOPE / 10)


def test_softmax_recovers_slope_and_biases() -> None:
    generator = np.random.default_rng(5)
    margins = generator.normal(0, 0.5, (8_000, 3))
    wanted = softmax(3.0 * margins + (0.5, 0.0, -0.5))
    chosen = (generator.random(8_000)[:, None] > wanted.cumsum(axis=1)).sum(axis=1)
    slopes, biases = fit_softmax(margins, np.eye(3, dtype=np.bool_)[np.minimum(chosen, 2)])
    assert slopes == pytest.approx([3.0] * 3, rel=0.1)
    assert np.abs(softmax(slopes * margins + biases) - wanted).mean() < 0.02


def test_extreme_log_odds_stay_finite() -> None:
    assert sigmoid(np.array([-1e6, 0.0, 1e6])).tolist() == [0.0, 0.5, 1.0]
    assert softmax(np.array([[1e6, -1e6]])).tolist() == [[1.0, 0.0]]
