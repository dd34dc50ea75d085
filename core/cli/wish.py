"""The wish to open the app; importing it costs nothing, so the first frame comes early."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class OpenApp:
    """What a command returns when the terminal app is to open."""

    session: Path | None
    """The session to open; None for the list of sessions."""
    theme: str = ""
    """Empty for the one that is preferred."""
    ascii_only: bool = False
    no_mouse: bool = False
    read_only: bool = False
