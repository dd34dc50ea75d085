"""What a session knows of its endpoints, and the few ways in which that changes."""

import msgspec

from core.comprehend.clients import Clients
from core.comprehend.endpoints import GONE, EndpointStatus, describe_endpoint, find_endpoint
from core.errors import InvalidInput
from core.text import printable
from core.workflow.actions.launching import note_in_ledger
from core.workflow.live_endpoints import find_by_name, live_endpoints
from core.workflow.session import Session, now
from core.workflow.state import EndpointState, SessionState


def named(state: SessionState, name: str) -> EndpointState:
    """The endpoint called `name`, also when it is gone.

    Raises:
        InvalidInput: there never was one.
    """
    endpoint = find_by_name(state, name)
    if endpoint is None:
        raise InvalidInput(
            "No such endpoint", f"{printable(name, 60)!r} is not of this session", ""
        )
    return endpoint


def pick_live(state: SessionState, name: str | None = None) -> EndpointState:
    """The live endpoint called `name`, or the newest.

    Raises:
        InvalidInput: there is none.
    """
    live = live_endpoints(state)
    for endpoint in reversed(live):
        if name in (None, endpoint.name):
            return endpoint
    known = ", ".join(endpoint.name for endpoint in live)
    raise InvalidInput(
        "No such endpoint" if name else "No endpoint",
        f"{printable(name, 60)!r} is not alive" if name else "no endpoint of this session exists",
        f"alive: {known}" if known else "start one with: comprehend-tuner endpoint start",
    )


def refresh_endpoint(session: Session, clients: Clients, name: str) -> EndpointStatus | None:
    """Describe a live endpoint and save its state; None when it is not to be seen so far.

    One that was seen before, and that neither description nor list shows any more, is gone:
    somebody else deleted it.

    Raises:
        TunerError: the service cannot be asked.
    """
    endpoint = named(session.state(), name)
    if endpoint.deleted_at or not endpoint.arn:
        return None
    status = describe_endpoint(clients.comprehend, endpoint.arn)
    if status is None and endpoint.state:
        status = find_endpoint(clients.comprehend, name, endpoint.request["ModelArn"])
        if status is None:
            mark_gone(session, name)
            return EndpointStatus(endpoint.arn, GONE)
    if status is not None and (status.state, status.message) != (endpoint.state, endpoint.message):
        with session.editing() as state:
            saved = named(state, name)
            saved.state, saved.message = status.state, status.message
        session.record("state", endpoint=name, state=status.state, message=status.message)
    return status


def save_arn(session: Session, name: str, arn: str) -> EndpointState:
    """Save that an endpoint was created.

    One that was taken for gone meanwhile, because it had not appeared, is alive again.
    """
    with session.editing() as state:
        endpoint = named(state, name)
        endpoint.arn, endpoint.created_at = arn, endpoint.created_at or now()
        endpoint.deleted_at = ""
        state.ledger = [e for e in state.ledger if (e.kind, e.name) != ("endpoint", name)]
        note_in_ledger(state, "endpoint", arn, endpoint.run)
    return endpoint


def mark_gone(session: Session, name: str) -> EndpointState:
    """Save that an endpoint does not exist any more."""
    with session.editing() as state:
        endpoint = named(state, name)
        endpoint.state, endpoint.deleted_at = GONE, now()
        state.ledger = [
            msgspec.structs.replace(entry, state="deleted")
            if entry.kind == "endpoint" and entry.name in (name, endpoint.arn)
            else entry
            for entry in state.ledger
        ]
    session.record("endpoint-deleted", endpoint=name, arn=endpoint.arn)
    return endpoint


def withdraw(session: Session, name: str) -> None:
    """Take an intent back whose request surely created nothing."""
    with session.editing() as state:
        state.endpoints = [endpoint for endpoint in state.endpoints if endpoint.name != name]
        state.ledger = [e for e in state.ledger if (e.kind, e.name) != ("endpoint", name)]
    session.record("endpoint-refused", endpoint=name)
