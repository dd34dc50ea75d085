"""Endpoints: create, wait, move the deletion time.

The intent with token and deletion time is saved first, then the process that will delete the
endpoint is started, then the creating call is made. So whatever is killed, what may be charged is
in the session and somebody deletes it.
"""

from datetime import timedelta

from core.comprehend.clients import Clients
from core.comprehend.endpoint_waiting import wait_until_serving
from core.comprehend.endpoints import (
    GONE,
    LONGEST_NAME,
    create_endpoint,
    endpoint_request,
    was_not_created,
)
from core.comprehend.jobs import new_token, resource_name, send_patiently
from core.comprehend.service_errors import code_of, explain_job_message
from core.errors import InvalidInput, OperationFailed, TunerError
from core.progress import CancelToken, Reporter, silent
from core.text import printable
from core.workflow.actions.budget import require_budget
from core.workflow.actions.endpoint_plan import EndpointPlan, added_estimate, check_minutes
from core.workflow.actions.endpoint_records import (
    named,
    refresh_endpoint,
    save_arn,
    withdraw,
)
from core.workflow.actions.launching import intended, session_clients
from core.workflow.actions.runs import resource_tags
from core.workflow.endpoint_keeper import Spawn, spawn_keeper
from core.workflow.live_endpoints import find_live, utc_now
from core.workflow.session import Session, now
from core.workflow.state import EndpointState, SessionState


def start_endpoint(
    session: Session,
    plan: EndpointPlan,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
    spawn: Spawn = spawn_keeper,
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
    known = find_live(session.state(), plan.run, plan.classifier)
    if known is not None:
        refresh_endpoint(session, clients, known.name)
    with session.editing() as state:
        endpoint = find_live(state, plan.run, plan.classifier)
        is_new = endpoint is None
        require_budget(state, added_estimate(state, endpoint, plan.minutes, plan.inference_units))
        delete_at = _after(plan.minutes)
        if endpoint is None:
            endpoint = _intent(state, plan, delete_at)
            state.endpoints.append(endpoint)
            state.ledger.append(intended("endpoint", endpoint.name, plan.run))
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
    arn = _create(session, clients, endpoint, is_new, reporter, cancel)
    endpoint = save_arn(session, endpoint.name, arn)
    spawn(session, endpoint.name)
    session.record("endpoint", endpoint=endpoint.name, arn=arn, delete_at=endpoint.delete_at)
    return endpoint


def wait_endpoint(
    session: Session,
    name: str,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> EndpointState:
    """Wait until an endpoint answers; interrupting leaves it as it is, and charged.

    Raises:
        OperationFailed: it failed or is gone.
        Interrupted: cancelled.
    """
    clients = session_clients(session)
    status = wait_until_serving(
        lambda: refresh_endpoint(session, clients, name),
        reporter,
        cancel,
        clients.poll_s,
        clients.longest_poll_s,
    )
    if status is None or status.state in ("DELETING", GONE):
        is_going = status is not None and status.state != GONE
        raise OperationFailed(
            "The endpoint is gone",
            f"{printable(name)} {'is being deleted' if is_going else 'does not exist'}",
            "start another one with: comprehend-tuner endpoint start",
        )
    if status.state == "FAILED":
        raise endpoint_failure(name, status.message)
    return named(session.state(), name)


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
        endpoint = named(state, name)
        if endpoint.deleted_at:
            raise InvalidInput("The endpoint is gone", printable(name), "start another one")
        require_budget(state, added_estimate(state, endpoint, minutes, endpoint.inference_units))
        endpoint.delete_at = _after(minutes)
    session.record("endpoint-kept", endpoint=name, delete_at=endpoint.delete_at)
    spawn(session, name)
    return endpoint


def _create(
    session: Session,
    clients: Clients,
    endpoint: EndpointState,
    is_new: bool,
    reporter: Reporter,
    cancel: CancelToken | None,
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
            reporter,
            cancel,
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
        tags=resource_tags(state, plan.run),
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
