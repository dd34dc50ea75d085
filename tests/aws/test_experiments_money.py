"""What an experiment may cost, and clean-up of all its arms or of one."""

from pathlib import Path

import pytest

from core.comprehend.engine import TwinOptions
from core.errors import Refused, TunerError
from core.workflow.cleanup import clean_up
from core.workflow.experiments.compare import compare_experiment
from core.workflow.experiments.plan import plan_experiment
from core.workflow.experiments.run import run_experiment, start_arm, start_experiment
from core.workflow.jobs import session_clients
from core.workflow.money import committed_usd, left_usd, set_budget, spending
from core.workflow.session import Session
from tests.aws.accounts import account, assert_recorded
from tests.aws.experiments import (
    ONE_ARM,
    TWO_ARMS,
    begin,
    by_arm,
    placed,
    rare_split,
    stages,
    sweep,
)
from tests.aws.journey import plant_decoys
from tests.aws.server import AwsServer
from tests.aws.sessions import score, train


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session of the source with a rare label, ready to train."""
    return rare_split(tmp_path_factory.mktemp("rare"))


@pytest.fixture
def session(ready: Path, tmp_path: Path, aws: AwsServer) -> Session:
    """The same on the server."""
    return placed(aws, ready, tmp_path)


def test_a_sweep_over_the_budget_starts_nothing_and_goes_on_once_it_is_raised(
    aws: AwsServer, session: Session
) -> None:
    plan = plan_experiment(session, ONE_ARM)
    whole = plan.estimate.high_usd + plan.keeping.high_usd
    set_budget(session, round(whole - 0.01, 2))
    plan = plan_experiment(session, ONE_ARM)
    assert plan.is_over_budget and plan.left_usd == round(whole - 0.01, 2)
    before = session.state_path.read_bytes()

    with pytest.raises(Refused, match="Over the budget"):
        start_experiment(session, plan)

    assert session.state_path.read_bytes() == before and aws.calls == []

    set_budget(session, whole + 0.01)
    assert set(stages(sweep(session, ONE_ARM)).values()) == {"done"}
    assert committed_usd(session.state()) <= whole + 0.01


def test_what_is_intended_is_not_counted_twice(aws: AwsServer, session: Session) -> None:
    plan = plan_experiment(session, TWO_ARMS)
    whole = plan.estimate.high_usd + plan.keeping.high_usd
    set_budget(session, whole + 0.005)
    experiment = begin(session)
    assert left_usd(session.state()) == whole + 0.005, "arms that are planned cost nothing yet"
    aws.denied.add("s3:PutObject")
    clients = session_clients(session)
    for arm in ("base", "n8", "n40"):
        with pytest.raises(TunerError):
            start_arm(session, clients, experiment, arm)
    trainings = sum(arm.training.high_usd for arm in plan.arms) + plan.keeping.high_usd
    assert committed_usd(session.state()) == pytest.approx(trainings)
    aws.denied.clear()

    again = plan_experiment(session, None)

    assert again.is_resumed and not again.is_over_budget
    assert again.estimate.high_usd == pytest.approx(plan.estimate.high_usd)
    assert again.left_usd == pytest.approx(whole + 0.005 - trainings)
    found = by_arm(run_experiment(session, start_experiment(session, again).id))
    assert set(stages(found).values()) == {"done"}
    assert aws.creates("classifier") == 3


def test_a_budget_that_is_lowered_meanwhile_keeps_the_rest_from_being_started(
    aws: AwsServer, session: Session
) -> None:
    experiment = begin(session)
    start_arm(session, session_clients(session), experiment, "base")
    set_budget(session, committed_usd(session.state()))

    found = by_arm(run_experiment(session, experiment))

    assert found["n8"].stage == found["n40"].stage == "failed"
    assert all("Over the budget" in found[arm].detail for arm in ("n8", "n40"))
    assert aws.creates("classifier") == 1
    set_budget(session, None)
    assert set(stages(sweep(session)).values()) == {"done"}
    assert (aws.creates("classifier"), aws.creates("job")) == (3, 6)


def test_clean_up_takes_every_arm_and_nothing_of_others(aws: AwsServer, session: Session) -> None:
    plant_decoys(aws)
    before = account(aws)
    sweep(session)
    rows = spending(session).rows
    assert {(row.run, row.kind) for row in rows} == {
        (run, kind)
        for run in ("base", "e1-n8", "e1-n40")
        for kind in ("training", "scoring", "model")
    }
    assert len(rows) == 3 * (1 + 2 + 1)
    ledger = [entry.name for entry in session.state().ledger]
    assert {name for name in ledger if name.startswith("arn")} == set(account(aws)["classifiers"])
    used = account(aws)

    clean_up(session, run="e1-n8")

    left = account(aws)
    assert left["classifiers"] == [arn for arn in used["classifiers"] if "e1-n8" not in arn]
    assert left["objects"] == [key for key in used["objects"] if "/e1-n8/" not in key]
    assert len(left["classifiers"]) == 2 and len(left["objects"]) < len(used["objects"])

    cleaned = clean_up(session)

    assert cleaned.left == () and account(aws) == before
    assert_recorded(session)
    assert {one.stage for one in run_experiment(session, "e1")} == {"done"}
    assert len(compare_experiment(session).comparison.arms) == 2


def test_an_experiment_cut_short_is_cleaned_up_whole(aws: AwsServer, session: Session) -> None:
    plant_decoys(aws)
    before = account(aws)
    aws.options = TwinOptions(queue_s=3600)
    experiment = begin(session)
    aws.faults.add("reset-after", "CreateDocumentClassifier", 3, 1)
    run_experiment(session, experiment, is_waiting=False)
    assert aws.creates("classifier") == 3

    cleaned = clean_up(session)

    assert cleaned.left == () and account(aws) == before
    assert_recorded(session)
    aws.options = TwinOptions()
    found = by_arm(run_experiment(session, experiment))
    assert set(stages(found).values()) == {"failed"}, "what was deleted is not made again unasked"
    assert aws.creates("classifier") == 3


def test_an_arm_whose_classifier_was_deleted_says_so(aws: AwsServer, session: Session) -> None:
    train(session)
    score(session)
    experiment = begin(session, ONE_ARM)
    aws.faults.add("denied", "StartDocumentClassificationJob")
    assert stages(by_arm(run_experiment(session, experiment)))["n40"] == "failed"
    clean_up(session, run="e1-n40")

    found = by_arm(run_experiment(session, experiment))

    assert stages(found) == {"base": "done", "n40": "failed"}
    assert "was deleted by the clean-up" in found["n40"].detail
    assert aws.creates("classifier") == 2
