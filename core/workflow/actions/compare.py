"""Compare runs, or two thresholds files on one run, on the test part."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from core.errors import InvalidInput
from core.files import fingerprint
from core.progress import CancelToken, Reporter, silent
from core.text import printable
from core.tuning.comparison import Comparison, Decisions, compare_decisions, decide
from core.tuning.curves import Curve
from core.tuning.evidence import cross_fit
from core.tuning.objectives import Choice, choose_all
from core.tuning.parts import PartArrays
from core.tuning.thresholds import Thresholds, load
from core.workflow.actions.comparable import are_of_two_revisions, on_shared, require_same_test
from core.workflow.actions.launching import session_clients
from core.workflow.actions.part_data import (
    PartData,
    default_threshold,
    load_part_data,
    part_arrays,
)
from core.workflow.actions.run_curves import needs_tuning
from core.workflow.actions.runs import pick_run
from core.workflow.session import Session
from core.workflow.state import RunState, SessionState, ThresholdsState
from core.workflow.steps import scores_inputs

_PART = "test"


class ComparedSide(msgspec.Struct, frozen=True, kw_only=True):
    """One of the things compared."""

    name: str
    """The run, or the thresholds file."""
    run: str
    tuned_on: str
    measured_on: str
    objective: str
    thresholds: dict[str, float]
    oversampled: dict[str, int] = {}
    """Positives by label after repeating; empty when nothing was repeated."""


class ComparedPair(msgspec.Struct, frozen=True, kw_only=True):
    """The second against the first, on the same documents."""

    a: ComparedSide
    b: ComparedSide
    comparison: Comparison


class CompareReport(msgspec.Struct, frozen=True, kw_only=True):
    """Every pair, with what a reader must know."""

    session: str
    engine: str
    """Badge; OFFLINE scores are not Comprehend's."""
    part: str
    pairs: tuple[ComparedPair, ...]
    test_looks: int
    """How often figures of the test part were looked at, this comparison included."""
    cautions: tuple[str, ...]


@dataclass(frozen=True)
class CompareSettings:
    """How to compare."""

    level: float = 0.95
    resamples: int = 2000
    seed: int = 0


@dataclass(frozen=True)
class _Side:
    shown: ComparedSide
    arrays: PartArrays
    decisions: Decisions
    none_label: str | None
    key: str
    """Names scores and thresholds."""


def compare_session_runs(
    session: Session,
    names: Sequence[str],
    settings: CompareSettings | None = None,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> CompareReport:
    """Compare every run with the first one, each at the thresholds tuned on its own scores.

    A run whose thresholds were tuned on the test part is compared by its cross-fitted decisions, so
    that no document is judged by a threshold chosen on it.

    Raises:
        InvalidInput: fewer than two runs, a run without fresh thresholds, or runs of different
            test sets.
        Interrupted: cancelled.
    """
    state = session.state()
    if len(names) < 2 or len(set(names)) != len(names):
        raise InvalidInput(
            "Nothing to compare",
            "two or more different runs are needed",
            f"runs: {', '.join(printable(run.name) for run in state.runs) or 'none yet'}",
        )
    runs = [pick_run(state, name) for name in names]
    require_same_test(state, runs)
    sides = [_run_side(session, state, run, cancel) for run in runs]
    cautions = [f"run {printable(run.name)}: {note}" for run in runs for note in run.notes]
    if are_of_two_revisions(state, runs):
        both = [(side.arrays, side.decisions) for side in sides]
        *shared, notes = on_shared(session, state, runs, both)
        sides = [
            dataclasses.replace(side, arrays=arrays, decisions=decisions)
            for side, (arrays, decisions) in zip(sides, shared, strict=True)
        ]
        cautions += notes
    return _compare(session, sides, settings or CompareSettings(), cautions, (reporter, cancel))


def compare_thresholds_files(
    session: Session,
    paths: Sequence[Path],
    run_name: str | None = None,
    settings: CompareSettings | None = None,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> CompareReport:
    """Compare thresholds files with the first one, on the scores of one run.

    Raises:
        InvalidInput: fewer than two files, or a file of another classifier.
        Interrupted: cancelled.
    """
    if len(paths) < 2:
        raise InvalidInput("Nothing to compare", "two or more files are needed", "")
    state = session.state()
    run = pick_run(state, run_name)
    data = load_part_data(session, state, run, _PART)
    sides = [_file_side(run, data, path, load(path)) for path in paths]
    cautions = [f"run {printable(run.name)}: {note}" for note in run.notes]
    cautions += [
        f"{printable(side.shown.name, 80)} was tuned on {_PART}: its figures here are optimistic"
        for side in sides
        if side.shown.tuned_on == _PART
    ]
    return _compare(session, sides, settings or CompareSettings(), cautions, (reporter, cancel))


def _compare(
    session: Session,
    sides: Sequence[_Side],
    settings: CompareSettings,
    cautions: Sequence[str],
    watch: tuple[Reporter, CancelToken | None],
) -> CompareReport:
    first, *others = sides
    pairs = tuple(
        ComparedPair(
            a=first.shown,
            b=other.shown,
            comparison=compare_decisions(
                first.arrays, first.decisions, other.arrays, other.decisions,
                level=settings.level, resamples=settings.resamples, seed=settings.seed,
                none_label=first.none_label, comparisons=len(others),
                reporter=watch[0], cancel=watch[1],
            ),
        )
        for other in others
    )  # fmt: skip
    earlier, looks = _count_look(session, fingerprint(*(side.key for side in sides)))
    if earlier:
        cautions = [
            *cautions,
            f"{earlier} other comparison(s) were made on this test part before; the more are tried,"
            " the likelier one of them looks better by chance",
        ]
    return CompareReport(
        session=session.name, engine=session_clients(session).info.label, part=_PART,
        pairs=pairs, test_looks=looks, cautions=tuple(cautions),
    )  # fmt: skip


def _run_side(
    session: Session, state: SessionState, run: RunState, cancel: CancelToken | None
) -> _Side:
    kept = run.thresholds
    if kept is None or needs_tuning(session, run):
        raise InvalidInput(
            "No thresholds",
            f"run {printable(run.name)} has no thresholds of its present scores",
            f"run: comprehend-tuner thresholds --run {printable(run.name)}",
        )
    data = load_part_data(session, state, run, _PART)
    arrays = part_arrays(data)
    measured = _PART
    if kept.tuned_on == _PART:
        decisions = _cross_fitted(arrays, kept, default_threshold(data.truth.mode), cancel)
        measured = f"{_PART}, cross-fitted"
    else:
        decisions = decide(arrays, kept.values)
    shown = ComparedSide(
        name=run.name, run=run.name, tuned_on=kept.tuned_on, measured_on=measured,
        objective=kept.objective, thresholds=dict(kept.values), oversampled=dict(run.oversampled),
    )  # fmt: skip
    return _Side(shown, arrays, decisions, data.truth.none_label, _key(run, kept.values))


def _cross_fitted(
    arrays: PartArrays, kept: ThresholdsState, default: float, cancel: CancelToken | None
) -> Decisions:
    """Decisions by thresholds chosen without each document's fold.

    Labels whose threshold was set by hand or stayed at the default keep it in every fold.
    """
    fixed = {
        label: value
        for label, value in kept.values.items()
        if label in kept.edited or value == default
    }
    own: Mapping[str, str] = getattr(kept, "per_label", {})

    def choose(curves: Mapping[str, Curve]) -> dict[str, Choice]:
        chosen = choose_all(curves, kept.objective, own, default, cancel=cancel)
        return {
            label: dataclasses.replace(choice, threshold=fixed.get(label, choice.threshold))
            for label, choice in chosen.items()
        }

    fitted = cross_fit(
        arrays.labels, arrays.scores, arrays.truth, arrays.ceilings,
        objective=choose, clusters=arrays.clusters, cancel=cancel,
    )  # fmt: skip
    return Decisions(fitted.flags, fitted.undecided)


def _file_side(run: RunState, data: PartData, path: Path, thresholds: Thresholds) -> _Side:
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
        name=str(path), run=run.name, measured_on=_PART, objective=", ".join(objectives),
        tuned_on=next(iter(thresholds.labels.values())).tuned_on, thresholds=values,
    )  # fmt: skip
    return _Side(shown, arrays, decide(arrays, values), data.truth.none_label, _key(run, values))


def _key(run: RunState, values: Mapping[str, float]) -> str:
    numbers = (f"{label}={value!r}" for label, value in sorted(values.items()))
    return fingerprint(scores_inputs(run), *numbers)


def _count_look(session: Session, key: str) -> tuple[int, int]:
    """Count a comparison that was not made before; how many others were, and looks in all."""
    made = {str(event.get("key")) for event in session.events() if event["action"] == "compared"}
    if key not in made:
        with session.editing() as state:
            state.test_looks += 1
        session.record("compared", key=key)
    return len(made - {key}), session.state().test_looks
