"""What tests of endpoints share: starting one nobody else deletes, and asking the engine."""

from datetime import UTC, datetime, timedelta

import msgspec

from core.workflow.endpoints import EndpointPlan, plan_endpoint, start_endpoint
from core.workflow.jobs import session_clients
from core.workflow.session import Session
from core.workflow.state import EndpointState


def nobody(session: Session, name: str) -> None:
    """No keeper: the test is the only one that deletes."""


def start(session: Session, plan: EndpointPlan | None = None) -> EndpointState:
    return start_endpoint(session, plan or plan_endpoint(session), spawn=nobody)


def served(session: Session) -> list[str]:
    """Names of the endpoints that the engine has."""
    answer = session_clients(session).comprehend.list_endpoints()
    return [e["EndpointArn"].rpartition("/")[2] for e in answer["EndpointPropertiesList"]]


def entries(session: Session) -> list[tuple[str, str]]:
    return [(e.name, e.state) for e in session.state().ledger if e.kind == "endpoint"]


def change(session: Session, **twin: object) -> None:
    with session.editing() as state:
        state.twin = msgspec.structs.replace(state.twin, **twin)


def make_due(session: Session, minutes: float = 1.0) -> None:
    """Move every deletion time into the past."""
    with session.editing() as state:
        for endpoint in state.endpoints:
            at = datetime.now(UTC) - timedelta(minutes=minutes)
            endpoint.delete_at = at.strftime("%Y-%m-%dT%H:%M:%SZ")
