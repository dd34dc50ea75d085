"""The health step: findings, what they mean, and fixes."""

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.widgets import DataTable, Static

from core.dataset.health.findings import SEVERITIES, Finding
from core.text import printable
from core.views.health import finding_amount
from core.workflow.health import Fixed, check_health, fix_dataset
from core.workflow.overview import Overview
from tui.render import literal, plain
from tui.screens.base import StepScreen
from tui.widgets.dataset import (
    Distribution,
    count_labels,
    distribution_content,
    finding_content,
    finding_row,
    gate_content,
)
from tui.widgets.tables import Column, FilterLine, RowTable

_NARROW = 72


class HealthScreen(StepScreen):
    """Findings with their examples, the gate before training, fixes, the label distribution."""

    step_id: ClassVar[str] = "health"
    AUTO_FOCUS = ""
    title_words = "health"
    DEFAULT_CSS = """
    HealthScreen #health-gate { height: 1; }
    HealthScreen #health-panes { height: 1fr; layout: vertical; }
    HealthScreen #findings-pane { height: 9fr; min-height: 4; }
    HealthScreen #detail { height: 10fr; border-top: solid $foreground 40%; padding: 0; }
    HealthScreen #detail:focus { border-top: solid $border; }
    HealthScreen.-wide #health-panes { layout: horizontal; }
    HealthScreen.-wide #findings-pane { width: 3fr; height: 1fr; }
    HealthScreen.-wide #detail {
        width: 2fr; height: 1fr; border-top: none; border-left: solid $foreground 40%;
        padding: 0 0 0 1;
    }
    HealthScreen.-wide #detail:focus { border-left: solid $border; }
    HealthScreen.-ascii #detail { border-top: ascii $border; }
    HealthScreen.-ascii.-wide #detail { border-top: none; border-left: ascii $border; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._findings: tuple[Finding, ...] = ()
        self._shown: tuple[Finding, ...] = ()
        self._distribution: Distribution | None = None
        self._shows_distribution = False
        self._has_tried = False
        self._last_fix = ""

    def compose_body(self) -> ComposeResult:
        """Gate, filter, findings, detail."""
        yield Static("", id="health-gate")
        yield FilterLine("#findings")
        with Container(id="health-panes"):
            with Container(id="findings-pane"):
                yield RowTable("findings", more="rows more: filter")
            with VerticalScroll(id="detail"):
                yield Static("", id="detail-text")

    def on_mount(self) -> None:
        """The findings have the focus."""
        self.set_class(self.tuner.settings.ascii_only, "-ascii")
        super().on_mount()
        self.query_one(RowTable).focus()

    def show_session(self, overview: Overview) -> None:
        """Show the findings; check the dataset when that was never done."""
        health, split = overview.state.health, overview.state.split
        is_checked = health is not None and health.dataset == overview.state.dataset.fingerprint
        of_split = (
            split.findings
            if split is not None and split.dataset == overview.state.dataset.fingerprint
            else ()
        )
        self._findings = tuple(
            sorted(
                (*(health.findings if health else ()), *of_split),
                key=lambda finding: SEVERITIES.index(finding.severity),
            )
        )
        self._show_all()
        if not is_checked and not self._has_tried and not self.is_busy:
            self._has_tried = True
            self._check()

    def _check(self) -> None:
        session = self.session
        self.run(
            lambda watch: check_health(session, watch),
            self._show_result,
            lambda _: self._show_all(),
        )

    def action_run_step(self) -> None:
        """Check the newest revision again."""
        if not self._is_free():
            return
        self._last_fix = ""
        self._check()

    def action_fix(self) -> None:
        """Apply the fix of the highlighted finding as a new revision."""
        finding = self.highlighted
        if finding is None or not self._is_free():
            return
        if finding.fix is None:
            what = "is in order" if finding.severity == "passed" else "has no fix by key"
            self.banner.show_note(f"{finding.id} {what}")
            return
        session, fix_id = self.session, finding.fix
        self.run(
            lambda watch: fix_dataset(session, fix_id, watch),
            self._tell_fixed,
            lambda _: self._show_all(),
        )

    def action_distribution(self) -> None:
        """Show the label distribution in the detail pane, or the finding again."""
        self._shows_distribution = not self._shows_distribution
        if self._shows_distribution and self._current_distribution() is None:
            if not self._is_free():
                self._shows_distribution = False
                return
            self._count_labels()
        self._show_detail()

    async def action_back(self) -> None:
        """Clear the filter, leave the detail pane, or go back to the sessions."""
        if self.query_one(FilterLine).close():
            return
        if self._shows_distribution:
            self.action_distribution()
        elif self.focused is self.query_one(RowTable):
            await self.tuner.action_back()
            return
        self.query_one(RowTable).focus()

    def _tell_fixed(self, fixed: Fixed) -> None:
        """Show what a fix changed."""
        self._last_fix = fixed.revision.fix
        self.query_one(RowTable).move_cursor(row=0, animate=False)
        self.banner.show_note(
            f"revision {fixed.revision.id}: {printable(fixed.change, 200).rstrip('.')}. "
            "The source file is as it was; the dataset was checked again."
        )
        self._show_result(None)

    def _take_counts(self, distribution: Distribution) -> None:
        self._distribution = distribution
        self._show_result(None)

    def _show_result(self, _: object) -> None:
        """Show the session; count its labels when they are asked for and not known."""
        if self._shows_distribution and self._current_distribution() is None:
            self._count_labels()
        self._show_all()

    def _miss_counts(self, error: BaseException) -> None:
        """Go back to the findings."""
        self._shows_distribution = False
        self._show_all()

    def equivalent_command(self) -> str:
        """The command that checks, or that applies the fix that was applied last."""
        fix = f" --fix {self._last_fix}" if self._last_fix else ""
        return f"comprehend-tuner --session {self.session_argument} health{fix}"

    def copied_value(self) -> str:
        """The highlighted finding in one line."""
        finding = self.highlighted
        if finding is None:
            return self.equivalent_command()
        return f"{finding.id}: {finding.title} {finding_amount(finding)}".rstrip()

    @property
    def highlighted(self) -> Finding | None:
        """The finding under the cursor."""
        row = self.query_one(RowTable).cursor_row
        return self._shown[row] if 0 <= row < len(self._shown) else None

    @on(DataTable.RowHighlighted, "#findings")
    def _moved(self) -> None:
        if not self._shows_distribution:
            self._show_detail()

    @on(DataTable.RowSelected, "#findings")
    def _read_detail(self) -> None:
        self.query_one("#detail").focus()

    @on(FilterLine.Changed)
    def _filtered(self) -> None:
        self._show_table()

    def on_resize(self, event: events.Resize) -> None:
        """Show fewer columns where there is less room, and bars as long as there is."""
        if self.is_mounted and self.tuner.overview is not None:
            self.call_after_refresh(self._show_all)

    def _is_free(self) -> bool:
        if self.is_busy:
            self.banner.show_note("a check or count is running; x stops it")
        return not self.is_busy

    def _current_distribution(self) -> Distribution | None:
        distribution = self._distribution
        is_current = (
            distribution and distribution.dataset == self.overview.state.dataset.fingerprint
        )
        return distribution if is_current else None

    def _count_labels(self) -> None:
        session, state = self.session, self.overview.state
        self.run(lambda watch: count_labels(session, state), self._take_counts, self._miss_counts)

    def _show_all(self) -> None:
        if self.tuner.overview is None:
            return
        ascii_only = self.tuner.settings.ascii_only
        self.query_one("#health-gate", Static).update(
            gate_content(self.overview.state, self._findings, ascii_only)
        )
        self._show_table()
        self._show_detail()

    def _show_table(self) -> None:
        filter_line = self.query_one(FilterLine)
        matching = [f for f in self._findings if filter_line.lets_through(_searched(f))]
        self._shown = tuple(matching)
        filter_line.show_count(len(matching), len(self._findings))
        is_narrow = self.app.size.width < _NARROW
        columns = (
            Column("", 9),
            Column("finding", 0),
            Column("count", 7, is_number=True),
            *(() if is_narrow else (Column("share", 6, is_number=True), Column("fix", 3))),
        )
        ascii_only = self.tuner.settings.ascii_only
        rows = [finding_row(finding, is_narrow, ascii_only) for finding in matching]
        self.query_one(RowTable).show(columns, rows)
        self._show_detail()

    def _show_detail(self) -> None:
        pane = self.query_one("#detail-text", Static)
        ascii_only = self.tuner.settings.ascii_only
        width = max(self.query_one("#detail").content_size.width - 1, 30)
        if self._shows_distribution:
            distribution = self._current_distribution()
            if distribution is None:
                pane.update(literal(plain("counting labels …", ascii_only)))
            else:
                pane.update(
                    distribution_content(
                        distribution.labels,
                        distribution.pairs,
                        distribution.n_documents,
                        width,
                        ascii_only,
                    )
                )
            return
        finding = self.highlighted
        if finding is None:
            words = "" if self.is_busy or not self._findings else "no finding holds these words"
            pane.update(literal(words, "$text-muted"))
            return
        next_revision = f"r{len(self.overview.state.revisions) + 1}"
        pane.update(finding_content(finding, next_revision, ascii_only))
        self.query_one("#detail", VerticalScroll).scroll_home(animate=False)


def _searched(finding: Finding) -> str:
    word = {"info": "note"}.get(finding.severity, finding.severity)
    return " ".join((finding.id, finding.title, finding.severity, word, *finding.labels))
