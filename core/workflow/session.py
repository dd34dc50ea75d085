"""A session: one workflow on one dataset, kept in one folder.

Readers need no lock, since ``session.json`` is replaced whole. Whoever changes it holds the lock
from reading to saving, so two terminals cannot overwrite each other's work.
"""

import contextlib
import datetime
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from core.decoding import JsonDecoder, Undecodable, decode_json, read_bytes
from core.errors import InvalidInput, OperationFailed, TunerError
from core.files import append_line, is_read_only, locked, never_make, sweep, write_atomic
from core.text import printable
from core.workflow.session_checks import check_inside, check_state
from core.workflow.state import SCHEMA_VERSION, RunState, SessionState

SESSIONS_FOLDER = ".comprehend-tuner"
_MOST_BYTES = 64 << 20
_DAMAGED = "Damaged session"
_RESTORE = "restore the file from a copy, or start a new session"
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,38}[A-Za-z0-9])?")


@dataclass(frozen=True)
class Session:
    """The folder of one session; its state is read from disk whenever it is asked for."""

    folder: Path

    @property
    def name(self) -> str:
        """The folder's name, which is the session's name."""
        return self.folder.name

    @property
    def state_path(self) -> Path:
        """Where the state is kept."""
        return self.folder / "session.json"

    def path(self, relative: str) -> Path:
        """Absolute path of a file that the state names.

        Raises:
            InvalidInput: a link leads out of the folder.
            OperationFailed: the session's folder is gone; writing would make a part of it anew.
        """
        self._require_folder()
        path = self.folder / relative
        check_inside(self.folder, path)
        return path

    def has_scores(self, run: RunState, *parts: str) -> bool:
        """Whether the joined scores of these parts are in the state and on disk."""
        return run.is_scored(*parts) and all(
            self.path(run.scores[part].path).exists() for part in parts
        )

    def state(self) -> SessionState:
        """Read the state.

        Raises:
            InvalidInput: there is no session, it is damaged, or a newer version wrote it.
        """
        if not self.state_path.is_file():
            raise InvalidInput(
                "No such session",
                f"{printable(str(self.folder))} holds no session",
                "start one with: comprehend-tuner new NAME SOURCE",
            )
        check_inside(self.folder, self.state_path)
        data = read_bytes(self.state_path, title=_DAMAGED, hint=_RESTORE, most_bytes=_MOST_BYTES)
        return decode_state(data, self.state_path)

    @contextlib.contextmanager
    def editing(self, timeout_s: float = 10.0) -> Iterator[SessionState]:
        """Yield the newest state under the lock and save it when the block succeeds.

        Raises:
            TryAgain: another terminal holds the session.
        """
        with self.locked(timeout_s):
            state = self.state()
            yield state
            self.save(state)

    @contextlib.contextmanager
    def locked(self, timeout_s: float = 0.0) -> Iterator[None]:
        """Hold the session's lock.

        Raises:
            TryAgain: another terminal holds it.
        """
        self._require_folder()
        with locked(self.folder / ".lock", f"session {printable(self.name)}", timeout_s):
            yield

    def _require_folder(self) -> None:
        """Refuse to make a folder anew that was moved, or whose disk is not mounted any more."""
        if not self.folder.is_dir():
            raise OperationFailed(
                "Session folder gone",
                f"{printable(str(self.folder), 300)} is not there any more",
                "put it back or mount its disk again, then repeat the command",
            )
        never_make(self.folder)

    @property
    def is_read_only(self) -> bool:
        """Whether this user cannot write in the folder, so that it can only be looked at."""
        return is_read_only(self.folder)

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """Hold the right to run a step that writes data files; one step at a time.

        Raises:
            TryAgain: another terminal runs a step of this session.
        """
        self._require_folder()
        with locked(self.folder / ".work.lock", f"a step of session {printable(self.name)}"):
            sweep(self.folder)
            yield

    def save(self, state: SessionState) -> None:
        """Replace the saved state; call it under the lock."""
        data = msgspec.json.format(msgspec.json.encode(state), indent=1)
        write_atomic(self.state_path, data + b"\n")

    def record(self, action: str, **details: Any) -> None:
        """Append one line to the event log.

        What it tells of has happened: when the line cannot be written, that is said on stderr and
        is no error of the step.
        """
        line = msgspec.json.encode({"at": now(), "action": action, **details}) + b"\n"
        path = self.folder / "events.jsonl"
        try:
            with locked(self.folder / ".events.lock", "the event log", 10.0):
                append_line(path, line)
        except TunerError as error:
            import logging

            logging.getLogger("comprehend-tuner").warning(
                "the event log lacks %s: %s", printable(action), printable(error.message)
            )

    def events(self) -> list[dict[str, Any]]:
        """The event log, oldest first; a line cut short by a crash is left out."""
        path = self.path("events.jsonl")
        events = []
        decoder = JsonDecoder(dict[str, Any])
        title, hint = "Cannot read the event log", "move the file away; nothing else needs it"
        data = read_bytes(path, title=title, hint=hint) if path.exists() else b""
        for line in data.split(b"\n"):
            with contextlib.suppress(Undecodable):
                events.append(decoder.decode(line))
        return events


def decode_state(data: bytes, path: Path) -> SessionState:
    """Decode a saved state.

    Raises:
        InvalidInput: it is damaged, or a newer version wrote it.
    """
    try:
        state = decode_json(data, SessionState)
        _refuse_newer(state.schema_version, path)
        check_state(state, path)
        return state
    except Undecodable as error:
        with contextlib.suppress(Undecodable):
            _refuse_newer(decode_json(data, _Version).schema_version, path)
        raise InvalidInput(_DAMAGED, f"{printable(str(path))}: {error}", _RESTORE) from error


def _refuse_newer(version: int, path: Path) -> None:
    if version > SCHEMA_VERSION:
        raise InvalidInput(
            "Session of a newer version",
            f"{printable(str(path))} has schema {version}; this version knows {SCHEMA_VERSION}",
            "update comprehend-tuner",
        )


class _Version(msgspec.Struct):
    schema_version: int


def check_name(name: str) -> str:
    """Return a session name that is fit for a folder and for a resource name.

    Raises:
        InvalidInput: it is not.
    """
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            "Unusable session name",
            f"{printable(name, 60)!r}: letters, digits, '-', '_' and '.' only, at most 40",
            "choose another name, such as toxic-comments",
        )
    return name


def find_session(given: str | None, directory: Path) -> Session:
    """The session that a user means.

    Args:
        given: a session's name or folder; None for the only session below `directory`.
        directory: the working directory.

    Raises:
        InvalidInput: there is none, or more than one when none was named.
    """
    if given is not None:
        for folder in (Path(given), directory / SESSIONS_FOLDER / given):
            if (folder / "session.json").is_file():
                return Session(folder.resolve())
        raise InvalidInput(
            "No such session",
            f"{printable(given, 200)} is neither a session's name nor its folder",
            _known_names(directory),
        )
    sessions = list_sessions(directory)
    if len(sessions) == 1:
        return sessions[0]
    if not sessions:
        raise InvalidInput(
            "No session here",
            f"{printable(str(directory))} has no session yet",
            "start one with: comprehend-tuner new NAME SOURCE, or try: comprehend-tuner demo",
        )
    raise InvalidInput(
        "Which session?",
        f"{len(sessions)} sessions are here: {', '.join(s.name for s in sessions)}",
        "name one: comprehend-tuner --session NAME …",
    )


def list_sessions(directory: Path) -> list[Session]:
    """The sessions below a working directory, the last changed first."""
    states = (directory / SESSIONS_FOLDER).glob("*/session.json")
    newest_first = sorted(states, key=changed_at, reverse=True)
    return [Session(path.parent.resolve()) for path in newest_first]


def changed_at(path: Path) -> float:
    """When a file was changed, in seconds since the epoch; 0 when it is gone or cannot be seen."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def new_folder(name: str, directory: Path) -> Path:
    """Where a session of this name goes: below `directory`, or the path that the name spells.

    Raises:
        InvalidInput: the name is unusable.
    """
    if "/" in name:
        check_name(Path(name).name)
        return Path(name).resolve()
    return (directory / SESSIONS_FOLDER / check_name(name)).resolve()


def new_uid() -> str:
    """Eight random hexadecimal digits."""
    return secrets.token_hex(4)


def now() -> str:
    """The time in UTC, ISO 8601, whole seconds."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _known_names(directory: Path) -> str:
    names = [session.name for session in list_sessions(directory)]
    return f"sessions here: {', '.join(names)}" if names else "start one with: comprehend-tuner new"
