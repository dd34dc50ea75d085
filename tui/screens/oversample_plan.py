"""The plan face of the oversample screen, made from what is wished and what was counted."""

from dataclasses import dataclass, replace

from core.workflow.experiments import ExperimentPlan
from core.workflow.state import OversamplingState
from tui.screens.oversample_single import LEAD, SingleFile
from tui.screens.oversample_texts import arm_price, arm_text, plan_lead, sweep_text
from tui.screens.oversample_wish import ArmsWish
from tui.screens.oversample_work import PlannedSweep
from tui.widgets.arms_plan import ArmCells, PlanView, counts_of

_SINGLE_ENDING = "e target · space plans an experiment instead · D forgets"


@dataclass(frozen=True)
class Planned:
    """What stands on the plan."""

    single: SingleFile | None
    """None without a split of the present dataset."""
    is_single: bool
    """Whether the single training file is meant, not the experiment."""
    wish: ArmsWish
    sweep: PlannedSweep | None
    """What the wish comes to; None while it is counted."""
    place: int
    """Of the highlighted arm."""
    is_busy: bool = False
    """Whether arms are trained or compared at this moment."""


def plan_view(planned: Planned, kept: OversamplingState | None, missing: str) -> PlanView:
    """What the pane shows.

    Args:
        planned: what is wished, and what was counted.
        kept: the single training file of the session.
        missing: what planning needs first.
    """
    single, wish, sweep = planned.single, planned.wish, planned.sweep
    if single is None:
        return PlanView((missing,), (), True)
    if planned.is_single:
        return PlanView(
            LEAD, single.rows(), True, texts=(single.summary(kept),), ending=_SINGLE_ENDING
        )
    counts = counts_of(single.before, single.before, {}, wish.labels)
    view = PlanView(plan_lead(wish), counts, False)
    if not wish.is_complete:
        return replace(view, texts=("no label chosen · o options · e a single training file",))
    if sweep is None:
        return replace(view, texts=("counting …",))
    if sweep.plan is None:
        problem = sweep.problem
        hint = f"; {problem.hint}" if problem is not None and problem.hint else ""
        return replace(view, texts=(f"! {problem.message}{hint}" if problem is not None else "",))
    return _swept(view, sweep.plan, wish, planned)


def _swept(view: PlanView, plan: ExperimentPlan, wish: ArmsWish, planned: Planned) -> PlanView:
    place = min(planned.place, len(plan.arms) - 1)
    arm = plan.arms[place]
    cells = [
        ArmCells(one.plan.id, f"{one.documents:,}", arm_price(one), one.is_there)
        for one in plan.arms
    ]
    if not plan.trainings and not plan.estimate.high_usd:
        start = "trained and scored: p shows it"
    elif planned.is_busy:
        start = "r after what runs now"
    else:
        start = "r carries it on" if plan.is_resumed else "r starts it"
    return replace(
        view,
        labels=counts_of(plan.before, arm.after, arm.distinct, wish.labels),
        arms=tuple(cells),
        place=place,
        price_title="price" if plan.is_paid else "on AWS",
        texts=(arm_text(plan, arm, place), sweep_text(plan)),
        cautions=tuple(f"! {text}" for text in plan.cautions),
        ending=f"{start} · ←→ arm · o options · enter all of it",
    )
