"""What an endpoint would be and cost."""

from dataclasses import dataclass

from core.comprehend.endpoints import MOST_UNITS
from core.comprehend.pricing import Estimate, endpoint_estimate
from core.errors import InvalidInput
from core.text import printable
from core.workflow.actions.launching import session_clients
from core.workflow.actions.runs import pick_run
from core.workflow.live_endpoints import find_live, seconds_left, usd_per_hour, utc_now
from core.workflow.session import Session
from core.workflow.state import ClassifierState, EndpointState, RunState, SessionState

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
    run = pick_run(state, run_name)
    classifier = _usable_classifier(state, run, classifier_id)
    existing = find_live(state, run.name, classifier.id)
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
        seconds -= max(seconds_left(existing, utc_now()), 0.0)
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
        known = ", ".join(classifier.id for classifier in run.classifiers)
        raise InvalidInput(
            "No such classifier",
            f"{printable(classifier_id or '', 60)!r} is not in run {printable(run.name)}",
            f"its classifiers: {known}",
        )
    status = classifier.training.status
    if status is None or not status.is_usable:
        raise InvalidInput(
            "No trained classifier",
            f"{printable(classifier.training.id)} is {status.state if status else 'not started'}",
            "train it first: comprehend-tuner train",
        )
    arn = classifier.training.arn
    if any(entry.name == arn and entry.state == "deleted" for entry in state.ledger):
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
