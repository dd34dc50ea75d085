"""What the oversample screen says: plans, questions, verdicts."""

from collections.abc import Sequence

from core.cli.experiment_text import size_text
from core.comprehend.pricing import Estimate
from core.text import plural, printable
from core.workflow.experiments import ArmPreview, ExperimentPlan, ExperimentReport
from core.workflow.state import ExperimentState, SessionState
from tui.screens.oversample_wish import ArmsWish, arms_text
from tui.widgets.arms_lines import AVERAGES, ArmGroup, row_of
from tui.widgets.facts import Fact
from tui.widgets.job_log import price

_NAME = 30
_KINDS = {
    "base": "as it was split",
    "distinct": "fewer distinct documents",
    "repeats": "documents repeated",
    "mixed": "some labels drawn, some repeated",
    "repeats-from": "few distinct ones repeated",
    "ml-ros": "rare labels repeated (ML-ROS)",
}


def names_text(labels: Sequence[str], is_whole_set: bool = False) -> str:
    """The labels that are raised."""
    if is_whole_set or not labels:
        return "every rare label (ML-ROS)" if is_whole_set else "no label"
    return ", ".join(printable(label, _NAME) for label in labels)


def wish_text(wish: ArmsWish) -> str:
    """Arms and options in one line."""
    pieces = [f"arms {arms_text(wish)}"]
    if wish.repeat_from is not None:
        pieces.append(f"repeat from {wish.repeat_from}")
    pieces.append(plural(wish.replicates, "replicate"))
    if wish.patience is not None:
        pieces.append(f"stop after {wish.patience} without gain")
    pieces.append(f"seed {wish.seed}")
    if wish.groups is not None:
        pieces.append(f"groups {wish.groups}")
    return " · ".join(pieces)


def plan_lead(wish: ArmsWish) -> tuple[str, ...]:
    """What is planned, above the labels."""
    if not wish.is_complete:
        return (
            "An experiment trains arms of more and of fewer positives and compares them:",
            "space chooses labels, a sets the arms. Calibration and test stay as they are.",
        )
    return f"raise in train only: {names_text(wish.labels, wish.is_whole_set)}", wish_text(wish)


def arm_text(plan: ExperimentPlan, arm: ArmPreview, place: int) -> str:
    """What the highlighted arm would train on."""
    base = plan.arms[0].imbalance
    changes = []
    if arm.added:
        changes.append(f"+{arm.added:,} copies")
    if arm.removed:
        changes.append(f"{arm.removed:,} left out")
    found = arm.imbalance
    measures = (
        f"MeanIR {base.mean_ir:.1f} → {found.mean_ir:.1f}"
        f" · SCUMBLE {_short(base.scumble)} → {_short(found.scumble)}"
        if arm.plan.kind != "base"
        else f"MeanIR {found.mean_ir:.1f} · SCUMBLE {_short(found.scumble)}"
    )
    counted = plural(arm.documents, "document")
    changed = f" ({', '.join(changes)})" if changes else ""
    return (
        f"{arm.plan.id} ({place + 1} of {len(plan.arms)}): {_KINDS[arm.plan.kind]},"
        f" {counted}{changed}, {size_text(arm.size_bytes)} · {measures}"
    )


def _short(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")


def sweep_text(plan: ExperimentPlan) -> str:
    """Number of trainings and price of the whole sweep."""
    there = sum(arm.is_there for arm in plan.arms)
    trained = f", {there} trained already" if there else ""
    return (
        f"{plural(len(plan.arms), 'arm')}{trained} · {plural(plan.trainings, 'training')},"
        f" {plan.at_once} at once · {money_text(plan)}"
    )


def money_text(plan: ExperimentPlan) -> str:
    """Price of what is still to be started, keeping and budget."""
    if not plan.trainings and not plan.estimate.high_usd:
        return "nothing is left to pay"
    estimate, keeping = plan.estimate, plan.keeping
    text = price(estimate.low_usd, estimate.high_usd, plan.is_paid)
    text = f"{text} · keeping ${keeping.high_usd:,.2f} a month"
    budget = _budget(plan)
    return f"{text} · {budget}" if budget else text


def _budget(plan: ExperimentPlan) -> str:
    if not plan.is_paid or plan.budget_usd is None or plan.left_usd is None:
        return ""
    left = f"budget ${plan.budget_usd:,.2f}, ${max(plan.left_usd, 0.0):,.2f} left"
    return f"{left}: too little" if plan.is_over_budget else left


def arm_price(arm: ArmPreview) -> str:
    """Highest price of one arm; a dash when nothing of it is left to be started."""
    high = arm.training.high_usd + arm.scoring.high_usd
    return f"${high:,.2f}" if high else "–"


def question_facts(plan: ExperimentPlan) -> list[Fact]:
    """What is asked before a paid sweep, the price first."""
    estimate, keeping = plan.estimate, plan.keeping
    carried = "carried on" if plan.is_resumed else "new"
    request = plan.request
    facts: list[Fact] = [
        ("sweep", f"{plan.id} ({carried}) on {plan.engine}"),
        ("price", price(estimate.low_usd, estimate.high_usd, plan.is_paid)),
        ("keeping", f"${keeping.high_usd:,.2f} a month until they are deleted (9)"),
    ]
    budget = _budget(plan)
    facts += [("budget", budget)] if budget else []
    facts += [
        ("creates", f"{plural(plan.trainings, 'classifier')}, {plan.at_once} at once; scores each"),
        ("raises", names_text(request.labels, bool(request.growths))),
        ("arms", ", ".join(arm.plan.id for arm in plan.arms if not arm.is_there)),
        ("basis", estimate.basis),
    ]
    if plan.patience is not None:
        facts.append(("stops", f"after {plan.patience} arms without gain, so it may cost less"))
    return [*facts, *(("mind", text) for text in plan.cautions)]


def whole_price(plan: ExperimentPlan) -> Estimate:
    """Everything that is new in a plan, a month of keeping included."""
    return Estimate(
        plan.estimate.low_usd + plan.keeping.low_usd,
        plan.estimate.high_usd + plan.keeping.high_usd,
        plan.estimate.basis,
    )


def head_text(
    experiment: ExperimentState, report: ExperimentReport | None, state: SessionState
) -> str:
    """Experiment, labels and where its figures are from."""
    whole_set = bool(experiment.request.growths)
    pieces = [f"{experiment.id}: {names_text(experiment.request.labels, whole_set)}"]
    if state.split is None or experiment.split != state.split.id:
        pieces.append(f"of an earlier split ({experiment.split})")
    if report is not None:
        pieces.append(f"tuned on {report.tuned_on}, measured on {report.measured_on}")
        pieces.append(plural(report.test_looks, "look"))
    else:
        pieces.append("not compared yet")
    adopted = [arm.plan.id for arm in experiment.arms if arm.run == state.adopted]
    pieces += [f"adopted: {adopted[0]}"] if adopted else []
    return " · ".join(pieces)


def hint_text(name: str, names: Sequence[str], experiments: int) -> str:
    """Whose figures are shown, and the keys beside those of the footer."""
    whose = name if name not in AVERAGES else f"{name} average"
    place = f"({names.index(name) + 1} of {len(names)})"
    others = f" · [ ] {experiments} experiments" if experiments > 1 else ""
    return f"←→ {printable(whose, _NAME)} {place} · v versions{others}"


def adopt_facts(
    group: ArmGroup, run: str, report: ExperimentReport | None, state: SessionState
) -> list[Fact]:
    """What adopting an arm changes."""
    row = row_of(report, group.name)
    now = state.run.name if state.run is not None else "none"
    is_same = run == now
    change = f"the session is about run {run}, no longer about run {now}"
    facts: list[Fact] = [
        ("arm", f"{group.name}, trained as run {run}"),
        ("verdict", row.verdict if row is not None else "it was not compared"),
        ("changes", f"the session stays about run {run}" if is_same else change),
        ("", "its own thresholds are tuned and become the session's: Thresholds (6), Review (7),"
             " Endpoint (E) and reports follow; the next run (4) is trained as this one was"),
        ("stays", f"{'' if is_same else f'run {now} with its thresholds, '}every arm and all files;"
                  " nothing is trained, deleted or charged"),
    ]  # fmt: skip
    if row is not None and row.outcome not in ("better", "base"):
        facts.append(("mind", f"this arm is not shown to be better than the base: {row.outcome}"))
    return facts
