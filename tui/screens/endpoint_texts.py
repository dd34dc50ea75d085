"""What the endpoint's screen says of its state and price."""

from core.workflow.actions.endpoint_plan import DEFAULT_MINUTES, EndpointPlan
from core.workflow.live_endpoints import local_time, seconds_left, usd_per_hour, utc_now
from core.workflow.state import EndpointState, RunState, SessionState


def live_texts(state: SessionState, endpoint: EndpointState, is_busy: bool) -> list[str]:
    """An endpoint that may exist: its state, its price, when it goes, what to press."""
    moment = utc_now()
    known = endpoint.state or ("CREATING" if endpoint.arn else "asked for, not answered yet")
    texts = [f"{endpoint.name} · {known} · {endpoint.run}/{endpoint.classifier}"]
    if endpoint.message:
        texts.append(endpoint.message)
    at = local_time(endpoint.delete_at, moment)
    is_due = seconds_left(endpoint, moment) <= 0
    end = f"should be gone since {at}" if is_due else f"deleted at {at}"
    texts.append(_price(state, endpoint.inference_units))
    texts.append(f"{end}; k: {DEFAULT_MINUTES} minutes from now, x: at once")
    if endpoint.state == "FAILED":
        texts.append("it failed and still exists: x deletes it, then r starts another one")
    elif endpoint.state not in ("IN_SERVICE", "UPDATING") and not is_busy:
        texts.append("r waits until it answers")
    return texts


def absent_texts(state: SessionState, run: RunState | None) -> list[str]:
    """No endpoint: what one would serve and cost, or what is missing."""
    if run is None:
        return ["needs a trained classifier: press 4 (Train)"]
    return [
        f"no endpoint · r starts one that serves {run.name}/{run.classifiers[0].id}",
        f"{_price(state, 1)}.",
        f"It is deleted after {DEFAULT_MINUTES} minutes, while this machine is up and signed in;",
        "the service itself has no such timer.",
    ]


def start_facts(plan: EndpointPlan) -> list[str]:
    """What a start would create and cost, for the question before it."""
    return [
        f"serves   {plan.run}/{plan.classifier}",
        f"engine   {plan.engine}",
        f"price    ${plan.usd_per_hour:,.2f} an hour while it exists, used or not",
        f"until    its deletion in {plan.minutes} minutes: ${plan.estimate.high_usd:,.2f}",
        "",
        "It is deleted from here, while this machine is up and signed in.",
    ]


def _price(state: SessionState, units: int) -> str:
    hour = f"${usd_per_hour(units, state.prices):,.2f} an hour"
    if state.engine.name == "aws":
        return f"{hour} while it exists, used or not"
    return f"free offline (on AWS {hour}, used or not)"
