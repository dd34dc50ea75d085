"""What an experiment would train, score and cost, before anything is started."""

from dataclasses import dataclass

from core.comprehend.pricing import (
    Estimate,
    keeping_estimate,
    scoring_estimate,
    training_estimate,
)
from core.dataset.oversampling import ArmsRequest
from core.progress import CancelToken, Reporter, silent
from core.text import plural, printable
from core.workflow.actions.budget import exceeds_budget, left_usd
from core.workflow.actions.label_needs import GroupKind
from core.workflow.actions.launching import session_clients
from core.workflow.actions.new_runs import run_to_train
from core.workflow.actions.score import charged_units
from core.workflow.actions.scoring_intents import needs_intent
from core.workflow.experiments.drafting import Draft, Wanted, draft_experiment
from core.workflow.experiments.finding import (
    lost_classifiers,
    run_of_arm,
    split_of_experiment,
    trained_run,
)
from core.workflow.experiments.views import ArmPreview, ExperimentPlan
from core.workflow.session import Session
from core.workflow.state import (
    ArmState,
    ExperimentState,
    RunState,
    ScoresState,
    SessionState,
    SplitState,
)
from core.workflow.steps import held_out_parts, tuning_part

_LOW_SHARE = 0.9
"""Returned share of a raised label below which its figures are wide ranges."""


@dataclass(frozen=True)
class ArmWork:
    """What is still to be started for an arm."""

    trainings: int
    intended: int
    """Of these, how many a saved intent counts already."""
    units: int
    """Charged units to score."""
    intended_units: int
    training: Estimate
    scoring: Estimate


def plan_experiment(
    session: Session,
    request: ArmsRequest | None,
    *,
    groups: GroupKind | None = None,
    objective: str = "max_f1",
    patience: int | None = None,
    experiment: str | None = None,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> ExperimentPlan:
    """Say what an experiment would do, without doing it.

    The same request on the same split carries on the experiment that is there.

    Args:
        request: the arms; None carries on the newest experiment, or the one named.
        groups: label groups of every arm; None takes those of the base run.
        objective: what the thresholds of every arm are chosen for.
        patience: stop after so many arms in a row without gain on the tuning part.
        experiment: id of the one to carry on.

    Raises:
        InvalidInput: there is no split, no such experiment, or the arms cannot be made.
        Interrupted: cancelled.
    """
    state = session.state()
    wanted = Wanted(request, groups, objective, patience, experiment)
    draft = draft_experiment(session, state, wanted, reporter, cancel)
    split = split_of_experiment(state, draft.experiment)
    units = {
        part: charged_units(session, split.scoring[part], state.prices)
        for part in held_out_parts(split)
    }
    works = [arm_work(state, draft.experiment, arm, units) for arm in draft.experiment.arms]
    return _plan(session, state, draft, split, works)


def _plan(
    session: Session, state: SessionState, draft: Draft, split: SplitState, works: list[ArmWork]
) -> ExperimentPlan:
    experiment = draft.experiment
    clients = session_clients(session)
    trainings = sum(work.trainings for work in works)
    return ExperimentPlan(
        id=experiment.id,
        is_resumed=draft.is_resumed,
        split=split.id,
        request=experiment.request,
        groups=experiment.groups,
        objective=experiment.objective,
        patience=experiment.patience,
        labels=state.revision_of(split).labels,
        before={label: parts["train"] for label, parts in split.support.items()},
        arms=tuple(
            _preview(state, draft, arm, work)
            for arm, work in zip(experiment.arms, works, strict=True)
        ),
        trainings=trainings,
        at_once=min(clients.at_once, experiment.patience or clients.at_once),
        estimate=_total(state, works),
        keeping=keeping_estimate(trainings, state.prices),
        budget_usd=state.budget_usd,
        left_usd=left_usd(state),
        is_over_budget=exceeds_budget(state, new_price(state, works)),
        engine=clients.info.label,
        is_paid=clients.info.is_paid,
        cautions=tuple(_cautions(state, experiment, split)),
    )


def arm_work(
    state: SessionState, experiment: ExperimentState, arm: ArmState, units: dict[str, int]
) -> ArmWork:
    """What is still to be started for an arm, and its price.

    Args:
        units: charged units of each held-out part, for one classifier.
    """
    run = run_of_arm(state, arm)
    if arm.skipped or (run is not None and lost_classifiers(state, run)):
        nothing = Estimate(0.0, 0.0, "skipped, or deleted")
        return ArmWork(0, 0, 0, 0, nothing, nothing)
    if run is None:
        trainings, intended = _new_classifiers(state, experiment, arm), 0
        scored, scored_intended = trainings * sum(units.values()), 0
    else:
        waiting = [c.training for c in run.classifiers if not c.training.arn]
        trainings = intended = len(waiting)
        scored, scored_intended = _units_to_score(state, run, units)
    nothing = Estimate(0.0, 0.0, "nothing is left to be started")
    return ArmWork(
        trainings,
        intended,
        scored,
        scored_intended,
        training_estimate(arm.documents, trainings, state.prices) if trainings else nothing,
        scoring_estimate(scored, state.prices) if scored else nothing,
    )


def new_price(state: SessionState, works: list[ArmWork]) -> Estimate:
    """Price of everything that no intent was saved for, with a month of the new classifiers."""
    low = high = 0.0
    count = 0
    for work in works:
        if work.trainings:
            share = (work.trainings - work.intended) / work.trainings
            low += work.training.low_usd * share
            high += work.training.high_usd * share
        scoring = scoring_estimate(work.units - work.intended_units, state.prices).high_usd
        low, high = low + scoring, high + scoring
        count += work.trainings - work.intended
    keeping = keeping_estimate(count, state.prices)
    return Estimate(low + keeping.low_usd, high + keeping.high_usd, "trainings, scoring, keeping")


def _new_classifiers(state: SessionState, experiment: ExperimentState, arm: ArmState) -> int:
    """How many classifiers a run that is not there yet would train."""
    if arm.plan.id != "base":
        return 1 + len(experiment.groups)
    split = split_of_experiment(state, experiment)
    if trained_run(state, split, experiment.groups) is not None:
        return 0
    return len(run_to_train(state, split, None, None, experiment.groups, "rare").trained)


def _units_to_score(state: SessionState, run: RunState, units: dict[str, int]) -> tuple[int, int]:
    """Charged units still to be scored, and those of them that an intent counts already."""
    total = intended = 0
    for classifier in run.classifiers:
        for part, count in units.items():
            if needs_intent(state, classifier, part):
                total += count
            elif not classifier.scoring[part].arn:
                total, intended = total + count, intended + count
    return total, intended


def _preview(state: SessionState, draft: Draft, arm: ArmState, work: ArmWork) -> ArmPreview:
    return ArmPreview(
        plan=arm.plan,
        run=arm.run,
        is_there=run_of_arm(state, arm) is not None,
        documents=arm.documents,
        added=arm.added,
        removed=arm.removed,
        after=arm.after,
        distinct=arm.distinct,
        size_bytes=arm.size_bytes,
        imbalance=draft.imbalance[arm.plan.id],
        training=work.training,
        scoring=work.scoring,
    )


def _total(state: SessionState, works: list[ArmWork]) -> Estimate:
    trainings = sum(work.trainings for work in works)
    units = sum(work.units for work in works)
    if not trainings and not units:
        return Estimate(0.0, 0.0, "nothing is left to be started")
    hour = f"${state.prices.training_per_hour:g} an hour"
    low = sum(work.training.low_usd + work.scoring.low_usd for work in works)
    high = sum(work.training.high_usd + work.scoring.high_usd for work in works)
    pieces = []
    if trainings:
        pieces.append(
            f"{plural(trainings, 'training')} at {hour}, each as long as seen for sets of its size"
        )
    if units:
        pieces.append(f"{plural(units, 'unit')} to score at ${state.prices.scoring_per_unit:g}")
    return Estimate(low, high, f"{'; '.join(pieces)} (prices of {state.prices.as_of})")


def _of_older_data(state: SessionState, split: SplitState) -> list[str]:
    """What to say of an experiment on a split that the session has left behind."""
    if split.dataset != state.dataset.fingerprint:
        return [
            f"the dataset has changed since split {split.id} was made: the arms are trained and"
            f" measured on revision {split.revision}, as it was"
        ]
    if state.split is not None and state.split.id != split.id:
        return [
            f"split {split.id} is not the newest, which is {state.split.id}: the arms are trained"
            f" and measured on {split.id}"
        ]
    return []


def _of_the_stop_rule(
    experiment: ExperimentState, split: SplitState, kept: ScoresState | None
) -> list[str]:
    """What to say of a stop rule that sees the test part, or too little to stop at all."""
    if experiment.patience is None:
        return []
    cautions = []
    if tuning_part(split) == "test":
        cautions.append("the stop rule looks at the test part: there is no calibration part")
    shares = kept.returned_share if kept is not None else {}
    if any(
        (shares.get(label) or 0.0) < 1 for label in experiment.request.labels if label in shares
    ):
        cautions.append(
            "the stop rule goes by average precision, which is not known where scores are not"
            " returned: it may not stop at all"
        )
    return cautions


def _cautions(state: SessionState, experiment: ExperimentState, split: SplitState) -> list[str]:
    revision = state.revision_of(split)
    base = next(run_of_arm(state, arm) for arm in experiment.arms if arm.plan.id == "base")
    kept = base.scores.get(tuning_part(split)) if base is not None else None
    cautions = [*_of_older_data(state, split), *_of_the_stop_rule(experiment, split, kept)]
    for label in experiment.request.labels:
        share = kept.returned_share.get(label) if kept is not None else None
        if share is not None and share < _LOW_SHARE and revision.mode == "multi-label":
            cautions.append(
                f"{printable(label, 40)}: the scores of {share:.0%} of its positives were returned,"
                " so its figures will be ranges; --groups rare adds a classifier to every arm that"
                " returns them all"
            )
        test = split.support[label].get("test", 0)
        if test < 20:
            cautions.append(
                f"{printable(label, 40)}: {plural(test, 'positive')} in the test part tell only"
                " large differences apart"
            )
    if experiment.request.replicates == 1:
        cautions.append(
            "every arm is trained once: how much two trainings of one arm differ stays unknown;"
            " --replicates 2 measures it"
        )
    return cautions
