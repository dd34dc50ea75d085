"""Endpoints offline: one per classifier, tried against the thresholds, gone at their time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from core.comprehend.pricing import PriceList
from core.errors import InvalidInput, OperationFailed, TryAgain
from core.tuning.thresholds import load
from core.views.numbers import threshold
from core.workflow.endpoints import (
    delete_overdue,
    endpoint_rows,
    plan_endpoint,
    stop_endpoint,
    wait_endpoint,
)
from core.workflow.jobs import session_clients
from core.workflow.overview import endpoint_notice, seconds_until_due, session_overview
from core.workflow.session import Session
from core.workflow.trial import try_document
from tests.core.workflow.endpoints import change, entries, make_due, served, start

TEXT = "my parcel was charged twice and the app crashes"


@pytest.fixture
def session(tickets_session: Path) -> Session:
    return Session(tickets_session)


def test_a_plan_says_the_price_of_an_hour_and_until_the_deletion(session: Session) -> None:
    plan = plan_endpoint(session, minutes=20, units=2)
    assert plan.usd_per_hour == pytest.approx(3.6)
    assert plan.estimate.high_usd == pytest.approx(1.2)
    assert not plan.is_paid and not plan.is_resumed
    with session.editing() as state:
        state.prices = PriceList(endpoint_per_unit_second=0.001)
    assert plan_endpoint(session, minutes=20).estimate.high_usd == pytest.approx(1.2)
    assert session.state().endpoints == [], "a plan changes nothing"


def test_an_endpoint_is_created_tagged_and_entered_into_the_ledger(session: Session) -> None:
    endpoint = start(session)
    wait_endpoint(session, endpoint.name)
    assert served(session) == [endpoint.name] and len(endpoint.name) <= 40
    assert entries(session) == [(endpoint.arn, "created")]
    tags = session_clients(session).comprehend.list_tags_for_resource(ResourceArn=endpoint.arn)
    uid = session.state().uid
    assert {t["Key"]: t["Value"] for t in tags["Tags"]} == {
        "comprehend-tuner:session": f"small-{uid}",
        "comprehend-tuner:run": "base",
    }
    (row,) = endpoint_rows(session)
    assert (row.state, row.is_live, row.is_overdue) == ("IN_SERVICE", True, False)
    assert row.usd_per_hour == 0.0, "offline nothing is charged"


def test_a_second_start_carries_on_and_moves_the_deletion_later_only(session: Session) -> None:
    first = start(session, plan_endpoint(session, minutes=10))
    plan = plan_endpoint(session, minutes=60)
    assert plan.is_resumed
    assert plan.estimate.high_usd == pytest.approx(50 * 60 * 0.0005, rel=0.01), "only what is new"
    second = start(session, plan)
    third = start(session, plan_endpoint(session, minutes=1))
    assert (first.arn, first.token) == (second.arn, second.token) == (third.arn, third.token)
    assert first.delete_at < second.delete_at == third.delete_at
    assert len(served(session)) == len(session.state().endpoints) == 1


def test_after_a_deletion_the_next_one_has_a_name_of_its_own(session: Session) -> None:
    first = start(session)
    stopped = stop_endpoint(session, first.name)
    assert stopped.deleted_at and stopped.state == "DELETED"
    assert entries(session) == [(first.arn, "deleted")]
    second = start(session)
    assert second.name != first.name and served(session) == [second.name]
    assert stop_endpoint(session, first.name).deleted_at == stopped.deleted_at, "gone is gone"


def test_every_label_is_decided_by_its_saved_threshold(session: Session) -> None:
    endpoint = start(session)
    trial = try_document(session, endpoint.name, TEXT)
    run = session.state().runs[0]
    assert run.thresholds is not None and trial.has_thresholds
    arn = run.classifiers[0].training.arn
    reply = session_clients(session).comprehend.classify_document(
        EndpointArn=endpoint.arn, Text=TEXT
    )
    wanted = load(session.path(run.thresholds.path)).decide(reply["Labels"], arn)
    assert list(trial.labels) == wanted
    assert {row.label for row in trial.rows} == set(run.classifiers[0].labels)
    assert all(row.threshold == run.thresholds.values[row.label] for row in trial.rows)
    flagged = {row.label for row in trial.rows if row.decision == "flagged"}
    assert flagged == set(trial.labels)
    scores = [row.score for row in trial.rows if row.score is not None]
    assert scores == sorted(scores, reverse=True) and len(scores) == 5


def test_without_thresholds_every_label_is_decided_at_one_half(session: Session) -> None:
    with session.editing() as state:
        state.runs[0].thresholds = None
    trial = try_document(session, start(session).name, TEXT)
    assert not trial.has_thresholds
    assert {row.threshold for row in trial.rows} == {0.5}


def test_what_was_not_returned_is_a_range_and_undecided_when_it_may_reach(
    session: Session,
) -> None:
    endpoint = start(session)
    change(session, returned=3)
    sure = try_document(session, endpoint.name, TEXT)
    unknown = [row for row in sure.rows if row.score is None]
    assert unknown
    ceiling = min(row.score for row in sure.rows if row.score is not None)
    assert {row.note for row in unknown} == {f"not returned: at most {ceiling:.4f}"}
    with session.editing() as state:
        thresholds = state.runs[0].thresholds
        assert thresholds is not None
        low = dict.fromkeys(thresholds.values, ceiling / 2)
        low[unknown[0].label] = 0.99
        state.runs[0].thresholds = msgspec.structs.replace(thresholds, values=low)
    decided = {row.label: row.decision for row in try_document(session, endpoint.name, TEXT).rows}
    assert decided[unknown[0].label] == "not flagged", "even the ceiling is below"
    assert all(decided[row.label] == "undecided" for row in unknown[1:])


def test_a_text_is_measured_in_utf8_before_anything_is_sent(session: Session) -> None:
    endpoint = start(session)
    events = len(session.events())
    for text, wanted in (
        ("é" * 5121, "10,242 bytes"),
        ("x" * 10241, "10,241 bytes"),
        (" \n\t ", "blank"),
        ("a\ud800b", "no Unicode"),
    ):
        with pytest.raises(InvalidInput, match=wanted):
            try_document(session, endpoint.name, text)
    assert len(session.events()) == events
    assert try_document(session, endpoint.name, "é" * 5120).rows


def test_a_text_is_prepared_as_scoring_files_are(session: Session) -> None:
    endpoint = start(session)
    split = try_document(session, endpoint.name, "charged\ntwice\r\n on the bill\u2028")
    assert split == try_document(session, endpoint.name, "charged twice on the bill")


def test_no_text_reaches_the_session_or_its_log(session: Session) -> None:
    try_document(session, start(session).name, "secretword charged twice")
    for path in session.folder.glob("*.json*"):
        assert "secretword" not in path.read_text(encoding="utf-8"), path


def test_an_endpoint_that_is_still_created_says_so(session: Session) -> None:
    change(session, endpoint_s=60.0)
    endpoint = start(session)
    with pytest.raises(TryAgain, match="is CREATING"):
        try_document(session, endpoint.name, TEXT)


def test_an_endpoint_that_somebody_else_deleted_is_noticed(session: Session) -> None:
    endpoint = start(session)
    wait_endpoint(session, endpoint.name)
    session_clients(session).comprehend.delete_endpoint(EndpointArn=endpoint.arn)
    (row,) = endpoint_rows(session)
    assert not row.is_live and entries(session) == [(endpoint.arn, "deleted")]
    with pytest.raises(OperationFailed, match="does not exist"):
        start_and_lose(session)


def start_and_lose(session: Session) -> None:
    """Wait for an endpoint that is deleted before the first look but one."""
    change(session, endpoint_s=60.0)
    endpoint = start(session)
    endpoint_rows(session)
    session_clients(session).comprehend.delete_endpoint(EndpointArn=endpoint.arn)
    wait_endpoint(session, endpoint.name)


@pytest.mark.parametrize(
    "arguments",
    [
        {"minutes": 0},
        {"minutes": 1441},
        {"units": 0},
        {"units": 51},
        {"run_name": "nope"},
        {"classifier_id": "c9"},
    ],
)
def test_what_cannot_be_is_refused_before_anything(
    arguments: dict[str, object], session: Session
) -> None:
    with pytest.raises(InvalidInput):
        plan_endpoint(session, **arguments)  # type: ignore[arg-type]
    assert session.state().endpoints == []


def test_a_deleted_classifier_serves_nobody(session: Session) -> None:
    with session.editing() as state:
        state.ledger = [msgspec.structs.replace(e, state="deleted") for e in state.ledger]
    with pytest.raises(InvalidInput, match="deleted by the clean-up"):
        plan_endpoint(session)


def test_f3_what_is_due_is_deleted_and_nothing_else(session: Session) -> None:
    endpoint = start(session)
    assert delete_overdue(session) == () and served(session) == [endpoint.name]
    make_due(session)
    (row,) = endpoint_rows(session)
    assert row.is_overdue
    assert delete_overdue(session) == (endpoint.name,)
    assert served(session) == [] and delete_overdue(session) == ()


def test_without_an_endpoint_there_is_none_to_pick(session: Session) -> None:
    with pytest.raises(InvalidInput, match="no endpoint of this session exists"):
        session.state().live_endpoint_named()
    endpoint = start(session)
    assert (
        session.state().live_endpoint_named().name
        == session.state().live_endpoint_named(endpoint.name).name
    )
    with pytest.raises(InvalidInput, match="is not alive"):
        session.state().live_endpoint_named("ct-other")


def test_the_notice_says_price_and_time_while_one_lives(session: Session) -> None:
    assert (
        session_overview(session).notice is None
        and seconds_until_due(session.state(), datetime.now(UTC)) is None
    )
    endpoint = start(session)
    state = session.state()
    due = datetime.fromisoformat(endpoint.delete_at)
    at = due.astimezone().strftime("%H:%M")
    before, after = due - timedelta(minutes=5), due + timedelta(minutes=5)
    assert endpoint_notice(state, before).text == f"endpoint (free) until {at}"  # type: ignore[union-attr]
    state.engine = msgspec.structs.replace(state.engine, name="aws")
    assert endpoint_notice(state, before).text == f"ENDPOINT $1.80/h until {at}"  # type: ignore[union-attr]
    assert endpoint_notice(state, after).text == f"ENDPOINT $1.80/h overdue since {at}"  # type: ignore[union-attr]
    assert seconds_until_due(state, before) == 300.0
    stop_endpoint(session, endpoint.name)
    assert session_overview(session).notice is None


def test_figures_that_would_look_the_same_get_more_digits() -> None:
    assert (threshold(0.49996, 0.5), threshold(0.5, 0.49996)) == (".49996", ".50000")
    assert (threshold(0.25, 0.25), threshold(0.1, 0.9)) == (".2500", ".1000")
