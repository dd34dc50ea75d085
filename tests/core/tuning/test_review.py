"""Documents around a threshold: kinds, order, unknown scores."""

import numpy as np
import pytest

from core.tuning.curves import label_curve
from core.tuning.part import multiclass_scores
from core.tuning.review import KINDS, documents_around

SCORES = np.array([0.9, 0.45, 0.5, 0.1, 0.62, 0.3], dtype=np.float32)
TRUTH = np.array([True, True, False, False, False, True])


def test_each_document_is_compared_with_the_truth() -> None:
    found = documents_around(SCORES, TRUTH, 0.5)
    assert [KINDS[kind] for kind in found.kinds] == [
        "true-positive",
        "false-negative",
        "false-positive",
        "true-negative",
        "false-positive",
        "false-negative",
    ]
    assert found.counts == {
        "false-negative": 2,
        "false-positive": 2,
        "true-positive": 1,
        "true-negative": 1,
    }


def test_the_nearest_document_comes_first() -> None:
    assert documents_around(SCORES, TRUTH, 0.5).rows.tolist() == [2, 1, 4, 5, 0, 3]
    assert documents_around(SCORES, TRUTH, 0.5, "false-negatives").rows.tolist() == [1, 5]
    assert documents_around(SCORES, TRUTH, 0.5, "false-positives").rows.tolist() == [2, 4]


def test_b7_a_score_equal_to_the_threshold_is_flagged() -> None:
    scores = np.array([0.0412, 0.0411], dtype=np.float32)
    found = documents_around(scores, np.array([False, True]), 0.0412)
    assert [KINDS[kind] for kind in found.kinds] == ["false-positive", "false-negative"]
    assert found.distances[0] == 0.0


def test_documents_at_equal_distance_keep_their_order() -> None:
    scores = np.array([0.25, 0.75, 0.25, 0.75], dtype=np.float32)
    assert documents_around(scores, np.zeros(4, dtype=np.bool_), 0.5).rows.tolist() == [0, 1, 2, 3]


def test_unknown_scores_are_not_flagged_and_come_last() -> None:
    scores = np.array([np.nan, 0.1, np.nan, 0.99], dtype=np.float32)
    found = documents_around(scores, np.array([True, True, False, False]), 0.5)
    assert found.rows.tolist() == [1, 3, 0, 2]
    assert found.counts["false-negative"] == 2
    assert np.isinf(found.distances[[0, 2]]).all()


def test_a_class_that_is_not_the_highest_is_never_flagged() -> None:
    scores = np.array([[0.4, 0.6], [0.7, 0.3]], dtype=np.float32)
    decisions = multiclass_scores(scores)
    truth = np.array([True, True])
    found = documents_around(scores[:, 0], truth, 0.0, "all", decisions[:, 0])
    assert [KINDS[kind] for kind in found.kinds] == ["false-negative", "true-positive"]
    assert found.distances[0] == pytest.approx(0.4)


def test_no_documents_are_no_error() -> None:
    empty = np.zeros(0, dtype=np.float32)
    found = documents_around(empty, np.zeros(0, dtype=np.bool_), 0.5)
    assert found.rows.tolist() == []
    assert sum(found.counts.values()) == 0


def test_the_counts_are_those_of_the_curve() -> None:
    rng = np.random.default_rng(4)
    scores = rng.random(500).round(4).astype(np.float32)
    scores[rng.random(500) < 0.2] = np.nan
    truth = rng.random(500) < 0.3
    for threshold in (0.0, 0.1234, 0.5, 1.0):
        at = label_curve("any", scores, truth, np.ones(500, dtype=np.float32)).at(threshold)
        assert tuple(documents_around(scores, truth, threshold).counts.values()) == (
            at.fn,
            at.fp,
            at.tp,
            at.tn,
        )
