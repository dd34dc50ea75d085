"""What to tune for: the menu of objectives, and what one would change before it is taken."""

from collections.abc import Callable, Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from core.errors import InvalidInput
from core.text import printable
from core.tuning.objectives import MENU, MenuEntry, parse_objective
from core.workflow.actions.working_thresholds import Change
from tui.render import literal
from tui.screens.thresholds_panels import change_text
from tui.screens.thresholds_window import TextWindow


class ObjectiveModal(ModalScreen[tuple[str, str | None] | None]):
    """A menu of objectives, for every label or for the highlighted one.

    Returns the objective's name and the label that it is for, None for every label.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,o", "close", show=False),
        Binding("space", "scope", show=False),
    ]
    DEFAULT_CSS = """
    ObjectiveModal #purpose { height: 2; color: $text-muted; }
    ObjectiveModal #value-line { height: 1; }
    ObjectiveModal #value-name { width: auto; }
    ObjectiveModal #value { width: 12; }
    ObjectiveModal #refused { color: $text-error; height: auto; }
    """

    def __init__(self, objective: str, per_label: Mapping[str, str], label: str | None) -> None:
        super().__init__()
        self._label = label
        self._is_single = label is not None and label in per_label
        self._present = parse_objective(per_label.get(label or "", objective))

    def compose(self) -> ComposeResult:
        """Title, menu, purpose, value, whom it is for, keys."""
        with Vertical(classes="window question"):
            yield Static(literal("What to tune for"), classes="window-title")
            yield OptionList(*(Option(literal(entry.title), id=entry.kind) for entry in MENU))
            yield Static("", id="purpose")
            with Horizontal(id="value-line"):
                yield Static("", id="value-name")
                value = Input(id="value")
                value.cursor_blink = False
                yield value
            yield Static("", id="scope")
            yield Static("", id="refused")
            yield Static("", id="keys", classes="window-keys")

    def on_mount(self) -> None:
        """The present objective is highlighted."""
        menu = self.query_one(OptionList)
        menu.highlighted = [entry.kind for entry in MENU].index(self._present.kind)
        menu.styles.height = len(MENU)
        menu.focus()
        self._show_scope()

    @property
    def entry(self) -> MenuEntry:
        """The highlighted entry."""
        return MENU[self.query_one(OptionList).highlighted or 0]

    @on(OptionList.OptionHighlighted)
    def _explain(self) -> None:
        entry = self.entry
        self.query_one("#purpose", Static).update(literal(entry.purpose))
        self.query_one("#value-line").display = bool(entry.value_name)
        self.query_one("#refused", Static).update("")
        if entry.value_name:
            self.query_one("#value-name", Static).update(literal(f"{entry.value_name}: "))
            is_present = entry.kind == self._present.kind and self._present.value is not None
            value = self._present.value if is_present else entry.example_value
            self.query_one("#value", Input).value = f"{value:g}"
        self._show_scope()

    def _show_scope(self) -> None:
        other = printable(self._label or "", 30)
        is_joint = self.entry.is_joint
        text = f"for {other} only" if self._is_single and not is_joint else "for every label"
        self.query_one("#scope", Static).update(literal(text))
        keys = ["enter shows the effect", "esc cancels"]
        if self._label is not None and not is_joint:
            keys.insert(1, "space every label or one")
        self.query_one("#keys", Static).update(literal("   ".join(keys)))

    def action_scope(self) -> None:
        """Change between every label and the highlighted one."""
        if self._label is not None and not self.entry.is_joint:
            self._is_single = not self._is_single
            self._show_scope()

    @on(OptionList.OptionSelected)
    def _choose(self) -> None:
        value = self.query_one("#value", Input)
        if self.entry.value_name:
            value.focus()
        else:
            self._end(self.entry.kind)

    @on(Input.Submitted, "#value")
    def _submit(self, event: Input.Submitted) -> None:
        self._end(f"{self.entry.kind}:{event.value.strip()}")

    def _end(self, text: str) -> None:
        try:
            name = parse_objective(text).name
        except InvalidInput as error:
            self.query_one("#refused", Static).update(literal(error.message))
            return
        is_single = self._is_single and not self.entry.is_joint
        self.dismiss((name, self._label if is_single else None))

    def action_close(self) -> None:
        """Leave the value, or change nothing."""
        menu = self.query_one(OptionList)
        if self.focused is menu:
            self.dismiss(None)
        else:
            menu.focus()


class ChangeModal(TextWindow):
    """What an objective would do; enter takes it, esc leaves everything as it is."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "take", show=False)]

    def __init__(
        self, change: Change, ascii_only: bool, take: Callable[[Change | None], None]
    ) -> None:
        whom = "every label" if change.label is None else printable(change.label, 40)
        super().__init__(
            f"{change.name} for {whom}",
            change_text(change, ascii_only),
            "enter takes it   esc leaves all as it is   c copy",
        )
        self._change = change
        self._told = take

    def action_take(self) -> None:
        """Take the objective."""
        self.dismiss(None)
        self._told(self._change)

    def action_close(self) -> None:
        """Change nothing."""
        self.dismiss(None)
        self._told(None)
