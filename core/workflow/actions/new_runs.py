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
    taken = {run.name for run in state.runs}
    names = ("base" if number == 1 else f"run{number}" for number in range(1, 10_000))
    if not wanted:
        return NewRun(next(name for name in names if name not in taken), (), "")
    shared = shareable_run(state, split, over)
    stem = shared.name[:_LONGEST_STEM] if shared else next(n for n in names if n not in taken)
    named = (f"{stem}-{kind}" + (f"-{n}" if n > 1 else "") for n in range(1, 10_000))
    name = next(name for name in named if name not in taken)
    return NewRun(name, wanted, shared.name if shared else "")


def named_run(
    state: SessionState,
    split: SplitState,
    over: OversamplingState | None,
    name: str,
    wanted: tuple[Group, ...] | None,
) -> NewRun:
    """The run of this name, which may be there when it has the same inputs and groups.

    Raises:
        InvalidInput: it has others.
    """
    hint = "give the new run another name with --run NAME"
    run = next((run for run in state.runs if run.name == name), None)
    if run is None:
        shared = shareable_run(state, split, over) if wanted else None
        return NewRun(check_name(name), wanted or (), shared.name if shared else "")
    if run.inputs != training_inputs(split, over):
        message = f"run {printable(name)} was trained on other data"
        raise InvalidInput("Run exists", message, hint)
    if wanted not in (None, groups_of(run)):
        message = f"run {printable(name)} has other label groups"
        raise InvalidInput("Run exists", message, hint)
    return NewRun(name, groups_of(run), "")
