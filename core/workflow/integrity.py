"""Whether everything of a session is what its steps wrote, and what makes the rest anew."""

from collections.abc import Iterator
from dataclasses import dataclass

from core.decoding import JsonDecoder, Undecodable, read_bytes
from core.errors import TunerError
from core.progress import UNWATCHED, Watch
from core.text import command_word, plural, printable
from core.workflow.recorded import file_fault, recorded_files
from core.workflow.session import Session
from core.workflow.state import SessionState
from core.workflow.trust import destination_of, origin_of


@dataclass(frozen=True)
class SessionFault:
    """Something of a session that is not as it was left; texts are printable."""

    what: str
    """The file, or what else it is about."""
    fault: str
    remedy: str
    """The command that makes it anew, or what else to do."""


@dataclass(frozen=True)
class SessionCheck:
    """What a check of a whole session has found."""

    session: str
    files: int
    """Files that the state names and that were looked at."""
    unrecorded: int
    """Those of them whose fingerprint an earlier version did not record."""
    events: int
    origin: str
    """``here``, ``elsewhere``, ``changed`` or ``copy``; empty for a damaged state."""
    faults: tuple[SessionFault, ...]

    @property
    def is_well(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


def check_session(session: Session, watch: Watch = UNWATCHED) -> SessionCheck:
    """Look at state, references, every file, the origin and the event log; change nothing.

    Raises:
        Interrupted: cancelled.
    """
    events, event_faults = _events(session)
    try:
        state = session.state()
    except TunerError as error:
        fault = SessionFault("session.json", f"{error.title}: {error.message}", error.hint)
        return SessionCheck(session.name, 0, 0, events, "", (fault, *event_faults))
    files = {file.path: file for file in sorted(recorded_files(state), key=lambda f: f.fingerprint)}
    faults = dict.fromkeys(_file_faults(session, state, watch))
    origin = origin_of(session, state)
    return SessionCheck(
        session=session.name,
        files=len(files),
        unrecorded=sum(not file.fingerprint for file in files.values()),
        events=events,
        origin=origin,
        faults=(*faults, *_marks(session), *_origin(state, origin), *event_faults),
    )


def _file_faults(session: Session, state: SessionState, watch: Watch) -> Iterator[SessionFault]:
    files = list(recorded_files(state))
    named: set[str] = set()
    for done, file in enumerate(files):
        watch.report("checking files", done, len(files), "files")
        watch.check()
        try:
            fault = file_fault(session, file)
        except TunerError as error:
            fault = error.message
        if fault and file.path not in named:
            named.add(file.path)
            yield SessionFault(f"{printable(file.path, 200)} ({file.what})", fault, file.rebuild)


def _marks(session: Session) -> Iterator[SessionFault]:
    from core.workflow.review import read_marks

    try:
        read_marks(session)
    except TunerError as error:
        yield SessionFault("review.jsonl", error.message, error.hint)


def _origin(state: SessionState, origin: str) -> Iterator[SessionFault]:
    why = {
        "elsewhere": "the session was not made by you on this machine",
        "changed": "the engine's settings are not those that you gave",
        "copy": "the session is a copy of another one on this machine",
    }
    if origin in why:
        where = destination_of(state)
        yield SessionFault(
            "origin",
            f"{why[origin]}; it would send to bucket {printable(where.bucket, 80) or 'none'}",
            f"if that is right: comprehend-tuner --session {command_word(state.name)} --trust jobs",
        )


def _events(session: Session) -> tuple[int, tuple[SessionFault, ...]]:
    """How many lines the event log has, and those that cannot be read."""
    remedy = "nothing else needs it: remove these lines, or move the file away"
    try:
        path = session.path("events.jsonl")
        data = read_bytes(path, title="", hint=remedy) if path.exists() else b""
    except TunerError as error:
        return 0, (SessionFault("events.jsonl", error.message, remedy),)
    lines = data.removesuffix(b"\n").split(b"\n") if data else []
    decoder = JsonDecoder(dict[str, object])
    damaged = []
    for number, line in enumerate(lines, start=1):
        try:
            decoder.decode(line)
        except Undecodable:
            damaged.append(number)
    if not damaged:
        return len(lines), ()
    shown = ", ".join(map(str, damaged[:8])) + (" …" if len(damaged) > 8 else "")
    fault = f"{plural(len(damaged), 'line')} cannot be read: {shown}"
    return len(lines), (SessionFault("events.jsonl", fault, remedy),)
