"""The pieces that a report is put together from, the same for Markdown and HTML.

Text in them is plain: whoever writes a page makes it printable and escapes it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.text import cell_width, printable


@dataclass(frozen=True)
class Paragraph:
    """Sentences."""

    text: str


@dataclass(frozen=True)
class Cautions:
    """Sentences that must be seen."""

    texts: tuple[str, ...]


@dataclass(frozen=True)
class Items:
    """A list."""

    texts: tuple[str, ...]


@dataclass(frozen=True)
class Code:
    """Lines to copy."""

    text: str


@dataclass(frozen=True)
class TableColumn:
    """One column of a table."""

    title: str
    short: str = ""
    """The title where room is scarce, as in a terminal; the same when empty."""
    is_left: bool = False
    """Whether cells are left-aligned, as words are; the first column always is."""


@dataclass(frozen=True)
class Table:
    """Cells of text under columns, worded once and rendered for every medium."""

    columns: tuple[TableColumn, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    """What the figures are, with the parts that they belong to; for pages."""

    def is_left(self, column: int) -> bool:
        """Whether a column is left-aligned."""
        return column == 0 or self.columns[column].is_left

    def pick(self, *titles: str) -> "Table":
        """The same table with these columns alone, in this order.

        Raises:
            KeyError: there is no such column.
        """
        places = {column.title: place for place, column in enumerate(self.columns)}
        picked = [places[title] for title in titles]
        return Table(
            tuple(self.columns[place] for place in picked),
            tuple(tuple(row[place] for place in picked) for row in self.rows),
            self.caption,
        )

    def without(self, *titles: str) -> "Table":
        """The same table without these columns."""
        return self.pick(*(each.title for each in self.columns if each.title not in titles))


@dataclass(frozen=True)
class Plot:
    """A place for a plot, which only pages with pictures fill."""

    name: str
    """``f1``, ``curves`` or ``reliability``."""
    caption: str


Block = Paragraph | Cautions | Items | Code | Table | Plot


@dataclass(frozen=True)
class Section:
    """A heading with what stands under it."""

    title: str
    blocks: tuple[Block, ...]


def table(
    columns: Sequence[TableColumn | str],
    rows: Iterable[Sequence[str]],
    *,
    left: Sequence[str] = (),
    caption: str = "",
) -> Table:
    """A table from any sequences.

    Args:
        columns: columns, or titles of columns.
        rows: cells of any origin.
        left: titles of columns that are left-aligned beside the first.
        caption: for pages.

    Raises:
        ValueError: a row has more or fewer cells than there are columns.
    """
    typed = tuple(
        column if isinstance(column, TableColumn) else TableColumn(column, is_left=column in left)
        for column in columns
    )
    cells = tuple(tuple(row) for row in rows)
    for row in cells:
        if len(row) != len(typed):
            raise ValueError(f"{len(row)} cells under {len(typed)} columns")
    return Table(typed, cells, caption)


def name(label: str) -> str:
    """A label or another name of outside origin for a cell."""
    return printable(label, 60)


# A report as Markdown that reads well unrendered; text of outside origin stays literal.


_SPECIAL = re.compile(r"[\\`*\[\]|~$]")
_EDGE_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_BLOCK_START = re.compile(r"^(#{1,6}(?=\s|$)|[-+](?=\s|$)|[-=][-=\s]*$|\d{1,9}(?=[.)](?:\s|$)))")
_LINK = re.compile(
    r"(?i)(https?|ftp|mailto|xmpp)(?=:)|www(?=\.)|(?<=[\w.+-])(?=@\w)|(?<!:)/(?=/\w)"
)


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
            fence = max(["``", *re.findall("`+", block.text)], key=len) + "`"
            return [fence, *map(printable, block.text.split("\n")), fence, ""]
        case Table():
            return [*table_markdown(block), ""]
        case Plot():
            return []


def _with_titles(table: Table) -> list[Sequence[str]]:
    return [[column.title for column in table.columns], *table.rows]


def table_markdown(table: Table) -> list[str]:
    """A table as lines that read well unrendered too, its caption above it."""
    cells = [[escaped(cell) for cell in row] for row in _with_titles(table)]
    columns = range(len(table.columns))
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
    head = [
        *([escaped(table.caption), ""] if table.caption else []),
        line(cells[0]),
        f"| {' | '.join(rule)} |",
    ]
    return [*head, *map(line, cells[1:])]
