"""What the oversample screen shows, and the background work that brings it.

It has two faces: the plan (labels, arms, what they come to) and the experiment (arms with their
figures). Whatever is counted is counted in a thread; an older count is given up for a newer one.
"""

import time
from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult

from core.workflow.experiments import ArmStatus
from core.workflow.overview import Overview
from tui.messages import JobProgressed
from tui.screens.engine_step import WAITING
from tui.screens.oversample_keys import footer_of
from tui.screens.oversample_plan import Planned, plan_view
from tui.screens.oversample_planning import Face, OversamplePlanning
from tui.screens.oversample_relay import SweepRelay, relay_of
from tui.screens.oversample_texts import head_text, hint_text
from tui.screens.oversample_wish import wish_of
from tui.screens.oversample_work import (
    ExperimentView,
    compare_work,
    inputs_of,
    view_of,
)
from tui.widgets.arms_board import ArmsBoard, ArmsView
from tui.widgets.arms_input import ArmsInput
from tui.widgets.arms_lines import shown_names
from tui.widgets.arms_plan import ArmsPlan
from tui.widgets.chrome import KeyFooter
from tui.widgets.preflight import PreflightPanel

COMPARING = "compare arms"
_REFRESH_S = 1.0
"""Seconds between two looks at the arms while they run, at least."""


class OversampleBase(OversamplePlanning):
    """Reads and shows; keys are those of the subclass."""

    step_id: ClassVar[str] = "oversample"
    title_words: ClassVar[str] = "oversample"

    def __init__(self) -> None:
        super().__init__()
        self._wanted = ""
        """The experiment that is looked at; empty for the newest."""
        self._name = ""
        self._looked_at = 0.0
        self._has_begun = False
        """Whether the app has seen that the sweep runs."""
        self._faults: tuple[ArmStatus, ...] = ()
        """Arms that the last run gave up for now."""
        self._compared: object = None
        """The experiment that comparing was begun for; not begun twice."""

    def compose_body(self) -> ComposeResult:
        """The check of the account, both faces, a line to type in."""
        ascii_only = self.tuner.settings.ascii_only
        yield PreflightPanel(ascii_only)
        yield ArmsPlan(ascii_only)
        board = ArmsBoard(ascii_only)
        board.display = False
        yield board
        yield ArmsInput(ascii_only)

    relay: SweepRelay
    """Where the session's sweep runs."""

    def on_mount(self) -> None:
        """Hear of a sweep that another screen of this step has started."""
        self.relay = relay_of(self.tuner, self.overview.folder)
        self.relay.listener = self
        self._wanted = self.relay.experiment
        if self.relay.is_running:
            self._current_job = self.relay.job

    def on_unmount(self) -> None:
        """Let a sweep go on unheard."""
        if self.relay.listener is self:
            self.relay.listener = None

    @property
    def plan_pane(self) -> ArmsPlan:
        """Labels and arms that are planned."""
        return self.query_one(ArmsPlan)

    @property
    def board(self) -> ArmsBoard:
        """The experiment."""
        return self.query_one(ArmsBoard)

    @property
    def line(self) -> ArmsInput:
        """Where arms and targets are typed."""
        return self.query_one(ArmsInput)

    def show_session(self, overview: Overview) -> None:
        """Show what is known, and read the arms again when something has changed."""
        self._begin_split(overview)
        seen = inputs_of(overview)
        if seen != self._seen:
            self._seen = seen
            self._look_at_arms()
        self._replan_when_stale()
        self.show_view()

    def _look_at_arms(self) -> None:
        session, wanted = self.session, self._wanted
        self._looked_at = time.monotonic()
        self.look(lambda reporter, cancel: view_of(session, wanted))

    def look_at(self, experiment_id: str) -> None:
        """Show another experiment, now and when this screen opens again."""
        self._wanted = self.relay.experiment = experiment_id
        self._look_at_arms()

    def lacks_experiment(self) -> bool:
        """Say that there is no experiment yet; whether there is none."""
        is_missing = self.view is None or self.view.experiment is None
        if is_missing:
            self.tell("no experiment yet: choose labels with space, then r starts it")
        return is_missing

    @on(JobProgressed)
    def _follow_arms(self, message: JobProgressed) -> None:
        """Look at the arms again while they run, now and then."""
        if message.job != self._current_job or message.name != WAITING:
            return
        if not self._has_begun:
            self._has_begun = True
            self.tuner.reload()
        elif time.monotonic() - self._looked_at >= _REFRESH_S and not self.is_looking:
            self._look_at_arms()

    def looked(self, result: object) -> None:
        """Show the arms; the first time choose the face and take over what was planned."""
        assert isinstance(result, ExperimentView)
        if self.view is None:
            self._begin_with(result)
        super().looked(replace(result, faults=self._faults))
        self._replan_when_stale()
        self.compare_when_due()

    def _begin_with(self, view: ExperimentView) -> None:
        split = self.overview.state.split
        experiment = view.experiment
        is_of_split = experiment is not None and split is not None and experiment.split == split.id
        if experiment is not None and is_of_split:
            self._wish = wish_of(experiment)
        if not self._face:
            self._face = "experiment" if is_of_split else "plan"

    def compare_when_due(self) -> None:
        """Compare a finished experiment whose comparison is missing or stale, once."""
        view = self.view
        if view is None or view.experiment is None or view.report is not None:
            return
        if self.is_busy or self.is_looking:  # what is being read may hold the comparison
            return
        key = (view.experiment.id, self._seen)
        if view.is_finished and view.is_comparable and self._compared != key:
            self._compared = key
            self.start_job(COMPARING, compare_work(self.session, view.experiment.id))

    def show_view(self) -> None:
        """Show the face that is open."""
        is_experiment = self._face == "experiment"
        keys = footer_of(self._face, self._is_single, self.view, self.is_busy)
        self.query_one(KeyFooter).show(keys)
        self.plan_pane.display = not is_experiment and not self.is_report_open
        self.board.display = is_experiment and not self.is_report_open
        if is_experiment:
            self._show_experiment()
        else:
            sweep = (
                self._sweep if self._sweep is not None and self._sweep.wish == self._wish else None
            )
            planned = Planned(
                self._single, self._is_single, self._wish, sweep, self._place, self.is_busy
            )
            self.plan_pane.show(plan_view(planned, self.kept, self._missing))

    def focus_first(self) -> None:
        """The table of the face that is open, when nothing else has the focus."""
        focused = self.focused
        if self.is_current and (focused is None or not focused.display or not focused.visible):
            self.focus_table()

    def focus_table(self) -> None:
        """Go to the labels, or to the arms."""
        if self.is_report_open:
            return
        is_experiment = self._face == "experiment"
        (self.board.table if is_experiment else self.plan_pane.table).focus()

    def _show_experiment(self) -> None:
        view = self.view
        if view is None or view.experiment is None:
            return
        names = shown_names(view.experiment)
        self._name = self._name if self._name in names else names[0]
        self.board.show(
            ArmsView(
                head_text(view.experiment, view.report, self.overview.state),
                view.shown,
                view.report,
                self._name,
                hint_text(self._name, names, len(self.overview.state.experiments)),
            )
        )

    def open_face(self, face: Face) -> None:
        """Show the plan or the experiment, its table in focus."""
        self.line.close()
        self._face = face
        if not self.is_busy:
            self.banner.clear()
        self._replan_when_stale()
        self.show_view()
        self.focus_table()

    def close_line(self) -> None:
        """Stop typing and go back to the labels."""
        self.line.close()
        self.banner.clear()
        self.focus_table()
