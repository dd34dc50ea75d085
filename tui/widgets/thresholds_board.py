"""The body of the thresholds screen: labels on the left, chart on the right, figures below."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import DataTable, Input, Static

from core.text import cell_width, plural, printable
from core.tuning.curves import Counts, Curve
from core.tuning.evaluation import FigureRange, macro_f1
from core.tuning.intervals import GRADES, Interval
from core.tuning.objectives import Choice
from core.views.curve_chart import curve_chart
from core.views.numbers import exact, figure, interval, level, span, threshold
from core.workflow.parts import RunCurves
from core.workflow.working_thresholds import KnownEvidence, WorkingThresholds
from tui.render import cell, literal, plain

# The labels with their thresholds and F1; a cell is rewritten only when it has changed.


MOST_ROWS = 500
"""More rows are counted, not shown."""
_FIGURE_WIDTHS = {"threshold": 7, "default": 6, "present": 5, "grade": 3}


@dataclass(frozen=True)
class LabelRow:
    """One label as the table shows it."""

    label: str
    threshold: str
    default: str
    """F1 at the default threshold."""
    present: str
    """F1 at the present threshold."""
    grade: str = ""
    """How far the threshold can be trusted."""


class LabelTable(DataTable[Text], inherit_bindings=False):
    """One row per label; left and right belong to the screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "cursor_up", show=False),
        Binding("down", "cursor_down", show=False),
        Binding("pageup", "page_up", show=False),
        Binding("pagedown", "page_down", show=False),
        Binding("home", "scroll_top", show=False),
        Binding("end", "scroll_bottom", show=False),
    ]

    def __init__(self, ascii_only: bool, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, cursor_type="row", cell_padding=0, zebra_stripes=False)
        self._ascii_only = ascii_only
        if ascii_only:
            self.styles.scrollbar_size_vertical = 0
        self._rows: list[LabelRow] = []
        self._layout: tuple[int, str, bool] | None = None

    @property
    def selected(self) -> str | None:
        """The highlighted label; None when no row is shown."""
        if 0 <= self.cursor_row < len(self._rows):
            return self._rows[self.cursor_row].label
        return None

    @property
    def shown_labels(self) -> tuple[str, ...]:
        """The labels of the rows, from the top."""
        return tuple(row.label for row in self._rows)

    def show(
        self, rows: Sequence[LabelRow], *, width: int, default_name: str, is_compact: bool
    ) -> None:
        """Show rows in `width` cells; the highlighted label stays highlighted.

        Args:
            rows: from the top; at most `MOST_ROWS` are shown.
            width: of the whole table, in cells.
            default_name: header of the column of F1 at the default threshold.
            is_compact: whether that column is left out.
        """
        rows = list(rows[:MOST_ROWS])
        layout = (width, default_name, is_compact)
        is_same = [row.label for row in rows] == [row.label for row in self._rows]
        if layout == self._layout and is_same:
            self._rewrite(rows)
            return
        selected = self.selected
        labels = [row.label for row in rows]
        place = labels.index(selected) if selected in labels else 0
        self._layout, self._rows = layout, rows
        self.clear(columns=True)
        self._add_columns(width, default_name, is_compact)
        for row in rows:
            self.add_row(*self._cells(row), key=row.label)
        if rows:
            self.move_cursor(row=place, animate=False)

    def _add_columns(self, width: int, default_name: str, is_compact: bool) -> None:
        figures = {"threshold": "thr", "default": default_name, "present": "F1", "grade": "gr"}
        if is_compact:
            del figures["default"]
        taken = sum(_FIGURE_WIDTHS[name] for name in figures) + 1
        self._name_width = max(width - taken, 6)
        self.add_column(cell(" label"), key="label", width=self._name_width)
        for name, header in figures.items():
            head = f"{header} " if name == "threshold" else header
            self.add_column(cell(head, justify="right"), key=name, width=_FIGURE_WIDTHS[name])

    def _cells(self, row: LabelRow) -> list[Text]:
        cells = {name: self._figure(getattr(row, name)) for name in _FIGURE_WIDTHS}
        if self._layout is not None and self._layout[2]:
            del cells["default"]
        return [self._label_cell(row.label), *cells.values()]

    def _label_cell(self, label: str) -> Text:
        room = self._name_width - 2
        name = printable(label)
        if cell_width(name) > room:
            shortened = Text(name)
            shortened.truncate(room, overflow="ellipsis")
            name = shortened.plain
        return cell(f" {plain(name, self._ascii_only)}")

    def _figure(self, figure: str) -> Text:
        return cell(plain(figure, self._ascii_only), justify="right")

    def _rewrite(self, rows: Sequence[LabelRow]) -> None:
        """Rewrite the cells that differ."""
        is_compact = self._layout is not None and self._layout[2]
        for before, after in zip(self._rows, rows, strict=True):
            for name in _FIGURE_WIDTHS:
                if is_compact and name == "default":
                    continue
                figure = getattr(after, name)
                if figure != getattr(before, name):
                    self.update_cell(after.label, name, self._figure(figure))
        self._rows = list(rows)


# The chart of one label: precision, recall and F1 against the threshold.


_AROUND_TITLE = 6
"""Cells of the border that a title on it leaves free."""


@dataclass(frozen=True)
class CurvePicture:
    """What the chart shows."""

    curve: Curve
    marker: float
    """The threshold to mark."""
    other: Curve | None = None
    """A curve whose F1 is overlaid."""
    log_axis: bool = False
    title: str = ""
    """On the border, of any origin."""
    subtitle: str = ""
    """On the lower border, of any origin."""
    remark: tuple[str, ...] = ()
    """Lines over the middle of the chart."""


class CurveView(Widget):
    """Draws a picture to its own size; drawn once per change."""

    DEFAULT_CSS = """
    CurveView { width: 1fr; height: 1fr; border: round $border; padding: 0 1; }
    CurveView.-plain { border: ascii $border; }
    """

    def __init__(self, ascii_only: bool, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes="-plain" if ascii_only else "")
        self._ascii_only = ascii_only
        self._picture: CurvePicture | None = None
        self._drawn: tuple[CurvePicture, int, int] | None = None
        self._content = Content("")

    @property
    def drawn_marker(self) -> float | None:
        """The threshold that is marked on the screen; None before anything is drawn."""
        return self._drawn[0].marker if self._drawn is not None else None

    def show(self, picture: CurvePicture) -> None:
        """Draw another picture."""
        before, self._picture = self._picture, picture
        if before is None or before.title != picture.title:
            self.border_title = self._fitting(picture.title)
        if before is None or before.subtitle != picture.subtitle:
            self.border_subtitle = self._fitting(picture.subtitle)
        if self.display:
            self.refresh()

    def on_resize(self) -> None:
        """Cut the words on the border to the new width."""
        if self._picture is not None:
            self.border_title = self._fitting(self._picture.title)
            self.border_subtitle = self._fitting(self._picture.subtitle)

    def _fitting(self, text: str) -> Content:
        room = self.size.width - _AROUND_TITLE
        shown = printable(text, room) if room > 0 else printable(text)
        return literal(plain(shown, self._ascii_only))

    def render(self) -> Content:
        """The chart, as wide and high as the widget."""
        picture, size = self._picture, self.content_size
        if picture is None or not size.area:
            return Content("")
        if self._drawn is not None:
            before, width, height = self._drawn
            if before is picture and (width, height) == tuple(size):
                return self._content
        chart = curve_chart(
            picture.curve,
            width=size.width,
            height=size.height,
            log_axis=picture.log_axis,
            marker=picture.marker,
            other=picture.other,
            remark=picture.remark,
            ascii_only=self._ascii_only,
            color=True,
        )
        self._content = Content.from_rich_text(Text.from_ansi(chart))
        self._drawn = (picture, size.width, size.height)
        return self._content


# The figures of one label at its present threshold, in words for the screen.


FEW_POSITIVES = 20
"""Below this many positives a figure is hardly more than chance."""
MEANINGS = {rule.grade: rule.meaning for rule in GRADES}
"""What a grade says, in two or three words."""


def interval_text(bounds: Interval | None) -> str:
    """An interval in brackets; nothing without one."""
    return "" if bounds is None else f"[{interval(bounds)}]"


def at_least(counts: Counts) -> str:
    """F1 for a table cell: the certain one, marked when it may be higher."""
    low, high = figure(counts.f1_low), figure(counts.f1_high)
    return low if low == high else f"≥{low}"


def macro_text(before: FigureRange, after: FigureRange) -> str:
    """Macro F1 at the default thresholds and at the present ones."""
    return f"macro-F1 {span(before.low, before.high)} → {span(after.low, after.high)}"


@dataclass(frozen=True)
class LabelFigures:
    """What is said of one label."""

    counts: Counts
    """At the present threshold, on the part that is shown."""
    where: str
    """That part, and whether the figures are optimistic."""
    is_unsaved: bool = False
    """Whether the threshold is not the session's."""
    evidence: str = ""
    """How far the threshold can be trusted, and on which part that was measured."""
    remarks: tuple[str, ...] = ()
    """What to mind, of any origin."""
    is_sound: bool = False
    """Whether these remarks are no warning."""


def figure_lines(
    shown: LabelFigures, *, ascii_only: bool, is_compact: bool = False, height: int = 5
) -> Content:
    """The threshold and its figures; the counts; how far they can be trusted; what to mind.

    Args:
        shown: what is said.
        ascii_only: nothing beyond ASCII.
        is_compact: closer together, without `where` on the second line.
        height: lines that there is room for; with three, what to mind shares the last one.
    """
    counts = shown.counts
    gap = "  " if is_compact else "   "
    first = Content(gap).join(
        [
            Content.assemble(
                "threshold ",
                (exact(counts.threshold), "bold"),
                "*" if shown.is_unsaved else "",
            ),
            _named("P" if is_compact else "precision", span(*counts.precision_range)),
            _named("R" if is_compact else "recall", span(*counts.recall_range)),
            _named("F1", span(counts.f1_low, counts.f1_high)),
        ]
    )
    total = counts.flagged + counts.fn + counts.tn
    second = "  ".join(
        [
            f"flagged {counts.flagged:,}/{total:,}",
            f"TP {counts.tp:,}",
            f"FP {counts.fp:,}",
            f"FN {counts.fn:,}",
            f"TN {counts.tn:,}",
            *([] if is_compact else [shown.where]),
        ]
    )
    last = [shown.where] if is_compact else []
    notes = printable("; ".join([*shown.remarks, *_support(counts), *last]))
    is_warning = bool(_support(counts) or (shown.remarks and not shown.is_sound))
    notes = f"! {notes}" if is_warning else notes
    said = printable(shown.evidence)
    rows = [first if not ascii_only else Content(plain(first.plain, True))]
    rows.append(Content(plain(printable(second), ascii_only)))
    tone = "$text-warning" if is_warning else ""
    if height <= 3:
        rows.append(Content(plain("  ".join(filter(None, [said, notes])), ascii_only)))
    else:
        rows += [
            Content(plain(said, ascii_only)),
            Content.assemble((plain(notes, ascii_only), tone)),
        ]
    return Content("\n").join(rows)


def _named(name: str, value: str) -> Content:
    return Content.assemble(f"{name} ", (value, "bold"))


def _support(counts: Counts) -> list[str]:
    notes = []
    if not counts.positives:
        notes.append("no positives here: nothing can be measured")
    elif counts.positives < FEW_POSITIVES:
        notes.append(f"{plural(counts.positives, 'positive')} here: read with care")
    unknown = counts.unknown
    if unknown:
        notes.append(f"{unknown:,} unknown scores may reach the threshold: ranges")
    return notes


# How far the thresholds on the screen can be trusted, in words.


_UNKNOWN = "–"
"""In place of a grade that is not known."""


def grade_text(known: KnownEvidence | None, working: WorkingThresholds, label: str) -> str:
    """The grade of a label's present threshold for a table cell."""
    if known is None or not known.is_of(label, working.values[label], working.objective_of(label)):
        return _UNKNOWN
    return known.records[label].grade


def trust_text(
    curves: RunCurves,
    working: WorkingThresholds,
    known: KnownEvidence | None,
    label: str,
    pending: str,
) -> str:
    """F1 on the measuring part with its interval, the grade, and what it decides.

    Args:
        curves: of the run.
        working: the thresholds on the screen.
        known: evidence, of these thresholds or of others.
        label: the label.
        pending: what to say while the evidence of the present threshold is not known.
    """
    at = working.values[label]
    if known is None or not known.is_of(label, at, working.objective_of(label)):
        return f"interval and grade: {pending}"
    record, bounds = known.records[label], known.f1_at(label, at)
    measured = known.evidence.measured_on
    value = ""
    if measured in curves.parts:
        counts = curves.of(measured)[label].at(at)
        value = f"{span(*counts.f1_range)} " if counts.positives else ""
    share = f" {level(known.evidence.level)}" if bounds else ""
    said = f"{measured}: F1 {value}{interval_text(bounds)}{share}".rstrip()
    return f"{said}   grade {record.grade}: {_meaning(known, working, label)}"


def _meaning(known: KnownEvidence, working: WorkingThresholds, label: str) -> str:
    meaning = MEANINGS[known.records[label].grade]
    if label in known.standing.by_hand:
        return f"{meaning}, set by hand"
    if label not in known.against:
        return "the default stays" if known.records[label].decision == "default" else meaning
    is_kept = working.values[label] == known.default
    return f"{meaning}, the default stays" if is_kept else f"{meaning}, adopted all the same"


def remarks_on(
    working: WorkingThresholds, known: KnownEvidence | None, choice: Choice
) -> tuple[str, ...]:
    """What to mind about a label: why it cannot be tuned, or what its grade rests on."""
    label, at = choice.label, working.values[choice.label]
    own = working.per_label.get(label)
    remarks = [f"tuned for {own}"] if own is not None else []
    if choice.status == "not returned":
        remarks.append(f"cannot be tuned from this output: {choice.note}")
    elif choice.status != "tuned":
        remarks.append(f"{choice.status}: {choice.note}")
    elif at == choice.threshold and choice.note:
        remarks.append(choice.note)
    if known is None or not known.is_of(label, at, working.objective_of(label)):
        return tuple(remarks)
    record = known.records[label]
    if choice.status == "tuned" and record.why != choice.note:
        remarks.append(record.why)
    if label in known.against and at == known.default:
        remarks.append(f"b takes {threshold(choice.threshold)} all the same")
    if choice.status == "tuned" and 0 < record.positives_measured < FEW_POSITIVES:
        remarks.append(f"measured on {record.positives_measured} positives: read with care")
    return tuple(remarks)


def macro_trust_text(working: WorkingThresholds, known: KnownEvidence | None, pending: str) -> str:
    """Macro-F1 on the measuring part at the present thresholds, with its interval."""
    if known is None or dict(known.values) != working.values:
        return pending
    name = known.measured_on.removeprefix("test, ")
    macro = span(known.macro.low, known.macro.high)
    return f"{name} {macro} {interval_text(known.macro_interval)}".rstrip()


_HINTS = "[ ] leap  B all  o aim  x log  p part  v run  a compare  i scores  / filter"
_NARROW, _WIDE = 76, 110
"""Widths in cells: below the first the table is compact, from the second on it is wide."""
_NO_CHART = 56
"""Below this width there is no room for the chart."""
_LOW, _MIDDLE = 13, 19
"""Below the first height there is no room for the hints, below the second for long notes."""


@dataclass(frozen=True)
class BoardView:
    """What the board shows."""

    curves: RunCurves
    working: WorkingThresholds
    part: str
    known: KnownEvidence | None = None
    """How far thresholds can be trusted, those on the screen or earlier ones."""
    proposal: str = ""
    """What label groups would help; empty when no label is in need."""
    other: Mapping[str, Curve] | None = None
    """Curves whose F1 is overlaid."""
    other_name: str = ""
    log_axis: bool = False

    @property
    def where(self) -> str:
        """The part, and whether its figures are optimistic."""
        is_tuned_here = self.part == self.working.tuned_on
        return f"{self.part}, optimistic" if is_tuned_here else self.part

    @property
    def short_where(self) -> str:
        """The same in a word."""
        return "optimistic" if self.part == self.working.tuned_on else f"on {self.part}"


class ThresholdsBoard(Vertical):
    """Shows a view; after a move only what has changed is written again."""

    DEFAULT_CSS = """
    ThresholdsBoard { height: 1fr; }
    ThresholdsBoard #panes { height: 1fr; }
    ThresholdsBoard #labels-pane { width: 42; }
    ThresholdsBoard #macro { height: 2; }
    ThresholdsBoard #groups { height: 1; padding: 0 1; color: $text-warning; display: none; }
    ThresholdsBoard #figures { height: 5; padding: 0 1; }
    ThresholdsBoard #hints { height: 1; padding: 0 1; color: $text-muted; }
    """

    def __init__(self, ascii_only: bool) -> None:
        super().__init__()
        self._ascii_only = ascii_only
        self._view: BoardView | None = None
        self._rows: dict[str, LabelRow] = {}
        self._before = FigureRange(0.0, 0.0)
        self._shown_figures = Content("")
        self._pending = ""
        self._lines = 5

    def compose(self) -> ComposeResult:
        """Table and chart side by side, figures, hints."""
        with Horizontal(id="panes"):
            with Vertical(id="labels-pane", classes="pane"):
                yield LabelTable(self._ascii_only, id="labels")
                yield Static("", id="macro")
                words = Input(placeholder="filter labels", id="filter")
                words.cursor_blink = False
                words.display = False
                yield words
            yield CurveView(self._ascii_only, id="chart")
        yield Static("", id="groups")
        yield Static("", id="figures")
        yield Static(literal(_HINTS), id="hints")

    @property
    def table(self) -> LabelTable:
        """The labels."""
        return self.query_one(LabelTable)

    @property
    def selected(self) -> str | None:
        """The highlighted label; None when the filter leaves none."""
        return self.table.selected

    def show(self, view: BoardView) -> None:
        """Show all of a view."""
        self._view = view
        shown = view.curves.of(view.part)
        self._before = macro_f1(curve.at(view.curves.default) for curve in shown.values())
        self._rows = {label: self._row(label) for label in view.curves.labels}
        groups = self.query_one("#groups", Static)
        groups.display = bool(view.proposal) and self.size.height >= _MIDDLE
        groups.update(literal(plain(view.proposal, self._ascii_only)))
        self._fill_table()
        self._show_macro()
        self.show_selected()

    def show_moved(self, labels: Collection[str], view: BoardView | None = None) -> None:
        """Show the labels whose threshold has changed, with the evidence of a newer view."""
        self._view = view or self._view
        for label in labels:
            self._rows[label] = self._row(label)
        self._fill_table()
        self._show_macro()
        self.show_selected()

    def show_pending(self, text: str) -> None:
        """Say why evidence of the thresholds on the screen is not shown; how far it has come."""
        is_new, self._pending = text != self._pending, text
        if self._view is not None and is_new:
            self._show_macro()
            self._show_figures()

    def show_selected(self) -> None:
        """Show chart and figures of the highlighted label."""
        view, label = self._view, self.selected
        if view is None:
            return
        if label is None:
            self._update_figures(literal("no label matches the filter"))
            return
        curve = view.curves.of(view.part)[label]
        overlay = view.other.get(label) if view.other is not None else None
        is_hidden = view.working.chosen(view.curves)[label].status == "not returned"
        self.query_one(CurveView).show(
            CurvePicture(
                curve=curve,
                marker=view.working.values[label],
                other=overlay,
                log_axis=view.log_axis,
                title=f"{printable(label, 40)} · {view.part}",
                subtitle=f"other: {view.other_name}" if overlay is not None else "",
                remark=("cannot be tuned", "from this output") if is_hidden else (),
            )
        )
        self._show_figures()

    def _show_figures(self) -> None:
        view, label = self._view, self.selected
        if view is None or label is None:
            return
        working, choice = view.working, view.working.chosen(view.curves)[label]
        shown = LabelFigures(
            view.curves.of(view.part)[label].at(working.values[label]),
            view.where,
            label in working.unsaved,
            trust_text(view.curves, working, view.known, label, self._pending),
            remarks_on(working, view.known, choice),
            is_sound=grade_text(view.known, working, label) == "A" and not choice.note,
        )
        is_compact = self.size.width < _NARROW
        self._update_figures(
            figure_lines(
                shown, ascii_only=self._ascii_only, is_compact=is_compact, height=self._lines
            )
        )

    def begin_filter(self) -> None:
        """Let the user type words that labels must hold."""
        words = self.query_one("#filter", Input)
        words.display = True
        words.focus()

    def end_filter(self) -> bool:
        """Show every label again; whether there was a filter."""
        words = self.query_one("#filter", Input)
        if not words.display:
            return False
        words.value = ""
        words.display = False
        self.table.focus()
        return True

    @on(Input.Changed, "#filter")
    def _filter(self) -> None:
        self._fill_table()
        self.show_selected()

    @on(Input.Submitted, "#filter")
    def _filtered(self, event: Input.Submitted) -> None:
        if not event.value:
            self.end_filter()
        self.table.focus()

    @on(LabelTable.RowHighlighted)
    def _selected(self) -> None:
        self.show_selected()

    def on_resize(self, event: events.Resize) -> None:
        """Give way to what matters most: figures, then labels, then the chart."""
        width, height = event.size
        chart = self.query_one(CurveView)
        chart.display = width >= _NO_CHART
        self.query_one("#hints").display = height >= _LOW
        self._lines = 3 if height < _LOW else 4 if height < _MIDDLE else 5
        self.query_one("#figures").styles.height = self._lines
        self.query_one("#macro").styles.height = 1 if height < _LOW else 2
        proposal = self._view.proposal if self._view is not None else ""
        self.query_one("#groups").display = bool(proposal) and height >= _MIDDLE
        pane = self.query_one("#labels-pane")
        if not chart.display:
            pane.styles.width = "1fr"
        else:
            pane.styles.width = 32 if width < _NARROW else 52 if width >= _WIDE - 4 else 42
        self.call_after_refresh(self._after_resize)

    def _after_resize(self) -> None:
        self._fill_table()
        self.show_selected()

    def _fill_table(self) -> None:
        view = self._view
        if view is None:
            return
        needles = self.query_one("#filter", Input).value.lower().split()
        rows = [
            row
            for label, row in self._rows.items()
            if all(needle in label.lower() for needle in needles)
        ]
        pane = self.query_one("#labels-pane")
        default = exact(view.curves.default)
        self.table.show(
            rows,
            width=pane.content_size.width or 38,
            default_name=f"F1@{default}",
            is_compact=self.query_one(CurveView).display and self.size.width < _NARROW,
        )
        total = len(self._rows)
        count = f"{len(rows)} of {total}" if needles else str(total)
        more = f", {len(rows) - MOST_ROWS:,} more" if len(rows) > MOST_ROWS else ""
        title = f"labels ({count}{more})"
        if pane.border_title != title:
            pane.border_title = literal(title)
        aim = f"for {view.working.objective}"
        if pane.border_subtitle != aim:
            pane.border_subtitle = literal(aim)

    def _show_macro(self) -> None:
        view = self._view
        assert view is not None
        values = view.working.values
        present = macro_f1(
            curve.at(values[label]) for label, curve in view.curves.of(view.part).items()
        )
        texts = [
            f"{macro_text(self._before, present)} {view.short_where}",
            macro_trust_text(view.working, view.known, self._pending),
        ]
        shown = literal(plain(texts[0], self._ascii_only))
        rest = literal(plain(texts[1], self._ascii_only), "dim" if not view.known else "")
        self.query_one("#macro", Static).update(Content("\n").join([shown, rest]), layout=False)

    def _row(self, label: str) -> LabelRow:
        view = self._view
        assert view is not None
        curve = view.curves.of(view.part)[label]
        at = view.working.values[label]
        mark = "*" if label in view.working.unsaved else " "
        return LabelRow(
            label=label,
            threshold=threshold(at) + mark,
            default=at_least(curve.at(view.curves.default)) if curve.positives else "–",
            present=at_least(curve.at(at)) if curve.positives else "–",
            grade=grade_text(view.known, view.working, label),
        )

    def _update_figures(self, content: Content) -> None:
        if content != self._shown_figures:
            self._shown_figures = content
            self.query_one("#figures", Static).update(content, layout=False)
