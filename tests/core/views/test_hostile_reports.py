"""Reports with hostile labels and texts, read as a browser and a Markdown renderer read them."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

import html5lib
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from core.text import printable
from core.views.blocks import (
    Block,
    Cautions,
    Code,
    Items,
    Paragraph,
    Section,
    escaped,
    markdown_page,
    table,
)
from core.views.html import html_page
from core.views.report import gather_report
from core.views.report_data import FullReport, Gap
from core.views.sections import page_title, report_sections
from core.workflow.session import Session
from tests.core.workflow.test_report import with_labels

HOSTILE = (
    "<script>alert(1)</script>",
    "</style></title><script>x</script>",
    '"><img src=http://evil.example/x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "<svg/onload=alert(1)><style>@import url(//e.example)</style>",
    "<!-- comment --> after",
    "--> <b>",
    "<![CDATA[ x ]]> ]]>",
    "<?php x ?> <!DOCTYPE html>",
    "&lt;b&gt; &amp; &#106;avascript: $x$",
    "javascript:alert(1)",
    "[click](javascript:alert(1))",
    "![i](http://evil.example/i.png)",
    "[a]: http://evil.example 'title'",
    "[a][a] ![b][b] [^1]",
    "<http://evil.example> http://evil.example www.evil.example a@evil.example",
    "a | b \\| c || d",
    "ends with \\",
    "`code` ``two`` ```",
    "```\n<script>alert(1)</script>\n```",
    "~~~\nfence",
    "*bold* _it_ ~~gone~~ __both__",
    "# heading\n## second\r\n---\n===",
    "> quote\n- item\n1. item\n1) item",
    "    code after blanks",
    "\tcode after a tab",
    "right\u202eleft \u2066isolate\u2069 zero\u200bwidth",
    "red \x1b[31m\x1b]0;owned\x07 \x00 text",
    "line\u2028separator\u2029paragraph\x85next\x0bvertical",
    "|---|---|\n|:-:|",
    "日本語 👩‍👩‍👧‍👦 \ud800",
    "+ plus\n* star",
    "//evil.example/x mailto:a@evil.example xmpp:a@evil.example ftp://evil.example",
    ":::note\n:smile: @user #1 <br>",
)
ELEMENTS = {
    *("html", "head", "meta", "title", "style", "body", "header", "nav", "section", "footer"),
    *("h1", "h2", "p", "ul", "ol", "li", "pre", "code", "div", "a", "figure", "figcaption"),
    *("table", "caption", "thead", "tbody", "tr", "th", "td"),
    *("svg", "text", "line", "polyline", "polygon", "rect", "circle"),
}
ATTRIBUTES = {
    *("lang", "charset", "name", "content", "http-equiv", "class", "id", "href", "scope"),
    *("aria-label", "role", "viewBox", "width", "height", "x", "y", "x1", "y1", "x2", "y2"),
    *("cx", "cy", "r", "points", "text-anchor"),
}
PLAIN_TOKENS = {
    *("heading", "paragraph", "bullet_list", "list_item", "blockquote", "strong"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
"""What the report itself writes in Markdown, beside text and fences."""


def elements(page: str) -> Iterator[Element]:
    """Every element of a page as a browser builds them; a page with an error fails."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    yield from (each for each in parser.parse(page).iter() if isinstance(each.tag, str))


def name_of(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def assert_harmless_page(page: str) -> list[Element]:
    """Nothing but what the report itself writes: no script, handler, address or picture."""
    read = list(elements(page))
    for each in read:
        assert name_of(each) in ELEMENTS, each.tag
        assert {*each.attrib} <= ATTRIBUTES, each.attrib
        assert each.get("href", "#").startswith("#")
    counts = Counter(map(name_of, read))
    assert (counts["style"], counts["title"], counts["meta"]) == (1, 1, 4)
    return read


def tokens(markdown: str) -> Iterator[Token]:
    """Every token of a page in GitHub's flavour, addresses in running text included."""
    parser = MarkdownIt("gfm-like")
    assert parser.linkify is not None
    parser.linkify.set({"fuzzy_link": False, "fuzzy_ip": False})
    for token in parser.parse(markdown):
        yield token
        yield from token.children or ()


def assert_harmless_markdown(markdown: str) -> list[Token]:
    """Text, tables and lists: no HTML, link, picture, code or emphasis from outside text."""
    read = list(tokens(markdown))
    for token in read:
        kind = token.type.removesuffix("_open").removesuffix("_close")
        assert kind in {*PLAIN_TOKENS, "inline", "text", "fence"}, (token.type, token.content)
        assert not token.attrs or {*token.attrs} <= {"style", "start"}, token.attrs
    return read


def hostile_report(report: FullReport, names: dict[str, str]) -> FullReport:
    """The report with other labels, which stand in its sentences and names too."""
    said = tuple(names.values())
    gaps = tuple(Gap(what=text, why=text, remedy=text) for text in said)
    return msgspec.structs.replace(
        with_labels(report, names),
        session=said[-1],
        run=said[-1],
        cautions=(*report.cautions, *said),
        gaps=(*report.gaps, *gaps),
        data=msgspec.structs.replace(report.data, source=said[0], notes=said),
    )


def test_nothing_in_a_report_is_markup(tickets_session: Path) -> None:
    report = gather_report(Session(tickets_session))
    assert report.tuning is not None
    labels = [label.label for label in report.tuning.labels]
    texts = [text for text in HOSTILE if "\ud800" not in text]
    plain = hostile_report(report, {label: f"label {place}" for place, label in enumerate(labels)})
    shape = shape_of(plain)
    for start in range(0, len(texts), len(labels)):
        chosen = (texts[start:] + texts)[: len(labels)]
        hostile = hostile_report(report, dict(zip(labels, chosen, strict=True)))
        assert shape_of(hostile) == shape, chosen


def shape_of(report: FullReport) -> tuple[list[str], list[str]]:
    """The elements of both pages in order, without their words."""
    sections, title = report_sections(report), page_title(report)
    markdown, page = markdown_page(title, sections), html_page(title, sections, report)
    for text in (markdown, page):
        assert not {"\x1b", "\x07", "\x00", "\u202e", "\u2066", "\u200b"} & set(text)
    found = [name_of(each) for each in assert_harmless_page(page)]
    read = [token.type for token in assert_harmless_markdown(markdown)]
    return found, [kind for kind in read if kind != "text"]


def blocks_with(text: str) -> tuple[Block, ...]:
    return (
        Paragraph(text),
        Cautions((text, text)),
        Items((text, f"{text} {text}")),
        table(["label", text], [[text, "1"], ["plain", text], [f"{text}{text}", text]]),
        Code(f"first\n{text}\nlast"),
    )


def assert_every_block_holds(text: str) -> None:
    markdown = markdown_page(text, (Section(text, blocks_with(text)),))
    read = assert_harmless_markdown(markdown)
    opened = Counter(token.type for token in read)
    assert (opened["heading_open"], opened["blockquote_open"]) == (2, 1), markdown
    assert (opened["strong_open"], opened["bullet_list_open"]) == (2, 1), markdown
    assert (opened["list_item_open"], opened["fence"]) == (2, 1), markdown
    assert (opened["table_open"], opened["tr_open"]) == (1, 4), markdown
    assert (opened["th_open"], opened["td_open"]) == (2, 6), markdown
    words = ["".join(t.content for t in token.children or ()) for token in read if token.children]
    assert words[-1] == printable(text).strip(), "the last cell is shown as it is"


@pytest.mark.parametrize("text", HOSTILE)
def test_every_block_of_markdown_keeps_its_text_a_text(text: str) -> None:
    assert_every_block_holds(text)


@given(
    st.text("|\\`*_~[]()<>!#&;:-+=.\"' \n\t1aw$@/{}^", min_size=1, max_size=24).filter(str.strip)
)
def test_no_mixture_of_marks_is_markup(text: str) -> None:
    assert_every_block_holds(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_line_of_markdown_is_the_text_itself(text: str) -> None:
    (inline,) = (token for token in tokens(escaped(text)) if token.type == "inline")
    assert "".join(t.content for t in inline.children or ()) == printable(text).strip()
