"""The command line, the screens and the report show the same digits for the same value."""

import dataclasses
import html as markup
import itertools
import math
import re
from pathlib import Path

import msgspec
import pytest

from core.text import cell_width
from core.tuning.aim import Aim
from core.tuning.arm_effects import ArmFigures, ArmRow, ArmsComparison, Effect
from core.tuning.evaluation import FigureRange
from core.tuning.intervals import Interval
from core.tuning.paired import Comparison, Difference
from core.views import html, numbers
from core.views.blocks import Section, Table, markdown_page, table
from core.views.comparison import compare_text, pair_table
from core.views.experiment import experiment_text
from core.views.sections import experiment_section
from core.views.terminal import table_text
from core.views.thresholds import report_text, thresholds_table
from core.workflow.compare import ComparedPair, ComparedSide, CompareReport
from core.workflow.experiments.plan import ExperimentReport
from core.workflow.reports import RunReport
from core.workflow.review import ReviewRow
from core.workflow.session import Session
from core.workflow.thresholds import load_report
from core.workflow.working_thresholds import ObjectiveChange, PreviewRow
from tests.cli.test_experiment_text import report as experiment_report
from tests.cli.test_experiment_text import status
from tui.screens.oversample_windows import figures_text
from tui.screens.thresholds_windows import change_text, comparison_text
from tui.widgets.arms import ArmGroup
from tui.widgets.documents import document_facts

ROOT = Path(__file__).resolve().parents[3]
VALUES = (0.00004, 0.0004, 0.0412, 0.24, 0.9999, 0.99996, 0.9999999, 0.0, 1.0)
AWKWARD = (*VALUES, -0.001, -0.0004, 1e-12, math.nan, None)
MILLION = 1_234_567


def words_of(page: str) -> str:
    """What a reader sees of Markdown or HTML, with single spaces."""
    text = markup.unescape(re.sub(r"<[^>]*>", " ", page)).replace("\\", "")
    return " ".join(text.split())


def all_media(shown: Table) -> dict[str, str]:
    """A table as the terminal, Markdown and HTML show it."""
    return {
        "terminal": table_text(shown),
        "markdown": markdown_page("t", (Section("s", (shown,)),)),
        "html": html.table_html(shown),
    }


@pytest.mark.parametrize("value", AWKWARD)
def test_every_medium_shows_every_kind_of_number_alike(value: float | None) -> None:
    known = value is not None and not math.isnan(value)
    between = Interval(low=value or 0.0, high=0.31) if known else None
    cells = [
        numbers.figure(value),
        numbers.fine(value),
        numbers.metric(value),
        numbers.threshold(value),
        numbers.signed(value),
        numbers.percentage(value),
        numbers.interval(between),
        numbers.signed_interval(between),
        numbers.amount(abs(value) if known and value is not None else value),
        numbers.count(MILLION),
    ]
    for medium, page in all_media(table([f"c{at}" for at in range(10)], [cells])).items():
        words = words_of(page)
        assert all(cell in words for cell in cells), medium
        assert "nan" not in words and "None" not in words and "1,234,567" in words
        assert not re.search(r"-0?\.0+(?![0-9])", words), "a zero with a sign"


@pytest.mark.parametrize("value", [value for value in VALUES if value not in (0.0, 1.0)])
def test_a_threshold_never_reads_as_an_end_of_the_scale(value: float) -> None:
    assert numbers.threshold(value) not in ("0", "1", ".0000", "1.0000")
    assert numbers.exact(value).strip("0.") or numbers.exact(value) == "1.0"


def test_thresholds_read_in_their_order() -> None:
    texts = [numbers.threshold(value) for value in sorted(VALUES)]
    assert texts == ["0", ".00004", ".0004", ".0412", ".2400", ".9999", ".99996", ">.9999", "1"]
    assert numbers.threshold(4e-6) == "4e-6" and numbers.threshold(1e-12) == "1e-12"
    assert all(cell_width(text) <= 6 for text in texts), "narrow enough for the screen's column"


def test_equal_text_means_nearly_equal_thresholds() -> None:
    values = [power * 10**-exponent for exponent in range(1, 9) for power in (1, 2.5, 4, 7.5, 9.9)]
    for one, other in itertools.combinations(sorted({*values, *VALUES}), 2):
        if numbers.threshold(one) == numbers.threshold(other):
            assert other - one < 1e-4 and (one > 0) == (other > 0) and (one < 1) == (other < 1)
        told_apart = numbers.threshold(one, other), numbers.threshold(other, one)
        assert told_apart[0] != told_apart[1] or other - one < 1e-10


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (-0.001, "-.001"),
        (-0.0004, ">-.001"),
        (0.0004, "<.001"),
        (0.0, ".000"),
        (0.0314, "+.031"),
        (-1.0, "-1.000"),
        (math.nan, "–"),
        (None, "–"),
    ],
)
def test_a_difference_keeps_its_sign(value: float | None, shown: str) -> None:
    assert numbers.signed(value) == shown


def test_shares_and_amounts_are_not_rounded_to_nothing_or_to_all() -> None:
    shown = [numbers.percentage(share) for share in (0, 0.00001, 0.004, 0.123, 0.99999, 1)]
    assert shown == ["0%", "<0.01%", "0.40%", "12.3%", ">99.9%", "100%"]
    assert [numbers.level(share) for share in (0.95, 0.9958, 0.7, 0.999999)] == [
        *("95%", "99.58%", "70%", ">99.99%"),
    ]
    assert [numbers.usd(value) for value in (0, 0.001, 0.5, 1234.5)] == [
        *("$0.00", "<$0.01", "$0.50", "$1,234.50"),
    ]
    assert numbers.usd_between(0.5, 0.501) == "$0.50"
    assert numbers.usd_between(0.5, 2) == "$0.50 to $2.00"
    assert numbers.duration(None) == "–" and numbers.duration(3723) == "1:02:03"


# The same results through the command's text, the screen's windows and the report.


def compared(value: float) -> CompareReport:
    side = ComparedSide(
        name="base",
        run="base",
        session="s",
        tuned_on="calibration",
        measured_on="test",
        objective="max_f1",
        thresholds={},
    )
    row = Difference(
        name="threat",
        support=MILLION,
        a=0.0,
        b=abs(value),
        difference=value,
        interval=Interval(low=value, high=0.9999),
        verdict="cannot tell apart",
        b_range=Interval(low=abs(value), high=1.0),
    )
    comparison = Comparison(
        labels=(row,),
        macro_f1=msgspec.structs.replace(row, name="macro-F1"),
        micro_f1=msgspec.structs.replace(row, name="micro-F1"),
        documents=MILLION,
        distinct_documents=MILLION,
        part="test",
        level=0.95,
        interval_level=0.95,
        label_interval_level=0.9958,
        comparisons=1,
        resamples=2000,
        seed=0,
    )
    pair = ComparedPair(a=side, b=side, comparison=comparison)
    return CompareReport(
        session="s", engine="OFFLINE", part="test", pairs=(pair,), test_looks=1, cautions=()
    )


@pytest.mark.parametrize("value", [0.00004, 0.9999, -0.001, 0.0, 0.24])
def test_a_comparison_has_the_same_digits_everywhere(value: float) -> None:
    report = compared(value)
    media = {
        "command": compare_text(report),
        "screen": comparison_text(report, ascii_only=False),
        **all_media(pair_table(report.pairs[0], report.engine)),
    }
    expected = (
        numbers.signed(value),
        f"{numbers.signed(value)} to +1.000",
        numbers.span(abs(value), 1.0),
        "1,234,567",
    )
    for medium, page in media.items():
        words = words_of(page) if medium in ("markdown", "html") else page
        assert all(text in words for text in expected), (medium, expected)


def arms(value: float) -> ExperimentReport:
    report = experiment_report(labels=("threat", "insult"))
    effect = Effect(
        difference=-value, interval=Interval(low=-value, high=value), verdict="cannot tell apart"
    )

    def figures(row: ArmFigures) -> ArmFigures:
        changed = None if row.f1_tuned_effect is None else effect
        return msgspec.structs.replace(
            row,
            average_precision=value,
            f1_default=value,
            f1_tuned=value,
            precision=value,
            recall=value,
            threshold=None if row.threshold is None else value,
            average_precision_effect=changed,
            f1_default_effect=changed,
            f1_tuned_effect=changed,
            f1_tuned_range=Interval(low=0.0, high=value),
        )

    def row(arm: ArmRow) -> ArmRow:
        return msgspec.structs.replace(
            arm,
            positives={"threat": MILLION},
            labels=tuple(map(figures, arm.labels)),
            macro=figures(arm.macro),
            micro=figures(arm.micro),
        )

    found: ArmsComparison = report.comparison
    changed = msgspec.structs.replace(found, base=row(found.base), arms=tuple(map(row, found.arms)))
    return msgspec.structs.replace(report, comparison=changed)


@pytest.mark.parametrize("value", [0.00004, 0.9999, 0.001, 0.0, 1.0])
def test_an_experiment_has_the_same_digits_everywhere(value: float) -> None:
    report = arms(value)
    group = ArmGroup("n1000", (status("n1000", "done", "scored"),))
    section = experiment_section(report)
    media = {
        "command": experiment_text(report),
        "screen": figures_text(group, report, ascii_only=False),
        "markdown": words_of(markdown_page("t", (section,))),
        "html": words_of(
            "".join(html.table_html(b) for b in section.blocks if isinstance(b, Table))
        ),
    }
    expected = (
        numbers.figure(value),
        numbers.span(0.0, value),
        numbers.signed(-value),
        f"{numbers.signed(-value)} to {numbers.signed(value)}",
    )
    for medium, page in media.items():
        assert all(text in page for text in expected), (medium, expected)
        if medium in ("command", "screen"):
            assert numbers.threshold(value) in page, medium


@pytest.mark.parametrize("score", [0.00004, 0.0412, 0.9999, 0.99996])
def test_scores_under_review_read_as_in_the_command(score: float) -> None:
    row = ReviewRow(id="1", text="", labels=(), score=score, kind="true-positive")
    on_screen = document_facts(row, 0.5)
    assert f"score {numbers.threshold(score)} >=" in on_screen and "threshold .5000" in on_screen


def test_score_and_threshold_that_differ_never_look_the_same() -> None:
    row = ReviewRow(id="1", text="", labels=(), score=0.50001, kind="true-positive")
    assert "score .50001 >= threshold .50000" in document_facts(row, 0.5)


def _report(folder: Path, value: float) -> RunReport:
    """The report of a finished session with another threshold of its first label."""
    session = Session(folder)
    report = load_report(session, session.state().run_named(None))
    first = report.labels[0]
    first = msgspec.structs.replace(
        first,
        threshold=value,
        tuned=dataclasses.replace(first.tuned, threshold=value),
    )
    return msgspec.structs.replace(report, labels=(first, *report.labels[1:]))


@pytest.mark.parametrize("value", [0.00004, 0.0004, 0.9999, 0.99996, 0.0, 1.0])
def test_thresholds_have_the_same_digits_everywhere(value: float, finished_folder: Path) -> None:
    report = _report(finished_folder, value)
    default, tuned = report.labels[0].default, report.labels[0].tuned
    shown = thresholds_table(report)
    rows = (PreviewRow("billing", default, tuned, "tuned", ""),)
    zero = FigureRange(0.0, 0.0)
    change = ObjectiveChange(Aim(), "max_f1", None, "test", rows, zero, zero, zero, zero, {})
    media = {
        "command": report_text(report),
        "screen": change_text(change, ascii_only=False),
        **{medium: words_of(page) for medium, page in all_media(shown).items()},
    }
    for medium, page in media.items():
        assert numbers.threshold(value) in page.replace("h", " ").split(), medium


# Nobody else turns a value into digits.


_BY_HAND = re.compile(r"\{[^{}]*:[+,]*\.\d+[f%g]\}")
_ELSEWHERE = {
    "{weight:+.2f}": "log-odds of a word",
    "{label.ratio:.2f}": "how many times as often",
    "{ratio * 100:.10g}": "ratios as they are typed",
    "{rarest.imbalance:,.0f}": "times as rare",
    "{amount * factor:.10f}": "a number as it is typed",
    "{power:.0f}": "a tick of a chart's axis",
    "{point.positives:,.0f}": "a tick of a chart's axis",
    "{value:.2f}": "three cells of a chart's axis",
}


def test_numbers_about_results_are_turned_into_digits_in_one_place() -> None:
    by_hand = {
        f"{path.relative_to(ROOT)}: {text}"
        for folder in ("core/cli", "core/views", "tui")
        for path in (ROOT / folder).rglob("*.py")
        if path.name != "numbers.py"
        for text in _BY_HAND.findall(path.read_text(encoding="utf-8"))
        if text not in _ELSEWHERE
    }
    assert not by_hand
