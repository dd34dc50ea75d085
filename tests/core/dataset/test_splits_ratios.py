"""Ratios as users write them, and the parts they name."""

import pytest

from core.dataset.label_sets import parse_ratios, part_names_for
from core.errors import InvalidInput

THREE = (0.7, 0.1, 0.2)
TWO = (0.8, 0.2)


def test_ratios_are_read_as_percent_or_as_fractions() -> None:
    assert parse_ratios("70/10/20") == pytest.approx(THREE)
    assert parse_ratios(" 80 / 20 ") == pytest.approx(TWO)
    assert parse_ratios("0.8/0.2") == pytest.approx(TWO)
    assert part_names_for(THREE) == ("train", "calibration", "test")
    assert part_names_for(TWO) == ("train", "test")


@pytest.mark.parametrize(
    "text",
    ["", "80", "80/30", "80:20", "a/b", "100/0", "-20/120", "nan/20", "25/25/25/25", "inf/1"],
)
def test_other_ratios_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_ratios(text)
    assert "70/10/20" in caught.value.hint


def test_a_hostile_ratio_text_is_shown_cleaned() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_ratios("\x1b[2J80\n20")
    assert "\x1b" not in caught.value.message
    assert "\n" not in caught.value.message


def test_part_names_exist_for_two_or_three_parts_only() -> None:
    with pytest.raises(InvalidInput, match="not 4"):
        part_names_for((0.25,) * 4)
