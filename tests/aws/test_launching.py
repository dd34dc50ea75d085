"""Every launch over HTTP ends with exactly one classifier and one job, whatever breaks."""

from collections.abc import Callable
from pathlib import Path

import pytest

from core.comprehend import jobs
from core.comprehend.engine import TwinOptions
from core.errors import Interrupted, InvalidInput, TryAgain
from core.progress import CancelToken, Progress, Watch
from core.workflow.jobs import TOKEN_TRUSTED_S, launch, session_clients
from core.workflow.score import plan_scoring, start_scoring_jobs
from core.workflow.session import Session
from core.workflow.train import plan_training, start_training_run
from tests.aws.server import AwsServer
from tests.aws.server.faults import Kind
from tests.aws.sessions import ready_session, score, train

PASSING: tuple[Kind, ...] = ("throttled", "error-500", "error-503", "reset", "reset-after")


@pytest.fixture
def session(
    aws: AwsServer, small_source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Session:
    """A session ready to train, whose client library repeats nothing by itself."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    return ready_session(aws, small_source, tmp_path / "paid")


def intend_training(aws: AwsServer, session: Session) -> None:
    """Leave an intent whose call was never made."""
    aws.denied.add("comprehend:CreateDocumentClassifier")
    with pytest.raises(InvalidInput):
        start_training_run(session, plan_training(session))
    aws.denied.clear()


def intend_scoring(aws: AwsServer, session: Session) -> None:
    """Leave a scoring intent whose call was never made."""
    aws.denied.add("comprehend:StartDocumentClassificationJob")
    with pytest.raises(InvalidInput):
        start_scoring_jobs(session, plan_scoring(session, None, ("test",)))
    aws.denied.clear()


@pytest.mark.parametrize("kind", PASSING)
def test_a_fault_at_each_call_of_a_launch_is_borne_and_nothing_is_made_twice(
    kind: Kind, aws: AwsServer, session: Session
) -> None:
    for operation in ("PutObject", "CreateDocumentClassifier", "StartDocumentClassificationJob"):
        aws.faults.add(kind, operation, times=3)
    train(session)
    run = score(session, "test")
    assert run.scores["test"].missing == 0
    assert (aws.creates("classifier"), aws.creates("job")) == (1, 1)


def test_a_fault_that_persists_is_reported_and_the_repeated_command_goes_on(
    aws: AwsServer, session: Session
) -> None:
    fault = aws.faults.add("throttled", "CreateDocumentClassifier", times=1000)
    notes: list[str] = []
    plan = plan_training(session)
    with pytest.raises(TryAgain, match="throttling"):
        start_training_run(session, plan, False, Watch(lambda event: notes.append(event.note)))
    assert any("throttling requests; trying again in 1 s" in note for note in notes)
    assert fault.hits == 1 + jobs.MOST_REPEATS
    tokens = {
        call.request["ClientRequestToken"]
        for call in aws.calls
        if call.operation == "CreateDocumentClassifier"
    }
    aws.faults.clear()
    start_training_run(session, plan_training(session))
    assert tokens == {session.state().runs[0].classifiers[0].training.token}
    assert aws.creates() == 1


def test_a_missing_slot_is_waited_for_and_said(aws: AwsServer, session: Session) -> None:
    aws.options = TwinOptions(active_trainings=0)
    notes: list[str] = []

    def report(event: Progress) -> None:
        notes.append(event.note)
        if sum("quota" in note for note in notes) > 2 * jobs.MOST_REPEATS:
            aws.options = TwinOptions()

    start_training_run(session, plan_training(session), False, Watch(report))
    assert aws.creates("classifier") == 1
    assert any("a quota of the account is used up; trying again" in note for note in notes)


def test_a_slot_that_never_comes_ends_the_wait_and_the_intent_stays(
    aws: AwsServer, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "LONGEST_SLOT_WAIT_S", 0.05)
    aws.options = TwinOptions(active_trainings=0)
    with pytest.raises(TryAgain, match="quota"):
        start_training_run(session, plan_training(session))
    job = session.state().runs[0].classifiers[0].training
    assert job.token and not job.arn and aws.creates() == 0


def test_waiting_for_a_slot_stops_when_asked_to(aws: AwsServer, session: Session) -> None:
    aws.options = TwinOptions(active_trainings=0)
    cancel = CancelToken()

    def report(event: Progress) -> None:
        if "trying again" in event.note:
            cancel.cancel()

    with pytest.raises(Interrupted):
        start_training_run(session, plan_training(session), False, Watch(report, cancel))
    assert aws.creates() == 0


def test_denied_access_is_one_clear_error_and_no_second_attempt(
    aws: AwsServer, session: Session
) -> None:
    aws.denied.add("comprehend:CreateDocumentClassifier")
    with pytest.raises(InvalidInput, match="denies"):
        start_training_run(session, plan_training(session))
    assert aws.operations("comprehend").count("CreateDocumentClassifier") == 1


def test_a_clash_with_our_own_lost_classifier_adopts_it(aws: AwsServer, session: Session) -> None:
    intend_training(aws, session)
    request = session.state().runs[0].classifiers[0].training.request
    lost = request | {"ClientRequestToken": "a-token-the-service-has-forgotten"}
    arn = aws.client("comprehend").create_document_classifier(**lost)["DocumentClassifierArn"]
    run = train(session)
    assert run.classifiers[0].training.arn == arn
    assert aws.creates("classifier") == 1
    assert [e.name for e in session.state().ledger if e.kind == "classifier"] == [arn]


def _other_file(request: dict[str, object]) -> dict[str, object]:
    data = {"DataFormat": "COMPREHEND_CSV", "S3Uri": "s3://tuner-bucket/other.csv"}
    return request | {"InputDataConfig": data | {"LabelDelimiter": "|"}}


def _other_tags(request: dict[str, object]) -> dict[str, object]:
    return request | {"Tags": [{"Key": "comprehend-tuner:session", "Value": "somebody-else"}]}


@pytest.mark.parametrize("change", [_other_file, _other_tags])
def test_a_clash_with_somebody_elses_classifier_is_refused(
    change: Callable[[dict[str, object]], dict[str, object]], aws: AwsServer, session: Session
) -> None:
    intend_training(aws, session)
    request = session.state().runs[0].classifiers[0].training.request
    theirs = change(request) | {"ClientRequestToken": "theirs"}
    aws.client("comprehend").create_document_classifier(**theirs)
    with pytest.raises(InvalidInput, match="another request") as caught:
        start_training_run(session, plan_training(session))
    assert "--run" in caught.value.hint
    assert not session.state().runs[0].classifiers[0].training.arn
    assert aws.creates("classifier") == 1


@pytest.mark.parametrize("is_old", [True, False])
def test_a_scoring_job_of_a_forgotten_token_is_found_before_a_second_one_is_paid(
    is_old: bool, aws: AwsServer, session: Session
) -> None:
    train(session)
    intend_scoring(aws, session)
    if is_old:
        with session.editing() as state:
            state.runs[0].classifiers[0].scoring["test"].intended_at = "2026-01-01T00:00:00Z"
    job = session.state().runs[0].classifiers[0].scoring["test"]
    token = "forgotten" if is_old else job.token
    lost = job.request | {"ClientRequestToken": token}
    answer = aws.client("comprehend").start_document_classification_job(**lost)
    launch(session, session_clients(session), "base", job.id)
    saved = session.state().runs[0].classifiers[0].scoring["test"]
    assert (saved.job_id, saved.arn) == (answer["JobId"], answer["JobArn"])
    assert aws.creates("job") == 1 and TOKEN_TRUSTED_S >= 60


def test_an_old_intent_without_a_job_is_started(aws: AwsServer, session: Session) -> None:
    train(session)
    intend_scoring(aws, session)
    with session.editing() as state:
        state.runs[0].classifiers[0].scoring["test"].intended_at = "2026-01-01T00:00:00Z"
    score(session, "test")
    assert aws.creates("job") == 1
