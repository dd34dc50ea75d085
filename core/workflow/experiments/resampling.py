"""The arms of an experiment in numbers, and the files that they are trained on."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.dataset.oversampling import (
    Imbalance,
    PlannedArm,
    Recipe,
    imbalance_of,
    resample,
    training_row_bytes,
)
from core.files import fingerprint
from core.progress import CancelToken, Progress, Reporter, silent
from core.workflow.actions.resampled import Pieces, changed_training, load_pieces
from core.workflow.session import Session
from core.workflow.state import ArmState, OversamplingState, SessionState, SplitState


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
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
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
        reporter(Progress("counting arms", done, len(planned), "arms"))
        if cancel is not None:
            cancel.check()
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
