"""Clean-up over HTTP: the account ends as it was, whatever goes wrong on the way."""

import msgspec
import pytest

from core.errors import InvalidInput, TryAgain
from core.workflow.cleanup import clean_up, cleanup_inventory
from core.workflow.jobs import note_in_ledger
from core.workflow.score import plan_scoring, start_scoring_jobs
from core.workflow.session import Session
from core.workflow.state import JobState, SessionState
from core.workflow.train import plan_training, start_training_run
from tests.aws.accounts import (
    account,
    assert_recorded,
    classifier,
    endpoint,
    know_endpoint,
    leave_upload,
    role,
    scored,
    tags,
    trained,
)
from tests.aws.server import BUCKET, ROLE_ARN, AwsServer
from tests.aws.sessions import set_up


def plant_decoys(aws: AwsServer, state: SessionState) -> None:
    """What looks like the session's and is not."""
    other = [{"Key": "comprehend-tuner:session", "Value": f"{state.name}-ffffffff"}]
    classifier(aws, f"ct-{state.name}-{state.uid}-mine", [])
    classifier(aws, f"ct-{state.name}-{state.uid}-other", other)
    classifier(aws, "tagged-but-not-named", tags(state))
    s3 = aws.client("s3")
    for key in (
        f"comprehend-tuner/{state.name}-{state.uid}0/base/c1/train.csv",
        f"comprehend-tuner/{state.name}-{state.uid}",
        "base/c1/111-CLR-1/output/output.tar.gz",
    ):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    leave_upload(aws, f"comprehend-tuner/{state.name}-{state.uid}0/part.csv")
    role(aws, "ComprehendOther", other)


def test_the_account_ends_as_it_was_and_decoys_survive(session: Session, aws: AwsServer) -> None:
    plant_decoys(aws, session.state())
    before = account(aws)
    own_role = role(aws, "ComprehendTunerSmall", tags(session.state(), ""))
    arn = trained(session)
    scored(session)
    state = session.state()
    known = endpoint(aws, "ct-known", arn, tags(state))
    know_endpoint(session, known, "ct-known")
    found = endpoint(aws, "ct-found", arn, tags(state))
    leave_upload(aws, f"comprehend-tuner/{state.name}-{state.uid}/base/c1/train-data/big.csv")
    with session.editing() as state:
        note_in_ledger(state, "role", own_role, "")
    inventory = cleanup_inventory(session)
    assert [row.kind for row in inventory.rows if row.kind != "object"] == [
        "endpoint",
        "endpoint",
        "classifier",
        "upload",
        "role",
    ]
    assert {row.state for row in inventory.rows if row.name == found} == {"found"}
    assert {row.monthly_usd for row in inventory.rows if row.name == known} == {2628.0}
    assert inventory.cannot_tell == () and inventory.unresolved == ()
    done = clean_up(session)
    assert done.left == () and done.left_monthly_usd == 0.0
    assert account(aws) == before
    assert_recorded(session)
    mine = session.state().endpoints[0]
    assert mine.state == "DELETED" and mine.deleted_at
    assert "1 finished scoring job stays" in " ".join(done.proof)
    deletes = [name for name in aws.operations() if name.startswith(("Delete", "Abort"))]
    order = list(dict.fromkeys(deletes))
    assert order == [
        "DeleteEndpoint",
        "DeleteDocumentClassifier",
        "AbortMultipartUpload",
        "DeleteObject",
        "DeleteRolePolicy",
        "DeleteRole",
    ]


def test_deleting_the_role_in_use_forgets_it(session: Session, aws: AwsServer) -> None:
    own = role(aws, "ComprehendTunerSmall", tags(session.state(), ""))
    with set_up(session) as state:
        note_in_ledger(state, "role", own, "")
        state.engine = msgspec.structs.replace(state.engine, role_arn=own)
    assert clean_up(session).left == ()
    assert session.state().engine.role_arn is None


def test_a_role_without_the_tag_is_not_touched(session: Session, aws: AwsServer) -> None:
    foreign = role(aws, "ComprehendForeign", [])
    with session.editing() as state:
        note_in_ledger(state, "role", foreign, "")
    done = clean_up(session)
    assert [item.name for item in done.left] == [foreign]
    assert done.left[0].is_refused and "tags" in done.left[0].reason
    assert foreign in account(aws)["roles"]


def test_one_run_goes_and_the_others_stay(session: Session, aws: AwsServer) -> None:
    first = trained(session)
    second = trained(session, "second")
    done = clean_up(session, run="second")
    assert done.left == ()
    left = account(aws)
    assert left["classifiers"] == [first]
    assert left["objects"] and all("/base/" in key for key in left["objects"])
    assert {row.run for row in cleanup_inventory(session).rows} == {"base"}
    assert second in {e.name for e in session.state().ledger if e.state == "deleted"}
    with pytest.raises(InvalidInput, match="not in this session"):
        cleanup_inventory(session, "third")
    scored_run = plan_scoring(session, "base", ("test",))
    start_scoring_jobs(session, scored_run)


def test_what_was_adopted_survives(session: Session, aws: AwsServer) -> None:
    trained(session)
    with session.editing() as state:
        jobs = [job for run in state.runs for job in run.jobs()]
        for job in jobs:
            job.is_adopted = True
        adopted = jobs[0].arn
    done = clean_up(session)
    assert done.left == ()
    left = account(aws)
    assert left["classifiers"] == [adopted], "although it is tagged and in the ledger"
    assert [key for key in left["objects"] if "-CLR-" in key], "nor its output"


def test_a_classifier_that_others_serve_is_reported(session: Session, aws: AwsServer) -> None:
    arn = trained(session)
    foreign = endpoint(aws, "production", arn, [])
    done = clean_up(session)
    assert [(item.name, item.monthly_usd) for item in done.left] == [(arn, 0.5)]
    assert "production" in done.left[0].reason and done.left[0].is_refused
    assert account(aws)["endpoints"] == [foreign]
    assert "DeleteDocumentClassifier" not in aws.operations()
    aws.client("comprehend").delete_endpoint(EndpointArn=foreign)
    assert clean_up(session).left == ()
    assert account(aws)["classifiers"] == []


def test_a_flywheel_is_deleted_and_its_data_lake_named(session: Session, aws: AwsServer) -> None:
    client = aws.client("comprehend")
    flywheel = client.create_flywheel(
        FlywheelName="ct-fly",
        DataAccessRoleArn=ROLE_ARN,
        DataLakeS3Uri=f"s3://{BUCKET}/lake/",
        Tags=tags(session.state(), ""),
    )["FlywheelArn"]
    with session.editing() as state:
        note_in_ledger(state, "flywheel", flywheel, "")
    done = clean_up(session)
    assert account(aws)["flywheels"] == []
    assert f"s3://{BUCKET}/lake/" in done.results[0].message


def test_training_under_way_is_stopped(session: Session, aws: AwsServer) -> None:
    aws.options = msgspec.structs.replace(aws.options, queue_s=60.0)
    start_training_run(session, plan_training(session))
    assert clean_up(session).left == ()
    assert account(aws)["classifiers"] == []
    assert aws.operations().count("StopTrainingDocumentClassifier") == 1


@pytest.mark.parametrize("is_started", [True, False])
def test_a_scoring_job_under_way_keeps_everything(
    is_started: bool, session: Session, aws: AwsServer
) -> None:
    arn = trained(session)
    aws.options = msgspec.structs.replace(aws.options, queue_s=60.0)
    start_scoring_jobs(session, plan_scoring(session, None, ("test",)))
    if not is_started:
        with session.editing() as state:
            job = state.runs[0].classifiers[0].scoring["test"]
            job.arn, job.job_id, job.status = "", "", None
    with pytest.raises(TryAgain, match="cannot stop"):
        clean_up(session)
    assert account(aws)["classifiers"] == [arn]


def _forget(state: SessionState) -> JobState:
    training = state.runs[0].classifiers[0].training
    state.ledger = [entry for entry in state.ledger if entry.kind != "classifier"]
    training.arn, training.status = "", None
    return training


def test_lost_replies_are_found_by_tag(session: Session, aws: AwsServer) -> None:
    arn = trained(session)
    name = "ct-lost-endpoint"
    endpoint(aws, name, arn, tags(session.state()))
    with session.editing() as state:
        _forget(state)
    know_endpoint(session, "", name)
    inventory = cleanup_inventory(session)
    assert [row.kind for row in inventory.rows[:2]] == ["endpoint", "classifier"]
    assert inventory.unresolved == ()
    assert clean_up(session).left == ()
    assert account(aws)["classifiers"] == [] and account(aws)["endpoints"] == []
    assert session.state().endpoints[0].state == "DELETED"
    training = session.state().runs[0].classifiers[0].training
    assert training.is_final, "it is not asked for again"


def test_what_was_never_made_is_said_and_closed(session: Session, aws: AwsServer) -> None:
    know_endpoint(session, "", "ct-never", "2026-01-01T00:00:00Z")
    assert cleanup_inventory(session).unresolved == ("ct-never",)
    done = clean_up(session)
    assert "asked for and never found: ct-never" in done.proof
    assert session.state().endpoints[0].deleted_at
    assert cleanup_inventory(session).unresolved == ()


def test_what_may_yet_appear_is_not_called_gone(session: Session, aws: AwsServer) -> None:
    know_endpoint(session, "", "ct-late")
    done = clean_up(session)
    assert [(item.name, item.is_refused) for item in done.left] == [("ct-late", False)]
    assert "may yet appear" in done.left[0].reason
    assert not session.state().endpoints[0].deleted_at


def test_a_role_of_somebody_else_that_was_asked_for_is_forgotten(
    session: Session, aws: AwsServer
) -> None:
    taken = role(aws, "ComprehendTaken", [])
    with session.editing() as state:
        note_in_ledger(state, "role", taken, "", "intended")
    assert cleanup_inventory(session).rows == ()
    assert clean_up(session).left == ()
    assert taken in account(aws)["roles"]
    assert session.state().ledger == []


def test_tags_that_cannot_be_read_leave_the_thing_alone(session: Session, aws: AwsServer) -> None:
    arn = trained(session)
    with session.editing() as state:
        name = str(_forget(state).request["DocumentClassifierName"])
    aws.denied.add("comprehend:ListTagsForResource")
    inventory = cleanup_inventory(session)
    assert inventory.unresolved == (name,)
    assert "tags" in inventory.cannot_tell[0] and "ListTagsForResource" in inventory.cannot_tell[0]
    clean_up(session)
    assert account(aws)["classifiers"] == [arn]
    aws.denied.clear()
    assert clean_up(session).left == ()
    assert account(aws)["classifiers"] == []


@pytest.mark.parametrize("state", ["Enabled", "denied"])
def test_older_versions_of_objects_are_spoken_of(
    state: str, session: Session, aws: AwsServer
) -> None:
    start_training_run(session, plan_training(session))
    if state == "denied":
        aws.denied.add("s3:GetBucketVersioning")
    else:
        aws.client("s3").put_bucket_versioning(
            Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"}
        )
    words = "keeps versions" if state == "Enabled" else "cannot tell whether bucket"
    assert any(words in sentence for sentence in cleanup_inventory(session).stays)
    done = clean_up(session)
    assert done.left == () and any(words in sentence for sentence in done.proof)
