"""The split step: ratios and seed, and what every part would get."""

from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Static

from core.dataset.documents import Dataset
from core.dataset.label_sets import parse_ratios
from core.dataset.splits import SplitAudit
from core.errors import InvalidInput
from core.progress import Watch
from core.text import command_word
from core.workflow.data import current_dataset
from core.workflow.overview import Overview
from core.workflow.split import SplitMade, preview_split, split_dataset
from core.workflow.state import SplitState
from tui.render import glyph, lines, literal, plain
from tui.screens.base import StepScreen
from tui.widgets.dataset import audit_lines, audit_notes, audit_row, ratios_text
from tui.widgets.forms import Field, FieldInput
from tui.widgets.tables import Column, FilterLine, RowTable

_DEFAULT_RATIOS = "70/10/20"
_NARROW = 72
_LOW = 20


@dataclass(frozen=True)
class Wanted:
    """What the inputs ask for."""

    ratios: tuple[float, ...]
    seed: int
    dataset: str
    """Fingerprint of the revision that is to be split."""


class SplitScreen(StepScreen):
    """Ratios and seed with a live audit; keeping it writes the files."""

    step_id: ClassVar[str] = "split"
    AUTO_FOCUS = ""
    title_words = "split"
    DEFAULT_CSS = """
    SplitScreen #split-inputs { height: 1; }
    SplitScreen #split-inputs Field { width: 30; }
    SplitScreen #split-state { width: 1fr; height: auto; max-height: 2; }
    SplitScreen #split-sizes { height: auto; }
    SplitScreen #split-notes { height: auto; max-height: 6; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._dataset: tuple[str, Dataset] | None = None
        self._audit: tuple[Wanted, SplitAudit] | None = None
        self._failure = ""
        self._is_filled = False
        self._is_writing = False

    def compose_body(self) -> ComposeResult:
        """Inputs, state, sizes, audit, notes."""
        with Horizontal(id="split-inputs"):
            yield Field("ratios", FieldInput("ratios", restrict=r"[0-9./]{0,24}"))
            yield Field("seed", FieldInput("seed", restrict=r"[0-9]{0,9}"))
        yield Static("", id="split-state")
        yield Static("", id="split-sizes")
        yield FilterLine("#audit")
        yield RowTable("audit", more="rows more: filter")
        yield Static("", id="split-notes")

    def show_session(self, overview: Overview) -> None:
        """Fill the inputs from the newest split, once, and show its audit."""
        if not self._is_filled:
            self._is_filled = True
            split = overview.state.split
            self.query_one("#ratios", Input).value = (
                ratios_text(split.ratios) if split else _DEFAULT_RATIOS
            )
            self.query_one("#seed", Input).value = str(split.seed if split else 0)
            self.query_one(RowTable).focus()
        self._preview()
        self._show_all()

    def wanted(self) -> Wanted:
        """What the inputs ask for.

        Raises:
            InvalidInput: the ratios or the seed are unusable.
        """
        text = self.query_one("#ratios", Input).value
        split = self.overview.state.split
        is_same = split is not None and text == ratios_text(split.ratios)
        ratios = split.ratios if split is not None and is_same else parse_ratios(text)
        seed = self.query_one("#seed", Input).value
        if not seed:
            raise InvalidInput(
                "Cannot split", "the seed is empty", "give a whole number, such as 0"
            )
        return Wanted(ratios, int(seed), self.overview.state.dataset.fingerprint)

    def _wanted_or_none(self) -> Wanted | None:
        try:
            wanted = self.wanted()
        except InvalidInput as error:
            self._failure = f"{error.message}; {error.hint}"
            return None
        self._failure = ""
        return wanted

    def _kept(self) -> SplitState | None:
        """The newest split when it is what the inputs ask for."""
        split, wanted = self.overview.state.split, self._wanted_or_none()
        if split is None or wanted is None:
            return None
        of_split = Wanted(split.ratios, split.seed, split.dataset)
        return split if of_split == wanted else None

    def _preview(self) -> None:
        """Compute what the inputs ask for, unless it is known or being computed."""
        wanted = self._wanted_or_none()
        is_known = self._audit is not None and self._audit[0] == wanted
        if wanted is None or is_known or self.is_busy:
            return
        session, state, known = self.session, self.overview.state, self._dataset

        def work(watch: Watch) -> tuple[Dataset, SplitAudit]:
            if known is not None and known[0] == wanted.dataset:
                dataset = known[1]
            else:
                dataset = current_dataset(session, state)
            return dataset, preview_split(dataset, wanted.ratios, wanted.seed).audit

        def previewed(result: tuple[Dataset, SplitAudit]) -> None:
            dataset, audit = result
            self._dataset = (wanted.dataset, dataset)
            self._take_audit(wanted, audit)

        def failed(error: BaseException) -> None:
            if wanted != self._wanted_or_none():
                self._preview()
            self._show_all()

        self.run(work, previewed, failed)

    def _take_audit(self, wanted: Wanted, audit: SplitAudit) -> None:
        """Show the newest audit; compute again when the inputs have changed meanwhile."""
        self._audit = (wanted, audit)
        self._preview()
        self._show_all()

    def action_run_step(self) -> None:
        """Keep the split: write the training files, the scoring files and their line maps."""
        try:
            wanted = self.wanted()
        except InvalidInput as error:
            self.banner.show_error(error)
            return
        if self.is_busy and self._is_writing:
            self.banner.show_note("the split is being written already")
            return
        session, ratios, seed = self.session, wanted.ratios, wanted.seed
        self._is_writing = True
        self.run(
            lambda watch: split_dataset(session, ratios, seed, watch),
            self._tell_kept,
            self._not_kept,
        )

    def _tell_kept(self, made: SplitMade) -> None:
        self._is_writing = False
        split = made.split
        if made.is_new:
            files = ", ".join(split.training)
            self.banner.show_note(
                f"kept as {split.id}: training files ({files}) and scoring files are in "
                f"data/{split.id}/ of the session"
            )
        else:
            self.banner.show_note(f"unchanged: this split is kept as {split.id} already")
        self._take_audit(Wanted(split.ratios, split.seed, split.dataset), made.audit)

    def _not_kept(self, error: BaseException) -> None:
        self._is_writing = False
        self._show_all()

    @on(Input.Changed, "#ratios")
    @on(Input.Changed, "#seed")
    def _edited(self) -> None:
        if self._is_filled:
            self._preview()
            self._show_all()

    @on(Input.Submitted)
    def _accepted(self) -> None:
        self.query_one(RowTable).focus()

    @on(FilterLine.Changed)
    def _filtered(self) -> None:
        self._show_table()

    def action_edit(self) -> None:
        """Type ratios, then the seed."""
        self.query_one("#ratios", Input).focus()

    async def action_back(self) -> None:
        """Leave the input, clear the filter, or go back to the sessions."""
        if self.query_one(FilterLine).close():
            return
        if isinstance(self.focused, Input):
            self.query_one(RowTable).focus()
        else:
            await self.tuner.action_back()

    def equivalent_command(self) -> str:
        """The command that keeps the same split."""
        name = self.session_argument
        ratios = command_word(self.query_one("#ratios", Input).value or _DEFAULT_RATIOS)
        seed = self.query_one("#seed", Input).value or "0"
        return f"comprehend-tuner --session {name} split --ratios {ratios} --seed {seed}"

    def on_resize(self, event: events.Resize) -> None:
        """Show fewer figures where there is less room."""
        if self._is_filled:
            self._show_all()

    def _show_all(self) -> None:
        self.query_one("#split-state", Static).update(self._state_content())
        self.query_one("#split-sizes", Static).update(self._sizes_content())
        self._show_table()
        notes = self._notes()
        self.query_one("#split-notes", Static).update(lines(notes))
        self.query_one("#split-notes").display = bool(notes)
        self.query_one("#split-notes").styles.max_height = 2 if self.app.size.height < _LOW else 6

    def _state_content(self) -> Content:
        ascii_only = self.tuner.settings.ascii_only
        kept, split = self._kept(), self.overview.state.split
        if self._failure:
            text = f"{glyph('error', ascii_only)} {self._failure}"
            return literal(plain(text, ascii_only), "$text-error")
        if kept is not None:
            text = (
                f"{glyph('done', ascii_only)} kept as {kept.id}, made of revision {kept.revision}"
            )
            return literal(text, "$text-success")
        if split is None:
            return literal(f"{glyph('ready', ascii_only)} nothing kept yet; r keeps this split")
        is_stale = split.dataset != self.overview.state.dataset.fingerprint
        why = f"the dataset changed since {split.id}" if is_stale else f"differs from {split.id}"
        text = f"{glyph('stale', ascii_only)} {why}; r keeps this split instead"
        return literal(text, "$text-warning")

    def _show_table(self) -> None:
        if self._audit is None:
            return
        audit = self._audit[1]
        filter_line = self.query_one(FilterLine)
        shown = [row for row in audit.labels if filter_line.lets_through(row.label)]
        filter_line.show_count(len(shown), len(audit.labels))
        is_narrow = self.app.size.width < _NARROW
        width = 8 if is_narrow else 15
        columns = (
            Column("label", 0),
            *(Column(name[:width], width, is_number=True) for name in audit.part_names),
            Column("off", 6 if is_narrow else 8, is_number=True),
        )
        self.query_one(RowTable).show(columns, [audit_row(row, is_narrow) for row in shown])

    def _sizes_content(self) -> Content:
        ascii_only = self.tuner.settings.ascii_only
        if self._audit is None:
            return literal(plain("working out the parts …", ascii_only), "$text-muted")
        size = self.app.size
        found = audit_lines(self._audit[1], size.width < _NARROW, size.height < _LOW)
        if self._audit[0] != self._wanted_or_none():
            found[0] += " · of the inputs before"
        return lines([plain(line, ascii_only) for line in found])

    def _notes(self) -> list[str]:
        if self._audit is None:
            return []
        kept = self._kept()
        findings = kept.findings if kept else ()
        return audit_notes(self._audit[1], findings, self.tuner.settings.ascii_only)
