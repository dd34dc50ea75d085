"""The oversample step: choose positives per label and see what that does to every label."""

import shlex

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from core.errors import InvalidInput, TunerError
from core.progress import CancelToken, Reporter
from core.text import plural, printable
from core.workflow.actions.oversample import (
    OversamplePreview,
    clear_oversampling,
    oversample_training,
    parse_target,
    preview_oversampling,
)
from core.workflow.overview import Overview
from core.workflow.state import OversamplingState
from tui.render import cell, lines, literal, plain
from tui.screens.step import StepScreen
from tui.widgets.key_table import KeyTable

_MOST_ROWS = 500


class OversampleScreen(StepScreen):
    """Positives wanted per label, and the counts of all labels before and after."""

    step_id = "oversample"
    title_words = "oversample"

    DEFAULT_CSS = """
    OversampleScreen #oversample-lead { height: auto; }
    OversampleScreen #oversample-labels { height: 1fr; }
    OversampleScreen #oversample-target-name { height: 1; color: $text-accent; }
    OversampleScreen #oversample-summary { height: auto; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._split = ""
        self._targets: dict[str, int] = {}
        self._seed = 0
        self._labels: tuple[str, ...] = ()
        self._before: dict[str, int] = {}
        self._after: dict[str, int] = {}
        self._added = 0

    def compose_body(self) -> ComposeResult:
        """What it does, the labels, the target, what comes of it."""
        yield Static("", id="oversample-lead", markup=False)
        yield KeyTable("oversample-labels")
        name = Static("", id="oversample-target-name", markup=False)
        name.display = False
        yield name
        target = Input(id="oversample-target")
        target.cursor_blink = False
        target.display = False
        yield target
        yield Static("", id="oversample-summary", markup=False)

    def on_mount(self) -> None:
        """Fill the frame; the labels have the focus."""
        super().on_mount()
        self._table.focus()

    def show_session(self, overview: Overview) -> None:
        """Begin with what is kept for the present split."""
        split = overview.state.split
        if split is None:
            self._lead("needs a split: press 3 (Split) to deal the documents")
            return
        if split.dataset != overview.state.dataset.fingerprint:
            self._lead("the dataset changed since the split: press 3 (Split) to deal it again")
            self._labels = ()
            return
        if split.fingerprint != self._split:
            self._split = split.fingerprint
            self._labels = tuple(split.support)
            self._before = {label: split.support[label]["train"] for label in self._labels}
            self._after, self._added = dict(self._before), 0
            kept = self._kept(overview)
            if kept is not None:
                self._targets, self._seed = dict(kept.targets), kept.seed
                self._after, self._added = dict(kept.after), kept.added
        self._show()

    def job_finished(self, name: str, result: object) -> None:
        """Show the counts that came out."""
        if isinstance(result, OversamplePreview | OversamplingState):
            self._before, self._after = dict(result.before), dict(result.after)
            self._added = result.added
        if isinstance(result, OversamplingState):
            self.tuner.say("kept: the next run (4 Train) uses it")
        if name == "forget":
            self._targets, self._seed = {}, 0
            self._after, self._added = dict(self._before), 0
            self.tuner.say("forgotten: the next run trains on the part as it was split")
        self._show()

    def job_failed(self, name: str, error: TunerError) -> None:
        """Go on with what the session holds when a target cannot be met."""
        if name == "preview":
            self._added, self._after = 0, {}
            self._show()

    def equivalent_command(self) -> str:
        """The command that keeps the same targets."""
        if not self._targets:
            return f"{super().equivalent_command()} --clear"
        targets = " ".join(
            f"--to {shlex.quote(f'{label}={count}')}" for label, count in self._targets.items()
        )
        return f"{super().equivalent_command()} {targets} --seed {self._seed}"

    def copied_value(self) -> str:
        """The highlighted label."""
        return self._highlighted or self.equivalent_command()

    def action_run_step(self) -> None:
        """Write the training file of the next run."""
        if self.is_busy:
            return
        if not self._targets:
            self.banner.show_note("no target yet: press e to set the highlighted label's")
            return
        session, targets, seed = self.session, dict(self._targets), self._seed

        def work(reporter: Reporter, cancel: CancelToken) -> OversamplingState:
            return oversample_training(session, targets, seed)

        self.start_job("keep", work)

    def action_clear(self) -> None:
        """Forget the repeated documents, kept or not."""
        if self.is_busy:
            return
        session = self.session

        def work(reporter: Reporter, cancel: CancelToken) -> None:
            clear_oversampling(session)

        if self.overview.state.oversampling is None:
            self.job_finished("forget", None)
        else:
            self.start_job("forget", work)

    def action_edit(self) -> None:
        """Type the positives wanted of the highlighted label, or LABEL=N."""
        label = self._highlighted
        if label is None:
            return
        name = self.query_one("#oversample-target-name", Static)
        name.update(
            literal(f"positives of {printable(label, 30)} in train, or LABEL=N (empty: no target)")
        )
        target = self.query_one("#oversample-target", Input)
        target.value = str(self._targets.get(label, "")) or ""
        name.display = target.display = True
        target.focus()

    async def action_back(self) -> None:
        """Leave the input, or the session."""
        if self.query_one("#oversample-target", Input).display:
            self._close_input()
        else:
            await self.tuner.action_back()

    @on(Input.Submitted, "#oversample-target")
    def _take_target(self, event: Input.Submitted) -> None:
        label, text = self._highlighted, event.value.strip()
        if label is None:
            return
        targets = dict(self._targets)
        try:
            if not text:
                targets.pop(label, None)
            elif text.isdecimal():
                _, targets[label] = parse_target(f"{label}={text}")
            else:
                named, count = parse_target(text)
                targets[self._known(named)] = count
        except TunerError as error:
            self.banner.show_error(error)
            return
        self._targets = targets
        self._close_input()
        self._preview()

    def _known(self, label: str) -> str:
        if label not in self._labels:
            raise InvalidInput("No such label", f"{printable(label, 60)!r} is not a label here", "")
        return label

    def _close_input(self) -> None:
        self.query_one("#oversample-target-name", Static).display = False
        self.query_one("#oversample-target", Input).display = False
        self.banner.clear()
        self._table.focus()

    def _preview(self) -> None:
        session, targets, seed = self.session, dict(self._targets), self._seed
        if not targets:
            self._after, self._added = dict(self._before), 0
            self._show()
            return

        def work(reporter: Reporter, cancel: CancelToken) -> OversamplePreview:
            return preview_oversampling(session, targets, seed)

        self._show()
        self.start_job("preview", work)

    @on(KeyTable.WidthChanged)
    def _fit(self) -> None:
        if self._labels:
            self._show()

    def _show(self) -> None:
        self._lead(
            "Repeats positives in train only; calibration and test stay as they are.\n"
            "Copies raise the labels beside the chosen one as well: read every row."
        )
        table = self._table
        row = table.cursor_row
        table.clear(columns=True)
        width = max(table.size.width - 46, 12)
        table.add_column(cell("label"), width=min(width, 40))
        for title in ("target", "now", "after", "change"):
            table.add_column(cell(title, justify="right"), width=8)
        for label in self._labels[:_MOST_ROWS]:
            before, after = self._before[label], self._after.get(label)
            change = "?" if after is None else f"{after - before:+,}" if after != before else "="
            style = "bold" if label in self._targets else ""
            target = f"{self._targets[label]:,}" if label in self._targets else ""
            cells = [
                cell(label, style),
                cell(target, style, "right"),
                cell(f"{before:,}", justify="right"),
                cell("?" if after is None else f"{after:,}", style, "right"),
                cell(change, justify="right"),
            ]
            table.add_cells(cells, self.tuner.settings.ascii_only)
        more = len(self._labels) - _MOST_ROWS
        if more > 0:
            table.add_row(cell(f"{more:,} more"), *[cell("")] * 4)
        table.move_cursor(row=min(row, len(self._labels) - 1))
        self._show_summary()

    def _show_summary(self) -> None:
        kept = self._kept(self.overview)
        if kept is not None and (kept.targets, kept.seed) == (self._targets, self._seed):
            state = "kept: the next run (4 Train) uses it"
        elif kept is not None:
            state = "not kept yet: r keeps it in place of the former targets"
        elif self._targets:
            state = "not kept yet: r keeps it for the next run (4 Train)"
        else:
            state = "no target: e sets one; the next run (4 Train) repeats nothing"
        added = plural(self._added, "copy", "copies")
        text = f"{added} · seed {self._seed} · {state}" if self._targets else state
        self.query_one("#oversample-summary", Static).update(literal(self._plain(text)))

    def _kept(self, overview: Overview) -> OversamplingState | None:
        """What the session keeps for the present split."""
        over = overview.state.oversampling
        return over if over is not None and over.split == self._split else None

    @property
    def _table(self) -> KeyTable:
        return self.query_one(KeyTable)

    @property
    def _highlighted(self) -> str | None:
        row = self._table.cursor_row
        return self._labels[row] if 0 <= row < len(self._labels) else None

    def _lead(self, text: str) -> None:
        lead = self.query_one("#oversample-lead", Static)
        lead.update(lines(self._plain(text).split("\n")))

    def _plain(self, text: str) -> str:
        return plain(text, self.tuner.settings.ascii_only)
