"""Waiting and fetching over HTTP: every state and fault on the way ends right or is explained."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from core.cli.main import cli
from core.comprehend.engine import TwinOptions
from core.comprehend.jobs import EXPIRED, MOST_FAULTS, SPACING_S
from core.errors import OperationFailed, TryAgain
from core.progress import Progress, Watch
from core.workflow import jobs
from core.workflow.following import job_rows
from core.workflow.jobs import refresh, session_clients
from core.workflow.score import plan_scoring, start_scoring_jobs
from core.workflow.session import Session
from core.workflow.train import finish_training
from tests.aws.server import AwsServer
from tests.aws.server.faults import Kind
from tests.aws.sessions import change_engine, ready_session, score, start, train

LONG_AGO = "2026-01-01T00:00:00Z"


@pytest.fixture
def session(
    aws: AwsServer, small_source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Session:
    """A session ready to train, whose client library repeats nothing by itself."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    return ready_session(aws, small_source, tmp_path / "paid")


def until(text: str, then: Callable[[], None]) -> tuple[list[str], Callable[[Progress], None]]:
    """A reporter that acts once `text` was reported, and the notes that it saw."""
    notes: list[str] = []

    def report(event: Progress) -> None:
        if text in event.note and not any(text in note for note in notes):
            then()
        notes.append(event.note)

    return notes, report


@pytest.mark.parametrize("kind", ["throttled", "error-500", "reset"])
def test_faults_while_describing_do_not_end_the_wait(
    kind: Kind, aws: AwsServer, session: Session
) -> None:
    aws.faults.add(kind, "DescribeDocumentClassifier", times=4)
    aws.faults.add(kind, "DescribeDocumentClassificationJob", times=4)
    train(session)
    score(session, "test")
    assert aws.creates() == 2


def test_a_new_job_that_is_not_known_everywhere_yet_is_waited_for(
    aws: AwsServer, session: Session
) -> None:
    aws.surprise("not-found-at-first", 3)
    notes, report = until("Not known to the service yet", lambda: None)
    train(session, Watch(report))
    score(session, "test")
    assert any("Not known to the service yet" in note for note in notes)


@pytest.mark.parametrize("kind", ["training", "scoring"])
def test_a_job_that_is_unknown_long_after_its_start_is_an_error(
    kind: str, aws: AwsServer, session: Session
) -> None:
    if kind == "training":
        start(session)
    else:
        train(session)
        start_scoring_jobs(session, plan_scoring(session, None, ("test",)))
    with session.editing() as state:
        for job in state.runs[0].jobs():
            job.started_at = LONG_AGO
            job.status = job.status if job.artifact else None
    aws.surprise("not-found-at-first", 1000)
    waiting = session.state().runs[0].jobs()[-1]
    with pytest.raises(OperationFailed, match="does not exist") as caught:
        jobs.wait_for(session, session_clients(session), "base", waiting.id)
    assert "--profile" in caught.value.hint
    assert session.state().runs[0].jobs()[-1].arn, "the job must not be forgotten"


def test_expired_credentials_pause_the_wait_for_as_long_as_it_takes(
    aws: AwsServer, session: Session
) -> None:
    start(session)
    fault = aws.faults.add("expired", "DescribeDocumentClassifier", times=10_000)
    seen: list[str] = []

    def report(event: Progress) -> None:
        seen.append(event.note)
        if fault.hits > 4 * MOST_FAULTS:
            aws.faults.clear()

    clients = replace(session_clients(session), poll_s=0.001, longest_poll_s=0.001)
    jobs.wait_for(session, clients, "base", "base/c1/train", Watch(report))
    assert fault.hits > 4 * MOST_FAULTS and any(note.startswith(EXPIRED) for note in seen)
    finish_training(session, "base")


def test_states_that_jump_and_unknown_states_are_shown_literally_and_waited_out(
    aws: AwsServer, session: Session
) -> None:
    aws.surprise("jump")
    notes, report = until("MIGRATING", lambda: None)
    run = train(session, Watch(report))
    states = [note.split(",")[0] for note in notes if "poll" in note]
    assert list(dict.fromkeys(states))[:3] == ["TRAINING", "SUBMITTED", "MIGRATING"]
    assert run.classifiers[0].is_trained
    score(session, "test")


def test_a_classifier_that_is_deleted_meanwhile_ends_the_wait_and_can_be_made_anew(
    aws: AwsServer, session: Session
) -> None:
    aws.options = TwinOptions(delete_s=60)
    start(session)
    arn = session.state().runs[0].classifiers[0].training.arn
    client = aws.client("comprehend")
    while (
        client.describe_document_classifier(DocumentClassifierArn=arn)[
            "DocumentClassifierProperties"
        ]["Status"]
        != "TRAINED"
    ):
        pass
    client.delete_document_classifier(DocumentClassifierArn=arn)
    with pytest.raises(OperationFailed, match="DELETING: it is being deleted"):
        finish_training(session, "base")
    run = train(session)
    assert run.classifiers[0].version == "v2" and run.classifiers[0].training.arn != arn


def test_a_warning_is_shown_and_the_classifier_is_used(aws: AwsServer, session: Session) -> None:
    aws.options = TwinOptions(warn="3 documents were skipped.")
    train(session)
    row = job_rows(session)[0]
    assert (row.state, row.message) == ("TRAINED_WITH_WARNING", "3 documents were skipped.")
    score(session, "test")


def test_a_failed_job_is_explained_and_the_next_attempt_is_a_new_one(
    aws: AwsServer, session: Session
) -> None:
    aws.options = TwinOptions(fail="NO_READ_ACCESS_TO_INPUT: The provided data access role …")
    with pytest.raises(OperationFailed, match="IN_ERROR: NO_READ_ACCESS") as caught:
        train(session)
    assert "s3:GetObject" in caught.value.hint
    aws.options = TwinOptions()
    train(session)
    assert aws.creates("classifier") == 2


def test_the_fault_of_one_job_does_not_hide_the_others(aws: AwsServer, session: Session) -> None:
    train(session)
    aws.options = TwinOptions(queue_s=3600)
    start_scoring_jobs(session, plan_scoring(session))
    aws.faults.add("error-500", "DescribeDocumentClassificationJob")
    first, second = (row for row in job_rows(session) if row.kind == "scoring")
    assert "has a fault" in first.fault and first.message == first.fault
    assert second.fault == "" and second.state == "SUBMITTED"


@pytest.mark.parametrize(("kind", "asked"), [("reset", 1), ("expired", 2)])
def test_when_nobody_answers_the_other_jobs_are_not_asked(
    kind: Kind, asked: int, aws: AwsServer, session: Session
) -> None:
    train(session)
    aws.options = TwinOptions(queue_s=3600)
    start_scoring_jobs(session, plan_scoring(session))
    fault = aws.faults.add(kind, "DescribeDocumentClassificationJob", times=100)
    rows = [row for row in job_rows(session) if row.kind == "scoring"]
    assert all(row.fault for row in rows) and len(rows) == 2
    assert [row.is_expired for row in rows] == [kind == "expired"] * 2
    assert fault.hits == asked, "expired credentials are opened anew once"


def test_descriptions_are_spaced(
    aws: AwsServer, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns: list[float] = []
    monkeypatch.setattr(jobs, "take_turn", turns.append)
    start(session)
    change_engine(session, poll_s=15.0)
    refresh(session, session_clients(session), "base", "base/c1/train")
    assert turns == [SPACING_S] and 1 / SPACING_S < 10


def test_the_jobs_command_shows_every_row_and_says_which_could_not_be_asked(
    aws: AwsServer, session: Session
) -> None:
    aws.options = TwinOptions(queue_s=3600)
    start(session)
    aws.faults.add("denied", "DescribeDocumentClassifier")
    done = CliRunner().invoke(cli, ["--session", str(session.folder), "jobs"])
    assert isinstance(done.exception, TryAgain) and "base/c1/train" in done.exception.message
    assert "base/c1/train" in done.stdout and "SUBMITTED" in done.stdout


def test_watching_goes_on_through_faults_and_fetches_at_the_end(
    aws: AwsServer, session: Session
) -> None:
    start(session)
    aws.faults.add("error-500", "DescribeDocumentClassifier", times=3)
    done = CliRunner().invoke(cli, ["--session", str(session.folder), "jobs", "--watch"])
    assert done.exit_code == 0, done.stderr
    assert "fetched: base/c1/train" in done.stdout and "has a fault" in done.stderr
