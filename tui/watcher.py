"""Watch an engine's running jobs and a live endpoint from the app.

The bell rings when a job ends; an endpoint whose time has come is deleted. Nothing ticks while no
job runs, so an idle app sends nothing: an endpoint costs one redraw, when it is due.
"""

import time
from pathlib import Path
from typing import TYPE_CHECKING

from textual.timer import Timer

from core.progress import Watch
from tui.jobs import Listener, Slot

if TYPE_CHECKING:
    from tui.app import TunerApp


_RETRY_S = 30.0
"""Seconds between two attempts to delete an endpoint whose time has come."""


class JobWatcher:
    """Asks the engine now and then, while jobs run."""

    def __init__(self, app: "TunerApp") -> None:
        self._app = app
        self._timer: Timer | None = None
        self._looking = Slot()
        self._endpoint_timer: Timer | None = None
        self._deleting = Slot()
        self._tried_at = float("-inf")
        self._kept: set[Path] = set()
        self._seen_before_due: set[Path] = set()

    def update(self) -> None:
        """Begin or end to watch, as the open session's jobs and endpoints want it."""
        self._watch_endpoints()
        overview = self._app.overview
        is_running = overview is not None and overview.running_jobs > 0
        if overview is not None and is_running and self._timer is None:
            from tui.jobs import screen_interval_s

            interval_s = screen_interval_s(overview.state.engine)
            self._timer = self._app.set_interval(interval_s, self._look)
        elif not is_running and self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _take(self, names: tuple[str, ...]) -> None:
        """Ring when output was fetched or an endpoint deleted."""
        if names and self._app.settings.bell:
            self._app.bell()
        self._app.reload()

    def _look(self) -> None:
        from core.workflow.following import collect_finished, job_rows
        from core.workflow.session import Session

        if self._app.overview is None or self._looking.is_running:
            return
        session = Session(self._app.overview.folder)

        def work(watch: Watch) -> tuple[str, ...]:
            rows = job_rows(session)
            return collect_finished(session) if any(row.is_final for row in rows) else ()

        self._app.jobs.run(self._looking, work, Listener(self._app, self._take, self._tell_fault))

    def _tell_fault(self, error: BaseException) -> None:
        self._app.say(str(error), is_error=True)

    def _watch_endpoints(self) -> None:
        """Set the one alarm for the next endpoint that is due.

        One that is overdue when the session is opened stays until the user deletes it: opening a
        session deletes nothing.
        """
        if self._endpoint_timer is not None:
            self._endpoint_timer.stop()
            self._endpoint_timer = None
        overview = self._app.overview
        if overview is None or overview.endpoint_due_s is None:
            return
        self._keep(overview.folder)
        due_s = overview.endpoint_due_s
        if due_s > 0:
            self._seen_before_due.add(overview.folder)
        elif self._app.settings.read_only or overview.folder not in self._seen_before_due:
            return
        else:
            due_s = self._tried_at + _RETRY_S - time.monotonic()
        self._endpoint_timer = self._app.set_timer(max(due_s, 0.0) + 0.05, self._delete_overdue)

    def _keep(self, folder: Path) -> None:
        """Give the endpoints of a session keepers, once; a restarted machine has none."""
        from core.workflow.endpoint_keeper import ensure_keepers
        from core.workflow.session import Session

        if folder in self._kept or self._app.settings.read_only:
            return
        self._kept.add(folder)
        session = Session(folder)
        self._app.jobs.run(
            Slot(),
            lambda watch: ensure_keepers(session),
            Listener(self._app, lambda _: None, lambda _: None),
        )

    def _delete_overdue(self) -> None:
        from core.workflow.endpoints import delete_overdue
        from core.workflow.session import Session

        if self._app.overview is None or self._deleting.is_running:
            return
        if self._app.settings.read_only:
            self._app.reload()
            return
        session = Session(self._app.overview.folder)
        self._tried_at = time.monotonic()
        self._app.jobs.run(
            self._deleting,
            lambda watch: delete_overdue(session, watch),
            Listener(self._app, self._take, self._not_deleted),
        )

    def _not_deleted(self, error: BaseException) -> None:
        self._tell_fault(error)
        self._app.reload()
