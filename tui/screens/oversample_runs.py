"""Running on the oversample screen: start, carry on, compare, retry, adopt; what comes of it."""

from functools import partial
from typing import cast

from textual import on

from core.errors import Interrupted, Refused, TunerError
from core.text import plural, printable
from core.workflow.actions.budget import require_budget
from core.workflow.actions.check import require_health
from core.workflow.actions.oversample import OversamplePreview
from core.workflow.experiments import ArmStatus, ExperimentPlan, Version
from core.workflow.state import OversamplingState
from tui.messages import JobFailed, JobFinished
from tui.screens.engine_step import WAITING
from tui.screens.modal import PayModal
from tui.screens.oversample_base import COMPARING, OversampleBase
from tui.screens.oversample_report import VersionsModal
from tui.screens.oversample_texts import adopt_facts, question_facts, whole_price
from tui.screens.oversample_work import (
    adopt_work,
    carry_on_work,
    compare_work,
    retry_work,
    sweep_work,
    versions_work,
)
from tui.widgets.preflight import summary

FORGET, PREVIEW = "forget", "preview"
COUNTING = "one moment: the arms are being counted"
_KEEP, _ADOPT, _VERSIONS = "keep", "adopt", "versions"
_RETRY, _CARRY_ON = "retry", "count what is left"


class OversampleRuns(OversampleBase):
    """What starts jobs of the engine, and what waits for them."""

    _versions_job = 0

    def waits(self) -> bool:
        """Say that a job of this screen runs; whether one does."""
        if self.is_busy:
            self.tell("not while this goes on: x stops waiting, the jobs go on")
        return self.is_busy

    def action_run_step(self) -> None:
        """Start the experiment or carry it on; or write the single training file."""
        if self._single is None or self.waits():
            self.lacks_split()
            return
        if self._face == "experiment":
            self._carry_on()
        elif self._is_single:
            self._keep_single()
        elif not self._wish.is_complete:
            self.banner.show_note("nothing to train yet: space chooses the labels to raise")
        elif self._sweep is None or not self._sweep_is_of_wish:
            self.banner.show_note(COUNTING)
        elif self._sweep.plan is None:
            if self._sweep.problem is not None:
                self.banner.show_error(self._sweep.problem)
        elif not self.refuses("training"):
            self._start_or_ask(self._sweep.plan)

    def _keep_single(self) -> None:
        single = self._single
        if single is None or not single.targets:
            self.banner.show_note("no target yet: press e to set the highlighted label's")
        else:
            self.start_job(_KEEP, single.keep_work(self.session))

    def _carry_on(self) -> None:
        view = self.view
        if view is None or view.experiment is None:
            return
        if not view.is_finished:
            if not self.refuses("training"):
                self.start_job(_CARRY_ON, carry_on_work(self.session, view.experiment.id))
        elif view.report is None and view.is_comparable:
            self.action_measure()
        elif view.failed:
            self.banner.show_note("the failed arms stay as they are; R trains them again")
        else:
            self.banner.show_note("finished and compared; A adopts the highlighted arm")

    def action_measure(self) -> None:
        """Compare the arms that have scores now."""
        view = self.view
        if self.lacks_experiment() or self.waits() or view is None or view.experiment is None:
            return
        if view.report is not None:
            self.banner.show_note("these scores are compared already")
        elif not view.is_comparable:
            self.banner.show_note("nothing to compare yet: the base and one more arm need scores")
        else:
            self.start_job(COMPARING, compare_work(self.session, view.experiment.id))

    def _start_or_ask(self, plan: ExperimentPlan) -> None:
        try:
            if plan.trainings:
                require_health(self.overview.state, despite_findings=False)
            if plan.is_over_budget:
                require_budget(self.overview.state, whole_price(plan))
        except Refused as error:
            self.banner.show_error(error)
            return
        if plan.is_paid and plan.estimate.high_usd:
            self.check_first(partial(self._ask, plan))
        else:
            self._start(plan)

    def _ask(self, plan: ExperimentPlan) -> None:
        facts = question_facts(plan)
        if self.report is not None:
            facts.append(("checks", summary(self.report)))
        title = f"Train {plural(plan.trainings, 'classifier')} and score them?"
        modal = PayModal(title, facts, "upload, train and score")
        self.app.push_screen(modal, lambda agreed: self._start(plan) if agreed else None)

    def _start(self, plan: ExperimentPlan) -> None:
        self.open_face("experiment")
        self.banner.clear()
        self._faults, self._has_begun = (), False
        self._current_job = self.relay.start(WAITING, sweep_work(self.session, plan))
        self.look_at(plan.id)

    def action_retry(self) -> None:
        """Train the failed arms again."""
        view = self.view
        if self.lacks_experiment() or self.waits() or view is None or view.experiment is None:
            return
        if self.refuses("training"):
            return
        if view.failed:
            self.start_job(_RETRY, retry_work(self.session, view.experiment.id))
        else:
            self.banner.show_note("no arm has failed")

    def action_stop(self) -> None:
        """Stop waiting or comparing; the arms' jobs go on."""
        if not self.cancel_job():
            self.banner.show_note(
                "nothing waits; j shows the jobs, where a training can be stopped"
            )

    def action_adopt(self) -> None:
        """Make the highlighted arm the session's run, after a question."""
        group, view = self.board.group, self.view
        if self.lacks_experiment() or self.waits() or view is None:
            return
        if self._face != "experiment" or group is None:
            self.tell("an arm is adopted in the experiment: p shows it")
            return
        arm = group.adoptable
        if arm is None:
            self.banner.show_note(f"{group.name} has no scores yet")
            return
        facts = adopt_facts(group, arm.run, view.report, self.overview.state)
        modal = PayModal(f"Adopt arm {printable(group.name, 40)}?", facts, "adopt it")
        work = adopt_work(self.session, arm.run)
        self.app.push_screen(modal, lambda agreed: self.start_job(_ADOPT, work) if agreed else None)

    def action_versions(self) -> None:
        """Show every trained run of the session."""
        if not self.overview.state.runs:
            self.tell("no run yet: 4 (Train) trains one, or an experiment its arms")
            return
        self._versions_job = self.tuner.jobs.start(self, _VERSIONS, versions_work(self.session))

    @on(JobFinished)
    def _show_versions(self, message: JobFinished) -> None:
        if message.ended.job == self._versions_job and self.is_current:
            shown = cast("tuple[Version, ...]", message.ended.result)
            self.app.push_screen(VersionsModal(shown, self.tuner.settings.ascii_only))

    @on(JobFailed)
    def _show_no_versions(self, message: JobFailed) -> None:
        error = message.ended.error
        if message.ended.job == self._versions_job and error is not None:
            if isinstance(error, TunerError):
                self.banner.show_error(error)
            else:
                self.tuner.show_defect(error)

    def job_finished(self, name: str, result: object) -> None:
        """Use what came out, and say what comes next."""
        super().job_finished(name, result)
        if name == WAITING:
            self._swept(cast("tuple[ArmStatus, ...]", result))
        single = self._single
        if isinstance(result, OversamplePreview | OversamplingState) and single is not None:
            single.take(result.after, result.added)
        if name == _KEEP:
            self.tuner.say("kept: the next run (4 Train) uses it")
        elif name == FORGET and single is not None:
            single.forget()
            self.tuner.say("forgotten: the next run trains on the part as it was split")
        elif name == _CARRY_ON:
            self._start_or_ask(cast("ExperimentPlan", result))
        elif name == _RETRY and self.view is not None and self.view.experiment is not None:
            self.start_job(_CARRY_ON, carry_on_work(self.session, self.view.experiment.id))
        elif name == _ADOPT:
            run = self.overview.state.run
            whose = run.name if run is not None else ""
            self.banner.show_note(f"run {whose} is the session's, with its own thresholds (6)")
        self.show_view()
        self.compare_when_due()

    def _swept(self, statuses: tuple[ArmStatus, ...]) -> None:
        """Keep why arms stand still, which is known to nobody else."""
        self._faults = tuple(one for one in statuses if one.stage == "failed")
        if self._faults:
            words = plural(len(self._faults), "arm")
            self.banner.show_note(f"{words} did not end: r tries again, R retrains failed ones")

    def job_failed(self, name: str, error: TunerError) -> None:
        """A target that cannot be met has no counts; stopping is no fault."""
        super().job_failed(name, error)
        if name == PREVIEW and self._single is not None:
            self._single.take({}, 0)
        if isinstance(error, Interrupted) and name == WAITING:
            self.banner.show_note(self.stopped_note())
        elif isinstance(error, Interrupted) and name == COMPARING:
            self.banner.show_note("not compared; r compares")
        self.show_view()

    def stopped_note(self) -> str:
        """What goes on after the wait was ended."""
        return "stopped waiting; trainings that run go on. r waits again, j shows the jobs"
