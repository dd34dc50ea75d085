"""The endpoint: start one, try documents against the thresholds, delete it."""

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from core.errors import InvalidInput
from core.text import command_word, printable
from core.views.numbers import threshold, usd
from core.workflow.endpoints import (
    DEFAULT_MINUTES,
    EndpointPlan,
    added_estimate,
    endpoint_rows,
    keep_endpoint,
    plan_endpoint,
    start_endpoint,
    stop_endpoint,
    wait_endpoint,
)
from core.workflow.overview import (
    Overview,
    local_time,
    usd_per_hour,
    utc_now,
)
from core.workflow.state import EndpointState, RunState, SessionState
from core.workflow.trial import Trial, TrialRow, try_document
from tui.render import cell, glyph, lines, plain
from tui.screens.base import EngineStepScreen
from tui.widgets.documents import DocumentInput
from tui.widgets.tables import Column, Row, RowTable
from tui.windows import PayModal

# What the endpoint's screen says of its state and price.


def live_texts(state: SessionState, endpoint: EndpointState, is_busy: bool) -> list[str]:
    """An endpoint that may exist: its state, its price, when it goes, what to press."""
    moment = utc_now()
    seen_as = endpoint.state or ("CREATING" if endpoint.arn else "asked for, not answered yet")
    texts = [f"{endpoint.name} · {seen_as} · {endpoint.run}/{endpoint.classifier}"]
    if endpoint.message:
        texts.append(endpoint.message)
    at = local_time(endpoint.delete_at, moment)
    is_due = endpoint.seconds_left(moment) <= 0
    end = f"should be gone since {at}" if is_due else f"deleted at {at}"
    texts.append(_price(state, endpoint.inference_units))
    texts.append(f"{end}; k: {DEFAULT_MINUTES} minutes from now, x: at once")
    if endpoint.state == "FAILED":
        texts.append("it failed and still exists: x deletes it, then r starts another one")
    elif endpoint.state not in ("IN_SERVICE", "UPDATING") and not is_busy:
        texts.append("r waits until it answers")
    return texts


def absent_texts(state: SessionState, run: RunState | None) -> list[str]:
    """No endpoint: what one would serve and cost, or what is missing."""
    if run is None:
        return ["needs a trained classifier: press 4 (Train)"]
    return [
        f"no endpoint · r starts one that serves {run.name}/{run.classifiers[0].id}",
        f"{_price(state, 1)}.",
        f"It is deleted after {DEFAULT_MINUTES} minutes, while this machine is up and signed in;",
        "the service itself has no such timer.",
    ]


def start_facts(plan: EndpointPlan) -> list[str]:
    """What a start would create and cost, for the question before it."""
    return [
        f"serves   {plan.run}/{plan.classifier}",
        f"engine   {plan.engine}",
        f"price    {usd(plan.usd_per_hour)} an hour while it exists, used or not",
        f"until    its deletion in {plan.minutes} minutes: {usd(plan.estimate.high_usd)}",
        "",
        "It is deleted from here, while this machine is up and signed in.",
    ]


def _price(state: SessionState, units: int) -> str:
    hour = f"{usd(usd_per_hour(units, state.prices))} an hour"
    if state.engine.name == "aws":
        return f"{hour} while it exists, used or not"
    return f"free offline (on AWS {hour}, used or not)"


_SIGNS = {"flagged": "passed", "not flagged": "blocked", "undecided": "warning"}
_COLUMNS = (
    Column("label", 0),
    Column("score", 14, is_number=True),
    Column("threshold", 9, is_number=True),
    Column("decision", 13),
)


def _row(row: TrialRow, ascii_only: bool) -> Row:
    """A label: score, threshold, decision; a score not returned shows what it is at most."""
    style = "bold" if row.decision == "flagged" else ""
    score = row.note.removeprefix("not returned: ")
    if row.score is not None:
        score = threshold(row.score, row.threshold)
    return Row(
        row.label,
        (
            cell(row.label, style),
            cell(score, style),
            threshold(row.threshold, row.score),
            cell(f"{glyph(_SIGNS[row.decision], ascii_only)} {row.decision}", style),
        ),
    )


class EndpointScreen(EngineStepScreen):
    """What the endpoint costs and until when, a document, and what it is given."""

    step_id = "endpoint"
    title_words = "endpoint"
    DEFAULT_CSS = """
    EndpointScreen #endpoint-lead { height: auto; }
    EndpointScreen #endpoint-ask { height: 1; margin-top: 1; color: $text-accent; }
    EndpointScreen #endpoint-given { height: auto; max-height: 3; }
    EndpointScreen #endpoint-labels { height: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._trial: Trial | None = None

    def compose_body(self) -> ComposeResult:
        """State and price, the document, the verdict, every label."""
        yield Static("", id="endpoint-lead", markup=False)
        yield Static("", id="endpoint-ask", markup=False)
        yield DocumentInput("endpoint-document")
        yield Static("", id="endpoint-given", markup=False)
        yield RowTable("endpoint-labels", keys="vertical")

    def on_mount(self) -> None:
        """Fill the frame, and ask the engine once about an endpoint that lives."""
        super().on_mount()
        session = self.session
        if self._live is not None:
            self.look(lambda watch: endpoint_rows(session), lambda _: self.tuner.reload())

    def show_session(self, overview: Overview) -> None:
        """Show the endpoint as it was last seen."""
        live = self._live
        if live is not None:
            texts = live_texts(overview.state, live, self.is_busy)
        else:
            texts = absent_texts(overview.state, self._run)
        lead = self.query_one("#endpoint-lead", Static)
        lead.update(lines([self._plain(text) for text in texts]))
        self.query_one("#endpoint-ask").display = live is not None
        self.query_one("#endpoint-document").display = live is not None
        ask = "document: press e, type or paste a text, press enter"
        self.query_one("#endpoint-ask", Static).update(lines([ask]))
        self._show_trial()

    def action_run_step(self) -> None:
        """Start an endpoint, after the price was agreed to, or wait for the one that lives."""
        if self.is_busy or self.refuses("starting an endpoint"):
            return
        live, session = self._live, self.session
        if live is None:
            self.run(lambda watch: plan_endpoint(session), self._ask_to_start)
        elif live.state in ("IN_SERVICE", "UPDATING"):
            self.banner.show_note("it answers: e types a document")
        else:
            run, classifier, minutes = live.run, live.classifier, self._minutes(live)
            self.run(
                lambda watch: plan_endpoint(session, run, classifier, minutes), self._ask_to_start
            )

    def _minutes(self, endpoint: EndpointState) -> int:
        """Whole minutes that are left, so that waiting again moves no deletion time."""
        return max(int(endpoint.seconds_left(utc_now()) // 60), 1)

    def _ask_to_start(self, plan: EndpointPlan) -> None:
        if not plan.is_paid or (plan.is_resumed and not plan.estimate.high_usd):
            self._start(plan)
            return
        modal = PayModal("Start an endpoint?", start_facts(plan), "start it")
        self.app.push_screen(modal, lambda agreed: self._start(plan) if agreed else None)

    def _start(self, plan: EndpointPlan) -> None:
        session = self.session
        charged = "and is charged" if self._is_paid else "free"
        self.begin(
            lambda watch: start_endpoint(session, plan, watch).name,
            lambda name, watch: wait_endpoint(session, name, watch),
            "it answers: e types a document",
            f"stopped waiting; the endpoint goes on {charged}. r waits again, x deletes it",
        )

    def action_edit(self) -> None:
        """Type a document."""
        if self._live is None:
            self.banner.show_note("no endpoint: r starts one")
        else:
            self._input.focus()

    @on(Input.Submitted, "#endpoint-document")
    def _try(self, event: Input.Submitted) -> None:
        live = self._live
        if live is None or self.is_busy:
            return
        session, name, text = self.session, live.name, event.value
        self.run(lambda watch: try_document(session, name, text), self._take_trial, self._not_tried)
        self.banner.show_note("asking the endpoint …")

    def _take_trial(self, trial: Trial) -> None:
        self._trial = trial
        self._show_trial()

    def _not_tried(self, error: BaseException) -> None:
        """A text that cannot be tried stays in the input."""
        if isinstance(error, InvalidInput):
            self._input.focus()

    def action_keep(self) -> None:
        """Move the deletion time to 30 minutes from now."""
        live = self._live
        if live is None or self.is_busy or self.refuses("keeping an endpoint"):
            return
        state, session, name = self.overview.state, self.session, live.name
        added = added_estimate(state, live, DEFAULT_MINUTES, live.inference_units)

        def keep(agreed: bool | None) -> None:
            if agreed:
                self.run(lambda watch: keep_endpoint(session, name, DEFAULT_MINUTES))

        if not self._is_paid or not added.high_usd:
            keep(True)
            return
        facts = [f"endpoint {name}", f"price    {usd(added.high_usd)} more, estimated"]
        self.app.push_screen(
            PayModal(f"Delete it {DEFAULT_MINUTES} minutes from now?", facts, "keep it"), keep
        )

    def action_delete(self) -> None:
        """Stop waiting; when nothing waits, ask, then delete the endpoint."""
        if self.cancel_job():
            return
        live = self._live
        if live is None:
            self.banner.show_note("no endpoint to delete")
            return
        if self.refuses("deleting"):
            return
        session, name = self.session, live.name

        def delete(agreed: bool | None) -> None:
            if agreed:
                self.run(
                    lambda watch: stop_endpoint(session, name, watch),
                    lambda _: self.banner.show_note("the endpoint is gone"),
                )

        facts = [
            f"endpoint {name}",
            f"engine   {self.overview.badge}",
            "",
            "Another one can be started at any time.",
        ]
        self.app.push_screen(PayModal("Delete this endpoint?", facts, "delete it"), delete)

    async def action_back(self) -> None:
        """Leave the input, or the session."""
        if self._input.has_focus:
            self.set_focus(self._table if self._table.display else None)
        else:
            await self.tuner.action_back()

    def equivalent_command(self) -> str:
        """Trying the typed document; without one, what the screen can do now."""
        live, base = self._live, super().equivalent_command()
        if live is None:
            run = self._run
            return f"{base} start --run {command_word(run.name)}" if run else f"{base} status"
        text = self._input.value
        if not text:
            return f"{base} status"
        return f"{base} try --endpoint {live.name} -- {command_word(text)}"

    def copied_value(self) -> str:
        """The highlighted label's score."""
        row = self._table.cursor_row
        rows = self._trial.rows if self._trial else ()
        score = rows[row].score if 0 <= row < len(rows) else None
        return self.equivalent_command() if score is None else repr(score)

    def _show_trial(self) -> None:
        trial = self._trial
        self._table.display = trial is not None
        given = self.query_one("#endpoint-given", Static)
        given.display = trial is not None
        if trial is None:
            return
        names = ", ".join(printable(label, 40) for label in trial.labels) or "no label"
        source = "saved thresholds" if trial.has_thresholds else ".5 each: not tuned yet"
        unsure = f" · {len(trial.undecided)} undecided" if trial.undecided else ""
        given.update(lines([self._plain(f"given: {names}{unsure} · {source}")]))
        ascii_only = self.tuner.settings.ascii_only
        self._table.show(_COLUMNS, [_row(row, ascii_only) for row in trial.rows])

    @property
    def _live(self) -> EndpointState | None:
        """The newest endpoint that may exist."""
        return next(reversed(self.overview.state.live_endpoints), None)

    @property
    def _run(self) -> RunState | None:
        """The session's run, once its first classifier is trained."""
        run = self.overview.state.run
        status = run.classifiers[0].training.status if run else None
        return run if status is not None and status.is_usable else None

    @property
    def _is_paid(self) -> bool:
        return self.overview.state.engine.name == "aws"

    @property
    def _table(self) -> RowTable:
        return self.query_one(RowTable)

    @property
    def _input(self) -> DocumentInput:
        return self.query_one(DocumentInput)

    def _plain(self, text: str) -> str:
        return plain(text, self.tuner.settings.ascii_only)
