"""The session that a command works on."""

from typing import TYPE_CHECKING

from core.cli.options import Options, here
from core.errors import InvalidInput
from core.text import printable

if TYPE_CHECKING:
    from core.comprehend.clients import EngineSettings
    from core.workflow.session import Session
    from core.workflow.state import SessionState

_FIXED = {"region": "--region", "bucket": "--bucket"}
"""Settings that say where a session's things lie, by field, with their options."""
_WORDS = {
    "profile": "profile",
    "region": "Region",
    "bucket": "bucket",
    "role_arn": "data access role",
    "endpoint_url": "service address",
    "poll_s": "seconds between looks",
}
"""What a setting is called, by field; each can be given before any command."""


def chosen_session(options: Options) -> "Session":
    """The session named by ``--session``, or the only one here, with the given settings stored.

    Profile, Region, bucket, role, address and pace that differ from the session's become its own,
    and a line on stderr says so.

    Raises:
        InvalidInput: there is none or more than one, it belongs to another engine, a given setting
            is unusable, or Region or bucket would leave behind what the session made.
        TryAgain: another terminal holds the session.
    """
    from core.workflow.session import find_session

    session = find_session(options.session, here())
    engine = session.state().engine
    if options.engine is not None and engine.name != options.engine:
        raise InvalidInput(
            "Another engine",
            f"session {printable(session.name)} runs on {engine.name}",
            "the engine is chosen once: comprehend-tuner --engine NAME new …",
        )
    if _differing(options, engine):
        _store(options, session)
    return session


def again(options: Options, session: "Session", rest: str) -> str:
    """The command that does `rest` on the same session."""
    named = f"--session {options.session} " if options.session else ""
    return f"comprehend-tuner {named}{rest}"


def _differing(options: Options, engine: "EngineSettings") -> dict[str, str | float]:
    """The given settings that are not the session's, by field."""
    given = {field: getattr(options, field) for field in _WORDS}
    return {
        field: value
        for field, value in given.items()
        if value is not None and value != getattr(engine, field)
    }


def _store(options: Options, session: "Session") -> None:
    from msgspec.structs import replace

    from core.comprehend.clients import check_settings

    verb = "would use" if options.dry_run else "now uses"
    differing = _differing(options, session.state().engine)
    check_settings(replace(session.state().engine, **differing))
    if options.dry_run:
        _require_movable(session.state(), differing)
    else:
        with session.editing() as state:
            _require_movable(state, differing)
            state.engine = replace(state.engine, **differing)
        session.record("settings", **differing)
    for field, value in differing.items():
        shown = printable(str(value), 120)
        options.narrate(f"session {printable(session.name)} {verb} {_WORDS[field]} {shown}")


def _require_movable(state: "SessionState", differing: dict[str, str | float]) -> None:
    """Refuse to turn away from a Region or bucket that holds something of the session's.

    Raises:
        InvalidInput: it does.
    """
    is_first_bucket = state.engine.name == "aws" and state.engine.bucket is None
    fixed = [
        field
        for field in _FIXED
        if field in differing and not (field == "bucket" and is_first_bucket)
    ]
    latest = {(entry.kind, entry.name): entry.state for entry in state.ledger}
    if fixed and (state.runs or any(word != "deleted" for word in latest.values())):
        field = fixed[0]
        raise InvalidInput(
            f"The {_WORDS[field]} cannot change",
            f"session {printable(state.name)} has runs or resources in "
            f"{printable(str(getattr(state.engine, field)), 80)}",
            f"leave out {_FIXED[field]}, or start another session for it",
        )
