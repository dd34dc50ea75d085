"""The budget refuses what could exceed it, and plans show what is still to be paid."""

from pathlib import Path

import msgspec
import pytest

from core.comprehend.jobs import JobStatus
from core.comprehend.pricing import Estimate, PriceList, load_prices
from core.errors import InvalidInput, Refused
from core.workflow.cleanup import clean_up
from core.workflow.money import (
    committed_usd,
    cost_rows,
    exceeds_budget,
    left_usd,
    parse_budget,
    require_budget,
    set_budget,
    set_prices,
)
from core.workflow.score import finish_scoring, plan_scoring, set_twin_returned, start_scoring_jobs
from core.workflow.session import Session
from core.workflow.state import SessionState
from core.workflow.train import finish_training, plan_training, start_training_run


@pytest.fixture
def session(tickets_session: Path) -> Session:
    return Session(tickets_session)


def on_amazon(session: Session, budget_usd: float | None) -> SessionState:
    """The session's state as it would stand on Amazon's side; nothing is saved."""
    state = session.state()
    state.engine = msgspec.structs.replace(state.engine, name="aws")
    state.budget_usd = budget_usd
    return state


def costing(usd: float) -> Estimate:
    return Estimate(0.0, usd, "by hand")


def test_committed_is_the_high_end_of_every_row(session: Session) -> None:
    state = on_amazon(session, None)
    assert committed_usd(state) == pytest.approx(sum(row.high_usd for row in cost_rows(state)))
    assert committed_usd(state) > 0.5
    assert left_usd(state) is None


def test_the_high_end_may_reach_the_budget_and_not_pass_it(session: Session) -> None:
    committed = committed_usd(on_amazon(session, None))
    state = on_amazon(session, committed + 2.0)
    require_budget(state, costing(2.0))
    assert left_usd(state) == pytest.approx(2.0)
    assert exceeds_budget(state, costing(2.01))
    with pytest.raises(Refused, match=r"may cost up to \$2\.01") as refused:
        require_budget(state, costing(2.01))
    assert refused.value.exit_code == 4
    assert f"${committed:,.2f} is spent or committed" in refused.value.message


def test_the_hint_names_a_budget_that_is_enough(session: Session) -> None:
    with pytest.raises(Refused) as refused:
        require_budget(on_amazon(session, 0.0), costing(7.0))
    enough = float(refused.value.hint.split("--budget ")[1].split(",")[0])
    require_budget(on_amazon(session, enough), costing(7.0))


def test_what_costs_nothing_is_not_refused_by_an_exceeded_budget(session: Session) -> None:
    require_budget(on_amazon(session, 0.0), costing(0.0))


def test_without_a_budget_nothing_is_refused(session: Session) -> None:
    require_budget(on_amazon(session, None), costing(1e9))


def test_offline_nothing_is_committed_and_nothing_refused(session: Session) -> None:
    set_budget(session, 0.0)
    state = session.state()
    assert committed_usd(state) == 0.0
    require_budget(state, costing(1e9))
    run = start_training_run(session, plan_training(session, "again"))
    assert run.classifiers[0].training.arn
    finish_training(session, run.name)


@pytest.mark.parametrize(
    ("text", "usd"), [("50", 50.0), ("$12.50", 12.5), ("0", 0.0), ("none", None), (" NONE ", None)]
)
def test_a_budget_is_an_amount_or_none(text: str, usd: float | None) -> None:
    assert parse_budget(text) == usd


@pytest.mark.parametrize("text", ["", "-1", "nan", "inf", "fifty", "50 EUR", "\x1b[2J"])
def test_anything_else_is_no_budget(text: str) -> None:
    with pytest.raises(InvalidInput, match="Unreadable budget") as error:
        parse_budget(text)
    assert "\x1b" not in error.value.message


def test_a_training_plan_prices_what_is_still_to_be_started(session: Session) -> None:
    started = plan_training(session, "base")
    assert started.rows == () and started.estimate.high_usd == 0.0 == started.keeping.high_usd
    plan = plan_training(session, "other")
    (row,) = plan.rows
    assert (row.what, row.documents, row.units) == ("c1 training", plan.documents, None)
    assert (row.low_usd, row.high_usd) == (plan.estimate.low_usd, plan.estimate.high_usd)
    assert (plan.estimate.low_usd, plan.estimate.high_usd) == pytest.approx((0.5, 2.0))
    assert plan.keeping.high_usd == 0.5
    assert "2026-09-20" in plan.estimate.basis


def test_a_failed_training_is_priced_anew(session: Session) -> None:
    with session.editing() as state:
        state.runs[0].classifiers[0].training.status = JobStatus(
            kind="training", state="IN_ERROR", is_final=True, is_usable=False
        )
    assert plan_training(session, "base").estimate.high_usd == pytest.approx(2.0)


def test_a_scoring_plan_prices_each_part_that_is_not_started(session: Session) -> None:
    assert plan_scoring(session).rows == ()
    plan = plan_scoring(session, None, ("train", "test"))
    (row,) = plan.rows
    file = session.state().splits[0].scoring["train"]
    assert (row.what, row.documents, row.units) == ("c1 train", file.documents, file.units)
    assert row.low_usd == row.high_usd == pytest.approx(file.units * 0.0005)
    assert plan.estimate.high_usd == pytest.approx(row.high_usd)
    assert plan.units == file.units


def test_an_intent_whose_call_was_never_made_is_still_priced(session: Session) -> None:
    with session.editing() as state:
        job = state.runs[0].classifiers[0].scoring["test"]
        job.arn, job.status, job.artifact = "", None, ""
    plan = plan_scoring(session)
    assert [row.what for row in plan.rows] == ["c1 test"]


def test_other_prices_change_the_plans(session: Session) -> None:
    set_prices(session, PriceList(as_of="2027-01-01", training_per_hour=6, scoring_per_unit=0.001))
    training = plan_training(session, "other").estimate
    assert training.high_usd == pytest.approx(4.0) and "2027-01-01" in training.basis
    scoring = plan_scoring(session, None, ("train",))
    assert scoring.estimate.high_usd == pytest.approx(scoring.units * 0.001)


def test_another_unit_rule_counts_the_prepared_file_anew(session: Session) -> None:
    file = session.state().splits[0].scoring["train"]
    lines = session.path(file.path).read_bytes().decode().split("\n")[:-1]
    set_prices(session, PriceList(unit_characters=10, minimum_units=1))
    expected = sum(max(1, -(-len(line) // 10)) for line in lines)
    plan = plan_scoring(session, None, ("train",))
    assert plan.units == expected > file.units
    start_scoring_jobs(session, plan)
    finish_scoring(session, plan.run, plan.parts)
    job = session.state().runs[0].classifiers[0].scoring["train"]
    assert job.estimate is not None
    assert job.estimate.high_usd == pytest.approx(expected * 0.0005)


def test_prices_survive_in_the_session_with_their_day(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text("as_of = 2027-01-01\nmodel_per_month = 0.75\n")
    set_prices(session, load_prices(path))
    assert session.state().prices == PriceList(as_of="2027-01-01", model_per_month=0.75)


def test_scoring_with_a_classifier_that_was_cleaned_up_says_so(session: Session) -> None:
    clean_up(session)
    assert plan_scoring(session).rows == (), "what is scored needs no classifier"
    set_twin_returned(session, 3)
    with pytest.raises(InvalidInput, match="was deleted by the clean-up") as error:
        plan_scoring(session)
    assert "train --run" in error.value.hint
    jobs = session.state().runs[0].jobs()
    set_twin_returned(session, "all")
    plan = plan_scoring(session)
    set_twin_returned(session, 3)
    with pytest.raises(InvalidInput, match="was deleted by the clean-up"):
        start_scoring_jobs(session, plan)
    assert session.state().runs[0].jobs() == jobs, "no intent was saved"
