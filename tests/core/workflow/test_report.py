"""The report of a run: what it holds, and that nothing of outside origin is markup in it."""

import html.parser
import json
import re
from pathlib import Path

import msgspec
import pytest

from core.errors import InvalidInput
from core.text import printable
from core.tuning.aim import Aim
from core.views.blocks import markdown_page
from core.views.html import html_page
from core.views.report import gather_report, write_report
from core.views.report_data import FullReport
from core.views.sections import page_title, report_sections
from core.workflow.data import NewSession, create_session
from core.workflow.session import Session
from core.workflow.thresholds import TuningSettings, tune_thresholds
from tests.core.workflow.test_compare import noisy, second_run

_VOID = {"meta", "br"}
_HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=http://evil.example/x onerror=alert(1)>',
    "pipe | in | it",
    "red \x1b[31m\x1b]0;owned\x07 text",
    "[link](http://evil.example) `code` *bold* _it_ ~~gone~~",
    "right\u202eleft\nnext line",
    "&lt;b&gt; &amp; $x$",
    "# heading",
)


class Page(html.parser.HTMLParser):
    """Reads a page: elements, addresses, words; fails on tags that do not match."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, f"closed without being open: {tag}"

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.words.append(data)


@pytest.fixture
def session(tickets_session: Path) -> Session:
    return Session(tickets_session)


@pytest.fixture
def report(session: Session) -> FullReport:
    return gather_report(session)


def pages(report: FullReport) -> tuple[str, str]:
    """The report as Markdown and as HTML."""
    sections, title = report_sections(report), page_title(report)
    return markdown_page(title, sections), html_page(title, sections, report)


def tables_of(markdown: str) -> list[list[str]]:
    """The lines of each table."""
    blocks, rows = [], []
    for line in [*markdown.split("\n"), ""]:
        if line.startswith("|"):
            rows.append(line)
        elif rows:
            blocks.append(rows)
            rows = []
    return blocks


def columns(line: str) -> int:
    """Cells of a table's line as a renderer counts them."""
    return len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) - 1


def assert_tables_are_even(markdown: str) -> None:
    found = tables_of(markdown)
    assert found
    for rows in found:
        assert len({columns(row) for row in rows}) == 1, rows[0]


def with_labels(report: FullReport, names: dict[str, str]) -> FullReport:
    """The report of a dataset whose labels are called otherwise."""

    def renamed(value: object) -> object:
        if isinstance(value, dict):
            return {names.get(key, key): renamed(inside) for key, inside in value.items()}
        if isinstance(value, list):
            return [renamed(inside) for inside in value]
        return names.get(value, value) if isinstance(value, str) else value

    changed = renamed(json.loads(msgspec.json.encode(report)))
    return msgspec.json.decode(json.dumps(changed), type=FullReport)


def test_it_survives_the_way_through_json(report: FullReport) -> None:
    assert msgspec.json.decode(msgspec.json.encode(report), type=FullReport) == report


def test_equal_sessions_give_equal_bytes(session: Session, tmp_path: Path) -> None:
    second_run(session, values=noisy)
    first = write_report(gather_report(session, "base"), tmp_path / "one", True)
    second = write_report(gather_report(session, "base"), tmp_path / "two", True)
    assert first.html is not None and second.html is not None
    assert first.markdown.read_bytes() == second.markdown.read_bytes()
    assert first.json.read_bytes() == second.json.read_bytes()
    assert first.html.read_bytes() == second.html.read_bytes()


def test_both_pages_say_offline_the_parts_and_how_far_to_trust(report: FullReport) -> None:
    markdown, page = pages(report)
    words = " ".join(Page(page).words)
    for text in (markdown, words):
        for wanted in (
            "OFFLINE",
            "tuned on calibration, measured on test",
            "optimistic",
            "How far to trust this",
            "trained on neither",
            "cannot tell",
            "looked at",
            "noise floor",
            "billing",
            "reproduced",
            "sha256:",
        ):
            assert wanted in text, wanted
    assert_tables_are_even(markdown)


def test_every_table_with_figures_names_the_part_they_belong_to(report: FullReport) -> None:
    figures = {"F1", "macro-F1", "precision", "recall", "ECE", "TP", "gain", "reported"}
    checked = 0
    for section in report_sections(report):
        for block in section.blocks:
            titles = {column.title for column in getattr(block, "columns", ())}
            if figures & titles:
                caption = getattr(block, "caption")  # noqa: B009 - tables have one
                assert re.search(r"\b(test|calibration)\b", caption), caption
                checked += 1
    assert checked >= 6


def test_figures_are_those_of_the_run(session: Session, report: FullReport) -> None:
    tuning = report.tuning
    assert tuning is not None and not report.is_stale
    run = session.state().runs[0]
    assert run.thresholds is not None
    assert {label.label: label.threshold for label in tuning.labels} == run.thresholds.values
    markdown, _ = pages(report)
    for label in tuning.labels:
        assert any(
            row.split("|")[1].strip() == label.label and repr(label.threshold) in row
            for rows in tables_of(markdown)
            for row in rows
        ), f"{label.label} stands in full precision"
    assert report.split.support == session.state().splits[0].support
    assert {job.id for job in report.jobs} == {job.id for job in run.jobs()}
    assert report.cost.low_usd == pytest.approx(sum(line.low_usd for line in report.cost.lines))


def test_it_holds_no_token_no_text_and_no_folder(session: Session, report: FullReport) -> None:
    whole = msgspec.json.encode(report).decode() + "".join(pages(report))
    state = session.state()
    for job in state.runs[0].jobs():
        assert job.token not in whole
    assert state.health is not None
    shown = [example.text for finding in state.health.findings for example in finding.examples]
    assert shown and not any(text[:60] in whole for text in shown if len(text) > 20)
    assert str(session.folder) not in whole
    assert str(Path(state.imported.source_path).parent) not in whole


def test_hostile_labels_stay_text_everywhere(report: FullReport) -> None:
    assert report.tuning is not None
    known = [label.label for label in report.tuning.labels]
    for start in (0, 4):
        names = dict(zip(known, _HOSTILE[start:], strict=False))
        hostile = with_labels(report, names)
        markdown, page = pages(hostile)
        read = Page(page)
        assert not {"script", "img", "b"} & set(read.tags)
        words = " ".join(read.words)
        for name in names.values():
            assert printable(name, 26)[:25] in words
        assert_tables_are_even(markdown)
        for text in (markdown, page):
            assert "\x1b" not in text and "\x07" not in text and "\u202e" not in text
        assert not re.search(r"<(?!/?b>)\w", markdown), "no HTML in Markdown"
        assert not re.search(r"(?<!\\)\]\(|https?://", markdown), "no link in Markdown"


def test_a_run_without_thresholds_says_what_is_missing(session: Session) -> None:
    with session.editing() as state:
        state.runs[0].thresholds = None
    report = gather_report(session)
    assert report.tuning is None and report.calibration is not None
    markdown, page = pages(report)
    Page(page)
    assert "no thresholds" in markdown and "run: comprehend-tuner thresholds" in markdown
    assert "OFFLINE" in markdown and "How to use" not in markdown
    assert_tables_are_even(markdown)


def test_a_run_that_was_not_scored_still_reports_its_training(session: Session) -> None:
    with session.editing() as state:
        state.runs[0].thresholds = None
        state.runs[0].scores = {}
    report = gather_report(session)
    assert {gap.what for gap in report.gaps} >= {"thresholds", "curves and calibration"}
    assert report.service and report.calibration is None and report.curves == ()
    Page(pages(report)[1])


def test_stale_thresholds_come_with_a_caution_and_without_plots(session: Session) -> None:
    with session.editing() as state:
        kept = state.runs[0].thresholds
        assert kept is not None
        state.runs[0].thresholds = msgspec.structs.replace(kept, inputs="sha256:other")
    report = gather_report(session)
    assert report.is_stale and "earlier scores" in report.cautions[0]
    assert report.comparison is None


def test_without_a_run_there_is_nothing_to_report(small_source: Path, tmp_path: Path) -> None:
    from core.dataset.formats.sources import SourceSettings

    new = NewSession(tmp_path / "empty", small_source, SourceSettings())
    session = create_session(new).session
    with pytest.raises(InvalidInput, match="No run yet"):
        gather_report(session)


def test_other_runs_are_compared_and_those_that_cannot_be_are_named(session: Session) -> None:
    second_run(session, values=noisy)
    second_run(session, "untuned", values=noisy)
    with session.editing() as state:
        state.runs[2].thresholds = None
    before = session.state().test_looks
    report = gather_report(session, "base")
    assert report.comparison is not None
    assert [(pair.a.name, pair.b.name) for pair in report.comparison.pairs] == [("base", "other")]
    assert any("untuned" in gap.what and "thresholds" in gap.why for gap in report.gaps)
    assert report.test_looks == before + 1, "a comparison is a look at the test part"
    markdown, _ = pages(report)
    assert "a = base, tuned on calibration, measured on test" in markdown


def test_a2_figures_on_the_rows_tuned_on_are_called_optimistic(session: Session) -> None:
    tune_thresholds(
        session, TuningSettings(tune_on="test", resamples=100, aim=Aim(by_hand={"bug": 0.3}))
    )
    report = gather_report(session)
    assert report.tuning is not None and report.tuning.is_optimistic
    markdown, page = pages(report)
    for text in (markdown, " ".join(Page(page).words)):
        assert "measured on test (optimistic: the rows it was tuned on)" in text
        assert "tuned on calibration" not in text
        assert "The figures are optimistic" in text


def test_a1_tuning_on_cross_fitted_parts_says_how_it_was_measured(session: Session) -> None:
    tune_thresholds(session, TuningSettings(tune_on="test", resamples=100))
    markdown, _ = pages(gather_report(session))
    assert "tuned on test, measured on test, cross-fitted" in markdown
    assert "chosen without it" in markdown


def test_a11_looks_at_the_test_part_are_in_the_report(session: Session) -> None:
    looks = session.state().test_looks
    assert f"looked at {looks} time" in pages(gather_report(session))[0]
    tune_thresholds(session, TuningSettings(resamples=100, aim=Aim(objective="f_beta:2")))
    assert f"looked at {looks + 1} time" in pages(gather_report(session))[0]
