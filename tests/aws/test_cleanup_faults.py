"""Clean-up over HTTP: whatever goes wrong, the account ends as it was or one error says why not."""

import msgspec
import pytest

from core.errors import Interrupted, TryAgain, TunerError
from core.progress import CancelToken, Progress, Watch
from core.workflow.cleanup import CleanedUp, clean_up, cleanup_inventory
from core.workflow.session import Session
from core.workflow.train import plan_training, start_training_run
from tests.aws.accounts import Account, account, assert_recorded, furnish, trained
from tests.aws.server import BUCKET, AwsServer
from tests.aws.server.faults import Kind
from tests.aws.sessions import set_up


@pytest.fixture
def full(session: Session, aws: AwsServer) -> tuple[Session, AwsServer, Account]:
    """A session with one thing of every kind; what the account was before."""
    before = account(aws)
    furnish(session, aws)
    return session, aws, before


DELETES = (
    "DeleteEndpoint",
    "DeleteDocumentClassifier",
    "AbortMultipartUpload",
    "DeleteObject",
    "DeleteRolePolicy",
    "DeleteRole",
)
SERVICES = {
    "DeleteEndpoint": "comprehend",
    "DeleteDocumentClassifier": "comprehend",
    "DeleteRolePolicy": "iam",
    "DeleteRole": "iam",
}
Full = tuple[Session, AwsServer, Account]


def attempt(session: Session) -> CleanedUp | TunerError:
    try:
        return clean_up(session)
    except TunerError as error:
        return error


@pytest.mark.parametrize(
    ("kind", "times"), [("throttled", 4), ("error-500", 4), ("reset-after", 1), ("reset", 3)]
)
def test_passing_faults_of_every_deletion_are_borne(kind: Kind, times: int, full: Full) -> None:
    session, aws, before = full
    faults = [aws.faults.add(kind, operation, times) for operation in DELETES]
    assert clean_up(session).left == ()
    assert all(fault.hits == times for fault in faults)
    assert account(aws) == before
    assert_recorded(session)


@pytest.mark.parametrize("denied", [DELETES[:1], DELETES[1:2], DELETES[3:4], DELETES[4:5], DELETES])
def test_denied_deletions_are_reported_and_the_rest_goes_on(
    denied: tuple[str, ...], full: Full
) -> None:
    session, aws, before = full
    aws.denied.update(f"{SERVICES.get(name, 's3')}:{name}" for name in denied)
    done = clean_up(session)
    assert done.left and all(item.is_refused for item in done.left)
    reasons = " ".join(item.reason for item in done.left)
    assert denied[0] in reasons
    if "DeleteObject" not in denied:
        assert account(aws)["objects"] == before["objects"], "the rest is gone"
    aws.denied.clear()
    assert clean_up(session).left == ()
    assert account(aws) == before
    assert_recorded(session)


def test_states_that_lag_behind_are_waited_for(full: Full) -> None:
    session, aws, before = full
    aws.surprise("still-there", 4)
    assert clean_up(session).left == ()
    assert account(aws) == before
    assert_recorded(session)


def test_a_deletion_that_takes_its_time_is_waited_for(full: Full) -> None:
    session, aws, before = full
    aws.options = msgspec.structs.replace(aws.options, delete_s=0.15)
    assert clean_up(session).left == ()
    assert account(aws) == before


def test_a_classifier_that_is_not_seen_yet_is_deleted(session: Session, aws: AwsServer) -> None:
    aws.surprise("not-found-at-first", 3)
    start_training_run(session, plan_training(session))
    clean_up(session)
    clean_up(session)
    assert account(aws)["classifiers"] == []
    assert_recorded(session)


@pytest.mark.parametrize(
    ("operation", "after"),
    [
        ("ListDocumentClassifiers", 1),
        ("ListTagsForResource", 1),
        ("ListObjectsV2", 3),
        ("DescribeEndpoint", 1),
        ("DescribeDocumentClassifier", 1),
        ("GetRole", 2),
    ],
)
def test_a_fault_of_a_look_ends_right_or_in_one_error_and_a_repeat_finishes(
    operation: str, after: int, full: Full
) -> None:
    session, aws, before = full
    aws.faults.add("error-500", operation, 4, after)
    ended = attempt(session)
    assert isinstance(ended, TryAgain) or (isinstance(ended, CleanedUp) and not ended.left)
    aws.faults.clear()
    assert clean_up(session).left == ()
    assert account(aws) == before
    assert_recorded(session)


def test_interrupted_anywhere_a_repeat_finishes(full: Full) -> None:
    session, aws, before = full
    stops = 0
    ended: object = None
    while not isinstance(ended, CleanedUp):
        cancel = CancelToken()

        def report(event: Progress, token: CancelToken = cancel) -> None:
            if event.unit == "resources" and event.done == 1:
                token.cancel()

        try:
            ended = clean_up(session, Watch(report, cancel))
        except Interrupted:
            stops += 1
    assert stops == 4, "one of five things went each time"
    assert account(aws) == before
    assert_recorded(session)


def test_a_session_without_bucket_and_role_has_nothing_to_clean(
    session: Session, aws: AwsServer
) -> None:
    with set_up(session) as state:
        state.engine = msgspec.structs.replace(state.engine, bucket=None, role_arn=None)
    assert cleanup_inventory(session).rows == ()
    assert clean_up(session).left == ()


def test_a_bucket_that_is_gone_holds_nothing(session: Session, aws: AwsServer) -> None:
    trained(session)
    s3 = aws.client("s3")
    for key in account(aws)["objects"]:
        s3.delete_object(Bucket=BUCKET, Key=key)
    s3.delete_bucket(Bucket=BUCKET)
    assert clean_up(session).left == ()
    assert_recorded(session)
