"""Endpoints over HTTP: whatever breaks, one is made, the session knows it, and it goes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.errors import InvalidInput, OperationFailed, Refused, TryAgain, TunerError
from core.progress import Watch
from core.workflow.endpoint_keeper import keep_until_gone
from core.workflow.endpoints import (
    endpoint_rows,
    keep_endpoint,
    plan_endpoint,
    start_endpoint,
    stop_endpoint,
    wait_endpoint,
)
from core.workflow.money import committed_usd, set_budget
from core.workflow.overview import session_overview
from core.workflow.session import Session
from core.workflow.trial import try_document
from tests.aws.endpoints import LABEL_COUNT, listed, start, trained_session
from tests.aws.server import AwsServer
from tests.aws.server.faults import Kind
from tests.core.workflow.endpoints import entries, make_due, nobody

PASSING: tuple[Kind, ...] = (
    "throttled",
    "error-500",
    "error-503",
    "reset",
    "reset-after",
    "truncated",
)
_LASTING: tuple[Kind, ...] = ("error-503", "reset", "truncated", "expired")


@pytest.fixture
def session(aws: AwsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A session with a trained classifier on the server."""
    monkeypatch.chdir(tmp_path)
    session = trained_session(aws, tmp_path)
    aws.calls.clear()
    return session


def test_an_endpoint_lives_is_tried_and_goes(aws: AwsServer, session: Session) -> None:
    plan = plan_endpoint(session)
    assert plan.is_paid and plan.usd_per_hour == pytest.approx(1.8)
    assert plan.estimate.high_usd == pytest.approx(0.9)
    endpoint = start_endpoint(session, plan, spawn=nobody)
    assert wait_endpoint(session, endpoint.name).state == "IN_SERVICE"
    trial = try_document(session, endpoint.name, "abouta thinga1 filler3")
    assert len(trial.rows) == LABEL_COUNT and trial.mode == "multi-label"
    notice = session_overview(session).notice
    assert notice is not None and notice.text.startswith("ENDPOINT $1.80/h until ")
    (row,) = endpoint_rows(session)
    assert row.usd_per_hour == pytest.approx(1.8) and row.until_usd == pytest.approx(0.9, rel=0.05)
    stop_endpoint(session, endpoint.name)
    assert listed(aws) == [] and aws.creates("endpoint") == 1
    assert entries(session) == [(endpoint.arn, "deleted")]


def test_a_passing_fault_of_the_creating_call_makes_one_endpoint(
    aws: AwsServer, session: Session
) -> None:
    for number, kind in enumerate(PASSING, 1):
        fault = aws.faults.add(kind, "CreateEndpoint", 3)
        endpoint = start(session)
        assert fault.hits == 3, kind
        assert listed(aws) == [endpoint.arn] and aws.creates("endpoint") == number, kind
        stop_endpoint(session, endpoint.name)
    sent = [call.request for call in aws.calls if call.operation == "CreateEndpoint"]
    tokens = {(request["EndpointName"], request["ClientRequestToken"]) for request in sent}
    assert len(tokens) == number < len(sent)


@pytest.mark.parametrize("kind", ["reset-after", "error-500"])
def test_a_fault_that_lasts_keeps_the_intent_and_repeating_makes_no_second(
    kind: Kind, aws: AwsServer, session: Session
) -> None:
    fault = aws.faults.add(kind, "CreateEndpoint", 1000)
    with pytest.raises(TryAgain):
        start(session)
    (intent,) = session.state().live_endpoints
    assert intent.arn == "" and entries(session) == [(intent.name, "intended")]
    assert session_overview(session).notice is not None, "it may be charged: it must be seen"
    assert fault.hits > 2
    aws.faults.clear()
    endpoint = start(session)
    assert (endpoint.name, endpoint.token) == (intent.name, intent.token)
    assert listed(aws) == [endpoint.arn] and aws.creates("endpoint") == 1
    assert entries(session) == [(endpoint.arn, "created")]


def test_a_lost_endpoint_is_found_by_its_name_and_deleted(aws: AwsServer, session: Session) -> None:
    aws.faults.add("reset-after", "CreateEndpoint", 1000)
    with pytest.raises(TryAgain):
        start(session)
    aws.faults.clear()
    assert len(listed(aws)) == 1
    make_due(session)
    name = session.state().endpoints[0].name
    assert keep_until_gone(session, name, wait=_never)
    assert listed(aws) == [] and {state for _, state in entries(session)} == {"deleted"}


def test_one_that_may_yet_appear_is_not_given_up_at_once(aws: AwsServer, session: Session) -> None:
    aws.faults.add("error-500", "CreateEndpoint", 1000)
    with pytest.raises(TryAgain):
        start(session)
    (intent,) = session.state().live_endpoints
    with pytest.raises(TryAgain, match="never answered"):
        stop_endpoint(session, intent.name)
    with session.editing() as state:
        before = datetime.now(UTC) - timedelta(minutes=6)
        state.endpoints[0].intended_at = before.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert stop_endpoint(session, intent.name).deleted_at
    assert entries(session) == [(intent.name, "deleted")]


def test_a_refusal_takes_the_intent_back(aws: AwsServer, session: Session) -> None:
    aws.faults.add("denied", "CreateEndpoint", 1000)
    with pytest.raises(InvalidInput):
        start(session)
    assert session.state().endpoints == [] and entries(session) == []
    aws.faults.clear()
    start(session)
    assert aws.creates("endpoint") == 1


def test_after_signing_in_again_the_same_intent_goes_on(aws: AwsServer, session: Session) -> None:
    aws.faults.add("expired", "CreateEndpoint", 1000)
    with pytest.raises(TunerError, match="expired"):
        start(session)
    aws.faults.clear()
    endpoint = start(session)
    assert listed(aws) == [endpoint.arn] and len(session.state().endpoints) == 1


def test_a_clash_with_an_endpoint_of_our_own_adopts_it(aws: AwsServer, session: Session) -> None:
    first = start(session)
    with session.editing() as state:
        endpoint = state.endpoints[0]
        endpoint.arn, endpoint.created_at = "", ""
        endpoint.token = endpoint.request["ClientRequestToken"] = "another-token"
    again = start(session)
    assert again.arn == first.arn and aws.creates("endpoint") == 1


def test_an_account_without_room_says_so_and_keeps_nothing(
    aws: AwsServer, session: Session
) -> None:
    arn = session.state().runs[0].classifiers[0].training.arn
    client = aws.client("comprehend")
    for number in range(20):
        client.create_endpoint(
            EndpointName=f"other-{number}", ModelArn=arn, DesiredInferenceUnits=1
        )
    with pytest.raises(OperationFailed, match="No room"):
        start(session)
    assert session.state().endpoints == [] and len(listed(aws)) == 20


def test_a_new_endpoint_that_is_not_seen_at_first_is_waited_for(
    aws: AwsServer, session: Session
) -> None:
    aws.surprise("not-found-at-first", 3)
    endpoint = start(session)
    assert wait_endpoint(session, endpoint.name).state == "IN_SERVICE"


def test_faults_while_waiting_are_borne(aws: AwsServer, session: Session) -> None:
    endpoint = start(session)
    for kind in _LASTING:
        fault = aws.faults.add(kind, "DescribeEndpoint", 4)
        assert wait_endpoint(session, endpoint.name).state == "IN_SERVICE"
        assert fault.hits == 4, kind


def test_a_state_that_nobody_knows_is_shown_and_waited_out(
    aws: AwsServer, session: Session
) -> None:
    endpoint = start(session)
    notes: list[str] = []
    aws.surprise("jump")
    with session.editing() as state:
        state.endpoints[0].state = "MIGRATING"
    wait_endpoint(session, endpoint.name, Watch(lambda event: notes.append(event.note)))
    assert session.state().endpoints[0].state in ("UPDATING", "IN_SERVICE")


def test_faults_of_the_deletion_are_borne(aws: AwsServer, session: Session) -> None:
    aws.surprise("still-there", 2)
    for kind in ("throttled", "reset-after", "truncated"):
        endpoint = start(session)
        aws.faults.add(kind, "DeleteEndpoint", 3)
        assert stop_endpoint(session, endpoint.name).deleted_at, kind
        assert listed(aws) == [], kind


def test_a_denied_deletion_leaves_it_alive_and_says_why(aws: AwsServer, session: Session) -> None:
    endpoint = start(session)
    aws.faults.add("denied", "DeleteEndpoint", 1000)
    with pytest.raises(TunerError, match="not authorized"):
        stop_endpoint(session, endpoint.name)
    assert session.state().live_endpoints and session_overview(session).notice is not None
    aws.faults.clear()
    stop_endpoint(session, endpoint.name)
    assert listed(aws) == []


def test_the_keeper_goes_on_until_it_may_delete(aws: AwsServer, session: Session) -> None:
    endpoint = start(session)
    make_due(session)
    aws.faults.add("denied", "*", 1000)
    pauses: list[float] = []

    def signed_in_later(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            aws.faults.clear()

    assert keep_until_gone(session, endpoint.name, wait=signed_in_later)
    assert listed(aws) == [] and len(pauses) == 3


def test_the_budget_blocks_start_and_keep_before_anything_is_sent(
    aws: AwsServer, session: Session
) -> None:
    set_budget(session, committed_usd(session.state()) + 0.95)
    with pytest.raises(Refused, match="Over the budget"):
        start(session, 60)
    assert aws.operations("comprehend") == [] and session.state().endpoints == []
    endpoint = start(session, 30)
    assert start(session, 30).arn == endpoint.arn, "its own estimate does not block repeating it"
    with pytest.raises(Refused):
        keep_endpoint(session, endpoint.name, 60, nobody)
    assert session.state().endpoints[0].delete_at >= endpoint.delete_at


def _never(seconds: float) -> None:
    raise AssertionError(f"waited {seconds} s")
