"""How one start of the app looks and behaves."""

from dataclasses import dataclass, field
from pathlib import Path

from core.workflow.app_request import GivenEngine


@dataclass(frozen=True)
class AppSettings:
    """Settings of one start, from options, environment and configuration."""

    directory: Path
    """The working directory, below which sessions are kept."""
    session_folder: Path | None = None
    """A session to open at once; None for the list of sessions."""
    step: str = ""
    """A step to open at once; empty for the next useful one."""
    theme: str = "textual-dark"
    ascii_only: bool = False
    mouse: bool = True
    bell: bool = True
    read_only: bool = False
    engine: GivenEngine = field(default_factory=GivenEngine)
    """The engine that a new session is offered."""
