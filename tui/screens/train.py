"""The train step: what will be created, the wait, and what the service then says of it."""

from dataclasses import dataclass
from functools import partial

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from core.comprehend.pricing import total_estimate
from core.errors import Refused, TunerError
from core.text import plural
from core.views.numbers import duration
from core.views.prices import estimate_words
from core.workflow.following import JobRow, job_rows
from core.workflow.health import require_health
from core.workflow.metrics import MetricsFile, load_metrics
from core.workflow.overview import Overview
from core.workflow.session import Session
from core.workflow.state import SessionState
from core.workflow.train import (
    GroupKind,
    TrainingPlan,
    finish_training,
    group_lines,
    plan_training,
    start_training_run,
)
from tui.render import glyph
from tui.screens.base import PaidStepScreen
from tui.widgets.facts import Fact, Facts, Line, price_facts, row_state, upload_facts
from tui.widgets.preflight import PreflightPanel, summary
from tui.widgets.results import CellsTable, MatrixTable, MetricsGrid, warnings_of
from tui.windows import PayModal

# What the train screen reads in a thread, and how it words a plan.


@dataclass(frozen=True)
class TrainView:
    """What the screen shows beside the overview."""

    plan: TrainingPlan | None
    problem: TunerError | None
    metrics: tuple[MetricsFile, ...]


def inputs_of(overview: Overview) -> object:
    """What plan and metrics depend on."""
    state = overview.state
    over = state.oversampling.training.fingerprint if state.oversampling else ""
    split = state.split.fingerprint if state.split else ""
    runs = [
        (run.name, [(c.training.id, c.is_trained) for c in run.classifiers]) for run in state.runs
    ]
    money = state.prices, state.budget_usd
    return (
        state.dataset.fingerprint,
        split,
        over,
        runs,
        money,
        state.engine,
        overview.status_of("train").status,
    )


def view_of(session: Session, groups: GroupKind | None = None) -> TrainView:
    """Read plan and metrics.

    Args:
        groups: the label groups to plan; None plans what is to be trained next.
    """
    plan: TrainingPlan | None = None
    problem: TunerError | None = None
    try:
        plan = plan_training(session, groups=groups)
    except TunerError as error:
        problem = error
    run = session.state().run
    metrics: tuple[MetricsFile, ...] = ()
    if run is not None and run.is_trained:
        metrics = load_metrics(session, run.name)
    return TrainView(plan, problem, metrics)


def plan_facts(plan: TrainingPlan) -> list[Fact]:
    """What would be created, from what, at what price."""
    return [_run_fact(plan), *_work_facts(plan), *_money_facts(plan)]


def question_facts(plan: TrainingPlan) -> list[Fact]:
    """The same with the price first, since a low window shows only the beginning."""
    return [_run_fact(plan), *_money_facts(plan), *_work_facts(plan)]


def _run_fact(plan: TrainingPlan) -> Fact:
    carried = "carried on" if plan.is_resumed else "new"
    return "run", f"{plan.run} ({carried}) on {plan.engine}"


def _work_facts(plan: TrainingPlan) -> list[Fact]:
    documents = plural(plan.documents, "document")
    labels = plural(len(plan.labels), "label")
    grouped = group_lines(plan)
    return [
        ("creates", f"{plural(plan.classifiers, 'classifier')}, {plan.mode}, {labels}"),
        *((("groups" if at == 0 else ""), text) for at, text in enumerate(grouped)),
        ("trains on", f"{documents} of split {plan.split}"),
    ]


def _money_facts(plan: TrainingPlan) -> list[Fact]:
    keeping = [("keeping", plan.keeping.basis)] if plan.rows else []
    scoring = [("scoring", _scoring_words(plan))] if plan.rows and plan.groups else []
    return [*price_facts(plan), *scoring, *keeping]


def _scoring_words(plan: TrainingPlan) -> str:
    """What scoring the held-out parts with the new classifiers adds."""
    estimate = plan.scoring
    return f"{estimate_words(estimate.low_usd, estimate.high_usd, plan.is_paid)}, when they score"


_NEXT_PLAN: dict[GroupKind | None, GroupKind | None] = {
    None: "rare",
    "rare": "complete",
    "complete": None,
    "single": "rare",
}


class TrainScreen(PaidStepScreen[TrainView]):
    """Plan, start and watch the training of a run; then its metrics."""

    step_id = "train"
    title_words = "train"
    CSS = """
    TrainScreen #plan { height: auto; max-height: 60%; }
    TrainScreen #plan.-alone { max-height: 100%; }
    TrainScreen #running { height: auto; color: $text-accent; }
    TrainScreen #metrics-title { height: auto; text-style: bold; }
    TrainScreen #cells { height: 1fr; min-height: 3; margin-top: 1; }
    TrainScreen #matrix { height: auto; max-height: 10; margin-top: 1; }
    TrainScreen.-flat #metrics-grid { max-height: 2; }
    TrainScreen #warnings { height: auto; color: $text-warning; }
    """

    def __init__(self, groups: GroupKind | None = None) -> None:
        super().__init__(
            lambda overview: (inputs_of(overview), self._groups),
            lambda session: view_of(session, self._groups),
        )
        self._groups = groups
        """The label groups that are planned; None for what is to be trained next."""

    def compose_body(self) -> ComposeResult:
        """The plan above, metrics and counts below."""
        ascii_only = self.tuner.settings.ascii_only
        yield Line(ascii_only, widget_id="running")
        yield PreflightPanel(ascii_only)
        with VerticalScroll(id="plan"):
            yield Facts(ascii_only, widget_id="plan-facts")
        yield Line(ascii_only, widget_id="metrics-title")
        yield MetricsGrid(ascii_only, widget_id="metrics-grid")
        yield Line(ascii_only, widget_id="warnings")
        yield CellsTable("cells", gap=2)
        yield MatrixTable("matrix", gap=2)

    def show_view(self) -> None:
        """Show what is known."""
        status = self.overview.status_of("train").status
        metrics = self.view.metrics if self.view is not None else ()
        is_done = status == "done" and bool(metrics) and self._groups is None
        self.query_one("#running", Line).show(self._running_words())
        self.query_one("#plan").display = not is_done and not self.is_report_open
        self.query_one("#plan").set_class(not metrics, "-alone")
        if not is_done:
            self.query_one("#plan-facts", Facts).show(self._facts(status))
        self._show_metrics(() if self.is_report_open else metrics, is_old=not is_done)

    def _show_metrics(self, metrics: tuple[MetricsFile, ...], is_old: bool) -> None:
        self.query_one("#metrics-title", Line).show(self._metrics_title(metrics, is_old))
        self.query_one("#warnings", Line).show(warnings_of(metrics, self.tuner.settings.ascii_only))
        grid, cells = self.query_one(MetricsGrid), self.query_one(CellsTable)
        grid.display, cells.display = bool(metrics) and not is_old, bool(metrics)
        grid.show(metrics)
        cells.show_cells(metrics)
        self.query_one(MatrixTable).show_matrix(metrics)

    def _metrics_title(self, metrics: tuple[MetricsFile, ...], is_old: bool) -> str:
        if not metrics:
            return ""
        run = self._run_name
        tested = plural(metrics[0].documents_tested or 0, "test document")
        rule = "" if metrics[0].mode == "multi-class" else ", each label at .5"
        return f"{'before: ' if is_old else ''}run {run}, service's metrics on {tested}{rule}"

    def _facts(self, status: str) -> list[Fact]:
        overview = self.overview
        if status == "blocked":
            split = "split the dataset again" if overview.state.split else "split the dataset"
            return [("blocked", f"{overview.status_of('train').detail}: press 3 and {split}")]
        gate = self._gate(overview.state)
        is_closed = not gate.startswith(glyph("passed", self.tuner.settings.ascii_only))
        facts: list[Fact] = [("gate", gate)] if is_closed else []
        if self._groups is not None:
            other = _NEXT_PLAN[self._groups] or "none"
            facts.append(("planned", f"label groups: {self._groups} (g: {other}); r trains them"))
        plan = self.view.plan if self.view is not None else None
        if status != "running" and overview.state.runs:
            facts.append(("so far", overview.status_of("train").detail))
        if plan is not None:
            facts += plan_facts(plan)
            if plan.is_paid:
                facts.append(("account", self.checked_words()))
        elif self.view is not None and self.view.problem is not None:
            facts.append(("problem", self.view.problem.message))
        facts += [] if is_closed else [("gate", gate)]
        return [*facts, *(upload_facts(plan.sends) if plan is not None else ())]

    def _running_words(self) -> str:
        """State of a training that nobody waits for; a wait shows it in the banner."""
        if self.is_busy or self.overview.status_of("train").status != "running":
            return ""
        ascii_only = self.tuner.settings.ascii_only
        words = [
            f"{row.id} {row_state(row, ascii_only)} {duration(row.elapsed_s)}"
            for row in self._training_rows()
            if not row.is_final
        ]
        if not words:
            return "the training has ended; r fetches its output"
        return f"{', '.join(words)} · r waits for it, x stops it"

    def _gate(self, state: SessionState) -> str:
        ascii_only = self.tuner.settings.ascii_only
        try:
            require_health(state, despite_findings=False)
        except Refused as error:
            where = "press 2"
            return f"{glyph('error', ascii_only)} closed: {error.message}; {where}"
        return f"{glyph('passed', ascii_only)} open: {self.overview.status_of('health').detail}"

    def focus_first(self) -> None:
        """The counts when there are some, else the plan."""
        if self.focused is None and self.is_current:
            has_table = self.view is not None and bool(self.view.metrics)
            self.query_one("#cells" if has_table else "#plan").focus()

    def _training_rows(self) -> list[JobRow]:
        run = self.overview.state.run
        if run is None:
            return []
        rows = job_rows(self.session, refreshed=False)
        current = {c.training.id for c in run.classifiers}
        return [row for row in rows if row.run == run.name and row.id in current]

    @property
    def _run_name(self) -> str:
        run = self.overview.state.run
        return run.name if run is not None else ""

    def action_run_step(self) -> None:
        """Create the classifier, or go on waiting for it."""
        if self.is_busy or self.is_looking or self.refuses("training"):
            return
        overview = self.overview
        status = overview.status_of("train")
        if status.status == "done" and self._groups is None:
            self.banner.show_note(f"{status.detail}, is trained; n goes to the next step")
            return
        view = self.view
        if status.status == "blocked" or view is None or view.plan is None:
            problem = view.problem if view is not None else None
            self.banner.show_error(
                problem or Refused("Not ready", status.detail, "3 splits the dataset")
            )
            return
        try:
            require_health(overview.state, despite_findings=False)
        except Refused as error:
            self.banner.show_error(error)
            return
        self._start_or_ask(view.plan)

    def _start_or_ask(self, plan: TrainingPlan) -> None:
        if not plan.is_paid or not plan.rows:
            self._start(plan)
        elif self.fits_budget(plan, total_estimate([plan.estimate, plan.keeping])):
            self.check_first(partial(self._ask, plan))

    def _ask(self, plan: TrainingPlan) -> None:
        facts = question_facts(plan)
        if self.report is not None:
            facts.append(("checks", summary(self.report)))
        facts += upload_facts(plan.sends)

        def answered(agreed: bool | None) -> None:
            if agreed:
                self._start(plan)

        self.app.push_screen(PayModal(_question(plan), facts, "upload and train"), answered)

    def _start(self, plan: TrainingPlan) -> None:
        session = self.session
        self._groups = None
        self.begin(
            lambda watch: start_training_run(session, plan, False, watch),
            lambda _, watch: finish_training(session, plan.run, watch),
            f"run {plan.run} is trained; n goes to the next step",
            "stopped waiting; the training goes on. r waits again, x stops the training",
        )

    def action_groups(self) -> None:
        """Plan label groups: for the labels in need, for every label, or none."""
        if self.is_busy or self.is_looking:
            return
        self._groups = _NEXT_PLAN[self._groups]
        self.banner.clear()
        self.show_overview()

    def action_stop(self) -> None:
        """Stop waiting; when nothing waits, ask to stop the training itself."""
        if self.cancel_job():
            return
        running = [row for row in self._training_rows() if not row.is_final]
        if running:
            self.ask_to_stop(running[0])
        else:
            self.banner.show_note("no training runs")

    def equivalent_command(self) -> str:
        """Training the run that is planned."""
        groups = f" --groups {self._groups}" if self._groups is not None else ""
        return f"comprehend-tuner --session {self.session_argument} train{groups}"

    def copied_value(self) -> str:
        """The policy on show, else the newest classifier's ARN, else the command."""
        if self.is_report_open:
            return super().copied_value()
        run = self.overview.state.run
        arn = run.classifiers[0].training.arn if run is not None else ""
        return arn or self.equivalent_command()


def _question(plan: TrainingPlan) -> str:
    return "Train this classifier?" if len(plan.rows) == 1 else "Train these classifiers?"
