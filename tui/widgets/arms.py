"""An experiment on the screen: arms, charts, and what is said of the highlighted arm."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.coordinate import Coordinate
from textual.widget import Widget
from textual.widgets import DataTable, Input, Static

from core.text import cell_width, plural, printable
from core.views.arms_chart import ArmPoint, arms_chart, arms_legend
from core.views.comparison import verdict_text
from core.views.experiment import AVERAGES, effect_text
from core.views.numbers import figure, ranged, usd
from core.workflow.experiments.plan import ArmPreview, ArmStatus, ExperimentReport, Stage
from core.workflow.state import ArmState, ExperimentState
from tui.render import cell, glyph, lines, literal, plain
from tui.widgets.facts import Line
from tui.widgets.tables import MOST_ROWS, KeyTable, ReadingPane

if TYPE_CHECKING:
    from core.tuning.arm_effects import ArmFigures, ArmRow, Effect


# Average precision and tuned F1 of the arms, side by side.


_LEAST_PAIR = 64
"""Cells that two charts need beside each other; one takes the place of both in less."""
_GAP = 2


@dataclass(frozen=True)
class ArmsPicture:
    """What the charts show."""

    average_precision: tuple[ArmPoint, ...]
    tuned_f1: tuple[ArmPoint, ...]
    axis: str
    """What the axis counts."""
    marked: str = ""
    """The highlighted arm."""
    remark: str = "not measured yet"
    """What stands in a chart without any value."""


class ArmsChart(Widget):
    """Draws a picture to its own size; drawn once per change."""

    DEFAULT_CSS = "ArmsChart { height: 1fr; min-height: 8; }"

    def __init__(self, ascii_only: bool, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._ascii_only = ascii_only
        self._picture: ArmsPicture | None = None
        self._drawn: tuple[ArmsPicture, int, int] | None = None
        self._content = Content("")

    def show(self, picture: ArmsPicture) -> None:
        """Draw another picture."""
        if picture != self._picture:
            self._picture = picture
            self.refresh()

    def render(self) -> Content:
        """The charts, as wide and high as the widget, over what their marks mean."""
        picture, size = self._picture, self.content_size
        if picture is None or not size.area:
            return Content("")
        now = (picture, size.width, size.height)
        if self._drawn != now:
            self._content = self._draw(picture, size.width, size.height)
            self._drawn = now
        return self._content

    def _draw(self, picture: ArmsPicture, width: int, height: int) -> Content:
        legend = arms_legend((point.kind for point in picture.tuned_f1), self._ascii_only)
        bars = any(point.low is not None for point in picture.tuned_f1)
        bar = "|" if self._ascii_only else "│"
        words = f"{legend}  {bar} difference from base" if bars else legend
        words = f"{words}  x: {picture.axis}"
        foot = Content(plain(words[:width], self._ascii_only)).stylize("$text-muted")
        charts = [("average precision", picture.average_precision), ("tuned F1", picture.tuned_f1)]
        if width >= _LEAST_PAIR:
            room = (width - _GAP) // 2
            drawn = [self._chart(*chart, picture, room, height - 1) for chart in charts]
            pairs = zip(*(chart.split("\n") for chart in drawn), strict=True)
            text = "\n".join((" " * _GAP).join(pair) for pair in pairs)
        else:
            text = self._chart(*charts[0], picture, width, height - 1)
        return Content("\n").join([Content.from_rich_text(Text.from_ansi(text)), foot])

    def _chart(
        self,
        title: str,
        points: tuple[ArmPoint, ...],
        picture: ArmsPicture,
        width: int,
        height: int,
    ) -> str:
        return arms_chart(
            points,
            width=width,
            height=height,
            title=title,
            marked=picture.marked,
            remark=picture.remark,
            ascii_only=self._ascii_only,
            color=True,
        )


# A line to type arms or a target in, under what it asks for.


class ArmsInput(Vertical):
    """Hidden until something is asked."""

    DEFAULT_CSS = """
    ArmsInput { height: auto; display: none; }
    ArmsInput.-open { display: block; }
    ArmsInput > Static { height: auto; max-height: 2; color: $text-accent; }
    """

    def __init__(self, ascii_only: bool) -> None:
        super().__init__(id="arms-input")
        self._ascii_only = ascii_only
        self.asked = ""
        """What is typed: ``arms``, ``target``; empty while nothing is."""

    def compose(self) -> ComposeResult:
        """The question, the input."""
        yield Static("", markup=False)
        typed = Input(id="oversample-input")
        typed.cursor_blink = False
        yield typed

    def open(self, asked: str, question: str, value: str) -> None:
        """Ask, with a value to begin with."""
        self.asked = asked
        self.query_one(Static).update(literal(plain(question, self._ascii_only)))
        typed = self.query_one(Input)
        typed.value = value
        self.add_class("-open")
        typed.focus()

    def close(self) -> bool:
        """Ask no longer; whether anything was asked."""
        was_open = bool(self.asked)
        self.asked = ""
        self.remove_class("-open")
        return was_open


# The arms of an experiment as lines of a table and points of a chart.


_ORDER: tuple[Stage, ...] = ("failed", "training", "scoring", "planned", "skipped", "done")
"""Of several replicates, the stage that comes first here is the arm's."""
FINAL: frozenset[Stage] = frozenset({"done", "failed", "skipped"})


@dataclass(frozen=True)
class ArmGroup:
    """An arm with all its replicates."""

    name: str
    statuses: tuple[ArmStatus, ...]

    @property
    def arm(self) -> ArmState:
        """Its first replicate."""
        return self.statuses[0].arm

    @property
    def stage(self) -> Stage:
        """Where the arm stands: at its worst or slowest replicate."""
        stages = {status.stage for status in self.statuses}
        return next(stage for stage in _ORDER if stage in stages)

    @property
    def words(self) -> str:
        """The stage, with how many replicates are done when there are several."""
        done = sum(status.stage == "done" for status in self.statuses)
        if len(self.statuses) == 1 or done == len(self.statuses):
            return self.stage
        return f"{self.stage} {done}/{len(self.statuses)}"

    @property
    def details(self) -> tuple[str, ...]:
        """What is said of replicates that are not done."""
        return tuple(
            f"{status.arm.run}: {status.detail}"
            for status in self.statuses
            if status.stage != "done" and status.detail
        )

    @property
    def adoptable(self) -> ArmState | None:
        """The first replicate with scores; None without any."""
        return next((status.arm for status in self.statuses if status.stage == "done"), None)


@dataclass(frozen=True)
class ArmLine:
    """One arm as the table shows it."""

    name: str
    stage: Stage
    positives: str
    """Distinct documents and copies, or documents."""
    figures: tuple[str, str, str, str]
    """Average precision, F1 at the default threshold, tuned F1, and the difference of tuned F1
    from the base with its interval."""
    outcome: str
    """The verdict in two words, or the stage."""


def groups_of(statuses: Sequence[ArmStatus]) -> tuple[ArmGroup, ...]:
    """The arms in the experiment's order, replicates together."""
    names = dict.fromkeys(status.arm.plan.group for status in statuses)
    return tuple(
        ArmGroup(name, tuple(each for each in statuses if each.arm.plan.group == name))
        for name in names
    )


def shown_names(experiment: ExperimentState) -> tuple[str, ...]:
    """What the figures can be shown of: the raised labels, then the averages."""
    return (*experiment.request.labels, *AVERAGES)


def row_of(report: ExperimentReport | None, group: str) -> "ArmRow | None":
    """The compared figures of an arm; None when it was not compared."""
    if report is None:
        return None
    rows = (report.comparison.base, *report.comparison.arms)
    return next((row for row in rows if row.arm == group), None)


def figures_named(row: "ArmRow | None", name: str) -> "ArmFigures | None":
    """The figures of a label or an average."""
    if row is None:
        return None
    if name in AVERAGES:
        return row.macro if name == "macro" else row.micro
    return next((figures for figures in row.labels if figures.name == name), None)


def arm_line(group: ArmGroup, report: ExperimentReport | None, name: str) -> ArmLine:
    """One arm with the figures of a label or an average."""
    row = row_of(report, group.name)
    figures = figures_named(row, name)
    outcome = group.words
    if row is not None and group.stage in FINAL and group.stage != "failed":
        outcome = verdict_text(row.outcome)
    shown = ("", "", "", "")
    if figures is not None:
        shown = (
            figure(figures.average_precision),
            ranged(figures.f1_default, figures.f1_default_range),
            ranged(figures.f1_tuned, figures.f1_tuned_range),
            effect_text(figures.f1_tuned_effect) if figures.f1_tuned_effect else "",
        )
    return ArmLine(group.name, group.stage, counted_text(group.arm, name), shown, outcome)


def counted_text(arm: ArmState, name: str) -> str:
    """Distinct positives and copies of a label; documents for an average."""
    if name in AVERAGES:
        return f"{arm.documents:,}"
    distinct, total = arm.distinct.get(name, 0), arm.after.get(name, 0)
    copies = total - distinct
    return f"{distinct:,}+{copies:,}" if copies else f"{distinct:,}"


ArmMeasure = Literal["average_precision", "f1_tuned"]
_MEASURES: tuple[ArmMeasure, ArmMeasure] = ("average_precision", "f1_tuned")


def arm_point(
    group: ArmGroup,
    report: ExperimentReport | None,
    name: str,
    measure: ArmMeasure,
) -> ArmPoint:
    """An arm in the chart; its bar is the interval of the difference, laid on the base."""
    figures = figures_named(row_of(report, group.name), name)
    base = figures_named(report.comparison.base if report is not None else None, name)
    value = low = high = None
    if figures is not None and base is not None:
        value, level = getattr(figures, measure), getattr(base, measure)
        effect: Effect | None = getattr(figures, f"{measure}_effect")
        if effect is not None and level is not None:
            low, high = level + effect.interval.low, level + effect.interval.high
    arm = group.arm
    place = float(arm.documents if name in AVERAGES else arm.after.get(name, 0))
    return ArmPoint(group.name, arm.plan.kind, place, value, low, high)


# The plan of an experiment on the screen: every label before and after, and every arm.


_LEAST_WITH_ARMS = 70
"""Cells below which the arms are named in the text alone."""
_LEAST_WITH_CAUTIONS = 17
"""Rows below which what to mind is left to the window of the whole plan."""
_MOST_CAUTIONS = 2
_TARGETED = ("target", "now", "after", "change")
_SWEPT = ("now", "after", "copies")


@dataclass(frozen=True)
class PlannedLabel:
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
class PlanView:
    """What the pane shows."""

    lead: tuple[str, ...]
    labels: tuple[PlannedLabel, ...]
    is_single: bool
    """Whether a single training file is planned, not an experiment."""
    arms: tuple[ArmPreview, ...] = ()
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
        self.table = KeyTable("oversample-labels")
        """The labels."""
        self._arms = KeyTable("oversample-arms")
        self._arms.can_focus = False
        self._arms.cell_padding = 0
        self._lead, self._summary, self._ending = (
            Static("", id=f"oversample-{name}", markup=False)
            for name in ("lead", "summary", "ending")
        )

    def compose(self) -> ComposeResult:
        """What it does, labels and arms, what comes of it."""
        yield self._lead
        with Horizontal(id="oversample-tables"):
            yield self.table
            yield self._arms
        yield self._summary
        yield self._ending

    @property
    def highlighted(self) -> str | None:
        """The highlighted label."""
        labels = self._view.labels if self._view is not None else ()
        row = self.table.cursor_row
        return labels[row].label if 0 <= row < min(len(labels), MOST_ROWS) else None

    def show(self, view: PlanView) -> None:
        """Show a plan; both highlights stay."""
        before, self._view = self._view, view
        room = _MOST_CAUTIONS if self.size.height >= _LEAST_WITH_CAUTIONS else 0
        for pane, texts in (
            (self._lead, view.lead),
            (self._summary, (*view.texts, *view.cautions[:room])),
            (self._ending, (view.ending,)),
        ):
            pane.update(lines([plain(text, self._ascii_only) for text in texts]))
        self._ending.display = bool(view.ending)
        self._arms.display = bool(view.arms) and self.size.width >= _LEAST_WITH_ARMS
        self._show_labels(view)
        if before is None or (view.arms, view.price_title) != (before.arms, before.price_title):
            self._list_arms(view)
        if view.arms:
            self._arms.move_cursor(row=view.place, animate=False)

    def on_resize(self, event: events.Resize) -> None:
        """Fit both tables anew."""
        if self._view is not None:
            self.show(self._view)

    def on_key_table_width_changed(self, event: KeyTable.WidthChanged) -> None:
        """The same, when only a table's width has changed."""
        event.stop()
        if self._view is not None:
            self._show_labels(self._view)

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
        for counts in view.labels[:MOST_ROWS]:
            table.add_cells(self._cells(counts, view.is_single), self._ascii_only)
        more = len(view.labels) - MOST_ROWS
        if more > 0:
            table.add_row(cell(f"{more:,} more"), *[cell("")] * len(heads))
        table.move_cursor(row=min(row, len(view.labels) - 1), animate=False, scroll=False)
        table.scroll_to(y=top, animate=False)

    def _cells(self, counts: PlannedLabel, is_single: bool) -> list[Text]:
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

    def _list_arms(self, view: PlanView) -> None:
        table = self._arms
        table.clear(columns=True)
        for title, width in (("arm", 13), ("documents", 10), (view.price_title, 9)):
            side = "left" if title == "arm" else "right"
            table.add_column(cell(title, justify=side), width=width)
        for arm in view.arms[:MOST_ROWS]:
            sign = glyph("done", self._ascii_only) if arm.is_there else " "
            high_usd = arm.training.high_usd + arm.scoring.high_usd
            price = usd(high_usd) if high_usd else plain("–", self._ascii_only)
            cells = [
                cell(f"{sign} {arm.plan.id}"),
                cell(f"{arm.documents:,}", justify="right"),
                cell(price, justify="right"),
            ]
            table.add_cells(cells, self._ascii_only)


# The arms of an experiment: where each stands, and its figures.


_SIGNS = {
    "planned": "blocked",
    "training": "running",
    "scoring": "running",
    "done": "done",
    "failed": "error",
    "skipped": "info",
}
_LONGEST_NAME = 16
_FIGURES = ("AP", "F1@.5", "F1", "F1 – base")


class ArmsTable(KeyTable):
    """One row per arm; a row is rewritten only when it has changed."""

    def __init__(self, ascii_only: bool, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id)
        self.cell_padding = 0
        self.styles.height = "auto"
        self._ascii_only = ascii_only
        self._lines: tuple[ArmLine, ...] = ()
        self._counted = ""
        self._laid_out: tuple[object, ...] = ()

    @property
    def selected(self) -> str | None:
        """The highlighted arm; None when there is none."""
        if 0 <= self.cursor_row < len(self._lines):
            return self._lines[self.cursor_row].name
        return None

    def show(self, lines: Sequence[ArmLine], counted: str) -> None:
        """Show arms; the highlighted one stays highlighted.

        Args:
            lines: from the top.
            counted: what the column of positives counts.
        """
        shown = tuple(lines[:MOST_ROWS])
        widths = self._widths(shown)
        layout = (counted, widths, tuple(line.name for line in shown))
        if layout != self._laid_out:
            self._show_anew(shown, counted, widths)
        else:
            for row, (before, after) in enumerate(zip(self._lines, shown, strict=True)):
                if before != after:
                    self._rewrite(row, self._cells(before, widths), self._cells(after, widths))
        self._laid_out, self._lines = layout, shown

    def _widths(self, lines: Sequence[ArmLine]) -> tuple[int, ...]:
        """Of every column; figures give way on the right where the room is short."""
        names = [cell_width(printable(line.name)) for line in lines]
        counts = [cell_width(line.positives) for line in lines]
        name = min(max([*names, 3]), _LONGEST_NAME) + 1
        positives = max([*counts, 9]) + 1
        outcome = max([cell_width(line.outcome) for line in lines] + [7]) + _GAP
        room = (self.size.width or 78) - 2 - name - positives - outcome
        figures = []
        for at, head in enumerate(_FIGURES):
            texts = [head, *(line.figures[at] for line in lines)]
            width = max(map(cell_width, texts)) + (1 if at else _GAP)
            figures.append(width if room >= width else 0)
            room -= width
        return (2, name, positives, *figures, outcome)

    def _show_anew(self, lines: Sequence[ArmLine], counted: str, widths: tuple[int, ...]) -> None:
        selected = self.selected
        self.clear(columns=True)
        heads = ["", "arm", counted, *_FIGURES, "  verdict"]
        for at, (head, width) in enumerate(zip(heads, widths, strict=True)):
            is_number = 2 <= at < len(widths) - 1
            if width:
                text = plain(head, self._ascii_only)
                self.add_column(cell(text, justify="right" if is_number else "left"), width=width)
        for line in lines:
            self.add_cells(self._cells(line, widths), self._ascii_only)
        names = [line.name for line in lines]
        if selected in names:
            self.move_cursor(row=names.index(selected), animate=False)

    def _cells(self, line: ArmLine, widths: tuple[int, ...]) -> list[Text]:
        sign = glyph(_SIGNS[line.stage], self._ascii_only)
        style = "bold" if line.outcome in ("better", "worse") else ""
        cells = [
            cell(sign),
            cell(self._text(line.name)),
            cell(line.positives, justify="right"),
            *(cell(self._text(text), justify="right") for text in line.figures),
            cell(f"  {self._text(line.outcome)}", style),
        ]
        return [text for text, width in zip(cells, widths, strict=True) if width]

    def _text(self, text: str) -> str:
        return plain(text, self._ascii_only)

    def _rewrite(self, row: int, before: list[Text], after: list[Text]) -> None:
        for column, (old, new) in enumerate(zip(before, after, strict=True)):
            if old != new:
                self.update_cell_at(Coordinate(row, column), new)


_LEAST_WITH_CHART = 17
"""Rows of the board below which the chart gives way."""
_LEAST_CHART = 10
"""Rows of the chart before the words get more than they need."""
_LEAST_WORDS, _MOST_WORDS = 2, 8
_AROUND_TABLE = 12
"""Rows that chart, words and lines keep beside the table."""


@dataclass(frozen=True)
class ArmsView:
    """What the board shows."""

    head: str
    statuses: tuple[ArmStatus, ...]
    report: ExperimentReport | None
    names: tuple[str, ...]
    """The labels and averages whose figures can be shown."""
    experiments: int
    """How many the session has."""


class ArmsBoard(Vertical):
    """Arms above, charts in the middle, words below."""

    DEFAULT_CSS = """
    ArmsBoard { height: 1fr; }
    ArmsBoard #arms-head { height: auto; max-height: 2; text-style: bold; }
    ArmsBoard #arms-words { height: auto; max-height: 2; }
    ArmsBoard #arms-hint { height: 1; color: $text-muted; }
    ArmsBoard.-low #arms-words { max-height: 4; height: 1fr; }
    """

    def __init__(self, ascii_only: bool) -> None:
        super().__init__(id="arms-board")
        self._ascii_only = ascii_only
        self._view: ArmsView | None = None
        self._groups: tuple[ArmGroup, ...] = ()
        self._figures_of = ""
        """The label, or the average, whose figures are shown."""
        self.table = ArmsTable(ascii_only, "arms-table")
        """The arms."""
        self._chart = ArmsChart(ascii_only)
        self._words = ReadingPane(id="arms-words", can_focus=False)
        self._hint = Line(ascii_only, widget_id="arms-hint")

    def compose(self) -> ComposeResult:
        """Head, arms, charts, words, keys."""
        yield Line(self._ascii_only, widget_id="arms-head")
        yield self.table
        yield self._chart
        with self._words:
            yield Static("", id="arms-said", markup=False)
        yield self._hint

    @property
    def group(self) -> ArmGroup | None:
        """The highlighted arm."""
        row = self.table.cursor_row
        return self._groups[row] if 0 <= row < len(self._groups) else None

    def show(self, view: ArmsView) -> None:
        """Show an experiment as it stands now."""
        self._view, self._groups = view, groups_of(view.statuses)
        if self._figures_of not in view.names:
            self._figures_of = view.names[0]
        self.query_one("#arms-head", Line).show(view.head)
        shown = [arm_line(group, view.report, self._figures_of) for group in self._groups]
        self.table.show(shown, self._axis)
        self._fit_words()
        self._show_highlighted()

    def turn(self, steps: int) -> None:
        """Show the figures of another label or average."""
        if self._view is not None:
            names = self._view.names
            self._figures_of = names[(names.index(self._figures_of) + steps) % len(names)]
            self.show(self._view)

    @property
    def _axis(self) -> str:
        return "documents" if self._figures_of in AVERAGES else "positives"

    def on_resize(self, event: events.Resize) -> None:
        """Leave the chart out of a low window, and bound table and words in a high one."""
        is_low = event.size.height < _LEAST_WITH_CHART
        self.set_class(is_low, "-low")
        self._chart.display = not is_low
        room = event.size.height - (5 if is_low else _AROUND_TABLE)
        self.table.styles.max_height = max(room, 3)
        self._fit_words()

    def _fit_words(self) -> None:
        """Give the words what table and chart leave, two rows at least."""
        if not self.has_class("-low"):
            left = self.size.height - len(self._groups) - _LEAST_CHART - 3
            self._words.styles.max_height = min(max(left, _LEAST_WORDS), _MOST_WORDS)

    def on_key_table_width_changed(self, event: KeyTable.WidthChanged) -> None:
        """Fit the columns anew."""
        if self._view is not None:
            event.stop()
            self.show(self._view)

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Point at another arm, and say what is known of it."""
        event.stop()
        self._show_highlighted()

    def _show_highlighted(self) -> None:
        view, group = self._view, self.group
        if view is None or group is None:
            return
        precision, tuned = (
            tuple(arm_point(each, view.report, self._figures_of, measure) for each in self._groups)
            for measure in _MEASURES
        )
        remark = "not known" if view.report is not None else "not measured yet"
        picture = ArmsPicture(precision, tuned, self._axis, group.name, remark)
        self._chart.show(picture)
        said = arm_words(group, view.report)
        shown = [plain(text, self._ascii_only) for text in said]
        self.query_one("#arms-said", Static).update(lines(shown))
        self._words.scroll_home(animate=False)
        self.call_after_refresh(self._show_hint)

    def _show_hint(self) -> None:
        """The keys; first, how to read on when the words above do not fit."""
        view = self._view
        if view is None:
            return
        more = "… enter reads on · " if self._words.max_scroll_y > 0 else ""
        name = self._figures_of
        whose = f"{name} average" if name in AVERAGES else name
        place = f"({view.names.index(name) + 1} of {len(view.names)})"
        others = f" · [ ] {view.experiments} experiments" if view.experiments > 1 else ""
        self._hint.show(f"{more}←→ {printable(whose, 30)} {place} · v versions{others}")


def arm_words(group: ArmGroup, report: ExperimentReport | None) -> Sequence[str]:
    """Verdict of an arm, why it has none, and the advice of the whole experiment."""
    row = row_of(report, group.name)
    said = [f"{group.name}: {row.verdict}"] if row is not None else []
    said += [f"{group.stage}: {detail}" for detail in group.details]
    if report is not None:
        missing = report.missing.get(group.name)
        if missing and row is None and not group.details:
            said.append(f"{group.name} is not compared: {missing}")
        said += report.comparison.advice
    runs = plural(len(group.statuses), "training")
    return said or [f"{group.name}: {runs}, {group.words}"]
