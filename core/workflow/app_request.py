"""The wish to open the app; importing it costs nothing, so the first frame comes early."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class GivenEngine:
    """What the global options say of the engine of new sessions, as typed; nothing is checked."""

    name: str = "offline"
    """``offline`` or ``aws``."""
    region: str = ""
    """Empty for the usual one, as every text here."""
    profile: str = ""
    bucket: str = ""
    role_arn: str = ""
    endpoint_url: str = ""
    poll_s: float | None = None
    """Seconds between looks at a running job; None for the engine's default."""


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
    engine: GivenEngine = field(default_factory=GivenEngine)
    """The engine of sessions that are started in the app."""
