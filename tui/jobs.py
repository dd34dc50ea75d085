"""The only place that starts threads.

A job runs one function of core in a thread and carries what to do with its result. A job never
touches a widget: what it says is used in the loop of whoever listens. It stops at its next safe
point once it is cancelled.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from textual.message_pump import MessagePump

from core.comprehend.engine import EngineSettings
from core.errors import is_refusal, refusal
from core.progress import CancelToken, Progress, Reporter, Watch

_UPDATES_PER_SECOND = 4


_T = TypeVar("_T")


@dataclass(frozen=True)
class Listener(Generic[_T]):
    """Who hears of a job; nothing is called once `pump` has closed."""

    pump: MessagePump
    """A screen, or the app; the functions are called in its loop."""
    then: Callable[[_T], object]
    """Takes the result."""
    failed: Callable[[BaseException], object]
    """Takes the error, expected or not."""
    told: Callable[[Progress], object] | None = None
    """Takes how far the job is; what is superseded before it is heard is left out."""


class _Job:
    """One function that runs, or has run."""

    def __init__(self) -> None:
        self.token = CancelToken()
        self.is_running = True
        self.progress: Progress | None = None
        """The newest that was said."""
        self.is_announced = False
        """Whether somebody is about to hear it."""


class Slot:
    """A line of work: its newest job is listened to, older ones end unheard."""

    def __init__(self) -> None:
        self._job: _Job | None = None
        self._listener: Listener[Any] | None = None

    @property
    def is_running(self) -> bool:
        """Whether the newest job has not ended."""
        return self._job is not None and self._job.is_running

    def cancel(self) -> bool:
        """Ask the newest job to stop; whether one runs."""
        if self._job is not None:
            self._job.token.cancel()
        return self.is_running

    def listen(self, listener: Listener[Any] | None) -> None:
        """Let somebody else hear of the newest job, which goes on; None: nobody."""
        self._listener = listener
        if self._job is not None:
            self._job.is_announced = False

    def forget(self) -> None:
        """Let the newest job end unheard; the line is free."""
        self._job = self._listener = None

    def begin(self, listener: Listener[Any]) -> _Job:
        """Make room for a new job; only `RunningJobs` calls this."""
        self._job, self._listener = _Job(), listener
        return self._job

    def say(self, job: _Job, event: Progress) -> None:
        """Tell the listener how far a job is; called in the job's thread."""
        job.progress = event
        if not job.is_announced:
            job.is_announced = True
            if not self.post(job, partial(_hear_progress, job)):
                job.is_announced = False

    def post(self, job: _Job, use: Callable[[Listener[Any]], object]) -> bool:
        """Call `use` in the listener's loop while `job` is the newest; whether that is likely."""
        if self._listener is None or job is not self._job:
            return False
        return self._listener.pump.call_later(self._hear, job, use)

    def _hear(self, job: _Job, use: Callable[[Listener[Any]], object]) -> None:
        if job is self._job and self._listener is not None:
            use(self._listener)


def _hear_progress(job: _Job, listener: Listener[Any]) -> None:
    job.is_announced = False  # before the event is read, so that a newer one is never lost
    if job.progress is not None and listener.told is not None:
        listener.told(job.progress)


class RunningJobs:
    """The jobs of the app that have not ended, so that leaving can cancel them."""

    def __init__(self) -> None:
        self._jobs: set[_Job] = set()

    def run(self, slot: Slot, work: Callable[[Watch], _T], listener: Listener[_T]) -> None:
        """Run `work` in a thread as the newest job of `slot`."""
        job = slot.begin(listener)
        self._jobs.add(job)
        listener.pump.app.run_worker(
            partial(self._work, slot, job, work),
            group="jobs",
            exit_on_error=False,
            thread=True,
        )

    def _work(self, slot: Slot, job: _Job, work: Callable[[Watch], object]) -> None:
        use: Callable[[Listener[Any]], object]
        try:
            result = work(Watch(_limited(partial(slot.say, job)), job.token))
        except BaseException as raised:
            use = partial(_fail, refusal(raised) if is_refusal(raised) else raised)
        else:
            use = partial(_finish, result)
        job.is_running = False
        slot.post(job, use)
        self._jobs.discard(job)

    def cancel_all(self) -> None:
        """Ask every job to stop."""
        for job in [*self._jobs]:
            job.token.cancel()

    def __len__(self) -> int:
        return len(self._jobs)


def _finish(result: object, listener: Listener[Any]) -> None:
    listener.then(result)


def _fail(error: BaseException, listener: Listener[Any]) -> None:
    listener.failed(error)


def _limited(post: Callable[[Progress], object]) -> Reporter:
    """Pass on at most four events a second, and every first one of a task."""
    last: dict[str, float] = {}

    def report(event: Progress) -> None:
        moment = time.monotonic()
        if moment - last.get(event.task, 0.0) >= 1 / _UPDATES_PER_SECOND:
            last.clear()
            last[event.task] = moment
            post(event)

    return report


# How often the app itself asks the engine about running jobs.


_SECONDS = {"aws": 30.0, "offline": 2.0}
_SHORTEST_S = 0.25


def screen_interval_s(engine: EngineSettings) -> float:
    """Seconds between two looks: the session's own on AWS, at most four looks a second."""
    if engine.name == "aws" and engine.poll_s is not None:
        return max(engine.poll_s, _SHORTEST_S)
    return _SECONDS[engine.name]
