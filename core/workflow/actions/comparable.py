"""Which runs can be compared: found by name, of this session or of another one."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import InvalidInput
from core.text import printable
from core.workflow.actions.runs import pick_run
from core.workflow.session import Session, find_session
from core.workflow.state import Revision, RunState, SessionState, SplitState
from core.workflow.steps import split_of


@dataclass(frozen=True)
class ComparedRun:
    """A run that takes part in a comparison."""

    session: Session
    state: SessionState
    run: RunState
    name: str
    """As it is shown: ``RUN``, or ``SESSION:RUN`` when it is another session's."""

    @property
    def split(self) -> SplitState:
        """The split that it was trained on."""
        return split_of(self.state, self.run)

    @property
    def revision(self) -> Revision:
        """The revision of the dataset that was split."""
        return self.state.revision_of(self.split)


def find_compared(session: Session, names: Sequence[str]) -> list[ComparedRun]:
    """The runs that the names mean.

    Args:
        session: whose runs are named by their name alone.
        names: ``RUN``, or ``SESSION:RUN``, where SESSION is a session's name or its folder.

    Raises:
        InvalidInput: fewer than two different runs are named, or one is not to be found.
    """
    states = {session.folder.resolve(): (session, session.state())}
    runs = [_found(session, name, states) for name in names]
    own = states[session.folder.resolve()][1].runs
    if len(runs) < 2 or len({(run.session.folder, run.run.name) for run in runs}) != len(runs):
        raise InvalidInput(
            "Nothing to compare",
            "two or more different runs are needed",
            f"runs: {', '.join(printable(run.name) for run in own) or 'none yet'};"
            " name those of another session SESSION:RUN",
        )
    return runs


def _found(
    session: Session, name: str, states: dict[Path, tuple[Session, SessionState]]
) -> ComparedRun:
    """The run called `name`; the state of every session is read once and kept in `states`."""
    own, state = states[session.folder.resolve()]
    place, colon, run_name = name.rpartition(":")
    if not colon or any(run.name == name for run in state.runs):
        return ComparedRun(own, state, pick_run(state, name), name)
    other = _other_session(session, place)
    folder = other.folder.resolve()
    if folder not in states:
        states[folder] = (other, other.state())
    other, state = states[folder]
    run = pick_run(state, run_name)
    return ComparedRun(other, state, run, run_name if other is own else f"{other.name}:{run_name}")


def _other_session(session: Session, place: str) -> Session:
    """The session called `place` beside this one or below the working directory."""
    beside = session.folder.parent / place
    if place and (beside / "session.json").is_file():
        return Session(beside.resolve())
    return find_session(place, Path.cwd())


def require_comparable(runs: Sequence[ComparedRun]) -> None:
    """Refuse runs whose figures do not mean the same.

    Raises:
        InvalidInput: they are of different engines, modes or labels, or some were tested by the
            service on documents that it took from their training file.
    """
    engines = {run.name: run.state.engine.name for run in runs}
    if len(set(engines.values())) > 1:
        said = ", ".join(f"{printable(name)}: {engine}" for name, engine in engines.items())
        raise InvalidInput(
            "Different engines",
            f"an offline twin's scores are not Comprehend's ({said})",
            "compare runs of one engine",
        )
    _require_same_labels(runs)
    tested = {run.name: _has_own_test(run.run) for run in runs}
    if len(set(tested.values())) > 1:
        others = [name for name, is_own in tested.items() if is_own != tested[runs[0].name]]
        raise InvalidInput(
            "Different test sets",
            f"run {', '.join(map(printable, others))} has another test set than run"
            f" {printable(runs[0].name)}",
            "compare runs that were all trained with a test file, or all without one",
        )


def _require_same_labels(runs: Sequence[ComparedRun]) -> None:
    first = runs[0]
    for other in runs[1:]:
        if other.revision.mode != first.revision.mode:
            raise InvalidInput(
                "Different modes",
                f"run {printable(first.name)} is {first.revision.mode}, run"
                f" {printable(other.name)} is {other.revision.mode}",
                "compare runs of one mode",
            )
        for one, against in ((first, other), (other, first)):
            only = [name for name in one.revision.labels if name not in against.revision.labels]
            if only:
                names = ", ".join(printable(label, 40) for label in only[:5])
                raise InvalidInput(
                    "Different labels",
                    f"run {printable(one.name)} has {names}"
                    + (f" and {len(only) - 5} more" if len(only) > 5 else "")
                    + f", run {printable(against.name)} has not",
                    "compare runs of one set of labels",
                )


def _has_own_test(run: RunState) -> bool:
    """Whether no classifier let the service take its test documents from the training file."""
    inputs = [c.training.request.get("InputDataConfig") for c in run.classifiers]
    return all("TestS3Uri" in given for given in inputs if isinstance(given, dict))
