"""What reaches a screen is harmless, one line, and says what was hidden."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text import cell_width, plural, printable


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain text", "plain text"),
        ("[/foo] [link=x]y[/link]", "[/foo] [link=x]y[/link]"),
        ("a\x1b[2Jb", "ab"),
        ("a\x1b[31;5mred\x1b[0mb", "aredb"),
        ("a\x1b]52;c;aGk=\x1b\\b", "ab"),
        ("a\x1b]0;title\x07b", "ab"),
        ("a\x9b2Jb", "ab"),
        ("two\nlines\r\nand\rmore", "two⏎lines⏎and⏎more"),
        ("tab\there", "tab here"),
        ("nul\x00bell\x07del\x7f", "nul·bell·del·"),
        ("right\u202eleft", "right‹U+202E›left"),
        ("zero\u200bwidth", "zero‹U+200B›width"),
        ("u\u2028v\u0085w", "u⏎v⏎w"),
        ("日本語 café", "日本語 café"),
    ],
)
def test_outside_text_is_made_harmless_and_visible(raw: str, shown: str) -> None:
    assert printable(raw) == shown


@given(st.text())
def test_no_control_or_escape_character_survives(text: str) -> None:
    shown = printable(text)
    assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in shown)
    assert "\u202e" not in shown


@given(st.text(alphabet=st.sampled_from("\x1b[]0;2Jm\\\x07\x9b\x9dPab"), max_size=40))
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert printable(printable(text)) == printable(text)


@given(st.text(), st.integers(min_value=1, max_value=50))
def test_the_limit_holds(text: str, limit: int) -> None:
    assert len(printable(text, limit)) <= limit


def test_a_cut_is_marked() -> None:
    assert printable("abcdef", 4) == "abc…"


def test_width_is_measured_in_cells() -> None:
    assert cell_width("abc") == 3
    assert cell_width("日本") == 4
    assert cell_width("e\u0301") == 1


def test_counts_carry_their_noun() -> None:
    assert plural(1, "document") == "1 document"
    assert plural(18114, "document") == "18,114 documents"
    assert plural(2, "copy", "copies") == "2 copies"
