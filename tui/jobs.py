"""The only place that starts threads.

A job runs one function of core in a thread; what it says reaches the asking widget as messages. A
job never touches a widget, and it stops at its next safe point once it is cancelled.
"""

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from textual.message import Message
from textual.message_pump import MessagePump

from core.comprehend.engine import EngineSettings
from core.progress import CancelToken, Progress, Reporter, Watch

# What background work tells the app: past-tense facts with a frozen payload.


@dataclass(frozen=True)
class Ended:
    """How a job of the app ended; exactly one of `result` and `error` counts."""

    job: int
    name: str
    result: object = None
    error: BaseException | None = None


class JobProgressed(Message):
    """A job came further; a newer one of the same job replaces an older one in the queue."""

    def __init__(self, job: int, name: str, progress: Progress) -> None:
        super().__init__()
        self.job = job
        self.name = name
        self.progress = progress

    def can_replace(self, message: Message) -> bool:
        """Whether this message makes a queued one superfluous."""
        return isinstance(message, JobProgressed) and message.job == self.job


class JobFinished(Message):
    """A job returned its result."""

    def __init__(self, ended: Ended) -> None:
        super().__init__()
        self.ended = ended


class JobFailed(Message):
    """A job raised an error."""

    def __init__(self, ended: Ended) -> None:
        super().__init__()
        self.ended = ended


Work = Callable[[Watch], object]

_numbers = itertools.count(1)
_UPDATES_PER_SECOND = 4


class RunningJobs:
    """The jobs of the app that have not ended, so that leaving can cancel them."""

    def __init__(self) -> None:
        self._tokens: dict[int, CancelToken] = {}

    def start(self, owner: MessagePump, name: str, work: Work) -> int:
        """Run `work` in a thread for `owner`; return the job's number."""
        number = next(_numbers)
        token = CancelToken()
        self._tokens[number] = token
        owner.app.run_worker(
            partial(self._run, owner, number, name, work, token),
            name=name,
            group="jobs",
            exit_on_error=False,
            thread=True,
        )
        return number

    def cancel(self, number: int) -> None:
        """Ask one job to stop."""
        if number in self._tokens:
            self._tokens[number].cancel()

    def cancel_all(self) -> None:
        """Ask every job to stop."""
        for token in self._tokens.values():
            token.cancel()

    def is_running(self, number: int) -> bool:
        """Whether a job has not ended."""
        return number in self._tokens

    def __len__(self) -> int:
        return len(self._tokens)

    def _run(
        self, owner: MessagePump, number: int, name: str, work: Work, token: CancelToken
    ) -> None:
        reporter = _limited(lambda event: owner.post_message(JobProgressed(number, name, event)))
        try:
            result = work(Watch(reporter, token))
        except BaseException as error:
            del self._tokens[number]
            owner.post_message(JobFailed(Ended(number, name, error=error)))
        else:
            del self._tokens[number]
            owner.post_message(JobFinished(Ended(number, name, result=result)))


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
