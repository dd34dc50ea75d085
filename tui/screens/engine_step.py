"""A step that starts jobs of the engine and waits for them.

Leaving, stopping or losing the terminal ends only the waiting; the jobs go on, and the same key
waits for them again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from textual import on

from core.errors import Interrupted, Refused, TunerError
from core.progress import CancelToken, Reporter
from core.workflow.actions.watch import JobRow, stop_job
from tui.jobs import Work
from tui.messages import JobFailed, JobFinished, JobProgressed
from tui.screens.modal import PayModal
from tui.screens.step import StepScreen

Begin = Callable[[Reporter, CancelToken], object]

WAITING = "wait for jobs"
STOPPING = "stop a training"


@dataclass
class Stage:
    """Where a started step is; its thread and its screen both read and write it."""

    is_waiting: bool = False
    """Whether everything is started, so that ending the wait loses nothing."""
    is_left: bool = False
    """Whether nobody looks any more."""
    is_seen: bool = False
    """Whether the screen has shown that the jobs run."""


class EngineStepScreen(StepScreen):
    """Base of the screens around jobs: quiet look-ups, waiting, stopping, read-only."""

    AUTO_FOCUS = ""

    def __init__(self) -> None:
        super().__init__()
        self._quiet_job = 0
        self._stage = Stage()

    def look(self, work: Work) -> None:
        """Run `work` in a thread without touching the banner; `looked` takes its result."""
        self._quiet_job = self.tuner.jobs.start(self, "look", work)

    @property
    def is_looking(self) -> bool:
        """Whether a quiet look-up runs."""
        return self.tuner.jobs.is_running(self._quiet_job)

    def looked(self, result: object) -> None:
        """Use the result of the newest look-up."""

    @on(JobFinished)
    def _take_look(self, message: JobFinished) -> None:
        if message.ended.job == self._quiet_job and self.tuner.overview is not None:
            self.looked(message.ended.result)

    @on(JobFailed)
    def _take_failed_look(self, message: JobFailed) -> None:
        if message.ended.job != self._quiet_job or self.tuner.overview is None:
            return
        error = message.ended.error
        if isinstance(error, TunerError):
            self.banner.show_error(error)
        elif error is not None:
            self.tuner.show_defect(error)

    def begin(self, start: Begin, finish: Begin) -> None:
        """Start jobs and wait for them; leaving the screen ends the wait once they are started."""
        self._stage = stage = Stage()
        tuner = self.tuner

        def work(reporter: Reporter, cancel: CancelToken) -> object:
            start(reporter, cancel)
            stage.is_waiting = True
            if stage.is_left:
                tuner.call_later(tuner.reload)
                return None
            return finish(reporter, cancel)

        self.start_job(WAITING, work)

    @on(JobProgressed)
    def _show_started(self, message: JobProgressed) -> None:
        """Show once that the jobs run, so that the step bar and the app's watcher know."""
        if message.job == self._current_job and self._stage.is_waiting and not self._stage.is_seen:
            self._stage.is_seen = True
            self.tuner.reload()

    def on_unmount(self) -> None:
        """Stop waiting; what is still being uploaded goes on until its job is started."""
        self._stage.is_left = True
        if self._stage.is_waiting:
            self.tuner.jobs.cancel(self._current_job)

    def refuses(self, what: str) -> bool:
        """Say so when the app is read-only; whether it is."""
        if self.tuner.settings.read_only:
            self.banner.show_error(
                Refused("Read-only", f"{what} is not done", "start the app without --read-only")
            )
        return self.tuner.settings.read_only

    def ask_to_stop(self, row: JobRow) -> None:
        """Ask, then stop a running training."""
        if self.refuses("stopping a job"):
            return
        facts = [
            f"job      {row.id}",
            f"engine   {self.overview.badge}",
            f"state    {row.state}",
            "",
            "A stopped training cannot go on; training again starts from the beginning.",
            "On AWS the time until now is charged." if self.overview.badge != "OFFLINE"
            else "Nothing is charged offline.",
        ]  # fmt: skip
        modal = PayModal("Stop this training?", facts, "stop it")
        self.app.push_screen(modal, partial(self._stop_if_agreed, row.id))

    def _stop_if_agreed(self, job_id: str, agreed: bool | None) -> None:
        if agreed:
            session = self.session
            self.start_job(STOPPING, lambda reporter, cancel: stop_job(session, job_id))

    def job_finished(self, name: str, result: object) -> None:
        """Say how a training stopped, and ring when a wait has ended."""
        if name == STOPPING:
            self.banner.show_note(f"asked to stop; the engine says {result}")
        elif name == WAITING and self.tuner.settings.bell:
            self.tuner.bell()

    def job_failed(self, name: str, error: TunerError) -> None:
        """An interrupted wait is no fault."""
        if name == WAITING and isinstance(error, Interrupted):
            self.banner.show_note(
                self.stopped_note() if self._stage.is_waiting
                else "stopped before everything was started; r goes on, nothing is paid twice"
            )  # fmt: skip

    def stopped_note(self) -> str:
        """What goes on after the wait was ended."""
        return "stopped waiting; the jobs go on. r waits again, j shows them"
