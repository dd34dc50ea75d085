"""The event log of a session, newest first, with a filter."""

from pathlib import Path
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from core.text import printable
from core.workflow.session import Session
from tui.render import lines, literal

_MOST = 500


class LogScreen(ModalScreen[None]):
    """What was done in this session, when, and with what."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", show=False),
        Binding("q,l", "dismiss(None)", show=False),
        Binding("slash", "filter", show=False),
        Binding("c", "copy_all", show=False),
        Binding("down", "scroll(1)", show=False),
        Binding("up", "scroll(-1)", show=False),
        Binding("pagedown,space", "scroll(10)", show=False),
        Binding("pageup", "scroll(-10)", show=False),
    ]

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._path = folder / "events.jsonl"
        self._lines = [_line(event) for event in reversed(Session(folder).events())]
        self._shown: list[str] = []

    def compose(self) -> ComposeResult:
        """Title, filter, events, keys."""
        with Vertical(classes="window"):
            yield Static("", id="log-title", classes="window-title")
            words = Input(placeholder="filter", id="log-filter")
            words.cursor_blink = False
            words.display = False
            yield words
            with VerticalScroll(can_focus=False, id="window-text"):
                yield Static("", id="log-lines")
            yield Static(literal("/ filter  c copy  esc close"), classes="window-keys")

    def on_mount(self) -> None:
        """Show every event."""
        self._show("")

    @on(Input.Changed, "#log-filter")
    def _filter(self, event: Input.Changed) -> None:
        self._show(event.value)

    @on(Input.Submitted, "#log-filter")
    def _filtered(self) -> None:
        self.set_focus(None)

    def action_filter(self) -> None:
        """Type words that the lines must hold."""
        words = self.query_one("#log-filter", Input)
        words.display = True
        self.call_after_refresh(words.focus)

    def action_close(self) -> None:
        """Clear the filter, or close."""
        words = self.query_one("#log-filter", Input)
        if words.display:
            words.value = ""
            words.display = False
            self.set_focus(None)
        else:
            self.dismiss(None)

    def action_scroll(self, amount: int) -> None:
        """Move the lines."""
        self.query_one("#window-text", VerticalScroll).scroll_relative(y=amount, animate=False)

    def action_copy_all(self) -> None:
        """Copy the lines that are shown."""
        from tui.app import TunerApp

        assert isinstance(self.app, TunerApp)
        self.app.copy("\n".join(self._shown))

    def _show(self, words: str) -> None:
        needles = words.lower().split()
        self._shown = [
            line for line in self._lines if all(needle in line.lower() for needle in needles)
        ]
        more = len(self._shown) - _MOST
        tail = [f"{more:,} older ones are in {self._path}"] if more > 0 else []
        self.query_one("#log-lines", Static).update(lines([*self._shown[:_MOST], *tail]))
        count = f"{len(self._shown):,} of {len(self._lines):,} events"
        self.query_one("#log-title", Static).update(literal(f"Log · {count}"))


def _line(event: dict[str, Any]) -> str:
    when = str(event.pop("at", ""))[:19].replace("T", " ")
    action = str(event.pop("action", ""))
    details = " ".join(
        f"{name}={value}" for name, value in event.items() if value not in ("", None)
    )
    return printable(f"{when}  {action}  {details}", 400)
