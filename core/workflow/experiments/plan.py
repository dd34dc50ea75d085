"""What is told of an experiment: its plan before, its arms under way, its report afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from core.comprehend.pricing import Estimate, keeping_estimate, scoring_estimate, training_estimate
from core.dataset.arms import ArmsRequest, Imbalance, PlannedArm, imbalance_of, plan_arms
from core.dataset.formats.comprehend_files import training_row_bytes
from core.dataset.label_groups import Group
from core.dataset.resampling import Recipe, resample
from core.errors import InvalidInput
from core.files import fingerprint
from core.progress import UNWATCHED, Watch
from core.text import plural, printable
from core.tuning.arm_effects import ArmsComparison
from core.tuning.objectives import parse_objective
from core.workflow.jobs import session_clients
from core.workflow.money import exceeds_budget, left_usd
from core.workflow.score import charged_units, needs_intent
from core.workflow.session import Session, now
from core.workflow.split import Pieces, changed_training, load_pieces
from core.workflow.state import (
    ArmState,
    ExperimentState,
    OversamplingState,
    RunState,
    ScoresState,
    SessionState,
    SplitState,
)
from core.workflow.train import GroupKind, run_to_train, wanted_groups

Stage = Literal["planned", "training", "scoring", "done", "failed", "skipped"]


@dataclass(frozen=True)
class ArmPreview:
    """What one arm would train on, and what it would cost."""

    plan: PlannedArm
    run: str
    """The run that it is, or would be, trained as."""
    is_there: bool
    """Whether that run exists already, so that its training is not paid again."""
    documents: int
    added: int
    removed: int
    after: dict[str, int]
    """Positives of every label, copies included."""
    distinct: dict[str, int]
    """Positives of every label without copies."""
    size_bytes: int
    """Size of the training file."""
    imbalance: Imbalance
    training: Estimate
    """What is still to be trained."""
    scoring: Estimate
    """What is still to be scored."""


@dataclass(frozen=True)
class ExperimentPlan:
    """What an experiment would train, score and cost."""

    id: str
    is_resumed: bool
    """Whether it exists and is only carried on."""
    split: str
    request: ArmsRequest
    groups: tuple[Group, ...]
    """Label groups that every arm has, each a classifier more."""
    objective: str
    patience: int | None
    labels: tuple[str, ...]
    before: dict[str, int]
    """Positives of every label in the training part as it was split."""
    arms: tuple[ArmPreview, ...]
    """Base first, then in ascending order."""
    trainings: int
    """Classifiers that are still to be trained."""
    at_once: int
    """Trainings that the engine runs at the same time."""
    estimate: Estimate
    """Trainings and scoring that are still to be started."""
    keeping: Estimate
    """Keeping the new classifiers, per month."""
    budget_usd: float | None
    left_usd: float | None
    """What the budget leaves beside everything started and intended; None without a budget."""
    is_over_budget: bool
    """Whether the whole of it would exceed the budget."""
    engine: str
    is_paid: bool
    cautions: tuple[str, ...]
    """What a reader must know before paying, such as labels whose scores are not returned."""


@dataclass(frozen=True)
class ArmStatus:
    """Where one arm stands."""

    arm: ArmState
    stage: Stage
    detail: str
    """In words: the state of its jobs, why it failed, why it was skipped."""


class ExperimentReport(msgspec.Struct, frozen=True, kw_only=True):
    """Every arm of an experiment against the base."""

    session: str
    engine: str
    """Badge; OFFLINE scores are not Comprehend's."""
    experiment: str
    labels: tuple[str, ...]
    """The labels that the arms raise; empty for a whole-set strategy."""
    tuned_on: str
    measured_on: str
    objective: str
    before: dict[str, int]
    """Positives of every label in the training part as it was split."""
    after: dict[str, dict[str, int]]
    """The same by arm, copies included."""
    comparison: ArmsComparison
    missing: dict[str, str]
    """Arms that are not compared, with the reason."""
    test_looks: int
    """How often figures of the test part were looked at, this comparison included."""
    cautions: tuple[str, ...]
    made_at: str


@dataclass(frozen=True)
class Version:
    """One trained run of the session, as a line of its history."""

    run: str
    kind: str
    """``split``, ``oversampled``, ``label groups``, ``attached``, or the kind of the arm."""
    experiment: str
    """The experiment that it is an arm of; empty for a run of its own."""
    split: str
    is_current: bool
    """Whether the session's thresholds are its."""
    positives: dict[str, int]
    """Positives of every label that it was trained on."""
    state: str
    """Trained, scored, tuned, deleted …, in words."""
    macro_f1: tuple[float, float] | None
    """Of its saved thresholds on test, the lowest and the highest that unknown scores allow; None
    without any."""
    macro_f1_default: tuple[float, float] | None
    """The same at the default threshold."""
    verdict: str
    """Against its experiment's base; empty when it was not compared."""
    made_at: str


# Find experiments, their base and the runs of their arms in a session's state.


# The arms of an experiment in numbers, and the files that they are trained on.


@dataclass(frozen=True)
class SizedArm:
    """What an arm trains on, in numbers."""

    arm: ArmState
    imbalance: Imbalance
    documents: str
    """Fingerprint of the training documents in their order."""


def sized_arms(
    pieces: Pieces,
    planned: Sequence[PlannedArm],
    runs: Sequence[str],
    delimiter: str,
    watch: Watch = UNWATCHED,
) -> tuple[SizedArm, ...]:
    """Count what each arm trains on, without writing anything.

    Args:
        runs: name of each arm's run.

    Raises:
        InvalidInput: a recipe cannot be followed, or a document to repeat is held out too.
        Interrupted: cancelled between two arms.
    """
    row_bytes = training_row_bytes(pieces.train, delimiter)
    sized = []
    for done, (plan, run) in enumerate(zip(planned, runs, strict=True)):
        watch.report("counting arms", done, len(planned), "arms")
        watch.check()
        changed = resample(pieces.train, plan.recipe, pieces.held_out)
        arm = ArmState(
            plan=plan,
            run=run,
            before=changed.before,
            after=changed.after,
            distinct=changed.distinct,
            added=changed.added,
            removed=changed.removed,
            documents=len(changed.dataset),
            size_bytes=int(row_bytes[changed.rows].sum()),
        )
        documents = fingerprint("rows", changed.rows.astype("<i8").tobytes())
        sized.append(SizedArm(arm, imbalance_of(changed.dataset), documents))
    return tuple(sized)


def write_arm(
    session: Session, state: SessionState, split: SplitState, experiment: str, arm: ArmState
) -> OversamplingState | None:
    """Write the training file of an arm; None for the base, which trains on the split's own.

    The same arm gives the same bytes at the same path.

    Raises:
        InvalidInput: the dataset is absent or damaged, or a document to repeat is held out too.
    """
    if arm.made is not None or arm.plan.recipe == Recipe(seed=arm.plan.recipe.seed):
        return arm.made
    pieces = load_pieces(session, state, split)
    changed = resample(pieces.train, arm.plan.recipe, pieces.held_out)
    path = f"data/{split.id}/{experiment}/{arm.plan.id}.csv"
    return changed_training(session, split, arm.plan.recipe, changed, path)


# Draft an experiment: its arms, their runs and what they train on; nothing is kept.


@dataclass(frozen=True)
class Draft:
    """An experiment that is there, or as it would be."""

    experiment: ExperimentState
    is_resumed: bool
    imbalance: dict[str, Imbalance]
    """Of the training part of each arm."""


@dataclass(frozen=True)
class Wanted:
    """What the user asks for."""

    request: ArmsRequest | None
    """None carries on an experiment that is there."""
    groups: GroupKind | tuple[Group, ...] | None = None
    """A kind of label groups, or the groups themselves; None takes those of the base."""
    objective: str = "max_f1"
    patience: int | None = None
    experiment: str | None = None
    """Id of the one to carry on; the newest when None."""


def draft_experiment(
    session: Session,
    state: SessionState,
    wanted: Wanted,
    watch: Watch = UNWATCHED,
) -> Draft:
    """The experiment that is meant: one that is there, or a new one.

    Raises:
        InvalidInput: there is no split, no such experiment, or the arms cannot be made.
        Interrupted: cancelled while counting.
    """
    if wanted.request is None:
        found = state.experiment_named(wanted.experiment)
        return _resumed(session, state, found, watch)
    split = state.present_split()
    if wanted.patience is not None and wanted.patience < 1:
        raise InvalidInput("Unusable stop rule", f"patience {wanted.patience}", "use 1 or more")
    drafted = _new(session, state, split, wanted)
    for found in reversed(state.experiments):
        if _is_same(found, drafted):
            changed = with_wishes(found, drafted.objective, drafted.patience)
            return _resumed(session, state, changed, watch)
    pieces = load_pieces(session, state, split)
    runs = [arm.run for arm in drafted.arms]
    plans = [arm.plan for arm in drafted.arms]
    sized = _differing(sized_arms(pieces, plans, runs, split.delimiter, watch))
    drafted.arms = [one.arm for one in sized]
    if len({arm.plan.group for arm in drafted.arms}) < 2:
        raise InvalidInput(
            "No arm differs from the base",
            "what was asked for changes nothing in the training part",
            "ask for other numbers, or other labels",
        )
    return Draft(drafted, False, {one.arm.plan.id: one.imbalance for one in sized})


def _differing(sized: Sequence[SizedArm]) -> list[SizedArm]:
    """The arms without those that would train on the same documents as an arm before them.

    Replicates stay: two trainings on the same documents show what chance does.
    """
    first: dict[str, str] = {}
    same: set[str] = set()
    for one in sized:
        plan = one.arm.plan
        if plan.replicate == 1 and first.setdefault(one.documents, plan.group) != plan.group:
            same.add(plan.group)
    return [one for one in sized if one.arm.plan.group not in same]


def _resumed(
    session: Session,
    state: SessionState,
    found: ExperimentState,
    watch: Watch,
) -> Draft:
    split = state.split_of(found)
    pieces = load_pieces(session, state, split)
    plans, runs = [arm.plan for arm in found.arms], [arm.run for arm in found.arms]
    sized = sized_arms(pieces, plans, runs, split.delimiter, watch)
    return Draft(found, True, {one.arm.plan.id: one.imbalance for one in sized})


def _new(
    session: Session, state: SessionState, split: SplitState, wanted: Wanted
) -> ExperimentState:
    """A new experiment whose arms are planned but not counted yet."""
    assert wanted.request is not None
    for label in wanted.request.labels:
        if label not in state.dataset.labels:
            known = ", ".join(printable(name, 30) for name in state.dataset.labels[:12])
            raise InvalidInput(
                "No such label", f"{printable(label, 60)!r} is not a label", f"labels: {known}"
            )
        if label == state.dataset.none_label:
            raise InvalidInput(
                "Not a label to raise",
                f"{printable(label, 60)!r} means that a document has no other label",
                "name labels that are rare",
            )
    support = split.positives("train")
    planned = plan_arms(support, wanted.request)
    groups = _groups(session, state, split, wanted)
    experiment_id = _unused_id(state)
    base = _base_name(state, split, groups, experiment_id)
    return ExperimentState(
        id=experiment_id,
        split=split.id,
        request=wanted.request,
        groups=groups,
        objective=parse_objective(wanted.objective).name,
        patience=wanted.patience,
        arms=[_planned_arm(state, split, plan, groups, (experiment_id, base)) for plan in planned],
        made_at=now(),
    )


def _planned_arm(
    state: SessionState,
    split: SplitState,
    plan: PlannedArm,
    groups: tuple[Group, ...],
    names: tuple[str, str],
) -> ArmState:
    """An arm that is not counted yet; one that was trained for another experiment keeps its run.

    Args:
        names: the experiment, and the run of its base.
    """
    experiment_id, base = names
    run = base if plan.id == "base" else f"{experiment_id}-{plan.id}"
    for other in state.experiments:
        if other.split == split.id and other.groups == groups and plan.id != "base":
            run = next((arm.run for arm in other.arms if _is_for(state, arm, plan)), run)
    return ArmState(
        plan=plan,
        run=run,
        before={},
        after={},
        distinct={},
        added=0,
        removed=0,
        documents=0,
        size_bytes=0,
    )


def _is_for(state: SessionState, arm: ArmState, plan: PlannedArm) -> bool:
    """Whether an arm of another experiment is the training that is planned, and can be compared."""
    run = state.find_run(arm.run)
    return arm.plan.recipe == plan.recipe and (run is None or not state.lost_classifiers(run))


def _groups(
    session: Session, state: SessionState, split: SplitState, wanted: Wanted
) -> tuple[Group, ...]:
    if isinstance(wanted.groups, tuple):
        return wanted.groups
    if wanted.groups is None:
        base = state.trained_run(split, None)
        return base.groups if base is not None else ()
    assert wanted.request is not None
    labels = wanted.request.labels if wanted.groups == "rare" else ()
    return wanted_groups(session, state, split, wanted.groups, labels)


def _base_name(
    state: SessionState, split: SplitState, groups: tuple[Group, ...], experiment_id: str
) -> str:
    """The run that the arms are compared with: one that is there, or what it would be called."""
    found = state.trained_run(split, groups)
    if found is not None:
        return found.name
    planned = run_to_train(state, split, None, None, groups, "rare").name
    is_lost = state.find_run(planned) is not None
    if is_lost or state.oversampling_of(split) is not None:
        return f"{experiment_id}-base"
    return planned


def _unused_id(state: SessionState) -> str:
    names = [run.name for run in state.runs]
    taken = {experiment.id for experiment in state.experiments}
    return next(
        name
        for name in (f"e{number}" for number in range(1, 10_000))
        if name not in taken and not any(run.startswith(f"{name}-") for run in names)
    )


def with_wishes(found: ExperimentState, objective: str, patience: int | None) -> ExperimentState:
    """An experiment with the objective and the stop rule that are wanted now."""
    arms = found.arms
    if found.patience != patience:
        arms = [msgspec.structs.replace(arm, skipped="") for arm in arms]
    return msgspec.structs.replace(found, objective=objective, patience=patience, arms=arms)


def _is_same(found: ExperimentState, drafted: ExperimentState) -> bool:
    """Whether a new request asks for the trainings of an experiment that is there."""
    fields = ("split", "request", "groups")
    return all(
        msgspec.json.encode(getattr(found, name)) == msgspec.json.encode(getattr(drafted, name))
        for name in fields
    )


# What an experiment would train, score and cost, before anything is started.


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
    watch: Watch = UNWATCHED,
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
    draft = draft_experiment(session, state, wanted, watch)
    split = state.split_of(draft.experiment)
    units = {
        part: charged_units(session, split.scoring[part], state.prices)
        for part in split.held_out_parts
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
        before=split.positives("train"),
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
    run = state.find_run(arm.run)
    if arm.skipped or (run is not None and state.lost_classifiers(run)):
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
    split = state.split_of(experiment)
    if state.trained_run(split, experiment.groups) is not None:
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
        is_there=state.find_run(arm.run) is not None,
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
    if split.tuning_part == "test":
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
    base = next(state.find_run(arm.run) for arm in experiment.arms if arm.plan.id == "base")
    kept = base.scores.get(split.tuning_part) if base is not None else None
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
