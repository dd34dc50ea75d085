"""Windows that show text, and the questions before something is paid or destroyed."""

import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from core.text import printable
from core.workflow.session import Session
from tui.help_pages import PAGES, TERMS
from tui.keys import help_rows
from tui.render import lines, literal, plain
from tui.widgets.facts import Fact, Facts
from tui.widgets.tables import FilterLine

_HIGHEST = 0.9
"""Share of the screen's height that a window may take, as in the stylesheet."""
_AROUND_TEXT = 4
"""Rows of a window beside its text: border, title, keys."""
_AROUND_FACTS = 7
"""Rows of a question beside its facts: border, title, button, keys."""


class TextModal(ModalScreen[None]):
    """A scrollable text with a title; any of esc, q and enter closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "close", "close", show=False),
        Binding("c", "copy_all", "copy", show=False),
        Binding("down", "scroll(1)", show=False),
        Binding("up", "scroll(-1)", show=False),
        Binding("pagedown,space", "scroll(10)", show=False),
        Binding("pageup", "scroll(-10)", show=False),
    ]

    def __init__(
        self,
        title: str,
        text: str,
        hint: str = "esc close  c copy",
        keeps_keys: bool = False,
    ) -> None:
        """Make the window.

        Args:
            title: may be outside text.
            text: its lines are made printable.
            hint: the keys, below the text.
            keeps_keys: leave the window's height to title and keys first.
        """
        super().__init__()
        self._title = title
        self.text = text
        self._hint = hint
        self._keeps_keys = keeps_keys

    def compose(self) -> ComposeResult:
        """Title, text, keys."""
        with Vertical(classes="window"):
            yield Static(literal(self._title), classes="window-title")
            with VerticalScroll(can_focus=False, id="window-text"):
                yield Static(self.body_content())
            yield Static(literal(self._hint), classes="window-keys")

    def body_content(self) -> Content:
        """The text, made printable line by line."""
        return lines(self.text.split("\n"))

    def on_resize(self) -> None:
        """Fit the text into a low terminal."""
        if self._keeps_keys:
            room = int(self.app.size.height * _HIGHEST) - _AROUND_TEXT
            self.query_one("#window-text", VerticalScroll).styles.max_height = max(room, 1)

    def action_scroll(self, amount: int) -> None:
        """Move the text."""
        self.query_one("#window-text", VerticalScroll).scroll_relative(y=amount, animate=False)

    def action_close(self) -> None:
        """Close the window."""
        self.dismiss(None)

    def action_copy_all(self) -> None:
        """Copy the whole text."""
        from tui.app import TunerApp

        assert isinstance(self.app, TunerApp)
        self.app.copy(self.text)


class PayModal(ModalScreen[bool]):
    """Asks before a paid step: what, where, price. Only ``y`` agrees; enter and esc do not."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "agree", "go on", show=False),
        Binding("escape,n,q", "refuse", "cancel", show=False),
        Binding("down", "scroll(1)", show=False),
        Binding("up", "scroll(-1)", show=False),
    ]

    def __init__(self, title: str, facts: Sequence[str] | Sequence[Fact], verb: str) -> None:
        """Make the question.

        Args:
            title: the question.
            facts: what would be done, as lines or as names with texts.
            verb: what ``y`` does.
        """
        super().__init__()
        self._title = title
        self._facts = facts
        self._verb = verb

    def compose(self) -> ComposeResult:
        """What would be done, and the way out in focus."""
        with Vertical(classes="window question"):
            yield Static(literal(self._title), classes="window-title")
            with VerticalScroll(can_focus=False, id="window-text"):
                yield self._facts_widget()
            with Horizontal(classes="window-buttons"):
                yield Button("Cancel", id="cancel", variant="primary")
            yield Static(literal(f"y {self._verb}   esc cancel"), classes="window-keys")

    def _facts_widget(self) -> Static:
        texts = [fact for fact in self._facts if isinstance(fact, str)]
        if texts:
            return Static(lines(texts))
        shown = Facts(self.app.has_class("-ascii"))
        shown.show([fact for fact in self._facts if not isinstance(fact, str)])
        return shown

    def action_scroll(self, amount: int) -> None:
        """Move the facts, when the window is too low for them."""
        self.query_one("#window-text", VerticalScroll).scroll_relative(y=amount, animate=False)

    def on_resize(self) -> None:
        """Leave the window's height to title, button and keys first."""
        room = int(self.app.size.height * _HIGHEST) - _AROUND_FACTS
        self.query_one("#window-text").styles.max_height = max(room, 1)

    def on_mount(self) -> None:
        """The way out has the focus."""
        self.query_one("#cancel", Button).focus()

    def action_agree(self) -> None:
        """Go on."""
        self.dismiss(True)

    @on(Button.Pressed, "#cancel")
    def action_refuse(self) -> None:
        """Leave everything as it is."""
        self.dismiss(False)


class DestroyModal(ModalScreen[bool]):
    """Asks before something is destroyed; the name must be typed."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "refuse", "cancel", show=False)]

    def __init__(self, title: str, facts: list[str], name: str) -> None:
        super().__init__()
        self._title = title
        self._facts = facts
        self._name = name

    def compose(self) -> ComposeResult:
        """What would be destroyed, and where to type its name."""
        with Vertical(classes="window question"):
            yield Static(literal(self._title), classes="window-title")
            yield Static(lines(self._facts))
            yield Static(literal(f"type {self._name} and press enter to go on:"))
            name = Input(id="name")
            name.cursor_blink = False
            yield name
            yield Static(literal("esc cancel"), classes="window-keys")

    @on(Input.Submitted, "#name")
    def _compare(self, event: Input.Submitted) -> None:
        if event.value == self._name:
            self.dismiss(True)
        elif not event.value:
            self.dismiss(False)

    def action_refuse(self) -> None:
        """Leave everything as it is."""
        self.dismiss(False)


# Help: what the open step does, its terms, and its keys from the one registry.


class HelpScreen(TextModal):
    """Explains one step."""

    def __init__(self, step_id: str, ascii_only: bool = False) -> None:
        page = PAGES[step_id]
        keys = [f"  {keys:10} {purpose}" for keys, purpose in help_rows(step_id, ascii_only)]
        terms = [f"  {term}: {TERMS[term]}" for term in page.terms]
        blocks = [page.what, "", *(["Terms", *terms, ""] if terms else []), "Keys", *keys]
        super().__init__(f"Help · {page.title}", "\n".join(blocks))
        self._ascii_only = ascii_only

    def body_content(self) -> Content:
        """The page; headings stand out."""
        pieces = []
        for line in self.text.split("\n"):
            shown = plain(printable(line), self._ascii_only)
            style = "bold" if line in ("Terms", "Keys") else ""
            pieces.append(Content.styled(shown, style) if style else Content(shown))
        return Content("\n").join(pieces)


def error_window(error: BaseException) -> TextModal:
    """Shows a defect of the program and its details; the app stays alive, the session is kept."""
    details = "".join(traceback.format_exception(error))
    text = (
        f"{type(error).__name__}: {printable(str(error), 300)}\n\n"
        "The session is kept; what was finished is saved. Copy this for a report:\n\n"
        f"{details}"
    )
    return TextModal("Unexpected error", text)


# The event log of a session, newest first, with a filter.


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
            yield FilterLine("", "filter")
            with VerticalScroll(can_focus=False, id="window-text"):
                yield Static("", id="log-lines")
            yield Static(literal("/ filter  c copy  esc close"), classes="window-keys")

    def on_mount(self) -> None:
        """Show every event."""
        self._show()

    def action_filter(self) -> None:
        """Type words that the lines must hold."""
        self.query_one(FilterLine).open()

    def action_close(self) -> None:
        """Clear the filter, or close."""
        if not self.query_one(FilterLine).close():
            self.dismiss(None)

    def action_scroll(self, amount: int) -> None:
        """Move the lines."""
        self.query_one("#window-text", VerticalScroll).scroll_relative(y=amount, animate=False)

    def action_copy_all(self) -> None:
        """Copy the lines that are shown."""
        from tui.app import TunerApp

        assert isinstance(self.app, TunerApp)
        self.app.copy("\n".join(self._shown))

    @on(FilterLine.Changed)
    def _show(self) -> None:
        self._shown = [*filter(self.query_one(FilterLine).lets_through, self._lines)]
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
