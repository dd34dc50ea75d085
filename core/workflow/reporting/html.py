"""A report as one HTML page: no network, no script, plots inside, light and dark."""

import html
from collections.abc import Callable

from core.text import printable
from core.workflow.reporting.blocks import (
    Block,
    Cautions,
    Code,
    Items,
    Paragraph,
    Plot,
    Section,
    Table,
)
from core.workflow.reporting.contents import FullReport
from core.workflow.reporting.page_style import STYLE
from core.workflow.reporting.plots import curve_plot, f1_bars, reliability_plot

_HEAD = (
    '<meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta name="color-scheme" content="light dark">'
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
)


def html_page(title: str, sections: tuple[Section, ...], report: FullReport) -> str:
    """The page; what is in `sections` with the plots drawn from `report`."""
    named = [(f"s{number}", section) for number, section in enumerate(sections)]
    contents = "".join(
        f'<li><a href="#{anchor}">{escaped(section.title)}</a></li>'
        for anchor, section in named
        if section.title
    )
    badge = f'<p class="badge">{escaped(report.engine)}</p>'
    body = [f"<header>{badge}<h1>{escaped(title)}</h1></header>"]
    for number, (anchor, section) in enumerate(named):
        heading = f"<h2>{escaped(section.title)}</h2>" if section.title else ""
        blocks = "".join(_block(block, report) for block in section.blocks)
        body.append(f'<section id="{anchor}">{heading}{blocks}</section>')
        if number == 0:
            body.append(f'<nav aria-label="Contents"><ol>{contents}</ol></nav>')
    body.append(
        f"<footer>{escaped(report.engine)} · session {escaped(report.session)} · run "
        f"{escaped(report.run)} · as of {escaped(report.as_of)} · comprehend-tuner "
        f"{escaped(report.provenance.tool)}</footer>"
    )
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head>{_HEAD}<title>{escaped(title)}</title>'
        f"<style>{STYLE}</style></head>\n<body>" + "\n".join(body) + "</body></html>\n"
    )


def escaped(text: str) -> str:
    """Text of any origin as HTML text: printable, and nothing in it is markup."""
    return html.escape(printable(text))


def _block(block: Block, report: FullReport) -> str:
    match block:
        case Paragraph():
            return f"<p>{escaped(block.text)}</p>"
        case Cautions():
            items = "".join(f"<li>{escaped(text)}</li>" for text in block.texts)
            return f'<ul class="cautions">{items}</ul>' if items else ""
        case Items():
            items = "".join(f"<li>{escaped(text)}</li>" for text in block.texts)
            return f"<ul>{items}</ul>" if items else ""
        case Code():
            lines = "\n".join(escaped(line) for line in block.text.split("\n"))
            return f"<pre><code>{lines}</code></pre>"
        case Table():
            return _table(block)
        case Plot():
            return _PLOTS[block.name](block, report)


def _table(table: Table) -> str:
    def cell(tag: str, column: int, text: str) -> str:
        scope = ' scope="col"' if tag == "th" else ""
        left = ' class="left"' if table.is_left(column) else ""
        return f"<{tag}{scope}{left}>{escaped(text)}</{tag}>"

    head = "".join(cell("th", column, text) for column, text in enumerate(table.headers))
    rows = "\n".join(
        f"<tr>{''.join(cell('td', column, text) for column, text in enumerate(row))}</tr>"
        for row in table.rows
    )
    return (
        f'<div class="wide"><table><caption>{escaped(table.caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>\n{rows}</tbody></table></div>"
    )


def _f1(block: Plot, report: FullReport) -> str:
    if report.tuning is None:
        return ""
    picture = f1_bars(report.tuning)
    return f"<figure>{picture}<figcaption>{escaped(block.caption)}</figcaption></figure>"


def _curves(block: Plot, report: FullReport) -> str:
    labels = {label.label: label for label in report.tuning.labels} if report.tuning else {}
    default = report.tuning.default_threshold if report.tuning else 0.5
    figures = [
        _small(curve.label, curve_plot(curve, labels.get(curve.label), default))
        for curve in report.curves
    ]
    return _grid(block, figures)


def _reliability(block: Plot, report: FullReport) -> str:
    view = report.calibration
    if view is None:
        return ""
    drawn = {curve.label for curve in report.curves}
    figures = [
        _small(label.label, reliability_plot(label, view.part))
        for label in view.labels
        if label.label in drawn
    ]
    return _grid(block, figures)


def _small(label: str, picture: str) -> str:
    return f"<figure><figcaption>{escaped(printable(label, 60))}</figcaption>{picture}</figure>"


def _grid(block: Plot, figures: list[str]) -> str:
    if not figures:
        return ""
    joined = "\n".join(figures)
    return f'<p class="note">{escaped(block.caption)}</p><div class="plots">{joined}</div>'


_PLOTS: dict[str, Callable[[Plot, FullReport], str]] = {
    "f1": _f1,
    "curves": _curves,
    "reliability": _reliability,
}
