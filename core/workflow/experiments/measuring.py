"""The decisions of one arm: at the default, and at thresholds chosen on its own tuning part."""

from functools import partial

from core.progress import CancelToken
from core.tuning.arms import RunFigures
from core.tuning.comparison import Decisions, decide
from core.tuning.evidence import cross_fit
from core.tuning.objectives import choose_all
from core.tuning.parts import PartArrays
from core.workflow.actions.part_data import default_threshold, load_part_data, part_arrays
from core.workflow.session import Session
from core.workflow.state import RunState, SessionState
from core.workflow.steps import split_of, tuning_part


def run_figures(
    session: Session,
    state: SessionState,
    run: RunState,
    objective: str,
    cancel: CancelToken | None = None,
) -> RunFigures:
    """What a run decides on test, every threshold chosen on its own scores of the tuning part.

    Saved thresholds play no part: all arms are compared at thresholds chosen in the same way,
    whatever the evidence. With a two-way split the choice is cross-fitted on test.

    Raises:
        InvalidInput: a part was not scored, or a file is absent or damaged.
        Interrupted: cancelled.
    """
    test = load_part_data(session, state, run, "test")
    arrays = part_arrays(test)
    default = default_threshold(test.truth.mode)
    part = tuning_part(split_of(state, run))
    tuning = test if part == "test" else load_part_data(session, state, run, part)
    chosen = choose_all(tuning.curves(), objective, {}, default, cancel=cancel)
    thresholds = {label: choice.threshold for label, choice in chosen.items()}
    if part == "test":
        tuned = _cross_fitted(arrays, objective, default, cancel)
    else:
        tuned = decide(arrays, thresholds)
    return RunFigures(
        name=run.name,
        test=arrays,
        default=decide(arrays, dict.fromkeys(arrays.labels, default)),
        tuned=tuned,
        thresholds=thresholds,
    )


def _cross_fitted(
    arrays: PartArrays, objective: str, default: float, cancel: CancelToken | None
) -> Decisions:
    """Decisions by thresholds chosen without each document's fold."""
    fitted = cross_fit(
        arrays.labels,
        arrays.scores,
        arrays.truth,
        arrays.ceilings,
        objective=partial(choose_all, objective=objective, default=default),
        clusters=arrays.clusters,
        cancel=cancel,
    )
    return Decisions(fitted.flags, fitted.undecided)
