"""Deleting one thing and waiting until it is gone."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from core.comprehend.jobs.status import TRAINING_STATES
from core.comprehend.resources.ledger import CleanupItem
from core.comprehend.service_errors import code_of, explained
from core.errors import Interrupted, TryAgain, TunerError
from core.progress import CancelToken, Progress, Reporter, silent
from core.text import printable

if TYPE_CHECKING:
    from core.comprehend.clients import Clients

Outcome = Literal["deleted", "already gone", "still there"]

_GONE = frozenset({"ResourceNotFoundException", "JobNotFoundException"})
_BUSY = frozenset({"ResourceInUseException", "ResourceUnavailableException"})


class CleanupResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one item."""

    item: CleanupItem
    """The item."""
    outcome: Outcome
    """Whether it is gone."""
    message: str = ""
    """Why it is still there; printable."""


@dataclass(frozen=True)
class Patience:
    """How long and how often clean-up looks again."""

    first_interval_s: float = 5.0
    """Seconds before the second look."""
    longest_interval_s: float = 30.0
    """Seconds that an interval grows to."""
    longest_wait_s: float = 1800.0
    """Seconds of waiting in all for one item."""


DEFAULT_PATIENCE = Patience()
"""Patience for the service: deleting takes minutes there."""


def delete_item(
    clients: "Clients",
    item: CleanupItem,
    cancel: CancelToken | None = None,
    reporter: Reporter = silent,
    patience: Patience = DEFAULT_PATIENCE,
    random: Random | None = None,
) -> CleanupResult:
    """Delete one thing and wait until it is gone.

    A training that is under way is stopped first. What is in use is tried again; what is gone
    already is no error. Repeating an interrupted clean-up is safe.

    Args:
        cancel: stops the waiting; a deletion that was asked for goes on.
        patience: how long to wait.
        random: source of the jitter.

    Returns:
        The outcome; "still there" with the last reason when patience ran out.

    Raises:
        Interrupted: `cancel` was set.
        TunerError: the service refuses, for lack of rights for instance.
    """
    if item.kind == "object":
        return _delete_object(clients, item)
    work = _Deletion(clients, item)
    waits = _Waits(patience, cancel or CancelToken(), reporter, item, random or Random())
    while True:
        try:
            if work.advance():
                outcome: Outcome = "deleted" if work.was_asked else "already gone"
                return CleanupResult(item=item, outcome=outcome)
        except TryAgain as error:
            work.reason = error.message
        if not waits.again(work.reason):
            return CleanupResult(item=item, outcome="still there", message=work.reason)


def verify_gone(clients: "Clients", items: Iterable[CleanupItem]) -> tuple[CleanupItem, ...]:
    """The items that the service or the bucket still shows, looked up afresh.

    Raises:
        TunerError: the service cannot be asked.
    """
    return tuple(item for item in items if _state_of(clients, item) is not None)


def _delete_object(clients: "Clients", item: CleanupItem) -> CleanupResult:
    with explained():
        existed = _state_of(clients, item) is not None
        clients.store.delete(item.name)
        if _state_of(clients, item) is not None:
            return CleanupResult(
                item=item, outcome="still there", message="the bucket still lists it"
            )
    return CleanupResult(item=item, outcome="deleted" if existed else "already gone")


def _state_of(clients: "Clients", item: CleanupItem) -> str | None:
    """The state of a thing; None when it does not exist."""
    if item.kind == "object":
        with explained():
            found = any(entry.uri == item.name for entry in clients.store.list(item.name))
        return "present" if found else None
    try:
        with explained():
            if item.kind == "endpoint":
                answer: Any = clients.comprehend.describe_endpoint(EndpointArn=item.name)
                return str(answer["EndpointProperties"]["Status"])
            answer = clients.comprehend.describe_document_classifier(
                DocumentClassifierArn=item.name
            )
            return str(answer["DocumentClassifierProperties"]["Status"])
    except TunerError as error:
        if code_of(error) in _GONE:
            return None
        raise


class _Deletion:
    """One classifier or endpoint on its way out."""

    def __init__(self, clients: "Clients", item: CleanupItem) -> None:
        self._clients = clients
        self._item = item
        self._stop_asked = False
        self.was_asked = False
        self.reason = ""

    def advance(self) -> bool:
        """Look, and ask for what comes next: stop, delete or nothing; return whether it is gone."""
        state = _state_of(self._clients, self._item)
        if state is None:
            return True
        self.reason = f"its state is {printable(state, 40)}"
        if state == "DELETING":
            self.was_asked = True
        elif self._item.kind == "endpoint":
            return self._ask(
                lambda: self._clients.comprehend.delete_endpoint(EndpointArn=self._item.name)
            )
        elif not TRAINING_STATES.get(state, (True, False))[0]:
            self._stop(state)
        else:
            return self._ask(
                lambda: self._clients.comprehend.delete_document_classifier(
                    DocumentClassifierArn=self._item.name
                )
            )
        return False

    def _stop(self, state: str) -> None:
        if state == "STOP_REQUESTED" or self._stop_asked:
            return
        with explained():
            self._clients.comprehend.stop_training_document_classifier(
                DocumentClassifierArn=self._item.name
            )
        self._stop_asked = True

    def _ask(self, delete: Callable[[], Any]) -> bool:
        try:
            with explained():
                delete()
            self.was_asked = True
        except TunerError as error:
            if code_of(error) in _BUSY:
                self.reason = error.message
                return False
            if code_of(error) not in _GONE:
                raise
        return _state_of(self._clients, self._item) is None


class _Waits:
    """The growing intervals between two looks, until patience runs out."""

    def __init__(
        self,
        patience: Patience,
        cancel: CancelToken,
        reporter: Reporter,
        item: CleanupItem,
        random: Random,
    ) -> None:
        self._patience = patience
        self._cancel = cancel
        self._reporter = reporter
        self._task = f"deleting {item.kind} {printable(item.name, 80)}"
        self._random = random
        self._interval_s = patience.first_interval_s
        self._waited_s = 0.0

    def again(self, reason: str) -> bool:
        """Wait for the next look; return False when there is none left."""
        if self._waited_s >= self._patience.longest_wait_s:
            return False
        done = int(self._waited_s)
        self._reporter(Progress(self._task, done, None, "seconds", printable(reason, 80)))
        seconds = self._interval_s * self._random.uniform(0.8, 1.2)
        if self._cancel.wait(seconds):
            raise Interrupted(
                "Interrupted", "stopped waiting; what was asked to go is still going",
                "run the clean-up again to see it through",
            )  # fmt: skip
        self._waited_s += seconds
        self._interval_s = min(self._interval_s * 1.5, self._patience.longest_interval_s)
        return True
