"""Arms whose jobs fail, a lower quota, credentials that run out: told, waited for, carried on."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from core.comprehend import aws as aws_clients
from core.comprehend.engine import TwinOptions
from core.comprehend.jobs import EXPIRED
from core.errors import Interrupted
from core.progress import CancelToken, Progress, Watch
from core.workflow.experiments import run
from core.workflow.experiments.arms import retry_failed
from core.workflow.experiments.compare import compare_experiment
from core.workflow.experiments.plan import plan_experiment
from core.workflow.experiments.run import run_experiment, start_arm
from core.workflow.following import job_rows
from core.workflow.jobs import session_clients
from core.workflow.money import spending
from core.workflow.score import plan_scoring, start_scoring_jobs
from core.workflow.session import Session
from core.workflow.train import finish_training, plan_training, start_training_run
from tests.aws.experiments import (
    ONE_ARM,
    TWO_ARMS,
    begin,
    by_arm,
    most_at_once,
    placed,
    rare_split,
    stages,
    sweep,
)
from tests.aws.server import AwsServer
from tests.aws.sessions import score, train

BROKEN = TwinOptions(fail="INTERNAL_FAILURE: broken")


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session of the source with a rare label, ready to train."""
    return rare_split(tmp_path_factory.mktemp("rare"))


@pytest.fixture
def session(ready: Path, tmp_path: Path, aws: AwsServer) -> Session:
    """The same on the server."""
    return placed(aws, ready, tmp_path)


def test_arms_that_fail_are_told_and_the_others_are_compared(
    aws: AwsServer, session: Session
) -> None:
    request = msgspec.structs.replace(TWO_ARMS, positives=(6, 20, 40))
    experiment = begin(session, request)
    clients = session_clients(session)
    start_arm(session, clients, experiment, "n20")
    finish_training(session, "e1-n20")
    aws.options = BROKEN
    start_arm(session, clients, experiment, "n6")
    start_scoring_jobs(session, plan_scoring(session, "e1-n20", ("test",)))
    aws.options = TwinOptions()

    found = by_arm(run_experiment(session, experiment))

    assert stages(found) == {"base": "done", "n6": "failed", "n20": "failed", "n40": "done"}
    assert "e1-n6/c1/train ended IN_ERROR: INTERNAL_FAILURE: broken" in found["n6"].detail
    assert "e1-n20/c1/score-test ended FAILED" in found["n20"].detail
    report = compare_experiment(session)
    assert [row.arm for row in report.comparison.arms] == ["n40"]
    assert set(report.missing) == {"n6", "n20"} and "IN_ERROR" in report.missing["n6"]
    made = aws.creates()

    assert retry_failed(session) == 2
    again = plan_experiment(session, None)
    found = by_arm(run_experiment(session, experiment))

    assert (again.trainings, again.is_resumed) == (1, True)
    assert set(stages(found).values()) == {"done"}
    assert aws.creates("classifier") == 5, "four arms and one failed attempt"
    assert aws.creates() == made + 1 + 2 + 1, "a training, its two jobs, the one that failed"
    priced = {row.job for row in spending(session).rows if row.kind in ("training", "scoring")}
    assert {"e1-n6/c1/train", "e1-n6/c1/train-2"} < priced
    assert {"e1-n20/c1/score-test", "e1-n20/c1/score-test-2"} < priced
    assert len(compare_experiment(session).comparison.arms) == 3


def test_a_failed_group_does_not_hold_the_other_arms_back(
    aws: AwsServer, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(session)
    score(session)
    monkeypatch.setattr(aws_clients, "ACTIVE_JOBS", 2)
    experiment = begin(session, TWO_ARMS, groups="rare")
    aws.options = BROKEN
    made = aws.creates()

    def queue(event: Progress) -> None:
        if aws.creates() > made:
            aws.options = TwinOptions(queue_s=0.4)

    start_arm(session, session_clients(session), experiment, "n8", Watch(queue))
    aws.options = TwinOptions()

    found = by_arm(run_experiment(session, experiment))

    assert stages(found) == {"base": "done", "n8": "failed", "n40": "done"}
    states = [row.state for row in job_rows(session, refreshed=False) if row.run == "e1-n8"]
    assert states == ["IN_ERROR", "TRAINED"]


def test_an_arm_given_up_does_not_hold_the_others_back(
    aws: AwsServer, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aws_clients, "ACTIVE_JOBS", 1)
    experiment = begin(session, ONE_ARM)
    aws.faults.add("denied", "DescribeDocumentClassifier")

    found = by_arm(run_experiment(session, experiment))

    assert stages(found) == {"base": "failed", "n40": "done"}
    assert "AccessDenied" in found["base"].detail
    assert set(stages(by_arm(run_experiment(session, experiment))).values()) == {"done"}
    assert (aws.creates("classifier"), aws.creates("job")) == (2, 4)


def test_a_training_that_nobody_looks_at_does_not_hold_the_arms_back(
    aws: AwsServer, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aws_clients, "ACTIVE_JOBS", 1)
    train(session)
    score(session)
    experiment = begin(session, ONE_ARM)
    start_training_run(session, plan_training(session, "other"), despite_findings=True)

    found = by_arm(run_experiment(session, experiment))

    assert stages(found) == {"base": "done", "n40": "done"}
    assert session.state().runs[1].name == "other"
    assert session.state().runs[1].classifiers[0].training.status is None


def test_lost_scores_are_joined_again_from_the_output_that_is_here(
    aws: AwsServer, session: Session
) -> None:
    sweep(session, ONE_ARM)
    session.path(session.state().runs[1].scores["test"].path).unlink()
    made, calls = aws.creates(), len(aws.calls)

    assert set(stages(sweep(session, ONE_ARM)).values()) == {"done"}

    assert aws.creates() == made and aws.calls[calls:] == []


def test_a_lower_quota_is_waited_for(aws: AwsServer, session: Session) -> None:
    aws.options = TwinOptions(active_trainings=1, active_jobs=1, queue_s=0.15)

    assert set(stages(sweep(session, TWO_ARMS)).values()) == {"done"}

    refused = [call.operation for call in aws.calls if call.status == 400]
    assert set(refused) == {"CreateDocumentClassifier", "StartDocumentClassificationJob"}
    assert (aws.creates("classifier"), aws.creates("job")) == (3, 6)
    assert most_at_once(aws) == 1


def noting(then: Callable[[list[str]], None]) -> tuple[list[str], Callable[[Progress], None]]:
    """The notes of a reporter that acts at each."""
    notes: list[str] = []

    def report(event: Progress) -> None:
        notes.append(event.note)
        then(notes)

    return notes, report


def test_credentials_that_run_out_are_waited_for_and_nothing_is_lost(
    aws: AwsServer, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "MOST_FAULTS", 3)
    fault = aws.faults.add("expired", "*", 10_000, 40)

    def sign_in(notes: list[str]) -> None:
        if notes.count(EXPIRED) > 5:
            aws.faults.clear()

    notes, report = noting(sign_in)
    assert set(stages(sweep(session, ONE_ARM, Watch(report))).values()) == {"done"}
    assert fault.hits and notes.count(EXPIRED) > 5
    assert (aws.creates("classifier"), aws.creates("job")) == (2, 4)


def test_waiting_for_credentials_ends_when_asked_to(aws: AwsServer, session: Session) -> None:
    cancel = CancelToken()

    def give_up(notes: list[str]) -> None:
        if EXPIRED in notes:
            cancel.cancel()

    aws.faults.add("expired", "*", 10_000, 40)
    with pytest.raises(Interrupted):
        sweep(session, ONE_ARM, Watch(noting(give_up)[1], cancel))
    aws.faults.clear()
    assert set(stages(sweep(session, ONE_ARM)).values()) == {"done"}
    assert (aws.creates("classifier"), aws.creates("job")) == (2, 4)


def test_without_credentials_every_arm_says_so(
    aws: AwsServer, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    found = sweep(session, ONE_ARM)
    assert stages(found) == {"base": "failed", "n40": "failed"}
    assert all("credentials" in status.detail.lower() for status in found.values())
    assert aws.creates() == 0
