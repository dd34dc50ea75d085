"""Making and removing the data access role, interrupted and repeated."""

import json
from pathlib import Path

import pytest

from core.comprehend.clients import open_clients
from core.comprehend.engine import Clients
from core.comprehend.roles import ROLE_POLICY_NAME, delete_role, role_exists
from core.dataset.formats.sources import SourceSettings
from core.errors import InvalidInput, Refused, TunerError
from core.workflow.data import NewSession, create_session
from core.workflow.doctor import RolePlan, plan_role, run_doctor, set_up_role
from core.workflow.session import Session
from tests.aws.doctor_reports import by_outcome, changed
from tests.aws.server import BUCKET, ROLE_ARN, AwsServer
from tests.aws.server.faults import Kind
from tests.aws.server.identity import ACCOUNT
from tests.cli.running import run
from tests.killing import killed_at_write


@pytest.fixture
def session(aws: AwsServer, small_source: Path, tmp_path: Path) -> Session:
    """A new session on the account, without a role."""
    folder = tmp_path / ".comprehend-tuner" / "small"
    settings = changed(aws.settings, role_arn=None)
    return create_session(NewSession(folder, small_source, SourceSettings(), settings)).session


@pytest.fixture
def clients(session: Session) -> Clients:
    """The account's clients."""
    return open_clients(session.state().engine, session.folder)


def roles(aws: AwsServer) -> set[str]:
    """ARNs of the roles in the account."""
    return {role["Arn"] for role in aws.client("iam").list_roles()["Roles"]}


def inline_policy(aws: AwsServer, name: str) -> object:
    """The role's inline policy."""
    return aws.client("iam").get_role_policy(RoleName=name, PolicyName=ROLE_POLICY_NAME)[
        "PolicyDocument"
    ]


def assert_complete(aws: AwsServer, session: Session, plan: RolePlan) -> None:
    """The role is made once, whole, recorded and used."""
    assert roles(aws) == {ROLE_ARN, plan.arn}
    assert inline_policy(aws, plan.name) == plan.permissions
    state = session.state()
    assert state.engine.role_arn == plan.arn
    assert [(e.kind, e.name, e.state) for e in state.ledger] == [("role", plan.arn, "created")]


def test_the_role_is_made_recorded_used_and_passes_the_check(
    aws: AwsServer, session: Session
) -> None:
    assert by_outcome(run_doctor(session), "failed") == ["role"]
    plan = plan_role(session)
    assert not plan.exists and "Comprehend" in plan.name and len(plan.name) <= 64
    assert set_up_role(session, plan) == plan.arn
    assert_complete(aws, session, plan)
    made = aws.client("iam").get_role(RoleName=plan.name)["Role"]
    assert made["AssumeRolePolicyDocument"] == plan.trust
    assert {t["Key"]: t["Value"] for t in made["Tags"]} == session.state().tags_of("")
    prefix = f"{BUCKET}/comprehend-tuner/small-{session.state().uid}/"
    assert f"arn:aws:s3:::{prefix}*" in json.dumps(plan.permissions)
    report = run_doctor(session)
    assert report.ok and by_outcome(report, "warning") == [], report.lines


def test_planning_changes_nothing(aws: AwsServer, session: Session) -> None:
    plan_role(session)
    assert roles(aws) == {ROLE_ARN}
    assert session.state().ledger == []


def test_repeating_makes_no_second_role(aws: AwsServer, session: Session) -> None:
    plan = plan_role(session)
    set_up_role(session, plan)
    again = plan_role(session)
    assert again.exists and again.arn == plan.arn and again.replaces == ""
    set_up_role(session, again)
    assert_complete(aws, session, plan)
    assert aws.operations("iam").count("CreateRole") == 1


@pytest.mark.parametrize(
    ("fault", "operation"),
    [
        ("reset", "CreateRole"),
        ("reset-after", "CreateRole"),
        ("reset-after", "PutRolePolicy"),
        ("denied", "PutRolePolicy"),
        ("error-500", "GetRole"),
    ],
)
def test_a_fault_at_any_call_is_one_error_and_repeating_completes_the_role(
    fault: Kind, operation: str, aws: AwsServer, session: Session
) -> None:
    plan = plan_role(session)
    aws.faults.add(fault, operation, times=2)
    try:
        set_up_role(session, plan)
    except TunerError:
        (entry,) = session.state().ledger
        assert (entry.kind, entry.name, entry.state) == ("role", plan.arn, "intended")
        aws.faults.clear()
        set_up_role(session, plan_role(session))
    assert_complete(aws, session, plan)


def test_a_kill_at_any_write_or_between_the_calls_is_finished_by_repeating(
    aws: AwsServer, session: Session
) -> None:
    plan = plan_role(session)
    n, was_killed, seen = 0, True, set()
    while was_killed:
        n += 1
        was_killed = killed_at_write(lambda copy: set_up_role(copy, plan), session, n)
        seen.add((plan.arn in roles(aws), len(session.state().ledger)))
    assert_complete(aws, session, plan)
    assert {(False, 0), (True, 1)} <= seen, "killed before the intent and before the answer"


def test_a_role_of_somebody_else_is_refused_and_untouched(aws: AwsServer, session: Session) -> None:
    with pytest.raises(Refused, match="does not carry the session's tags"):
        plan_role(session, ROLE_ARN.rpartition("/")[2])
    plan = plan_role(session)
    aws.client("iam").create_role(
        RoleName=plan.name,
        AssumeRolePolicyDocument=json.dumps(plan.trust),
        Tags=[{"Key": "comprehend-tuner:session", "Value": "another-0a1b2c3d"}],
    )
    with pytest.raises(Refused):
        set_up_role(session, plan)
    assert aws.client("iam").list_role_policies(RoleName=plan.name)["PolicyNames"] == []
    assert session.state().engine.role_arn is None


def test_an_offline_session_has_no_account_and_a_bad_name_is_refused(
    small_source: Path, tmp_path: Path, session: Session
) -> None:
    offline = NewSession(tmp_path / "offline", small_source, SourceSettings())
    with pytest.raises(InvalidInput, match="offline"):
        plan_role(create_session(offline).session)
    with pytest.raises(InvalidInput, match="role name"):
        plan_role(session, "with space")


def test_deleting_removes_policies_then_the_role_and_may_be_repeated(
    aws: AwsServer, session: Session, clients: Clients
) -> None:
    plan = plan_role(session)
    set_up_role(session, plan)
    iam = aws.client("iam")
    iam.put_role_policy(
        RoleName=plan.name, PolicyName="more", PolicyDocument=json.dumps(plan.permissions)
    )
    managed = iam.create_policy(PolicyName="kept", PolicyDocument=json.dumps(plan.permissions))[
        "Policy"
    ]["Arn"]
    iam.attach_role_policy(RoleName=plan.name, PolicyArn=managed)
    tags = session.state().tags_of("")
    assert role_exists(clients, plan.arn)
    aws.faults.add("reset", "DeleteRole", times=2)
    with pytest.raises(TunerError):
        delete_role(clients, plan.arn, tags)
    delete_role(clients, plan.arn, tags)
    assert not role_exists(clients, plan.arn)
    delete_role(clients, plan.arn, tags)
    assert roles(aws) == {ROLE_ARN}
    assert iam.get_policy(PolicyArn=managed)["Policy"]["AttachmentCount"] == 0


def test_deleting_a_role_without_the_tags_is_refused(
    aws: AwsServer, session: Session, clients: Clients
) -> None:
    for tags in (session.state().tags_of(""), {}):
        with pytest.raises(Refused):
            delete_role(clients, ROLE_ARN, tags)
    assert roles(aws) == {ROLE_ARN}


def test_the_command_asks_shows_and_makes(aws: AwsServer, session: Session) -> None:
    folder = session.folder.parents[1]
    arn = f"arn:aws:iam::{ACCOUNT}:role/ComprehendX"
    for options, code in ((("--dry-run",), 0), (("--read-only", "--yes"), 4), ((), 4)):
        done = run(*options, "setup-role", "--name", "ComprehendX", folder=folder)
        assert done.returncode == code, done.stderr
        assert roles(aws) == {ROLE_ARN}
        assert "--read-only" in options or "sts:AssumeRole" in done.stdout + done.stderr
    done = run("setup-role", "--name", "ComprehendX", "--yes", folder=folder)
    assert done.returncode == 0, done.stderr
    assert roles(aws) == {ROLE_ARN, arn}
    assert f"role {arn} is ready" in done.stdout and "up to a minute" in done.stdout
    assert session.state().engine.role_arn == arn
