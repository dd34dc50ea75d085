"""The form of a new session: file, name, how the file is read, and a preview of its rows."""

from pathlib import Path
from typing import cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from core.cli.wish import GivenEngine
from core.comprehend.clients import EngineSettings
from core.dataset.formats import Detection, SourceFormat, SourceSettings
from core.text import plural, printable
from tui.render import lines, literal, plain
from tui.widgets.engine_form import EngineForm
from tui.widgets.field import Field, Line, suggester_of
from tui.widgets.fitted_table import FittedTable
from tui.widgets.path_line import PathLine
from tui.widgets.path_matches import Matches, completed, is_file, matches_of, typed_path
from tui.widgets.source_preview import free_name, preview_of
from tui.widgets.source_settings import settings_of

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
        yield FittedTable("preview")

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
        self.query_one("#preview", FittedTable).fill(columns, rows)
        self._show_preview(True)

    def show_failure(self) -> None:
        """Leave nothing standing that was detected before."""
        self._detection = None
        self._show_words(Content(""))
        self.query_one("#preview", FittedTable).fill((), [])

    def leave(self) -> bool:
        """Move the focus from the fields to the preview; whether there is one."""
        preview = self.query_one("#preview", FittedTable)
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
