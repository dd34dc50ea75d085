"""Waiting for a job: describe, report, sleep, and stop at once when asked to."""

import time
from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import TYPE_CHECKING

from core.comprehend.jobs.status import JobStatus
from core.comprehend.service_errors import is_expired
from core.errors import Interrupted, TryAgain, TunerError
from core.progress import CancelToken, Progress, Reporter, silent
from core.text import printable

if TYPE_CHECKING:
    from core.comprehend.clients import JobProgress

MOST_FAULTS = 20
"""Faults in a row after which a wait gives up."""
TICK_S = 1.0
"""Seconds between two reports."""
EXPIRED = "credentials expired: sign in again (such as aws sso login); waiting goes on"
"""What a wait shows while the credentials are not accepted any more."""


def wait_until_final(
    describe: Callable[[], JobStatus],
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
    task: str = "waiting",
    progress: "Callable[[], JobProgress | None] | None" = None,
    first_interval_s: float = 15.0,
    longest_interval_s: float = 60.0,
    random: Random | None = None,
) -> JobStatus:
    """Describe a job until its state is final; stopping the wait leaves the job running.

    The interval grows by half each time, with a fifth of jitter, so that many waiters spread out.
    Passing faults are borne: throttling or a lost network end the wait only when they persist, and
    expired credentials pause it for as long as it takes to sign in again.

    The reporter is told every second: elapsed seconds, state and next poll, or what is done when
    `progress` knows it.

    Args:
        describe: asks for the state; `TryAgain` counts as a passing fault.
        progress: the job's own count, when the engine has one.

    Raises:
        Interrupted: `cancel` was set.
        TunerError: describing failed, or failed more than `MOST_FAULTS` times in a row.
    """
    wait = _Wait(reporter, cancel or CancelToken(), task, progress)
    jitter = random or Random()
    interval_s = first_interval_s
    while True:
        status = wait.ask(describe)
        if status is not None and status.is_final:
            return status
        wait.sleep(interval_s * jitter.uniform(0.8, 1.2))
        interval_s = min(interval_s * 1.5, max(longest_interval_s, first_interval_s))


class _Wait:
    """What a wait shows between two descriptions."""

    def __init__(
        self,
        reporter: Reporter,
        cancel: CancelToken,
        task: str,
        progress: "Callable[[], JobProgress | None] | None",
    ) -> None:
        self._state = ""
        self._faults = 0
        self._reporter = reporter
        self._cancel = cancel
        self._task = task
        self._progress = progress
        self._began = time.time()

    def ask(self, describe: Callable[[], JobStatus]) -> JobStatus | None:
        """Describe the job; None for a passing fault, of which some in a row are borne."""
        self.check()
        try:
            status = describe()
        except TunerError as error:
            self._state = self._bear(error)
            return None
        self._faults = 0
        self._state = printable(status.state, 40)
        if status.submitted_at is not None:
            self._began = datetime.fromisoformat(status.submitted_at).timestamp()
        if status.is_final:
            self._reporter(self._elapsed(self._state))
        return status

    def _bear(self, error: TunerError) -> str:
        """What to show for a fault that is borne; any other is raised."""
        if is_expired(error):
            return EXPIRED
        self._faults += 1
        if not isinstance(error, TryAgain) or self._faults > MOST_FAULTS:
            raise error
        return printable(error.title, 60)

    def check(self) -> None:
        """Stop the wait when asked to."""
        if self._cancel.is_cancelled:
            raise Interrupted(
                "Interrupted", "stopped waiting; the job goes on",
                "run the same command again to go on waiting",
            )  # fmt: skip

    def sleep(self, seconds: float) -> None:
        """Wait in ticks, reporting at each."""
        left = seconds
        while left > 0:
            self._report(f", next poll in {max(1, round(left))} s")
            step = min(left, TICK_S)
            self._cancel.wait(step)
            self.check()
            left -= step

    def _report(self, suffix: str) -> None:
        known = self._progress() if self._progress else None
        if known is None:
            self._reporter(self._elapsed(f"{self._state}{suffix}"))
            return
        note = f"{self._state} · {printable(known.stage, 40)}"
        self._reporter(Progress(self._task, known.done, known.total, "", note))

    def _elapsed(self, note: str) -> Progress:
        elapsed_s = max(0, int(time.time() - self._began))
        return Progress(self._task, elapsed_s, None, "seconds", note)
