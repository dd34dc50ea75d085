"""A short seeded part of ``make fuzz``: no damaged input ends in anything but one clear line."""

import pytest

from tests.fuzz.readers import READERS
from tests.fuzz.running import MOST_BYTES, run

COUNTS = {"session.json": 100, "session files": 60, "marks": 100}
"""Inputs of readers that take longer."""


@pytest.mark.parametrize("name", READERS)
def test_damaged_input_is_read_or_refused(name: str) -> None:
    count = COUNTS.get(name, 300)
    *_, result = run(name, seed=7, count=count)
    assert result.failures == {}
    assert result.inputs == result.read + result.refused == count
    assert result.peak_bytes < MOST_BYTES
