"""Windows of the oversample screen: all figures of an arm, and the history of versions."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import DataTable, Static

from core.cli.tables import figure, figure_range, table
from core.text import plural, printable
from core.workflow.experiments import ExperimentPlan, ExperimentReport, Version
from tui.render import cell, glyph, literal, plain
from tui.screens.oversample_texts import arm_text, sweep_text
from tui.widgets.arms_lines import SHORT_OUTCOMES, ArmGroup, effect_text, row_of
from tui.widgets.facts import Facts
from tui.widgets.figures import range_text
from tui.widgets.key_table import KeyTable

if TYPE_CHECKING:
    from core.tuning.arms import ArmFigures, ArmRow, ArmsComparison, Effect
    from core.tuning.evidence import Interval

_NAME = 14
_NOISY = {"average_precision": "average precision", "f1_tuned": "tuned F1"}
_AROUND = 13
"""Rows of the window of versions beside its table."""


def plan_text(plan: ExperimentPlan, ascii_only: bool) -> str:
    """Everything that an experiment would do, in lines that a window wraps."""
    texts = [arm_text(plan, arm, place) for place, arm in enumerate(plan.arms)]
    texts += ["", sweep_text(plan), plan.estimate.basis]
    texts += [f"! {caution}" for caution in plan.cautions]
    return plain("\n".join(texts), ascii_only)


def figures_text(group: ArmGroup, report: ExperimentReport | None, ascii_only: bool) -> str:
    """Everything that is known of an arm, in lines that a window wraps."""
    texts = [f"{status.arm.run}: {status.stage}, {status.detail}" for status in group.statuses]
    row = row_of(report, group.name)
    if report is not None:
        missing = report.missing.get(group.name)
        texts += [f"! not compared: {missing}"] if missing and row is None else []
    if report is not None and row is not None:
        texts += ["", row.verdict, *_advice(report.comparison), "", *_tables(row)]
        texts += ["", *_grounds(report)]
    text = "\n".join(texts)
    return plain(text, ascii_only).replace("─", "-").replace("−", "-") if ascii_only else text


def _advice(comparison: "ArmsComparison") -> list[str]:
    return [f"· {line}" for line in comparison.advice]


def _tables(row: "ArmRow") -> list[str]:
    """The arm's own figures, then its differences from the base."""
    shown = (*row.labels, row.macro, row.micro)
    headers = ["label", "train", "test", "AP", "F1@.5", "F1", "P", "R", "thr"]
    texts = [table(headers, [_figures(row, one) for one in shown], widest=_NAME)]
    compared = [one for one in shown if one.f1_tuned_effect is not None]
    if compared:
        rows = [
            [*_effects(one, one.average_precision_effect, one.f1_tuned_effect), _verdict(one)]
            for one in compared
        ]
        texts += ["", table(["against base", "AP ", "tuned F1 ", "F1 is "], rows)]
        rows = [_effects(one, one.precision_effect, one.recall_effect) for one in compared]
        texts += ["", table(["against base", "precision ", "recall "], rows)]
        rows = [_effects(one, one.f1_default_effect) for one in compared]
        texts += ["", table(["against base", "F1@.5 "], rows)]
    return texts


def _figures(row: "ArmRow", one: "ArmFigures") -> list[str]:
    positives = row.positives.get(one.name)
    return [
        one.name,
        f"{positives:,}" if positives is not None else "",
        f"{one.support:,}",
        figure(one.average_precision),
        _ranged(one.f1_default, one.f1_default_range),
        _ranged(one.f1_tuned, one.f1_tuned_range),
        figure(one.precision),
        figure(one.recall),
        figure(one.threshold, 3) if one.threshold is not None else "",
    ]


def _effects(one: "ArmFigures", *effects: "Effect | None") -> list[str]:
    return [printable(one.name, _NAME), *(effect_text(effect) for effect in effects)]


def _verdict(one: "ArmFigures") -> str:
    verdict = one.f1_tuned_effect.verdict if one.f1_tuned_effect is not None else ""
    return SHORT_OUTCOMES.get(verdict, verdict)


def _ranged(value: float | None, bounds: "Interval | None") -> str:
    return figure(value) if bounds is None else range_text(bounds.low, bounds.high)


def _grounds(report: ExperimentReport) -> list[str]:
    """What the figures stand on: documents, intervals, looks, notes."""
    found = report.comparison
    documents = f"{plural(found.documents, 'document')} of {found.part}"
    if found.distinct_documents != found.documents:
        documents = f"{documents} ({found.distinct_documents:,} distinct)"
    told = (*found.chosen, "macro")
    noise = [
        f"{printable(one.name, _NAME)}: {_NOISY[one.figure]} of replicates of an arm lies"
        f" {figure(one.deviation, 3)} apart (standard deviation, {one.degrees} degrees of freedom)"
        for one in found.noise
        if one.name in told and one.figure in _NOISY
    ]
    return [
        f"{report.engine}: {documents}; each arm tuned on {report.tuned_on}"
        f" for {report.objective}, measured on {report.measured_on}",
        f"in pairs against the base, {found.resamples:,} resamples; {found.level:.0%} for all"
        f" together: {found.claim_level:.2%} each of {plural(found.claims, 'interval')} that"
        f" verdicts rest on, {found.other_level:.2%} each of the other {found.others:,}",
        f"the test part was looked at {plural(report.test_looks, 'time')}",
        *noise,
        *(f"! {note}" for note in (*found.notes, *report.cautions)),
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
            yield Static(literal("↑↓ look   c copy its name   esc close"
                                 if not self._ascii_only else
                                 "up/down look   c copy its name   esc close"),
                         classes="window-keys")  # fmt: skip

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
            cell(plain(figure_range(version.macro_f1_default), self._ascii_only), justify="right"),
            cell(plain(figure_range(version.macro_f1), self._ascii_only), justify="right"),
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
