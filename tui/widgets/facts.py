"""Facts beside their names: of anything, of a job and its log, of its state."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text
from textual.widgets import Static

from core.text import plural, printable
from core.views.numbers import duration, usd_between
from core.views.prices import budget_words, estimate_words
from core.workflow.following import JobRow
from tui.render import glyph, literal, plain

if TYPE_CHECKING:
    from core.workflow.money import PlanRow
    from core.workflow.score import ScoringPlan
    from core.workflow.sending import PlannedUpload
    from core.workflow.train import TrainingPlan


Fact = tuple[str, str]


class Facts(Static):
    """A list of facts: a short name and a text of any origin, which may be long."""

    def __init__(self, ascii_only: bool, widget_id: str | None = None) -> None:
        super().__init__("", markup=False, id=widget_id)
        self._ascii_only = ascii_only
        self.facts: tuple[Fact, ...] = ()

    def show(self, facts: Sequence[Fact]) -> None:
        """Show facts; an empty name goes on with the fact before."""
        if tuple(facts) == self.facts:
            return
        self.facts = tuple(facts)
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(no_wrap=True, style="bold")
        grid.add_column(overflow="fold")
        for name, text in self.facts:
            grid.add_row(
                Text(printable(plain(name, self._ascii_only))),
                Text(printable(plain(text, self._ascii_only))),
            )
        self.update(grid)


class Line(Static):
    """A text of any origin that is repainted only when it changes; hidden while empty."""

    def __init__(self, ascii_only: bool, widget_id: str | None = None) -> None:
        super().__init__("", markup=False, id=widget_id)
        self._ascii_only = ascii_only
        self.text = ""
        self.display = False

    def show(self, text: str) -> None:
        """Show a text; an empty one hides the line."""
        if text == self.text:
            return
        self.text = text
        self.display = bool(text)
        self.update(literal(plain(text, self._ascii_only)))


# Timeline and log of one job, and the words for what jobs cost.


_MOST_EVENTS = 200
_MOST_ROWS = 12


def job_facts(row: JobRow, events: Iterable[dict[str, Any]], is_paid: bool) -> list[Fact]:
    """What a job is, what it said, and what was done with it, oldest first.

    Args:
        row: the job.
        events: the event log of the session.
        is_paid: whether the estimate is charged.
    """
    took = f" · took {duration(row.elapsed_s)}" if row.is_final and row.elapsed_s else ""
    facts = [(row.kind, f"{row.id} · {row.state}{took}")]
    if row.message:
        facts.append(("message", row.message))
    if row.estimate_usd is not None:
        facts.append(("price", estimate_words(*row.estimate_usd, is_paid)))
    if row.arn:
        facts.append(("ARN", row.arn))
    log = [event for event in events if _belongs(event, row)]
    return [*facts, *(_line(event) for event in log[-_MOST_EVENTS:])]


def price_facts(plan: "TrainingPlan | ScoringPlan") -> list[Fact]:
    """What a plan costs: each job when there are several, their sum, its basis, the budget."""
    if not plan.rows:
        return [("price", "nothing is left to pay: every job is started")]
    estimate = plan.estimate
    facts = [("price", estimate_words(estimate.low_usd, estimate.high_usd, plan.is_paid))]
    if len(plan.rows) > 1:
        facts += [("", _priced(row)) for row in plan.rows[:_MOST_ROWS]]
        more = len(plan.rows) - _MOST_ROWS
        facts += [("", f"{more} more")] if more > 0 else []
    facts.append(("basis", estimate.basis))
    budget = budget_words(plan)
    return [*facts, ("budget", budget)] if budget else facts


def upload_facts(sends: Sequence["PlannedUpload"]) -> list[Fact]:
    """Each file that is sent, with its size and where it goes."""
    return [("uploads" if at == 0 else "", sent.words) for at, sent in enumerate(sends)]


def _priced(row: "PlanRow") -> str:
    counted = plural(row.documents, "document")
    if row.units is not None:
        counted = f"{counted}, {plural(row.units, 'unit')}"
    return f"{row.what}: {counted}, {usd_between(row.low_usd, row.high_usd)}"


def _belongs(event: dict[str, Any], row: JobRow) -> bool:
    if event.get("job") == row.id:
        return True
    action, run = event.get("action"), event.get("run")
    if run != row.run:
        return False
    if action == "trained":
        return row.kind == "training" and row.id.startswith(f"{run}/{event.get('classifier')}/")
    return action == "scored" and row.kind == "scoring" and event.get("part") == row.part


def _line(event: dict[str, Any]) -> Fact:
    action = str(event.get("action"))
    words = {
        "state": str(event.get("state")),
        "trained": "output fetched, metrics read",
        "scored": f"output fetched and joined: {event.get('documents')} documents",
        "stop": "asked to stop",
    }.get(action, action)
    message = event.get("message")
    return str(event.get("at", ""))[11:19], f"{words}: {message}" if message else words


# A job's state as a sign and the service's own word.


_USABLE = ("TRAINED", "TRAINED_WITH_WARNING", "COMPLETED")


def is_row_usable(row: JobRow) -> bool:
    """Whether a job ended with output."""
    return row.state in _USABLE


def row_state(row: JobRow, ascii_only: bool) -> str:
    """A job's state behind its sign."""
    if not row.arn:
        sign = "ready"
    elif not row.is_final:
        sign = "running"
    elif row.state == "TRAINED_WITH_WARNING":
        sign = "warning"
    else:
        sign = "done" if is_row_usable(row) else "error"
    return f"{glyph(sign, ascii_only)} {row.state}"
