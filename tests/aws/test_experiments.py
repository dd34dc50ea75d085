"""Whole experiments over HTTP: what is made, how much of it at once, and what comes out."""

from pathlib import Path

import pytest

from core.comprehend import aws as aws_clients
from core.comprehend.engine import TwinOptions
from core.dataset.arms import ArmsRequest
from core.workflow.experiments.compare import adopt_arm, compare_experiment, load_comparison
from core.workflow.experiments.plan import plan_experiment
from core.workflow.experiments.run import run_experiment
from core.workflow.following import job_rows
from core.workflow.session import Session
from tests.aws.experiments import (
    RARE,
    TWO_ARMS,
    begin,
    most_at_once,
    placed,
    rare_split,
    stages,
    sweep,
)
from tests.aws.server import AwsServer
from tests.aws.sessions import all_labels, score, train


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session of the source with a rare label, ready to train."""
    return rare_split(tmp_path_factory.mktemp("rare"))


@pytest.fixture
def session(ready: Path, tmp_path: Path, aws: AwsServer) -> Session:
    """The same on the server."""
    return placed(aws, ready, tmp_path)


def test_an_experiment_makes_one_classifier_and_two_scoring_jobs_an_arm(
    aws: AwsServer, session: Session
) -> None:
    all_labels(aws)
    request = ArmsRequest(labels=(RARE,), positives=(6, 30, 60))
    found = sweep(session, request)
    assert stages(found) == dict.fromkeys(("base", "n6", "n30", "n60"), "done")
    assert (aws.creates("classifier"), aws.creates("job")) == (4, 8)
    assert aws.operations().count("CreateDocumentClassifier") == 4
    assert aws.operations().count("StartDocumentClassificationJob") == 8
    runs = session.state().runs
    assert [run.name for run in runs] == ["base", "e1-n6", "e1-n30", "e1-n60"]
    assert {run.classifiers[0].training.arn for run in runs} < set(aws.twin.made)
    assert {row.state for row in job_rows(session)} == {"TRAINED", "COMPLETED"}

    made, calls = list(aws.twin.made), len(aws.calls)
    again = plan_experiment(session, None)
    assert again.is_resumed and (again.trainings, again.estimate.high_usd) == (0, 0.0)
    assert stages(sweep(session, request)) == stages(found)
    assert aws.twin.made == made and aws.calls[calls:] == [], "repeating it asks for nothing new"

    report = compare_experiment(session)

    assert [row.arm for row in report.comparison.arms] == ["n6", "n30", "n60"]
    assert report.missing == {} and report.engine.startswith("AWS")
    assert load_comparison(session, session.state().experiment_named()) == report

    tuned = adopt_arm(session, "n60")

    state = session.state()
    assert state.run is not None and state.run.name == tuned.report.run == "e1-n60"
    assert state.run.thresholds is not None and set(state.run.thresholds.values) == set("abcd")


def test_trainings_run_side_by_side_and_never_more_than_the_service_takes(
    aws: AwsServer, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aws_clients, "ACTIVE_JOBS", 2)
    aws.options = TwinOptions(queue_s=0.4, active_trainings=2, active_jobs=2)
    found = sweep(session)
    assert set(stages(found).values()) == {"done"} and len(found) == 3
    assert most_at_once(aws) == 2
    refused = [call for call in aws.calls if call.status >= 400 and call.operation != "HeadObject"]
    assert refused == [], "more was asked for than the service takes"


def test_no_more_than_ten_trainings_are_asked_for_at_once(aws: AwsServer, session: Session) -> None:
    aws.options = TwinOptions(queue_s=3600)
    request = ArmsRequest(labels=(RARE,), positives=tuple(range(1, 12)))
    run_experiment(session, begin(session, request), is_waiting=False)
    assert aws.creates("classifier") == 10
    rows = [row for row in job_rows(session) if row.state == "SUBMITTED"]
    assert len(rows) == 10 and len(session.state().runs) == 10


def test_label_groups_are_trained_and_scored_for_every_arm(
    aws: AwsServer, session: Session
) -> None:
    train(session)
    score(session)
    assert (aws.creates("classifier"), aws.creates("job")) == (1, 2)
    found = sweep(session, TWO_ARMS, groups="rare")
    assert set(stages(found).values()) == {"done"}
    assert (aws.creates("classifier"), aws.creates("job")) == (6, 12)
    runs = {run.name: run for run in session.state().runs}
    assert list(runs) == ["base", "base-rare", "e1-n8", "e1-n40"]
    assert {len(run.classifiers) for name, run in runs.items() if name != "base"} == {2}
    assert runs["base-rare"].classifiers[0].training.arn == runs["base"].classifiers[0].training.arn
    for name in ("base-rare", "e1-n8", "e1-n40"):
        assert runs[name].scores["test"].returned_share[RARE] == 1.0
    assert len(compare_experiment(session).comparison.arms) == 2
