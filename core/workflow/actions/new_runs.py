"""Which run a training is: one that is there with the same inputs, or a new one with its name."""

from core.dataset.label_groups import Group
from core.errors import InvalidInput
from core.text import printable
from core.workflow.actions.label_needs import GroupKind, groups_of
from core.workflow.actions.training_intents import NewRun, shareable_run
from core.workflow.session import check_name
from core.workflow.state import OversamplingState, SessionState, SplitState
from core.workflow.steps import training_inputs

_LONGEST_STEM = 28


def usable_split(state: SessionState) -> SplitState:
    """The split of the present dataset.

    Raises:
        InvalidInput: there is none.
    """
    if state.split is None or state.split.dataset != state.dataset.fingerprint:
        raise InvalidInput(
            "No split", "the present dataset is not split yet", "run: comprehend-tuner split"
        )
    return state.split


def run_to_train(
    state: SessionState,
    split: SplitState,
    over: OversamplingState | None,
    given: str | None,
    wanted: tuple[Group, ...] | None,
    kind: GroupKind,
) -> NewRun:
    """The run to train: one that is there with the same inputs and groups, or a new one.

    An arm of an experiment will do as well: training the same file again would pay for it twice.
    The base of an experiment that is not started yet is started by it; the names of its other arms
    are taken.

    Args:
        wanted: its groups; None when any run of these inputs will do.
    """
    if given is not None:
        return named_run(state, split, over, given, wanted)
    inputs = training_inputs(split, over)
    own = [run for run in state.runs if not run.experiment]
    arms = [run for run in state.runs if run.experiment]
    for run in reversed([*arms, *own]):
        if run.inputs == inputs and wanted in (None, groups_of(run)):
            return NewRun(run.name, groups_of(run), "")
    taken = taken_names(state)
    names = ("base" if number == 1 else f"run{number}" for number in range(1, 10_000))
    planned = _planned_base(state, split, over, wanted)
    if not wanted:
        return NewRun(planned or next(name for name in names if name not in taken), (), "")
    shared = shareable_run(state, split, over)
    stem = shared.name[:_LONGEST_STEM] if shared else next(n for n in names if n not in taken)
    named = (f"{stem}-{kind}" + (f"-{n}" if n > 1 else "") for n in range(1, 10_000))
    name = planned or next(name for name in named if name not in taken)
    return NewRun(name, wanted, shared.name if shared else "")


def taken_names(state: SessionState) -> set[str]:
    """Names of runs, and of the runs that arms are to be trained as."""
    arms = (arm for experiment in state.experiments for arm in experiment.arms)
    return {run.name for run in state.runs} | {arm.run for arm in arms}


def _planned_base(
    state: SessionState,
    split: SplitState,
    over: OversamplingState | None,
    wanted: tuple[Group, ...] | None,
) -> str | None:
    """The name that an experiment has for these trainings, which it has not started yet."""
    there = {run.name for run in state.runs}
    for experiment in state.experiments if over is None else ():
        base = experiment.arms[0]
        is_own = base.run.startswith(f"{experiment.id}-")
        if experiment.split == split.id and experiment.groups == (wanted or ()) and not is_own:
            if base.run not in there:
                return base.run
    return None


def named_run(
    state: SessionState,
    split: SplitState,
    over: OversamplingState | None,
    name: str,
    wanted: tuple[Group, ...] | None,
) -> NewRun:
    """The run of this name, which may be there when it has the same inputs and groups.

    Raises:
        InvalidInput: it has others, or the name is an experiment's that is to begin with it.
    """
    hint = "give the new run another name with --run NAME"
    run = next((run for run in state.runs if run.name == name), None)
    if run is None:
        if name in taken_names(state) and name != _planned_base(state, split, over, wanted):
            message = f"run {printable(name)} is an arm of an experiment, not started yet"
            raise InvalidInput("Name is taken", message, hint)
        shared = shareable_run(state, split, over) if wanted else None
        return NewRun(check_name(name), wanted or (), shared.name if shared else "")
    if run.inputs != training_inputs(split, over):
        message = f"run {printable(name)} was trained on other data"
        raise InvalidInput("Run exists", message, hint)
    if wanted not in (None, groups_of(run)):
        message = f"run {printable(name)} has other label groups"
        raise InvalidInput("Run exists", message, hint)
    return NewRun(name, groups_of(run), "")
