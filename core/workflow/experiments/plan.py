"""An experiment before it starts: its arms and files drafted, counted and priced."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from core.comprehend.pricing import Estimate, keeping_estimate, scoring_estimate, training_estimate
from core.dataset.arms import ArmsRequest, Imbalance, PlannedArm, imbalance_of, plan_arms
from core.dataset.formats.comprehend_files import training_row_bytes
from core.dataset.label_groups import LabelGroup
from core.dataset.resampling import Recipe, resample
from core.errors import InvalidInput
from core.files import fingerprint
from core.progress import UNWATCHED, Watch
from core.text import plural, printable
from core.tuning.arm_effects import ArmsComparison
from core.tuning.objectives import parse_objective
from core.workflow.jobs import session_clients
from core.workflow.money import exceeds_budget, left_usd
from core.workflow.recorded import is_as_recorded
from core.workflow.score import needs_intent, part_units
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
    groups: tuple[LabelGroup, ...]
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
    draft: "Draft"
    """What a start saves; not part of what is shown."""


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
    is_base = arm.plan.recipe == Recipe(seed=arm.plan.recipe.seed)
    made = arm.made.training.path if arm.made is not None else ""
    if is_base or (made and is_as_recorded(session, state, made)):
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
    basis: str
    """Fingerprint of what a new one was drafted from; empty for one that is there."""


def _differing(sized: Sequence[SizedArm]) -> list[SizedArm]:
    """The arms without those that would train on the same documents as an arm before them.

    Replicates stay: two trainings on the same documents show what chance does.
    """
    first: dict[str, str] = {}
    same: set[str] = set()
    for arm in sized:
        plan = arm.arm.plan
        if plan.replicate == 1 and first.setdefault(arm.documents, plan.group) != plan.group:
            same.add(plan.group)
    return [arm for arm in sized if arm.arm.plan.group not in same]


def _counted_again(
    session: Session, state: SessionState, experiment: ExperimentState, watch: Watch
) -> Draft:
    """An experiment that is there, with the arms' training parts counted."""
    split = state.split_of(experiment)
    pieces = load_pieces(session, state, split)
    plans, runs = zip(*((arm.plan, arm.run) for arm in experiment.arms), strict=True)
    sized = sized_arms(pieces, plans, runs, split.delimiter, watch)
    return Draft(experiment, True, {arm.arm.plan.id: arm.imbalance for arm in sized}, "")


def _counted(
    session: Session, state: SessionState, split: SplitState, new: ExperimentState, watch: Watch
) -> Draft:
    """A new experiment with the counts of its arms, without those that change nothing.

    Raises:
        InvalidInput: no arm differs from the base, or a recipe cannot be followed.
        Interrupted: cancelled while counting.
    """
    plans, runs = zip(*((arm.plan, arm.run) for arm in new.arms), strict=True)
    pieces = load_pieces(session, state, split)
    sized = _differing(sized_arms(pieces, plans, runs, split.delimiter, watch))
    new.arms = [arm.arm for arm in sized]
    if len({arm.plan.group for arm in new.arms}) < 2:
        raise InvalidInput(
            "No arm differs from the base",
            "what was asked for changes nothing in the training part",
            "ask for other numbers, or other labels",
        )
    return Draft(new, False, {arm.arm.plan.id: arm.imbalance for arm in sized}, draft_basis(state))


def draft_basis(state: SessionState) -> str:
    """Fingerprint of what the arms, the names and the base of a new experiment follow from."""
    runs = [
        (run.name, run.split, run.inputs, run.experiment, run.groups, state.lost_classifiers(run))
        for run in state.runs
    ]
    experiments = [
        (other.id, other.split, other.groups, [(arm.plan, arm.run) for arm in other.arms])
        for other in state.experiments
    ]
    split = state.split.fingerprint if state.split else ""
    over = state.oversampling.training.fingerprint if state.oversampling else ""
    basis = (state.dataset.fingerprint, split, over, runs, experiments, state.adopted)
    return fingerprint("experiment", msgspec.json.encode(basis))


def _require_raisable(state: SessionState, request: ArmsRequest) -> None:
    """Make sure that the labels of a request are labels that can be raised.

    Raises:
        InvalidInput: one is not.
    """
    for label in request.labels:
        if label not in state.dataset.labels:
            names = ", ".join(printable(name, 30) for name in state.dataset.labels[:12])
            raise InvalidInput(
                "No such label", f"{printable(label, 60)!r} is not a label", f"labels: {names}"
            )
        if label == state.dataset.none_label:
            raise InvalidInput(
                "Not a label to raise",
                f"{printable(label, 60)!r} means that a document has no other label",
                "name labels that are rare",
            )


def _named(
    state: SessionState,
    split: SplitState,
    request: ArmsRequest,
    groups: tuple[LabelGroup, ...],
    objective: str,
    patience: int | None,
) -> ExperimentState:
    """A new experiment whose arms and runs have their names and are not counted yet."""
    experiment_id = _unused_id(state)
    names = experiment_id, _base_name(state, split, groups, experiment_id)
    planned = plan_arms(split.positives("train"), request)
    return ExperimentState(
        id=experiment_id,
        split=split.id,
        request=request,
        groups=groups,
        objective=parse_objective(objective).name,
        patience=patience,
        arms=[_planned_arm(state, split, plan, groups, names) for plan in planned],
        made_at=now(),
    )


def _planned_arm(
    state: SessionState,
    split: SplitState,
    plan: PlannedArm,
    groups: tuple[LabelGroup, ...],
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
    session: Session,
    state: SessionState,
    split: SplitState,
    kind: GroupKind | None,
    labels: tuple[str, ...],
) -> tuple[LabelGroup, ...]:
    """The label groups of every arm: of a kind, else those of the base."""
    if kind is None:
        base = state.trained_run(split, None)
        return base.groups if base is not None else ()
    return wanted_groups(session, state, split, kind, labels if kind == "rare" else ())


def _base_name(
    state: SessionState, split: SplitState, groups: tuple[LabelGroup, ...], experiment_id: str
) -> str:
    """The run that the arms are compared with: one that is there, or what it would be called."""
    base = state.trained_run(split, groups)
    if base is not None:
        return base.name
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


def with_aims(experiment: ExperimentState, objective: str, patience: int | None) -> ExperimentState:
    """An experiment with other aims; another stop rule takes up the arms that were skipped."""
    arms = experiment.arms
    if experiment.patience != patience:
        arms = [msgspec.structs.replace(arm, skipped="") for arm in arms]
    return msgspec.structs.replace(experiment, objective=objective, patience=patience, arms=arms)


def same_experiment(state: SessionState, new: ExperimentState) -> ExperimentState | None:
    """The newest experiment that has the trainings of a new one, with its aims; None without."""
    asked = msgspec.json.encode((new.split, new.request, new.groups))
    for other in reversed(state.experiments):
        if msgspec.json.encode((other.split, other.request, other.groups)) == asked:
            return with_aims(other, new.objective, new.patience)
    return None


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
    if request is None:
        draft = _counted_again(session, state, state.experiment_named(experiment), watch)
    else:
        split = state.present_split()
        if patience is not None and patience < 1:
            raise InvalidInput("Unusable stop rule", f"patience {patience}", "use 1 or more")
        _require_raisable(state, request)
        arm_groups = _groups(session, state, split, groups, request.labels)
        new = _named(state, split, request, arm_groups, objective, patience)
        same = same_experiment(state, new)
        draft = (
            _counted(session, state, split, new, watch)
            if same is None
            else _counted_again(session, state, same, watch)
        )
    return _plan(session, state, draft)


def _plan(session: Session, state: SessionState, draft: Draft) -> ExperimentPlan:
    experiment = draft.experiment
    split = state.split_of(experiment)
    units = part_units(session, state, split)
    works = [arm_work(state, experiment, arm, units) for arm in experiment.arms]
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
        draft=draft,
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
    experiment: ExperimentState, split: SplitState, scores: ScoresState | None
) -> list[str]:
    """What to say of a stop rule that sees the test part, or too little to stop at all."""
    if experiment.patience is None:
        return []
    cautions = []
    if split.tuning_part == "test":
        cautions.append("the stop rule looks at the test part: there is no calibration part")
    shares = scores.returned_share if scores is not None else {}
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
    scores = base.scores.get(split.tuning_part) if base is not None else None
    cautions = [*_of_older_data(state, split), *_of_the_stop_rule(experiment, split, scores)]
    for label in experiment.request.labels:
        share = scores.returned_share.get(label) if scores is not None else None
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
