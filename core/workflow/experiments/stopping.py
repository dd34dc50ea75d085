"""The stop rule: no further arm once some in a row have brought no gain.

It looks at average precision on the tuning part, so that the test part stays unseen by what decides
which arms there are, unless the split has no calibration part.
"""

import math
from collections.abc import Collection, Sequence

import msgspec
import numpy as np

from core.text import plural
from core.tuning.arms import has_stalled
from core.workflow.actions.part_data import load_part_data
from core.workflow.experiments.arms import arm_statuses
from core.workflow.experiments.finding import find_experiment, run_of_arm
from core.workflow.experiments.views import ArmStatus
from core.workflow.session import Session
from core.workflow.state import ExperimentState, RunState, SessionState
from core.workflow.steps import split_of, tuning_part


def apply_stop_rule(
    session: Session,
    experiment_id: str,
    known: dict[str, float | None],
    given_up: Collection[str] = (),
) -> int:
    """Skip the arms that are not started, when the rule says so; return how many were skipped.

    Args:
        known: average precision by run, filled in as it is computed.
        given_up: ids of arms that are not waited for, as those that failed.

    Raises:
        InvalidInput: scores or truth are absent or damaged.
    """
    state = session.state()
    experiment = find_experiment(state, experiment_id)
    if experiment.patience is None:
        return 0
    history = []
    for status in _in_order(arm_statuses(session, state, experiment)):
        is_given_up = status.stage != "done" and status.arm.plan.id in given_up
        if is_given_up or status.stage in ("failed", "skipped"):
            continue
        run = run_of_arm(state, status.arm)
        if status.stage != "done" or run is None:
            break
        if run.name not in known:
            known[run.name] = _average_precision(session, state, experiment, run)
        history.append(known[run.name])
    if not has_stalled(history, experiment.patience):
        return 0
    return _skip(session, state, experiment)


def _in_order(statuses: Sequence[ArmStatus]) -> list[ArmStatus]:
    """One of each arm by what it adds: drawn ones, the base, then those with copies.

    Arms that repeat a few distinct positives are there for contrast and left out.
    """
    counted = [
        status
        for status in statuses
        if status.arm.plan.replicate == 1 and status.arm.plan.kind != "repeats-from"
    ]
    places = {"distinct": 0, "base": 1}
    return sorted(counted, key=lambda status: places.get(status.arm.plan.kind, 2))


def _skip(session: Session, state: SessionState, experiment: ExperimentState) -> int:
    waiting = {
        arm.plan.id
        for arm in experiment.arms
        if arm.plan.id != "base" and not arm.skipped and run_of_arm(state, arm) is None
    }
    if not waiting:
        return 0
    reason = f"stop rule: {plural(experiment.patience or 0, 'arm')} in a row without gain"
    with session.editing() as edited:
        kept = find_experiment(edited, experiment.id)
        kept.arms = [
            msgspec.structs.replace(arm, skipped=reason)
            if arm.plan.id in waiting and run_of_arm(edited, arm) is None
            else arm
            for arm in kept.arms
        ]
    session.record("stopped", experiment=experiment.id, arms=sorted(waiting))
    return len(waiting)


def _average_precision(
    session: Session, state: SessionState, experiment: ExperimentState, run: RunState
) -> float | None:
    """Mean over the raised labels, all of them for a whole-set strategy; None when not known."""
    data = load_part_data(session, state, run, tuning_part(split_of(state, run)))
    curves = data.curves()
    chosen = experiment.request.labels or tuple(
        label for label in data.truth.labels if label != data.truth.none_label
    )
    found = []
    for label in chosen:
        column = data.truth.labels.index(label)
        precision = curves[label].average_precision
        if not curves[label].positives:
            continue
        if precision is None or np.isnan(data.decision_scores[:, column]).any():
            return None
        found.append(precision)
    return math.fsum(found) / len(found) if found else None
