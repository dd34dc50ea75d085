"""The thresholds step: move a threshold and watch what it does."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar
from weakref import WeakKeyDictionary

from textual.app import ComposeResult
from textual.widgets import Static

from core.errors import TunerError
from core.workflow.actions.run_curves import RunCurves, needs_tuning, tunable_run
from core.workflow.actions.tune import load_report
from core.workflow.actions.working_thresholds import (
    SavedThresholds,
    equivalent_command,
    moved,
    start_working,
    tuning_settings,
)
from core.workflow.overview import Overview
from core.workflow.steps import scores_inputs
from tui.jobs import Work
from tui.render import lines
from tui.screens.modal import TextModal
from tui.screens.step import StepScreen
from tui.screens.thresholds_questions import ObjectiveModal, SaveModal
from tui.screens.thresholds_texts import (
    missing_texts,
    opening_text,
    save_facts,
    saved_text,
    unsaved_text,
)
from tui.screens.thresholds_work import (
    KeptRun,
    board_view,
    load_work,
    overlaid_runs,
    save_work,
    tune_work,
)
from tui.widgets.chrome import SessionLine
from tui.widgets.thresholds_board import BoardView, ThresholdsBoard

if TYPE_CHECKING:
    from tui.app import TunerApp

_KEPT: "WeakKeyDictionary[TunerApp, dict[tuple[Path, str], KeptRun]]" = WeakKeyDictionary()
"""Changes that are not saved outlive the screen; they end with the app."""


class ThresholdsScreen(StepScreen):
    """The labels, the curve of one, and what its threshold does."""

    step_id: ClassVar[str] = "thresholds"
    title_words: ClassVar[str] = "thresholds"
    DEFAULT_CSS = "ThresholdsScreen #missing { padding: 1 1; }"

    def __init__(self) -> None:
        super().__init__()
        self._is_waiting = self._has_tuned = self._was_told = self._is_leaving = False
        self._run = self._part = self._other_run = ""
        self._view: BoardView | None = None
        self._log_axis = False
        self._remarks: dict[str, str] = {}

    def compose_body(self) -> ComposeResult:
        """What is missing, or the board."""
        yield Static("", id="missing")
        yield ThresholdsBoard(self.tuner.settings.ascii_only)

    @property
    def board(self) -> ThresholdsBoard:
        """Table, chart and figures."""
        return self.query_one(ThresholdsBoard)

    @property
    def kept(self) -> KeptRun:
        """What the app keeps of the run that is shown."""
        runs = _KEPT.setdefault(self.tuner, {})
        return runs.setdefault((self.overview.folder, self._run), KeptRun())

    def show_session(self, overview: Overview) -> None:
        """Tune when nothing is tuned yet, load the curves when they are not here, then show."""
        if self._is_waiting:
            return
        run = tunable_run(self.session, overview.state)
        self.board.display = run is not None
        self.query_one("#missing").display = run is None
        if run is None:
            texts = missing_texts(overview, self.tuner.settings.ascii_only)
            self.query_one("#missing", Static).update(lines(texts))
            return
        self._run = run.name
        if needs_tuning(self.session, run):
            if not self._has_tuned:
                self._has_tuned = True
                self._start("tune", tune_work(self.session, run.name))
            return
        curves = self.kept.curves.get(run.name)
        if curves is None or curves.scores != scores_inputs(run):
            self._start("curves", load_work(self.session, run.name))
            return
        working = self.kept.working = start_working(run, self.kept.working)
        if self._part not in curves.parts:
            self._part = working.tuned_on
        self._remarks = {
            label.label: label.note for label in load_report(self.session, run).labels if label.note
        }
        self._show_view()
        self._tell(overview)

    def where(self) -> str:
        """The part that is shown."""
        if self._view is None:
            return self.title_words
        return f"{self._part} {self._view.curves.sizes[self._part]:,} docs"

    def job_finished(self, name: str, result: object) -> None:
        """Keep curves; tell where thresholds were saved."""
        self._is_waiting = False
        if isinstance(result, RunCurves):
            self.kept.curves[result.run] = result
        self.show_session(self.overview)
        if self.board.display and self.focused is None:
            self.board.table.focus()
        if isinstance(result, SavedThresholds):
            text = saved_text(result, self.tuner.settings.ascii_only)
            self.app.push_screen(TextModal("Thresholds saved", text))

    def job_failed(self, name: str, error: TunerError) -> None:
        """Show what there is; curves that cannot be read are not asked for again."""
        self._is_waiting = False
        if name != "curves":
            self.show_session(self.overview)
            self.banner.show_error(error)

    def action_move(self, steps: int) -> None:
        """Move the threshold of the highlighted label."""
        view, label = self._ready()
        if view is None or label is None:
            return
        curve = view.curves.parts[view.part][label]
        value = moved(view.working.values[label], steps, curve, self._log_axis)
        if view.working.set(label, value):
            self.board.show_moved({label})

    def action_best(self) -> None:
        """Take the objective's choice for the highlighted label."""
        view, label = self._ready()
        if view is None or label is None:
            return
        choice = view.working.best(view.curves, label)
        self.board.show_moved({label})
        if choice.note:
            self.banner.show_note(f"{label}: {choice.note}")

    def action_best_all(self, objective: str | None = None) -> None:
        """Take the choices of an objective, the present one by default, for all labels."""
        view, _ = self._ready()
        if view is not None:
            view.working.best_of_all(view.curves, objective)
            self.board.show_moved(view.curves.labels)

    def action_objective(self) -> None:
        """Choose what to tune for."""
        view, _ = self._ready()
        if view is not None:
            modal = ObjectiveModal(view.working.objective)
            self.app.push_screen(modal, lambda name: self.action_best_all(name) if name else None)

    def action_axis(self) -> None:
        """Change between the linear and the logarithmic axis."""
        self._log_axis = not self._log_axis
        self._show_view()

    def action_part(self) -> None:
        """Show the next part, over the one that was shown."""
        view, _ = self._ready()
        if view is None:
            return
        if len(view.curves.parts) == 1:
            self.banner.show_note(f"{self._part} is the only part with scores")
            return
        self._part = view.curves.following_part(self._part)
        self._show_view()

    def action_other_run(self) -> None:
        """Overlay the next other run that has scores of this part; after the last, none."""
        view, _ = self._ready()
        if view is None:
            return
        names = overlaid_runs(self.overview.state, self._run, self._part)
        if not names:
            self.banner.show_note("no other run has scores of this part")
            return
        following = ["", *names, ""]
        self._other_run = following[following.index(self._other_run) + 1]
        if self._other_run and self._other_run not in self.kept.curves:
            self._start("curves", load_work(self.session, self._other_run))
        else:
            self._show_view()

    def action_undo(self) -> None:
        """Take the last change back."""
        view, _ = self._ready()
        if view is None:
            return
        changed = view.working.undo()
        self.board.show_moved(changed or ())
        if changed is None:
            self.banner.show_note("nothing to undo")

    def action_filter(self) -> None:
        """Filter the labels."""
        if self._view is not None:
            self.board.begin_filter()

    async def action_back(self) -> None:
        """Clear the filter, or go back to the sessions."""
        if not self.board.end_filter():
            await self.tuner.action_back()

    async def action_quit(self) -> None:
        """Leave; with unsaved thresholds only when asked a second time."""
        unsaved = self._unsaved()
        if unsaved and not self._is_leaving:
            self._is_leaving = True
            self.banner.show_note(f"{unsaved}: s saves, q again leaves without")
        else:
            await self.tuner.action_quit()

    def action_save(self) -> None:
        """Ask where to, then save."""
        view, _ = self._ready()
        if view is None:
            return
        settings = tuning_settings(view.working, view.curves)
        facts = save_facts(view.curves, view.working, settings)
        modal = SaveModal(
            facts, f"{self.overview.name}-thresholds.json", self.tuner.settings.directory
        )
        self.app.push_screen(modal, lambda path: self._save(path) if path else None)

    def equivalent_command(self) -> str:
        """The command that leaves the thresholds as they stand here."""
        name = self.overview.name
        if self._view is None:
            return super().equivalent_command()
        settings = tuning_settings(self._view.working, self._view.curves)
        return equivalent_command(name, settings, Path(f"{name}-thresholds.json"))

    def copied_value(self) -> str:
        """The threshold of the highlighted label."""
        label = self.board.selected
        if self._view is None or label is None:
            return super().copied_value()
        return repr(self._view.working.values[label])

    def _ready(self) -> tuple[BoardView | None, str | None]:
        """The view and the highlighted label, unless a job is changing them."""
        if self._view is None:
            return None, None
        if self._is_waiting:
            self.banner.show_note("one moment: the last step is not finished")
            return None, None
        self._is_leaving = False
        if self.banner.text:
            self.banner.clear()
        return self._view, self.board.selected

    def _show_view(self) -> None:
        kept = self.kept
        curves, working = kept.curves.get(self._run), kept.working
        if curves is None or working is None:
            return
        self._view = board_view(kept, curves, working, self._part, self._other_run)
        self._view = replace(self._view, remarks=self._remarks, log_axis=self._log_axis)
        self.board.show(self._view)
        self.query_one(SessionLine).show(self.overview, self.where())

    def _tell(self, overview: Overview) -> None:
        note = "" if self._was_told else opening_text(overview, self._unsaved())
        self._was_told = True
        if note:
            self.banner.show_note(note)

    def _unsaved(self) -> str:
        return unsaved_text(self._view.working) if self._view is not None else ""

    def _start(self, name: str, work: Work) -> None:
        self._is_waiting = True
        self.start_job(name, work)

    def _save(self, path: Path) -> None:
        view, _ = self._ready()
        if view is not None:
            settings = tuning_settings(view.working, view.curves)
            self._start("save", save_work(self.session, settings, path))
