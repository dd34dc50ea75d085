"""Deleting one thing and waiting until it is gone."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from core.comprehend.jobs import TRAINING_STATES
from core.comprehend.ledger import CleanupItem
from core.comprehend.lookup import (
    address_of_upload,
    listed_state,
    name_of,
    state_of,
    tags_of,
    users_of,
)
from core.comprehend.service_errors import DENIED_CODES, GONE_CODES, code_of, explained
from core.errors import Interrupted, TryAgain, TunerError
from core.progress import UNWATCHED, Watch
from core.text import printable

if TYPE_CHECKING:
    from core.comprehend.engine import Clients


DeletionOutcome = Literal["deleted", "already gone", "still there"]
_Next = Literal["gone", "wait", "held"]

_BUSY = frozenset({"ResourceInUseException", "ResourceUnavailableException"})
_INTERVALS = 30


class CleanupResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one item."""

    item: CleanupItem
    """The item."""
    outcome: DeletionOutcome
    """Whether it is gone."""
    message: str = ""
    """Why it is still there, or what it leaves behind; printable."""
    hint: str = ""
    """What to do about it; printable."""
    is_refused: bool = False
    """Whether repeating is of no use until somebody has done something."""


@dataclass(frozen=True)
class Patience:
    """How long and how often clean-up looks again."""

    first_interval_s: float
    """Seconds before the second look."""
    longest_interval_s: float
    """Seconds that an interval grows to."""
    longest_wait_s: float
    """Seconds of waiting in all for one item."""


def patience_of(clients: "Clients") -> Patience:
    """The engine's own pace of polling; deleting takes up to half an hour on Amazon's side."""
    return Patience(clients.poll_s, clients.longest_poll_s, _INTERVALS * clients.longest_poll_s)


def delete_item(
    clients: "Clients",
    item: CleanupItem,
    watch: Watch = UNWATCHED,
    patience: Patience | None = None,
    random: Random | None = None,
    *,
    tags: Mapping[str, str] | None = None,
    prefix: str = "",
    gone: Collection[str] = (),
) -> CleanupResult:
    """Delete one thing and wait until it is gone.

    A training that is under way is stopped first. What is in use is tried again, except a
    classifier that an endpoint or flywheel serves which is not in `gone`: it is left alone. What
    is gone already is no error. Repeating an interrupted clean-up is safe.

    Args:
        watch: stops the waiting; a deletion that was asked for goes on.
        patience: how long to wait; None for the engine's own pace.
        random: source of the jitter.
        tags: what an endpoint, flywheel, classifier or role must carry to be deleted; what does
            not carry them is not provably the session's and is left alone.
        prefix: address below which an object or upload must lie to be deleted; empty for any.
        gone: ARNs of endpoints and flywheels that were deleted; a list may still show them.

    Returns:
        The outcome; "still there" with the last reason when patience ran out, something holds
        it, or the caller lacks the right.

    Raises:
        Interrupted: stopping was asked for.
        TunerError: the service cannot be asked.
    """
    work = _Deletion(clients, item, tags or {}, prefix, gone)
    chosen = patience or patience_of(clients)
    waits = _Waits(chosen, watch, item, random or Random())
    return _seen_through(work, item, waits)


def _seen_through(work: "_Deletion", item: CleanupItem, waits: "_Waits") -> CleanupResult:
    """Advance a deletion until nothing more can be done."""
    while True:
        try:
            following = work.advance()
        except TryAgain as error:
            following, work.reason = "wait", error.message
        except TunerError as error:
            if code_of(error) not in DENIED_CODES and item.kind != "role":
                raise
            return _refused(item, f"{error.title}: {error.message}", error.hint)
        if following == "gone":
            outcome: DeletionOutcome = "deleted" if work.was_asked else "already gone"
            return CleanupResult(item=item, outcome=outcome, message=work.leaves)
        if following == "held":
            return _refused(item, work.reason, work.hint)
        if not waits.again(work.reason):
            return CleanupResult(
                item=item, outcome="still there", message=work.reason, hint="repeat the clean-up"
            )


def _refused(item: CleanupItem, reason: str, hint: str) -> CleanupResult:
    return CleanupResult(
        item=item, outcome="still there", message=reason, hint=hint, is_refused=True
    )


class _Deletion:
    """One thing on its way out."""

    def __init__(
        self,
        clients: "Clients",
        item: CleanupItem,
        tags: Mapping[str, str],
        prefix: str,
        gone: Collection[str],
    ) -> None:
        self._clients = clients
        self._item = item
        self._tags = tags
        self._prefix = prefix
        self._gone = gone
        self._stop_asked = False
        self._missed = False
        self.was_asked = False
        self.reason = ""
        self.hint = ""
        self.leaves = ""

    def advance(self) -> _Next:
        """Look, and ask for what comes next: stop, delete or nothing."""
        state = state_of(self._clients, self._item)
        if state is None:
            state = listed_state(self._clients, self._item)
            if state is None:
                return self._not_found()
        self.reason = f"its state is {printable(state, 40)}"
        if state == "DELETING":
            self.was_asked = True
            return "wait"
        if not self.was_asked and not self._is_provably_ours():
            return "held"
        if self._item.kind == "classifier":
            if not TRAINING_STATES.get(state, (True, False))[0]:
                self._stop(state)
                return "wait"
            if self._is_served():
                return "held"
        return self._ask()

    def _is_provably_ours(self) -> bool:
        """Whether the service's own tags, or the place in the bucket, say whose it is."""
        if self._item.kind in ("object", "upload"):
            is_ours = self._item.name.startswith(self._prefix)
            lacks = f"it lies outside {printable(self._prefix, 200)}"
        elif self._item.kind == "role":
            return True
        else:
            is_ours = self._tags.items() <= tags_of(self._clients, self._item.name).items()
            lacks = "it does not carry this session's tag"
        if not is_ours:
            self.reason = f"not provably this session's: {lacks}"
            self.hint = "if it is yours, delete it in the console"
        return is_ours

    def _not_found(self) -> _Next:
        """Gone; but what was made a moment ago may not be seen yet, so it is looked for twice."""
        is_certain = self.was_asked or self._missed or self._item.kind in ("object", "upload")
        self._missed = True
        self.reason = "it is not found; it may be too new to be seen"
        return "gone" if is_certain else "wait"

    def _stop(self, state: str) -> None:
        if state == "STOP_REQUESTED" or self._stop_asked:
            return
        with explained():
            self._clients.comprehend.stop_training_document_classifier(
                DocumentClassifierArn=self._item.name
            )
        self._stop_asked = True

    def _is_served(self) -> bool:
        users = users_of(self._clients, self._item.name)
        others = [printable(name_of(arn), 80) for arn in users if arn not in self._gone]
        if others:
            self.reason = f"in use by {', '.join(others)}, which this clean-up did not delete"
            self.hint = f"delete {' and '.join(others)}, then repeat the clean-up"
        return bool(others)

    def _ask(self) -> _Next:
        was_asked_before, self.was_asked = self.was_asked, True
        try:
            with explained():
                self._delete()
        except TunerError as error:
            if code_of(error) in _BUSY:
                self.reason = error.message
                return "wait"
            if code_of(error) not in GONE_CODES:
                raise
            self.was_asked = was_asked_before
        if state_of(self._clients, self._item) is None:
            return "gone"
        if self._item.kind == "object":
            self.reason, self.hint = "the bucket still lists it", "repeat the clean-up"
            return "held"
        return "wait"

    def _delete(self) -> None:
        client: Any = self._clients.comprehend
        name = self._item.name
        match self._item.kind:
            case "endpoint":
                client.delete_endpoint(EndpointArn=name)
            case "flywheel":
                flywheel = client.describe_flywheel(FlywheelArn=name)["FlywheelProperties"]
                lake = printable(str(flywheel.get("DataLakeS3Uri", "")), 300)
                self.leaves = f"its data lake stays: {lake}" if lake else ""
                client.delete_flywheel(FlywheelArn=name)
            case "classifier":
                client.delete_document_classifier(DocumentClassifierArn=name)
            case "upload":
                self._clients.service("s3").abort_multipart_upload(**address_of_upload(name))
            case "object":
                self._clients.store.delete(name)
            case "role":
                from core.comprehend.roles import delete_role

                delete_role(self._clients, name, self._tags)


class _Waits:
    """The growing intervals between two looks, until patience runs out."""

    def __init__(self, patience: Patience, watch: Watch, item: CleanupItem, random: Random) -> None:
        self._patience = patience
        self._watch = watch
        self._task = f"deleting {item.kind} {printable(item.name, 80)}"
        self._random = random
        self._interval_s = patience.first_interval_s
        self._waited_s = 0.0

    def again(self, reason: str) -> bool:
        """Wait for the next look; return False when there is none left."""
        if self._waited_s >= self._patience.longest_wait_s:
            return False
        done = int(self._waited_s)
        self._watch.report(self._task, done, None, "seconds", printable(reason, 80))
        seconds = self._interval_s * self._random.uniform(0.8, 1.2)
        if self._watch.wait(seconds):
            raise Interrupted(
                "Interrupted",
                "stopped waiting; what was asked to go is still going",
                "run the clean-up again to see it through",
            )
        self._waited_s += seconds
        self._interval_s = min(self._interval_s * 1.5, self._patience.longest_interval_s)
        return True
