"""Plans, prices, budgets and costs in words, for the command line and for paid questions."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.text import plural, printable
from core.views.blocks import table
from core.views.numbers import NONE, amount, amounts, count, usd, usd_between
from core.views.terminal import table_text

if TYPE_CHECKING:
    from core.comprehend.pricing import Estimate
    from core.workflow.endpoints import EndpointPlan
    from core.workflow.experiments.plan import ExperimentPlan
    from core.workflow.money import PlanRow, Spending, SpendingRow
    from core.workflow.score import ScoringPlan
    from core.workflow.train import TrainingPlan

    Plan = TrainingPlan | ScoringPlan | ExperimentPlan

NOTHING_LEFT = "nothing is left to pay, every job is started"


def estimate_words(low_usd: float, high_usd: float, is_paid: bool) -> str:
    """What something costs, or would cost with an account."""
    between = usd_between(low_usd, high_usd)
    return f"{between}, estimated" if is_paid else f"$0.00 offline; on AWS about {between}"


def budget_words(plan: "Plan") -> str:
    """The budget, what it leaves and whether the plan fits; empty offline or without one."""
    if not plan.is_paid or plan.budget_usd is None or plan.left_usd is None:
        return ""
    left = f"{usd(plan.budget_usd)}, of which {usd(max(plan.left_usd, 0.0))} is left"
    return f"{left}: too little" if plan.is_over_budget else left


def budget_lines(plan: "Plan") -> list[str]:
    """The budget as a line of its own, when there is one."""
    words = budget_words(plan)
    return [f"budget: {words}"] if words else []


def row_words(row: "PlanRow") -> str:
    """One job of a plan: documents, units, price."""
    counted = plural(row.documents, "document")
    if row.units is not None:
        counted = f"{counted}, {plural(row.units, 'unit')}"
    return f"{row.what}: {counted}, {usd_between(row.low_usd, row.high_usd)}"


def price_lines(rows: Sequence["PlanRow"], estimate: "Estimate", is_paid: bool) -> list[str]:
    """Price by classifier and part, the total and its basis."""
    if not rows:
        return [f"price: {NOTHING_LEFT}"]
    cells = [
        [
            row.what,
            count(row.documents),
            count(row.units),
            amount(row.low_usd),
            amount(row.high_usd),
        ]
        for row in rows
    ]
    return [
        table_text(table(["what", "documents", "units", "low $", "high $"], cells)),
        f"price: {estimate_words(estimate.low_usd, estimate.high_usd, is_paid)}",
        f"basis: {estimate.basis}",
    ]


def training_plan_text(plan: "TrainingPlan") -> str:
    """What a training would create and cost."""
    from core.workflow.train import group_lines

    lines = [
        f"run {plan.run} ({'carried on' if plan.is_resumed else 'new'}) on {plan.engine}: "
        f"{plural(plan.classifiers, 'classifier')}, {plan.mode}, "
        f"{plural(plan.documents, 'training document')}",
        *group_lines(plan),
        *(f"upload: {upload.words}" for upload in plan.sends),
        *price_lines(plan.rows, plan.estimate, plan.is_paid),
    ]
    if plan.rows:
        lines.append(f"keeping: {plan.keeping.basis}")
    if plan.rows and plan.groups:
        scoring = usd_between(plan.scoring.low_usd, plan.scoring.high_usd)
        lines.append(f"scoring with them: {scoring}: {plan.scoring.basis}")
    return "\n".join([*lines, *budget_lines(plan)])


def scoring_plan_text(plan: "ScoringPlan") -> str:
    """What a scoring would send and cost."""
    documents = ", ".join(f"{part} {count(size)}" for part, size in plan.documents.items())
    return "\n".join(
        [
            f"run {plan.run} on {plan.engine}: documents to score: {documents}; "
            f"{plural(plan.units, 'unit')} still to be charged",
            *(f"upload: {upload.words}" for upload in plan.sends),
            *price_lines(plan.rows, plan.estimate, plan.is_paid),
            *budget_lines(plan),
        ]
    )


def endpoint_plan_text(plan: "EndpointPlan") -> str:
    """What the start of an endpoint would create and cost."""
    what = "keep the endpoint" if plan.is_resumed else "create an endpoint"
    hour, until = usd(plan.usd_per_hour), usd(plan.estimate.high_usd)
    more = " more" if plan.is_resumed else ""
    price = f"{hour} an hour while it exists, used or not; {until}{more} for {plan.minutes} minutes"
    return "\n".join(
        [
            f"{what} of {plan.run}/{plan.classifier} on {plan.engine}",
            f"price: {price}, estimated" if plan.is_paid else f"price: $0.00 offline ({price})",
            f"basis: {plan.estimate.basis}",
            "then it is deleted from here, while this machine is up and signed in",
        ]
    )


# What a session has cost.


def cost_text(spent: "Spending") -> str:
    """Every job, endpoint and kept classifier with its price; the total; keeping; the budget."""
    columns = ["run", "what", "estimate $", "from times $", "counted $"]
    what = "spent and committed" if spent.is_paid else "charged: $0.00 (offline); on AWS about"
    keeping = f"keeping {plural(spent.models, 'classifier')}: {usd(spent.keeping.high_usd)} a month"
    lines = [
        table_text(table(columns, map(_cells, spent.rows), left=["what"]))
        if spent.rows
        else "nothing started yet",
        *(f"{_name(row)}: {printable(row.note)}" for row in spent.rows if row.note),
        f"{what} {usd_between(spent.low_usd, spent.high_usd)}; {_prices_words(spent)}",
        keeping if spent.is_paid else f"on AWS {keeping}",
        _budget_words(spent),
    ]
    return "\n".join(lines)


def _cells(row: "SpendingRow") -> list[str]:
    doing = {"training": "training", "scoring": f"scoring {row.part}", "model": "kept"}
    what = f"{row.classifier} {doing.get(row.kind, row.kind)}"
    estimate = amounts(row.estimate.low_usd, row.estimate.high_usd) if row.estimate else NONE
    if row.kind == "model":
        estimate += " a month"
    billed = amount(row.billed_usd)
    return [row.run, what.strip(), estimate, billed, amounts(row.low_usd, row.high_usd)]


def _name(row: "SpendingRow") -> str:
    """What a note is about; the ARN of a kept classifier says less than its place in the run."""
    is_placed = row.kind == "model" and row.classifier
    return printable(f"{row.run}/{row.classifier}/kept" if is_placed else row.job, 80)


def _prices_words(spent: "Spending") -> str:
    from core.comprehend.pricing import DEFAULT_PRICES

    whose = "US regions" if spent.prices == DEFAULT_PRICES else "your own list"
    return f"prices as of {printable(spent.prices.as_of, 20)}, {whose}"


def _budget_words(spent: "Spending") -> str:
    if spent.budget_usd is None or spent.left_usd is None:
        return "budget: none; set one with cost --budget USD"
    budget = f"budget: {usd(spent.budget_usd)}"
    if not spent.is_paid:
        return f"{budget}, none of it used: offline nothing is charged and nothing is refused"
    if spent.left_usd < 0:
        return f"{budget}, exceeded by {usd(-spent.left_usd)} at the high end"
    return f"{budget}, of which {usd(spent.left_usd)} is left at the high end"
