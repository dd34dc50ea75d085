"""The whole workflow by command line, and what it leaves behind: nothing of its own."""

import json
from pathlib import Path

import pytest

from core.comprehend.engine import TwinOptions
from tests.aws.accounts import account
from tests.aws.journey import PAID_STEPS, call, plant_decoys, prepare, take
from tests.aws.server import AwsServer

SECRETS = ("AKIAEXAMPLEKEYID0000", "wJalrXUtnFEMI-SECRET-EXAMPLE", "IQoJb3JpZ2luX2Vj-TOKEN-EXAMPLE")


@pytest.mark.parametrize(
    "options",
    [TwinOptions(returned="all", shuffle=False), TwinOptions(queue_s=0.2, delete_s=0.2)],
    ids=["plain", "quirks"],
)
def test_the_account_is_as_before_after_the_whole_workflow(
    aws: AwsServer, tmp_path: Path, options: TwinOptions
) -> None:
    aws.options = options
    plant_decoys(aws)
    before = account(aws)
    session = prepare(aws, tmp_path)

    for step in PAID_STEPS[:-1]:
        ended = take(session, *step)
        assert ended.code == 0, ended
    used = account(aws)
    cleaned = take(session, "cleanup")

    assert cleaned.code == 0, cleaned
    assert len(used["classifiers"]) == 1
    assert account(aws) == before
    assert (aws.creates("classifier"), aws.creates("job")) == (1, 2)
    saved = json.loads((session / "runs/base/thresholds.json").read_text())
    assert saved["engine"] == "aws"
    assert set(saved["labels"]) == {"a", "b", "c", "d"}


def test_nothing_paid_starts_without_a_yes(aws: AwsServer, tmp_path: Path) -> None:
    session = prepare(aws, tmp_path)

    refused = call("--session", str(session), "train", "--despite-findings")

    assert refused.code == 4
    assert aws.creates() == 0
    assert "PutObject" not in aws.operations("s3")


def test_no_secret_is_logged_saved_or_shown(
    aws: AwsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in zip(
        ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"), SECRETS, strict=True
    ):
        monkeypatch.setenv(name, value)
    session = prepare(aws, tmp_path)
    aws.faults.add("denied", "CreateDocumentClassifier")
    shown = ""
    for step in (("doctor",), PAID_STEPS[0], *PAID_STEPS, ("cost",), ("status",), ("info",)):
        ended = take(session, *step)
        shown += ended.out + ended.err

    written = {
        path: path.read_bytes()
        for root in (tmp_path, Path.home())
        for path in root.rglob("*")
        if path.is_file()
    }

    assert "AccessDenied" in shown
    for secret in SECRETS:
        assert secret not in shown
        assert [str(path) for path, data in written.items() if secret.encode() in data] == []


def test_session_files_are_for_their_owner_only(aws: AwsServer, tmp_path: Path) -> None:
    session = prepare(aws, tmp_path)
    assert take(session, *PAID_STEPS[0]).code == 0

    private = [path for path in session.rglob("*") if path.is_file() and path.stat().st_size]

    assert private
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in private} == {
        path.name: "0o600" for path in private
    }
