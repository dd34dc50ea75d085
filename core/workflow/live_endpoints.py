"""Which endpoints of a session may be charged at this moment, and what every screen says of them.

An endpoint whose creating call was never answered counts: it may exist.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from core.comprehend.pricing import PriceList
from core.workflow.state import EndpointState, SessionState


@dataclass(frozen=True)
class EndpointNotice:
    """What is said while an endpoint lives, in a long and a short form."""

    text: str
    """Such as ``ENDPOINT $1.80/h until 15:04``; offline ``endpoint (free) until 15:04``."""
    short: str
    """For narrow screens."""


def utc_now() -> datetime:
    """The time in UTC."""
    return datetime.now(UTC)


def live_endpoints(state: SessionState) -> tuple[EndpointState, ...]:
    """The endpoints that were not found gone, oldest first."""
    return tuple(endpoint for endpoint in state.endpoints if not endpoint.deleted_at)


def find_live(state: SessionState, run: str, classifier: str) -> EndpointState | None:
    """The live endpoint of a classifier; there is one at most."""
    return next(
        (e for e in live_endpoints(state) if (e.run, e.classifier) == (run, classifier)), None
    )


def find_by_name(state: SessionState, name: str) -> EndpointState | None:
    """The endpoint called `name`, also when it is gone."""
    return next((endpoint for endpoint in state.endpoints if endpoint.name == name), None)


def seconds_left(endpoint: EndpointState, moment: datetime) -> float:
    """Seconds until an endpoint is to be deleted; 0 or less when it is due."""
    return (datetime.fromisoformat(endpoint.delete_at) - moment).total_seconds()


def lived_s(endpoint: EndpointState, moment: datetime) -> float:
    """Seconds that an endpoint has existed, or existed until it was found gone."""
    begin = datetime.fromisoformat(endpoint.created_at or endpoint.intended_at)
    end = datetime.fromisoformat(endpoint.deleted_at) if endpoint.deleted_at else moment
    return max((end - begin).total_seconds(), 0.0)


def planned_s(endpoint: EndpointState) -> float:
    """Seconds from its creation to its deletion, done or to come; longer when that is overdue."""
    now = utc_now()
    left = 0.0 if endpoint.deleted_at else max(seconds_left(endpoint, now), 0.0)
    return lived_s(endpoint, now) + left


def usd_per_hour(inference_units: int, prices: PriceList) -> float:
    """Price of an hour of an endpoint's existence."""
    return inference_units * prices.endpoint_per_unit_second * 3600


def local_time(iso: str, moment: datetime) -> str:
    """A time of day on this machine's clock, with the date unless it is within a day."""
    at = datetime.fromisoformat(iso)
    is_near = abs((at - moment).total_seconds()) < 20 * 3600
    return at.astimezone().strftime("%H:%M" if is_near else "%Y-%m-%d %H:%M")


def endpoint_notice(state: SessionState, moment: datetime) -> EndpointNotice | None:
    """What every screen says while an endpoint lives; None when there is none."""
    live = live_endpoints(state)
    if not live:
        return None
    last = max(live, key=lambda endpoint: endpoint.delete_at)
    is_due = seconds_left(last, moment) <= 0
    time = f"{'overdue since' if is_due else 'until'} {local_time(last.delete_at, moment)}"
    count = f"{len(live)} " if len(live) > 1 else ""
    if state.engine.name != "aws":
        words = "endpoints" if count else "endpoint"
        return EndpointNotice(f"{count}{words} (free) {time}", f"{count}{words} {time}")
    units = sum(endpoint.inference_units for endpoint in live)
    price = f"${usd_per_hour(units, state.prices):,.2f}/h"
    words = "ENDPOINTS" if count else "ENDPOINT"
    return EndpointNotice(f"{count}{words} {price} {time}", f"{price} {time}")


def seconds_until_due(state: SessionState, moment: datetime) -> float | None:
    """Seconds until the first live endpoint is to be deleted; None when there is none."""
    return min((seconds_left(endpoint, moment) for endpoint in live_endpoints(state)), default=None)
