"""A report as Markdown that reads well unrendered; text of outside origin stays literal."""

import re

from core.text import cell_width, printable
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

_SPECIAL = re.compile(r"[\\`*\[\]|~$]")
_EDGE_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_BLOCK_START = re.compile(r"^(#{1,6}(?=\s|$)|[-+](?=\s|$)|[-=]+$|\d{1,9}(?=[.)](?:\s|$)))")
_LINK = re.compile(r"(?i)(https?|ftp|mailto|xmpp)(?=:)|www(?=\.)")


def markdown_page(title: str, sections: tuple[Section, ...]) -> str:
    """The report in GitHub's flavour of Markdown."""
    lines = [f"# {escaped(title)}", ""]
    for section in sections:
        if section.title:
            lines += [f"## {escaped(section.title)}", ""]
        for block in section.blocks:
            lines += _block(block)
    return "\n".join(lines).rstrip("\n") + "\n"


def escaped(text: str) -> str:
    """Text that Markdown shows as it is: no markup, no HTML, no link, one line."""
    text = printable(text).strip()
    text = _SPECIAL.sub(lambda found: "\\" + found.group(), text)
    text = _EDGE_UNDERSCORE.sub(r"\\_", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = _LINK.sub(lambda found: found.group() + "\\", text)
    return _BLOCK_START.sub(_defused, text)


def _defused(found: re.Match[str]) -> str:
    mark = found.group()
    return f"{mark}\\" if mark.isdigit() else f"\\{mark}"


def _block(block: Block) -> list[str]:
    match block:
        case Paragraph():
            return [escaped(block.text), ""]
        case Cautions():
            lines = [f"> **!** {escaped(text)}" for text in block.texts]
            return ["\n>\n".join(lines), ""] if lines else []
        case Items():
            return [*(f"- {escaped(text)}" for text in block.texts), ""] if block.texts else []
        case Code():
            return ["```", *map(printable, block.text.split("\n")), "```", ""]
        case Table():
            return [*_table(block), ""]
        case Plot():
            return []


def _table(table: Table) -> list[str]:
    cells = [[escaped(cell) for cell in row] for row in (table.headers, *table.rows)]
    columns = range(len(table.headers))
    widths = [max(3, *(cell_width(row[column]) for row in cells)) for column in columns]

    def line(row: list[str]) -> str:
        padded = []
        for column, cell in enumerate(row):
            gap = " " * (widths[column] - cell_width(cell))
            padded.append(cell + gap if table.is_left(column) else gap + cell)
        return f"| {' | '.join(padded)} |"

    rule = [
        "-" * widths[column] if table.is_left(column) else "-" * (widths[column] - 1) + ":"
        for column in columns
    ]
    head = [escaped(table.caption), "", line(cells[0]), f"| {' | '.join(rule)} |"]
    return [*head, *map(line, cells[1:])]
