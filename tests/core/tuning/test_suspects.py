"""Suspected label errors: who is suspected, in which order, and what unknown scores do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.tuning.review import label_suspects

GIVEN = np.array([True, True, True, True, False, False, False, False])
SCORES = np.array([0.9, 0.8, 0.7, 0.05, 0.1, 0.2, 0.1, 0.95], dtype=np.float32)


def test_labels_that_the_classifier_contradicts_are_suspected_surest_first() -> None:
    found = label_suspects(SCORES, GIVEN)
    assert found.rows.tolist() == [3, 7]
    assert found.confidence[[3, 7]] == pytest.approx([0.05, 0.05])
    assert found.confidence[[0, 4]] == pytest.approx([0.9, 0.9])


def test_planted_flips_are_found_first() -> None:
    generator = np.random.default_rng(3)
    truth = generator.random(4000) < 0.2
    scores = np.clip(np.where(truth, 0.85, 0.1) + generator.normal(0, 0.08, 4000), 0, 1)
    flipped = generator.random(4000) < 0.02
    found = label_suspects(scores.astype(np.float32), truth ^ flipped)
    assert flipped[found.rows[:60]].mean() > 0.95
    assert flipped[found.rows].sum() > flipped.sum() / 2


def test_a_rare_label_with_low_scores_is_not_suspected_as_a_whole() -> None:
    truth = np.zeros(1000, dtype=np.bool_)
    truth[:10] = True
    scores = np.where(truth, 0.3, 0.01).astype(np.float32)
    scores[10] = 0.31
    found = label_suspects(scores, truth)
    assert 10 in found.rows and not set(range(10)) & set(found.rows.tolist())


def test_an_unknown_score_never_makes_a_suspect() -> None:
    scores = SCORES.copy()
    scores[[3, 7]] = np.nan
    ceilings = np.full(8, 0.6, dtype=np.float32)
    found = label_suspects(scores, GIVEN, ceilings)
    assert found.rows.tolist() == []
    assert found.confidence[[3, 7]] == pytest.approx([0.6, 1.0])
    low = np.full(8, 0.02, dtype=np.float32)
    assert label_suspects(scores, GIVEN, low).rows.tolist() == [3], "even its ceiling contradicts"


@pytest.mark.parametrize("value", [True, False])
def test_a_label_that_all_or_none_have_has_no_suspects(value: bool) -> None:
    assert label_suspects(SCORES, np.full(8, value)).rows.tolist() == []
    assert label_suspects(SCORES[:0], GIVEN[:0]).rows.tolist() == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=2, max_size=30))
def test_the_set_is_that_of_the_confident_joint(rows: list[tuple[int, bool]]) -> None:
    scores = np.array([row[0] / 20 for row in rows], dtype=np.float32)
    truth = np.array([row[1] for row in rows])
    found = set(label_suspects(scores, truth).rows.tolist())
    if truth.all() or not truth.any():
        assert not found
        return
    exact = np.array([row[0] / 20 for row in rows])
    bars = (float((1 - exact[~truth]).mean()), float(exact[truth].mean()))
    for row, (value, has) in enumerate(zip(exact, truth, strict=True)):
        chances = (1 - value, value)
        margins = [abs(chances[k] - bars[k]) for k in (0, 1)] + [abs(chances[0] - chances[1])]
        if min(margins) < 1e-6:
            continue
        reached = [k for k in (0, 1) if chances[k] >= bars[k]]
        counted = max(reached, key=lambda k: chances[k]) if reached else int(has)
        assert (row in found) == (counted != int(has))
