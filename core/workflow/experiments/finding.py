"""Find experiments, their base and the runs of their arms in a session's state."""

from core.dataset.label_groups import Group
from core.errors import InvalidInput
from core.text import printable
from core.workflow.actions.label_needs import groups_of
from core.workflow.state import (
    ArmState,
    ExperimentState,
    OversamplingState,
    RunState,
    SessionState,
    SplitState,
)
from core.workflow.steps import held_out_parts, split_of, training_inputs


def newest_experiment(state: SessionState) -> ExperimentState | None:
    """The experiment that was begun or carried on last; None without any."""
    return state.experiments[-1] if state.experiments else None


def find_experiment(state: SessionState, experiment_id: str | None = None) -> ExperimentState:
    """The experiment of this id, or the newest.

    Raises:
        InvalidInput: there is none.
    """
    if experiment_id is None and state.experiments:
        return state.experiments[-1]
    for experiment in state.experiments:
        if experiment.id == experiment_id:
            return experiment
    known = ", ".join(experiment.id for experiment in state.experiments)
    raise InvalidInput(
        "No such experiment" if known else "No experiment yet",
        f"there is no experiment {printable(experiment_id or '', 40)!r}"
        if experiment_id
        else "no arms were trained in this session",
        f"experiments: {known}"
        if known
        else "start one with: comprehend-tuner oversample --labels LABEL",
    )


def split_of_experiment(state: SessionState, experiment: ExperimentState) -> SplitState:
    """The split whose training part the arms change."""
    return next(split for split in state.splits if split.id == experiment.split)


def run_of_arm(state: SessionState, arm: ArmState) -> RunState | None:
    """The run that an arm is trained as; None before it is started."""
    return next((run for run in state.runs if run.name == arm.run), None)


def lost_classifiers(state: SessionState, run: RunState) -> list[str]:
    """Ids of the classifiers of a run that were deleted before they were asked for every score."""
    deleted = {entry.name for entry in state.ledger if entry.state == "deleted"}
    parts = held_out_parts(split_of(state, run))
    return [
        classifier.id
        for classifier in run.classifiers
        if classifier.training.arn in deleted
        and not all(p in classifier.scoring and classifier.scoring[p].arn for p in parts)
    ]


def trained_run(
    state: SessionState,
    split: SplitState,
    groups: tuple[Group, ...] | None,
    over: OversamplingState | None = None,
) -> RunState | None:
    """The run trained on a split, as it is or changed: the session's own, or the newest such.

    A run that was deleted before it was scored is none: nothing could be compared with it.

    Args:
        groups: the label groups that it must have; None when any will do.
        over: the changed training part; None for the part as it was split.
    """
    inputs = training_inputs(split, over)
    runs = [
        run
        for run in state.runs
        if run.inputs == inputs
        and groups in (None, groups_of(run))
        and run.split == split.id
        and not lost_classifiers(state, run)
    ]
    if state.run is not None and state.run in runs:
        return state.run
    return runs[-1] if runs else None
