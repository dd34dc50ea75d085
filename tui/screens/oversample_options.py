"""Options of an experiment beyond its labels and arms."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from core.errors import InvalidInput
from tui.render import literal
from tui.screens.oversample_wish import ArmsWish, read_options
from tui.widgets.field import Field, Line

_PURPOSES = {
    "replicates": "trainings of each arm with other seeds: how much chance alone does",
    "repeat from": "further arms that repeat so many distinct ones: repeat, or label more?",
    "stop after": "so many arms in a row without gain; empty trains every arm",
    "seed": "same seed, same documents",
    "groups": "single: one classifier; rare, complete: further ones that return every score;"
    " empty: as the base",
}


class OptionsModal(ModalScreen[ArmsWish | None]):
    """Five fields; enter takes them all, esc none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", show=False),
        Binding("down", "focus_next", show=False, priority=True),
        Binding("up", "focus_previous", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    OptionsModal Field > .field-name { width: 13; }
    OptionsModal #purpose { height: 2; color: $text-muted; }
    OptionsModal #refused { height: auto; color: $text-error; }
    """

    def __init__(self, wish: ArmsWish) -> None:
        super().__init__()
        self._wish = wish

    def compose(self) -> ComposeResult:
        """Title, fields, what the focused one is for, keys."""
        with Vertical(classes="window question"):
            yield Static(literal("Options of the experiment"), classes="window-title")
            for name in _PURPOSES:
                yield Field(name, Line(_id(name)))
            yield Static("", id="purpose")
            yield Static("", id="refused")
            yield Static(literal("enter take   tab next   esc cancel"), classes="window-keys")

    def on_mount(self) -> None:
        """The present options; the first field has the focus."""
        wish = self._wish
        values = (wish.replicates, wish.repeat_from, wish.patience, wish.seed, wish.groups)
        for name, value in zip(_PURPOSES, values, strict=True):
            self.query_one(f"#{_id(name)}", Line).value = "" if value is None else str(value)
        self.query_one(Line).focus()

    def on_descendant_focus(self) -> None:
        """Say what the focused field is for."""
        for name, purpose in _PURPOSES.items():
            if self.query_one(f"#{_id(name)}", Line).has_focus:
                self.query_one("#purpose", Static).update(literal(purpose))

    @on(Input.Submitted)
    def _take(self) -> None:
        typed = {name: self.query_one(f"#{_id(name)}", Line).value for name in _PURPOSES}
        try:
            self.dismiss(read_options(self._wish, typed))
        except InvalidInput as error:
            self.query_one("#refused", Static).update(literal(f"{error.message} {error.hint}"))

    def action_close(self) -> None:
        """Change nothing."""
        self.dismiss(None)


def _id(name: str) -> str:
    return f"option-{name.replace(' ', '-')}"
