"""Sending a request again while the service is busy: always the same one, never a second.

The client library repeats a request a few times within seconds; what is here goes on for a minute,
and for an hour while the account has no free slot.
"""

from collections.abc import Callable
from random import Random
from typing import TypeVar

from core.comprehend.service_errors import code_of, is_expired
from core.errors import TryAgain
from core.progress import CancelToken, Progress, Reporter, silent
from core.text import printable

Result = TypeVar("Result")

MOST_REPEATS = 4
"""How often a request is repeated after throttling, a fault of the service or a lost connection."""
LONGEST_SLOT_WAIT_S = 3600.0
"""Seconds of waiting for one of the account's slots before giving up."""
TICK_S = 1.0
"""Seconds between two reports of a pause."""
_REPEATS = {"ConcurrentModificationException": 1}
_NO_SLOT = "ResourceLimitExceededException"


def send_patiently(
    call: Callable[[], Result],
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
    *,
    task: str,
    first_pause_s: float = 4.0,
    longest_pause_s: float = 60.0,
    random: Random | None = None,
) -> Result:
    """Make a call; while it fails for a passing reason, make it again after a growing pause.

    The call must be repeatable: it reads, replaces, or carries a saved token.

    Args:
        task: what is being done, for the reports.
        first_pause_s: the first pause; each further one is twice as long, with a fifth of jitter.
        longest_pause_s: what pauses grow to; while all slots are taken, every pause is this long.

    Raises:
        Interrupted: `cancel` was set during a pause.
        TunerError: the fault persists, the credentials have expired, or the call is refused.
    """
    token = cancel or CancelToken()
    jitter = random or Random()
    repeats, waited_s, pause_s = 0, 0.0, first_pause_s
    while True:
        token.check()
        try:
            return call()
        except TryAgain as error:
            code = code_of(error)
            if code == _NO_SLOT and waited_s < LONGEST_SLOT_WAIT_S:
                waited_s += (next_s := max(longest_pause_s, first_pause_s))
            elif not is_expired(error) and repeats < _most_repeats(code):
                next_s, pause_s = pause_s, min(pause_s * 2, longest_pause_s)
                repeats += 1
            else:
                raise
            _pause(next_s * jitter.uniform(0.8, 1.2), error, reporter, token, task)


def _most_repeats(code: str) -> int:
    return 0 if code == _NO_SLOT else _REPEATS.get(code, MOST_REPEATS)


def _pause(
    seconds: float, error: TryAgain, reporter: Reporter, cancel: CancelToken, task: str
) -> None:
    reason = f"{error.title[:1].lower()}{error.title[1:]}"
    left_s = seconds
    while left_s > 0:
        note = f"{printable(reason, 80)}; trying again in {max(1, round(left_s))} s"
        reporter(Progress(task, 0, None, "", note))
        step_s = min(left_s, TICK_S)
        cancel.wait(step_s)
        cancel.check()
        left_s -= step_s
