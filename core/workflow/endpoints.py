"""Endpoints: create, wait, move the deletion time.

The intent with token and deletion time is saved first, then the process that will delete the
endpoint is started, then the creating call is made. So whatever is killed, what may be charged is
in the session and somebody deletes it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.comprehend.deletion import delete_item
from core.comprehend.endpoints import (
    DELETED,
    LONGEST_NAME,
    MOST_UNITS,
    EndpointStatus,
    create_endpoint,
    describe_endpoint,
    endpoint_request,
    find_endpoint,
    wait_until_serving,
    was_not_created,
)
from core.comprehend.engine import Clients
from core.comprehend.jobs import new_token, send_patiently
from core.comprehend.ledger import CleanupItem
from core.comprehend.pricing import Estimate, charged, endpoint_estimate
from core.comprehend.requests import resource_name
from core.comprehend.service_errors import code_of, explain_job_message
from core.errors import InvalidInput, OperationFailed, TryAgain, TunerError
from core.progress import UNWATCHED, Watch
from core.text import printable
from core.workflow.endpoint_keeper import Spawn, spawn_keeper
from core.workflow.jobs import note_in_ledger, session_clients
from core.workflow.money import require_budget
from core.workflow.overview import usd_per_hour, utc_now
from core.workflow.session import Session, now
from core.workflow.state import ClassifierState, EndpointState, RunState, SessionState

# What an endpoint would be and cost.


DEFAULT_MINUTES = 30
"""Minutes after which an endpoint is deleted when nothing else was asked for."""
MOST_MINUTES = 24 * 60
"""Most minutes that a deletion time may lie ahead."""


@dataclass(frozen=True)
class EndpointPlan:
    """What a start would create and cost."""

    run: str
    classifier: str
    classifier_arn: str
    is_resumed: bool
    """Whether the classifier has an endpoint, which is only carried on."""
    inference_units: int
    minutes: int
    usd_per_hour: float
    """Price while it exists, used or not."""
    estimate: Estimate
    """Price until its deletion time; of a resumed one, what the later time adds."""
    engine: str
    is_paid: bool


def plan_endpoint(
    session: Session,
    run_name: str | None = None,
    classifier_id: str | None = None,
    minutes: int = DEFAULT_MINUTES,
    units: int = 1,
) -> EndpointPlan:
    """Say what a start would do, without doing it.

    Args:
        run_name: None for the newest run.
        classifier_id: None for the run's first classifier.
        minutes: from now until the endpoint is deleted.
        units: inference units; each is charged.

    Raises:
        InvalidInput: there is no such usable classifier, or a number is out of bounds.
    """
    check_minutes(minutes)
    if not 1 <= units <= MOST_UNITS:
        raise InvalidInput("Too many units", f"{units} inference units", f"1 to {MOST_UNITS}")
    state = session.state()
    run = state.run_named(run_name)
    classifier = _usable_classifier(state, run, classifier_id)
    existing = state.live_endpoint_of(run.name, classifier.id)
    clients = session_clients(session)
    units = existing.inference_units if existing else units
    return EndpointPlan(
        run=run.name,
        classifier=classifier.id,
        classifier_arn=classifier.training.arn,
        is_resumed=existing is not None,
        inference_units=units,
        minutes=minutes,
        usd_per_hour=usd_per_hour(units, state.prices),
        estimate=added_estimate(state, existing, minutes, units),
        engine=clients.info.label,
        is_paid=clients.info.is_paid,
    )


def added_estimate(
    state: SessionState, existing: EndpointState | None, minutes: int, units: int
) -> Estimate:
    """What an endpoint costs for `minutes` from now, or what that adds to an existing one."""
    seconds = minutes * 60.0
    if existing is not None:
        seconds -= max(existing.seconds_left(utc_now()), 0.0)
        if seconds <= 0:
            return Estimate(0.0, 0.0, f"it exists until {existing.delete_at} already")
    return endpoint_estimate(seconds, units, state.prices)


def _usable_classifier(
    state: SessionState, run: RunState, classifier_id: str | None
) -> ClassifierState:
    for classifier in run.classifiers:
        if classifier_id in (None, classifier.id):
            break
    else:
        names = ", ".join(classifier.id for classifier in run.classifiers)
        raise InvalidInput(
            "No such classifier",
            f"{printable(classifier_id or '', 60)!r} is not in run {printable(run.name)}",
            f"its classifiers: {names}",
        )
    status = classifier.training.status
    if status is None or not status.is_usable:
        raise InvalidInput(
            "No trained classifier",
            f"{printable(classifier.training.id)} is {status.state if status else 'not started'}",
            "train it first: comprehend-tuner train",
        )
    arn = classifier.training.arn
    if state.is_deleted(arn):
        raise InvalidInput(
            "The classifier was deleted",
            f"{printable(classifier.training.id)} was deleted by the clean-up",
            "train a new run: comprehend-tuner train --run NAME",
        )
    return classifier


def check_minutes(minutes: int) -> None:
    """Refuse a time that lies too far ahead, or not ahead at all.

    Raises:
        InvalidInput: it is not from 1 minute to a day.
    """
    if not 1 <= minutes <= MOST_MINUTES:
        raise InvalidInput(
            "No such time",
            f"{minutes} minutes",
            f"1 to {MOST_MINUTES:,}; it can be moved later with: comprehend-tuner endpoint keep",
        )


# What a session knows of its endpoints, and the few ways in which that changes.


def refresh_endpoint(session: Session, clients: Clients, name: str) -> EndpointStatus | None:
    """Describe a live endpoint and save its state; None when it is not to be seen so far.

    One that was seen before, and that neither description nor list shows any more, is gone:
    somebody else deleted it.

    Raises:
        TunerError: the service cannot be asked.
    """
    endpoint = session.state().endpoint_named(name)
    if endpoint.deleted_at or not endpoint.arn:
        return None
    status = describe_endpoint(clients.comprehend, endpoint.arn)
    if status is None and endpoint.state:
        status = find_endpoint(clients.comprehend, name, endpoint.request["ModelArn"])
        if status is None:
            mark_gone(session, name)
            return EndpointStatus(endpoint.arn, DELETED)
    if status is not None and (status.state, status.message) != (endpoint.state, endpoint.message):
        with session.editing() as state:
            saved = state.endpoint_named(name)
            saved.state, saved.message = status.state, status.message
        session.record("state", endpoint=name, state=status.state, message=status.message)
    return status


def save_arn(session: Session, name: str, arn: str) -> EndpointState:
    """Save that an endpoint was created.

    One that was taken for gone meanwhile, because it had not appeared, is alive again.
    """
    with session.editing() as state:
        endpoint = state.endpoint_named(name)
        endpoint.arn, endpoint.created_at = arn, endpoint.created_at or now()
        endpoint.deleted_at = ""
        state.strike("endpoint", name)
        note_in_ledger(state, "endpoint", arn, endpoint.run)
    return endpoint


def mark_gone(session: Session, name: str) -> EndpointState:
    """Save that an endpoint does not exist any more."""
    with session.editing() as state:
        endpoint = state.endpoint_named(name)
        endpoint.state, endpoint.deleted_at = DELETED, now()
        state.mark_in_ledger("deleted", {("endpoint", name), ("endpoint", endpoint.arn)})
    session.record("endpoint-deleted", endpoint=name, arn=endpoint.arn)
    return endpoint


def withdraw(session: Session, name: str) -> None:
    """Take an intent back whose request surely created nothing."""
    with session.editing() as state:
        state.endpoints = [endpoint for endpoint in state.endpoints if endpoint.name != name]
        state.strike("endpoint", name)
    session.record("endpoint-refused", endpoint=name)


def start_endpoint(
    session: Session, plan: EndpointPlan, watch: Watch = UNWATCHED, spawn: Spawn = spawn_keeper
) -> EndpointState:
    """Create the endpoint, or carry on where an interrupted call stopped.

    An endpoint that the classifier has already is kept, at least until the plan's deletion time.

    Args:
        spawn: starts the process that deletes the endpoint when its time has come.

    Raises:
        Refused: the session's budget would be exceeded; nothing was created.
        TunerError: the service refuses or cannot be reached; repeating goes on.
        Interrupted: cancelled between two attempts.
    """
    clients = session_clients(session)
    existing = session.state().live_endpoint_of(plan.run, plan.classifier)
    if existing is not None:
        refresh_endpoint(session, clients, existing.name)
    with session.editing() as state:
        endpoint = state.live_endpoint_of(plan.run, plan.classifier)
        is_new = endpoint is None
        require_budget(state, added_estimate(state, endpoint, plan.minutes, plan.inference_units))
        delete_at = _after(plan.minutes)
        if endpoint is None:
            endpoint = _intent(state, plan, delete_at)
            state.endpoints.append(endpoint)
            note_in_ledger(state, "endpoint", endpoint.name, plan.run, "intended")
        else:
            endpoint.delete_at = max(endpoint.delete_at, delete_at)
    try:
        spawn(session, endpoint.name)
    except TunerError:
        if is_new:
            withdraw(session, endpoint.name)
        raise
    if endpoint.arn:
        return endpoint
    arn = _create(session, clients, endpoint, is_new, watch)
    endpoint = save_arn(session, endpoint.name, arn)
    spawn(session, endpoint.name)
    session.record("endpoint", endpoint=endpoint.name, arn=arn, delete_at=endpoint.delete_at)
    return endpoint


def wait_endpoint(session: Session, name: str, watch: Watch = UNWATCHED) -> EndpointState:
    """Wait until an endpoint answers; interrupting leaves it as it is, and charged.

    Raises:
        OperationFailed: it failed or is gone.
        Interrupted: cancelled.
    """
    clients = session_clients(session)
    status = wait_until_serving(
        lambda: refresh_endpoint(session, clients, name),
        watch,
        clients.poll_s,
        clients.longest_poll_s,
    )
    if status is None or status.state in ("DELETING", DELETED):
        is_going = status is not None and status.state != DELETED
        raise OperationFailed(
            "The endpoint is gone",
            f"{printable(name)} {'is being deleted' if is_going else 'does not exist'}",
            "start another one with: comprehend-tuner endpoint start",
        )
    if status.state == "FAILED":
        raise endpoint_failure(name, status.message)
    return session.state().endpoint_named(name)


def endpoint_failure(name: str, message: str) -> OperationFailed:
    """The error that says why an endpoint failed and what to do; it exists until it is deleted."""
    hint = explain_job_message(message)
    return OperationFailed(
        "The endpoint failed",
        f"{printable(name)}: {printable(message, 300) or 'the service gave no reason'}",
        f"{hint + '; then ' if hint else ''}delete it with: comprehend-tuner endpoint stop, and"
        " start another one",
    )


def keep_endpoint(
    session: Session, name: str, minutes: int, spawn: Spawn = spawn_keeper
) -> EndpointState:
    """Move an endpoint's deletion time to `minutes` from now, later or sooner.

    Raises:
        InvalidInput: it is gone, or the number is out of bounds.
        Refused: the session's budget would be exceeded.
    """
    check_minutes(minutes)
    with session.editing() as state:
        endpoint = state.endpoint_named(name)
        if endpoint.deleted_at:
            raise InvalidInput("The endpoint is gone", printable(name), "start another one")
        require_budget(state, added_estimate(state, endpoint, minutes, endpoint.inference_units))
        endpoint.delete_at = _after(minutes)
    session.record("endpoint-kept", endpoint=name, delete_at=endpoint.delete_at)
    spawn(session, name)
    return endpoint


def _create(
    session: Session, clients: Clients, endpoint: EndpointState, is_new: bool, watch: Watch
) -> str:
    """Send the saved request; an intent that surely created nothing is taken back."""
    is_open = not is_new

    def send() -> str:
        nonlocal is_open
        try:
            return create_endpoint(clients.comprehend, endpoint.request)
        except TunerError as error:
            is_open = is_open or not was_not_created(error)
            if code_of(error) != "ResourceLimitExceededException":
                raise
            raise OperationFailed(
                "No room for an endpoint",
                error.message,
                "delete another endpoint of the account, or ask AWS for a higher quota",
            ) from error

    try:
        return send_patiently(
            send,
            watch,
            task=f"creating endpoint {printable(endpoint.name)}",
            first_pause_s=clients.poll_s / 4,
            longest_pause_s=clients.longest_poll_s,
        )
    except TunerError:
        if not is_open:
            withdraw(session, endpoint.name)
        raise


def _intent(state: SessionState, plan: EndpointPlan, delete_at: str) -> EndpointState:
    attempt = 1 + sum(
        (endpoint.run, endpoint.classifier) == (plan.run, plan.classifier)
        for endpoint in state.endpoints
    )
    name = resource_name(
        "ct", state.name, state.uid, plan.run, plan.classifier, f"e{attempt}", limit=LONGEST_NAME
    )
    token = new_token()
    request = endpoint_request(
        name=name,
        classifier_arn=plan.classifier_arn,
        inference_units=plan.inference_units,
        token=token,
        tags=state.tags_of(plan.run),
    )
    return EndpointState(
        name=name,
        run=plan.run,
        classifier=plan.classifier,
        token=token,
        request=request,
        inference_units=plan.inference_units,
        intended_at=now(),
        delete_at=delete_at,
    )


def _after(minutes: int) -> str:
    """ISO time so many minutes from now, UTC, as `now` writes it."""
    return (utc_now() + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


# Endpoints: delete, also those whose time has come.


UNANSWERED_GRACE_S = 300.0
"""Seconds that an endpoint whose creating call was not answered is given to appear."""


def stop_endpoint(session: Session, name: str, watch: Watch = UNWATCHED) -> EndpointState:
    """Delete an endpoint and wait until it is gone; one that is gone already is no error.

    Raises:
        TryAgain: it can still be seen, or it may yet appear because its creating call was never
            answered; repeating finishes it.
        OperationFailed: the service refuses to delete it.
        Interrupted: cancelled; a deletion that was asked for goes on.
    """
    endpoint = session.state().endpoint_named(name)
    if endpoint.deleted_at:
        return endpoint
    clients = session_clients(session)
    if not endpoint.arn:
        status = find_endpoint(clients.comprehend, name, endpoint.request["ModelArn"])
        if status is None:
            _require_settled(endpoint, clients)
            return mark_gone(session, name)
        endpoint = save_arn(session, name, status.arn)
    item = CleanupItem(kind="endpoint", name=endpoint.arn, run=endpoint.run)
    result = delete_item(clients, item, watch, tags=session.state().own_tag)
    if result.is_refused:
        raise OperationFailed("The endpoint is not deleted", result.message, result.hint)
    if result.outcome == "still there":
        raise TryAgain(
            "The endpoint is still there",
            f"{printable(name)}: {result.message}",
            "repeat: comprehend-tuner endpoint stop",
        )
    return mark_gone(session, name)


def overdue_endpoints(state: SessionState) -> tuple[str, ...]:
    """Names of the live endpoints whose time has come."""
    return tuple(e.name for e in state.live_endpoints if e.seconds_left(utc_now()) <= 0)


def delete_overdue(session: Session, watch: Watch = UNWATCHED) -> tuple[str, ...]:
    """Delete the endpoints whose time has come; return their names.

    Raises:
        TunerError: one could not be deleted; the others were.
    """
    gone: list[str] = []
    failure: TunerError | None = None
    for name in overdue_endpoints(session.state()):
        try:
            stop_endpoint(session, name, watch)
            gone.append(name)
        except TunerError as error:
            failure = error
    if failure is not None:
        raise failure
    return tuple(gone)


def _require_settled(endpoint: EndpointState, clients: Clients) -> None:
    """Offline what is not listed does not exist; Amazon's list may lag behind."""
    asked_at = datetime.fromisoformat(endpoint.intended_at)
    if clients.info.is_paid and (utc_now() - asked_at).total_seconds() < UNANSWERED_GRACE_S:
        raise TryAgain(
            "The endpoint may yet appear",
            f"the call that creates {printable(endpoint.name)} was never answered, and the service"
            " does not list it so far",
            "repeat in a few minutes: comprehend-tuner endpoint stop",
        )


# The endpoints of a session as people want to see them: state, price, deletion time.


@dataclass(frozen=True)
class EndpointRow:
    """One endpoint."""

    name: str
    run: str
    classifier: str
    state: str
    """The service's own word; "asked for" before the creating call was answered."""
    message: str
    is_live: bool
    """Whether it may exist, and be charged."""
    inference_units: int
    usd_per_hour: float
    """0 offline."""
    so_far_usd: float
    """Price until now, or until it was found gone."""
    until_usd: float
    """Price until its deletion time; of one that is gone, the same as so far."""
    created_at: str
    delete_at: str
    deleted_at: str
    """ISO times, UTC; empty while it has not happened."""
    is_overdue: bool
    arn: str


def endpoint_rows(session: Session, refreshed: bool = True) -> tuple[EndpointRow, ...]:
    """Every endpoint of the session, oldest first.

    Args:
        refreshed: ask the engine about those that are not gone.

    Raises:
        TunerError: the engine cannot be asked.
    """
    state = session.state()
    if refreshed and state.live_endpoints:
        clients = session_clients(session)
        for endpoint in state.live_endpoints:
            refresh_endpoint(session, clients, endpoint.name)
        state = session.state()
    return tuple(_row(state, endpoint, utc_now()) for endpoint in state.endpoints)


def _row(state: SessionState, endpoint: EndpointState, moment: datetime) -> EndpointRow:
    is_paid = state.engine.name == "aws"
    is_live = not endpoint.deleted_at
    lived = endpoint.lived_s(moment)
    left_s = max(endpoint.seconds_left(moment), 0.0) if is_live else 0.0
    units, prices = endpoint.inference_units, state.prices
    so_far, until = (
        charged(endpoint_estimate(seconds, units, prices), is_paid).high_usd
        for seconds in (lived, lived + left_s)
    )
    return EndpointRow(
        name=endpoint.name,
        run=endpoint.run,
        classifier=endpoint.classifier,
        state=endpoint.state or ("CREATING" if endpoint.arn else "asked for"),
        message=endpoint.message,
        is_live=is_live,
        inference_units=units,
        usd_per_hour=usd_per_hour(units, prices) if is_paid else 0.0,
        so_far_usd=so_far,
        until_usd=until,
        created_at=endpoint.created_at,
        delete_at=endpoint.delete_at,
        deleted_at=endpoint.deleted_at,
        is_overdue=is_live and endpoint.seconds_left(moment) <= 0,
        arn=endpoint.arn,
    )
