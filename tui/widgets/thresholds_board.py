"""The body of the thresholds screen: labels on the left, chart on the right, figures below."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from core.text import plural, printable
from core.tuning.curves import Counts, Curve
from core.tuning.evaluation import FigureRange, macro_f1
from core.tuning.intervals import GRADES, Interval, LabelEvidence
from core.tuning.objectives import Choice
from core.views.curve_chart import curve_chart
from core.views.numbers import NONE, exact, figure, interval, level, span, threshold
from core.workflow.parts import RunCurves
from core.workflow.working_thresholds import KnownEvidence, WorkingThresholds
from tui.render import cell, literal, plain
from tui.widgets.tables import MOST_ROWS, KeyTable

# The labels with their thresholds and F1; a cell is rewritten only when it has changed.


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


class LabelTable(KeyTable):
    """One row per label; left and right belong to the screen."""

    def __init__(self, ascii_only: bool, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id)
        self.cell_padding = 0
        self._ascii_only = ascii_only
        self._shown: dict[str, LabelRow] = {}
        self._layout: tuple[int, str, bool] | None = None

    @property
    def selected(self) -> str | None:
        """The highlighted label; None when no row is shown."""
        labels = list(self._shown)
        return labels[self.cursor_row] if 0 <= self.cursor_row < len(labels) else None

    @property
    def shown_rows(self) -> tuple[LabelRow, ...]:
        """The rows, from the top."""
        return tuple(self._shown.values())

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
        rows = rows[:MOST_ROWS]
        labels = [row.label for row in rows]
        layout = (width, default_name, is_compact)
        if layout == self._layout and labels == list(self._shown):
            for row in rows:
                self.rewrite(row)
            return
        selected = self.selected
        self._layout, self._shown = layout, {row.label: row for row in rows}
        self.clear(columns=True)
        self._add_columns(width, default_name, is_compact)
        for row in rows:
            self.add_row(*self._cells(row), key=row.label)
        if rows:
            place = labels.index(selected) if selected in labels else 0
            self.move_cursor(row=place, animate=False)

    def rewrite(self, row: LabelRow) -> None:
        """Rewrite the cells of one label that differ; a label that is not shown stays so."""
        before = self._shown.get(row.label)
        if before is None:
            return
        self._shown[row.label] = row
        is_compact = self._layout is not None and self._layout[2]
        for name in _FIGURE_WIDTHS:
            text = getattr(row, name)
            if text != getattr(before, name) and not (is_compact and name == "default"):
                self.update_cell(row.label, name, self._figure(text))

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
        name = Text(printable(row.label))
        name.truncate(self._name_width - 2, overflow="ellipsis")
        return [cell(f" {plain(name.plain, self._ascii_only)}"), *cells.values()]

    def _figure(self, text: str) -> Text:
        return cell(plain(text, self._ascii_only), justify="right")


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


# What the board shows, and what it says of one label at its present threshold.


_FEW_POSITIVES = 20
"""Below this many positives a figure is hardly more than chance."""
_MEANINGS = {rule.grade: rule.meaning for rule in GRADES}


def interval_text(bounds: Interval | None) -> str:
    """An interval in brackets; nothing without one."""
    return "" if bounds is None else f"[{interval(bounds)}]"


def at_least(counts: Counts) -> str:
    """F1 for a table cell: the certain one, marked when it may be higher."""
    low, high = figure(counts.f1_low), figure(counts.f1_high)
    return low if low == high else f"≥{low}"


@dataclass(frozen=True)
class BoardView:
    """What the board shows."""

    curves: RunCurves
    working: WorkingThresholds
    part: str
    known: KnownEvidence | None = None
    """How far thresholds can be trusted, those on the screen or earlier ones."""
    is_known: bool = False
    """Whether it is of exactly those on the screen."""
    proposal: str = ""
    """What label groups would help; empty when no label is in need."""
    other: Mapping[str, Curve] | None = None
    """Curves whose F1 is overlaid."""
    other_name: str = ""
    log_axis: bool = False

    def record(self, label: str) -> LabelEvidence | None:
        """The evidence of a label's present threshold; None when it is not known."""
        known, working = self.known, self.working
        if known is None:
            return None
        is_of = known.is_of(label, working.values[label], working.aim.of(label))
        return known.records[label] if is_of else None


def figure_lines(
    view: BoardView, label: str, pending: str, *, ascii_only: bool, is_compact: bool, height: int
) -> Content:
    """The threshold and its figures; the counts; how far they can be trusted; what to mind.

    Args:
        view: what the board shows.
        label: the label.
        pending: what to say while the evidence of its present threshold is not known.
        ascii_only: nothing beyond ASCII.
        is_compact: closer together, with the part on the last line.
        height: lines that there is room for; with three, what to mind shares the last one.
    """
    working, record = view.working, view.record(label)
    choice = working.chosen(view.curves)[label]
    counts = view.curves.of(view.part)[label].at(working.values[label])
    figures = (
        ("threshold", exact(counts.threshold), "*" if label in working.unsaved else ""),
        ("P" if is_compact else "precision", span(*counts.precision_range), ""),
        ("R" if is_compact else "recall", span(*counts.recall_range), ""),
        ("F1", span(*counts.f1_range), ""),
    )
    first = Content("  " if is_compact else "   ").join(
        Content.assemble(f"{name} ", (text, "bold"), mark) for name, text, mark in figures
    )
    where = f"{view.part}, optimistic" if view.part == working.tuned_on else view.part
    second = [f"flagged {counts.flagged:,}/{counts.flagged + counts.fn + counts.tn:,}"]
    second += [f"{name} {getattr(counts, name.lower()):,}" for name in ("TP", "FP", "FN", "TN")]
    support, remarks = _support(counts), remarks_on(view, choice, record)
    is_sound = record is not None and record.grade == "A" and not choice.note
    is_warning = bool(support or (remarks and not is_sound))
    notes = printable("; ".join([*remarks, *support, *([where] if is_compact else [])]))
    notes = f"! {notes}" if is_warning else notes
    said = printable(trust_text(view, label, record, pending))
    texts = ["  ".join(second if is_compact else [*second, where]), said, notes]
    if height <= 3:
        texts[1:] = ["  ".join(filter(None, texts[1:]))]
    rows = [Content(plain(printable(text), ascii_only)) for text in texts]
    if is_warning and height > 3:
        rows[-1] = rows[-1].stylize("$text-warning")
    return Content("\n").join([Content(plain(first.plain, True)) if ascii_only else first, *rows])


def _support(counts: Counts) -> list[str]:
    notes = []
    if not counts.positives:
        notes.append("no positives here: nothing can be measured")
    elif counts.positives < _FEW_POSITIVES:
        notes.append(f"{plural(counts.positives, 'positive')} here: read with care")
    if counts.unknown:
        notes.append(f"{counts.unknown:,} unknown scores may reach the threshold: ranges")
    return notes


def trust_text(view: BoardView, label: str, record: LabelEvidence | None, pending: str) -> str:
    """F1 on the measuring part with its interval, the grade, and what it decides."""
    known, at = view.known, view.working.values[label]
    if known is None or record is None:
        return f"interval and grade: {pending}"
    measured, bounds = known.evidence.measured_on, known.f1_at(label, at)
    value = ""
    if measured in view.curves.parts:
        counts = view.curves.of(measured)[label].at(at)
        value = f"{span(*counts.f1_range)} " if counts.positives else ""
    share = f" {level(known.evidence.level)}" if bounds else ""
    meaning = _MEANINGS[record.grade]
    if label in known.aim.by_hand:
        meaning = f"{meaning}, set by hand"
    elif label in known.against:
        is_default = at == known.default
        meaning = f"{meaning}, {'the default stays' if is_default else 'adopted all the same'}"
    elif record.decision == "default":
        meaning = "the default stays"
    said = f"{measured}: F1 {value}{interval_text(bounds)}{share}".rstrip()
    return f"{said}   grade {record.grade}: {meaning}"


def remarks_on(view: BoardView, choice: Choice, record: LabelEvidence | None) -> list[str]:
    """What to mind about a label: why it cannot be tuned, or what its grade rests on."""
    label, known = choice.label, view.known
    at, own = view.working.values[label], view.working.aim.per_label.get(label)
    remarks = [f"tuned for {own}"] if own is not None else []
    if choice.status == "not returned":
        remarks.append(f"cannot be tuned from this output: {choice.note}")
    elif choice.status != "tuned":
        remarks.append(f"{choice.status}: {choice.note}")
    elif at == choice.threshold and choice.note:
        remarks.append(choice.note)
    if known is None or record is None:
        return remarks
    if choice.status == "tuned" and record.why != choice.note:
        remarks.append(record.why)
    if label in known.against and at == known.default:
        remarks.append(f"b takes {threshold(choice.threshold)} all the same")
    if choice.status == "tuned" and 0 < record.positives_measured < _FEW_POSITIVES:
        remarks.append(f"measured on {record.positives_measured} positives: read with care")
    return remarks


def macro_trust_text(view: BoardView, pending: str) -> str:
    """Macro-F1 on the measuring part at the present thresholds, with its interval."""
    known = view.known
    if known is None or dict(known.values) != view.working.values:
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
        self._pending = ""
        self._lines = 5
        self.table = LabelTable(ascii_only, "labels")
        """The labels."""
        self._chart = CurveView(ascii_only, id="chart")
        self._macro, self._groups, self._figures = (
            Static("", id=name) for name in ("macro", "groups", "figures")
        )
        self._shown_figures = Content("")

    def compose(self) -> ComposeResult:
        """Table and chart side by side, figures, hints."""
        with Horizontal(id="panes"):
            with Vertical(id="labels-pane", classes="pane"):
                yield self.table
                yield self._macro
                words = Input(placeholder="filter labels", id="filter")
                words.cursor_blink = False
                words.display = False
                yield words
            yield self._chart
        yield self._groups
        yield self._figures
        yield Static(literal(_HINTS), id="hints")

    def show(self, view: BoardView) -> None:
        """Show all of a view."""
        self._view = view
        shown = view.curves.of(view.part)
        self._before = macro_f1(curve.at(view.curves.default) for curve in shown.values())
        self._rows = {label: self._row(view, label) for label in view.curves.labels}
        self._groups.display = bool(view.proposal) and self.size.height >= _MIDDLE
        self._groups.update(literal(plain(view.proposal, self._ascii_only)))
        self._fill_table()
        self._show_macro(view)
        self.show_selected()

    def show_moved(self, label: str, view: BoardView, pending: str = "") -> None:
        """Show a view that differs in the threshold of one label and in its evidence.

        Args:
            label: the one whose threshold was moved.
            view: what is shown now.
            pending: as of `show_pending`.
        """
        self._view, self._pending = view, pending
        self._rows[label] = self._row(view, label)
        self.table.rewrite(self._rows[label])
        self._show_macro(view)
        self.show_selected()

    def show_pending(self, text: str) -> None:
        """Say why evidence of the thresholds on the screen is not shown; how far it has come."""
        is_new, self._pending = text != self._pending, text
        if self._view is not None and is_new:
            self._show_macro(self._view)
            if (label := self.table.selected) is not None:
                self._show_figures(self._view, label)

    def show_selected(self) -> None:
        """Show chart and figures of the highlighted label."""
        view, label = self._view, self.table.selected
        if view is None:
            return
        if label is None:
            self._shown_figures = literal("no label matches the filter")
            self._figures.update(self._shown_figures, layout=False)
            return
        overlay = view.other.get(label) if view.other is not None else None
        is_hidden = view.working.chosen(view.curves)[label].status == "not returned"
        self._chart.show(
            CurvePicture(
                curve=view.curves.of(view.part)[label],
                marker=view.working.values[label],
                other=overlay,
                log_axis=view.log_axis,
                title=f"{printable(label, 40)} · {view.part}",
                subtitle=f"other: {view.other_name}" if overlay is not None else "",
                remark=("cannot be tuned", "from this output") if is_hidden else (),
            )
        )
        self._show_figures(view, label)

    def _show_figures(self, view: BoardView, label: str) -> None:
        shown = figure_lines(
            view,
            label,
            self._pending,
            ascii_only=self._ascii_only,
            is_compact=self.size.width < _NARROW,
            height=self._lines,
        )
        if shown != self._shown_figures:
            self._shown_figures = shown
            self._figures.update(shown, layout=False)

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
        self._chart.display = width >= _NO_CHART
        self.query_one("#hints").display = height >= _LOW
        self._lines = 3 if height < _LOW else 4 if height < _MIDDLE else 5
        self._figures.styles.height = self._lines
        self._macro.styles.height = 1 if height < _LOW else 2
        proposal = self._view.proposal if self._view is not None else ""
        self._groups.display = bool(proposal) and height >= _MIDDLE
        pane = self.query_one("#labels-pane")
        if not self._chart.display:
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
            is_compact=self._chart.display and self.size.width < _NARROW,
        )
        total = len(self._rows)
        count = f"{len(rows)} of {total}" if needles else str(total)
        more = f", {len(rows) - MOST_ROWS:,} more" if len(rows) > MOST_ROWS else ""
        title = f"labels ({count}{more})"
        if pane.border_title != title:
            pane.border_title = literal(title)
        aim = f"for {view.working.aim.objective}"
        if pane.border_subtitle != aim:
            pane.border_subtitle = literal(aim)

    def _show_macro(self, view: BoardView) -> None:
        before, values = self._before, view.working.values
        now = macro_f1(curve.at(values[name]) for name, curve in view.curves.of(view.part).items())
        where = "optimistic" if view.part == view.working.tuned_on else f"on {view.part}"
        text = f"macro-F1 {span(before.low, before.high)} → {span(now.low, now.high)} {where}"
        trust = macro_trust_text(view, self._pending)
        shown = literal(plain(text, self._ascii_only))
        rest = literal(plain(trust, self._ascii_only), "dim" if not view.known else "")
        self._macro.update(Content("\n").join([shown, rest]), layout=False)

    def _row(self, view: BoardView, label: str) -> LabelRow:
        curve, at = view.curves.of(view.part)[label], view.working.values[label]
        record = view.record(label)
        return LabelRow(
            label=label,
            threshold=threshold(at) + ("*" if label in view.working.unsaved else " "),
            default=at_least(curve.at(view.curves.default)) if curve.positives else NONE,
            present=at_least(curve.at(at)) if curve.positives else NONE,
            grade=record.grade if record is not None else NONE,
        )
