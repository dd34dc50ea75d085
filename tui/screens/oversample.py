"""The oversample step: plan arms, train them, compare them, adopt one; or one training file."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from core.comprehend.pricing import total_estimate
from core.errors import Interrupted, Refused, TunerError
from core.progress import Progress, Watch
from core.text import plural, printable
from core.workflow.experiments.arms import retry_failed, versions
from core.workflow.experiments.compare import (
    ArmsSettings,
    adopt_arm,
    compare_experiment,
)
from core.workflow.experiments.plan import (
    ArmStatus,
    ExperimentPlan,
    Version,
    plan_experiment,
)
from core.workflow.experiments.run import run_experiment, start_experiment
from core.workflow.health import require_health
from core.workflow.money import require_budget
from core.workflow.oversample import clear_oversampling, oversample_training, preview_oversampling
from core.workflow.overview import Overview
from core.workflow.state import ExperimentState, OversamplingState
from tui.jobs import Listener, Slot
from tui.render import plain
from tui.screens.base import PaidStepScreen
from tui.screens.oversample_experiment import (
    ExperimentView,
    Face,
    experiment_inputs,
    footer_of,
    read_experiment,
)
from tui.screens.oversample_plan import (
    ARMS_HELP,
    ArmsDraft,
    CountedDraft,
    Planning,
    amounts_text,
    draft_of,
    read_arms,
    sweep_question,
    toggled,
    whole_plan,
)
from tui.screens.oversample_windows import (
    OptionsModal,
    VersionsModal,
    adopt_facts,
    figures_text,
    head_text,
)
from tui.widgets.arms import ArmsBoard, ArmsInput, ArmsPlan, ArmsView, shown_names
from tui.widgets.chrome import KeyFooter
from tui.widgets.preflight import PreflightPanel, summary
from tui.windows import PayModal, TextModal

_COUNTING = "one moment: the arms are being counted"
_REFRESH_S = 1.0
"""Seconds between two looks at the arms while they run, at least."""


@dataclass
class Sweep:
    """The arms of a session at work; the app holds it while other screens are open.

    Arms wait for their turn and are scored after they are trained, so ending the work with its
    screen would end the sweep. Leaving the app ends it; the jobs of the engine run on even then.
    """

    slot: Slot = field(default_factory=Slot)
    experiment: str = ""
    """The experiment that was looked at last; empty for the newest."""
    screen: "OversampleScreen | None" = None
    """The one that hears of it; None while another screen is open."""


class OversampleScreen(PaidStepScreen[ExperimentView]):
    """The plan (labels, arms, what they come to) and the experiment (arms with their figures)."""

    step_id: ClassVar[str] = "oversample"
    title_words: ClassVar[str] = "oversample"
    nothing_runs: ClassVar[str] = "nothing waits; j shows the jobs, where a training can be stopped"

    plan_pane: ArmsPlan
    board: ArmsBoard
    typing: ArmsInput
    """Where arms and targets are typed."""
    sweep: Sweep

    def __init__(self) -> None:
        super().__init__(experiment_inputs, read_experiment)
        self.planning = Planning()
        self._face: Face = ""
        self._counting, self._reading_versions = Slot(), Slot()
        self._counted_for: tuple[ArmsDraft, object] | None = None
        """What the running count is of."""
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
        self.plan_pane, self.board = ArmsPlan(ascii_only), ArmsBoard(ascii_only)
        self.typing = ArmsInput(ascii_only)
        self.board.display = False
        yield PreflightPanel(ascii_only)
        yield self.plan_pane
        yield self.board
        yield self.typing

    def on_mount(self) -> None:
        """Hear of a sweep that another screen of this step has started."""
        self.sweep = self.tuner.sweeps.setdefault(self.overview.folder, Sweep())
        self.sweep.screen = self
        if self.sweep.slot.is_running:
            self.main_slot = self.sweep.slot
            self.main_slot.listen(self.listener(self._swept, self._not_swept, self._follow))

    def on_unmount(self) -> None:
        """Let a sweep go on; the app tells when it has ended."""
        if self.sweep.screen is not self:
            return
        self.sweep.screen = None
        tuner = self.tuner

        def ended(result: object) -> None:
            if tuner.settings.bell:
                tuner.bell()
            tuner.say("the experiment has ended; 8 shows it")
            tuner.reload()

        self.sweep.slot.listen(Listener(tuner, ended, ended))

    # What is shown.

    def show_session(self, overview: Overview) -> None:
        """Show what is known, and read the arms again when something has changed."""
        self.planning.begin(overview.state)
        inputs = experiment_inputs(overview)
        if inputs != self._seen:
            self._seen = inputs
            self._look_at_arms()
        self._count_when_due()
        self.show_view()

    def _look_at_arms(self) -> None:
        session, experiment = self.session, self.sweep.experiment
        self._looked_at = time.monotonic()
        self.look(lambda watch: read_experiment(session, experiment), self.looked)

    def look_at(self, experiment_id: str) -> None:
        """Show another experiment, now and when this screen opens again."""
        self.sweep.experiment = experiment_id
        self._look_at_arms()

    def looked(self, view: ExperimentView) -> None:
        """Show the arms; the first time choose the face and take over what was planned."""
        if self.view is None:
            split, experiment = self.overview.state.split, view.experiment
            if experiment is not None and split is not None and experiment.split == split.id:
                self.planning.draft = draft_of(experiment)
                self._face = self._face or "experiment"
            self._face = self._face or "plan"
        self.view = replace(view, faults=self._faults)
        self._count_when_due()
        self.show_view()
        self.focus_first()
        self._compare_when_due()

    def show_view(self) -> None:
        """Show the face that is open."""
        is_experiment, is_busy, view = self._face == "experiment", self.is_busy, self.view
        is_report_open = self.is_report_open
        keys = footer_of(self._face, self.planning.is_single, view, is_busy)
        self.query_one(KeyFooter).show(keys)
        self.plan_pane.display = not is_experiment and not is_report_open
        self.board.display = is_experiment and not is_report_open
        state = self.overview.state
        if not is_experiment:
            self.plan_pane.show(self.planning.view(state, is_busy))
        elif view is not None and view.experiment is not None:
            head = head_text(view.experiment, view.report, state)
            names, others = shown_names(view.experiment), len(state.experiments)
            self.board.show(ArmsView(head, view.shown, view.report, names, others))

    def focus_first(self) -> None:
        """The table of the face that is open, when nothing else has the focus."""
        focused = self.focused
        if self.is_current and (focused is None or not focused.display or not focused.visible):
            self._focus_table()

    def _focus_table(self) -> None:
        if not self.is_report_open:
            pane = self.board if self._face == "experiment" else self.plan_pane
            pane.table.focus()

    def _open_face(self, face: Face) -> None:
        """Show the plan or the experiment, its table in focus."""
        self.typing.close()
        self._face = face
        if not self.is_busy:
            self.banner.clear()
        self._count_when_due()
        self.show_view()
        self._focus_table()

    def _close_line(self) -> None:
        self.typing.close()
        self.banner.clear()
        self._focus_table()

    # What a key answers when it can do nothing.

    def _tell(self, text: str) -> None:
        """Answer a key; beside the banner while that shows progress."""
        if self.is_busy:
            self.tuner.say(text)
        else:
            self.banner.show_note(text)

    def _lacks_split(self) -> bool:
        """Say what planning needs first; whether it needs anything."""
        if self.planning.single is None:
            self._tell(self.planning.missing)
        return self.planning.single is None

    def _lacks_experiment(self) -> bool:
        """Say that there is no experiment yet; whether there is none."""
        is_missing = self.view is None or self.view.experiment is None
        if is_missing:
            self._tell("no experiment yet: choose labels with space, then r starts it")
        return is_missing

    def _waits(self) -> bool:
        """Say that a job of this screen runs; whether one does."""
        if self.is_busy:
            self._tell("not while this goes on: x stops waiting, the jobs go on")
        return self.is_busy

    def _idle_experiment(self) -> ExperimentView | None:
        """The experiment, unless there is none or a job of this screen runs, which is said."""
        return None if self._lacks_experiment() or self._waits() else self.view

    # Planning.

    def _count_when_due(self) -> None:
        """Count again what the draft would come to, when it is to be seen and not known.

        An older count is given up for a newer one.
        """
        planning, counted = self.planning, self.planning.counted
        is_seen = self._face == "plan" and not planning.is_single and not planning.missing
        if not is_seen or not planning.draft.is_complete:
            return
        if counted is not None and self._is_of_now(counted.draft, counted.inputs):
            return
        if self._counting.is_running:
            if self._counted_for is not None and self._is_of_now(*self._counted_for):
                return
            self._counting.cancel()
        session, draft, inputs = self.session, planning.draft, self._seen
        self._counted_for = draft, inputs
        request, groups, patience = draft.request(), draft.groups, draft.patience
        self.run_beside(
            self._counting,
            lambda watch: plan_experiment(
                session, request, groups=groups, patience=patience, watch=watch
            ),
            then=lambda plan: self._take_count(CountedDraft(draft, inputs, plan)),
            failed=partial(self._miss_count, draft, inputs),
        )

    def _is_of_now(self, draft: ArmsDraft, inputs: object) -> bool:
        """Whether a count is of the draft; the session changes all the time while arms run."""
        return draft == self.planning.draft and (self.is_busy or inputs == self._seen)

    def _take_count(self, counted: CountedDraft) -> None:
        if self.planning.take(counted):
            self.show_view()

    def _miss_count(self, draft: ArmsDraft, inputs: object, error: BaseException) -> None:
        if isinstance(error, TunerError):
            self._take_count(CountedDraft(draft, inputs, problem=error))
        else:
            self.tuner.show_defect(error)

    def _change(self, draft: ArmsDraft) -> None:
        self.planning.change(draft)
        if not self.is_busy:
            self.banner.clear()
        self._count_when_due()
        self.show_view()

    def action_choose(self) -> None:
        """Let the arms raise the highlighted label, or no longer."""
        if self._face == "experiment":
            self._tell("labels are chosen on the plan: p opens it")
            return
        single, label = self.planning.single, self.plan_pane.highlighted
        if not self._lacks_split() and single is not None and label is not None:
            self._change(toggled(self.planning.draft, label, tuple(single.before)))

    def action_arms(self) -> None:
        """Type the arms of the experiment."""
        if not self._lacks_split():
            self._open_face("plan")
            self.typing.open("arms", f"arms: {ARMS_HELP}", amounts_text(self.planning.draft))

    def action_options(self) -> None:
        """Replicates, repeated few, stop rule, seed, label groups."""
        if self._lacks_split():
            return
        self._open_face("plan")
        modal = OptionsModal(self.planning.draft)
        self.app.push_screen(modal, lambda draft: self._change(draft) if draft else None)

    def action_edit(self) -> None:
        """Type the positives wanted of the highlighted label, or LABEL=N, in one training file."""
        single = self.planning.single
        if single is None or self._waits():
            self._lacks_split()
            return
        self._open_face("plan")
        label = self.plan_pane.highlighted
        if label is not None:
            target = single.targets.get(label)
            name = f"positives of {printable(label, 30)} in train, or LABEL=N (empty: no target)"
            self.typing.open("target", name, "" if target is None else str(target))

    @on(Input.Submitted, "#oversample-input")
    def _take_typed(self, event: Input.Submitted) -> None:
        text, label, single = event.value.strip(), self.plan_pane.highlighted, self.planning.single
        try:
            if self.typing.asked == "arms":
                draft = read_arms(self.planning.draft, text)
                self._close_line()
                self._change(draft)
            elif single is not None and label is not None:
                single.read_target(label, text)
                self._close_line()
                self._preview_single()
        except TunerError as error:
            self.banner.show_error(error)

    def _preview_single(self) -> None:
        self.planning.is_single = True
        self.show_view()
        session, single = self.session, self.planning.single
        if single is not None and single.targets:
            targets, seed = single.targets, single.seed
            self.run(
                lambda watch: preview_oversampling(session, targets, seed),
                then=lambda preview: self._take_single(preview.after, preview.added),
                failed=lambda error: self._take_single({}, 0),
            )

    def _take_single(self, after: Mapping[str, int], added: int) -> None:
        """Keep the counts of a single training file; a target that cannot be met has none."""
        if self.planning.single is not None:
            self.planning.single.take(after, added)
        self._show_news()

    def _keep_single(self) -> None:
        session, single = self.session, self.planning.single
        if single is None or not single.targets:
            self.banner.show_note("no target yet: press e to set the highlighted label's")
            return
        targets, seed = single.targets, single.seed

        def take(made: OversamplingState) -> None:
            self.tuner.say("kept: the next run (4 Train) uses it")
            self._take_single(made.after, made.added)

        self.run(lambda watch: oversample_training(session, targets, seed), then=take)

    def action_clear(self) -> None:
        """Forget the repeated documents, kept or not, and the chosen labels."""
        if self.planning.single is None or self._waits():
            self._lacks_split()
            return
        self.planning.draft, session = ArmsDraft(), self.session
        if self.overview.state.oversampling is None:
            self._forget(None)
        else:
            self.run(lambda watch: clear_oversampling(session), then=self._forget)

    def _forget(self, cleared: None) -> None:
        if self.planning.single is not None:
            self.planning.single.forget()
            self.tuner.say("forgotten: the next run trains on the part as it was split")
        self._show_news()

    def _has_arms(self) -> bool:
        """Whether there are counted arms; when not, say why."""
        if self._lacks_split():
            return False
        planning = self.planning
        if planning.is_single or not planning.draft.is_complete:
            self._tell("no arms yet: space chooses the labels to raise")
            return False
        if planning.present is None:
            self._tell(_COUNTING)
        elif planning.present.problem is not None:
            self.banner.show_error(planning.present.problem)
        return planning.plan is not None

    # Running.

    def action_run_step(self) -> None:
        """Start the experiment or carry it on; or write the single training file."""
        planning = self.planning
        if planning.single is None or self._waits():
            self._lacks_split()
        elif self._face == "experiment":
            self._carry_on()
        elif planning.is_single:
            self._keep_single()
        elif not planning.draft.is_complete:
            self.banner.show_note("nothing to train yet: space chooses the labels to raise")
        elif planning.present is None:
            self.banner.show_note(_COUNTING)
        elif planning.present.problem is not None:
            self.banner.show_error(planning.present.problem)
        elif planning.plan is not None and not self.refuses("training"):
            self._start_or_ask(planning.plan)

    def _carry_on(self) -> None:
        view = self.view
        if view is None or view.experiment is None:
            return
        if not view.is_finished:
            if not self.refuses("training"):
                self._resume(view.experiment)
        elif view.report is None and view.is_comparable:
            self.action_measure()
        elif view.failed:
            self.banner.show_note("the failed arms stay as they are; R trains them again")
        else:
            self.banner.show_note("finished and compared; A adopts the highlighted arm")

    def _resume(self, experiment: ExperimentState) -> None:
        """Count what is left of an experiment, then start it."""
        session = self.session
        self.run(
            lambda watch: plan_experiment(
                session,
                None,
                objective=experiment.objective,
                patience=experiment.patience,
                experiment=experiment.id,
                watch=watch,
            ),
            then=self._start_or_ask,
        )

    def _start_or_ask(self, plan: ExperimentPlan) -> None:
        try:
            if plan.trainings:
                require_health(self.overview.state, despite_findings=False)
            if plan.is_over_budget:
                price = total_estimate((plan.estimate, plan.keeping))
                require_budget(self.overview.state, price)
        except Refused as error:
            self.banner.show_error(error)
            return
        if plan.is_paid and plan.estimate.high_usd:
            self.check_first(partial(self._ask, plan))
        else:
            self._start(plan)

    def _ask(self, plan: ExperimentPlan) -> None:
        facts = sweep_question(plan)
        if self.report is not None:
            facts.append(("checks", summary(self.report)))
        title = f"Train {plural(plan.trainings, 'classifier')} and score them?"
        modal = PayModal(title, facts, "upload, train and score")
        self.app.push_screen(modal, lambda agreed: self._start(plan) if agreed else None)

    def _start(self, plan: ExperimentPlan) -> None:
        """Keep the arms, then train and score them."""
        self._open_face("experiment")
        self._faults, self._has_begun = (), False
        session = self.session

        def work(watch: Watch) -> tuple[ArmStatus, ...]:
            start_experiment(session, plan)
            watch.report(f"experiment {plan.id}", 0, len(plan.arms), "arms")
            return run_experiment(session, plan.id, watch)

        self.run(work, self._swept, self._not_swept, self._follow, self.sweep.slot)
        self.look_at(plan.id)
        self.show_view()

    def _follow(self, progress: Progress) -> None:
        """Look at the arms again while they run, now and then."""
        if not self._has_begun:
            self._has_begun = True
            self.tuner.reload()
        elif time.monotonic() - self._looked_at >= _REFRESH_S and not self.is_looking:
            self._look_at_arms()

    def _swept(self, statuses: tuple[ArmStatus, ...]) -> None:
        """Keep why arms stand still, which is known to nobody else."""
        if self.tuner.settings.bell:
            self.tuner.bell()
        self._faults = tuple(status for status in statuses if status.stage == "failed")
        if self._faults:
            words = plural(len(self._faults), "arm")
            self.banner.show_note(f"{words} did not end: r tries again, R retrains failed ones")
        self._show_news()

    def _not_swept(self, error: BaseException) -> None:
        if isinstance(error, Interrupted):
            text = "stopped waiting; trainings that run go on. r waits again, j shows the jobs"
            self.banner.show_note(text)
        self.show_view()

    def _show_news(self) -> None:
        """Show what a job has brought, and compare when that was the last arm."""
        self.show_view()
        self._compare_when_due()

    def action_retry(self) -> None:
        """Train the failed arms again."""
        view = self._idle_experiment()
        if view is None or view.experiment is None or self.refuses("training"):
            return
        session, experiment = self.session, view.experiment
        if view.failed:
            self.run(
                lambda watch: retry_failed(session, experiment.id),
                then=lambda count: self._resume(experiment),
            )
        else:
            self.banner.show_note("no arm has failed")

    # Comparing, adopting, looking.

    def _compare_when_due(self) -> None:
        """Compare a finished experiment whose comparison is missing or stale, once."""
        view = self.view
        if view is None or view.experiment is None or view.report is not None:
            return
        if self.is_busy or self.is_looking:  # what is being read may hold the comparison
            return
        key = (view.experiment.id, self._seen)
        if view.is_finished and view.is_comparable and self._compared != key:
            self._compared = key
            self._compare(view.experiment)

    def _compare(self, experiment: ExperimentState) -> None:
        session = self.session

        def failed(error: BaseException) -> None:
            if isinstance(error, Interrupted):
                self.banner.show_note("not compared; r compares")
            self.show_view()

        self.run(
            lambda watch: compare_experiment(session, experiment.id, ArmsSettings(), watch),
            then=lambda report: self._show_news(),
            failed=failed,
        )

    def action_measure(self) -> None:
        """Compare the arms that have scores now."""
        view = self._idle_experiment()
        if view is None or view.experiment is None:
            return
        if view.report is not None:
            self.banner.show_note("these scores are compared already")
        elif not view.is_comparable:
            self.banner.show_note("nothing to compare yet: the base and one more arm need scores")
        else:
            self._compare(view.experiment)

    def action_adopt(self) -> None:
        """Make the highlighted arm the session's run, after a question."""
        view, group = self._idle_experiment(), self.board.group
        if view is None:
            return
        if self._face != "experiment" or group is None:
            self._tell("an arm is adopted in the experiment: p shows it")
            return
        arm = group.adoptable
        if arm is None:
            self.banner.show_note(f"{group.name} has no scores yet")
            return
        session, run = self.session, arm.run

        def adopt(agreed: bool | None) -> None:
            if agreed:
                self.run(
                    lambda watch: adopt_arm(session, run, watch), then=lambda tuned: self._adopted()
                )

        facts = adopt_facts(group, run, view.report, self.overview.state)
        title = f"Adopt arm {printable(group.name, 40)}?"
        self.app.push_screen(PayModal(title, facts, "adopt it"), adopt)

    def _adopted(self) -> None:
        run = self.overview.state.run
        whose = run.name if run is not None else ""
        self.banner.show_note(f"run {whose} is the session's, with its own thresholds (6)")
        self._show_news()

    def action_versions(self) -> None:
        """Show every trained run of the session."""
        if not self.overview.state.runs:
            self._tell("no run yet: 4 (Train) trains one, or an experiment its arms")
            return
        session = self.session
        self.run_beside(
            self._reading_versions, lambda watch: versions(session), then=self._show_versions
        )

    def _show_versions(self, shown: tuple[Version, ...]) -> None:
        if self.is_current:
            self.app.push_screen(VersionsModal(shown, self.tuner.settings.ascii_only))

    def action_face(self) -> None:
        """Change between the plan and the experiment."""
        if self._face == "experiment":
            self._open_face("plan")
        elif not self._lacks_experiment():
            self._open_face("experiment")
            plan = self.planning.plan
            if plan is not None and plan.is_resumed:
                self.look_at(plan.id)

    def action_experiment(self, steps: int) -> None:
        """Look at another experiment of the session."""
        if self._lacks_experiment():
            return
        ids = [experiment.id for experiment in self.overview.state.experiments]
        shown = self.view.experiment.id if self.view and self.view.experiment else ids[-1]
        if len(ids) == 1:
            self._tell(f"{shown} is the only experiment of this session")
        elif self._face == "experiment":
            self.look_at(ids[(ids.index(shown) + steps) % len(ids)])
        self._open_face("experiment")

    def action_move(self, steps: int) -> None:
        """Highlight another arm of the plan, or show the figures of another label."""
        if (
            self._face == "experiment"
            and self.view is not None
            and self.view.experiment is not None
        ):
            self.board.turn(steps)
        elif self._has_arms() and self.planning.plan is not None:
            self.planning.place = (self.planning.place + steps) % len(self.planning.plan.arms)
        self.show_view()

    def action_open(self) -> None:
        """All figures of the highlighted arm; on the plan all it comes to, or a target."""
        group, planning = self.board.group, self.planning
        ascii_only = self.tuner.settings.ascii_only
        if self._face == "experiment" and self.view is not None and group is not None:
            text = figures_text(group, self.view.report, ascii_only)
            title = f"Arm {printable(group.name, 40)}"
            self.app.push_screen(TextModal(title, text, keeps_keys=True))
        elif self._face == "plan" and not planning.is_single and planning.draft.is_complete:
            if self._has_arms() and planning.plan is not None:
                text = plain(whole_plan(planning.plan), ascii_only)
                self.app.push_screen(TextModal("The experiment", text, keeps_keys=True))
        elif self._face == "plan":
            self.action_edit()

    async def action_back(self) -> None:
        """Leave the input, then the check, then the session."""
        if self.typing.asked:
            self._close_line()
        else:
            await super().action_back()

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
        return f"{base} oversample {self.planning.options()}"

    def copied_value(self) -> str:
        """The run of the highlighted arm, or the highlighted label."""
        group = self.board.group
        if self._face == "experiment" and group is not None:
            return group.arm.run
        return self.plan_pane.highlighted or self.equivalent_command()
