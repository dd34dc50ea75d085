"""A call is repeated while it fails for a passing reason, at growing pauses, and said."""

import threading
import time
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from botocore.exceptions import ClientError

from core.comprehend import jobs
from core.comprehend.jobs import SPACING_S, send_patiently, take_turn
from core.comprehend.service_errors import explained
from core.errors import Interrupted, InvalidInput, TryAgain
from core.progress import CancelToken, Progress, Watch, silent


class RecordingToken(CancelToken):
    """Records waits instead of sleeping."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        return self.is_cancelled


class Middle(Random):
    """Jitter of exactly one."""

    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2


def answering(*codes: str) -> Callable[[], str]:
    """A call that fails with each code in turn and then answers."""
    left: Iterator[str] = iter(codes)

    def call() -> str:
        with explained():
            for code in left:
                answer: Any = {"Error": {"Code": code, "Message": "said so"}}
                raise ClientError(answer, "CreateDocumentClassifier")
        return "answer"

    return call


def send(
    call: Callable[[], str],
    token: CancelToken,
    report: Callable[[Progress], None] = silent,
    **more: Any,
) -> str:
    watch = Watch(report, token)
    return send_patiently(call, watch=watch, task="upload", random=Middle(), **more)


BUSY, NO_SLOT = "TooManyRequestsException", "ResourceLimitExceededException"


def test_pauses_double_from_the_first_and_stop_at_the_longest() -> None:
    token = RecordingToken()
    notes: list[str] = []

    def report(event: Progress) -> None:
        notes.append(event.note)

    call = answering(BUSY, BUSY, BUSY, BUSY)
    send(call, token, report, first_pause_s=4, longest_pause_s=20)
    assert sum(token.waits) == 4 + 8 + 16 + 20 and max(token.waits) <= 1.0
    assert notes[0] == "the service is throttling requests; trying again in 4 s"
    assert notes[4].endswith("in 8 s")


def test_a_fault_that_persists_is_raised_as_it_is() -> None:
    codes = [BUSY] * (jobs.MOST_REPEATS + 1)
    with pytest.raises(TryAgain, match="throttling"):
        send(answering(*codes), RecordingToken())


def test_a_concurrent_change_is_repeated_once() -> None:
    code = "ConcurrentModificationException"
    assert send(answering(code), RecordingToken()) == "answer"
    with pytest.raises(TryAgain):
        send(answering(code, code), RecordingToken())


def test_a_slot_is_waited_for_during_an_hour_at_the_longest_pause() -> None:
    token = RecordingToken()
    assert send(answering(*[NO_SLOT] * 60), token, longest_pause_s=60) == "answer"
    assert sum(token.waits) == jobs.LONGEST_SLOT_WAIT_S == 3600
    with pytest.raises(TryAgain, match="quota"):
        send(answering(*[NO_SLOT] * 61), RecordingToken(), longest_pause_s=60)


def test_waiting_for_a_slot_uses_up_no_repeats() -> None:
    codes = [*[BUSY] * jobs.MOST_REPEATS, *[NO_SLOT] * 9]
    assert send(answering(*codes), RecordingToken()) == "answer"


@pytest.mark.parametrize("code", ["AccessDeniedException", "InvalidRequestException"])
def test_what_does_not_pass_is_not_repeated(code: str) -> None:
    token = RecordingToken()
    with pytest.raises(InvalidInput):
        send(answering(code), token)
    assert token.waits == []


def test_expired_credentials_are_reported_at_once() -> None:
    token = RecordingToken()
    with pytest.raises(TryAgain, match="expired"):
        send(answering("ExpiredTokenException"), token)
    assert token.waits == []


def test_cancelling_ends_the_pause_and_nothing_more_is_sent() -> None:
    token = RecordingToken()
    calls: list[int] = []

    def call() -> str:
        calls.append(1)
        token.cancel()
        return answering(BUSY)()

    with pytest.raises(Interrupted):
        send(call, token)
    assert len(calls) == 1


def test_turns_of_all_threads_together_keep_their_distance(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock_s = [0.0]
    began: list[float] = []

    def sleep(seconds: float) -> None:
        clock_s[0] += seconds

    monkeypatch.setattr(time, "monotonic", lambda: clock_s[0])
    monkeypatch.setattr(time, "sleep", sleep)
    monkeypatch.setattr(jobs, "_last_s", [float("-inf")])

    def turn() -> None:
        take_turn()
        began.append(clock_s[0])

    threads = [threading.Thread(target=turn) for _ in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock_s[0] == 8 * SPACING_S and max(began) == 8 * SPACING_S
