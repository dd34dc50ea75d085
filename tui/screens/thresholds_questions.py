"""The two questions of the thresholds screen: what to tune for, and where to save."""

from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from core.text import printable
from core.tuning.objectives import OBJECTIVES
from tui.render import lines, literal

_PURPOSES = {"max_f1": "the highest F1"}
"""What an objective looks for, where its name does not say it."""


class ObjectiveModal(ModalScreen[str | None]):
    """A menu of objectives; enter takes the highlighted one for every label."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,o", "close", show=False)]
    DEFAULT_CSS = "ObjectiveModal OptionList { height: auto; max-height: 10; }"

    def __init__(self, present: str) -> None:
        super().__init__()
        self._purposes = {name: _PURPOSES.get(name, "") for name in OBJECTIVES}
        self._present = present

    def compose(self) -> ComposeResult:
        """Title, menu, keys."""
        with Vertical(classes="window question"):
            yield Static(literal("Tune every label for"), classes="window-title")
            yield OptionList(
                *(
                    Option(literal(f"{name}  {purpose}".rstrip()), id=name)
                    for name, purpose in self._purposes.items()
                )
            )
            yield Static(literal("enter tune for it   esc cancel"), classes="window-keys")

    def on_mount(self) -> None:
        """The present objective is highlighted."""
        menu = self.query_one(OptionList)
        names = list(self._purposes)
        menu.highlighted = names.index(self._present) if self._present in names else 0
        menu.focus()

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)

    def action_close(self) -> None:
        """Change nothing."""
        self.dismiss(None)


class SaveModal(ModalScreen[Path | None]):
    """Asks for the file to write; says when there is one already."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", show=False)]

    def __init__(self, facts: list[str], proposed: str, directory: Path) -> None:
        super().__init__()
        self._facts = facts
        self._proposed = proposed
        self._directory = directory

    def compose(self) -> ComposeResult:
        """What would be saved, and where."""
        with Vertical(classes="window question"):
            yield Static(literal("Save thresholds"), classes="window-title")
            yield Static(lines(self._facts))
            path = Input(value=self._proposed, id="path")
            path.cursor_blink = False
            yield path
            yield Static("", id="path-note")
            yield Static(literal("enter save   esc cancel"), classes="window-keys")

    def on_mount(self) -> None:
        """The path can be typed over."""
        self.query_one("#path", Input).focus()

    @on(Input.Changed, "#path")
    def _look(self, event: Input.Changed) -> None:
        path = self._path_of(event.value)
        note = f"in {printable(str(path.parent))}"
        if path.is_dir():
            note = "that is a folder"
        elif path.exists():
            note = "replaces the file that is there"
        elif not path.parent.is_dir():
            note = "there is no such folder"
        self.query_one("#path-note", Static).update(literal(note))

    @on(Input.Submitted, "#path")
    def _save(self, event: Input.Submitted) -> None:
        path = self._path_of(event.value)
        if event.value.strip() and path.parent.is_dir() and not path.is_dir():
            self.dismiss(path)

    def _path_of(self, typed: str) -> Path:
        return self._directory / Path(typed.strip()).expanduser()

    def action_close(self) -> None:
        """Write nothing."""
        self.dismiss(None)
