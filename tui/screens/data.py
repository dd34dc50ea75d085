"""The data step: import a labelled file, or look at what was imported."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from core.comprehend.engine import EngineSettings, check_settings, configured_region
from core.dataset.formats.detect import detect_source
from core.dataset.formats.sources import LIST_CELLS, SourceSettings
from core.dataset.health.findings import LabelCount, label_distribution
from core.errors import InvalidInput
from core.progress import Watch
from core.text import command_line, plural, printable
from core.views.numbers import percentage
from core.workflow.data import Created, NewSession, create_session, current_dataset
from core.workflow.overview import Overview
from core.workflow.session import SESSIONS_FOLDER, new_folder
from core.workflow.state import SessionState
from tui.render import glyph, literal, plain
from tui.screens.base import StepScreen
from tui.widgets.source_form import EngineChoice, SourceForm
from tui.widgets.tables import Column, FilterLine, Row, RowTable

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


class DataScreen(StepScreen):
    """Without a session: choose a file and import it. With one: what its import found."""

    step_id: ClassVar[str] = "data"
    AUTO_FOCUS = ""

    def __init__(self) -> None:
        super().__init__()
        self._counted = ""
        self._is_importing = False

    def compose_body(self) -> ComposeResult:
        """The form of a new session, or the view of the open one."""
        settings = self.tuner.settings
        if self.tuner.overview is None:
            yield SourceForm(settings.directory, settings.engine, settings.ascii_only)
        else:
            yield ImportedView(settings.ascii_only)

    def on_mount(self) -> None:
        """The labels have the focus; in the form, the path."""
        super().on_mount()
        if self._form is None:
            self.query_one(RowTable).focus()

    def where(self) -> str:
        """Whether this is a new session."""
        return "new session" if self.tuner.overview is None else "data"

    @property
    def _form(self) -> SourceForm | None:
        forms = self.query(SourceForm)
        return forms.first() if forms else None

    def show_session(self, overview: Overview) -> None:
        """Show the import; count the labels once for each revision."""
        if self._form is not None:
            return
        self.query_one(ImportedView).show(overview.state)
        state, session = overview.state, self.session
        if self._counted == state.dataset.fingerprint or self.is_busy:
            return
        self._counted = state.dataset.fingerprint

        self.run(
            lambda watch: label_distribution(current_dataset(session, state)),
            self.query_one(ImportedView).show_counts,
        )

    def action_run_step(self) -> None:
        """Import the file as a new session."""
        form = self._form
        if form is None:
            self.banner.show_note(
                "a session has one source: esc, then a, starts a new session from another file"
            )
            return
        if self._is_importing:
            self.banner.show_note("the file is being imported; x stops it")
            return
        source = form.source
        if source is None:
            self.banner.show_note("name a labelled file first: e edits the path")
            return
        try:
            folder, given, engine = self._folder(form), form.given(), form.engine
        except InvalidInput as error:
            self.banner.show_error(error)
            return

        def work(watch: Watch) -> Created:
            new = NewSession(folder, source, given, _checked(engine))
            return create_session(new, watch)

        self._is_importing = True
        self.run(work, self._open_imported, self._not_imported)

    def _open_imported(self, created: Created) -> None:
        self._is_importing = False
        self.tuner.open_session(created.session.folder)

    def _not_imported(self, error: BaseException) -> None:
        self._is_importing = False

    def _folder(self, form: SourceForm) -> Path:
        return new_folder(form.session_name, self.tuner.settings.directory)

    @on(SourceForm.Changed)
    def _detect(self) -> None:
        form = self._form
        if form is None or self._is_importing:
            return
        self.banner.clear()
        source = form.source
        if source is None:
            self.main_slot.forget()
            return
        try:
            given = form.given()
        except InvalidInput as error:
            self.banner.show_error(error)
            return
        self.run(
            lambda watch: detect_source(source, given),
            form.show_detection,
            lambda error: form.show_failure(),
        )

    def action_edit(self) -> None:
        """Type the path; tab goes on to the settings."""
        if self._form is None:
            self.action_run_step()
        else:
            self._form.edit()

    def action_filter(self) -> None:
        """Type words that the labels must hold."""
        if self._form is None:
            super().action_filter()

    async def action_back(self) -> None:
        """Leave the field, clear the filter, or go back to the sessions."""
        form = self._form
        if form is not None:
            is_typing = isinstance(self.focused, Input | EngineChoice)
            if not (is_typing and form.leave()):
                self.cancel_job()
                self.tuner.close_session()
            return
        if not self.query_one(FilterLine).close():
            await self.tuner.action_back()

    def equivalent_command(self) -> str:
        """The command that imports the same file the same way."""
        overview, directory = self.tuner.overview, self.tuner.settings.directory
        if overview is not None:
            return command_of_session(overview.folder, directory, overview.state)
        form = self._form
        if form is None or form.source is None:
            return "comprehend-tuner new NAME SOURCE"
        try:
            given = form.given()
        except InvalidInput:
            given = SourceSettings()
        return new_command(form.session_name or "NAME", str(form.source), given, form.engine)


def _checked(engine: EngineSettings) -> EngineSettings:
    """The engine with its Region filled in, when it can be reached as far as can be told here."""
    if engine.name == "aws" and not engine.region:
        region = configured_region(engine.profile) or EngineSettings().region
        engine = msgspec.structs.replace(engine, region=region)
    check_settings(engine)
    return engine


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
    return command_line(["comprehend-tuner", *_engine_words(engine), "new", *words])


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
