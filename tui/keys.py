"""The one registry of keys: bindings, footer, help, palette and README come from here."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from textual.binding import Binding

from core.workflow.step_table import STEPS

# What a key is: one action of the user and the keys that do it.


@dataclass(frozen=True)
class Key:
    """One action of the user and the keys that do it."""

    keys: tuple[str, ...]
    """Textual's names; the first one is shown."""
    action: str
    """Textual action, such as ``step(1)``."""
    label: str
    """One or two words for the footer."""
    purpose: str
    """A sentence for help, palette and README."""
    scope: str = ""
    """Id of the screen it belongs to; empty for every screen."""
    in_footer: bool = False
    """Whether the footer of its screen shows it."""
    is_priority: bool = False
    """Whether it works while an input has the focus."""


# The keys of each screen, in the one registry.


_RUN = Key(("r",), "run_step", "run", "run this step", in_footer=True)
_FILTER = Key(("slash",), "filter", "filter", "filter the list; esc clears")

_KEYS: dict[str, tuple[Key, ...]] = {
    "sessions": (
        Key(("enter",), "select", "open", "open the highlighted session", in_footer=True),
        Key(("a",), "new_session", "new", "start a session from a labelled file", in_footer=True),
        Key(("t",), "sample", "sample", "try the sample, offline and free", in_footer=True),
        _FILTER,
    ),
    "data": (
        Key(("r",), "run_step", "import", "import the file as a new session", in_footer=True),
        Key(("e",), "edit", "edit", "edit the path or a setting", in_footer=True),
        Key(("x",), "stop", "stop", "stop reading; nothing is left behind"),
        _FILTER,
    ),
    "health": (
        Key(("r",), "run_step", "check", "check the dataset again", in_footer=True),
        Key(("f",), "fix", "fix", "apply the fix as a new revision", in_footer=True),
        Key(("d",), "distribution", "labels", "show the label distribution", in_footer=True),
        Key(("x",), "stop", "stop", "stop the check at its next safe point"),
        _FILTER,
    ),
    "split": (
        Key(("r",), "run_step", "split", "keep this split", in_footer=True),
        Key(("e",), "edit", "edit", "edit ratios and seed", in_footer=True),
        _FILTER,
    ),
    "train": (
        Key(("r",), "run_step", "train", "create the classifier", in_footer=True),
        Key(("x",), "stop", "stop", "stop waiting or training", in_footer=True),
        Key(("d",), "check_account", "check", "check account and rights on AWS", in_footer=True),
        Key(("g",), "groups", "groups", "plan label groups: in need, all, none"),
    ),
    "score": (
        Key(("r",), "run_step", "score", "score the held-out parts", in_footer=True),
        Key(("o",), "returned", "returned", "offline: return 3 labels or all", in_footer=True),
        Key(("x",), "stop", "stop", "stop waiting; the jobs go on", in_footer=True),
        Key(("d",), "check_account", "check", "check account and rights on AWS"),
        Key(("g",), "groups", "groups", "plan label groups for labels in need"),
    ),
    "jobs": (
        Key(("r",), "run_step", "refresh", "ask the engine now", in_footer=True),
        Key(("x",), "stop", "stop", "stop the highlighted training", in_footer=True),
        _FILTER,
    ),
    "thresholds": (
        Key(("left",), "move(-1)", "move", "lower the threshold by .01", in_footer=True),
        Key(("right",), "move(1)", "move", "raise the threshold by .01"),
        Key(
            ("left_square_bracket", "shift+left"),
            "move(-10)",
            "leap",
            "lower the threshold by .10",
        ),
        Key(("right_square_bracket", "shift+right"), "move(10)", "leap", "raise it by .10"),
        Key(("b",), "best", "best", "take the best threshold for this label", in_footer=True),
        Key(
            ("B", "shift+b"),
            "best_all",
            "best all",
            "tune all labels; the default where the evidence keeps it",
        ),
        Key(("o",), "objective", "objective", "choose what to tune for, after a look at it"),
        Key(("x",), "axis", "log", "linear or logarithmic threshold axis"),
        Key(("p",), "part", "part", "show another part, over the one that was tuned on"),
        Key(("v",), "other_run", "run", "overlay another run"),
        Key(("a",), "compare", "compare", "compare with another run, label by label"),
        Key(("i",), "calibration", "scores", "see how the scores of this label read"),
        Key(("g",), "groups", "groups", "plan label groups for labels that need every score"),
        Key(("r",), "measure", "measure", "measure intervals and grades now; esc stops it"),
        Key(("u",), "undo", "undo", "undo the last change", in_footer=True),
        Key(("s",), "save", "save", "save the thresholds to a file", in_footer=True),
        _FILTER,
    ),
    "review": (
        Key(("left",), "label(-1)", "label", "previous label", in_footer=True),
        Key(("right",), "label(1)", "label", "next label"),
        Key(("m",), "kind", "list", "missed, wrong, suspects, duplicates …", in_footer=True),
        Key(("plus",), "mark('relabel')", "relabel", "its label is wrong", in_footer=True),
        Key(("k",), "mark('keep')", "keep", "its label is right", in_footer=True),
        Key(("minus",), "mark('drop')", "drop", "leave the document out of the dataset"),
        Key(("u",), "undo", "undo", "take the last mark back"),
        Key(("g",), "next_unread", "unread", "go to the next document without a mark"),
        Key(("a",), "apply", "apply", "apply the marks as a new revision of the dataset"),
        Key(("s",), "export", "export", "write the list with its marks as CSV"),
        Key(("p",), "part", "part", "review another scored part"),
        Key(("space",), "read_on", "read on", "scroll the text"),
        _FILTER,
    ),
    "oversample": (
        Key(("space",), "choose", "choose", "raise the label in the experiment", in_footer=True),
        Key(("a",), "arms", "arms", "edit the arms: positives, x2, ratio, ml-ros", in_footer=True),
        Key(("r",), "run_step", "run", "start, carry on, or keep the file", in_footer=True),
        Key(("p",), "face", "plan", "change between plan and experiment", in_footer=True),
        Key(("left",), "move(-1)", "arm", "previous arm of the plan, or label of the figures"),
        Key(("right",), "move(1)", "arm", "next arm of the plan, or label of the figures"),
        Key(
            ("left_square_bracket",),
            "experiment(-1)",
            "earlier",
            "look at the experiment before",
        ),
        Key(("right_square_bracket",), "experiment(1)", "later", "look at the next experiment"),
        Key(("enter",), "open", "figures", "all figures of the arm, or of the plan"),
        Key(("o",), "options", "options", "replicates, stop rule, seed, label groups …"),
        Key(("A", "shift+a"), "adopt", "adopt", "make the arm the session's run, after a question"),
        Key(("v",), "versions", "versions", "history of every trained run"),
        Key(("m",), "measure", "measure", "compare the arms that have scores now"),
        Key(("R", "shift+r"), "retry", "retry", "train the failed arms again"),
        Key(("x",), "stop", "stop", "stop waiting; the jobs go on"),
        Key(("d",), "check_account", "check", "check account and rights on AWS"),
        Key(("e",), "edit", "edit", "repeat one label in a single training file"),
        Key(("D",), "clear", "forget", "forget the single training file and the chosen labels"),
    ),
    "cleanup": (
        Key(("r",), "run_step", "list", "list what is left", in_footer=True),
        Key(("D",), "delete", "delete", "delete everything, after its name", in_footer=True),
        Key(("x",), "stop", "stop", "stop deleting; repeating finishes it", in_footer=True),
    ),
    "endpoint": (
        Key(("r",), "run_step", "start", "start an endpoint, or wait for it", in_footer=True),
        Key(("e", "enter"), "edit", "document", "type a document; enter tries it", in_footer=True),
        Key(("k",), "keep", "keep", "delete it 30 minutes from now", in_footer=True),
        Key(("x",), "delete", "delete", "delete the endpoint, or stop waiting", in_footer=True),
    ),
}

SCREENS: dict[str, tuple[Key, ...]] = {
    scope: tuple(replace(key, scope=scope) for key in keys) for scope, keys in _KEYS.items()
}
"""The keys of each screen by its id."""


EVERYWHERE: tuple[Key, ...] = (
    *(
        Key((step.key,), f"step({step.key})", step.title, f"open step {step.key}, {step.title}")
        for step in STEPS
    ),
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
        if key.keys == ("1",):
            rows.append(("1 … 9", "open a step"))
        elif not key.action.startswith("step("):
            rows.append((" ".join(shown(name, ascii_only) for name in key.keys), key.purpose))
    return rows


def readme_table() -> str:
    """The keys as the table that the README shows."""
    lines = ["| where | keys | what |", "|---|---|---|"]
    for scope, keys in {"everywhere": EVERYWHERE, **SCREENS}.items():
        for key in keys:
            if key.keys == ("1",):
                lines.append(f"| {scope} | `1` … `9` | open a step |")
            elif not key.action.startswith("step("):
                names = " ".join(f"`{shown(name)}`" for name in key.keys)
                lines.append(f"| {scope} | {names} | {key.purpose} |")
    return "\n".join(lines)
