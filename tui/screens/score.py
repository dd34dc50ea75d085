"""The score step: what will be scored, the wait, and how the output joined."""

from dataclasses import dataclass
from functools import partial
from typing import Literal

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from core.errors import Refused, TunerError
from core.text import plural
from core.workflow.following import job_rows
from core.workflow.overview import Overview
from core.workflow.score import (
    ScoringPlan,
    finish_scoring,
    plan_scoring,
    set_twin_returned,
    start_scoring_jobs,
)
from core.workflow.session import Session
from core.workflow.state import RunState
from core.workflow.train import Proposal, need_words, price_words, propose_groups
from tui.screens.base import PaidStepScreen
from tui.widgets.facts import Fact, Facts, Line, price_facts, upload_facts
from tui.widgets.preflight import PreflightPanel, summary
from tui.widgets.results import PartsTable, ReturnedTable
from tui.windows import PayModal


@dataclass(frozen=True)
class ScoreView:
    """What the screen shows beside the overview; read in a thread."""

    plan: ScoringPlan | None
    problem: TunerError | None
    proposal: Proposal | None = None
    """Label groups for labels whose scores were returned too seldom."""


class ScoreScreen(PaidStepScreen[ScoreView]):
    """Plan, start and watch scoring jobs; then what was returned of each label."""

    step_id = "score"
    title_words = "score"
    nothing_runs = "nothing waits; scoring jobs cannot be stopped, only left alone"
    CSS = """
    ScoreScreen #plan { height: auto; max-height: 40%; }
    ScoreScreen #plan.-alone { max-height: 75%; }
    ScoreScreen #parts { height: auto; max-height: 5; }
    ScoreScreen #proposal { height: auto; max-height: 4; color: $text-warning; }
    ScoreScreen #returned-title { height: auto; text-style: bold; }
    ScoreScreen #returned { height: 1fr; min-height: 3; }
    """

    def __init__(self) -> None:
        super().__init__(_inputs, _view)

    def compose_body(self) -> ComposeResult:
        """The plan, a row per part, returned shares."""
        ascii_only = self.tuner.settings.ascii_only
        yield PreflightPanel(ascii_only)
        with VerticalScroll(id="plan"):
            yield Facts(ascii_only, widget_id="plan-facts")
        yield PartsTable("parts", gap=2)
        yield Line(ascii_only, widget_id="proposal")
        yield Line(ascii_only, widget_id="returned-title")
        yield ReturnedTable("returned", gap=2)

    def focus_first(self) -> None:
        """The returned shares when there are some, else the parts, else the plan."""
        if self.focused is None and self.is_current:
            names = [name for name in ("#returned", "#parts") if self.query_one(name).display]
            self.query_one([*names, "#plan"][0]).focus()

    def show_view(self) -> None:
        """Show what is known."""
        run = self._trained_run()
        plan = self.view.plan if self.view is not None else None
        self.query_one("#plan").display = not self.is_report_open
        self.query_one("#plan-facts", Facts).show(self._facts(run, plan))
        parts = [] if self.is_report_open else self._parts(run, plan)
        self.query_one("#parts").display = bool(parts)
        if run is not None and parts:
            rows = job_rows(self.session, refreshed=False)
            self.query_one(PartsTable).show_parts(run, parts, rows)
        scored = [part for part in parts if run is not None and part in run.scores]
        self.query_one("#plan").set_class(not scored, "-alone")
        self.query_one("#proposal", Line).show(self._proposal_words() if scored else "")
        title = "share of each label's positives whose score was returned" if scored else ""
        self.query_one("#returned-title", Line).show(title)
        self.query_one("#returned").display = bool(scored)
        if run is not None and scored:
            self.query_one(ReturnedTable).show_shares(run, scored)

    def _proposal_words(self) -> str:
        """Which labels need label groups, and what these would cost."""
        proposal = self.view.proposal if self.view is not None else None
        if proposal is None:
            return ""
        return f"{need_words(proposal)} · g plans {price_words(proposal)}"

    def _trained_run(self) -> RunState | None:
        run = self.overview.state.run
        if run is None or not run.is_trained:
            return None
        return run

    def _parts(self, run: RunState | None, plan: ScoringPlan | None) -> list[str]:
        if run is None:
            return []
        planned = list(plan.parts) if plan is not None and plan.run == run.name else []
        return [*planned, *(part for part in run.scores if part not in planned)]

    def _facts(self, run: RunState | None, plan: ScoringPlan | None) -> list[Fact]:
        overview = self.overview
        status = overview.status_of("score")
        if run is None:
            waits = overview.status_of("train").status == "running"
            what = "it is being trained; press 4 or j" if waits else "press 4 and train one"
            return [("blocked", f"{status.detail}: {what}")]
        if plan is None:
            problem = self.view.problem if self.view is not None else None
            return [("run", run.name), *([("problem", problem.message)] if problem else [])]
        facts: list[Fact] = [("run", f"{plan.run} on {plan.engine}")]
        if status.status == "stale":
            facts.append(("stale", status.detail))
        facts.append(("to score", self._work(run, plan)))
        if overview.state.engine.name == "offline":
            facts.append(("returned", self._returned_words(run, plan)))
        if plan.units:
            facts += price_facts(plan)
            if plan.is_paid:
                facts.append(("account", self.checked_words()))
        return [*facts, *upload_facts(plan.sends)]

    def _work(self, run: RunState, plan: ScoringPlan) -> str:
        documents = ", ".join(f"{part} {count:,}" for part, count in plan.documents.items())
        if plan.units:
            units = plural(plan.units, "unit")
            classifiers = plural(plan.classifiers, "classifier")
            return f"{documents} documents by {classifiers}; {units} to be charged"
        if all(part in run.scores for part in plan.parts) and not self._waits(run):
            return "nothing left: every part is scored with these settings"
        ending = "waiting for them" if self.is_busy else "r waits for them"
        return f"the jobs are started; {ending}"

    def _waits(self, run: RunState) -> bool:
        return any(not job.is_usable for c in run.classifiers for job in c.scoring.values())

    def _returned_words(self, run: RunState, plan: ScoringPlan) -> str:
        returned = self.overview.state.twin.returned
        other = 3 if returned == "all" else "all"
        words = "every label" if returned == "all" else f"the {returned} highest labels"
        differs = bool(plan.units) and bool(run.scores)
        again = "; the scores below are of other settings, r scores again" if differs else ""
        return f"the twin returns {words} per document (o: {other}){again}"

    def action_run_step(self) -> None:
        """Start the scoring jobs, or go on waiting for them."""
        if self.is_busy or self.is_looking or self.refuses("scoring"):
            return
        run = self._trained_run()
        plan = self.view.plan if self.view is not None else None
        if run is None or plan is None:
            problem = self.view.problem if self.view is not None else None
            detail = self.overview.status_of("score").detail
            self.banner.show_error(problem or Refused("Not ready", detail, "4 trains a classifier"))
            return
        is_scored = all(part in run.scores for part in plan.parts) and not self._waits(run)
        if is_scored and not plan.units:
            self.banner.show_note("every part is scored with these settings; n goes on")
        elif plan.is_paid and plan.rows:
            if self.fits_budget(plan, plan.estimate):
                self.check_first(partial(self._ask, plan))
        else:
            self._start(plan)

    def _ask(self, plan: ScoringPlan) -> None:
        documents = ", ".join(f"{part} {count:,}" for part, count in plan.documents.items())
        facts: list[Fact] = [
            ("run", f"{plan.run} on {plan.engine}"),
            ("documents", f"{documents}, each by {plural(plan.classifiers, 'classifier')}"),
            *price_facts(plan),
        ]
        if self.report is not None:
            facts.append(("checks", summary(self.report)))
        facts += upload_facts(plan.sends)

        def answered(agreed: bool | None) -> None:
            if agreed:
                self._start(plan)

        self.app.push_screen(
            PayModal("Score these documents?", facts, "upload and score"), answered
        )

    def _start(self, plan: ScoringPlan) -> None:
        session = self.session
        self.begin(
            lambda watch: start_scoring_jobs(session, plan, watch),
            lambda _, watch: finish_scoring(session, plan.run, plan.parts, watch),
            "scored and joined; n goes to the next step",
            "stopped waiting; the jobs go on. r waits again, j shows them",
        )

    def action_returned(self) -> None:
        """Let the twin return 3 labels a document, or all."""
        if self.is_busy:
            return
        if self.overview.state.engine.name != "offline":
            self.banner.show_note("only the offline twin lets you choose what is returned")
            return
        session = self.session
        wanted: Literal[3, "all"] = 3 if self.overview.state.twin.returned == "all" else "all"
        self.run(lambda watch: set_twin_returned(session, wanted), self._tell_returned)

    def _tell_returned(self, _: None) -> None:
        run = self._trained_run()
        again = "; r scores again" if run is not None and run.scores else ""
        returned = self.overview.state.twin.returned
        self.banner.show_note(f"the twin now returns {returned} labels per document{again}")

    def action_groups(self) -> None:
        """Open the plan of label groups for the labels in need; nothing is started."""
        if self.is_busy:
            return
        if self.view is None or self.view.proposal is None:
            self.banner.show_note("no label needs a group: nothing to plan")
            return
        from tui.screens.train import TrainScreen

        self.tuner.switch_screen(TrainScreen("rare"))

    def equivalent_command(self) -> str:
        """Scoring with the present option of the twin."""
        state = self.overview.state
        options = ""
        if state.engine.name == "offline" and state.twin.returned in (3, "all"):
            options = f" --offline-returned {state.twin.returned}"
        return f"comprehend-tuner --session {self.session_argument} score{options}"


def _inputs(overview: Overview) -> object:
    """What the plan depends on."""
    state = overview.state
    runs = [
        (
            run.name,
            [(c.is_trained, [job.id for job in c.scoring.values()]) for c in run.classifiers],
            [s.fingerprint for s in run.scores.values()],
        )
        for run in state.runs
    ]
    money = state.prices, state.budget_usd
    return runs, state.twin, money, state.engine, overview.status_of("score").status


def _view(session: Session) -> ScoreView:
    """Read the plan."""
    try:
        return ScoreView(plan_scoring(session), None, propose_groups(session))
    except TunerError as error:
        return ScoreView(None, error)
