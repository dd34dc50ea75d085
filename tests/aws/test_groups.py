"""Label groups over HTTP: nothing twice whatever is killed, and nothing left after clean-up."""

import json
import shutil
from pathlib import Path

import pytest

from core.comprehend.engine import TwinOptions
from core.workflow.cleanup import clean_up
from core.workflow.score import plan_scoring, start_scoring_jobs
from core.workflow.session import Session
from core.workflow.train import plan_training, start_training_run
from tests.aws.accounts import account
from tests.aws.journey import call, plant_decoys, prepare, take
from tests.aws.server import AwsServer
from tests.aws.sessions import ready_session, score, set_up, train
from tests.killing import killed_at_write


def start_groups(session: Session) -> None:
    start_training_run(session, plan_training(session, labels=("bug", "login")))


def start_scoring(session: Session) -> None:
    start_scoring_jobs(session, plan_scoring(session, None, ("test",)))


def test_a_run_with_groups_by_command_leaves_nothing_behind(aws: AwsServer, tmp_path: Path) -> None:
    aws.options = TwinOptions()
    plant_decoys(aws)
    before = account(aws)
    session = prepare(aws, tmp_path)
    for step in (("train", "--despite-findings"), ("score",)):
        assert take(session, *step).code == 0

    plan = call("--session", str(session), "--dry-run", "train", "--groups", "complete")
    refused = call("--session", str(session), "train", "--groups", "complete")
    trained = take(session, "train", "--groups", "complete", "--despite-findings")
    scored = take(session, "score")
    used = account(aws)
    cleaned = take(session, "cleanup")

    assert plan.code == 0 and "c1 all labels: taken over from run base" in plan.out
    assert "c2 training" in plan.out and "c1 training" not in plan.out
    assert "scoring with them: $" in plan.out
    assert refused.code == 4
    assert trained.code == 0, trained
    assert scored.code == 0, scored
    assert len(used["classifiers"]) == 3
    assert (aws.creates("classifier"), aws.creates("job")) == (3, 6)
    shares = json.loads((session / "session.json").read_text())["runs"][1]["scores"]["test"]
    assert set(shares["returned_share"].values()) == {1.0}
    assert cleaned.code == 0, cleaned
    assert account(aws) == before


def test_one_run_of_two_that_share_a_classifier_is_cleaned_up_alone(
    aws: AwsServer, small_source: Path, tmp_path: Path
) -> None:
    session = ready_session(aws, small_source, tmp_path / "two")
    train(session)
    score(session)
    start_groups(session)
    train(session)
    main = session.state().runs[0].classifiers[0].training.arn

    clean_up(session, run="base-rare")

    assert account(aws)["classifiers"] == [main]
    clean_up(session)
    assert account(aws)["classifiers"] == []


@pytest.mark.timeout(120)
def test_a_group_killed_at_any_write_is_created_and_scored_exactly_once(
    aws: AwsServer, small_source: Path, tmp_path: Path
) -> None:
    base = ready_session(aws, small_source, tmp_path / "base")
    train(base)
    score(base)
    created, jobs = aws.creates("classifier"), aws.creates("job")
    n, was_killed = 0, True
    while was_killed:
        n += 1
        session = _copy(base, tmp_path / f"killed-{n}", n)
        was_killed = killed_at_write(start_groups, session, n, "before")
        start_groups(session)
        state = session.state()
        assert aws.creates("classifier") == created + n, f"write {n}"
        assert [run.name for run in state.runs] == ["base", "base-rare"]
        assert state.runs[1].classifiers[1].training.arn == aws.twin.made[-1]
        assert all(entry.state == "created" for entry in state.ledger)
    assert n > 5
    train(session)
    start_scoring(session)
    assert aws.creates("job") == jobs + 1, "the main classifier's job is taken over"


def _copy(base: Session, folder: Path, number: int) -> Session:
    """A session of its own that goes on from the same trained classifier."""
    session = Session(Path(shutil.copytree(base.folder, folder)))
    with set_up(session) as state:
        state.uid = f"{number:08x}"
    return session
