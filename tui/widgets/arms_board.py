"""An experiment on the screen: arms, charts, and what is said of the highlighted arm."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import DataTable, Static

from core.text import plural
from core.workflow.experiments import ArmStatus, ExperimentReport
from tui.render import lines, plain
from tui.widgets.arms_chart import ArmsChart, ArmsPicture
from tui.widgets.arms_lines import (
    AVERAGES,
    ArmGroup,
    arm_line,
    average_precision_points,
    groups_of,
    row_of,
    tuned_f1_points,
)
from tui.widgets.arms_table import ArmsTable
from tui.widgets.facts import Line
from tui.widgets.key_table import KeyTable, ReadingPane

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
    name: str
    """The label, or the average, whose figures are shown."""
    hint: str


class ArmsBoard(Vertical):
    """Arms above, charts in the middle, words below."""

    DEFAULT_CSS = """
    ArmsBoard { height: 1fr; }
    ArmsBoard #arms-head { height: auto; max-height: 2; text-style: bold; }
    ArmsBoard #arms-words { height: auto; max-height: 2; }
    ArmsBoard #arms-hint { height: 1; color: $text-muted; }
    ArmsBoard.-low #arms-words { max-height: 4; height: 1fr; }
    """

    class Highlighted(Message):
        """Another arm is highlighted."""

    def __init__(self, ascii_only: bool) -> None:
        super().__init__(id="arms-board")
        self._ascii_only = ascii_only
        self._view: ArmsView | None = None
        self._groups: tuple[ArmGroup, ...] = ()

    def compose(self) -> ComposeResult:
        """Head, arms, charts, words, keys."""
        yield Line(self._ascii_only, widget_id="arms-head")
        yield ArmsTable(self._ascii_only, "arms-table")
        yield ArmsChart(self._ascii_only)
        with ReadingPane(id="arms-words", can_focus=False):
            yield Static("", id="arms-said", markup=False)
        yield Line(self._ascii_only, widget_id="arms-hint")

    @property
    def table(self) -> ArmsTable:
        """The arms."""
        return self.query_one(ArmsTable)

    @property
    def group(self) -> ArmGroup | None:
        """The highlighted arm."""
        row = self.table.cursor_row
        return self._groups[row] if 0 <= row < len(self._groups) else None

    def show(self, view: ArmsView) -> None:
        """Show an experiment as it stands now."""
        self._view, self._groups = view, groups_of(view.statuses)
        self.query_one("#arms-head", Line).show(view.head)
        shown = [arm_line(group, view.report, view.name) for group in self._groups]
        self.table.show(shown, "documents" if view.name in AVERAGES else "positives")
        self._fit_words()
        self._show_highlighted()

    def on_resize(self, event: events.Resize) -> None:
        """Leave the chart out of a low window, and bound table and words in a high one."""
        is_low = event.size.height < _LEAST_WITH_CHART
        self.set_class(is_low, "-low")
        self.query_one(ArmsChart).display = not is_low
        room = event.size.height - (5 if is_low else _AROUND_TABLE)
        self.table.styles.max_height = max(room, 3)
        self._fit_words()

    def _fit_words(self) -> None:
        """Give the words what table and chart leave, two rows at least."""
        if not self.has_class("-low"):
            left = self.size.height - len(self._groups) - _LEAST_CHART - 3
            words = self.query_one("#arms-words")
            words.styles.max_height = min(max(left, _LEAST_WORDS), _MOST_WORDS)

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
        axis = "documents" if view.name in AVERAGES else "positives"
        picture = ArmsPicture(
            average_precision_points(self._groups, view.report, view.name),
            tuned_f1_points(self._groups, view.report, view.name),
            axis,
            group.name,
            "not known" if view.report is not None else "not measured yet",
        )
        self.query_one(ArmsChart).show(picture)
        said = arm_words(group, view.report)
        shown = [plain(text, self._ascii_only) for text in said]
        self.query_one("#arms-said", Static).update(lines(shown))
        self.query_one("#arms-words", ReadingPane).scroll_home(animate=False)
        self.call_after_refresh(self._show_hint)

    def _show_hint(self) -> None:
        """The keys; first, how to read on when the words above do not fit."""
        words = self.query("#arms-words")
        for hint in self.query("#arms-hint").results(Line):
            is_cut = bool(words) and words.first().max_scroll_y > 0
            more = "… enter reads on · " if is_cut else ""
            hint.show(f"{more}{self._view.hint if self._view is not None else ''}")


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
