"""The proposal of label groups: which labels are in need, what would help, and at what price."""

from dataclasses import dataclass

from core.comprehend.pricing import Estimate
from core.dataset.label_groups import Group
from core.errors import InvalidInput
from core.text import plural, printable
from core.workflow.actions.label_needs import LabelInNeed, labels_in_need
from core.workflow.actions.runs import pick_run
from core.workflow.actions.train import TrainingPlan, plan_training
from core.workflow.session import Session
from core.workflow.steps import split_of, tuning_part

_SHOWN = 4


@dataclass(frozen=True)
class Proposal:
    """Extra classifiers that would return every score of the labels in need."""

    run: str
    """The run whose scores show the need."""
    part: str
    """The part that they are of."""
    labels: tuple[LabelInNeed, ...]
    groups: tuple[Group, ...]
    training: Estimate
    """The extra trainings."""
    scoring: Estimate
    """Scoring the held-out parts with the extra classifiers."""
    keeping: Estimate
    """Keeping the extra classifiers, per month."""
    is_paid: bool
    command: str
    """What plans and starts them."""


def propose_groups(session: Session, run_name: str | None = None) -> Proposal | None:
    """What label groups would give a run, and what they would cost; nothing is started.

    Args:
        run_name: the run; the newest when None.

    Returns:
        None when no label is in need, the tuning part was not scored, groups are not possible, or
        a run has them already.
    """
    state = session.state()
    try:
        run = pick_run(state, run_name)
        part = tuning_part(split_of(state, run))
        needs = labels_in_need(session, state, run) if part in run.scores else ()
        plan = plan_training(session, groups="rare") if needs else None
    except InvalidInput:
        return None
    if plan is None or plan.is_resumed:
        return None
    return Proposal(
        run=run.name,
        part=part,
        labels=needs,
        groups=plan.groups,
        training=plan.estimate,
        scoring=plan.scoring,
        keeping=plan.keeping,
        is_paid=plan.is_paid,
        command="comprehend-tuner train --groups rare",
    )


def need_words(proposal: Proposal) -> str:
    """Which labels are in need, in words."""
    named = [
        f"{printable(need.label, 30)} ({need.returned_share:.0%} returned)"
        for need in proposal.labels[:_SHOWN]
    ]
    more = len(proposal.labels) - _SHOWN
    names = ", ".join([*named, f"{more} more"] if more > 0 else named)
    what = plural(len(proposal.labels), "label")
    verb = "needs" if len(proposal.labels) == 1 else "need"
    return f"{what} {verb} every score: {names}"


def price_words(proposal: Proposal) -> str:
    """What the groups would cost, in words."""
    where = "" if proposal.is_paid else " on AWS (nothing offline)"
    return (
        f"{plural(len(proposal.groups), 'more classifier')}:"
        f" training {proposal.training.shown}, scoring {proposal.scoring.shown},"
        f" keeping {proposal.keeping.shown} a month{where}"
    )


def proposal_lines(proposal: Proposal | None, command: str = "") -> list[str]:
    """The proposal for the output of a command; nothing without one.

    Args:
        command: what plans it when the session must be named.
    """
    if proposal is None:
        return []
    return [
        need_words(proposal),
        f"label groups return them: {price_words(proposal)}",
        f"plan them with: {command or proposal.command}",
    ]


def group_lines(plan: TrainingPlan) -> list[str]:
    """The classifiers of a plan with groups, one a line; nothing for a single one."""
    if not plan.groups:
        return []
    main = f"taken over from run {printable(plan.shared)}, not trained again" if plan.shared else ""
    lines = [f"c1 all labels{f': {main}' if main else ''}"]
    for number, group in enumerate(plan.groups, start=2):
        names = " + ".join(printable(name, 40) for name in group.labels)
        lines.append(f"c{number} {names}, {group.none_label} for the rest")
    return lines
