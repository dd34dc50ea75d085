"""Scores in float32 matrices, in JSON and in thresholds decide alike."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tuning.decimals import exact_values, limit_for, lowest_reaching, reached

singles = st.floats(0, 1, width=32)


@given(st.lists(singles, max_size=30))
def test_exact_values_are_the_shortest_decimals_of_float32(values: list[float]) -> None:
    scores = np.array(values, dtype=np.float32)
    assert exact_values(scores).tolist() == [float(str(score)) for score in scores]


def test_every_four_decimal_score_reads_as_the_service_wrote_it() -> None:
    written = [float(f"0.{step:04d}") for step in range(10_000)] + [1.0]
    assert exact_values(np.array(written, dtype=np.float32)).tolist() == written


def test_exact_values_leaves_float64_and_special_values_alone() -> None:
    double = np.array([0.1 + 0.2, 1e-300])
    assert exact_values(double).tolist() == double.tolist()
    special = exact_values(np.array([np.nan, -np.inf, 1e-42, 0.0], dtype=np.float32))
    assert np.isnan(special[0])
    assert special[1:].tolist() == [-np.inf, float(str(np.float32(1e-42))), 0.0]


@given(singles, singles)
def test_a_float32_score_reaches_a_threshold_as_its_decimal_does(
    score: float, other: float
) -> None:
    threshold = float(str(np.float32(other)))
    decimal = float(str(np.float32(score)))
    assert bool(np.float32(score) >= limit_for(np.dtype(np.float32), threshold)) == (
        decimal >= threshold
    )


@given(singles, st.floats(0, 1))
def test_any_threshold_is_compared_with_the_decimal_of_the_score(
    score: float, threshold: float
) -> None:
    decided = reached(np.array([score], dtype=np.float32), threshold)[0]
    assert bool(decided) == (float(str(np.float32(score))) >= threshold)


@given(st.floats(0, 1), singles)
def test_a_json_score_is_decided_as_the_matrix_decides_it(score: float, single: float) -> None:
    """The matrix holds float32(score); a reader of JSON holds the score itself."""
    threshold = float(str(np.float32(single)))
    in_matrix = bool(reached(np.array([score], dtype=np.float32), threshold)[0])
    from_json = json.loads(json.dumps(score)) >= lowest_reaching(json.loads(json.dumps(threshold)))
    assert from_json == in_matrix


@pytest.mark.parametrize("step", [1, 57, 412, 3000, 7000, 9999])
def test_b8_a_threshold_survives_json_and_still_flags_its_own_score(step: int) -> None:
    score = step / 10_000
    threshold = exact_values(np.array([score], dtype=np.float32))[0]
    again = json.loads(json.dumps(float(threshold)))
    assert again == score
    assert score >= again
    assert bool(reached(np.array([score], dtype=np.float32), again)[0])
    assert not bool(reached(np.array([(step - 1) / 10_000], dtype=np.float32), again)[0])
