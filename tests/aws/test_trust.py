"""A session of a stranger's: nothing is sent, fetched, uploaded or deleted for it unasked."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.errors import InvalidInput, TunerError, Untrusted
from core.workflow.cleanup import clean_up, cleanup_inventory
from core.workflow.endpoints import stop_endpoint
from core.workflow.jobs import session_clients
from core.workflow.score import finish_scoring, plan_scoring, start_scoring_jobs
from core.workflow.session import Session
from core.workflow.train import finish_training, plan_training, start_training_run
from core.workflow.trust import origin_of, trust
from tests.aws.accounts import account, endpoint, tags
from tests.aws.endpoints import trained_session
from tests.aws.server import BUCKET, AwsServer
from tests.cli.running import run

Edit = Callable[[dict[str, Any]], None]


@pytest.fixture
def session(aws: AwsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A session of the user's own with a trained classifier on the server."""
    monkeypatch.chdir(tmp_path)
    session = trained_session(aws, tmp_path)
    aws.calls.clear()
    return session


def edited(session: Session, edit: Edit) -> Session:
    """The session after somebody has changed its file by hand."""
    state = json.loads(session.state_path.read_bytes())
    edit(state)
    session.state_path.write_text(json.dumps(state))
    return session


def everything(session: Session) -> None:
    """Whatever could send something; the first refusal is raised."""
    start_scoring_jobs(session, plan_scoring(session, "base"))
    finish_scoring(session, "base", ("calibration", "test"))


def _set(key: str, value: Any) -> Edit:
    def edit(state: dict[str, Any]) -> None:
        state["engine"][key] = value

    return edit


@pytest.mark.parametrize(
    "edit",
    [
        _set("endpoint_url", "http://127.0.0.1:9"),
        _set("bucket", "bucket-of-a-stranger"),
        _set("region", "eu-west-1"),
        _set("role_arn", "arn:aws:iam::999999999999:role/Stranger"),
        _set("profile", "production"),
    ],
    ids=["address", "bucket", "region", "role", "profile"],
)
def test_settings_that_another_hand_changed_send_nothing(
    aws: AwsServer, session: Session, edit: Edit
) -> None:
    edited(session, edit)
    for work in (everything, clean_up, lambda s: session_clients(s).comprehend.list_endpoints()):
        with pytest.raises(Untrusted) as error:
            work(session)
        assert "changed" not in error.value.message and "settings" in error.value.message
        assert error.value.exit_code == 4 and "--trust" in error.value.hint
    assert aws.calls == []


def test_a_session_from_elsewhere_is_read_but_sends_nothing(
    aws: AwsServer, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "another-user"))
    assert origin_of(session, session.state()) == "elsewhere"
    for command in ("status", "jobs", "cost", "health"):
        assert run("--session", str(session.folder), command, folder=tmp_path).returncode == 0
    done = run("--session", str(session.folder), "--yes", "score", folder=tmp_path)
    assert done.returncode == 4 and BUCKET in done.stderr and aws.url in done.stderr
    assert "Traceback" not in done.stderr
    assert aws.calls == []


def test_trust_is_asked_for_once(
    aws: AwsServer, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "another-user"))
    done = run("--session", str(session.folder), "--trust", "jobs", folder=tmp_path)
    assert done.returncode == 0 and BUCKET in done.stderr
    assert origin_of(session, session.state()) == "here"
    again = run("--session", str(session.folder), "--yes", "score", folder=tmp_path)
    assert again.returncode == 0 and aws.calls != []
    assert not trust(session)


def test_read_only_and_dry_run_trust_nobody(
    aws: AwsServer, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "another-user"))
    for option in ("--read-only", "--dry-run"):
        done = run("--session", str(session.folder), option, "--trust", "jobs", folder=tmp_path)
        assert done.returncode == 4
    assert origin_of(session, session.state()) == "elsewhere" and aws.calls == []


def _uploads(file: str, uri: str) -> Edit:
    def edit(state: dict[str, Any]) -> None:
        job = state["runs"][0]["classifiers"][0]["training"]
        job["uploads"], job["arn"], job["status"] = {file: uri}, "", None

    return edit


def _own(session: Session, key: str = "base/c1/x.csv") -> str:
    state = session.state()
    return f"s3://{BUCKET}/comprehend-tuner/{state.name}-{state.uid}/{key}"


@pytest.mark.parametrize(
    "file",
    [
        "/etc/hostname",
        "../secret.csv",
        "data/s1/../../../secret.csv",
        "session.json",
        "data/r1.jsonl",
    ],
)
def test_only_files_that_the_steps_wrote_are_uploaded(
    aws: AwsServer, session: Session, tmp_path: Path, file: str
) -> None:
    (tmp_path / "secret.csv").write_text("private")
    edited(session, _uploads(file, _own(session)))
    with pytest.raises(InvalidInput, match="uploads"):
        start_training_run(session, plan_training(session))
    assert aws.calls == []


@pytest.mark.parametrize(
    "uri",
    [
        "s3://bucket-of-a-stranger/comprehend-tuner/x-00000000/train.csv",
        f"s3://{BUCKET}/production/model.csv",
        f"s3://{BUCKET}/comprehend-tuner/another-0badcafe/train.csv",
        "https://example.org/x",
    ],
)
def test_uploads_go_below_the_sessions_own_prefix(
    aws: AwsServer, session: Session, uri: str
) -> None:
    edited(session, _uploads("data/s1/train.csv", uri))
    with pytest.raises(TunerError):
        start_training_run(session, plan_training(session))
    assert aws.calls == []


def test_a_link_out_of_the_folder_is_not_followed(
    aws: AwsServer, session: Session, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("private")
    scoring = session.folder / "data" / "s1" / "test.txt"
    scoring.unlink()
    scoring.symlink_to(secret)
    with pytest.raises(InvalidInput, match="leads to"):
        everything(session)
    assert not any("private" in str(call) for call in aws.calls)


def test_a_job_id_that_climbs_writes_nothing_outside(
    aws: AwsServer, session: Session, tmp_path: Path
) -> None:
    def climb(state: dict[str, Any]) -> None:
        state["runs"][0]["classifiers"][0]["training"]["id"] = "../../../../x"

    edited(session, climb)
    with pytest.raises(InvalidInput, match=r"training\.id"):
        finish_training(session, "base")
    assert not list(tmp_path.rglob("output.tar.gz")) or aws.calls == []
    assert aws.calls == []


def test_a_strangers_ledger_deletes_nothing_of_others(aws: AwsServer, session: Session) -> None:
    s3 = aws.client("s3")
    s3.put_object(Bucket=BUCKET, Key="production/model.bin", Body=b"precious")
    classifier = session.state().runs[0].classifiers[0].training.arn
    foreign = endpoint(aws, "production", classifier, [])

    def claim(state: dict[str, Any]) -> None:
        moment = "2026-01-01T00:00:00Z"
        for kind, name in (
            ("object", f"s3://{BUCKET}/production/model.bin"),
            ("endpoint", foreign),
        ):
            state["ledger"].append(
                {
                    "kind": kind,
                    "name": name,
                    "created_at": moment,
                    "run": "base",
                    "state": "created",
                }
            )

    edited(session, claim)
    done = clean_up(session)
    reasons = {left.name: left.reason for left in done.left}
    assert "not provably" in reasons[foreign]
    assert "not provably" in reasons[f"s3://{BUCKET}/production/model.bin"]
    assert s3.get_object(Bucket=BUCKET, Key="production/model.bin")["Body"].read() == b"precious"
    assert account(aws)["endpoints"] == [foreign]
    assert not [call for call in aws.operations() if call == "DeleteEndpoint"]


def test_an_endpoint_without_the_sessions_tag_is_not_stopped(
    aws: AwsServer, session: Session
) -> None:
    classifier = session.state().runs[0].classifiers[0].training.arn
    foreign = endpoint(aws, "production", classifier, [])
    moment = "2026-01-01T00:00:00Z"

    def claim(state: dict[str, Any]) -> None:
        state["endpoints"] = [
            {
                "name": "production",
                "run": "base",
                "classifier": "c1",
                "token": "t",
                "request": {"ModelArn": classifier},
                "inference_units": 1,
                "arn": foreign,
                "intended_at": moment,
                "delete_at": moment,
                "created_at": moment,
            }
        ]

    edited(session, claim)
    with pytest.raises(TunerError, match="not provably"):
        stop_endpoint(session, "production")
    assert account(aws)["endpoints"] == [foreign]


def test_an_honest_copy_deletes_nothing_of_the_original(
    aws: AwsServer, session: Session, tmp_path: Path
) -> None:
    copy = Session(Path(shutil.copytree(session.folder, tmp_path / "copy")))
    with pytest.raises(Untrusted, match="copy"):
        clean_up(copy)
    assert trust(copy)
    assert copy.state().uid != session.state().uid
    before = account(aws)
    clean_up(copy)
    assert account(aws) == before
    assert cleanup_inventory(session).rows != ()


def test_a_session_that_was_moved_stays_ones_own(
    aws: AwsServer, session: Session, tmp_path: Path
) -> None:
    moved = Session(Path(shutil.move(session.folder, tmp_path / "moved")))
    assert origin_of(moved, moved.state()) == "here"
    everything(moved)
    assert tags(moved.state())
