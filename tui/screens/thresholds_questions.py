"""Where to save the thresholds."""

from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from core.text import printable
from tui.render import lines, literal


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
