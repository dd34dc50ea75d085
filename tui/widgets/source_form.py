"""The form of a new session: file, name, how the file is read, and a preview of its rows."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from core.comprehend.engine import EngineSettings
from core.dataset.formats.sources import Detection, SourceFormat, SourceSettings
from core.errors import InvalidInput
from core.text import plural, printable
from core.workflow.app_request import GivenEngine
from core.workflow.session import SESSIONS_FOLDER
from tui.render import lines, literal, plain
from tui.widgets.forms import Field, FieldInput
from tui.widgets.tables import Column, Row, RowTable
from tui.widgets.typed_paths import Matches, completed, is_file, matches_of, typed_path

_MOST_COLUMNS = 24
_ENDINGS = re.compile(r"(\.(csv|tsv|jsonl?|manifest|txt|gz))+$", re.IGNORECASE)


def free_name(source: Path, directory: Path) -> str:
    """A session name made of the file's stem that no session below `directory` has."""
    stem = _ENDINGS.sub("", source.name)
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", stem).strip("-._")[:36].strip("-._") or "session"
    sessions = directory / SESSIONS_FOLDER
    numbered = (name, *(f"{name}-{number}" for number in range(2, 1000)))
    return next(n for n in numbered if not (sessions / n).exists())


def preview_of(detection: Detection) -> tuple[tuple[Column, ...], list[Row]]:
    """Columns and cells of the first rows: text first, then labels, ids, groups and the rest."""
    settings = detection.settings
    label_columns = settings.label_columns or (settings.label_column,)
    first = [settings.text_column, *label_columns, settings.id_column, settings.group_column]
    order = [detection.columns.index(name) for name in first if name in detection.columns]
    order += [at for at in range(len(detection.columns)) if at not in order]
    order = list(dict.fromkeys(order))[:_MOST_COLUMNS]
    columns = tuple(
        _preview_column(detection.columns[at], detection.columns[at] == settings.text_column)
        for at in order
    )
    rows = [
        Row(str(number), [printable(row[at], 60) if at < len(row) else "" for at in order])
        for number, row in enumerate(detection.preview)
    ]
    return columns, rows


def _preview_column(name: str, is_text: bool) -> Column:
    width = 34 if is_text else min(max(len(name), 4), 14)
    return Column(printable(name, width) or "(blank)", width)


# What the fields of the form say, as settings of a source.


def settings_of(
    edited: Mapping[str, str], kind: str | None, columns: Sequence[str]
) -> SourceSettings:
    """The settings that the user gave; everything else is left to detection.

    Args:
        edited: text by field, as shown.
        kind: format of the source, given or detected.
        columns: the source's columns in their original form.

    Raises:
        InvalidInput: a value is unknown.
    """

    def column(shown: str | None) -> str | None:
        return next((name for name in columns if printable(name) == shown), shown)

    labels = edited.get("labels")
    is_wide = kind == SourceFormat.WIDE_CSV
    wide = [column(word.strip()) for word in labels.split(",")] if labels else None
    between = edited.get("between")
    values = {
        "format": edited.get("format"),
        "mode": edited.get("mode"),
        "text_column": column(edited.get("text")),
        "id_column": column(edited.get("ids")),
        "label_columns": wide if is_wide else None,
        "label_column": None if is_wide else column(labels),
        "label_delimiter": None if between is None else between.replace("\\t", "\t"),
        "group_column": column(edited.get("groups")),
        "none_label": edited.get("none") or None,
    }
    values = {key: value for key, value in values.items() if value is not None}
    try:
        return msgspec.convert(values, SourceSettings)
    except msgspec.ValidationError as error:
        raise InvalidInput(
            "Unknown setting",
            printable(str(error), 200),
            f"formats: {', '.join(SourceFormat)}; modes: multi-label, multi-class",
        ) from error


# The engine of a new session: which one, and on AWS the account's names.


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
            yield Field("engine", EngineChoice(given.name))
            yield self._field("region", given.region, "as configured")
        with Horizontal(id="account"):
            yield self._field("bucket", given.bucket, "needed to train")
            yield self._field("profile", given.profile, "the default one")
        yield self._field("role", given.role_arn, "ARN; setup-role makes one")

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
        for field in self.query(".of-aws"):
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

    def _field(self, name: str, value: str, placeholder: str) -> Field:
        field = Field(name, FieldInput(name, value, placeholder=placeholder))
        field.add_class("of-aws")
        return field


# The form itself.


_MOST_MATCHES = 50
_LOW = 20
_SETTINGS = ("format", "mode", "text", "ids", "labels", "between", "groups", "none")
_MAY_BE_EMPTY = ("ids", "groups")


class SourceForm(Vertical):
    """Asks for a source; tells its screen when the source or a setting has changed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "match(1)", show=False),
        Binding("up", "match(-1)", show=False),
    ]

    DEFAULT_CSS = """
    SourceForm { overflow-y: auto; scrollbar-size-vertical: 1; }
    SourceForm > Horizontal { height: 1; }
    SourceForm #source-words { height: auto; max-height: 6; }
    SourceForm #matches { height: 1fr; }
    SourceForm #preview { height: 1fr; min-height: 3; margin-top: 1; }
    """

    class Changed(Message):
        """The source or a setting is another one, so it should be detected anew."""

    def __init__(self, directory: Path, engine: GivenEngine, ascii_only: bool) -> None:
        super().__init__()
        self._directory = directory
        self._engine = engine
        self._ascii_only = ascii_only
        self._shown: dict[str, str] = {}
        self._edited: dict[str, str] = {}
        self._detection: Detection | None = None
        self._matches = Matches((), 0)
        self._auto_name = ""

    def compose(self) -> ComposeResult:
        """Fields, then matches or words and preview."""
        yield Field("file", FieldInput("path", complete=self._complete))
        with Horizontal():
            yield Field("session", FieldInput("name", restrict=r"[A-Za-z0-9_.\-/]{0,200}"))
            yield Field("none-label", FieldInput("none"))
        with Horizontal():
            yield Field("format", FieldInput("format"))
            yield Field("mode", FieldInput("mode"))
        with Horizontal():
            yield Field("text in", FieldInput("text"))
            yield Field("ids in", FieldInput("ids"))
        yield Field("labels in", FieldInput("labels"))
        with Horizontal():
            yield Field("delimiter", FieldInput("between"))
            yield Field("groups in", FieldInput("groups"))
        yield EngineForm(self._engine)
        yield Static("", id="source-words")
        matches = OptionList(id="matches")
        matches.can_focus = False
        yield matches
        yield RowTable("preview", more="rows more: filter")

    def on_mount(self) -> None:
        """Offer the files of the working directory."""
        self._input("none").value = SourceSettings().none_label
        self._shown["none"] = self._input("none").value
        self._input("format").suggest([str(form) for form in SourceFormat])
        self._input("mode").suggest(["multi-label", "multi-class"])
        self._input("path").placeholder = "CSV, Ground Truth manifest or JSON lines; also .gz"
        self._show_preview(False)
        self._show_matches()
        self._input("path").focus()

    @property
    def source(self) -> Path | None:
        """The file that is named, or None."""
        text = self._input("path").value
        path = typed_path(text, self._directory)
        return path if text and is_file(path) else None

    @property
    def engine(self) -> EngineSettings:
        """The engine of the new session."""
        return self.query_one(EngineForm).settings

    @property
    def session_name(self) -> str:
        """The name of the new session."""
        return self._input("name").value

    def given(self) -> SourceSettings:
        """What the user has set; everything else is left to detection.

        Raises:
            InvalidInput: a value is unknown.
        """
        detected = self._detection
        kind = self._edited.get("format") or (detected.settings.format if detected else None)
        return settings_of(self._edited, kind, detected.columns if detected else ())

    def show_detection(self, detection: Detection) -> None:
        """Show how the source would be read, and its first rows."""
        self._detection = detection
        settings = detection.settings
        labels = ",".join(settings.label_columns or ()) or settings.label_column or ""
        self._shown = {
            "format": str(settings.format or ""),
            "mode": settings.mode or "",
            "text": settings.text_column or "",
            "ids": settings.id_column or "",
            "labels": labels,
            "between": (settings.label_delimiter or "").replace("\t", "\\t"),
            "groups": settings.group_column or "",
            "none": settings.none_label,
        }
        names = [printable(column) for column in detection.columns]
        for key in _SETTINGS:
            line = self._input(key)
            self._shown[key] = printable(self._shown[key])
            if line is not self.screen.focused:
                line.value = self._shown[key]
            if key in ("text", "ids", "labels", "groups"):
                line.suggest(names)
        why = "; ".join(detection.reasons)
        words = [f"{detection.encoding} · {why}"]
        self._show_words(lines([plain(word, self._ascii_only) for word in words]))
        columns, rows = preview_of(detection)
        self.query_one("#preview", RowTable).show(columns, rows)
        self._show_preview(True)

    def show_failure(self) -> None:
        """Leave nothing standing that was detected before."""
        self._detection = None
        self._show_words(Content(""))
        self.query_one("#preview", RowTable).show((), [])

    def leave(self) -> bool:
        """Move the focus from the fields to the preview; whether there is one."""
        preview = self.query_one("#preview", RowTable)
        if preview.display:
            preview.focus()
        return bool(preview.display)

    def action_match(self, step: int) -> None:
        """Highlight another of the files that the path may become."""
        matches = self.query_one("#matches", OptionList)
        if not (matches.display and self._input("path").has_focus):
            return
        if step > 0:
            matches.action_cursor_down()
        else:
            matches.action_cursor_up()

    def edit(self) -> None:
        """Type in the path."""
        self._input("path").focus()

    @on(Input.Changed, "#path")
    def _path_changed(self) -> None:
        self._edited = {key: value for key, value in self._edited.items() if key == "none"}
        self._detection = None
        for key in _SETTINGS[:-1]:
            self._input(key).value = ""
            self._shown[key] = ""
        source = self.source
        if source is not None:
            self._propose_name(source)
            self._show_words(literal(plain("reading the first rows …", self._ascii_only)))
            self._show_preview(True)
        else:
            self._show_preview(False)
            self._show_matches()
        self.post_message(self.Changed())

    @on(Input.Submitted, "#path")
    def _path_accepted(self) -> None:
        if self.source is None and not self._take_highlighted():
            self._show_words(literal("no file begins like this", "$text-warning"))
            return
        if self.source is not None:
            self._show_preview(True)
            self.leave()

    @on(Input.Submitted)
    def _field_accepted(self, event: Input.Submitted) -> None:
        if event.input.id != "path":
            self._note_edit(event.input)
            self.leave()

    @on(Input.Blurred)
    def _field_left(self, event: Input.Blurred) -> None:
        self._note_edit(event.input)

    def _note_edit(self, line: Input) -> None:
        key = line.id or ""
        if key not in _SETTINGS or line.value == self._shown.get(key, ""):
            return
        if line.value or key in _MAY_BE_EMPTY:
            self._edited[key] = line.value
        else:
            self._edited.pop(key, None)
        self._shown[key] = line.value
        self.post_message(self.Changed())

    def _complete(self) -> bool:
        line = self._input("path")
        if self.source is not None or not self._matches.found:
            return False
        longer = completed(line.value, self._matches.found)
        if longer != line.value:
            line.value = longer
            line.cursor_position = len(longer)
            return True
        return self._take_highlighted()

    def _take_highlighted(self) -> bool:
        highlighted = self.query_one("#matches", OptionList).highlighted
        if highlighted is None or highlighted >= len(self._matches.found):
            return False
        line = self._input("path")
        line.value = self._matches.found[highlighted].value
        line.cursor_position = len(line.value)
        return True

    def _propose_name(self, source: Path) -> None:
        line = self._input("name")
        if line.value in ("", self._auto_name):
            self._auto_name = free_name(source, self._directory)
            line.value = self._auto_name

    def _show_matches(self) -> None:
        self._matches = matches_of(self._input("path").value, self._directory)
        choices = self.query_one("#matches", OptionList)
        choices.clear_options()
        choices.add_options(
            [Option(literal(match.text)) for match in self._matches.found[:_MOST_MATCHES]]
        )
        choices.highlighted = 0 if self._matches.found else None
        more = len(self._matches.found) - _MOST_MATCHES
        words = "up and down choose, tab completes, enter takes"
        if not self._matches.found:
            words = "no file begins like this"
        elif more > 0:
            words = f"{words} · {more:,} more"
        if self._matches.left_out:
            odd = plural(self._matches.left_out, "name")
            words = f"{words} · {odd} with control characters left out"
        self._show_words(literal(plain(words, self._ascii_only), "$text-muted"))

    def _show_preview(self, is_file: bool) -> None:
        is_low = self.app.size.height < _LOW
        self.query_one("#source-words").styles.max_height = 1 if is_low else 6
        self.query_one("#preview").styles.margin = (0 if is_low else 1, 0, 0, 0)
        self.query_one("#preview").display = is_file
        self.query_one("#matches").display = not is_file

    def _show_words(self, content: Content) -> None:
        self.query_one("#source-words", Static).update(content)

    def _input(self, key: str) -> FieldInput:
        return self.query_one(f"#{key}", FieldInput)
