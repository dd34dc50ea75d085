"""Waiting for an endpoint: describe, report, sleep, and stop at once when asked to."""

from collections.abc import Callable
from random import Random

from core.comprehend.endpoints import EndpointStatus
from core.comprehend.service_errors import is_expired
from core.errors import Interrupted, TryAgain, TunerError
from core.progress import CancelToken, Progress, Reporter, silent
from core.text import printable

MOST_FAULTS = 20
"""Passing faults in a row, or looks without seeing it, after which a wait gives up."""


def wait_until_serving(
    describe: Callable[[], EndpointStatus | None],
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
    first_interval_s: float = 15.0,
    longest_interval_s: float = 60.0,
    random: Random | None = None,
) -> EndpointStatus | None:
    """Describe an endpoint until it answers or never will; stopping the wait leaves it as it is.

    The interval grows by half each time, with a fifth of jitter. Passing faults are borne, expired
    credentials for as long as it takes to sign in again, and so is an endpoint that is not to be
    seen at first: a new one may take a moment to appear.

    Returns:
        The last description; None when it was not to be seen `MOST_FAULTS` times in a row.

    Raises:
        Interrupted: `cancel` was set.
        TunerError: describing failed, or failed more than `MOST_FAULTS` times in a row.
    """
    cancel, jitter = cancel or CancelToken(), random or Random()
    interval_s, faults, waited_s = first_interval_s, 0, 0.0
    while True:
        status, note = None, "not to be seen yet"
        try:
            status = describe()
        except TunerError as error:
            if is_expired(error):
                faults, note = 0, "credentials expired: sign in again; waiting goes on"
            elif isinstance(error, TryAgain) and faults < MOST_FAULTS:
                note = error.title
            else:
                raise
        if status is not None and (status.is_serving or status.is_lost):
            return status
        faults = faults + 1 if status is None else 0
        if faults > MOST_FAULTS:
            return None
        note = printable(status.state if status else note, 60)
        seconds = interval_s * jitter.uniform(0.8, 1.2)
        _tick(reporter, cancel, waited_s, seconds, note)
        waited_s += seconds
        interval_s = min(interval_s * 1.5, max(longest_interval_s, first_interval_s))


def _tick(
    reporter: Reporter, cancel: CancelToken, waited_s: float, seconds: float, note: str
) -> None:
    """Wait in steps of a second, reporting at each."""
    left = seconds
    while left > 0:
        shown = f"{note}, next look in {max(1, round(left))} s"
        done = int(waited_s + seconds - left)
        reporter(Progress("waiting for the endpoint", done, None, "seconds", shown))
        if cancel.wait(min(left, 1.0)):
            raise Interrupted(
                "Interrupted", "stopped waiting; the endpoint goes on and is charged",
                "delete it with: comprehend-tuner endpoint stop",
            )  # fmt: skip
        left -= 1.0
