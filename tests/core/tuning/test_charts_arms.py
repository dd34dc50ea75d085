"""The chart of an experiment's arms: exact size, honest places, marks without colour."""

import re

import pytest

from core.views.arms_chart import ArmPoint, arms_chart, arms_legend
from core.views.curve_chart import cell_width

ANSI = re.compile(r"\x1b\[[0-9;]*m")
BASE = ArmPoint("base", "base", 74, 0.33)
POINTS = (
    ArmPoint("n10", "distinct", 10, 0.12, 0.02, 0.25),
    BASE,
    ArmPoint("n100", "repeats", 100, 0.34, 0.30, 0.38),
    ArmPoint("n500", "repeats", 500, 0.52, 0.40, 0.60),
    ArmPoint("n500-from10", "repeats-from", 500, 0.2, 0.1, 0.3),
)


def place(chart: str, mark: str) -> tuple[int, int]:
    """Row and column of the only `mark`."""
    found = [
        (row, column)
        for row, line in enumerate(chart.split("\n"))
        for column, sign in enumerate(line)
        if sign == mark
    ]
    assert len(found) == 1, (mark, found)
    return found[0]


@pytest.mark.parametrize("size", [(38, 9), (80, 24), (20, 7), (20, 6), (19, 9), (38, 5), (1, 1)])
@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("title", ["", "average precision of th\x1b[2Jreat 威胁"])
@pytest.mark.parametrize("points", [POINTS, (BASE,), ()])
def test_a_chart_has_exactly_the_asked_size(
    size: tuple[int, int], ascii_only: bool, title: str, points: tuple[ArmPoint, ...]
) -> None:
    chart = arms_chart(
        points, width=size[0], height=size[1], title=title, ascii_only=ascii_only, marked="n100"
    )
    assert [cell_width(line) for line in chart.split("\n")] == [size[0]] * size[1]
    assert chart.isascii() or not ascii_only
    assert "\x1b" not in chart


def test_marks_stand_by_positives_on_a_logarithmic_axis_and_by_value() -> None:
    chart = arms_chart(POINTS, width=80, height=24)
    few, base, more = (place(chart, sign) for sign in ("●", "■", "◇"))
    assert few[1] < base[1] < more[1]
    assert base[0] < few[0], "a higher value stands higher"
    powers = [(10, "distinct"), (100, "repeats"), (1000, "mixed")]
    points = [ArmPoint(kind, kind, positives, 0.5) for positives, kind in powers]
    decades = arms_chart(points, width=80, height=9)
    columns = [place(decades, sign)[1] for sign in ("●", "◆", "▲")]
    assert abs((columns[1] - columns[0]) - (columns[2] - columns[1])) <= 1


def test_bars_reach_from_the_lower_to_the_upper_end() -> None:
    points = [ArmPoint("base", "base", 10, 0.0), ArmPoint("a", "distinct", 100, 0.5, 0.25, 1.0)]
    chart = arms_chart(points, width=40, height=18)
    column = place(chart, "●")[1]
    bar = [row for row, line in enumerate(chart.split("\n")) if line[column] in "│╷╵●"]
    assert bar == list(range(12)), "the upper three quarters of sixteen rows"


def test_the_base_is_a_level_line_over_the_whole_width() -> None:
    chart = arms_chart(POINTS, width=60, height=16)
    row, _ = place(chart, "■")
    line = chart.split("\n")[row]
    assert line.count("┈") > 40
    assert sum("┈" in other for other in chart.split("\n")) == 1


def test_arms_with_as_many_positives_stand_beside_each_other() -> None:
    points = [ArmPoint("a", "distinct", 50, 0.4), ArmPoint("b", "repeats-from", 50, 0.4)]
    chart = arms_chart([BASE, *points], width=60, height=12)
    assert abs(place(chart, "●")[1] - place(chart, "◇")[1]) == 1


def test_kinds_are_told_apart_without_colour_and_explained() -> None:
    coloured = arms_chart(POINTS, width=60, height=12, color=True)
    plain = arms_chart(POINTS, width=60, height=12)
    assert coloured != plain and ANSI.sub("", coloured) == plain
    assert arms_legend(point.kind for point in POINTS) == (
        "■ base  ● distinct  ◆ repeats  ◇ repeats-from"
    )
    ascii_marks = arms_legend((point.kind for point in POINTS), ascii_only=True)
    assert ascii_marks == "B base  o distinct  x repeats  f repeats-from"
    drawn = arms_chart(POINTS, width=60, height=12, ascii_only=True)
    assert all(sign in drawn for sign in "Boxf")


def test_the_marked_arm_is_pointed_at_below_the_axis() -> None:
    chart = arms_chart(POINTS, width=60, height=12, marked="n10")
    assert place(chart, "△")[1] == place(chart, "●")[1]
    assert "△" not in arms_chart(POINTS, width=60, height=12, marked="unknown")


def test_positives_of_the_outer_arms_are_always_written() -> None:
    crowded = [ArmPoint(f"n{n}", "distinct", n, 0.1) for n in range(100, 1_100, 50)]
    last = arms_chart(crowded, width=30, height=8).split("\n")[-1]
    assert last.split()[0] == "100" and last.split()[-1] == "1,050"


def test_nothing_measured_says_so_and_still_shows_where_the_arms_are() -> None:
    chart = arms_chart(
        [ArmPoint("base", "base", 74, None), ArmPoint("n10", "distinct", 10, None)],
        width=40,
        height=9,
    )
    assert "not measured yet" in chart and "10" in chart.split("\n")[-1]


@pytest.mark.parametrize("value", [0.0, 0.5, 0.999, 1.0])
def test_a_lone_value_is_inside_the_axis(value: float) -> None:
    chart = arms_chart([ArmPoint("base", "base", 0, value)], width=40, height=9)
    assert "■" in chart
