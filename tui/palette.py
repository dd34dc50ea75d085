"""The command palette: every action of the open screen, then those of every screen."""

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING

from textual.app import SystemCommand
from textual.screen import Screen

from tui.keys import EVERYWHERE
from tui.screen_keys import SCREENS

if TYPE_CHECKING:
    from tui.app import TunerApp


def palette_commands(app: "TunerApp", screen: Screen[object]) -> Iterable[SystemCommand]:
    """The commands that the palette offers on `screen`."""
    scope = getattr(screen, "step_id", "")
    for key in (*SCREENS.get(scope, ()), *EVERYWHERE):
        if key.action not in ("command_palette", "back"):
            title = f"{key.scope or 'go'}: {key.label}"
            yield SystemCommand(title, key.purpose, _runner(app, screen, key.action))
    yield SystemCommand("theme", "choose the colours", app.action_change_theme)


def _runner(
    app: "TunerApp", screen: Screen[object], action: str
) -> Callable[[], Awaitable[object]]:
    async def run() -> bool:
        return await app.run_action(action, default_namespace=screen)

    return run
