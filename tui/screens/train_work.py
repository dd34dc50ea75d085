"""What the train screen reads in a thread, and how it words a plan."""

from dataclasses import dataclass

from core.errors import TunerError
from core.text import plural
from core.workflow.actions.groups import group_lines
from core.workflow.actions.label_needs import GroupKind
from core.workflow.actions.metrics import MetricsFile, load_metrics
from core.workflow.actions.train import TrainingPlan, plan_training
from core.workflow.overview import Overview
from core.workflow.session import Session
from core.workflow.steps import is_trained
from tui.widgets.facts import Fact
from tui.widgets.job_log import price, price_facts


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
        (run.name, [(c.training.id, is_trained(c)) for c in run.classifiers]) for run in state.runs
    ]
    money = state.prices, state.budget_usd
    return (
        state.dataset.fingerprint, split, over, runs, money, state.engine,
        overview.status_of("train").status,
    )  # fmt: skip


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
    if run is not None and all(is_trained(classifier) for classifier in run.classifiers):
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
    uploads = [f"{file} ({size:,} bytes)" for file, size in plan.uploads]
    return [
        ("creates", f"{plural(plan.classifiers, 'classifier')}, {plan.mode}, {labels}"),
        *((("groups" if at == 0 else ""), text) for at, text in enumerate(grouped)),
        ("trains on", f"{documents} of split {plan.split}"),
        *((("uploads" if at == 0 else ""), text) for at, text in enumerate(uploads)),
    ]


def _money_facts(plan: TrainingPlan) -> list[Fact]:
    keeping = [("keeping", plan.keeping.basis)] if plan.rows else []
    scoring = [("scoring", _scoring_words(plan))] if plan.rows and plan.groups else []
    return [*price_facts(plan), *scoring, *keeping]


def _scoring_words(plan: TrainingPlan) -> str:
    """What scoring the held-out parts with the new classifiers adds."""
    estimate = plan.scoring
    return f"{price(estimate.low_usd, estimate.high_usd, plan.is_paid)}, when they score"
