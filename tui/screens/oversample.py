"""The oversample step: plan arms, train them, compare them, adopt one; or one training file."""

from textual import on
from textual.widgets import Input

from core.errors import TunerError
from core.text import printable
from core.workflow.actions.oversample import clear_oversampling
from tui.screens.oversample_options import OptionsModal
from tui.screens.oversample_report import figures_text, plan_text
from tui.screens.oversample_runs import FORGET, PREVIEW, OversampleRuns
from tui.screens.oversample_wish import ARMS_HELP, ArmsWish, arms_text, read_arms, toggled
from tui.screens.thresholds_window import TextWindow
from tui.widgets.arms_lines import shown_names


class OversampleScreen(OversampleRuns):
    """The keys of planning and looking; those of running are its base's."""

    def action_face(self) -> None:
        """Change between the plan and the experiment."""
        if self._face == "plan" and (self.view is None or self.view.experiment is None):
            self.banner.show_note("no experiment yet: choose labels with space, then r starts it")
            return
        self.open_face("plan" if self._face == "experiment" else "experiment")

    def action_choose(self) -> None:
        """Let the arms raise the highlighted label, or no longer."""
        label = self.plan_pane.highlighted
        if self._face == "plan" and self._single is not None and label is not None:
            self._plan_sweep(toggled(self._wish, label, tuple(self._single.before)))

    def _plan_sweep(self, wish: ArmsWish) -> None:
        if wish.is_whole_set != self._wish.is_whole_set or wish.amounts != self._wish.amounts:
            self._place = 0
        self._wish, self._is_single = wish, False
        self._replan_when_stale()
        self.show_view()

    def action_move(self, steps: int) -> None:
        """Highlight another arm of the plan, or show the figures of another label."""
        view = self.view
        if self._face == "experiment" and view is not None and view.experiment is not None:
            names = shown_names(view.experiment)
            at = names.index(self._name) if self._name in names else 0
            self._name = names[(at + steps) % len(names)]
        elif self._sweep is not None and self._sweep.plan is not None and not self._is_single:
            self._place = (self._place + steps) % len(self._sweep.plan.arms)
        self.show_view()

    def action_arms(self) -> None:
        """Type the arms of the experiment."""
        if self._single is None:
            return
        self.open_face("plan")
        self.line.open("arms", f"arms: {ARMS_HELP}", arms_text(self._wish))

    def action_options(self) -> None:
        """Replicates, repeated few, stop rule, seed, label groups."""
        if self._single is None:
            return
        self.open_face("plan")

        def taken(wish: ArmsWish | None) -> None:
            if wish is not None:
                self._plan_sweep(wish)

        self.app.push_screen(OptionsModal(self._wish), taken)

    def action_edit(self) -> None:
        """Type the positives wanted of the highlighted label, or LABEL=N, in one training file."""
        if self._single is None or self.waits():
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
            plan = self._sweep.plan if self._sweep is not None else None
            if plan is not None:
                self.app.push_screen(TextWindow("The experiment", plan_text(plan, ascii_only)))
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
            return
        self._wish, session = ArmsWish(), self.session
        if self.overview.state.oversampling is None:
            self.job_finished(FORGET, None)
        else:
            self.start_job(FORGET, lambda reporter, cancel: clear_oversampling(session))

    def equivalent_command(self) -> str:
        """Planning and training the same arms, comparing them, or keeping the single file."""
        base = f"comprehend-tuner --session {self.session_argument}"
        if self._face == "experiment" and self.view is not None:
            return f"{base} compare" if self.view.is_finished else f"{base} oversample --resume"
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
