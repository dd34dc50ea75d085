"""Watch an engine's running jobs from the app, and ring when one ends.

Nothing ticks while no job runs, so an idle app sends nothing.
"""

from typing import TYPE_CHECKING

from textual.timer import Timer

from core.progress import CancelToken, Reporter
from tui.messages import JobFailed, JobFinished

if TYPE_CHECKING:
    from tui.app import TunerApp

_PAID_INTERVAL_S = 30.0
_OFFLINE_INTERVAL_S = 2.0


class JobWatcher:
    """Asks the engine now and then, while jobs run."""

    def __init__(self, app: "TunerApp") -> None:
        self._app = app
        self._timer: Timer | None = None
        self._job = 0

    def update(self) -> None:
        """Begin or end to watch, as the open session's jobs want it."""
        overview = self._app.overview
        is_running = overview is not None and overview.running_jobs > 0
        if is_running and self._timer is None:
            is_paid = overview is not None and overview.state.engine.name == "aws"
            interval_s = _PAID_INTERVAL_S if is_paid else _OFFLINE_INTERVAL_S
            self._timer = self._app.set_interval(interval_s, self._look)
        elif not is_running and self._timer is not None:
            self._timer.stop()
            self._timer = None

    def take(self, message: JobFinished | JobFailed) -> None:
        """Use what a look at the jobs has brought."""
        if message.ended.job != self._job:
            return
        if isinstance(message, JobFailed):
            self._app.say(str(message.ended.error), is_error=True)
            return
        if message.ended.result and self._app.settings.bell:
            self._app.bell()
        self._app.reload()

    def _look(self) -> None:
        from core.workflow.actions.watch import collect_finished, job_rows
        from core.workflow.session import Session

        if self._app.overview is None or self._app.jobs.is_running(self._job):
            return
        session = Session(self._app.overview.folder)

        def work(reporter: Reporter, cancel: CancelToken) -> object:
            rows = job_rows(session)
            return collect_finished(session) if any(row.is_final for row in rows) else ()

        self._job = self._app.jobs.start(self._app, "look at jobs", work)
