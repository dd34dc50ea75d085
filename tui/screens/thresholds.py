"""The thresholds step: move a threshold and watch what it does."""

from pathlib import Path
from typing import ClassVar

from core.errors import TunerError
from core.workflow.actions.compare import CompareReport
from core.workflow.actions.run_curves import RunCurves
from core.workflow.actions.runs import find_run
from core.workflow.actions.working_thresholds import (
    Change,
    SavedThresholds,
    equivalent_command,
    moved,
    tuning_settings,
)
from tui.screens.thresholds_base import ThresholdsBase
from tui.screens.thresholds_objective import ChangeModal, ObjectiveModal
from tui.screens.thresholds_panels import Calibrated, calibration_work, comparison_text
from tui.screens.thresholds_questions import SaveModal
from tui.screens.thresholds_texts import adopted_text, save_facts, saved_text
from tui.screens.thresholds_window import TextWindow
from tui.screens.thresholds_work import (
    LoadedRun,
    change_work,
    compare_work,
    compared_run,
    load_work,
    overlaid_runs,
    save_work,
)
from tui.widgets.thresholds_board import BoardView


class ThresholdsScreen(ThresholdsBase):
    """The labels, the curve of one, and what its threshold does."""

    step_id: ClassVar[str] = "thresholds"

    def __init__(self) -> None:
        super().__init__()
        self._is_leaving = False
        self._save_to: Path | None = None
        """Where to save once the evidence is known."""

    def job_finished(self, name: str, result: object) -> None:
        """Keep curves; show what was asked for; tell where thresholds were saved."""
        self._is_waiting = False
        if isinstance(result, LoadedRun):
            self.take_loaded(result)
        if isinstance(result, RunCurves):
            self.kept.curves[result.run] = result
        self.show_session(self.overview)
        if self.board.display and self.focused is None:
            self.board.table.focus()
        ascii_only = self.tuner.settings.ascii_only
        match result:
            case SavedThresholds():
                window = TextWindow("Thresholds saved", saved_text(result, ascii_only))
                self.app.push_screen(window)
            case Change():
                self.app.push_screen(ChangeModal(result, ascii_only, self._take))
            case CompareReport():
                text = comparison_text(result, ascii_only)
                self.app.push_screen(TextWindow("Compared with another run", text))
            case Calibrated():
                self.app.push_screen(TextWindow(result.title, result.text(ascii_only)))

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
            self.changed({label})

    def action_best(self) -> None:
        """Take the objective's choice for the highlighted label, whatever the evidence says."""
        view, label = self._ready()
        if view is None or label is None:
            return
        choice = view.working.best(view.curves, label)
        self.changed({label})
        against = adopted_text(view.working, view.known, choice)
        if against or choice.note:
            self.banner.show_note(f"{label}: {against or choice.note}")

    def action_best_all(self) -> None:
        """Take for every label what tuning would: the choice, or the default that is kept."""
        view, _ = self._ready()
        if view is not None and view.working.best_of_all(view.curves, view.known):
            self.changed(set(view.curves.labels))

    def action_objective(self) -> None:
        """Choose what to tune for, look at what that would do, then take it or not."""
        view, label = self._ready()
        if view is None:
            return
        modal = ObjectiveModal(view.working.objective, view.working.per_label, label)
        self.app.push_screen(modal, self._plan)

    def _plan(self, wanted: tuple[str, str | None] | None) -> None:
        view, _ = self._ready()
        if view is not None and wanted is not None:
            self.stop_measuring()
            self.start("objective", change_work(view.curves, view.working, *wanted))

    def _take(self, change: Change | None) -> None:
        view, _ = self._ready()
        if view is None:
            return
        if change is None:
            self.changed(set())
        elif view.working.take(change):
            self.changed({row.label for row in change.rows})
        else:
            self.changed(set())
            self.banner.show_note("nothing changes: it is tuned for that already")

    def action_axis(self) -> None:
        """Change between the linear and the logarithmic axis."""
        self._log_axis = not self._log_axis
        self.show_view()

    def action_part(self) -> None:
        """Show the next part, over the one that was shown."""
        view, _ = self._ready()
        if view is None:
            return
        if len(view.curves.parts) == 1:
            self.banner.show_note(f"{self._part} is the only part with scores")
            return
        self._part = view.curves.following_part(self._part)
        self.show_view()

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
            self.start("curves", load_work(self.session, self._other_run))
        else:
            self.show_view()

    def action_compare(self) -> None:
        """Compare the saved thresholds with those of another run, in pairs, on test."""
        view, _ = self._ready()
        if view is None:
            return
        state = self.overview.state
        other = compared_run(state, find_run(state, self._run), self._other_run)
        if not other:
            self.banner.show_note("there is no other run with thresholds to compare with")
            return
        self.start("compare", compare_work(self.session, other, self._run))

    def action_calibration(self) -> None:
        """Show how the scores of the highlighted label read."""
        view, label = self._ready()
        if view is not None and label is not None:
            at = view.working.values[label]
            self.start("scores", calibration_work(view.curves, view.part, label, at))

    def action_groups(self) -> None:
        """Open the plan of label groups for the labels in need; nothing is started."""
        view, _ = self._ready()
        if view is None:
            return
        if self.kept.proposal is None:
            self.banner.show_note("no label needs a group: nothing to plan")
            return
        from tui.screens.train import TrainScreen

        self.tuner.switch_screen(TrainScreen("rare"))

    def action_measure(self) -> None:
        """Gather evidence of the thresholds on the screen now."""
        view, _ = self._ready()
        if view is None:
            return
        if self._is_known:
            self.banner.show_note("these thresholds are measured already")
        elif not self._measuring:
            self._rounds = 0
            self.measure()

    def action_undo(self) -> None:
        """Take the last change back."""
        view, _ = self._ready()
        if view is None:
            return
        changed = view.working.undo()
        if changed is None:
            self.banner.show_note("nothing to undo")
        else:
            self.changed(changed)

    def action_filter(self) -> None:
        """Filter the labels."""
        if self._view is not None:
            self.board.begin_filter()

    async def action_back(self) -> None:
        """Clear the filter, stop gathering evidence, or go back to the sessions."""
        if self.board.end_filter() or self.cancel_job():
            return
        if not self.stop_measuring():
            await self.tuner.action_back()
        elif self._save_to is not None:
            self.measured()

    async def action_quit(self) -> None:
        """Leave; with unsaved thresholds only when asked a second time."""
        unsaved = self.unsaved()
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
        settings = tuning_settings(view.working, view.curves, view.known)
        facts = save_facts(view.curves, view.working, settings)
        modal = SaveModal(
            facts, f"{self.overview.name}-thresholds.json", self.tuner.settings.directory
        )
        self.app.push_screen(modal, lambda path: self._save(path) if path else None)

    def _save(self, path: Path) -> None:
        """Save; the evidence is gathered first, so that what is saved is what is seen."""
        view, _ = self._ready()
        if view is None:
            return
        if self._is_known:
            settings = tuning_settings(view.working, view.curves, view.known)
            self.start("save", save_work(self.session, settings, path))
            return
        self._rounds = 0
        self.measure()
        self._save_to = path
        self.banner.show_note("saving once the evidence is known; esc stops it")

    def measured(self) -> None:
        """Save what waits to be saved; not when gathering was stopped."""
        path = self._save_to
        if path is not None and self._view is not None and not self._measuring:
            if self._is_known:
                self._save(path)
            else:
                self._save_to = None
                self.banner.show_note("not saved: the evidence was not gathered; s tries again")

    def equivalent_command(self) -> str:
        """The command that leaves the thresholds as they stand here."""
        name, view = self.overview.name, self._view
        if view is None:
            return super().equivalent_command()
        settings = tuning_settings(view.working, view.curves, view.known)
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
        self._is_leaving, self._save_to = False, None
        if self.banner.text:
            self.banner.clear()
        return self._view, self.board.selected
