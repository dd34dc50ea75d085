"""The plan lists what is sent and where to; on the wire there is that and nothing else."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from core.errors import InvalidInput, Refused
from core.files import file_fingerprint
from core.workflow.recorded import NotAsRecorded
from core.workflow.score import plan_scoring, start_scoring_jobs
from core.workflow.sending import PlannedUpload
from core.workflow.session import Session
from core.workflow.train import plan_training, start_training_run
from tests.aws.server import BUCKET, AwsServer
from tests.aws.sessions import ready_session, train
from tests.aws.test_launching import intend_scoring, intend_training
from tests.cli.running import run


@pytest.fixture
def session(aws: AwsServer, small_source: Path, tmp_path: Path) -> Session:
    """A session ready to train."""
    return ready_session(aws, small_source, tmp_path / "paid")


def sent(aws: AwsServer) -> set[str]:
    """Addresses that something was put to."""
    return {
        f"s3://{call.request['Bucket']}/{call.request['Key']}"
        for call in aws.calls
        if call.operation == "PutObject"
    }


def addresses(sends: Sequence[PlannedUpload]) -> set[str]:
    return {upload.uri for upload in sends}


def first_job(session: Session, kind: str, **changes: Any) -> None:
    """Change the first training or scoring job of a session by hand."""
    state = json.loads(session.state_path.read_bytes())
    classifier = state["runs"][0]["classifiers"][0]
    job = classifier["training"] if kind == "training" else classifier["scoring"]["test"]
    job |= changes
    session.state_path.write_text(json.dumps(state))


def test_what_was_planned_is_what_is_sent(aws: AwsServer, session: Session) -> None:
    plan = plan_training(session)
    assert {upload.path for upload in plan.sends} == {"data/s1/train.csv", "data/s1/test.csv"}
    assert all(
        upload.size_bytes == session.path(upload.path).stat().st_size
        and upload.fingerprint == file_fingerprint(session.path(upload.path))
        and upload.uri.startswith(f"s3://{BUCKET}/comprehend-tuner/paid-")
        for upload in plan.sends
    )
    train(session)
    assert sent(aws) == addresses(plan.sends)
    assert plan_training(session).sends == ()
    aws.calls.clear()
    scoring = plan_scoring(session, None, ("test",))
    start_scoring_jobs(session, scoring)
    assert sent(aws) == addresses(scoring.sends) and len(scoring.sends) == 1
    assert plan_scoring(session, None, ("test",)).sends == ()


def test_a_dry_run_lists_files_sizes_and_addresses(aws: AwsServer, session: Session) -> None:
    at = ("--session", str(session.folder), "--dry-run")
    shown = run(*at, "train", folder=session.folder.parent).stdout
    for upload in plan_training(session).sends:
        assert f"upload: {upload.path} ({upload.size_bytes:,} bytes) to {upload.uri}" in shown
    train(session)
    shown = run(*at, "score", folder=session.folder.parent).stdout
    for upload in plan_scoring(session).sends:
        assert f"upload: {upload.path} ({upload.size_bytes:,} bytes) to {upload.uri}" in shown


def test_a_saved_intent_is_what_the_plan_shows(aws: AwsServer, session: Session) -> None:
    intend_training(aws, session)
    job = session.state().runs[0].classifiers[0].training
    base = next(iter(job.uploads.values())).rpartition("/")[0]
    other = {"data/s1/test.csv": f"{base}/another.csv"}
    first_job(session, "training", uploads=other)
    assert [(u.path, u.uri) for u in plan_training(session).sends] == [*other.items()]


@pytest.mark.parametrize("kind", ["training", "scoring"])
@pytest.mark.parametrize("change", ["file", "address"])
def test_what_was_not_planned_is_not_sent(
    aws: AwsServer, session: Session, kind: str, change: str
) -> None:
    if kind == "scoring":
        train(session)
        intend_scoring(aws, session)
        plan = plan_scoring(session, None, ("test",))
        job = session.state().runs[0].classifiers[0].scoring["test"]
    else:
        intend_training(aws, session)
        job = session.state().runs[0].classifiers[0].training
    training = plan_training(session)
    aws.calls.clear()
    ((file, uri), *others) = job.uploads.items()
    new = ("data/s1/calibration.txt", uri) if change == "file" else (file, f"{uri}.more")
    first_job(session, kind, uploads=dict([new, *others]))
    with pytest.raises(Refused, match="did not list") as error:
        if kind == "scoring":
            start_scoring_jobs(session, plan)
        else:
            start_training_run(session, training)
    assert new[0] in error.value.message and new[1] in error.value.message
    assert sent(aws) == set() and aws.operations("comprehend") == []


def test_a_file_that_is_another_by_now_is_not_sent(aws: AwsServer, session: Session) -> None:
    plan = plan_training(session)
    path = session.path("data/s1/train.csv")
    path.write_bytes(b"\n".join(path.read_bytes().split(b"\n")[:200]) + b"\n")
    with pytest.raises(NotAsRecorded, match=r"train\.csv"):
        start_training_run(session, plan)
    with pytest.raises(NotAsRecorded, match=r"train\.csv"):
        plan_training(session)
    state = json.loads(session.state_path.read_bytes())
    state["splits"][0]["training"]["train"]["fingerprint"] = file_fingerprint(path)
    session.state_path.write_text(json.dumps(state))
    with pytest.raises((Refused, InvalidInput), match=r"train\.csv"):
        start_training_run(session, plan)
    assert sent(aws) == set() and aws.operations("comprehend") == []
