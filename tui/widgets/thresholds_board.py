"""The body of the thresholds screen: labels on the left, chart on the right, figures below."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from core.cli.tables import figure
from core.text import printable
from core.tuning.curves import Curve
from core.workflow.actions.run_curves import Macro, RunCurves, macro_f1
from core.workflow.actions.working_thresholds import KnownEvidence, WorkingThresholds
from tui.render import literal, plain
from tui.widgets.curve_view import CurvePicture, CurveView
from tui.widgets.figures import (
    LabelFigures,
    at_least,
    figure_lines,
    macro_text,
    threshold_text,
)
from tui.widgets.label_table import MOST_ROWS, LabelRow, LabelTable
from tui.widgets.trust import grade_text, macro_trust_text, remarks_on, trust_text

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
        self._before = Macro(0.0, 0.0)
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
        shown = view.curves.parts[view.part]
        self._before = macro_f1(shown, dict.fromkeys(shown, view.curves.default))
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
        curve = view.curves.parts[view.part][label]
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
            view.curves.parts[view.part][label].at(working.values[label]),
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
        default = figure(view.curves.default, 1) if view.curves.default else "0"
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
        present = macro_f1(view.curves.parts[view.part], view.working.values)
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
        curve = view.curves.parts[view.part][label]
        at = view.working.values[label]
        mark = "*" if label in view.working.unsaved else " "
        return LabelRow(
            label=label,
            threshold=threshold_text(at) + mark,
            default=at_least(curve.at(view.curves.default)) if curve.positives else "–",
            present=at_least(curve.at(at)) if curve.positives else "–",
            grade=grade_text(view.known, view.working, label),
        )

    def _update_figures(self, content: Content) -> None:
        if content != self._shown_figures:
            self._shown_figures = content
            self.query_one("#figures", Static).update(content, layout=False)
