"""The endpoints of a session as people want to see them: state, price, deletion time."""

from dataclasses import dataclass
from datetime import datetime

from core.comprehend.pricing import charged, endpoint_estimate
from core.workflow.actions.endpoint_records import refresh_endpoint
from core.workflow.actions.launching import session_clients
from core.workflow.live_endpoints import (
    live_endpoints,
    lived_s,
    seconds_left,
    usd_per_hour,
    utc_now,
)
from core.workflow.session import Session
from core.workflow.state import EndpointState, SessionState


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
    if refreshed and live_endpoints(state):
        clients = session_clients(session)
        for endpoint in live_endpoints(state):
            refresh_endpoint(session, clients, endpoint.name)
        state = session.state()
    return tuple(_row(state, endpoint, utc_now()) for endpoint in state.endpoints)


def _row(state: SessionState, endpoint: EndpointState, moment: datetime) -> EndpointRow:
    is_paid = state.engine.name == "aws"
    is_live = not endpoint.deleted_at
    lived = lived_s(endpoint, moment)
    left_s = max(seconds_left(endpoint, moment), 0.0) if is_live else 0.0
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
        is_overdue=is_live and seconds_left(endpoint, moment) <= 0,
        arn=endpoint.arn,
    )
