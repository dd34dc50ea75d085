"""Open the app, or say in one line why it cannot be opened here."""

import os
import sys
from pathlib import Path

from core.errors import TunerError
from core.files import write_defect
from core.text import printable
from core.workflow.app_request import OpenApp
from tui.settings import AppSettings

_FEW_COLOURS = ("linux", "screen", "vt100", "vt220", "ansi")

_GREY_THEMES = {"ansi-dark": "textual-dark", "ansi-light": "textual-light"}
"""Without colours the terminal's own ones would become black on black."""


def start(wish: OpenApp) -> int:
    """Run the app; return the exit code."""
    refusal = _refusal()
    if refusal:
        print(f"comprehend-tuner: {refusal}", file=sys.stderr)
        return 2
    from core.workflow.preferences import load_preferences, remembered_theme

    try:
        preferences = load_preferences()
    except TunerError as error:
        print(f"comprehend-tuner: {error.title}: {error.message} — {error.hint}", file=sys.stderr)
        return error.exit_code
    theme = wish.theme or preferences.theme or remembered_theme() or _default_theme()
    if os.environ.get("NO_COLOR"):
        theme = _GREY_THEMES.get(theme, theme)
    settings = AppSettings(
        directory=Path.cwd(),
        session_folder=wish.session,
        theme=theme,
        ascii_only=wish.ascii_only or preferences.ascii_only,
        mouse=preferences.mouse and not wish.no_mouse,
        bell=preferences.bell,
        read_only=wish.read_only,
        engine=wish.engine,
    )
    return _run(settings)


def _run(settings: AppSettings) -> int:
    from textual.theme import BUILTIN_THEMES

    from tui.app import TunerApp

    if settings.theme not in BUILTIN_THEMES:
        names = ", ".join(sorted(BUILTIN_THEMES))
        name = printable(settings.theme, 40)
        print(f"comprehend-tuner: no theme {name!r} — themes: {names}", file=sys.stderr)
        return 2
    app = TunerApp(settings)
    code = app.run(mouse=settings.mouse)
    if app.defect is not None:
        where = write_defect(app.defect)
        print(f"comprehend-tuner: {where}", file=sys.stderr)
        return 1
    if app.overview is not None:
        name = printable(app.overview.argument(settings.directory))
        print(f"resume with: comprehend-tuner --session {name}")
    return code or 0


def _refusal() -> str:
    if os.environ.get("TERM", "dumb") in ("", "dumb", "unknown"):
        return "this terminal cannot show the app — use the commands: comprehend-tuner --help"
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return "no terminal here — use the commands: comprehend-tuner --help"
    return ""


def _default_theme() -> str:
    return "ansi-dark" if os.environ.get("TERM", "").startswith(_FEW_COLOURS) else "textual-dark"
