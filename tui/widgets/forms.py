"""The form of a new session: file, name, how the file is read, and a preview of its rows."""

import itertools
import os
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, cast

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from core.comprehend.engine import EngineSettings
from core.dataset.formats.sources import LIST_CELLS, Detection, SourceFormat, SourceSettings
from core.dataset.health.findings import LabelCount
from core.errors import InvalidInput
from core.text import plural, printable
from core.views.numbers import percentage, size
from core.workflow.app_request import GivenEngine
from core.workflow.session import SESSIONS_FOLDER
from core.workflow.state import SessionState
from tui.render import glyph, lines, literal, plain
from tui.widgets.tables import Column, FilterLine, Row, RowTable

# What a detected source shows: a free session name, and its first rows as a table.


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


# A named line of input, with completion where the screen offers candidates.


class Line(Input):
    """An input without blinking, whose tab completes before it moves on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete_or_leave", show=False),
        Binding("right", "right_or_complete", show=False),
    ]

    def __init__(
        self,
        id: str,  # noqa: A002 - Textual's name
        *,
        restrict: str | None = None,
        complete: Callable[[], bool] | None = None,
    ) -> None:
        """Make the input.

        Args:
            id: the widget's id.
            restrict: pattern that the value must keep to.
            complete: completes the value; returns whether there was anything to complete.
        """
        super().__init__(id=id, restrict=restrict, select_on_focus=False)
        self.cursor_blink = False
        self._complete = complete

    def action_complete_or_leave(self) -> None:
        """Complete, or go to the next field."""
        if self._complete is None or not self._complete():
            self.screen.focus_next()

    def action_right_or_complete(self) -> None:
        """Move right; at the end, complete."""
        is_at_end = self.cursor_position >= len(self.value)
        if not (is_at_end and self._complete is not None and self._complete()):
            self.action_cursor_right()


class Field(Horizontal):
    """A name and a line of input beside it."""

    DEFAULT_CSS = """
    Field { height: 1; width: 1fr; }
    Field > .field-name { width: 11; color: $text-muted; }
    Field > Input { width: 1fr; }
    Field.-active > .field-name { color: $text-accent; text-style: bold; }
    """

    def __init__(self, name: str, line: Line) -> None:
        super().__init__()
        self._label = name
        self._line = line

    def compose(self) -> ComposeResult:
        """Name and input."""
        yield Static(literal(self._label), classes="field-name")
        yield self._line

    def on_descendant_focus(self) -> None:
        """Mark the field that is typed in."""
        self.add_class("-active")

    def on_descendant_blur(self) -> None:
        """Mark it no longer."""
        self.remove_class("-active")


def suggester_of(words: list[str]) -> SuggestFromList:
    """Suggestions for a line, taken over by the right arrow at its end."""
    return SuggestFromList(words, case_sensitive=False)


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


# The input of a path, above a list of what it may become.


class PathLine(Line):
    """The path; up and down move through the matches below it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "match(1)", show=False),
        Binding("up", "match(-1)", show=False),
    ]

    def action_match(self, step: int) -> None:
        """Highlight another match."""
        matches = self.screen.query_one("#matches", OptionList)
        if matches.display and step > 0:
            matches.action_cursor_down()
        elif matches.display:
            matches.action_cursor_up()


# Files and folders that begin with what was typed.


SOURCE_ENDINGS = (".csv", ".tsv", ".jsonl", ".json", ".manifest", ".txt", ".gz")
_MOST_ENTRIES = 5_000


@dataclass(frozen=True)
class Match:
    """A file or folder that the typed path may become."""

    value: str
    """The path with this name, as it would stand in the input; a folder ends in a slash."""
    name: str
    is_folder: bool
    size: int

    @property
    def text(self) -> str:
        """Name and size, for the list."""
        return self.name if self.is_folder else f"{self.name}  {size(self.size)}"


@dataclass(frozen=True)
class Matches:
    """What the typed path may become."""

    found: tuple[Match, ...]
    """Files that look like sources first, then folders, then other files."""
    left_out: int
    """Names with characters that a terminal must not get."""


def typed_path(text: str, directory: Path) -> Path:
    """The path that was typed, ``~`` expanded, relative ones below `directory`."""
    try:
        return directory / Path(text).expanduser()
    except RuntimeError:
        return directory / text


def is_file(path: Path) -> bool:
    """Whether there is a file; False for paths that no system call accepts."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def matches_of(text: str, directory: Path) -> Matches:
    """What `text` may become; nothing when its folder cannot be read."""
    head, slash, prefix = text.rpartition("/")
    folder = typed_path(head + slash, directory)
    found: list[Match] = []
    left_out = 0
    try:
        with os.scandir(folder) as entries:
            for entry in itertools.islice(entries, _MOST_ENTRIES):
                if not _begins(entry.name, prefix):
                    continue
                if printable(entry.name) != entry.name:
                    left_out += 1
                    continue
                found.append(_match(entry, head + slash))
    except (OSError, ValueError):
        return Matches((), 0)
    return Matches(tuple(sorted(found, key=_rank)), left_out)


def completed(text: str, matches: tuple[Match, ...]) -> str:
    """`text` with what all matches have in common."""
    columns = zip(*(match.value for match in matches), strict=False)
    same = itertools.takewhile(lambda characters: len(set(characters)) == 1, columns)
    common = "".join(characters[0] for characters in same)
    return common if len(common) > len(text) else text


def _begins(name: str, prefix: str) -> bool:
    if name.startswith(".") and not prefix.startswith("."):
        return False
    return name.casefold().startswith(prefix.casefold())


def _match(entry: os.DirEntry[str], before: str) -> Match:
    is_folder, size = False, 0
    try:
        is_folder = entry.is_dir()
        size = 0 if is_folder else entry.stat().st_size
    except OSError:
        pass
    name = f"{entry.name}/" if is_folder else entry.name
    return Match(before + name, name, is_folder, size)


def _rank(match: Match) -> tuple[int, str]:
    is_source = match.name.casefold().endswith(SOURCE_ENDINGS)
    return (1 if match.is_folder else 0 if is_source else 2, match.name.casefold())


_MOST_MATCHES = 50
_LOW = 20
_SETTINGS = ("format", "mode", "text", "ids", "labels", "between", "groups", "none")
_MAY_BE_EMPTY = ("ids", "groups")


class SourceForm(Vertical):
    """Asks for a source; tells its screen when the source or a setting has changed."""

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
        yield Field("file", PathLine("path", complete=self._complete))
        with Horizontal():
            yield Field("session", Line("name", restrict=r"[A-Za-z0-9_.\-/]{0,200}"))
            yield Field("none-label", Line("none"))
        with Horizontal():
            yield Field("format", Line("format"))
            yield Field("mode", Line("mode"))
        with Horizontal():
            yield Field("text in", Line("text"))
            yield Field("ids in", Line("ids"))
        yield Field("labels in", Line("labels"))
        with Horizontal():
            yield Field("delimiter", Line("between"))
            yield Field("groups in", Line("groups"))
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
        self._input("format").suggester = suggester_of([str(known) for known in SourceFormat])
        self._input("mode").suggester = suggester_of(["multi-label", "multi-class"])
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
                line.suggester = suggester_of(names)
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

    def _input(self, key: str) -> Line:
        return cast(Line, self.query_one(f"#{key}", Input))


# The command that starts a session from a source, and the words that describe how it is read.


def new_command(
    name: str, source: str, settings: SourceSettings, engine: EngineSettings | None = None
) -> str:
    """``comprehend-tuner new`` with every setting that is not left to detection.

    Args:
        name: session name, or its folder.
        source: path of the source.
        settings: what is given; None is left out.
        engine: the engine; None for the offline twin as it is.
    """
    options = {
        "--format": settings.format,
        "--mode": settings.mode,
        "--text-column": settings.text_column,
        "--id-column": settings.id_column,
        "--label-columns": _columns(settings.label_columns),
        "--label-column": settings.label_column,
        "--label-delimiter": settings.label_delimiter,
        "--field-delimiter": settings.field_delimiter,
        "--group-column": settings.group_column,
        "--none-label": settings.none_label if settings.none_label != "clean" else None,
        "--unlabelled": settings.unlabelled if settings.unlabelled != "none-label" else None,
    }
    words = [name, source]
    for option, value in options.items():
        words += [] if value is None else [option, str(value)]
    return shlex.join(["comprehend-tuner", *_engine_words(engine), "new", *words])


def command_of_session(folder: Path, directory: Path, state: SessionState) -> str:
    """The command that would make this session again."""
    is_here = folder.parent == (directory / SESSIONS_FOLDER).resolve()
    name = folder.name if is_here else str(folder)
    return new_command(name, state.imported.source_path, state.source, state.engine)


def _engine_words(engine: EngineSettings | None) -> list[str]:
    """The global options that give this engine."""
    usual = EngineSettings()
    engine = engine or usual
    is_offline = engine.name == "offline"
    given = {
        "--engine": None if is_offline else engine.name,
        "--region": None if is_offline and engine.region == usual.region else engine.region,
        "--profile": engine.profile,
        "--bucket": engine.bucket,
        "--role-arn": engine.role_arn,
        "--endpoint-url": engine.endpoint_url,
        "--poll": None if engine.poll_s is None else f"{engine.poll_s:g}",
    }
    return [word for option, value in given.items() if value for word in (option, value)]


def reading_words(settings: SourceSettings) -> list[str]:
    """How a source is read, one fact each; safe to show."""
    words = [str(settings.format or "format detected")]
    if settings.text_column:
        words.append(f'text in "{printable(settings.text_column, 40)}"')
    if settings.label_columns:
        words.append(f"labels in {len(settings.label_columns)} columns")
    if settings.label_column:
        words.append(f'labels in "{printable(settings.label_column, 40)}"')
    if settings.label_delimiter == LIST_CELLS:
        words.append("cells hold lists")
    elif settings.label_delimiter:
        words.append(f"labels parted by {printable(settings.label_delimiter)!r}")
    if settings.id_column:
        words.append(f'ids in "{printable(settings.id_column, 40)}"')
    if settings.group_column:
        words.append(f'groups in "{printable(settings.group_column, 40)}"')
    words.append(f'without labels: "{printable(settings.none_label, 40)}"')
    return words


def _columns(columns: tuple[str, ...] | None) -> str | None:
    if not columns or any("," in column for column in columns):
        return None
    return ",".join(columns)


# What a session's import read, its revisions and its labels.


_MOST_NOTES = 4
_MOST_REVISIONS = 4
_NARROW = 72


class ImportedView(Vertical):
    """Source, how it was read, notes, revisions, and how often each label occurs."""

    DEFAULT_CSS = """
    ImportedView #imported-facts { height: auto; max-height: 13; }
    ImportedView #labels { min-height: 4; }
    """

    def __init__(self, ascii_only: bool) -> None:
        super().__init__()
        self._ascii_only = ascii_only
        self._counts: Sequence[LabelCount] = ()

    def compose(self) -> ComposeResult:
        """Facts, filter, labels."""
        yield Static("", id="imported-facts")
        yield FilterLine("#labels")
        yield RowTable("labels", more="rows more: filter")

    def show(self, state: SessionState) -> None:
        """Show what was imported."""
        self.query_one("#imported-facts", Static).update(self._facts(state))

    def show_counts(self, counts: Sequence[LabelCount]) -> None:
        """Show how often each label occurs."""
        self._counts = counts
        self._show_table()

    def on_resize(self) -> None:
        """Draw the bars as long as there is room."""
        self._show_table()

    @on(FilterLine.Changed)
    def _filtered(self) -> None:
        self._show_table()

    def _facts(self, state: SessionState) -> Content:
        report, data = state.imported, state.dataset
        arrow = glyph("arrow", self._ascii_only)
        source = report.source_path.rpartition("/")[2]
        shape = (
            f"{printable(source, 40)} {arrow} {plural(data.documents, 'document')}, "
            f"{plural(len(data.labels), 'label')}, {data.mode}"
        )
        pieces = [
            literal(shape, "bold"),
            self._fact("source", report.source_path),
            self._fact("read as", plain(" · ".join(reading_words(state.source)), self._ascii_only)),
            self._fact("rows", self._rows_words(state)),
        ]
        pieces += [self._fact("note", note) for note in report.notes[:_MOST_NOTES]]
        if len(report.notes) > _MOST_NOTES:
            pieces.append(self._fact("note", f"{len(report.notes) - _MOST_NOTES} more: see log"))
        hidden = len(state.revisions) - _MOST_REVISIONS
        if hidden > 0:
            pieces.append(self._fact("", f"{plural(hidden, 'older revision')} not shown"))
        for revision in state.revisions[-_MOST_REVISIONS:]:
            size = plural(revision.documents, "document")
            pieces.append(self._fact(revision.id, f"{size}: {printable(revision.how, 160)}"))
        return Content("\n").join(pieces)

    def _rows_words(self, state: SessionState) -> str:
        report = state.imported
        amounts = (
            (report.not_scored_rows, "left out as not scored"),
            (report.none_label_documents, "with the none-label"),
            (report.contradictions, "with the none-label beside another"),
            (report.repeated_label_cells, "naming a label twice"),
            (report.renamed_ids, "with a changed id"),
        )
        words = [f"{report.rows_read:,} read", *(f"{n:,} {what}" for n, what in amounts if n)]
        return plain(" · ".join(words), self._ascii_only)

    def _fact(self, name: str, text: str) -> Content:
        return literal(f"{name:<9}", "$text-muted").append(literal(text))

    def _show_table(self) -> None:
        if not self._counts:
            return
        filter_line = self.query_one(FilterLine)
        shown = [row for row in self._counts if filter_line.lets_through(row.label)]
        filter_line.show_count(len(shown), len(self._counts))
        label_width = 14 if self.app.size.width < _NARROW else 24
        room = max(self.app.size.width - label_width - 27, 6)
        columns = (
            Column("label", label_width),
            Column("documents", 9, is_number=True),
            Column("share", 6, is_number=True),
            Column("", 0),
        )
        top = max(self._counts[0].count, 1)
        self.query_one(RowTable).show(columns, [self._row(row, top, room) for row in shown])

    def _row(self, row: LabelCount, top: int, room: int) -> Row:
        length = round(room * row.count / top) or (1 if row.count else 0)
        bar = glyph("bar", self._ascii_only) * length
        label = row.label or "(blank)"
        return Row(row.label, (label, f"{row.count:,}", percentage(row.share), bar))
