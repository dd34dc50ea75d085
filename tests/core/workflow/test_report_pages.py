"""Pages and plots of a report: escaping, thinning, ranges."""

import dataclasses
from pathlib import Path

import msgspec
import numpy as np
import pytest

from core.tuning.curves import Counts, label_curves
from core.views.blocks import Cautions, Items, Paragraph, Section, escaped, markdown_page, table
from core.views.html import curve_plot, f1_bars
from core.views.report import gather_report, report_stem
from core.views.report_data import drawn_curve
from core.views.thresholds import precision_and_recall
from core.workflow.session import Session
from tests.core.workflow.test_report import Page, pages


def test_the_page_asks_the_network_for_nothing_and_runs_nothing(tickets_session: Path) -> None:
    report = gather_report(Session(tickets_session))
    _, page = pages(report)
    read = Page(page)
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(read.tags)
    assert "http:" not in page and "https:" not in page and "url(" not in page
    assert "@import" not in page
    for name, value in read.attributes:
        assert not name.startswith("on")
        assert name not in ("src", "srcset", "style")
        if name == "href":
            assert value.startswith("#")
    assert "prefers-color-scheme:dark" in page and "@media print" in page
    assert report.tuning is not None
    assert read.tags.count("svg") == 1 + 2 * len(report.tuning.labels)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a|b", "a\\|b"),
        ("<b>", "&lt;b&gt;"),
        ("identity_hate", "identity_hate"),
        ("_it_", "\\_it\\_"),
        ("# one", "\\# one"),
        ("1. one", "1\\. one"),
        ("0.0390", "0.0390"),
        ("- one", "\\- one"),
        ("-.039", "-.039"),
        ("---", "\\---"),
        ("http://x", "http\\://x"),
        ("two\nlines", "two⏎lines"),
        ("back\\slash `c`", "back\\\\slash \\`c\\`"),
        ("     indented", "indented"),
    ],
)
def test_markdown_shows_text_as_it_is(text: str, shown: str) -> None:
    assert escaped(text) == shown


def test_lists_cautions_and_paragraphs_are_escaped_too() -> None:
    section = Section(
        "<i>", (Items(("<script>",)), Cautions(("# x\n| y",)), Paragraph("![a](http://x)"))
    )
    page = markdown_page("<t>", (section,))
    assert "<" not in page and "http://" not in page
    assert "\n# x" not in page and "> **!** \\# x⏎\\| y" in page


def test_rows_of_another_width_are_a_defect() -> None:
    with pytest.raises(ValueError, match="1 cells under 2"):
        table(["a", "b"], [["only one"]])


def test_b12_thinning_keeps_the_peak_and_only_draws() -> None:
    draws = np.random.default_rng(3)
    truth = draws.random((50_000, 1)) < 0.1
    scores = np.clip(draws.normal(0.3 + 0.3 * truth, 0.15), 0, 1)
    curve = label_curves(("x",), scores, truth)["x"]
    best = int(np.argmax(curve.f1))
    drawn = drawn_curve(curve, "test", 0.4)
    assert drawn.points == len(curve) > 10_000 and len(drawn.thresholds) < 200
    assert max(drawn.f1_low) == pytest.approx(curve.f1[best], abs=1e-5)
    assert float(curve.thresholds[best]) in drawn.thresholds
    assert drawn.f1_low == drawn.f1_high


def test_unknown_scores_are_drawn_as_a_range() -> None:
    scores = np.array([[0.9], [0.6], [np.nan], [np.nan], [0.2]], dtype=np.float32)
    truth = np.array([[True], [False], [True], [False], [False]])
    ceilings = np.array([[0], [0], [0.7], [0.4], [0]], dtype=np.float32)
    curve = label_curves(("x",), scores, truth, ceilings)["x"]
    drawn = drawn_curve(curve, "test", 0.3)
    low = dict(zip(drawn.thresholds, drawn.f1_low, strict=True))
    high = dict(zip(drawn.thresholds, drawn.f1_high, strict=True))
    assert low[0.9] == high[0.9] and low[0.6] < high[0.6] and low[0.2] < high[0.2]
    assert "f1-band" in curve_plot(drawn, None, 0.5)
    exact = label_curves(("x",), np.nan_to_num(scores), truth)["x"]
    assert "f1-band" not in curve_plot(drawn_curve(exact, "test", 0.3), None, 0.5)


def test_a_curve_without_scores_is_drawn_empty() -> None:
    nothing = np.full((3, 1), np.nan, dtype=np.float32)
    ceilings = np.full((3, 1), 0.4, dtype=np.float32)
    curve = label_curves(("x",), nothing, np.array([[True], [False], [False]]), ceilings)["x"]
    Page(curve_plot(drawn_curve(curve, "test", 0.01), None, 0.5))


def test_bars_show_a_range_only_where_there_is_one(tickets_session: Path) -> None:
    report = gather_report(Session(tickets_session))
    assert report.tuning is not None
    first, *others = report.tuning.labels
    exact = f1_bars(report.tuning).count('class="unknown"')
    wide = Counts(0.5, tp=3, fp=0, fn=8, tn=20, unknown_positives=6, unknown_negatives=16)
    changed = msgspec.structs.replace(first, tuned=wide)
    ranged = msgspec.structs.replace(report.tuning, labels=(changed, *others))
    assert f1_bars(ranged).count('class="unknown"') == exact + 1
    assert ".20–.90" in f1_bars(ranged)


def test_where_files_go(tmp_path: Path) -> None:
    assert report_stem("report-a-b", None) == Path("report-a-b")
    assert report_stem("report-a-b", tmp_path) == tmp_path / "report-a-b"
    assert report_stem("report-a-b", tmp_path / "x.html") == tmp_path / "x"
    assert report_stem("report-a-b", tmp_path / "v1.2") == tmp_path / "v1.2"


def test_precision_and_recall_are_ranges_where_scores_are_unknown() -> None:
    scores = np.array([[0.9], [0.8], [0.6], [np.nan], [np.nan], [np.nan], [0.2]], dtype=np.float32)
    truth = np.array([[True], [True], [False], [True], [True], [False], [False]])
    ceilings = np.array([[0], [0], [0], [0.7], [0.4], [0.7], [0]], dtype=np.float32)
    counts = label_curves(("x",), scores, truth, ceilings)["x"].at(0.5)
    assert (counts.unknown_positives, counts.unknown_negatives) == (1, 1)
    assert precision_and_recall(counts) == (".50–.75", ".50–.75")
    exact = dataclasses.replace(counts, unknown_positives=0, unknown_negatives=0)
    assert precision_and_recall(exact) == (".67", ".50")
