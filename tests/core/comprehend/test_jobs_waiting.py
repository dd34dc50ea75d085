"""A wait polls at growing intervals, bears passing faults and stops at once."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from random import Random

import pytest

from core.comprehend.engine import JobProgress
from core.comprehend.jobs import MOST_FAULTS, JobStatus, wait_until_final
from core.errors import Interrupted, InvalidInput, TryAgain
from core.progress import CancelToken, Progress, Watch


class ImpatientToken(CancelToken):
    """Records waits instead of sleeping; cancels itself after some."""

    def __init__(self, waits_allowed: int | None = None) -> None:
        super().__init__()
        self.waits: list[float] = []
        self._allowed = waits_allowed

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        if self._allowed is not None and len(self.waits) > self._allowed:
            self.cancel()
        return self.is_cancelled


class Middle(Random):
    """Jitter of exactly one."""

    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2


def status(state: str, is_final: bool = False) -> JobStatus:
    return JobStatus(kind="training", state=state, is_final=is_final, is_usable=is_final)


def described(*replies: JobStatus | Exception) -> Callable[[], JobStatus]:
    remaining: Iterator[JobStatus | Exception] = iter(replies)

    def describe() -> JobStatus:
        reply = next(remaining)
        if isinstance(reply, Exception):
            raise reply
        return reply

    return describe


def test_the_final_state_ends_the_wait_and_intervals_grow_to_the_longest() -> None:
    token = ImpatientToken()
    replies = [status("SUBMITTED"), *[status("TRAINING")] * 4, status("TRAINED", True)]
    polls: list[float] = []
    source = described(*replies)

    def describe() -> JobStatus:
        polls.append(sum(token.waits))
        return source()

    final = wait_until_final(
        describe,
        watch=Watch(token=token),
        first_interval_s=15,
        longest_interval_s=40,
        random=Middle(),
    )
    assert final.state == "TRAINED"
    gaps = [round(b - a, 2) for a, b in pairwise(polls)]
    assert gaps == [15.0, 22.5, 33.75, 40.0, 40.0]
    assert max(token.waits) <= 1.0


def test_jitter_keeps_an_interval_within_a_fifth() -> None:
    totals = set()
    for seed in range(20):
        token = ImpatientToken()
        wait_until_final(
            described(status("TRAINING"), status("TRAINED", True)),
            watch=Watch(token=token),
            first_interval_s=10,
            random=Random(seed),
        )
        totals.add(round(sum(token.waits), 6))
    assert len(totals) == 20 and 8 <= min(totals) and max(totals) <= 12


def test_a_job_that_is_final_already_is_not_waited_for() -> None:
    token = ImpatientToken()
    wait_until_final(described(status("IN_ERROR", True)), watch=Watch(token=token))
    assert token.waits == []


def test_cancelling_stops_at_the_next_tick_and_leaves_the_job() -> None:
    token = ImpatientToken(waits_allowed=2)
    with pytest.raises(Interrupted, match="the job goes on"):
        wait_until_final(
            described(*[status("TRAINING")] * 9), watch=Watch(token=token), first_interval_s=60
        )
    assert len(token.waits) == 3


def test_a_cancelled_token_stops_before_anything_is_asked() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Interrupted):
        wait_until_final(described(), watch=Watch(token=token))


def test_passing_faults_are_borne() -> None:
    fault = TryAgain("The service is throttling requests", "slow down")
    events: list[Progress] = []
    faults = [fault] * MOST_FAULTS
    training = status("TRAINING")
    source = described(training, *faults, training, *faults, status("TRAINED", True))
    final = wait_until_final(source, Watch(events.append, ImpatientToken()))
    assert final.state == "TRAINED"
    assert any("throttling" in event.note for event in events)


def test_faults_that_persist_end_the_wait() -> None:
    faults = [TryAgain("The service cannot be reached", "no route")] * (MOST_FAULTS + 1)
    with pytest.raises(TryAgain, match="no route"):
        wait_until_final(described(*faults), watch=Watch(token=ImpatientToken()))


def test_other_errors_end_the_wait_at_once() -> None:
    token = ImpatientToken()
    with pytest.raises(InvalidInput):
        wait_until_final(
            described(InvalidInput("The resource does not exist", "x")), watch=Watch(token=token)
        )
    assert token.waits == []


def test_reports_show_state_elapsed_seconds_and_the_next_poll() -> None:
    events: list[Progress] = []
    wait_until_final(
        described(status("TRAINING"), status("TRAINED", True)),
        Watch(events.append, ImpatientToken()),
        "training base",
        first_interval_s=3,
        random=Middle(),
    )
    assert [event.note for event in events] == [
        "TRAINING, next poll in 3 s",
        "TRAINING, next poll in 2 s",
        "TRAINING, next poll in 1 s",
        "TRAINED",
    ]
    assert {event.task for event in events} == {"training base"}
    assert {event.unit for event in events} == {"seconds"}


def test_elapsed_time_counts_from_submission() -> None:
    submitted = JobStatus(
        kind="training",
        state="TRAINED",
        is_final=True,
        is_usable=True,
        submitted_at="2020-01-01T00:00:00+00:00",
    )
    events: list[Progress] = []
    wait_until_final(described(submitted), Watch(events.append, CancelToken()))
    assert events[-1].done > 100_000_000


def test_the_jobs_own_count_is_reported_when_there_is_one() -> None:
    events: list[Progress] = []
    wait_until_final(
        described(status("TRAINING"), status("TRAINED", True)),
        Watch(events.append, ImpatientToken()),
        progress=lambda: JobProgress(5, 9, "reading\x1b[2J documents"),
        first_interval_s=1,
    )
    assert (events[0].done, events[0].total) == (5, 9)
    assert events[0].note == "TRAINING · reading documents"
