"""CSV for people: nothing in it is run, and everything comes back as it was."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.spreadsheet import csv_bytes, defused, without_apostrophe

RUN = ("=1+1", "+cmd", "-2", "@sum", "\tx", "\rx", "\n=1", " =1", "\u00a0@x", "\uff1d1+1", "'=1")


@pytest.mark.parametrize("text", RUN)
def test_what_a_spreadsheet_runs_gets_an_apostrophe(text: str) -> None:
    assert defused(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "a=1", "'quoted'", "it's", "#x", "5", ".5", " a"])
def test_everything_else_stays(text: str) -> None:
    assert defused(text) == text == without_apostrophe(text)


@given(st.text("'=+-@\t\r\n ax", max_size=6) | st.text())
def test_the_apostrophe_comes_off_again(text: str) -> None:
    assert without_apostrophe(defused(text)) == text


@given(st.lists(st.tuples(st.text("=,;\"'\r\n ax"), st.text('=\r\n"')), min_size=1))
def test_rows_come_back_and_no_line_break_starts_a_cell(rows: list[tuple[str, str]]) -> None:
    read = list(csv.reader(io.StringIO(csv_bytes(rows).decode(), newline=""), strict=True))
    assert [tuple(map(without_apostrophe, row)) for row in read] == rows
    raw = list(csv.reader(io.StringIO(csv_bytes(rows, is_raw=True).decode(), newline="")))
    assert list(map(tuple, raw)) == rows


def test_numbers_are_numbers_and_nothing_is_empty() -> None:
    row = (-0.1 - 0.2, 4e-5, -3, None, float("nan"), True, "a\ud800")
    assert csv_bytes([row]) == b"-0.30000000000000004,4e-05,-3,,,True,a?\n"
