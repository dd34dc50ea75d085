"""The plan of an experiment on the screen: every label before and after, and every arm."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from tui.render import cell, glyph, lines, plain
from tui.widgets.key_table import KeyTable

_MOST_ROWS = 500
_LEAST_WITH_ARMS = 70
"""Cells below which the arms are named in the text alone."""
_LEAST_WITH_CAUTIONS = 17
"""Rows below which what to mind is left to the window of the whole plan."""
_MOST_CAUTIONS = 2
_TARGETED = ("target", "now", "after", "change")
_SWEPT = ("now", "after", "copies")


@dataclass(frozen=True)
class LabelCounts:
    """One label of the training part, before and after."""

    label: str
    before: int
    after: int | None
    """None when it is not known."""
    distinct: int | None = None
    """Of `after`, without copies."""
    target: int | None = None
    """Positives wanted of a single training file; None without a target."""
    is_chosen: bool = False
    """Whether the arms raise it."""


@dataclass(frozen=True)
class ArmCells:
    """One arm in the list of planned arms."""

    name: str
    documents: str
    price: str
    is_there: bool
    """Whether it is trained already."""


@dataclass(frozen=True)
class PlanView:
    """What the pane shows."""

    lead: tuple[str, ...]
    labels: tuple[LabelCounts, ...]
    is_single: bool
    """Whether a single training file is planned, not an experiment."""
    arms: tuple[ArmCells, ...] = ()
    place: int = 0
    """Of the highlighted arm."""
    price_title: str = "price"
    texts: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    """What to mind, where there is room."""
    ending: str = ""
    """The keys that go on."""


class ArmsPlan(Vertical):
    """Labels on the left, arms on the right, what comes of it below."""

    DEFAULT_CSS = """
    ArmsPlan { height: 1fr; }
    ArmsPlan #oversample-lead { height: auto; }
    ArmsPlan #oversample-tables { height: 1fr; }
    ArmsPlan #oversample-labels { width: 1fr; }
    ArmsPlan #oversample-arms { width: 33; margin-left: 1; }
    ArmsPlan #oversample-summary { height: auto; max-height: 8; }
    ArmsPlan #oversample-ending { height: auto; max-height: 2; }
    """

    def __init__(self, ascii_only: bool) -> None:
        super().__init__(id="arms-plan")
        self._ascii_only = ascii_only
        self._view: PlanView | None = None
        self._listed: tuple[ArmCells, ...] = ()
        self._heads: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        """What it does, labels and arms, what comes of it."""
        yield Static("", id="oversample-lead", markup=False)
        with Horizontal(id="oversample-tables"):
            yield KeyTable("oversample-labels")
            arms = KeyTable("oversample-arms")
            arms.can_focus = False
            arms.cell_padding = 0
            yield arms
        yield Static("", id="oversample-summary", markup=False)
        yield Static("", id="oversample-ending", markup=False)

    @property
    def table(self) -> KeyTable:
        """The labels."""
        return self.query_one("#oversample-labels", KeyTable)

    @property
    def highlighted(self) -> str | None:
        """The highlighted label."""
        labels = self._view.labels if self._view is not None else ()
        row = self.table.cursor_row
        return labels[row].label if 0 <= row < min(len(labels), _MOST_ROWS) else None

    def show(self, view: PlanView) -> None:
        """Show a plan; both highlights stay."""
        self._view = view
        self.query_one("#oversample-lead", Static).update(self._lines(view.lead))
        room = _MOST_CAUTIONS if self.size.height >= _LEAST_WITH_CAUTIONS else 0
        texts = [*view.texts, *view.cautions[:room]]
        self.query_one("#oversample-summary", Static).update(self._lines(texts))
        ending = self.query_one("#oversample-ending", Static)
        ending.update(self._lines([view.ending]))
        ending.display = bool(view.ending)
        arms = self.query_one("#oversample-arms", KeyTable)
        arms.display = bool(view.arms) and self.size.width >= _LEAST_WITH_ARMS
        self._show_labels(view)
        self._show_arms(view, arms)

    def on_resize(self, event: events.Resize) -> None:
        """Fit both tables anew."""
        if self._view is not None:
            self.show(self._view)

    def on_key_table_width_changed(self, event: KeyTable.WidthChanged) -> None:
        """The same, when only a table's width has changed."""
        event.stop()
        if self._view is not None:
            self._show_labels(self._view)

    def _lines(self, texts: Sequence[str]) -> Content:
        return lines([plain(text, self._ascii_only) for text in texts])

    def _show_labels(self, view: PlanView) -> None:
        table, heads = self.table, _TARGETED if view.is_single else _SWEPT
        row, top = table.cursor_row, table.scroll_offset.y
        table.cell_padding = 1 if view.is_single else 0
        width = 8 if view.is_single else 7
        taken = (width + 2 * table.cell_padding) * len(heads)
        room = (table.size.width or 78) - taken - 2 * table.cell_padding - 1
        table.clear(columns=True)
        table.add_column(cell("label"), width=min(max(room, 8), 40))
        for title in heads:
            table.add_column(cell(title, justify="right"), width=width)
        for counts in view.labels[:_MOST_ROWS]:
            table.add_cells(self._cells(counts, view.is_single), self._ascii_only)
        more = len(view.labels) - _MOST_ROWS
        if more > 0:
            table.add_row(cell(f"{more:,} more"), *[cell("")] * len(heads))
        table.move_cursor(row=min(row, len(view.labels) - 1), animate=False, scroll=False)
        table.scroll_to(y=top, animate=False)

    def _cells(self, counts: LabelCounts, is_single: bool) -> list[Text]:
        marked = counts.target is not None if is_single else counts.is_chosen
        style = "bold" if marked else ""
        sign = "" if is_single else "[x] " if counts.is_chosen else "[ ] "
        before, after = counts.before, counts.after
        shown = "?" if after is None else f"{after:,}"
        cells = [cell(f"{sign}{counts.label}", style)]
        if is_single:
            target = "" if counts.target is None else f"{counts.target:,}"
            change = "?" if after is None else f"{after - before:+,}" if after != before else "="
            texts = [(target, style), (f"{before:,}", ""), (shown, style), (change, "")]
        else:
            distinct = counts.distinct
            copies = after - distinct if after is not None and distinct is not None else 0
            texts = [(f"{before:,}", ""), (shown, style), (f"{copies:,}" if copies else "", "")]
        return [*cells, *(cell(text, tone, "right") for text, tone in texts)]

    def _show_arms(self, view: PlanView, table: KeyTable) -> None:
        heads = ("arm", "documents", view.price_title)
        if (view.arms, heads) != (self._listed, self._heads):
            self._listed, self._heads = view.arms, heads
            table.clear(columns=True)
            for title, width in zip(heads, (13, 10, 9), strict=True):
                side = "left" if title == "arm" else "right"
                table.add_column(cell(title, justify=side), width=width)
            for arm in view.arms[:_MOST_ROWS]:
                sign = glyph("done", self._ascii_only) if arm.is_there else " "
                table.add_cells(
                    [
                        cell(f"{sign} {arm.name}"),
                        cell(arm.documents, justify="right"),
                        cell(plain(arm.price, self._ascii_only), justify="right"),
                    ],
                    self._ascii_only,
                )
        if view.arms:
            table.move_cursor(row=view.place, animate=False)


def counts_of(
    before: Mapping[str, int],
    after: Mapping[str, int],
    distinct: Mapping[str, int],
    chosen: Sequence[str],
) -> tuple[LabelCounts, ...]:
    """Every label in the order of `before`, with what an arm makes of it."""
    picked = set(chosen)
    return tuple(
        LabelCounts(label, count, after.get(label), distinct.get(label), is_chosen=label in picked)
        for label, count in before.items()
    )
