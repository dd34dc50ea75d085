"""Endpoints: delete, also those whose time has come."""

from datetime import datetime

from core.comprehend.clients import Clients
from core.comprehend.endpoints import find_endpoint
from core.comprehend.resources import CleanupItem, delete_item
from core.errors import OperationFailed, TryAgain, TunerError
from core.progress import CancelToken, Reporter, silent
from core.text import printable
from core.workflow.actions.endpoint_records import mark_gone, named, save_arn
from core.workflow.actions.launching import session_clients
from core.workflow.live_endpoints import live_endpoints, seconds_left, utc_now
from core.workflow.session import Session
from core.workflow.state import EndpointState

UNANSWERED_GRACE_S = 300.0
"""Seconds that an endpoint whose creating call was not answered is given to appear."""


def stop_endpoint(
    session: Session,
    name: str,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> EndpointState:
    """Delete an endpoint and wait until it is gone; one that is gone already is no error.

    Raises:
        TryAgain: it can still be seen, or it may yet appear because its creating call was never
            answered; repeating finishes it.
        OperationFailed: the service refuses to delete it.
        Interrupted: cancelled; a deletion that was asked for goes on.
    """
    endpoint = named(session.state(), name)
    if endpoint.deleted_at:
        return endpoint
    clients = session_clients(session)
    if not endpoint.arn:
        found = find_endpoint(clients.comprehend, name, endpoint.request["ModelArn"])
        if found is None:
            _require_settled(endpoint, clients)
            return mark_gone(session, name)
        endpoint = save_arn(session, name, found.arn)
    item = CleanupItem(kind="endpoint", name=endpoint.arn, run=endpoint.run)
    result = delete_item(clients, item, cancel, reporter)
    if result.is_refused:
        raise OperationFailed("The endpoint is not deleted", result.message, result.hint)
    if result.outcome == "still there":
        raise TryAgain(
            "The endpoint is still there",
            f"{printable(name)}: {result.message}",
            "repeat: comprehend-tuner endpoint stop",
        )
    return mark_gone(session, name)


def delete_overdue(
    session: Session, reporter: Reporter = silent, cancel: CancelToken | None = None
) -> tuple[str, ...]:
    """Delete the endpoints whose time has come; return their names.

    Raises:
        TunerError: one could not be deleted; the others were.
    """
    gone: list[str] = []
    failure: TunerError | None = None
    for endpoint in live_endpoints(session.state()):
        if seconds_left(endpoint, utc_now()) > 0:
            continue
        try:
            stop_endpoint(session, endpoint.name, reporter, cancel)
            gone.append(endpoint.name)
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
