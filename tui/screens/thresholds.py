"""The thresholds step: move a threshold and watch what it does."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar
from weakref import WeakKeyDictionary

from textual import on
from textual.app import ComposeResult
from textual.timer import Timer
from textual.widgets import Static

from core.errors import TunerError
from core.progress import Progress, Watch
from core.text import plural, printable
from core.tuning.objectives import Choice
from core.views.numbers import span
from core.workflow.compare import CompareReport, compare_session_runs
from core.workflow.overview import Overview
from core.workflow.parts import RunCurves, load_run_curves, needs_tuning, tunable_run
from core.workflow.session import Session
from core.workflow.state import RunState, SessionState
from core.workflow.thresholds import TuningSettings, load_report, tune_thresholds
from core.workflow.train import Proposal, propose_groups
from core.workflow.working_thresholds import (
    Change,
    KnownEvidence,
    SavedThresholds,
    Standing,
    WorkingThresholds,
    equivalent_command,
    evidence_of_report,
    gather_known,
    is_known,
    moved,
    planned_change,
    save_working,
    standing_of,
    start_working,
    tuning_settings,
)
from tui.jobs import JobFailed, JobFinished, JobProgressed, Work
from tui.render import lines, plain
from tui.screens.base import StepScreen
from tui.screens.thresholds_windows import (
    Calibrated,
    ChangeModal,
    ObjectiveModal,
    SaveModal,
    calibration_work,
    comparison_text,
)
from tui.widgets.chrome import SessionLine
from tui.widgets.thresholds_board import BoardView, ThresholdsBoard, interval_text
from tui.windows import TextWindow

if TYPE_CHECKING:
    from tui.app import TunerApp


# The jobs of the thresholds screen, and what is kept of their results.


_MOST_KEPT = 16
"""Sets of thresholds whose evidence is kept, for undo."""


@dataclass
class KeptRun:
    """What the app keeps of one run while other screens are open."""

    working: WorkingThresholds | None = None
    curves: dict[str, RunCurves] = field(default_factory=dict)
    """By run: the run's own and those laid over them."""
    known: list[KnownEvidence] = field(default_factory=list)
    """Evidence of present and earlier thresholds, the newest first."""
    known_of: str = ""
    """When the session's thresholds were made whose evidence is among them."""
    proposal: Proposal | None = None

    def remember(self, known: KnownEvidence) -> None:
        """Keep evidence."""
        self.known.insert(0, known)
        del self.known[_MOST_KEPT:]

    def find_known(self, run: str) -> KnownEvidence | None:
        """The evidence of the present thresholds, else the newest there is."""
        working, curves = self.working, self.curves.get(run)
        if working is None or curves is None:
            return None
        for place, known in enumerate(self.known):
            if is_known(working, curves, known):
                self.known.insert(0, self.known.pop(place))
                break
        return self.known[0] if self.known else None


@dataclass(frozen=True)
class LoadedRun:
    """What is read of the run that the screen shows."""

    curves: RunCurves
    working: WorkingThresholds
    """With what its objectives choose already computed."""
    proposal: Proposal | None


def board_view(
    kept: KeptRun, curves: RunCurves, working: WorkingThresholds, part: str, other_run: str
) -> BoardView:
    """One part of a run, with another run over it, or the part that was tuned on."""
    if other_run in kept.curves:
        over = kept.curves[other_run]
        other = over.of(part) if part in over.parts else None
        return BoardView(curves, working, part, other=other, other_name=f"run {other_run}")
    if part != working.tuned_on:
        other = curves.of(working.tuned_on)
        return BoardView(curves, working, part, other=other, other_name=working.tuned_on)
    return BoardView(curves, working, part)


def overlaid_runs(state: SessionState, run: str, part: str) -> list[str]:
    """The other runs that have scores of a part."""
    return [other.name for other in state.runs if other.name != run and part in other.scores]


def compared_run(state: SessionState, run: RunState, overlaid: str) -> str:
    """The run to compare with: the one laid over, else the newest other one with thresholds."""
    others = [one.name for one in state.runs if one.thresholds is not None and one is not run]
    return overlaid if overlaid in others else others[-1] if others else ""


def load_work(session: Session, run: str) -> Work:
    """Read the curves of a run that is laid over."""
    return lambda watch,: load_run_curves(session, run, watch)


def load_shown_work(session: Session, run: str) -> Work:
    """Read the run that is shown: curves, choices, whether label groups would help."""

    def work(
        watch: Watch,
    ) -> LoadedRun:
        import plotext  # noqa: F401 - loaded here, so that the first chart does not wait for it

        curves = load_run_curves(session, run, watch)
        working = start_working(session.state().run_named(run))
        working.chosen(curves)
        return LoadedRun(curves, working, propose_groups(session, run))

    return work


def tune_work(session: Session, run: str) -> Work:
    """Tune a run that has no thresholds yet."""
    settings = TuningSettings(run=run)
    return lambda watch,: tune_thresholds(session, settings, watch)


def evidence_work(curves: RunCurves, tuned_on: str, standing: Standing) -> Work:
    """Gather evidence of the thresholds on the screen."""
    return lambda watch,: gather_known(curves, tuned_on, standing, watch)


def change_work(
    curves: RunCurves, working: WorkingThresholds, name: str, label: str | None
) -> Work:
    """Work out what an objective would change."""
    part, values = working.tuned_on, dict(working.values)
    aims: tuple[str, Mapping[str, str]] = (working.objective, dict(working.per_label))
    return lambda watch,: planned_change(curves, part, values, aims, name, label, watch)


def compare_work(session: Session, other: str, run: str) -> Work:
    """Compare a run with another one, at the thresholds that both have in the session."""
    return lambda watch,: compare_session_runs(session, [other, run], watch=watch)


def save_work(session: Session, settings: TuningSettings, path: Path) -> Work:
    """Keep thresholds in the session and write their file."""
    return lambda watch,: save_working(session, settings, path, watch)


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


def kept_text(labels: tuple[str, ...]) -> str:
    """Which labels went to the default because the evidence does not bear their choice."""
    names = ", ".join(printable(label, 30) for label in labels[:_NAMED])
    more = f" and {len(labels) - _NAMED} more" if len(labels) > _NAMED else ""
    return f"{names}{more}: the evidence keeps the default; b takes the choice all the same"


def adopted_text(working: WorkingThresholds, known: KnownEvidence | None, choice: Choice) -> str:
    """That a choice is used against the evidence; empty when it is not."""
    label = choice.label
    if known is None or known.decision(label, choice, working.objective_of(label)) != "default":
        return ""
    return f"used although the evidence keeps the default: {known.records[label].why}"


def save_facts(
    curves: RunCurves, working: WorkingThresholds, settings: TuningSettings
) -> list[str]:
    """What saving would write."""
    earlier = () if settings.forget_by_hand else working.saved_by_hand
    by_hand = len({*settings.set_by_hand, *earlier})
    own = len(settings.per_label)
    facts = [
        f"{plural(len(curves.labels), 'label')} of run {curves.run}, {by_hand} set by hand,",
        f"the others tuned for {settings.objective} on {working.tuned_on}"
        + (f", {own} for another objective." if own else "."),
    ]
    if settings.adopt:
        names = ", ".join(printable(label, 30) for label in settings.adopt[:_NAMED])
        facts.append(f"Adopted against the evidence: {names}")
    return facts


def saved_text(saved: SavedThresholds, ascii_only: bool) -> str:
    """Where the file is, how good it is, and the lines of Python that use it."""
    report = saved.report
    before, after = (
        span(summary.macro_f1_low, summary.macro_f1_high)
        for summary in (report.default, report.tuned)
    )
    optimistic = " (optimistic: tuned there)" if report.is_optimistic else ""
    interval = interval_text(report.macro_f1_interval)
    measured = (
        f"macro-F1 {before} → {after} {interval}, measured on {report.measured_on}{optimistic}"
    )
    looks = f"thresholds were measured on the test part {report.test_looks} time(s)"
    texts = [str(saved.path), "", plain(measured, ascii_only), looks, "", saved.usage]
    return "\n".join(texts)


# What the thresholds screen shows, and the jobs that bring it: loading, tuning, evidence.


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
        if curves is None or curves.scores != run.scores_fingerprint:
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
        return f"{self._part} {len(self._view.curves.parts[self._part]):,} docs"

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
        curve = view.curves.of(view.part)[label]
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
        other = compared_run(state, state.run_named(self._run), self._other_run)
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
