"""The engine of a new session: which one, and on AWS the account's names."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from core.cli.wish import GivenEngine
from core.comprehend.clients import EngineSettings
from tui.render import literal
from tui.widgets.field import Field, Line

_ENGINES = ("offline", "aws")


class EngineChoice(Static, can_focus=True):
    """One of the two engines; space or an arrow takes the other."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space,left,right", "switch", show=False)]

    class Changed(Message):
        """Another engine was chosen."""

    def __init__(self, engine: str) -> None:
        super().__init__("", markup=False, id="engine")
        self.engine = engine if engine in _ENGINES else _ENGINES[0]

    def on_mount(self) -> None:
        """Show what is chosen."""
        self._show()

    def action_switch(self) -> None:
        """Take the other engine."""
        self.engine = self._other
        self._show()
        self.post_message(self.Changed())

    @property
    def _other(self) -> str:
        return next(name for name in _ENGINES if name != self.engine)

    def _show(self) -> None:
        self.update(
            Content.assemble(self.engine, (f" (space: {self._other})", "$text-muted")),
        )


class EngineForm(Vertical):
    """Asks for the engine; the names that only AWS needs are shown only for it."""

    DEFAULT_CSS = """
    EngineForm { height: auto; }
    EngineForm > Horizontal { height: 1; }
    EngineForm .choice { height: 1; width: 1fr; }
    EngineForm .choice > .field-name { width: 11; color: $text-muted; }
    EngineForm .choice:focus-within > .field-name { color: $text-accent; text-style: bold; }
    EngineForm #engine { width: 1fr; height: 1; padding: 0 1; background: $surface; }
    EngineForm #engine { text-wrap: nowrap; }
    EngineForm #engine:focus { background: $boost; }
    """

    class Changed(Message):
        """Another engine, or another name on it."""

    def __init__(self, given: GivenEngine) -> None:
        super().__init__()
        self._given = given

    def compose(self) -> ComposeResult:
        """The choice, then what AWS needs."""
        given = self._given
        with Horizontal():
            with Horizontal(classes="choice"):
                yield Static(literal("engine"), classes="field-name")
                yield EngineChoice(given.name)
            yield Field("region", _line("region", given.region, "as configured"))
        with Horizontal(id="account"):
            yield Field("bucket", _line("bucket", given.bucket, "needed to train"))
            yield Field("profile", _line("profile", given.profile, "the default one"))
        yield Field("role", _line("role", given.role_arn, "ARN; setup-role makes one"))

    def on_mount(self) -> None:
        """Show the fields of the engine that the options name."""
        self._show_fields()

    @property
    def settings(self) -> EngineSettings:
        """What is chosen, unchecked; an empty Region is the one that AWS is configured for."""
        if not self._is_aws:
            return EngineSettings(poll_s=self._given.poll_s)
        return EngineSettings(
            name="aws",
            region=self._text("region"),
            profile=self._text("profile") or None,
            bucket=self._text("bucket") or None,
            role_arn=self._text("role") or None,
            endpoint_url=self._given.endpoint_url or None,
            poll_s=self._given.poll_s,
        )

    @on(EngineChoice.Changed)
    def _show_fields(self) -> None:
        for field in self.query(Field):
            field.display = self._is_aws
        self.query_one("#account").display = self._is_aws
        self.post_message(self.Changed())

    @on(Input.Changed)
    def _name_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed())

    @property
    def _is_aws(self) -> bool:
        return self.query_one(EngineChoice).engine == "aws"

    def _text(self, key: str) -> str:
        return self.query_one(f"#{key}", Input).value.strip()


def _line(key: str, value: str, placeholder: str) -> Line:
    line = Line(key)
    line.value = value
    line.placeholder = placeholder
    return line
