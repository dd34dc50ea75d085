"""Fetching over HTTP: broken downloads are repeated, lost and unfitting output is explained."""

from pathlib import Path

import pytest

from core.comprehend.engine import TwinOptions
from core.errors import OperationFailed
from core.workflow import jobs as launching
from core.workflow.following import collect_finished
from core.workflow.jobs import session_clients
from core.workflow.score import plan_scoring, start_scoring_jobs
from core.workflow.session import Session
from core.workflow.train import finish_training
from tests.aws.server import AwsServer
from tests.aws.server.faults import Kind
from tests.aws.server.surprises import Kind as Surprise
from tests.aws.sessions import all_labels, ready_session, score, start, train

BREAKING: tuple[Kind, ...] = ("throttled", "error-500", "reset", "truncated", "reset-midway")


@pytest.fixture
def session(
    aws: AwsServer, small_source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Session:
    """A session ready to train, whose client library repeats nothing by itself."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    return ready_session(aws, small_source, tmp_path / "paid")


@pytest.mark.parametrize("kind", BREAKING)
def test_a_download_that_breaks_is_repeated(kind: Kind, aws: AwsServer, session: Session) -> None:
    fault = aws.faults.add(kind, "GetObject", times=3)
    assert train(session).classifiers[0].is_trained and fault.hits == 3


def test_an_archive_that_cannot_be_read_is_fetched_once_more(
    aws: AwsServer, session: Session
) -> None:
    start(session)
    path = session.path("runs/base/c1/train/output.tar.gz")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\x1f\x8b half of it")
    finish_training(session, "base")
    assert session.state().runs[0].classifiers[0].is_trained


def test_an_archive_that_is_damaged_in_the_bucket_is_a_clear_error(
    aws: AwsServer, session: Session
) -> None:
    start(session)
    status = launching.wait_for(session, session_clients(session), "base", "base/c1/train")
    bucket, _, key = (status.output_uri or "").removeprefix("s3://").partition("/")
    aws.client("s3").put_object(Bucket=bucket, Key=key, Body=b"not an archive")
    with pytest.raises(Exception, match="Cannot read"):
        finish_training(session, "base")
    assert aws.operations("s3").count("GetObject") == 2


@pytest.mark.parametrize("kind", ["training", "scoring"])
def test_output_that_was_deleted_is_said_and_the_way_out_works(
    kind: str, aws: AwsServer, session: Session
) -> None:
    if kind == "training":
        start(session)
    else:
        train(session)
        start_scoring_jobs(session, plan_scoring(session, None, ("test",)))
    job = session.state().runs[0].jobs()[-1]
    status = launching.wait_for(session, session_clients(session), "base", job.id)
    bucket, _, key = (status.output_uri or "").removeprefix("s3://").partition("/")
    aws.client("s3").delete_object(Bucket=bucket, Key=key)
    with pytest.raises(OperationFailed, match="output was deleted") as caught:
        collect_finished(session)
    if kind == "training":
        assert f"attach --classifier {job.arn}" in caught.value.hint
    else:
        assert "score --parts test" in caught.value.hint
        score(session, "test")
        assert aws.creates("job") == 2


def test_output_that_cannot_be_fetched_does_not_keep_the_others(
    aws: AwsServer, session: Session
) -> None:
    train(session)
    start_scoring_jobs(session, plan_scoring(session))
    clients = session_clients(session)
    jobs = session.state().runs[0].classifiers[0].scoring
    statuses = {p: launching.wait_for(session, clients, "base", j.id) for p, j in jobs.items()}
    bucket, _, key = (statuses["calibration"].output_uri or "")[5:].partition("/")
    aws.client("s3").delete_object(Bucket=bucket, Key=key)
    with pytest.raises(OperationFailed, match="score-calibration"):
        collect_finished(session)
    assert session.state().runs[0].scores.keys() == {"test"}


def test_shuffled_output_gives_the_same_scores(aws: AwsServer, session: Session) -> None:
    all_labels(aws)
    train(session)
    plain = score(session, "test").scores["test"].fingerprint
    aws.surprise("shuffled")
    with session.editing() as state:
        del state.runs[0].classifiers[0].scoring["test"]
    assert score(session, "test").scores["test"].fingerprint == plain


@pytest.mark.parametrize(
    ("surprise", "message", "hint"),
    [
        ("labels-missing", "none lists 'billing'", "was not trained on them"),
        ("labels-renamed", "unknown label 'billing (old)'", "label names must be equal"),
    ],
)
def test_labels_that_are_missing_or_renamed_are_named_with_what_to_do(
    surprise: Surprise, message: str, hint: str, aws: AwsServer, session: Session
) -> None:
    all_labels(aws)
    aws.surprise(surprise)
    train(session)
    with pytest.raises(OperationFailed) as caught:
        score(session, "test")
    assert message in caught.value.message and hint in caught.value.hint
    assert not session.state().runs[0].scores


def test_a_label_that_just_scores_low_is_no_error(aws: AwsServer, session: Session) -> None:
    aws.options = TwinOptions(returned=1)
    train(session)
    assert score(session, "test").scores["test"].documents > 0
