"""What the check of account, bucket, role and rights found, and what to do about each line."""

from collections import Counter
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import DataTable

from core.text import plural
from tui.render import glyph
from tui.widgets.facts import Fact, Facts, Line
from tui.widgets.tables import Column, Row, RowTable
from tui.windows import TextModal

if TYPE_CHECKING:
    from core.comprehend.rights import PreflightLine
    from core.workflow.doctor import DoctorReport


_SIGNS = {"passed": "passed", "failed": "error", "warning": "warning"}
_COLUMNS = (Column("outcome"), Column("check", widest=60), Column("found", widest=400))


class PreflightPanel(Vertical):
    """A row per check; the remedy of the highlighted one below."""

    DEFAULT_CSS = """
    PreflightPanel { height: 1fr; display: none; }
    PreflightPanel #preflight-title { height: auto; text-style: bold; }
    PreflightPanel #preflight-lines { height: 1fr; min-height: 4; }
    PreflightPanel #preflight-remedy { height: auto; max-height: 45%; margin-top: 1; }
    """

    def __init__(self, ascii_only: bool) -> None:
        super().__init__(id="preflight")
        self._ascii_only = ascii_only
        self._report: DoctorReport | None = None

    def compose(self) -> ComposeResult:
        """A title, the checks, what to do."""
        yield Line(self._ascii_only, widget_id="preflight-title")
        yield RowTable("preflight-lines", gap=1)
        with VerticalScroll(id="preflight-remedy", can_focus=False):
            yield Facts(self._ascii_only, widget_id="preflight-facts")

    def show_report(self, report: "DoctorReport") -> None:
        """Show every line, the cursor on the first that failed."""
        self._report = report
        self.display = True
        title = f"account and rights: {summary(report)} · esc plan, d again"
        self.query_one("#preflight-title", Line).show(title)
        table = self.query_one("#preflight-lines", RowTable)
        rows = [
            Row(line.id, (self._outcome(line), line.title, line.found)) for line in report.lines
        ]
        table.show(_COLUMNS, rows)
        failed = [at for at, line in enumerate(report.lines) if line.outcome == "failed"]
        table.move_cursor(row=failed[0] if failed else 0, animate=False)
        table.focus()
        self._show_remedy()

    @property
    def policy(self) -> str:
        """The policy of the highlighted line, as JSON; empty without one."""
        line = self._selected()
        return line.policy if line is not None else ""

    def _outcome(self, line: "PreflightLine") -> str:
        sign = _SIGNS.get(line.outcome)
        return f"{glyph(sign, self._ascii_only) if sign else '?'} {line.outcome}"

    def _selected(self) -> "PreflightLine | None":
        key = self.query_one("#preflight-lines", RowTable).current_key
        lines = self._report.lines if self._report is not None else ()
        return next((line for line in lines if line.id == key), None)

    @on(DataTable.RowHighlighted, "#preflight-lines")
    def _show_remedy(self) -> None:
        line = self._selected()
        facts: list[Fact] = []
        if line is not None:
            facts.append(("found", line.found))
            facts += [("to do", line.remedy)] if line.remedy else []
            facts += [("policy", "enter shows what allows it, c copies it")] if line.policy else []
        self.query_one("#preflight-facts", Facts).show(facts)

    @on(DataTable.RowSelected, "#preflight-lines")
    def _show_policy(self) -> None:
        line = self._selected()
        if line is not None and line.policy:
            self.app.push_screen(TextModal(line.title, line.policy))


def summary(report: "DoctorReport") -> str:
    """How many checks ended how, such as "9 passed, 1 failed"."""
    counts = Counter(str(line.outcome) for line in report.lines)
    words = {name: f"{counts[name]} {name}" for name in ("passed", "failed", "cannot tell")}
    words["warning"] = plural(counts["warning"], "warning")
    order = ("passed", "failed", "warning", "cannot tell")
    return ", ".join(words[name] for name in order if counts[name])
