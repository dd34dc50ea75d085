"""Which sessions were made here: money and deletion need a trusted origin.

A session folder can come from anybody, and its settings say where signed requests go. Sessions on
Amazon's engine that were made on this machine by this user leave a mark outside their folder, in
the user's state directory: the session's uid, its folder and a fingerprint of what matters (engine,
profile, Region, bucket, role, address). A session without its mark is *foreign*, and so is one
whose settings were changed by another hand or that is a copy: it opens for everything that is
local, and nothing is sent for it until the user has seen where it would go and trusts it.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from core.comprehend.engine import EngineSettings, account_of
from core.decoding import Undecodable, decode_json
from core.errors import OperationFailed, Untrusted
from core.files import fingerprint, write_atomic
from core.text import printable
from core.workflow.session import Session, new_uid
from core.workflow.session_checks import own_prefix
from core.workflow.state import SessionState

Origin = Literal["here", "elsewhere", "changed", "copy"]
_REMEMBERED = 4
"""Settings that a mark remembers, so that a kill between mark and session leaves it trusted."""


class _Mark(msgspec.Struct, frozen=True, kw_only=True):
    folder: str
    settings: tuple[str, ...]
    """Fingerprints of the last settings of the engine that the user stood behind."""


@dataclass(frozen=True)
class Destination:
    """Where a session's requests would go."""

    account: str
    """Account of its role; empty when no role is named."""
    region: str
    profile: str
    """Empty for the default credentials."""
    bucket: str
    prefix: str
    role_arn: str
    endpoint_url: str
    """Empty for Amazon's own endpoints."""

    def lines(self) -> tuple[str, ...]:
        """The destination for a reader, one fact a line; printable."""
        return (
            f"account   {self.account or 'that of your credentials'}",
            f"Region    {printable(self.region, 40)}",
            f"profile   {printable(self.profile, 80) or 'your default credentials'}",
            f"address   {printable(self.endpoint_url, 200) or 'Amazon itself'}",
            f"bucket    {printable(self.bucket, 80) or 'none'}",
            f"prefix    {printable(self.prefix, 120)}",
            f"role      {printable(self.role_arn, 200) or 'none'}",
        )


def destination_of(state: SessionState) -> Destination:
    """Where requests of a session would go, as its settings say."""
    engine = state.engine
    return Destination(
        account=account_of(engine.role_arn or ""),
        region=engine.region,
        profile=engine.profile or "",
        bucket=engine.bucket or "",
        prefix=own_prefix(state),
        role_arn=engine.role_arn or "",
        endpoint_url=engine.endpoint_url or "",
    )


def origin_of(session: Session, state: SessionState) -> Origin:
    """Whether a session was made here; every session of the offline engine counts as such."""
    if state.engine.name == "offline":
        return "here"
    mark = _read_mark(state.uid)
    if mark is None:
        return "elsewhere"
    if _settings_of(state.engine) not in mark.settings:
        return "changed"
    here = str(session.folder.resolve())
    if mark.folder != here and _holds_session(Path(mark.folder), state.uid):
        return "copy"
    return "here"


def require_trust(session: Session) -> None:
    """Make sure that requests of a session may be sent.

    Raises:
        Untrusted: it was not made here, was changed by another hand, or is a copy.
        InvalidInput: the session is damaged.
    """
    state = session.state()
    origin = origin_of(session, state)
    if origin == "here":
        return
    why = {
        "elsewhere": "it was not made by you on this machine",
        "changed": "its settings are not those that you gave",
        "copy": "it is a copy of another session on this machine, whose things are not its own",
    }[origin]
    facts = "; ".join(" ".join(line.split()) for line in destination_of(state).lines())
    raise Untrusted(
        "Nothing is sent for this session yet",
        f"session {printable(session.name)}: {why}. It would send to: {facts}",
        "if that is right, say so once: comprehend-tuner --trust …",
    )


def trust(session: Session) -> bool:
    """Let requests of a session be sent from now on; whether it was foreign before.

    A copy becomes a session of its own: it gets a new uid, and what the original created or asked
    for is no longer in its ledger.

    Raises:
        OperationFailed: the mark cannot be written.
        TryAgain: another terminal holds the session.
    """
    state = session.state()
    origin = origin_of(session, state)
    if origin == "copy":
        with session.editing() as state:
            _become_own(state)
        session.record("own-uid", uid=state.uid)
    vouch(session, state)
    return origin != "here"


def vouch(session: Session, state: SessionState) -> None:
    """Leave the mark of a session that the user has just made or set up here.

    Raises:
        OperationFailed: the mark cannot be written.
    """
    if state.engine.name == "offline":
        return
    path, earlier = _mark_path(state.uid), _read_mark(state.uid)
    settings = dict.fromkeys((*(earlier.settings if earlier else ()), _settings_of(state.engine)))
    mark = _Mark(folder=str(session.folder.resolve()), settings=tuple(settings)[-_REMEMBERED:])
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_atomic(path, msgspec.json.encode(mark))
    except OSError as error:
        raise OperationFailed(
            "Cannot note that this session is yours",
            f"{printable(str(path), 300)}: {printable(error.strerror or str(error), 120)}",
            "make that folder writable, or set XDG_STATE_HOME",
        ) from error


@contextlib.contextmanager
def editing_settings(session: Session) -> Iterator[SessionState]:
    """Yield the newest state for a change of the engine's settings that the user asked for.

    A session that was trusted stays so; a foreign one stays foreign.

    Raises:
        TryAgain: another terminal holds the session.
        OperationFailed: the mark cannot be written; the session is as it was.
    """
    with session.editing() as state:
        is_trusted = origin_of(session, state) == "here"
        yield state
        if is_trusted:
            vouch(session, state)


def _become_own(state: SessionState) -> None:
    """Give a copy a uid, and take out of it what is the original's alone.

    Trained classifiers stay usable: their jobs are history, and clean-up leaves what does not carry
    the session's own tag.
    """
    state.uid = new_uid()
    state.ledger = []
    state.endpoints = []
    state.runs = [run for run in state.runs if all(c.training.arn for c in run.classifiers)]
    for run in state.runs:
        for classifier in run.classifiers:
            classifier.scoring = {p: job for p, job in classifier.scoring.items() if job.arn}
        run.replaced_jobs = [job for job in run.replaced_jobs if job.arn]
    names = {run.name for run in state.runs}
    if state.adopted not in names:
        state.adopted = ""


def _settings_of(settings: EngineSettings) -> str:
    given = (
        settings.name,
        settings.profile,
        settings.region,
        settings.bucket,
        settings.role_arn,
        settings.endpoint_url,
    )
    return fingerprint(*(text or "" for text in given))


def _mark_path(uid: str) -> Path:
    from platformdirs import user_state_path

    return user_state_path("comprehend-tuner") / "sessions" / f"{uid}.json"


def _read_mark(uid: str) -> _Mark | None:
    try:
        return decode_json(_mark_path(uid).read_bytes(), _Mark)
    except (OSError, Undecodable):
        return None


def _holds_session(folder: Path, uid: str) -> bool:
    try:
        state = decode_json((folder / "session.json").read_bytes(), _Uid)
    except (OSError, Undecodable):
        return False
    return state.uid == uid


class _Uid(msgspec.Struct):
    uid: str
