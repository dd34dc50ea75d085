"""What is compared: a run at its own thresholds, or a thresholds file on the scores of a run."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from core.errors import InvalidInput
from core.files import fingerprint
from core.progress import CancelToken
from core.text import printable
from core.tuning.comparison import Decisions, decide
from core.tuning.curves import Curve
from core.tuning.evidence import cross_fit
from core.tuning.objectives import Choice, choose_all
from core.tuning.parts import PartArrays
from core.tuning.thresholds import Thresholds
from core.workflow.actions.comparable import ComparedRun
from core.workflow.actions.part_data import (
    PartData,
    default_threshold,
    load_part_data,
    part_arrays,
)
from core.workflow.actions.run_curves import needs_tuning
from core.workflow.actions.shared_documents import LeftOut, SharedDocuments
from core.workflow.state import RunState
from core.workflow.steps import scores_inputs, tuning_part

PART = "test"
"""What runs are measured on."""


class ComparedSide(msgspec.Struct, frozen=True, kw_only=True):
    """One of the things compared."""

    name: str
    """The run (``SESSION:RUN`` when another session's), or the thresholds file."""
    run: str
    session: str
    tuned_on: str
    measured_on: str
    objective: str
    thresholds: dict[str, float]
    is_tuned_here: bool = False
    """Whether the run had no thresholds, so that they were tuned for this comparison."""
    oversampled: dict[str, int] = {}
    """Positives by label after repeating; empty when nothing was repeated."""
    left_out: LeftOut | None = None
    """What of the run's test part is not compared; None when all runs are of one split."""


@dataclass(frozen=True)
class Side:
    """A thing to compare, with its decisions."""

    shown: ComparedSide
    arrays: PartArrays
    decisions: Decisions
    none_label: str | None
    key: str
    """Names scores and thresholds."""


@dataclass(frozen=True)
class _Own:
    """The thresholds that a run is compared at."""

    values: Mapping[str, float]
    objective: str
    per_label: Mapping[str, str]
    fixed: Mapping[str, float]
    """Thresholds that stay whatever the scores say: set by hand, or left at the default."""
    tuned_on: str
    is_tuned_here: bool


def run_side(compared: ComparedRun, cancel: CancelToken | None) -> Side:
    """A run at the thresholds tuned on its own scores; without any they are tuned here.

    Raises:
        InvalidInput: its thresholds are of other scores, or a part was not scored.
        Interrupted: cancelled.
    """
    run = compared.run
    data = load_part_data(compared.session, compared.state, run, PART)
    own = _own_thresholds(compared, default_threshold(data.truth.mode), cancel)
    arrays = part_arrays(data)
    measured = PART
    if own.tuned_on == PART:
        decisions = _cross_fitted(arrays, own, default_threshold(data.truth.mode), cancel)
        measured = f"{PART}, cross-fitted"
    else:
        decisions = decide(arrays, own.values)
    shown = ComparedSide(
        name=compared.name, run=run.name, session=compared.session.name, tuned_on=own.tuned_on,
        measured_on=measured, objective=own.objective, thresholds=dict(own.values),
        is_tuned_here=own.is_tuned_here, oversampled=dict(run.oversampled),
    )  # fmt: skip
    return Side(shown, arrays, decisions, data.truth.none_label, _key(run, own.values))


def file_side(compared: ComparedRun, data: PartData, path: Path, thresholds: Thresholds) -> Side:
    """A thresholds file on the scores of a run, which must be of the classifier it was made for.

    Raises:
        InvalidInput: it is of another classifier, or of other labels.
    """
    run = compared.run
    for classifier in run.classifiers:
        thresholds.check_classifier(classifier.training.arn)
    if set(thresholds.label_order) != set(data.truth.labels):
        raise InvalidInput(
            "Different labels",
            f"{printable(str(path))} is for other labels than run {printable(run.name)}",
            "compare files that were saved for this run",
        )
    values = {label: kept.threshold for label, kept in thresholds.labels.items()}
    objectives = sorted({kept.objective for kept in thresholds.labels.values()})
    arrays = part_arrays(data)
    shown = ComparedSide(
        name=str(path), run=run.name, session=compared.session.name, measured_on=PART,
        objective=", ".join(objectives), thresholds=values,
        tuned_on=next(iter(thresholds.labels.values())).tuned_on,
    )  # fmt: skip
    return Side(shown, arrays, decide(arrays, values), data.truth.none_label, _key(run, values))


def on_shared(sides: Sequence[Side], found: SharedDocuments) -> list[Side]:
    """The sides on the documents that all of them have, by the labels that count."""
    return [
        _taken(side, found, position, [found.labels.index(label) for label in side.arrays.labels])
        for position, side in enumerate(sides)
    ]


def _taken(side: Side, found: SharedDocuments, position: int, columns: list[int]) -> Side:
    arrays, given, rows = side.arrays, side.decisions, found.rows[position]
    taken = dataclasses.replace(
        arrays,
        scores=arrays.scores[rows],
        truth=found.truth[:, columns],
        ceilings=None if arrays.ceilings is None else arrays.ceilings[rows],
        clusters=found.clusters,
    )
    return dataclasses.replace(
        side,
        shown=msgspec.structs.replace(side.shown, left_out=found.left_out[position]),
        arrays=taken,
        decisions=Decisions(given.flags[rows], given.may_flag[rows]),
    )


def _own_thresholds(compared: ComparedRun, default: float, cancel: CancelToken | None) -> _Own:
    """The run's thresholds; a run without any is tuned on its own tuning part.

    Raises:
        InvalidInput: they are of other scores than the run has now.
    """
    run, kept = compared.run, compared.run.thresholds
    if kept is None:
        return _tuned_here(compared, default, cancel)
    if needs_tuning(compared.session, run):
        raise InvalidInput(
            "Stale thresholds",
            f"the thresholds of run {printable(compared.name)} are not those of its present scores",
            f"run: comprehend-tuner --session {printable(compared.session.name)} thresholds"
            f" --run {printable(run.name)}",
        )
    return _Own(
        values=kept.values,
        objective=kept.objective,
        per_label=kept.per_label,
        fixed={
            label: value
            for label, value in kept.values.items()
            if label in kept.edited or value == default
        },
        tuned_on=kept.tuned_on,
        is_tuned_here=False,
    )


def _tuned_here(compared: ComparedRun, default: float, cancel: CancelToken | None) -> _Own:
    """Thresholds for a run that has none, such as an arm of an experiment; nothing is saved."""
    state, run = compared.state, compared.run
    part = tuning_part(compared.split)
    aims = [found.objective for found in state.experiments if found.id == run.experiment]
    objective = aims[0] if aims else "max_f1"
    curves = load_part_data(compared.session, state, run, part).curves()
    chosen = choose_all(curves, objective, {}, default, cancel=cancel)
    values = {label: choice.threshold for label, choice in chosen.items()}
    return _Own(values, objective, {}, {}, part, is_tuned_here=True)


def _cross_fitted(
    arrays: PartArrays, own: _Own, default: float, cancel: CancelToken | None
) -> Decisions:
    """Decisions by thresholds chosen without each document's fold."""

    def choose(curves: Mapping[str, Curve]) -> dict[str, Choice]:
        chosen = choose_all(curves, own.objective, own.per_label, default, cancel=cancel)
        return {
            label: dataclasses.replace(choice, threshold=own.fixed.get(label, choice.threshold))
            for label, choice in chosen.items()
        }

    fitted = cross_fit(
        arrays.labels, arrays.scores, arrays.truth, arrays.ceilings,
        objective=choose, clusters=arrays.clusters, cancel=cancel,
    )  # fmt: skip
    return Decisions(fitted.flags, fitted.undecided)


def _key(run: RunState, values: Mapping[str, float]) -> str:
    numbers = (f"{label}={value!r}" for label, value in sorted(values.items()))
    return fingerprint(scores_inputs(run), *numbers)
