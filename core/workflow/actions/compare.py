"""Compare runs, or two thresholds files on one run, on the test part."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from core.errors import InvalidInput
from core.files import fingerprint
from core.progress import CancelToken, Reporter, silent
from core.text import plural, printable
from core.tuning.comparison import Comparison, compare_decisions
from core.tuning.thresholds import load
from core.workflow.actions.comparable import ComparedRun, find_compared, require_comparable
from core.workflow.actions.compared_sides import (
    PART,
    ComparedSide,
    Side,
    file_side,
    on_shared,
    run_side,
)
from core.workflow.actions.launching import session_clients
from core.workflow.actions.part_data import load_part_data
from core.workflow.actions.runs import pick_run
from core.workflow.actions.shared_documents import SharedDocuments, shared_documents
from core.workflow.session import Session

__all__ = [
    "CompareReport", "CompareSettings", "ComparedPair", "ComparedSide", "compare_session_runs",
    "compare_thresholds_files",
]  # fmt: skip


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
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
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
        reporter: told about the resamples.
        cancel: looked at meanwhile.

    Raises:
        InvalidInput: fewer than two runs, a run with thresholds of other scores, runs of different
            engines, modes or labels, or runs without a test document in common.
        Interrupted: cancelled.
    """
    runs = find_compared(session, names)
    require_comparable(runs)
    sides = [run_side(run, cancel) for run in runs]
    cautions = [f"run {printable(run.name)}: {note}" for run in runs for note in run.run.notes]
    cautions += _tuning_cautions(sides)
    if len({run.split.fingerprint for run in runs}) > 1:
        found = shared_documents(runs, cancel)
        sides = on_shared(sides, found)
        cautions += _sharing_cautions(runs, found)
    return _compare(
        _Looked(session, tuple(run.session for run in runs)),
        sides,
        settings or CompareSettings(),
        cautions,
        (reporter, cancel),
    )


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
    data = load_part_data(session, state, run, PART)
    compared = ComparedRun(session, state, run, run.name)
    sides = [file_side(compared, data, path, load(path)) for path in paths]
    cautions = [f"run {printable(run.name)}: {note}" for note in run.notes]
    cautions += [
        f"{printable(side.shown.name, 80)} was tuned on {PART}: its figures here are optimistic"
        for side in sides
        if side.shown.tuned_on == PART
    ]
    where = _Looked(session, (session,))
    return _compare(where, sides, settings or CompareSettings(), cautions, (reporter, cancel))


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


def _sharing_cautions(runs: Sequence[ComparedRun], found: SharedDocuments) -> list[str]:
    """What to say of documents that are left out or were labelled anew."""
    if found.is_everything and not found.seen:
        return []
    cautions = [
        f"compared on the {plural(len(found.truth), 'document')} in the test part of"
        f" {'both' if len(runs) == 2 else 'all'} runs"
    ]
    if any(run.relabelled for run in found.left_out):
        newest = runs[found.newest]
        most = max(run.relabelled for run in found.left_out)
        cautions.append(
            f"the newer labels count, those of run {printable(newest.name)}'s data"
            f" ({newest.revision.id}): they differ for {plural(most, 'document')}"
        )
    for run, left in zip(runs, found.left_out, strict=True):
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
    earlier, others_looks = where.count(fingerprint(*(side.key for side in sides)))
    if earlier:
        cautions = [
            *cautions,
            f"{earlier} other comparison(s) were made on this test part before; the more are tried,"
            " the likelier one of them looks better by chance",
        ]
    return CompareReport(
        session=where.asked.name, engine=session_clients(where.asked).info.label, part=PART,
        pairs=pairs, test_looks=where.asked.state().test_looks, other_looks=others_looks,
        cautions=tuple(cautions),
    )  # fmt: skip


def count_look(session: Session, key: str) -> tuple[int, int]:
    """Count a comparison that was not made before; how many others were, and looks in all."""
    made = {str(event.get("key")) for event in session.events() if event["action"] == "compared"}
    if key not in made:
        with session.editing() as state:
            state.test_looks += 1
        session.record("compared", key=key)
    return len(made - {key}), session.state().test_looks
