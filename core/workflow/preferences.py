"""What the user prefers in the app: a configuration file, overridden by environment and options."""

import contextlib
import os
from pathlib import Path
from typing import Any

import msgspec

from core.decoding import decode_toml, read_bytes
from core.errors import InvalidInput, OperationFailed
from core.files import write_atomic
from core.text import printable


class Preferences(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the app looks and behaves."""

    theme: str = ""
    """Name of a theme; empty for the one remembered, or one that suits the terminal."""
    mouse: bool = True
    """Whether the app takes the mouse, which hides the terminal's own selection."""
    ascii_only: bool = False
    """Whether only ASCII characters are drawn."""
    bell: bool = True
    """Whether the terminal rings when a job ends."""


_TITLE = "Bad configuration"
_HINT = f"known keys: {', '.join(Preferences.__struct_fields__)}"


def config_path() -> Path:
    """The configuration file, which only the user writes."""
    from platformdirs import user_config_path

    return user_config_path("comprehend-tuner") / "config.toml"


def load_preferences() -> Preferences:
    """Defaults, then the configuration file, then the environment.

    Raises:
        InvalidInput: the file is not TOML, or holds an unknown key or a value of the wrong kind.
    """
    path = config_path()
    try:
        return msgspec.convert(_in_file(path) | _environment(), Preferences)
    except ValueError as error:
        message = f"{printable(str(path))}: {printable(str(error), 200)}"
        raise InvalidInput(_TITLE, message, _HINT) from error


def _in_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    return decode_toml(read_bytes(path, title=_TITLE, hint=_HINT, most_bytes=1 << 20))


def preference_sources() -> dict[str, tuple[object, str]]:
    """Each preference with its value and where that comes from; options override all of them.

    Raises:
        InvalidInput: as `load_preferences`.
    """
    preferences = load_preferences()
    path = config_path()
    in_file = _in_file(path)
    from_environment = _environment()
    return {
        name: (
            getattr(preferences, name),
            "environment"
            if name in from_environment
            else str(path)
            if name in in_file
            else "default",
        )
        for name in Preferences.__struct_fields__
    }


def remembered_theme() -> str:
    """The theme chosen last in the app; empty when none was."""
    try:
        return _theme_path().read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""


def remember_theme(theme: str) -> None:
    """Keep the theme for the next start; a folder that cannot be written is no reason to fail."""
    if theme != remembered_theme():
        with contextlib.suppress(OperationFailed):
            write_atomic(_theme_path(), theme.encode("utf-8"))


def _theme_path() -> Path:
    from platformdirs import user_state_path

    return user_state_path("comprehend-tuner") / "theme"


def _environment() -> dict[str, Any]:
    given: dict[str, Any] = {}
    if theme := os.environ.get("COMPREHEND_TUNER_THEME"):
        given["theme"] = theme
    for name in ("mouse", "ascii_only", "bell"):
        value = os.environ.get(f"COMPREHEND_TUNER_{name.upper()}")
        if value is not None:
            given[name] = value.lower() not in ("", "0", "no", "false", "off")
    return given
