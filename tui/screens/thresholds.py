"""The thresholds step: move a threshold and watch what it does."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.timer import Timer
from textual.widgets import Static

from core.errors import TunerError
from core.progress import Progress, Watch
from core.text import plural, printable
from core.tuning.objectives import Choice
from core.workflow.compare import compare_session_runs
from core.workflow.overview import Overview
from core.workflow.parts import RunCurves, load_run_curves, needs_tuning, tunable_run
from core.workflow.session import Session
from core.workflow.state import RunState, SessionState
from core.workflow.thresholds import TuningSettings, load_report, tune_thresholds
from core.workflow.train import Proposal, propose_groups
from core.workflow.working_thresholds import (
    KnownEvidence,
    ObjectiveChange,
    WorkingThresholds,
    aim_of,
    equivalent_command,
    evidence_of_report,
    gather_known,
    is_known,
    moved,
    planned_change,
    save_working,
    start_working,
    tuning_settings,
)
from tui.jobs import Slot
from tui.render import lines, plain
from tui.screens.base import StepScreen
from tui.screens.thresholds_windows import (
    ChangeModal,
    ObjectiveModal,
    SaveModal,
    calibration_of,
    calibration_text,
    comparison_text,
    save_facts,
    saved_text,
)
from tui.widgets.chrome import SessionLine
from tui.widgets.thresholds_board import BoardView, ThresholdsBoard
from tui.windows import TextModal

REST = 0.5
"""Seconds without a change after which evidence is gathered anew."""
_MOST_ROUNDS = 3
"""Evidence may put a label elsewhere, which asks for evidence again; not more often than this."""
_MOST_HELD = 16
"""Sets of thresholds whose evidence is held, for undo."""
_AT_REST = "once the keys rest"

T = TypeVar("T")


@dataclass
class HeldRun:
    """What the app holds of one run while other screens are open: changes outlive the screen."""

    working: WorkingThresholds | None = None
    curves: dict[str, RunCurves] = field(default_factory=dict)
    """By run: the run's own and those laid over them."""
    evidence: list[KnownEvidence] = field(default_factory=list)
    """Of present and earlier thresholds, the newest first."""
    evidence_of: str = ""
    """When the session's thresholds were made whose evidence is among them."""
    proposal: Proposal | None = None

    def remember(self, known: KnownEvidence) -> None:
        """Hold evidence."""
        self.evidence.insert(0, known)
        del self.evidence[_MOST_HELD:]

    def newest_evidence(
        self, working: WorkingThresholds, curves: RunCurves
    ) -> tuple[KnownEvidence | None, bool]:
        """The evidence of the present thresholds, else the newest; and whether it is of these."""
        for place, known in enumerate(self.evidence):
            if is_known(working, curves, known):
                self.evidence.insert(0, self.evidence.pop(place))
                return known, True
        return (self.evidence[0] if self.evidence else None), False


def read_run(
    session: Session, run: str, watch: Watch
) -> tuple[RunCurves, WorkingThresholds, Proposal | None]:
    """Read the run that is shown: curves, choices, whether label groups would help."""
    import plotext  # noqa: F401 - loaded here, so that the first chart does not wait for it

    curves = load_run_curves(session, run, watch)
    working = start_working(session.state().run_named(run))
    working.chosen(curves)
    return curves, working, propose_groups(session, run)


def overlaid_runs(state: SessionState, run: str, part: str) -> list[str]:
    """The other runs that have scores of a part."""
    return [other.name for other in state.runs if other.name != run and part in other.scores]


def compared_run(state: SessionState, run: str, overlaid: str) -> str:
    """The run to compare with: the one laid over, else the newest other one with thresholds."""
    others = [
        other.name for other in state.runs if other.thresholds is not None and other.name != run
    ]
    return overlaid if overlaid in others else others[-1] if others else ""


# What the thresholds screen says about saving and about what is missing.


_NAMED = 3
"""Labels that are named; more are counted."""


def missing_texts(overview: Overview, ascii_only: bool) -> list[str]:
    """Why nothing can be shown, and which keys lead there."""
    texts = ["Thresholds are chosen on scored documents, and there are none yet.", ""]
    for step_id in ("split", "train", "score"):
        status = overview.status_of(step_id)
        if status.status != "done":
            texts.append(f"press {status.step.key}  {status.step.title}: {status.detail}")
    return [plain(text, ascii_only) for text in texts]


def unsaved_text(working: WorkingThresholds) -> str:
    """How much is not saved; empty when everything is."""
    if not working.is_changed:
        return ""
    if not working.unsaved:
        return "the objective was changed and is not saved"
    return f"{plural(len(working.unsaved), 'threshold')} changed and not saved"


def opening_text(overview: Overview, unsaved: str) -> str:
    """What to know on coming to the screen: what is not saved, or that the run is out of date."""
    if unsaved:
        return f"{unsaved}: s saves, u takes back"
    status = overview.status_of("thresholds")
    return f"out of date: {status.detail}" if status.status == "stale" else ""


def groups_text(proposal: Proposal) -> str:
    """That label groups would return the scores that are missing."""
    count = len(proposal.labels)
    verb = "needs" if count == 1 else "need"
    return f"{plural(count, 'label')} {verb} scores that were not returned: g plans label groups"


def measuring_text(progress: Progress | None) -> str:
    """How far the gathering of evidence has come."""
    if progress is None or not progress.total:
        return "measuring … esc stops"
    return f"{progress.task} {progress.done:,}/{progress.total:,}, esc stops"


def settled_text(labels: tuple[str, ...]) -> str:
    """Which labels went to the default because the evidence does not bear their choice."""
    names = ", ".join(printable(label, 30) for label in labels[:_NAMED])
    more = f" and {len(labels) - _NAMED} more" if len(labels) > _NAMED else ""
    return f"{names}{more}: the evidence keeps the default; b takes the choice all the same"


def adopted_text(working: WorkingThresholds, known: KnownEvidence | None, choice: Choice) -> str:
    """That a choice is used against the evidence; empty when it is not."""
    label = choice.label
    if known is None or known.decision(label, choice, working.aim.of(label)) != "default":
        return ""
    return f"used although the evidence keeps the default: {known.records[label].why}"


class ThresholdsScreen(StepScreen):
    """The labels, the curve of one, and what its threshold does.

    Keys change the working thresholds in memory; evidence of them is gathered in the background.
    """

    step_id: ClassVar[str] = "thresholds"
    title_words: ClassVar[str] = "thresholds"
    DEFAULT_CSS = "ThresholdsScreen #missing { padding: 1 1; }"

    board: ThresholdsBoard
    """Table, chart and figures."""

    def __init__(self) -> None:
        super().__init__()
        self._is_waiting = self._has_tuned = self._was_told = self._is_leaving = False
        self._run = self._part = self._other_run = ""
        self.held = HeldRun()
        self._view: BoardView | None = None
        self._log_axis = False
        self._timer: Timer | None = None
        self._measuring = Slot()
        self._rounds = 0
        self._save_to: Path | None = None
        """Where to save once the evidence is known."""

    def compose_body(self) -> ComposeResult:
        """What is missing, or the board."""
        self.board = ThresholdsBoard(self.tuner.settings.ascii_only)
        yield Static("", id="missing")
        yield self.board

    # Loading and showing.

    def show_session(self, overview: Overview) -> None:
        """Tune when nothing is tuned yet, load the curves when they are not here, then show."""
        if self._is_waiting:
            return
        session, run = self.session, tunable_run(self.session, overview.state)
        missing = self.query_one("#missing", Static)
        self.board.display, missing.display = run is not None, run is None
        if run is None:
            missing.update(lines(missing_texts(overview, self.tuner.settings.ascii_only)))
            return
        self._run = name = run.name
        self.held = self.tuner.held_runs.setdefault((overview.folder, name), HeldRun())
        if needs_tuning(session, run):
            if not self._has_tuned:
                self._has_tuned = True
                settings = TuningSettings(run=name)
                self._start(lambda watch: tune_thresholds(session, settings, watch))
            return
        curves = self.held.curves.get(name)
        if curves is None or curves.scores != run.scores_fingerprint:
            self._start(partial(read_run, session, name), self._take_run, is_reading=True)
            return
        self._show_run(run, curves)
        note = "" if self._was_told else opening_text(overview, self.unsaved())
        self._was_told = True
        if note:
            self.banner.show_note(note)

    def _show_run(self, run: RunState, curves: RunCurves) -> None:
        held, made = self.held, run.thresholds
        assert made is not None
        working = held.working = start_working(run, held.working)
        if held.evidence_of != made.made_at:
            report = load_report(self.session, run)
            known = evidence_of_report(report, working.saved_aim.per_label, curves.default)
            held.evidence_of = made.made_at
            if known is not None:
                held.remember(known)
        if self._part not in curves.parts:
            self._part = working.tuned_on
        view = self._show_board()
        if view and not view.is_known and not self._measuring.is_running and self._timer is None:
            self.board.show_pending(_AT_REST)
            self._rest()

    def where(self) -> str:
        """The part that is shown."""
        if self._view is None:
            return self.title_words
        return f"{self._part} {len(self._view.curves.parts[self._part]):,} docs"

    def _take_run(self, loaded: tuple[RunCurves, WorkingThresholds, Proposal | None]) -> None:
        """Hold what was read of the run that is shown."""
        curves, working, self.held.proposal = loaded
        self.held.curves[curves.run] = curves
        if self.held.working is None:
            self.held.working = working
        else:
            self.held.evidence.clear()
            self.held.evidence_of = ""

    def _show_board(self) -> BoardView | None:
        """Show everything anew; the view that is shown, None before anything is read."""
        held = self.held
        curves, working = held.curves.get(self._run), held.working
        if curves is None or working is None:
            return None
        other, other_name = None, ""
        if self._other_run in held.curves:
            over = held.curves[self._other_run]
            other = over.of(self._part) if self._part in over.parts else None
            other_name = f"run {self._other_run}"
        elif self._part != working.tuned_on:
            other, other_name = curves.of(working.tuned_on), working.tuned_on
        known, is_of_now = held.newest_evidence(working, curves)
        self._view = BoardView(
            curves,
            working,
            self._part,
            known,
            is_of_now,
            proposal=groups_text(held.proposal) if held.proposal else "",
            other=other,
            other_name=other_name,
            log_axis=self._log_axis,
        )
        self.board.show(self._view)
        self.query_one(SessionLine).show(self.overview, self.where())
        return self._view

    def _start(
        self,
        work: Callable[[Watch], T],
        then: Callable[[T], object] | None = None,
        is_reading: bool = False,
    ) -> None:
        """Run what changes what is shown; keys wait for it.

        Args:
            work: runs in a thread.
            then: takes its result, before the screen shows it.
            is_reading: whether curves are read, which is not tried again when it fails.
        """
        self._is_waiting = True

        def ended(result: T) -> None:
            self._is_waiting = False
            if then is not None:
                then(result)
            self.show_session(self.overview)
            if self.board.display and self.focused is None:
                self.board.table.focus()

        def failed(error: BaseException) -> None:
            if not isinstance(error, TunerError):
                return
            self._is_waiting = False
            if not is_reading:
                self.show_session(self.overview)
                self.banner.show_error(error)

        self.run(work, ended, failed)

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
        return self._view, self.board.table.selected

    def _open(self, title: str, text: str) -> None:
        self.app.push_screen(TextModal(title, text, keeps_keys=True))

    # Evidence of the thresholds on the screen.

    def _changed(self, label: str | None = None) -> None:
        """Show what has changed, of one label or of all; evidence follows when the keys rest."""
        self._stop_measuring("")
        if label is None or self._view is None:
            self._show_board()
            self.board.show_pending(_AT_REST)
        else:
            view = self._view
            known, is_of_now = self.held.newest_evidence(view.working, view.curves)
            self._view = replace(view, known=known, is_known=is_of_now)
            self.board.show_moved(label, self._view, _AT_REST)
        if self._view is not None and not self._view.is_known:
            self._rest()

    def _rest(self) -> None:
        """Gather evidence when nothing is changed for a while."""
        self._rounds = 0
        self._timer = self.set_timer(REST, self.measure)

    def _stop_measuring(self, text: str = "not measured; r measures") -> bool:
        """Gather no evidence; whether some was being gathered or about to be."""
        was_on = self._measuring.cancel() or self._timer is not None
        self._measuring.forget()
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if was_on and text:
            self.board.show_pending(text)
        return was_on

    def measure(self) -> None:
        """Gather evidence of the thresholds on the screen, in the background."""
        view = self._view
        self._stop_measuring("")
        if view is None or view.is_known:
            return
        self._rounds += 1
        curves, tuned_on = view.curves, view.working.tuned_on
        aim = aim_of(view.working, curves, view.known)
        self.board.show_pending(measuring_text(None))
        self.run_beside(
            self._measuring,
            lambda watch: gather_known(curves, tuned_on, aim, watch),
            self._take_evidence,
            self._miss_evidence,
            lambda progress: self.board.show_pending(measuring_text(progress)),
        )

    def _take_evidence(self, known: KnownEvidence) -> None:
        if self._view is None:
            return
        self.held.remember(known)
        settled = self._view.working.settle(self._view.curves, known)
        self.board.show_pending("")
        view = self._show_board()
        if view is not None and not view.is_known and self._rounds < _MOST_ROUNDS:
            self.measure()
            return
        if settled:
            self.banner.show_note(settled_text(settled))
        self._save_measured()

    def _miss_evidence(self, error: BaseException) -> None:
        self._stop_measuring("")
        self.board.show_pending(f"not measured: {error}")
        if not isinstance(error, TunerError):
            self.tuner.show_defect(error)
        self._save_measured()

    def on_unmount(self) -> None:
        """Evidence is gathered for a screen that is open."""
        self._stop_measuring("")

    def action_measure(self) -> None:
        """Gather evidence of the thresholds on the screen now."""
        view, _ = self._ready()
        if view is None:
            return
        if view.is_known:
            self.banner.show_note("these thresholds are measured already")
        elif not self._measuring.is_running:
            self._rounds = 0
            self.measure()

    # Moving thresholds.

    def action_move(self, steps: int) -> None:
        """Move the threshold of the highlighted label."""
        view, label = self._ready()
        if view is None or label is None:
            return
        curve = view.curves.of(view.part)[label]
        value = moved(view.working.values[label], steps, curve, self._log_axis)
        if view.working.set(label, value):
            self._changed(label)

    def action_best(self) -> None:
        """Take the objective's choice for the highlighted label, whatever the evidence says."""
        view, label = self._ready()
        if view is None or label is None:
            return
        choice = view.working.best(view.curves, label)
        self._changed(label)
        against = adopted_text(view.working, view.known, choice)
        if against or choice.note:
            self.banner.show_note(f"{label}: {against or choice.note}")

    def action_best_all(self) -> None:
        """Take for every label what tuning would: the choice, or the default that is kept."""
        view, _ = self._ready()
        if view is not None and view.working.best_of_all(view.curves, view.known):
            self._changed()

    def action_objective(self) -> None:
        """Choose what to tune for, look at what that would do, then take it or not."""
        view, label = self._ready()
        if view is None:
            return
        modal = ObjectiveModal(view.working.aim.objective, view.working.aim.per_label, label)
        self.app.push_screen(modal, self._plan)

    def _plan(self, aim: tuple[str, str | None] | None) -> None:
        view, _ = self._ready()
        if view is None or aim is None:
            return
        self._stop_measuring()
        curves, working, (name, label) = view.curves, view.working, aim
        part, values = working.tuned_on, dict(working.values)
        present = working.aim
        ascii_only = self.tuner.settings.ascii_only
        self._start(
            lambda watch: planned_change(curves, part, values, present, name, label, watch),
            lambda change: self.app.push_screen(ChangeModal(change, ascii_only, self._take)),
        )

    def _take(self, change: ObjectiveChange | None) -> None:
        view, _ = self._ready()
        if view is None:
            return
        is_taken = change is not None and view.working.take(change)
        self._changed()
        if change is not None and not is_taken:
            self.banner.show_note("nothing changes: it is tuned for that already")

    def action_axis(self) -> None:
        """Change between the linear and the logarithmic axis."""
        self._log_axis = not self._log_axis
        self._show_board()

    def action_part(self) -> None:
        """Show the next part, over the one that was shown."""
        view, _ = self._ready()
        if view is None:
            return
        if len(view.curves.parts) == 1:
            self.banner.show_note(f"{self._part} is the only part with scores")
            return
        self._part = view.curves.following_part(self._part)
        self._show_board()

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
        if self._other_run and self._other_run not in self.held.curves:
            session, other = self.session, self._other_run
            self._start(
                lambda watch: load_run_curves(session, other, watch),
                lambda curves: self.held.curves.update({other: curves}),
                is_reading=True,
            )
        else:
            self._show_board()

    def action_compare(self) -> None:
        """Compare the saved thresholds with those of another run, in pairs, on test."""
        view, _ = self._ready()
        if view is None:
            return
        session, run, ascii_only = self.session, self._run, self.tuner.settings.ascii_only
        other = compared_run(self.overview.state, run, self._other_run)
        if not other:
            self.banner.show_note("there is no other run with thresholds to compare with")
            return
        self._start(
            lambda watch: compare_session_runs(session, [other, run], watch=watch),
            lambda report: self._open(
                "Compared with another run", comparison_text(report, ascii_only)
            ),
        )

    def action_calibration(self) -> None:
        """Show how the scores of the highlighted label read."""
        view, label = self._ready()
        if view is None or label is None:
            return
        curves, part, at = view.curves, view.part, view.working.values[label]
        ascii_only = self.tuner.settings.ascii_only
        self._start(
            lambda watch: calibration_of(curves, part, label, at),
            lambda shown: self._open(
                f"Scores of {printable(label, 40)} on {part}",
                calibration_text(shown, part, ascii_only),
            ),
        )

    def action_groups(self) -> None:
        """Open the plan of label groups for the labels in need; nothing is started."""
        view, _ = self._ready()
        if view is None:
            return
        if self.held.proposal is None:
            self.banner.show_note("no label needs a group: nothing to plan")
            return
        from tui.screens.train import TrainScreen

        self.tuner.switch_screen(TrainScreen("rare"))

    def action_undo(self) -> None:
        """Take the last change back."""
        view, _ = self._ready()
        if view is None:
            return
        changed = view.working.undo()
        if changed is None:
            self.banner.show_note("nothing to undo")
        else:
            self._changed()

    def action_filter(self) -> None:
        """Filter the labels."""
        if self._view is not None:
            self.board.begin_filter()

    async def action_back(self) -> None:
        """Clear the filter, stop gathering evidence, or go back to the sessions."""
        if self.board.end_filter() or self.cancel_job():
            return
        if not self._stop_measuring():
            await self.tuner.action_back()
        elif self._save_to is not None:
            self._save_measured()

    def unsaved(self) -> str:
        """How much is not saved; empty when everything is."""
        return unsaved_text(self._view.working) if self._view is not None else ""

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
        if view.is_known:
            session, ascii_only = self.session, self.tuner.settings.ascii_only
            settings = tuning_settings(view.working, view.curves, view.known)
            self._start(
                lambda watch: save_working(session, settings, path, watch),
                lambda saved: self._open("Thresholds saved", saved_text(saved, ascii_only)),
            )
            return
        self._rounds = 0
        self.measure()
        self._save_to = path
        self.banner.show_note("saving once the evidence is known; esc stops it")

    def _save_measured(self) -> None:
        """Save what waits to be saved, when evidence was gathered or could not be."""
        path, view = self._save_to, self._view
        if path is None or view is None or self._measuring.is_running:
            return
        if view.is_known:
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
        label = self.board.table.selected
        if self._view is None or label is None:
            return super().copied_value()
        return repr(self._view.working.values[label])
