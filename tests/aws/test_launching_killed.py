"""SIGKILL around any write of a launch over HTTP: one create per intent, whatever was lost."""

import shutil
from pathlib import Path

import pytest

from core.workflow.score import plan_scoring, start_scoring_jobs
from core.workflow.session import Session, new_uid
from core.workflow.train import plan_training, start_training_run
from tests.aws.server import AwsServer
from tests.aws.sessions import ready_session, set_up, train
from tests.killing import Moment, killed_at_write


def start_training(session: Session) -> None:
    start_training_run(session, plan_training(session))


def start_scoring(session: Session) -> None:
    start_scoring_jobs(session, plan_scoring(session, None, ("test",)))


@pytest.mark.timeout(120)
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_training_killed_at_any_write_is_created_exactly_once(
    moment: Moment, aws: AwsServer, small_source: Path, tmp_path: Path
) -> None:
    n, was_killed = 0, True
    while was_killed:
        n += 1
        session = ready_session(aws, small_source, tmp_path / f"killed-{n}")
        was_killed = killed_at_write(start_training, session, n, moment)
        start_training(session)
        state = session.state()
        assert aws.creates("classifier") == n, f"write {n}"
        assert state.runs[0].classifiers[0].training.arn == aws.twin.made[-1]
        assert all(entry.state == "created" for entry in state.ledger)
        assert len(state.ledger) == 3, "two files and a classifier"
    assert n > 5


@pytest.mark.timeout(120)
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_scoring_killed_at_any_write_is_started_exactly_once(
    moment: Moment, aws: AwsServer, small_source: Path, tmp_path: Path
) -> None:
    trained = ready_session(aws, small_source, tmp_path / "trained")
    train(trained)
    n, was_killed = 0, True
    while was_killed:
        n += 1
        session = Session(Path(shutil.copytree(trained.folder, tmp_path / f"killed-{n}")))
        with set_up(session) as state:
            state.uid = new_uid()
        was_killed = killed_at_write(start_scoring, session, n, moment)
        start_scoring(session)
        job = session.state().runs[0].classifiers[0].scoring["test"]
        assert aws.creates("job") == n, f"write {n}"
        assert job.arn == aws.twin.made[-1] and job.job_id
    assert n > 3
