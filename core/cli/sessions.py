"""The session that a command works on."""

from typing import TYPE_CHECKING

from core.cli.options import Options, here
from core.errors import InvalidInput
from core.text import printable

if TYPE_CHECKING:
    from core.workflow.session import Session


def chosen_session(options: Options) -> "Session":
    """The session named by ``--session``, or the only one here.

    Raises:
        InvalidInput: there is none or more than one, or it belongs to another engine.
    """
    from core.workflow.session import find_session

    session = find_session(options.session, here())
    if options.engine is not None:
        engine = session.state().engine.name
        if engine != options.engine:
            raise InvalidInput(
                "Another engine",
                f"session {printable(session.name)} runs on {engine}",
                "the engine is chosen once: comprehend-tuner --engine NAME new …",
            )
    return session


def again(options: Options, session: "Session", rest: str) -> str:
    """The command that does `rest` on the same session."""
    named = f"--session {options.session} " if options.session else ""
    return f"comprehend-tuner {named}{rest}"
