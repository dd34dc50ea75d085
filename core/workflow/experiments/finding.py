"""Find experiments, their base and the runs of their arms in a session's state."""

from core.dataset.label_groups import Group
from core.errors import InvalidInput
from core.text import printable
from core.workflow.actions.label_needs import groups_of
from core.workflow.state import ArmState, ExperimentState, RunState, SessionState, SplitState
from core.workflow.steps import training_inputs


def newest_experiment(state: SessionState) -> ExperimentState | None:
    """The experiment that was begun last; None without any."""
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


def base_run(
    state: SessionState, split: SplitState, groups: tuple[Group, ...] | None
) -> RunState | None:
    """The run trained on a split as it is: the session's own when it is such, or the newest.

    Args:
        groups: the label groups that it must have; None when any will do.
    """
    inputs = training_inputs(split, None)
    runs = [
        run
        for run in state.runs
        if run.inputs == inputs and groups in (None, groups_of(run)) and run.split == split.id
    ]
    if state.run is not None and state.run in runs:
        return state.run
    return runs[-1] if runs else None
