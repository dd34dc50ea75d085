"""The sessions of a folder as a person wants to see them: name, step, engine, age."""

import datetime
from dataclasses import dataclass
from pathlib import Path

from core.errors import TunerError
from core.text import plural
from core.workflow.overview import session_overview
from core.workflow.session import list_sessions


@dataclass(frozen=True)
class RecentSession:
    """One session in the list."""

    folder: Path
    summary: str
    """One line."""


def recent_sessions(directory: Path) -> tuple[RecentSession, ...]:
    """The sessions below `directory`, the last changed first; damaged ones say so."""
    rows = []
    for session in list_sessions(directory):
        try:
            overview = session_overview(session)
            step = overview.following.title if overview.following else "done"
            documents = plural(overview.state.dataset.documents, "document")
            summary = f"{overview.name} · {documents} · next: {step} · {overview.badge}"
        except TunerError as error:
            summary = f"{session.name} · {error.title}"
        rows.append(RecentSession(session.folder, f"{summary} · {_age(session.state_path)}"))
    return tuple(rows)


def _age(path: Path) -> str:
    seconds = max(datetime.datetime.now().timestamp() - path.stat().st_mtime, 0)
    for length, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= length:
            return f"{plural(int(seconds // length), unit)} ago"
    return "just now"
