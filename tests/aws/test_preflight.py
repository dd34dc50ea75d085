"""The check of account, bucket, role and rights: what it asks, leaves behind and cannot tell."""

import json
from pathlib import Path

import pytest

from core.comprehend.clients import open_clients
from core.comprehend.preflight import run_preflight
from core.comprehend.rights import PreflightSettings
from core.dataset.formats.sources import SourceSettings
from core.errors import Interrupted
from core.progress import CancelToken, Progress, Watch
from core.workflow.data import NewSession, create_session
from core.workflow.doctor import check_engine, run_doctor
from core.workflow.session import Session
from tests.aws.doctor_reports import OTHER_TRUST, by_outcome, changed, line_of, objects
from tests.aws.server import BUCKET, ROLE_ARN, AwsServer
from tests.aws.server.identity import ACCOUNT
from tests.cli.running import run


@pytest.fixture
def session(aws: AwsServer, small_source: Path, tmp_path: Path) -> Session:
    """A new session on the account."""
    folder = tmp_path / ".comprehend-tuner" / "small"
    return create_session(NewSession(folder, small_source, SourceSettings(), aws.settings)).session


def test_a_good_account_passes_every_check_and_is_left_as_it_was(
    aws: AwsServer, session: Session
) -> None:
    report = run_doctor(session)
    assert report.ok
    assert {line.outcome for line in report.lines} == {"passed"}, report.lines
    assert len(report.lines) == 19
    assert objects(aws) == []
    assert {"PutObject", "GetObject", "ListObjectsV2", "DeleteObject"} <= set(aws.operations("s3"))
    assert session.state().ledger == []
    assert aws.creates() == 0
    assert session.events()[-1]["action"] == "doctor"


def test_what_depends_on_a_failed_check_is_not_asked_and_says_why(aws: AwsServer) -> None:
    report = check_engine(changed(aws.settings, bucket="not-there-at-all"))
    left_out = ["encryption", "put-object", "get-object", "list-objects", "delete-object"]
    assert by_outcome(report, "cannot tell") == [*left_out, "role-rights"]
    assert line_of(report, "put-object").found == "not asked, because of: Bucket"
    assert line_of(report, "get-object").found.startswith("not asked, because of:")
    assert "PutObject" not in aws.operations("s3")


def test_an_object_that_may_not_be_removed_is_named_and_kept_in_the_ledger(
    aws: AwsServer, session: Session
) -> None:
    aws.denied.add("s3:DeleteObject")
    report = run_doctor(session)
    assert by_outcome(report, "failed") == ["delete-object"]
    (key,) = objects(aws)
    assert report.leftovers == (f"s3://{BUCKET}/{key}",)
    assert report.leftovers[0] in line_of(report, "delete-object").found
    (entry,) = session.state().ledger
    assert (entry.kind, entry.name) == ("object", report.leftovers[0])


def test_the_ledger_knows_of_the_probe_before_it_is_written(
    aws: AwsServer, session: Session
) -> None:
    known: list[list[str]] = []

    def look(event: Progress) -> None:
        known.append([entry.name for entry in session.state().ledger])

    aws.faults.add("reset-after", "PutObject", times=9)
    aws.faults.add("denied", "DeleteObject", times=9)
    report = run_doctor(session, Watch(look))
    assert [f"s3://{BUCKET}/{key}" for key in objects(aws)] == list(report.leftovers)
    assert known[-1] == list(report.leftovers)
    assert "failed" not in line_of(report, "put-object").outcome


def test_cancelling_between_writing_and_removing_leaves_nothing(
    aws: AwsServer, session: Session
) -> None:
    cancel = CancelToken()

    def stop_after_writing(event: Progress) -> None:
        if "PutObject" in aws.operations("s3"):
            cancel.cancel()

    with pytest.raises(Interrupted):
        run_doctor(session, Watch(stop_after_writing, cancel))
    assert "GetObject" not in aws.operations("s3")
    assert objects(aws) == []
    assert session.state().ledger == []


def test_a_read_only_check_writes_nothing(aws: AwsServer, session: Session) -> None:
    report = run_doctor(session, may_write=False)
    assert report.ok
    assert "PutObject" not in aws.operations("s3")
    assert "read-only" in line_of(report, "put-object").found
    assert session.state().ledger == []


def test_without_the_right_to_simulate_it_cannot_tell_and_does_not_fail(aws: AwsServer) -> None:
    aws.denied.add("iam:SimulatePrincipalPolicy")
    report = check_engine(aws.settings)
    assert report.ok
    assert by_outcome(report, "cannot tell") == ["caller-rights", "role-rights", "pass-role"]
    assert "iam:SimulatePrincipalPolicy" in line_of(report, "pass-role").policy


def test_without_the_right_to_read_the_role_its_rights_are_still_simulated(
    aws: AwsServer,
) -> None:
    aws.denied.add("iam:GetRole")
    report = check_engine(aws.settings)
    assert by_outcome(report, "cannot tell") == ["role", "trust"]
    assert line_of(report, "role-rights").outcome == "passed"


def test_a_passing_fault_of_one_check_leaves_the_others_asked(aws: AwsServer) -> None:
    aws.faults.add("throttled", "GetBucketEncryption", times=9)
    aws.faults.add("error-503", "GetRole", times=9)
    report = check_engine(aws.settings)
    assert report.ok
    assert by_outcome(report, "cannot tell") == ["encryption", "role", "trust"]


def test_an_assumed_role_is_simulated_as_the_role_with_its_path(aws: AwsServer) -> None:
    made = aws.client("iam").create_role(
        RoleName="Engineers", Path="/team/", AssumeRolePolicyDocument=json.dumps(OTHER_TRUST)
    )["Role"]["Arn"]
    aws.caller_arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/Engineers/me@example.com"
    report = check_engine(aws.settings)
    asked = [c.request for c in aws.calls if c.operation == "SimulatePrincipalPolicy"]
    assert {request["PolicySourceArn"] for request in asked} == {made, ROLE_ARN}
    assert report.ok and line_of(report, "pass-role").outcome == "passed"


def test_the_root_user_is_warned_about_and_not_simulated(aws: AwsServer) -> None:
    aws.caller_arn = f"arn:aws:iam::{ACCOUNT}:root"
    report = check_engine(aws.settings)
    assert by_outcome(report, "warning") == ["identity"]
    assert line_of(report, "pass-role").outcome == "passed"


def test_a_role_without_comprehend_in_its_name_is_warned_about(aws: AwsServer) -> None:
    role = aws.client("iam").create_role(
        RoleName="DataRole",
        AssumeRolePolicyDocument=json.dumps(OTHER_TRUST).replace("999999999999", ACCOUNT),
    )["Role"]["Arn"]
    report = check_engine(changed(aws.settings, role_arn=role))
    assert report.ok
    assert by_outcome(report, "warning") == ["role-name"]
    assert role in line_of(report, "role-name").policy


def test_a_bucket_policy_that_names_the_role_makes_a_missing_right_a_warning(
    aws: AwsServer,
) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": ROLE_ARN},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{BUCKET}/*",
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    aws.client("s3").put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))
    aws.role_denied.add("s3:PutObject")
    report = check_engine(aws.settings)
    assert report.ok
    assert by_outcome(report, "warning") == ["role-rights"]


def test_a_bucket_with_a_key_of_its_own_is_noted_with_the_rights_on_the_key(
    aws: AwsServer,
) -> None:
    key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234"
    rule = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    }
    aws.client("s3").put_bucket_encryption(
        Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [rule]}
    )
    report = check_engine(aws.settings)
    assert by_outcome(report, "warning") == ["encryption"]
    assert json.loads(line_of(report, "encryption").policy)["Statement"][0]["Resource"] == key
    aws.role_denied.add("kms:Decrypt")
    report = check_engine(aws.settings)
    assert by_outcome(report, "failed") == ["role-rights"]
    assert key in line_of(report, "role-rights").policy


def test_names_and_delimiter_that_the_service_would_refuse_are_found(
    aws: AwsServer, tmp_path: Path
) -> None:
    clients = open_clients(aws.settings, tmp_path)
    for settings in (
        PreflightSettings(prefix="p/", classifier_names=("under_score",)),
        PreflightSettings(prefix="p/", classifier_names=("good",), delimiter=","),
        PreflightSettings(prefix="p" * 1020 + "/", classifier_names=("good",)),
    ):
        lines = run_preflight(clients, settings).lines
        outcomes = {line.id: line.outcome for line in lines}
        assert outcomes["names"] == "failed", settings


def test_the_command_prints_remedy_and_policy_and_exits_2(aws: AwsServer, session: Session) -> None:
    aws.denied.add("iam:PassRole")
    done = run("doctor", folder=session.folder.parents[1])
    assert done.returncode == 2
    assert "✗ Caller passes the role" in done.stdout
    assert "→ add this to the policies of" in done.stdout
    assert '"iam:PassedToService": "comprehend.amazonaws.com"' in done.stdout
    assert done.stderr.strip().splitlines()[-1].startswith("comprehend-tuner: 1 check failed")


def test_the_command_checks_the_global_options_before_there_is_a_session(
    aws: AwsServer, tmp_path: Path
) -> None:
    given = (
        "--engine",
        "aws",
        "--endpoint-url",
        aws.url,
        "--bucket",
        BUCKET,
        "--role-arn",
        ROLE_ARN,
    )
    done = run(*given, "--json", "doctor", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["ok"] and len(report["lines"]) == 17
    assert "testing-secret" not in done.stdout + done.stderr


def test_the_policies_are_printed_without_a_call(aws: AwsServer, session: Session) -> None:
    served = len(aws.calls)
    done = run("--json", "doctor", "--policies", folder=session.folder.parents[1])
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)) == {"caller", "role", "trust", "setup-role"}
    assert len(aws.calls) == served


def test_offline_it_checks_this_machine_and_says_so(small_source: Path, tmp_path: Path) -> None:
    new = NewSession(tmp_path / "offline", small_source, SourceSettings())
    report = run_doctor(create_session(new).session)
    assert report.engine == "OFFLINE" and report.ok
    assert [line.id for line in report.lines] == ["folder", "disk", "twin", "packages"]
    assert report.lines[0].found.endswith("can be written")


def test_offline_a_folder_that_cannot_be_written_fails_its_line(
    small_source: Path, tmp_path: Path
) -> None:
    new = NewSession(tmp_path / "full", small_source, SourceSettings())
    session = create_session(new).session
    (session.folder / ".preflight").mkdir()
    report = run_doctor(session)
    assert by_outcome(report, "failed") == ["folder"]
    assert "permissions" in line_of(report, "folder").remedy
