"""Prices, budgets and costs in words, as the command line and the paid questions say them."""

from typing import TYPE_CHECKING

from core.views.numbers import usd, usd_between

if TYPE_CHECKING:
    from core.workflow.experiments.plan import ExperimentPlan
    from core.workflow.score import ScoringPlan
    from core.workflow.train import TrainingPlan

    Plan = TrainingPlan | ScoringPlan | ExperimentPlan


def estimate_words(low_usd: float, high_usd: float, is_paid: bool) -> str:
    """What something costs, or would cost with an account."""
    between = usd_between(low_usd, high_usd)
    return f"{between}, estimated" if is_paid else f"$0.00 offline; on AWS about {between}"


def budget_words(plan: "Plan") -> str:
    """The budget, what it leaves and whether the plan fits; empty offline or without one."""
    if not plan.is_paid or plan.budget_usd is None or plan.left_usd is None:
        return ""
    left = f"{usd(plan.budget_usd)}, of which {usd(max(plan.left_usd, 0.0))} is left"
    return f"{left}: too little for the high end" if plan.is_over_budget else left


def budget_lines(plan: "Plan") -> list[str]:
    """The budget as a line of its own, when there is one."""
    words = budget_words(plan)
    return [f"budget: {words}"] if words else []
