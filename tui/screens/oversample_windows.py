"""Windows of the oversample screen: options, the figures of an arm, the history of runs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import DataTable, Input, Static

from core.errors import InvalidInput
from core.text import plural, printable
from core.views.experiment import labels_table
from core.views.numbers import fine, level, ranged
from core.views.terminal import table_text
from core.workflow.experiments.plan import ExperimentReport, Version
from core.workflow.state import ExperimentState, SessionState
from tui.render import cell, glyph, literal, plain
from tui.screens.oversample_plan import ArmsDraft, names_text, read_options
from tui.widgets.arms import ArmGroup, row_of
from tui.widgets.facts import Fact, Facts
from tui.widgets.forms import Field, FieldInput
from tui.widgets.tables import KeyTable

if TYPE_CHECKING:
    from core.tuning.arm_effects import ArmRow


_PURPOSES = {
    "replicates": "trainings of each arm with other seeds: how much chance alone does",
    "repeat from": "further arms that repeat so many distinct ones: repeat, or label more?",
    "stop after": "so many arms in a row without gain; empty trains every arm",
    "seed": "same seed, same documents",
    "groups": "single: one classifier; rare, complete: further ones that return every score;"
    " empty: as the base",
}


class OptionsModal(ModalScreen[ArmsDraft | None]):
    """Five fields; enter takes them all, esc none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", show=False),
        Binding("down", "focus_next", show=False, priority=True),
        Binding("up", "focus_previous", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    OptionsModal Field > .field-name { width: 13; }
    OptionsModal #purpose { height: 2; color: $text-muted; }
    OptionsModal #refused { height: auto; color: $text-error; }
    """

    def __init__(self, draft: ArmsDraft) -> None:
        super().__init__()
        self._draft = draft

    def compose(self) -> ComposeResult:
        """Title, fields, what the focused one is for, keys."""
        with Vertical(classes="window question"):
            yield Static(literal("Options of the experiment"), classes="window-title")
            for name in _PURPOSES:
                yield Field(name, FieldInput(_id(name)))
            yield Static("", id="purpose")
            yield Static("", id="refused")
            yield Static(literal("enter take   tab next   esc cancel"), classes="window-keys")

    def on_mount(self) -> None:
        """The present options; the first field has the focus."""
        draft = self._draft
        values = (draft.replicates, draft.repeat_from, draft.patience, draft.seed, draft.groups)
        for name, value in zip(_PURPOSES, values, strict=True):
            self.query_one(f"#{_id(name)}", FieldInput).value = "" if value is None else str(value)
        self.query_one(FieldInput).focus()

    def on_descendant_focus(self) -> None:
        """Say what the focused field is for."""
        for name, purpose in _PURPOSES.items():
            if self.query_one(f"#{_id(name)}", FieldInput).has_focus:
                self.query_one("#purpose", Static).update(literal(purpose))

    @on(Input.Submitted)
    def _take(self) -> None:
        typed = {name: self.query_one(f"#{_id(name)}", FieldInput).value for name in _PURPOSES}
        try:
            self.dismiss(read_options(self._draft, typed))
        except InvalidInput as error:
            self.query_one("#refused", Static).update(literal(f"{error.message} {error.hint}"))

    def action_close(self) -> None:
        """Change nothing."""
        self.dismiss(None)


def _id(name: str) -> str:
    return f"option-{name.replace(' ', '-')}"


# What the oversample screen says of an experiment.


def head_text(
    experiment: ExperimentState, report: ExperimentReport | None, state: SessionState
) -> str:
    """Experiment, labels and where its figures are from."""
    whole_set = bool(experiment.request.growths)
    pieces = [f"{experiment.id}: {names_text(experiment.request.labels, whole_set)}"]
    if state.split is None or experiment.split != state.split.id:
        pieces.append(f"of an earlier split ({experiment.split})")
    if report is not None:
        pieces.append(f"tuned on {report.tuned_on}, measured on {report.measured_on}")
        pieces.append(plural(report.test_looks, "look"))
    else:
        pieces.append("not compared yet")
    adopted = [arm.plan.id for arm in experiment.arms if arm.run == state.adopted]
    pieces += [f"adopted: {adopted[0]}"] if adopted else []
    return " · ".join(pieces)


def adopt_facts(
    group: ArmGroup, run: str, report: ExperimentReport | None, state: SessionState
) -> list[Fact]:
    """What adopting an arm changes."""
    row = row_of(report, group.name)
    now = state.run.name if state.run is not None else "none"
    is_same = run == now
    change = f"the session is about run {run}, no longer about run {now}"
    facts: list[Fact] = [
        ("arm", f"{group.name}, trained as run {run}"),
        ("verdict", row.verdict if row is not None else "it was not compared"),
        ("changes", f"the session stays about run {run}" if is_same else change),
        (
            "",
            "its own thresholds are tuned and become the session's: Thresholds (6), Review (7),"
            " Endpoint (E) and reports follow; the next run (4) is trained as this one was",
        ),
        (
            "stays",
            f"{'' if is_same else f'run {now} with its thresholds, '}every arm and all files;"
            " nothing is trained, deleted or charged",
        ),
    ]
    if row is not None and row.outcome not in ("better", "base"):
        facts.append(("mind", f"this arm is not shown to be better than the base: {row.outcome}"))
    return facts


# Windows of the oversample screen: all figures of an arm, and the history of versions.


_NAME = 14
_WIDTH, _WIDEST = 64, 30
"""Cells of a line in a window at 80 columns, and characters of a cell."""
_NOISY = {"average_precision": "average precision", "f1_tuned": "tuned F1"}
_AROUND = 13
"""Rows of the window of versions beside its table."""


def figures_text(group: ArmGroup, report: ExperimentReport | None, ascii_only: bool) -> str:
    """Everything that is known of an arm, in lines that a window wraps."""
    texts = [f"{status.arm.run}: {status.stage}, {status.detail}" for status in group.statuses]
    row = row_of(report, group.name)
    if report is not None:
        missing = report.missing.get(group.name)
        texts += [f"! not compared: {missing}"] if missing and row is None else []
    if report is not None and row is not None:
        advice = [f"· {line}" for line in report.comparison.advice]
        texts += ["", row.verdict, *advice, "", *_tables(row), "", *_grounds(report)]
    return plain("\n".join(texts), ascii_only)


def _tables(row: "ArmRow") -> list[str]:
    """The arm's own figures, then its differences from the base."""
    whole = labels_table(row)
    own = ("AP", "F1 at default", "F1", "precision", "recall", "threshold")
    shown = [whole.pick("label", "trained on", "positives", *own)]
    if row.macro.f1_tuned_effect is not None:
        shown += [
            whole.pick("label", "AP change", "F1 change", "F1 verdict"),
            whole.pick("label", "precision change", "recall change"),
            whole.pick("label", "F1 at default change"),
        ]
    texts = [table_text(each, widest=_WIDEST, width=_WIDTH) for each in shown]
    return "\n\n".join(texts).split("\n")


def _grounds(report: ExperimentReport) -> list[str]:
    """What the figures stand on: documents, intervals, looks, notes."""
    comparison = report.comparison
    documents = f"{plural(comparison.documents, 'document')} of {comparison.part}"
    if comparison.distinct_documents != comparison.documents:
        documents = f"{documents} ({comparison.distinct_documents:,} distinct)"
    named = (*comparison.chosen, "macro")
    noise = [
        f"{printable(noise.name, _NAME)}: {_NOISY[noise.figure]} of replicates of an arm lies"
        f" {fine(noise.deviation)} apart (standard deviation, {noise.degrees} degrees of"
        " freedom)"
        for noise in comparison.noise
        if noise.name in named and noise.figure in _NOISY
    ]
    return [
        f"{report.engine}: {documents}; each arm tuned on {report.tuned_on}"
        f" for {report.objective}, measured on {report.measured_on}",
        f"in pairs against the base, {comparison.resamples:,} resamples; {level(comparison.level)}"
        f" for all together: {level(comparison.claim_level)} each of"
        f" {plural(comparison.claims, 'interval')} that verdicts rest on,"
        f" {level(comparison.other_level)} each of the other {comparison.others:,}",
        f"the test part was looked at {plural(report.test_looks, 'time')}",
        *noise,
        *(f"! {note}" for note in (*comparison.notes, *report.cautions)),
        *(f"! {arm} is not compared: {reason}" for arm, reason in report.missing.items()),
    ]


class VersionsModal(ModalScreen[None]):
    """Every trained run of the session, the newest highlighted, with what it was trained on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,v", "close", show=False),
        Binding("c", "copy_run", show=False),
    ]
    DEFAULT_CSS = """
    VersionsModal .window { max-width: 110; }
    VersionsModal #version-facts { height: auto; max-height: 7; margin-top: 1; }
    """

    def __init__(self, versions: Sequence[Version], ascii_only: bool) -> None:
        super().__init__()
        self._versions = versions
        self._ascii_only = ascii_only

    def compose(self) -> ComposeResult:
        """Title, runs, what the highlighted one is, keys."""
        with Vertical(classes="window"):
            title = f"Versions of this session: {plural(len(self._versions), 'run')}"
            yield Static(literal(title), classes="window-title")
            yield KeyTable("versions")
            yield Facts(self._ascii_only, widget_id="version-facts")
            yield Static(
                literal(
                    "↑↓ look   c copy its name   esc close"
                    if not self._ascii_only
                    else "up/down look   c copy its name   esc close"
                ),
                classes="window-keys",
            )

    def on_mount(self) -> None:
        """Fill the table; the run that the session is about is highlighted."""
        shown = self.query_one(KeyTable)
        shown.styles.height = "auto"
        shown.cell_padding = 0
        for title, width in (("run", 16), ("trained on", 13), ("split", 6), ("state", 15)):
            shown.add_column(cell(title), width=width)
        for title in ("F1@.5", "F1"):
            shown.add_column(cell(title, justify="right"), width=8)
        for version in self._versions[:500]:
            shown.add_cells(self._cells(version), self._ascii_only)
        current = [at for at, version in enumerate(self._versions) if version.is_current]
        shown.move_cursor(row=(current or [len(self._versions) - 1])[-1], animate=False)
        shown.focus()
        self._show_facts()

    def on_resize(self) -> None:
        """Leave the window's height to title, facts and keys first."""
        room = max(self.app.size.height - _AROUND, 3)
        self.query_one(KeyTable).styles.max_height = room

    def _cells(self, version: Version) -> list[Text]:
        sign = glyph("ready", self._ascii_only) if version.is_current else " "
        style = "bold" if version.is_current else ""
        return [
            cell(f"{sign}{version.run}", style),
            cell(version.kind),
            cell(version.split),
            cell(version.state),
            cell(plain(ranged(None, version.macro_f1_default), self._ascii_only), justify="right"),
            cell(plain(ranged(None, version.macro_f1), self._ascii_only), justify="right"),
        ]

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Say more of the highlighted run."""
        self._show_facts()

    def _show_facts(self) -> None:
        version = self._highlighted
        if version is None:
            return
        counts = sorted(version.positives.items(), key=lambda pair: pair[1])
        rare = ", ".join(f"{printable(label, 20)} {count:,}" for label, count in counts[:8])
        whose = " · the session's thresholds are its" if version.is_current else ""
        arm = f" · arm of {version.experiment}" if version.experiment else ""
        facts = [
            ("run", f"{version.run}, made {version.made_at[:16].replace('T', ' ')}{arm}{whose}"),
            ("positives", f"{rare}{' …' if len(counts) > 8 else ''}"),
        ]
        if version.verdict:
            facts.append(("verdict", version.verdict))
        self.query_one(Facts).show(facts)

    @property
    def _highlighted(self) -> Version | None:
        row = self.query_one(KeyTable).cursor_row
        return self._versions[row] if 0 <= row < len(self._versions) else None

    def action_close(self) -> None:
        """Close the window."""
        self.dismiss(None)

    def action_copy_run(self) -> None:
        """Copy the name of the highlighted run."""
        from tui.app import TunerApp

        assert isinstance(self.app, TunerApp)
        if self._highlighted is not None:
            self.app.copy(self._highlighted.run)
