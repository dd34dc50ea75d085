"""The data step: import a labelled file, or look at what was imported."""

from pathlib import Path
from typing import ClassVar

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from core.comprehend.engine import EngineSettings, check_settings, configured_region
from core.dataset.formats.detect import detect_source
from core.dataset.formats.sources import SourceSettings
from core.dataset.health.findings import label_distribution
from core.errors import InvalidInput
from core.progress import Watch
from core.workflow.data import Created, NewSession, create_session, current_dataset
from core.workflow.overview import Overview
from core.workflow.session import new_folder
from tui.screens.base import StepScreen
from tui.widgets.forms import (
    EngineChoice,
    ImportedView,
    SourceForm,
    command_of_session,
    new_command,
)
from tui.widgets.tables import FilterLine, RowTable


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
