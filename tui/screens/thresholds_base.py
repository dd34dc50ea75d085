"""What the thresholds screen shows, and the jobs that bring it: loading, tuning, evidence."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar
from weakref import WeakKeyDictionary

from textual import on
from textual.app import ComposeResult
from textual.timer import Timer
from textual.widgets import Static

from core.errors import TunerError
from core.workflow.actions.run_curves import RunCurves, needs_tuning, tunable_run
from core.workflow.actions.tune import load_report
from core.workflow.actions.working_thresholds import (
    KnownEvidence,
    WorkingThresholds,
    evidence_of_report,
    is_known,
    standing_of,
    start_working,
)
from core.workflow.overview import Overview
from core.workflow.state import RunState
from core.workflow.steps import scores_inputs
from tui.jobs import Work
from tui.messages import JobFailed, JobFinished, JobProgressed
from tui.render import lines
from tui.screens.step import StepScreen
from tui.screens.thresholds_texts import (
    groups_text,
    kept_text,
    measuring_text,
    missing_texts,
    opening_text,
    unsaved_text,
)
from tui.screens.thresholds_work import (
    KeptRun,
    LoadedRun,
    board_view,
    evidence_work,
    load_shown_work,
    tune_work,
)
from tui.widgets.chrome import SessionLine
from tui.widgets.thresholds_board import BoardView, ThresholdsBoard

if TYPE_CHECKING:
    from tui.app import TunerApp

_KEPT: "WeakKeyDictionary[TunerApp, dict[tuple[Path, str], KeptRun]]" = WeakKeyDictionary()
"""Changes that are not saved outlive the screen; they end with the app."""
REST = 0.5
"""Seconds without a change after which evidence is gathered anew."""
_MOST_ROUNDS = 3
"""Evidence may put a label elsewhere, which asks for evidence again; not more often than this."""
_AT_REST = "once the keys rest"
_STOPPED = "not measured; r measures"


class ThresholdsBase(StepScreen):
    """Loads and shows; keys are those of the subclass."""

    step_id: ClassVar[str] = "thresholds"
    title_words: ClassVar[str] = "thresholds"
    DEFAULT_CSS = "ThresholdsBase #missing { padding: 1 1; }"

    def __init__(self) -> None:
        super().__init__()
        self._is_waiting = self._has_tuned = self._was_told = False
        self._run = self._part = self._other_run = ""
        self._view: BoardView | None = None
        self._log_axis = False
        self._timer: Timer | None = None
        self._measuring = self._rounds = 0

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
                self.start("tune", tune_work(self.session, run.name))
            return
        curves = self.kept.curves.get(run.name)
        if curves is None or curves.scores != scores_inputs(run):
            self.start("curves", load_shown_work(self.session, run.name))
            return
        self._show_run(run, curves)
        self._tell(overview)

    def _show_run(self, run: RunState, curves: RunCurves) -> None:
        kept, made = self.kept, run.thresholds
        assert made is not None
        working = kept.working = start_working(run, kept.working)
        if kept.known_of != made.made_at:
            report = load_report(self.session, run)
            known = evidence_of_report(report, working.saved_per_label, curves.default)
            kept.known_of = made.made_at
            if known is not None:
                kept.remember(known)
        if self._part not in curves.parts:
            self._part = working.tuned_on
        self.show_view()
        if not self._is_known and not self._measuring and self._timer is None:
            self.rest()

    def where(self) -> str:
        """The part that is shown."""
        if self._view is None:
            return self.title_words
        return f"{self._part} {self._view.curves.sizes[self._part]:,} docs"

    def take_loaded(self, loaded: LoadedRun) -> None:
        """Keep what was read of the run that is shown."""
        kept = self.kept
        kept.curves[loaded.curves.run] = loaded.curves
        kept.proposal = loaded.proposal
        if kept.working is None:
            kept.working = loaded.working
        else:
            kept.known.clear()
            kept.known_of = ""

    def show_view(self) -> None:
        """Show everything anew."""
        kept = self.kept
        curves, working = kept.curves.get(self._run), kept.working
        if curves is None or working is None:
            return
        view = board_view(kept, curves, working, self._part, self._other_run)
        proposal = groups_text(kept.proposal) if kept.proposal else ""
        self._view = replace(
            view,
            known=kept.find_known(self._run),
            proposal=proposal,
            log_axis=self._log_axis,
        )
        self.board.show(self._view)
        self.query_one(SessionLine).show(self.overview, self.where())

    def changed(self, labels: "frozenset[str] | set[str]") -> None:
        """Show labels whose threshold has changed; evidence follows when the keys rest."""
        assert self._view is not None
        self.stop_measuring("")
        self._view = replace(self._view, known=self.kept.find_known(self._run))
        self.board.show_moved(labels, self._view)
        if not self._is_known:
            self.rest()

    @property
    def _is_known(self) -> bool:
        view = self._view
        return view is not None and is_known(view.working, view.curves, view.known)

    def rest(self) -> None:
        """Gather evidence when nothing is changed for a while."""
        if self._timer is not None:
            self._timer.stop()
        self.board.show_pending(_AT_REST)
        self._rounds = 0
        self._timer = self.set_timer(REST, self.measure)

    def stop_measuring(self, text: str = _STOPPED) -> bool:
        """Gather no evidence; whether some was being gathered or about to be."""
        was_on = bool(self._measuring) or self._timer is not None
        if self._timer is not None:
            self._timer.stop()
        if self._measuring:
            self.tuner.jobs.cancel(self._measuring)
        self._timer, self._measuring = None, 0
        if was_on and text:
            self.board.show_pending(text)
        return was_on

    def measure(self) -> None:
        """Gather evidence of the thresholds on the screen, in the background."""
        view = self._view
        self.stop_measuring("")
        if view is None or self._is_known:
            return
        self._rounds += 1
        standing = standing_of(view.working, view.curves, view.known)
        work = evidence_work(view.curves, view.working.tuned_on, standing)
        self.board.show_pending(measuring_text(None))
        self._measuring = self.tuner.jobs.start(self, "evidence", work)

    def on_unmount(self) -> None:
        """Evidence is gathered for a screen that is open."""
        if self._timer is not None:
            self._timer.stop()
        self.tuner.jobs.cancel(self._measuring)

    @on(JobProgressed)
    def _show_measuring(self, message: JobProgressed) -> None:
        if message.job == self._measuring:
            self.board.show_pending(measuring_text(message.progress))

    @on(JobFinished)
    def _take_evidence(self, message: JobFinished) -> None:
        known, view = message.ended.result, self._view
        if message.ended.job != self._measuring or view is None:
            return
        assert isinstance(known, KnownEvidence)
        self._measuring = 0
        self.kept.remember(known)
        settled = view.working.settle(view.curves, known)
        self.board.show_pending("")
        self.show_view()
        if not self._is_known and self._rounds < _MOST_ROUNDS:
            self.measure()
            return
        if settled:
            self.banner.show_note(kept_text(settled))
        self.measured()

    @on(JobFailed)
    def _miss_evidence(self, message: JobFailed) -> None:
        if message.ended.job != self._measuring:
            return
        error = message.ended.error
        self.stop_measuring(f"not measured: {error}")
        if error is not None and not isinstance(error, TunerError):
            self.tuner.show_defect(error)
        self.measured()

    def measured(self) -> None:
        """Called when evidence was gathered, or could not be."""

    def _tell(self, overview: Overview) -> None:
        note = "" if self._was_told else opening_text(overview, self.unsaved())
        self._was_told = True
        if note:
            self.banner.show_note(note)

    def unsaved(self) -> str:
        """How much is not saved; empty when everything is."""
        working: WorkingThresholds | None = self._view.working if self._view is not None else None
        return unsaved_text(working) if working is not None else ""

    def start(self, name: str, work: Work) -> None:
        """Start a job that changes what is shown; keys wait for it."""
        self._is_waiting = True
        self.start_job(name, work)
