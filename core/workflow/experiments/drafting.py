"""Draft an experiment: its arms, their runs and what they train on; nothing is kept."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from core.dataset.label_groups import Group
from core.dataset.oversampling import ArmsRequest, Imbalance, PlannedArm, plan_arms
from core.errors import InvalidInput
from core.progress import CancelToken, Reporter, silent
from core.text import printable
from core.tuning.objectives import parse_objective
from core.workflow.actions.label_needs import GroupKind, groups_of, wanted_groups
from core.workflow.actions.new_runs import run_to_train, usable_split
from core.workflow.actions.resampled import load_pieces
from core.workflow.experiments.finding import (
    find_experiment,
    lost_classifiers,
    run_of_arm,
    split_of_experiment,
    trained_run,
)
from core.workflow.experiments.resampling import SizedArm, sized_arms
from core.workflow.session import Session, now
from core.workflow.state import ArmState, ExperimentState, SessionState, SplitState
from core.workflow.steps import oversampling_in_force


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
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> Draft:
    """The experiment that is meant: one that is there, or a new one.

    Raises:
        InvalidInput: there is no split, no such experiment, or the arms cannot be made.
        Interrupted: cancelled while counting.
    """
    if wanted.request is None:
        found = find_experiment(state, wanted.experiment)
        return _resumed(session, state, found, reporter, cancel)
    split = usable_split(state)
    if wanted.patience is not None and wanted.patience < 1:
        raise InvalidInput("Unusable stop rule", f"patience {wanted.patience}", "use 1 or more")
    drafted = _new(session, state, split, wanted)
    for found in reversed(state.experiments):
        if _is_same(found, drafted):
            changed = with_wishes(found, drafted.objective, drafted.patience)
            return _resumed(session, state, changed, reporter, cancel)
    pieces = load_pieces(session, state, split)
    runs = [arm.run for arm in drafted.arms]
    plans = [arm.plan for arm in drafted.arms]
    sized = _differing(sized_arms(pieces, plans, runs, split.delimiter, reporter, cancel))
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
    reporter: Reporter,
    cancel: CancelToken | None,
) -> Draft:
    split = split_of_experiment(state, found)
    pieces = load_pieces(session, state, split)
    plans, runs = [arm.plan for arm in found.arms], [arm.run for arm in found.arms]
    sized = sized_arms(pieces, plans, runs, split.delimiter, reporter, cancel)
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
    support = {label: parts["train"] for label, parts in split.support.items()}
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
        plan=plan, run=run, before={}, after={}, distinct={}, added=0, removed=0, documents=0,
        size_bytes=0,
    )  # fmt: skip


def _is_for(state: SessionState, arm: ArmState, plan: PlannedArm) -> bool:
    """Whether an arm of another experiment is the training that is planned, and can be compared."""
    run = run_of_arm(state, arm)
    return arm.plan.recipe == plan.recipe and (run is None or not lost_classifiers(state, run))


def _groups(
    session: Session, state: SessionState, split: SplitState, wanted: Wanted
) -> tuple[Group, ...]:
    if isinstance(wanted.groups, tuple):
        return wanted.groups
    if wanted.groups is None:
        base = trained_run(state, split, None)
        return groups_of(base) if base is not None else ()
    assert wanted.request is not None
    labels = wanted.request.labels if wanted.groups == "rare" else ()
    return wanted_groups(session, state, split, wanted.groups, labels)


def _base_name(
    state: SessionState, split: SplitState, groups: tuple[Group, ...], experiment_id: str
) -> str:
    """The run that the arms are compared with: one that is there, or what it would be called."""
    found = trained_run(state, split, groups)
    if found is not None:
        return found.name
    planned = run_to_train(state, split, None, None, groups, "rare").name
    is_lost = any(run.name == planned for run in state.runs)
    if is_lost or oversampling_in_force(state, split) is not None:
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
