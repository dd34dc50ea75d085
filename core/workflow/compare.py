"""Compare runs, or two thresholds files on one run, on the test part."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from core.errors import InvalidInput
from core.files import fingerprint
from core.progress import UNWATCHED, Watch
from core.text import command_word, plural, printable
from core.tuning.aim import Aim
from core.tuning.comparison import compare_decisions
from core.tuning.cross_fitting import cross_fit
from core.tuning.curves import Curve
from core.tuning.objectives import Choice
from core.tuning.paired import Comparison
from core.tuning.part import Decisions, Part
from core.tuning.thresholds import Thresholds, load
from core.workflow.jobs import session_clients
from core.workflow.parts import load_part, needs_tuning
from core.workflow.session import Session
from core.workflow.shared_documents import (
    ComparedRun,
    LeftOut,
    SharedDocuments,
    find_compared,
    require_comparable,
    shared_documents,
)
from core.workflow.state import RunState

# What is compared: a run at its own thresholds, or a thresholds file on the scores of a run.


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
    part: Part
    decisions: Decisions
    key: str
    """Names scores and thresholds."""


@dataclass(frozen=True)
class _Own:
    """The thresholds that a run is compared at."""

    values: Mapping[str, float]
    aim: Aim
    """By hand are all that stay whatever the scores say: set by hand, or left at the default."""
    tuned_on: str
    is_tuned_here: bool


def run_side(compared: ComparedRun, watch: Watch) -> Side:
    """A run at the thresholds tuned on its own scores; without any they are tuned here.

    Raises:
        InvalidInput: its thresholds are of other scores, or a part was not scored.
        Interrupted: cancelled.
    """
    run = compared.run
    data = load_part(compared.session, compared.state, run, PART)
    own = _own_thresholds(compared, data.default, watch)
    measured = PART
    if own.tuned_on == PART:
        decisions = _cross_fitted(data, own, watch)
        measured = f"{PART}, cross-fitted"
    else:
        decisions = data.decide(own.values)
    shown = ComparedSide(
        name=compared.name,
        run=run.name,
        session=compared.session.name,
        tuned_on=own.tuned_on,
        measured_on=measured,
        objective=own.aim.objective,
        thresholds=dict(own.values),
        is_tuned_here=own.is_tuned_here,
        oversampled=dict(run.oversampled),
    )
    return Side(shown, data, decisions, _key(run, own.values))


def file_side(compared: ComparedRun, data: Part, path: Path, thresholds: Thresholds) -> Side:
    """A thresholds file on the scores of a run, which must be of the classifier it was made for.

    Raises:
        InvalidInput: it is of another classifier, or of other labels.
    """
    run = compared.run
    for classifier in run.classifiers:
        thresholds.check_classifier(classifier.training.arn)
    if set(thresholds.label_order) != set(data.labels):
        raise InvalidInput(
            "Different labels",
            f"{printable(str(path))} is for other labels than run {printable(run.name)}",
            "compare files that were saved for this run",
        )
    values = {label: own.threshold for label, own in thresholds.labels.items()}
    objectives = sorted({own.objective for own in thresholds.labels.values()})
    shown = ComparedSide(
        name=str(path),
        run=run.name,
        session=compared.session.name,
        measured_on=PART,
        objective=", ".join(objectives),
        thresholds=values,
        tuned_on=next(iter(thresholds.labels.values())).tuned_on,
    )
    return Side(shown, data, data.decide(values), _key(run, values))


def on_shared(sides: Sequence[Side], shared: SharedDocuments) -> list[Side]:
    """The sides on the documents that all of them have, by the labels that count."""
    return [
        _taken(side, shared, position, [shared.labels.index(label) for label in side.part.labels])
        for position, side in enumerate(sides)
    ]


def _taken(side: Side, shared: SharedDocuments, position: int, columns: list[int]) -> Side:
    rows = shared.rows[position]
    taken = side.part.take(rows)
    return dataclasses.replace(
        side,
        shown=msgspec.structs.replace(side.shown, left_out=shared.left_out[position]),
        part=dataclasses.replace(taken, truth=shared.truth[:, columns], clusters=shared.clusters),
        decisions=side.decisions.take(rows),
    )


def _own_thresholds(compared: ComparedRun, default: float, watch: Watch) -> _Own:
    """The run's thresholds; a run without any is tuned on its own tuning part.

    Raises:
        InvalidInput: they are of other scores than the run has now.
    """
    run, made = compared.run, compared.run.thresholds
    if made is None:
        return _tuned_here(compared, default, watch)
    if needs_tuning(compared.session, run):
        raise InvalidInput(
            "Stale thresholds",
            f"the thresholds of run {printable(compared.name)} are not those of its present scores",
            f"run: comprehend-tuner --session {command_word(compared.session.name)} thresholds"
            f" --run {command_word(run.name)}",
        )
    return _Own(
        values=made.values,
        aim=Aim(
            made.objective,
            made.per_label,
            by_hand={
                label: value
                for label, value in made.values.items()
                if label in made.edited or value == default
            },
        ),
        tuned_on=made.tuned_on,
        is_tuned_here=False,
    )


def _tuned_here(compared: ComparedRun, default: float, watch: Watch) -> _Own:
    """Thresholds for a run that has none, such as an arm of an experiment; nothing is saved."""
    state, run = compared.state, compared.run
    part = compared.split.tuning_part
    aims = [
        experiment.objective for experiment in state.experiments if experiment.id == run.experiment
    ]
    objective = aims[0] if aims else "max_f1"
    curves = load_part(compared.session, state, run, part).curves()
    aim = Aim(objective)
    choices = aim.choose(curves, default, watch)
    values = {label: choice.threshold for label, choice in choices.items()}
    return _Own(values, aim, part, is_tuned_here=True)


def _cross_fitted(part: Part, own: _Own, watch: Watch) -> Decisions:
    """Decisions by thresholds chosen without each document's fold."""

    def choose(curves: Mapping[str, Curve]) -> dict[str, Choice]:
        fixed = own.aim.by_hand
        return {
            label: dataclasses.replace(choice, threshold=fixed.get(label, choice.threshold))
            for label, choice in own.aim.choose(curves, part.default, watch).items()
        }

    return cross_fit(part, choose, watch=watch).decisions


def _key(run: RunState, values: Mapping[str, float]) -> str:
    numbers = (f"{label}={value!r}" for label, value in sorted(values.items()))
    return fingerprint(run.scores_fingerprint, *numbers)


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
    other_looks: dict[str, int] = {}
    """The same of the other sessions whose runs take part, by session."""
    cautions: tuple[str, ...]


@dataclass(frozen=True)
class CompareSettings:
    """How to compare."""

    level: float = 0.95
    resamples: int = 2000
    seed: int = 0


def compare_session_runs(
    session: Session,
    names: Sequence[str],
    settings: CompareSettings | None = None,
    watch: Watch = UNWATCHED,
) -> CompareReport:
    """Compare every run with the first one, each at the thresholds tuned on its own scores.

    Runs of different splits, revisions or sessions are compared on the test documents that all of
    them have and that none was trained or tuned on. A run whose thresholds were tuned on the test
    part is compared by its cross-fitted decisions, so that no document is judged by a threshold
    chosen on it. A run without thresholds is tuned for the comparison, and nothing of it is saved.

    Args:
        session: whose runs are named by their name alone.
        names: ``RUN``, or ``SESSION:RUN`` for a run of another session, given by name or folder.
        settings: of the intervals.
        watch: told about the resamples.

    Raises:
        InvalidInput: fewer than two runs, a run with thresholds of other scores, runs of different
            engines, modes or labels, or runs without a test document in common.
        Interrupted: cancelled.
    """
    runs = find_compared(session, names)
    require_comparable(runs)
    sides = [run_side(run, watch) for run in runs]
    cautions = [f"run {printable(run.name)}: {note}" for run in runs for note in run.run.notes]
    cautions += _tuning_cautions(sides)
    if len({run.split.fingerprint for run in runs}) > 1:
        shared = shared_documents(runs, watch)
        sides = on_shared(sides, shared)
        cautions += _sharing_cautions(runs, shared)
    return _compare(
        _Looked(session, tuple(run.session for run in runs)),
        sides,
        settings or CompareSettings(),
        cautions,
        watch,
    )


def compare_thresholds_files(
    session: Session,
    paths: Sequence[Path],
    run_name: str | None = None,
    settings: CompareSettings | None = None,
    watch: Watch = UNWATCHED,
) -> CompareReport:
    """Compare thresholds files with the first one, on the scores of one run.

    Raises:
        InvalidInput: fewer than two files, or a file of another classifier.
        Interrupted: cancelled.
    """
    if len(paths) < 2:
        raise InvalidInput("Nothing to compare", "two or more files are needed", "")
    state = session.state()
    run = state.run_named(run_name)
    data = load_part(session, state, run, PART)
    compared = ComparedRun(session, state, run, run.name)
    sides = [file_side(compared, data, path, load(path)) for path in paths]
    cautions = [f"run {printable(run.name)}: {note}" for note in run.notes]
    cautions += [
        f"{printable(side.shown.name, 80)} was tuned on {PART}: its figures here are optimistic"
        for side in sides
        if side.shown.tuned_on == PART
    ]
    where = _Looked(session, (session,))
    return _compare(where, sides, settings or CompareSettings(), cautions, watch)


@dataclass(frozen=True)
class _Looked:
    """Whose test parts a comparison looks at."""

    asked: Session
    """The session that the comparison is made in."""
    of_runs: tuple[Session, ...]
    """The session of every run."""

    def count(self, key: str) -> tuple[int, dict[str, int]]:
        """Count a look in every session; the most comparisons made before, and others' looks."""
        earlier, others = 0, {}
        for folder, session in {each.folder: each for each in self.of_runs}.items():
            before, looks = count_look(session, key)
            earlier = max(earlier, before)
            if folder != self.asked.folder:
                others[session.name] = looks
        return earlier, others


def _tuning_cautions(sides: Sequence[Side]) -> list[str]:
    """What to say of runs that had no thresholds."""
    here = [side.shown for side in sides if side.shown.is_tuned_here]
    cautions = [
        f"run {printable(side.name)} has no thresholds yet: tuned on {side.tuned_on} for"
        f" {side.objective} for this comparison, whatever the evidence"
        for side in here
    ]
    if here and len(here) < len(sides):
        cautions.append(
            "the other runs are at their saved thresholds, of which some may have stayed at the"
            " default for want of evidence; compare average precision, which needs none"
        )
    return cautions


def _sharing_cautions(runs: Sequence[ComparedRun], shared: SharedDocuments) -> list[str]:
    """What to say of documents that are left out or were labelled anew."""
    if shared.is_everything and not shared.seen:
        return []
    cautions = [
        f"compared on the {plural(len(shared.truth), 'document')} in the test part of"
        f" {'both' if len(runs) == 2 else 'all'} runs"
    ]
    if any(run.relabelled for run in shared.left_out):
        newest = runs[shared.newest]
        most = max(run.relabelled for run in shared.left_out)
        cautions.append(
            f"the newer labels count, those of run {printable(newest.name)}'s data"
            f" ({newest.revision.id}): they differ for {plural(most, 'document')}"
        )
    for run, left in zip(runs, shared.left_out, strict=True):
        name = printable(run.name)
        if left.not_in_all:
            cautions.append(
                f"{left.not_in_all:,} of {plural(left.test_documents, 'document')} of run {name}'s"
                " test part left out: not in every test part"
            )
        learnt = ((left.trained_on, "trained"), (left.tuned_on, "tuned"))
        cautions += [
            f"{plural(count, 'shared document')} left out: run {name} was {verb} on"
            f" {'it' if count == 1 else 'them'} or on the same text"
            for count, verb in learnt
            if count
        ]
    return cautions


def _compare(
    where: _Looked,
    sides: Sequence[Side],
    settings: CompareSettings,
    cautions: Sequence[str],
    watch: Watch,
) -> CompareReport:
    first, *others = sides
    pairs = tuple(
        ComparedPair(
            a=first.shown,
            b=other.shown,
            comparison=compare_decisions(
                first.part,
                first.decisions,
                other.part,
                other.decisions,
                level=settings.level,
                resamples=settings.resamples,
                seed=settings.seed,
                none_label=first.part.none_label,
                comparisons=len(others),
                watch=watch,
            ),
        )
        for other in others
    )
    earlier, others_looks = where.count(fingerprint(*(side.key for side in sides)))
    if earlier:
        cautions = [
            *cautions,
            f"{earlier} other comparison(s) were made on this test part before; the more are tried,"
            " the likelier one of them looks better by chance",
        ]
    return CompareReport(
        session=where.asked.name,
        engine=session_clients(where.asked).info.label,
        part=PART,
        pairs=pairs,
        test_looks=where.asked.state().test_looks,
        other_looks=others_looks,
        cautions=tuple(cautions),
    )


def count_look(session: Session, key: str) -> tuple[int, int]:
    """Count a comparison that was not made before; how many others were, and looks in all."""
    made = {str(event.get("key")) for event in session.events() if event["action"] == "compared"}
    if key not in made:
        with session.editing() as state:
            state.test_looks += 1
        session.record("compared", key=key)
    return len(made - {key}), session.state().test_looks
