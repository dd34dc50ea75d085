"""The only place that starts threads.

A job runs one function of core in a thread; what it says reaches the asking widget as messages. A
job never touches a widget, and it stops at its next safe point once it is cancelled.
"""

import itertools
import time
from collections.abc import Callable
from functools import partial

from textual.message_pump import MessagePump

from core.progress import CancelToken, Progress, Reporter
from tui.messages import Ended, JobFailed, JobFinished, JobProgressed

Work = Callable[[Reporter, CancelToken], object]

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
            result = work(reporter, token)
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
