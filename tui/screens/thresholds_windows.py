"""Windows of the thresholds screen: an objective and its effect, two runs, scores, saving."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from core.errors import InvalidInput
from core.text import plural, printable
from core.tuning.calibration import CalibrationView, calibration_view
from core.tuning.objectives import MENU, MenuEntry, parse_objective
from core.views.blocks import table
from core.views.comparison import compare_text
from core.views.metrics import bins_chart, bins_table
from core.views.numbers import count, fine, span, threshold
from core.views.terminal import table_text
from core.workflow.compare import CompareReport
from core.workflow.parts import RunCurves
from core.workflow.thresholds import TuningSettings
from core.workflow.working_thresholds import ObjectiveChange, SavedThresholds, WorkingThresholds
from tui.render import lines, literal, plain
from tui.widgets.thresholds_board import at_least, interval_text
from tui.windows import TextModal

_WIDTH = 64
"""Cells of a line in a window at 80 columns."""


def change_text(change: ObjectiveChange, ascii_only: bool) -> str:
    """What an objective would change: averages, a row per label, what is special."""
    averages = [
        f"{name} {span(before.low, before.high)} → {span(after.low, after.high)}"
        for name, before, after in (
            ("macro-F1", change.macro_before, change.macro_after),
            ("micro-F1", change.micro_before, change.micro_after),
        )
    ]
    rows = [
        [
            row.label,
            threshold(row.before.threshold),
            threshold(row.after.threshold),
            at_least(row.before),
            at_least(row.after),
            count(row.before.flagged),
            count(row.after.flagged),
        ]
        for row in change.rows
    ]
    columns = ["label", "thr", "→ thr", "F1", "→ F1", "flagged", "→ flagged"]
    notes = [
        f"! {printable(row.label, 40)}: "
        + (f"{row.status}: " if row.status != "tuned" else "")
        + printable(row.note)
        for row in change.rows
        if row.note
    ]
    said = [
        "   ".join(averages),
        f"on {change.part}, where it is tuned: optimistic",
        "",
        table_text(table(columns, rows), widest=16),
        *notes,
        "Where the evidence does not bear a choice, the label then goes to the default.",
    ]
    return plain("\n".join(said), ascii_only)


def comparison_text(report: CompareReport, ascii_only: bool) -> str:
    """Every pair: averages first, then the labels, then what to mind."""
    return plain(compare_text(report, _WIDTH), ascii_only)


def calibration_of(curves: RunCurves, part: str, label: str, threshold: float) -> CalibrationView:
    """Read how the scores of one label read on one part."""
    whole = curves.parts[part]
    alone = whole.take(columns=[whole.labels.index(label)])
    return calibration_view(alone, {label: threshold})


def calibration_text(view: CalibrationView, part: str, ascii_only: bool) -> str:
    """Of one label: threshold against F*/2, ties, and the share of positives by score."""
    label = view.labels[0]
    half = threshold(label.half_best_f1)
    decimals = "7 or more" if label.decimals is None else str(label.decimals)
    texts = [
        f"threshold {threshold(label.threshold)}; calibrated ones best at F*/2 = {half}",
        f"F* is the best F1 on {part}: optimistic. ECE {fine(label.ece)}",
        f"exactly at the threshold: {plural(label.ties, 'document')},"
        f" {label.ties_positive:,} positive",
        f"near it: {label.distinct_near:,} distinct scores of 100; decimals: {decimals}",
        *([f"! {label.note}"] if label.note else []),
        *([f"! {label.unknown:,} scores were not returned: left out"] if label.unknown else []),
        "",
    ]
    if not label.bins:
        return plain("\n".join([*texts, "no score was returned"]), ascii_only)
    texts += [
        table_text(bins_table(label, view.level), width=_WIDTH),
        "",
        "share of positives by mean score:",
        bins_chart(label, _WIDTH, ascii_only),
    ]
    return plain("\n".join(texts), ascii_only)


class ObjectiveModal(ModalScreen[tuple[str, str | None] | None]):
    """A menu of objectives, for every label or for the highlighted one.

    Returns the objective's name and the label that it is for, None for every label.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,o", "close", show=False),
        Binding("space", "scope", show=False),
    ]
    DEFAULT_CSS = """
    ObjectiveModal #purpose { height: 2; color: $text-muted; }
    ObjectiveModal #value-line { height: 1; }
    ObjectiveModal #value-name { width: auto; }
    ObjectiveModal #value { width: 12; }
    ObjectiveModal #refused { color: $text-error; height: auto; }
    """

    def __init__(self, objective: str, per_label: Mapping[str, str], label: str | None) -> None:
        super().__init__()
        self._label = label
        self._is_single = label is not None and label in per_label
        self._present = parse_objective(per_label.get(label or "", objective))

    def compose(self) -> ComposeResult:
        """Title, menu, purpose, value, whom it is for, keys."""
        with Vertical(classes="window question"):
            yield Static(literal("What to tune for"), classes="window-title")
            yield OptionList(*(Option(literal(entry.title), id=entry.kind) for entry in MENU))
            yield Static("", id="purpose")
            with Horizontal(id="value-line"):
                yield Static("", id="value-name")
                value = Input(id="value")
                value.cursor_blink = False
                yield value
            yield Static("", id="scope")
            yield Static("", id="refused")
            yield Static("", id="keys", classes="window-keys")

    def on_mount(self) -> None:
        """The present objective is highlighted."""
        menu = self.query_one(OptionList)
        menu.highlighted = [entry.kind for entry in MENU].index(self._present.kind)
        menu.styles.height = len(MENU)
        menu.focus()
        self._show_scope()

    @property
    def entry(self) -> MenuEntry:
        """The highlighted entry."""
        return MENU[self.query_one(OptionList).highlighted or 0]

    @on(OptionList.OptionHighlighted)
    def _explain(self) -> None:
        entry = self.entry
        self.query_one("#purpose", Static).update(literal(entry.purpose))
        self.query_one("#value-line").display = bool(entry.value_name)
        self.query_one("#refused", Static).update("")
        if entry.value_name:
            self.query_one("#value-name", Static).update(literal(f"{entry.value_name}: "))
            is_present = entry.kind == self._present.kind and self._present.value is not None
            value = self._present.value if is_present else entry.example_value
            self.query_one("#value", Input).value = f"{value:g}"
        self._show_scope()

    def _show_scope(self) -> None:
        other = printable(self._label or "", 30)
        is_joint = self.entry.is_joint
        text = f"for {other} only" if self._is_single and not is_joint else "for every label"
        self.query_one("#scope", Static).update(literal(text))
        keys = ["enter shows the effect", "esc cancels"]
        if self._label is not None and not is_joint:
            keys.insert(1, "space every label or one")
        self.query_one("#keys", Static).update(literal("   ".join(keys)))

    def action_scope(self) -> None:
        """Change between every label and the highlighted one."""
        if self._label is not None and not self.entry.is_joint:
            self._is_single = not self._is_single
            self._show_scope()

    @on(OptionList.OptionSelected)
    def _choose(self) -> None:
        value = self.query_one("#value", Input)
        if self.entry.value_name:
            value.focus()
        else:
            self._end(self.entry.kind)

    @on(Input.Submitted, "#value")
    def _submit(self, event: Input.Submitted) -> None:
        self._end(f"{self.entry.kind}:{event.value.strip()}")

    def _end(self, text: str) -> None:
        try:
            name = parse_objective(text).name
        except InvalidInput as error:
            self.query_one("#refused", Static).update(literal(error.message))
            return
        is_single = self._is_single and not self.entry.is_joint
        self.dismiss((name, self._label if is_single else None))

    def action_close(self) -> None:
        """Leave the value, or change nothing."""
        menu = self.query_one(OptionList)
        if self.focused is menu:
            self.dismiss(None)
        else:
            menu.focus()


class ChangeModal(TextModal):
    """What an objective would do; enter takes it, esc leaves everything as it is."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "take", show=False)]

    def __init__(
        self,
        change: ObjectiveChange,
        ascii_only: bool,
        take: Callable[[ObjectiveChange | None], None],
    ) -> None:
        whom = "every label" if change.label is None else printable(change.label, 40)
        super().__init__(
            f"{change.name} for {whom}",
            change_text(change, ascii_only),
            "enter takes it   esc leaves all as it is   c copy",
            keeps_keys=True,
        )
        self._change = change
        self._told = take

    def action_take(self) -> None:
        """Take the objective."""
        self.dismiss(None)
        self._told(self._change)

    def action_close(self) -> None:
        """Change nothing."""
        self.dismiss(None)
        self._told(None)


# What saving would write, where to, and what it has written.


_NAMED = 3
"""Labels that are named."""


def save_facts(
    curves: RunCurves, working: WorkingThresholds, settings: TuningSettings
) -> list[str]:
    """What saving would write."""
    earlier = () if settings.forget_by_hand else working.saved_by_hand
    by_hand = len({*settings.aim.by_hand, *earlier})
    own = len(settings.aim.per_label)
    facts = [
        f"{plural(len(curves.labels), 'label')} of run {curves.run}, {by_hand} set by hand,",
        f"the others tuned for {settings.aim.objective} on {working.tuned_on}"
        + (f", {own} for another objective." if own else "."),
    ]
    if settings.aim.adopt:
        names = ", ".join(printable(label, 30) for label in settings.aim.adopt[:_NAMED])
        facts.append(f"Adopted against the evidence: {names}")
    return facts


def saved_text(saved: SavedThresholds, ascii_only: bool) -> str:
    """Where the file is, how good it is, and the lines of Python that use it."""
    report = saved.report
    before, after = (
        span(summary.macro_f1_low, summary.macro_f1_high)
        for summary in (report.default, report.tuned)
    )
    optimistic = " (optimistic: tuned there)" if report.is_optimistic else ""
    interval = interval_text(report.macro_f1_interval)
    measured = (
        f"macro-F1 {before} → {after} {interval}, measured on {report.measured_on}{optimistic}"
    )
    looks = f"thresholds were measured on the test part {report.test_looks} time(s)"
    texts = [str(saved.path), "", plain(measured, ascii_only), looks, "", saved.usage]
    return "\n".join(texts)


class SaveModal(ModalScreen[Path | None]):
    """Asks for the file to write; says when there is one already."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", show=False)]

    def __init__(self, facts: list[str], proposed: str, directory: Path) -> None:
        super().__init__()
        self._facts = facts
        self._proposed = proposed
        self._directory = directory

    def compose(self) -> ComposeResult:
        """What would be saved, and where."""
        with Vertical(classes="window question"):
            yield Static(literal("Save thresholds"), classes="window-title")
            yield Static(lines(self._facts))
            path = Input(value=self._proposed, id="path")
            path.cursor_blink = False
            yield path
            yield Static("", id="path-note")
            yield Static(literal("enter save   esc cancel"), classes="window-keys")

    def on_mount(self) -> None:
        """The path can be typed over."""
        self.query_one("#path", Input).focus()

    @on(Input.Changed, "#path")
    def _look(self, event: Input.Changed) -> None:
        path = self._path_of(event.value)
        note = f"in {printable(str(path.parent))}"
        if path.is_dir():
            note = "that is a folder"
        elif path.exists():
            note = "replaces the file that is there"
        elif not path.parent.is_dir():
            note = "there is no such folder"
        self.query_one("#path-note", Static).update(literal(note))

    @on(Input.Submitted, "#path")
    def _save(self, event: Input.Submitted) -> None:
        path = self._path_of(event.value)
        if event.value.strip() and path.parent.is_dir() and not path.is_dir():
            self.dismiss(path)

    def _path_of(self, typed: str) -> Path:
        return self._directory / Path(typed.strip()).expanduser()

    def action_close(self) -> None:
        """Write nothing."""
        self.dismiss(None)
