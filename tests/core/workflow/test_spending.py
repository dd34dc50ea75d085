"""The cost table: what each thing is counted as, hand-computed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from core.comprehend.jobs import JobStatus
from core.comprehend.ledger import LedgerEntry
from core.comprehend.pricing import PriceList, scoring_estimate, training_estimate
from core.workflow.money import SpendingRow, cost_rows, spending
from core.workflow.session import Session
from core.workflow.state import EndpointState, SessionState

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def ago(**interval: float) -> str:
    return (NOW - timedelta(**interval)).isoformat()


@pytest.fixture
def paid(tickets_session: Path) -> SessionState:
    """The finished session as it would stand on Amazon's side; its training took 30 minutes."""
    state = Session(tickets_session).state()
    state.engine = msgspec.structs.replace(state.engine, name="aws")
    training = state.runs[0].classifiers[0].training
    training.status = trained(started_at=ago(hours=2), ended_at=ago(hours=1.5))
    state.ledger = [
        msgspec.structs.replace(entry, created_at=ago(hours=73)) for entry in state.ledger
    ]
    return state


def trained(state: str = "TRAINED", **times: Any) -> JobStatus:
    is_final = state not in ("SUBMITTED", "TRAINING")
    return JobStatus(
        kind="training", state=state, is_final=is_final, is_usable=state == "TRAINED", **times
    )


def row(state: SessionState, kind: str, part: str = "") -> SpendingRow:
    (found,) = [r for r in cost_rows(state, NOW) if (r.kind, r.part) == (kind, part)]
    return found


def training_row(state: SessionState, status: JobStatus | None) -> SpendingRow:
    state.runs[0].classifiers[0].training.status = status
    return row(state, "training")


def test_every_started_thing_has_a_row_with_run_classifier_and_part(paid: SessionState) -> None:
    rows = [(r.run, r.classifier, r.kind, r.part) for r in cost_rows(paid, NOW)]
    assert rows == [
        ("base", "c1", "training", ""),
        ("base", "c1", "scoring", "calibration"),
        ("base", "c1", "scoring", "test"),
        ("base", "c1", "model", ""),
    ]


def test_f1_a_scoring_job_counts_its_units(paid: SessionState) -> None:
    for part in ("calibration", "test"):
        units = paid.splits[0].scoring[part].units
        found = row(paid, "scoring", part)
        assert units and found.low_usd == found.high_usd == pytest.approx(units * 0.0005)
        assert found.billed_usd is None


def test_a_finished_training_counts_its_described_interval(paid: SessionState) -> None:
    found = row(paid, "training")
    assert found.billed_usd == found.low_usd == found.high_usd == pytest.approx(1.5)
    assert found.estimate is not None and found.estimate.high_usd == pytest.approx(2.0)


def test_a_failed_training_counts_its_interval_when_it_has_one(paid: SessionState) -> None:
    status = trained("IN_ERROR", started_at=ago(hours=1), ended_at=ago(minutes=50))
    found = training_row(paid, status)
    assert found.billed_usd == found.high_usd == pytest.approx(0.5)
    assert "IN_ERROR" in found.note


@pytest.mark.parametrize(
    "status",
    [
        trained("IN_ERROR"),
        trained("IN_ERROR", submitted_at=ago(hours=1), ended_at=ago(minutes=59)),
        trained("STOPPED", submitted_at=ago(hours=1), ended_at=ago(minutes=59)),
    ],
)
def test_a_training_that_failed_before_it_began_counts_nothing_and_says_so(
    paid: SessionState, status: JobStatus
) -> None:
    found = training_row(paid, status)
    assert (found.billed_usd, found.low_usd, found.high_usd) == (0.0, 0.0, 0.0)
    assert "nothing to charge" in found.note


@pytest.mark.parametrize(
    "status", [trained("STOPPED"), trained("STOPPED", started_at=ago(hours=1)), trained("TRAINED")]
)
def test_a_training_of_unknown_length_keeps_its_estimate(
    paid: SessionState, status: JobStatus
) -> None:
    found = training_row(paid, status)
    assert found.billed_usd is None
    assert (found.low_usd, found.high_usd) == pytest.approx((0.5, 2.0))
    assert "estimate kept" in found.note


def test_a_training_that_outlasts_its_estimate_counts_what_it_cost_so_far(
    paid: SessionState,
) -> None:
    found = training_row(paid, trained("TRAINING", started_at=ago(hours=3)))
    assert (found.low_usd, found.high_usd) == pytest.approx((9.0, 9.0))
    assert "$9.00 so far" in found.note
    young = training_row(paid, trained("TRAINING", started_at=ago(minutes=20)))
    assert (young.low_usd, young.high_usd) == pytest.approx((1.0, 2.0))


def test_a_failed_scoring_keeps_its_estimate_and_says_so(paid: SessionState) -> None:
    job = paid.runs[0].classifiers[0].scoring["test"]
    before = row(paid, "scoring", "test")
    assert before.note == ""
    job.status = JobStatus(kind="scoring", state="FAILED", is_final=True, is_usable=False)
    found = row(paid, "scoring", "test")
    assert found.high_usd == before.high_usd
    assert "not known" in found.note


def test_a_replaced_job_is_counted_beside_its_successor(paid: SessionState) -> None:
    before = sum(r.high_usd for r in cost_rows(paid, NOW))
    run = paid.runs[0]
    failed = msgspec.structs.replace(run.classifiers[0].training, id="base/c1/train-1", arn="arn:x")
    failed.status = trained("IN_ERROR", started_at=ago(hours=5), ended_at=ago(hours=4))
    run.replaced_jobs.append(failed)
    assert sum(r.high_usd for r in cost_rows(paid, NOW)) == pytest.approx(before + 3.0)


def test_an_adopted_job_is_shown_and_not_counted(paid: SessionState) -> None:
    paid.runs[0].classifiers[0].training.is_adopted = True
    found = row(paid, "training")
    assert (found.billed_usd, found.high_usd) == (None, 0.0)
    assert "elsewhere" in found.note


def test_an_intent_counts_in_full_since_its_answer_may_be_lost(paid: SessionState) -> None:
    paid.runs[0].classifiers[0].training.arn = ""
    paid.ledger = []
    found = row(paid, "training")
    assert (found.low_usd, found.high_usd) == pytest.approx((0.0, 2.0))
    model = row(paid, "model")
    assert (model.low_usd, model.high_usd) == (0.0, 0.5)


@pytest.mark.parametrize(
    ("hours", "low", "high"), [(0, 0.0, 0.5), (73, 0.05, 0.5), (730, 0.5, 0.5), (731, 0.5007, 1.0)]
)
def test_a_kept_classifier_counts_the_months_begun(
    paid: SessionState, hours: float, low: float, high: float
) -> None:
    arn = paid.runs[0].classifiers[0].training.arn
    paid.ledger = [ledger_entry(arn, ago(hours=hours), "created")]
    found = row(paid, "model")
    assert (found.low_usd, found.high_usd) == pytest.approx((low, high), abs=1e-4)


def test_a_deleted_classifier_is_counted_once_and_kept_no_longer(tickets_session: Path) -> None:
    session = Session(tickets_session)
    assert (spending(session).models, spending(session).keeping.high_usd) == (1, 0.5)
    with session.editing() as state:
        arn = state.runs[0].classifiers[0].training.arn
        state.ledger = [ledger_entry(arn, ago(hours=9000), "deleted")]
    spent = spending(session)
    assert (spent.models, spent.keeping.high_usd) == (0, 0.0)
    (model,) = [r for r in spent.rows if r.kind == "model"]
    assert (model.low_usd, model.high_usd) == (0.0, 0.5)


def ledger_entry(arn: str, created_at: str, state: Literal["created", "deleted"]) -> LedgerEntry:
    return LedgerEntry(kind="classifier", name=arn, created_at=created_at, run="base", state=state)


def endpoint(**given: str) -> EndpointState:
    """Two units, made two hours ago, to be deleted in one; `given` differs from that."""
    made = EndpointState(
        name="ct-x",
        run="base",
        classifier="c1",
        token="t",
        request={},
        inference_units=2,
        intended_at=ago(hours=2),
        created_at=ago(hours=2),
        arn="arn:endpoint",
        delete_at=ago(hours=-1),
    )
    for field, value in given.items():
        setattr(made, field, value)
    return made


@pytest.mark.parametrize(
    ("given", "low", "high"),
    [
        ({}, 7.2, 10.8),
        ({"delete_at": ago(hours=1)}, 7.2, 7.2),
        ({"deleted_at": ago(hours=1)}, 3.6, 3.6),
        ({"deleted_at": ago(hours=2)}, 0.06, 0.06),
        ({"arn": "", "created_at": ""}, 0.0, 10.8),
        ({"arn": "", "created_at": "", "deleted_at": ago(hours=1)}, 0.0, 3.6),
    ],
)
def test_f3_an_endpoint_counts_so_far_and_until_its_deletion(
    paid: SessionState, given: dict[str, str], low: float, high: float
) -> None:
    paid.endpoints = [endpoint(**given)]
    found = row(paid, "endpoint")
    assert (found.low_usd, found.high_usd) == pytest.approx((low, high))


def test_f3_an_overdue_endpoint_says_that_it_bills_on(paid: SessionState) -> None:
    paid.endpoints = [endpoint(delete_at=ago(hours=1))]
    assert "bills on" in row(paid, "endpoint").note


def test_other_prices_change_every_figure(paid: SessionState) -> None:
    paid.endpoints = [endpoint()]
    before = cost_rows(paid, NOW)
    paid.prices = PriceList(
        as_of="2027-01-01",
        training_per_hour=6.0,
        model_per_month=1.0,
        scoring_per_unit=0.001,
        endpoint_per_unit_second=0.001,
    )
    after = cost_rows(paid, NOW)
    for old, new in zip(before, after, strict=True):
        assert (new.low_usd, new.high_usd) == pytest.approx((2 * old.low_usd, 2 * old.high_usd))
        assert new.estimate is not None and "2027-01-01" in new.estimate.basis


def test_offline_the_figures_are_amazons_by_estimate(tickets_session: Path) -> None:
    session = Session(tickets_session)
    spent = spending(session)
    split = session.state().splits[0]
    scoring = scoring_estimate(sum(split.scoring[p].units for p in ("calibration", "test")))
    training = training_estimate(split.training["train"].documents)
    assert not spent.is_paid
    assert spent.high_usd == pytest.approx(scoring.high_usd + training.high_usd + 0.5)
    assert all(r.billed_usd is None for r in spent.rows)
