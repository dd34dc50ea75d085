"""The one registry of keys: bindings, footer, help, palette and README come from here."""

from collections.abc import Mapping
from dataclasses import replace

from textual.binding import Binding

from tui.key import Key
from tui.screen_keys import SCREENS

_STEPS = (
    ("1", "Data"),
    ("2", "Health"),
    ("3", "Split"),
    ("4", "Train"),
    ("5", "Score"),
    ("6", "Thresholds"),
    ("7", "Review"),
    ("8", "Oversample"),
    ("9", "Clean up"),
)

EVERYWHERE: tuple[Key, ...] = (
    *(Key((key,), f"step({key})", title, f"open step {key}, {title}") for key, title in _STEPS),
    Key(("j", "0"), "open_screen('jobs')", "jobs", "open the jobs of this session"),
    Key(("E",), "open_screen('endpoint')", "endpoint", "try a document on a live endpoint"),
    Key(("n",), "next_step", "next", "go to the next useful step", in_footer=True),
    Key(("escape",), "back", "back", "close, clear, or go back to the sessions"),
    Key(("c",), "copy_value", "copy", "copy the focused value to the terminal's clipboard"),
    Key(("y",), "show_command", "command", "show the equivalent command, ready to copy"),
    Key(("l",), "log", "log", "open the event log of this session"),
    Key(("question_mark", "f1"), "help", "help", "explain this step and its keys", in_footer=True),
    Key(("ctrl+p",), "command_palette", "palette", "search every action"),
    Key(("q", "ctrl+q"), "quit", "quit", "leave; jobs run on", in_footer=True),
)


def bindings(keys: tuple[Key, ...]) -> list[Binding]:
    """Textual bindings of registry entries."""
    return [
        Binding(
            ",".join(key.keys),
            key.action,
            key.label,
            show=False,
            priority=key.is_priority,
            tooltip=key.purpose,
        )
        for key in keys
    ]


def bindings_of(scope: str) -> list[Binding]:
    """The bindings of a screen, its own first."""
    return bindings((*SCREENS.get(scope, ()), *EVERYWHERE))


SHOWN = {
    "question_mark": "?",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "escape": "esc",
    "enter": "enter",
    "slash": "/",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "space": "space",
    "plus": "+",
    "minus": "-",
}
"""How Textual's key names are written for people."""


ASCII_SHOWN = {"left": "left", "right": "right", "up": "up", "down": "down"}
"""The same without characters beyond ASCII."""


def shown(key: str, ascii_only: bool = False) -> str:
    """A key's name for people."""
    if ascii_only and key in ASCII_SHOWN:
        return ASCII_SHOWN[key]
    return SHOWN.get(key, key.upper() if key.startswith("f") and key[1:].isdigit() else key)


def footer_keys(scope: str, shown_now: Mapping[str, str] | None = None) -> tuple[Key, ...]:
    """The keys that the footer of a screen shows, its own first, seven at most.

    Args:
        scope: id of the screen.
        shown_now: actions with their labels, of a screen whose keys depend on what it shows.
    """
    keys = SCREENS.get(scope, ())
    own = tuple(key for key in keys if key.in_footer)
    if shown_now is not None:
        by_action = {key.action: key for key in keys}
        own = tuple(replace(by_action[action], label=label) for action, label in shown_now.items())
    common = tuple(key for key in EVERYWHERE if key.in_footer)
    return own[: 7 - len(common)] + common


def help_rows(scope: str, ascii_only: bool = False) -> list[tuple[str, str]]:
    """Keys and purposes of a screen, its own first, then those of every screen."""
    rows = []
    for key in (*SCREENS.get(scope, ()), *EVERYWHERE):
        if key.action.startswith("step(") and key.keys != ("1",):
            continue
        names = (
            "1 … 9"
            if key.keys == ("1",)
            else " ".join(shown(name, ascii_only) for name in key.keys)
        )
        rows.append((names, "open a step" if key.keys == ("1",) else key.purpose))
    return rows


def readme_table() -> str:
    """The keys as the table that the README shows."""
    lines = ["| where | keys | what |", "|---|---|---|"]
    for scope, keys in {"": EVERYWHERE, **SCREENS}.items():
        for key in keys:
            if key.action.startswith("step(") and key.keys != ("1",):
                continue
            is_digit = key.keys == ("1",)
            names = "`1` … `9`" if is_digit else " ".join(f"`{shown(k)}`" for k in key.keys)
            purpose = "open a step" if is_digit else key.purpose
            lines.append(f"| {scope or 'everywhere'} | {names} | {purpose} |")
    return "\n".join(lines)
