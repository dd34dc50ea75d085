"""Charts as text."""

import dataclasses
import re
import threading
import unicodedata

import numpy as np
import pytest

from core.tuning.curves import Curve, label_curve
from core.tuning.objectives import choose
from core.views.curve_chart import bars, cell_width, curve_chart, fitted

ANSI = re.compile(r"\x1b\[[0-9;]*m")


def rare_curve(seed: int = 3, share: float = 0.02, shift: float = 6.5) -> Curve:
    generator = np.random.default_rng(seed)
    truth = generator.random(1_811) < share
    scores = 1 / (1 + np.exp(-(generator.normal(size=1_811) * 1.3 + truth * 3 - shift)))
    return label_curve("threat", np.round(scores, 4).astype(np.float32), truth)


CURVE = rare_curve()


@pytest.mark.parametrize("size", [(40, 14), (80, 20), (100, 30), (20, 7), (19, 5), (5, 2), (1, 1)])
@pytest.mark.parametrize("log_axis", [False, True])
@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("title", ["", "threat — calibration"])
def test_a_chart_has_exactly_the_asked_size(
    size: tuple[int, int], log_axis: bool, ascii_only: bool, title: str
) -> None:
    chart = curve_chart(
        CURVE,
        width=size[0],
        height=size[1],
        log_axis=log_axis,
        ascii_only=ascii_only,
        marker=0.04,
        other=rare_curve(4),
        title=title,
    )
    assert [cell_width(line) for line in chart.split("\n")] == [size[0]] * size[1]
    assert chart.isascii() or not ascii_only
    assert "\x1b" not in chart


@pytest.mark.parametrize("size", [(40, 14), (80, 20)])
@pytest.mark.parametrize("log_axis", [False, True])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_every_line_carries_its_name(
    size: tuple[int, int], log_axis: bool, ascii_only: bool
) -> None:
    chart = curve_chart(
        CURVE,
        width=size[0],
        height=size[1],
        log_axis=log_axis,
        ascii_only=ascii_only,
        other=rare_curve(9),
    )
    for name in ("precision", "recall", "F1", "other F1"):
        assert name in chart
    assert "other" not in curve_chart(CURVE, width=size[0], height=size[1])


def marker_column(chart: str) -> int:
    return next(line.index("●") for line in chart.split("\n") if "●" in line)


def test_the_marker_stands_at_its_threshold_on_both_axes() -> None:
    quarter = curve_chart(CURVE, width=84, height=20, marker=0.25)
    assert marker_column(quarter) == quarter.split("\n")[-1].index(".25") + 1
    assert sum(line[marker_column(quarter)] == "│" for line in quarter.split("\n")) > 8
    tenth = curve_chart(CURVE, width=84, height=20, marker=0.01, log_axis=True)
    assert abs(marker_column(tenth) - tenth.split("\n")[-1].index(".01") - 1) <= 1
    assert "●" not in curve_chart(CURVE, width=84, height=20)
    assert "@" in curve_chart(CURVE, width=84, height=20, marker=0.25, ascii_only=True)


def test_the_marker_moves_by_columns_and_stays_inside() -> None:
    for log_axis in (False, True):
        columns = [
            marker_column(curve_chart(CURVE, width=60, height=16, marker=at, log_axis=log_axis))
            for at in (0.0, 0.001, 0.04, 0.3, 0.9, 1.0)
        ]
        assert columns == sorted(columns)
        assert columns[0] >= 4
        assert columns[-1] <= 59


def test_the_logarithmic_axis_begins_at_the_decade_of_the_lowest_score() -> None:
    curve = label_curve("a", np.array([0.0001, 0.5], dtype=np.float32), np.array([False, True]))
    ticks = curve_chart(curve, width=60, height=12, log_axis=True).split("\n")[-1].split()
    assert ticks == [".0001", ".001", ".01", ".1", "1"]


def test_f1_is_drawn_at_its_height() -> None:
    """A curve with F1 at 1 up to 0.5 has its line in the top row, and nothing right of 0.5."""
    curve = label_curve("a", np.array([0.5, 0.0], dtype=np.float32), np.array([True, False]))
    chart = curve_chart(curve, width=44, height=12, ascii_only=True).split("\n")
    assert chart[0][5:24].count("F") >= 18
    assert not set(chart[0][26:]) & set("Fpr")


def test_b12_drawing_leaves_the_choice_alone() -> None:
    generator = np.random.default_rng(0)
    truth = generator.random(30_000) < 0.01
    curve = label_curve(
        "a", (generator.random(30_000) * 0.7 + 0.3 * truth).astype(np.float32), truth
    )
    before = choose(curve)
    curve_chart(curve, width=40, height=14, marker=before.threshold)
    assert choose(curve) == before
    assert len(curve) > 20_000


def test_d6_with_unknown_scores_the_chart_says_that_f1_is_a_lower_bound() -> None:
    scores = np.array([0.9, 0.4, np.nan, 0.1], dtype=np.float32)
    curve = label_curve("a", scores, np.array([True, False, True, False]))
    assert "F1 at least" in curve_chart(curve, width=60, height=16)
    assert "at least" not in curve_chart(CURVE, width=60, height=16)


def hidden_curve(n_unlucky: int = 2, ceiling: float = 0.5) -> Curve:
    """Ten positives of which half have no score, and negatives without one."""
    scores = np.array([0.9] * 5 + [np.nan] * 5 + [0.2] * 20 + [np.nan] * n_unlucky, np.float32)
    truth = np.array([True] * 10 + [False] * (20 + n_unlucky))
    highest = np.full(len(scores), ceiling, dtype=np.float32)
    return label_curve("a", scores, truth, highest)


def test_d6_what_unknown_scores_allow_is_shaded_up_to_their_ceiling() -> None:
    curve = hidden_curve()
    chart = curve_chart(curve, width=44, height=23, ascii_only=True).split("\n")
    low, high = curve.at(0.4).f1_low, curve.at(0.4).f1_high
    assert low == pytest.approx(2 * 5 / 17)
    assert high == pytest.approx(1.0)
    column = 4 + round(0.4 * 39)
    shaded = [20 - row for row in range(21) if chart[row][column] == ":"]
    assert shaded == list(range(max(shaded), min(shaded) - 1, -1))
    assert min(shaded) == round(low * 20) + 1, "just above the line of F1 at least"
    assert chart[20 - round(low * 20)][column] == "F"
    assert max(shaded) >= round(high * 20) - 1, "up to precision, which is drawn over it"
    right = 4 + round(0.55 * 39)
    assert not any(line[right] == ":" for line in chart), "decided beyond the ceiling"
    assert "F1 may be here" in "\n".join(chart)
    assert ":" not in curve_chart(CURVE, width=44, height=23, ascii_only=True)


def test_the_shade_leaves_the_marker_in_sight() -> None:
    chart = curve_chart(hidden_curve(), width=44, height=23, marker=0.3)
    lines = chart.split("\n")
    column = marker_column(chart)
    beside = [row for row, line in enumerate(lines) if line[column + 1] in "⠂⡁⠄⠁"]
    assert len(beside) > 4, "the shade is on both sides"
    assert all(lines[row][column] in "│●" for row in beside)


def test_a_remark_stands_in_the_middle() -> None:
    remark = ("cannot be tuned", "from this output")
    for ascii_only in (False, True):
        lines = curve_chart(
            hidden_curve(), width=44, height=15, remark=remark, ascii_only=ascii_only
        ).split("\n")
        assert [len(line) for line in lines] == [44] * 15
        rows = [row for row, line in enumerate(lines) if any(text in line for text in remark)]
        assert rows == [6, 7]


def test_a_curve_without_scores_says_so() -> None:
    curve = label_curve("a", np.full(2, np.nan, dtype=np.float32), np.array([True, False]))
    chart = curve_chart(curve, width=40, height=10, marker=0.5, log_axis=True)
    assert "no score was returned" in chart
    assert [len(line) for line in chart.split("\n")] == [40] * 10


def test_colour_is_off_unless_asked_and_changes_no_cell() -> None:
    plain = curve_chart(CURVE, width=60, height=16, marker=0.04, title="threat")
    colored = curve_chart(CURVE, width=60, height=16, marker=0.04, title="threat", color=True)
    assert "\x1b[" in colored
    assert ANSI.sub("", colored) == plain


def test_hostile_titles_are_cleaned_and_cut_to_the_width() -> None:
    title = "\x1b]52;c;AAAA\x07[/red]\n日本語日本語日本語日本語日本語日本語日本語"
    for ascii_only in (False, True):
        chart = curve_chart(CURVE, width=40, height=12, title=title, ascii_only=ascii_only)
        assert all(unicodedata.category(c) != "Cc" for c in chart.replace("\n", ""))
        assert [cell_width(line) for line in chart.split("\n")] == [40] * 12
        assert "[/red]" in chart


def test_charts_drawn_at_once_do_not_mix() -> None:
    wanted = {seed: curve_chart(rare_curve(seed), width=50, height=14) for seed in range(4)}
    found: dict[int, list[str]] = {seed: [] for seed in range(4)}

    def draw(seed: int) -> None:
        found[seed] = [curve_chart(rare_curve(seed), width=50, height=14) for _ in range(5)]

    threads = [threading.Thread(target=draw, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(found[seed] == [wanted[seed]] * 5 for seed in range(4))


def test_bars_are_in_proportion_and_of_one_width() -> None:
    text = bars([("toxic", 1_748), ("threat", 874), ("none", 0), ("日本語ラベル", 1)], width=40)
    lines = text.split("\n")
    assert [cell_width(line) for line in lines] == [40] * 4
    assert lines[0].endswith("1,748")
    assert lines[0].count("█") == pytest.approx(2 * lines[1].count("█"), abs=1)
    assert "█" not in lines[2]
    assert "▏" in lines[3]


def test_bars_in_ascii_and_in_little_room() -> None:
    text = bars([("identity_hate", 0.333), ("x", 0.01), ("ü", -1)], width=24, ascii_only=True)
    assert text.isascii()
    assert [len(line) for line in text.split("\n")] == [24] * 3
    assert text.split("\n")[0].startswith("identity~ ####")
    assert text.split("\n")[1].count("#") == 1
    assert bars([], width=10) == ""
    assert {len(line) for line in bars([("abc", 1), ("d", 2)], width=3).split("\n")} == {3}


@pytest.mark.parametrize("width", range(8))
def test_fitted_text_has_exactly_its_cells(width: int) -> None:
    assert cell_width(fitted("日本e\u0301語", width)) == width


def test_a_marker_that_moves_changes_nothing_else() -> None:
    """What is kept between keys is drawn as if it were drawn for the first time."""
    for curve in (CURVE, hidden_curve()):
        for at in (0.1, 0.3, None, 0.3):
            anew = dataclasses.replace(curve)
            kept, fresh = (
                curve_chart(each, width=60, height=16, marker=at, color=True)
                for each in (curve, anew)
            )
            assert kept == fresh
