"""The oversample step: plan arms, train them, compare them, adopt one; or one training file."""

from textual import on
from textual.widgets import Input

from core.errors import TunerError
from core.text import printable
from core.workflow.actions.oversample import clear_oversampling
from tui.screens.oversample_options import OptionsModal
from tui.screens.oversample_report import figures_text, plan_text
from tui.screens.oversample_runs import COUNTING, FORGET, PREVIEW, OversampleRuns
from tui.screens.oversample_wish import ARMS_HELP, ArmsWish, arms_text, read_arms, toggled
from tui.screens.thresholds_window import TextWindow
from tui.widgets.arms_lines import shown_names


class OversampleScreen(OversampleRuns):
    """The keys of planning and looking; those of running are its base's."""

    def action_face(self) -> None:
        """Change between the plan and the experiment."""
        if self._face == "experiment":
            self.open_face("plan")
        elif not self.lacks_experiment():
            self.open_face("experiment")
            plan = self._sweep.plan if self._sweep is not None else None
            if plan is not None and plan.is_resumed and self._sweep_is_of_wish:
                self.look_at(plan.id)

    def action_experiment(self, steps: int) -> None:
        """Look at another experiment of the session."""
        if self.lacks_experiment():
            return
        known = [one.id for one in self.overview.state.experiments]
        shown = self.view.experiment.id if self.view and self.view.experiment else known[-1]
        if len(known) == 1:
            self.tell(f"{shown} is the only experiment of this session")
        elif self._face == "experiment":
            self.look_at(known[(known.index(shown) + steps) % len(known)])
        self.open_face("experiment")

    def action_choose(self) -> None:
        """Let the arms raise the highlighted label, or no longer."""
        if self._face == "experiment":
            self.tell("labels are chosen on the plan: p opens it")
            return
        label = self.plan_pane.highlighted
        if not self.lacks_split() and self._single is not None and label is not None:
            self._plan_sweep(toggled(self._wish, label, tuple(self._single.before)))

    def _plan_sweep(self, wish: ArmsWish) -> None:
        if wish.is_whole_set != self._wish.is_whole_set or wish.amounts != self._wish.amounts:
            self._place = 0
        self._wish, self._is_single = wish, False
        if not self.is_busy:
            self.banner.clear()
        self._replan_when_stale()
        self.show_view()

    def action_move(self, steps: int) -> None:
        """Highlight another arm of the plan, or show the figures of another label."""
        view = self.view
        if self._face == "experiment" and view is not None and view.experiment is not None:
            names = shown_names(view.experiment)
            at = names.index(self._name) if self._name in names else 0
            self._name = names[(at + steps) % len(names)]
        elif self._has_arms():
            assert self._sweep is not None and self._sweep.plan is not None
            self._place = (self._place + steps) % len(self._sweep.plan.arms)
        self.show_view()

    def _has_arms(self) -> bool:
        """Whether there are counted arms; when not, say why."""
        if self.lacks_split():
            return False
        sweep = self._sweep if self._sweep_is_of_wish else None
        if self._is_single or not self._wish.is_complete:
            self.tell("no arms yet: space chooses the labels to raise")
        elif sweep is None:
            self.tell(COUNTING)
        elif sweep.plan is None and sweep.problem is not None:
            self.banner.show_error(sweep.problem)
        return sweep is not None and sweep.plan is not None and not self._is_single

    def action_arms(self) -> None:
        """Type the arms of the experiment."""
        if self.lacks_split():
            return
        self.open_face("plan")
        self.line.open("arms", f"arms: {ARMS_HELP}", arms_text(self._wish))

    def action_options(self) -> None:
        """Replicates, repeated few, stop rule, seed, label groups."""
        if self.lacks_split():
            return
        self.open_face("plan")

        def taken(wish: ArmsWish | None) -> None:
            if wish is not None:
                self._plan_sweep(wish)

        self.app.push_screen(OptionsModal(self._wish), taken)

    def action_edit(self) -> None:
        """Type the positives wanted of the highlighted label, or LABEL=N, in one training file."""
        if self._single is None or self.waits():
            self.lacks_split()
            return
        self.open_face("plan")
        label = self.plan_pane.highlighted
        if label is not None:
            target = self._single.targets.get(label)
            name = f"positives of {printable(label, 30)} in train, or LABEL=N (empty: no target)"
            self.line.open("target", name, "" if target is None else str(target))

    def action_open(self) -> None:
        """All figures of the highlighted arm; on the plan all it comes to, or a target."""
        group = self.board.group
        ascii_only = self.tuner.settings.ascii_only
        if self._face == "experiment" and self.view is not None and group is not None:
            text = figures_text(group, self.view.report, ascii_only)
            self.app.push_screen(TextWindow(f"Arm {printable(group.name, 40)}", text))
        elif self._face == "plan" and not self._is_single and self._wish.is_complete:
            if self._has_arms():
                assert self._sweep is not None and self._sweep.plan is not None
                text = plan_text(self._sweep.plan, ascii_only)
                self.app.push_screen(TextWindow("The experiment", text))
        elif self._face == "plan":
            self.action_edit()

    @on(Input.Submitted, "#oversample-input")
    def _take_typed(self, event: Input.Submitted) -> None:
        text, label, single = event.value.strip(), self.plan_pane.highlighted, self._single
        try:
            if self.line.asked == "arms":
                wish = read_arms(self._wish, text)
                self.close_line()
                self._plan_sweep(wish)
            elif single is not None and label is not None:
                single.read_target(label, text)
                self.close_line()
                self._preview_single()
        except TunerError as error:
            self.banner.show_error(error)

    def _preview_single(self) -> None:
        self._is_single = True
        assert self._single is not None
        self.show_view()
        if self._single.targets:
            self.start_job(PREVIEW, self._single.preview_work(self.session))

    async def action_back(self) -> None:
        """Leave the input, then the check, then the session."""
        if self.line.asked:
            self.close_line()
        else:
            await super().action_back()

    def action_clear(self) -> None:
        """Forget the repeated documents, kept or not, and the chosen labels."""
        if self._single is None or self.waits():
            self.lacks_split()
            return
        self._wish, session = ArmsWish(), self.session
        if self.overview.state.oversampling is None:
            self.job_finished(FORGET, None)
        else:
            self.start_job(FORGET, lambda reporter, cancel: clear_oversampling(session))

    def equivalent_command(self) -> str:
        """Planning and training the same arms, comparing them, or keeping the single file."""
        base = f"comprehend-tuner --session {self.session_argument}"
        view = self.view
        if self._face == "experiment" and view is not None and view.experiment is not None:
            of = f"--experiment {view.experiment.id}"
            is_newest = view.experiment.id == self.overview.state.experiments[-1].id
            if view.is_finished:
                return f"{base} compare{'' if is_newest else f' {of}'}"
            return f"{base} oversample {'--resume' if is_newest else of}"
        if self._single is not None and not self._is_single and self._wish.is_complete:
            return f"{base} oversample {self._wish.options()}"
        options = self._single.options() if self._single is not None else "--clear"
        return f"{base} oversample {options}"

    def copied_value(self) -> str:
        """The run of the highlighted arm, or the highlighted label."""
        group = self.board.group
        if self._face == "experiment" and group is not None:
            return group.arm.run
        return self.plan_pane.highlighted or self.equivalent_command()
