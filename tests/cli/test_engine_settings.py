"""What the global options say of the account is stored in the session and said."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import run

ROLE = "arn:aws:iam::111122223333:role/ComprehendRole"


@pytest.fixture
def cloud(tmp_path: Path, small_source: Path) -> Path:
    """The folder of a new session on AWS, without bucket and role."""
    done = run(
        *("--engine", "aws", "--region", "eu-west-1", "new", "cloud", str(small_source)),
        folder=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    return tmp_path / ".comprehend-tuner" / "cloud"


def engine(session: Path) -> dict[str, Any]:
    """The engine's settings as saved."""
    saved: dict[str, Any] = json.loads((session / "session.json").read_text())["engine"]
    return saved


def alter(session: Path, **fields: Any) -> None:
    """Change the saved state."""
    path = session / "session.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def test_a_session_on_aws_starts_without_bucket_and_role(cloud: Path) -> None:
    saved = engine(cloud)
    assert (saved["name"], saved["region"]) == ("aws", "eu-west-1")
    assert (saved["bucket"], saved["role_arn"]) == (None, None)


def test_the_region_of_a_new_session_is_that_of_the_configuration(
    tmp_path: Path, small_source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-south-1")
    done = run("--engine", "aws", "new", "cloud", str(small_source), folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Region ap-south-1" in done.stderr
    assert engine(tmp_path / ".comprehend-tuner" / "cloud")["region"] == "ap-south-1"


def test_given_settings_become_the_sessions_and_are_said(cloud: Path) -> None:
    given = ["--bucket", "tuner-bucket", "--role-arn", ROLE, "--poll", "30"]
    done = run(*given, "--json", "status", folder=cloud.parents[1])
    assert done.returncode == 0, done.stderr
    json.loads(done.stdout)
    assert done.stderr.splitlines() == [
        "session cloud now uses bucket tuner-bucket",
        f"session cloud now uses data access role {ROLE}",
        "session cloud now uses seconds between looks 30.0",
    ]
    saved = engine(cloud)
    assert (saved["bucket"], saved["role_arn"], saved["poll_s"]) == ("tuner-bucket", ROLE, 30.0)
    again = run(*given, "status", folder=cloud.parents[1])
    assert (again.returncode, again.stderr) == (0, "")


def test_a_dry_run_stores_nothing(cloud: Path) -> None:
    before = (cloud / "session.json").read_bytes()
    done = run("--dry-run", "--bucket", "tuner-bucket", "status", folder=cloud.parents[1])
    assert done.returncode == 0, done.stderr
    assert "session cloud would use bucket tuner-bucket" in done.stderr
    assert (cloud / "session.json").read_bytes() == before


@pytest.mark.parametrize(("state", "exit_code"), [("intended", 2), ("created", 2), ("deleted", 0)])
def test_the_bucket_is_kept_while_something_is_left_in_it(
    state: str, exit_code: int, cloud: Path
) -> None:
    object_entry = {
        "kind": "object",
        "name": "s3://first-bucket/x",
        "created_at": "2026-01-01T00:00:00Z",
    }
    alter(
        cloud,
        engine=engine(cloud) | {"bucket": "first-bucket"},
        ledger=[object_entry | {"run": "", "state": state}],
    )
    for option, value in (("--bucket", "second-bucket"), ("--region", "us-east-1")):
        done = run(option, value, "status", folder=cloud.parents[1])
        assert done.returncode == exit_code, done.stderr
        assert ("cannot change" in done.stderr) is (exit_code == 2)
    role = run("--role-arn", ROLE, "status", folder=cloud.parents[1])
    assert role.returncode == 0, role.stderr


def test_a_first_bucket_can_be_given_when_the_session_has_a_role_already(cloud: Path) -> None:
    role_entry = {"kind": "role", "name": ROLE, "created_at": "2026-01-01T00:00:00Z", "run": ""}
    alter(cloud, ledger=[role_entry | {"state": "created"}])
    done = run("--bucket", "tuner-bucket", "status", folder=cloud.parents[1])
    assert done.returncode == 0, done.stderr
    assert engine(cloud)["bucket"] == "tuner-bucket"


def test_a_missing_profile_is_not_stored(cloud: Path) -> None:
    done = run("--profile", "nobody", "status", folder=cloud.parents[1])
    assert done.returncode == 2
    assert "The AWS profile does not exist" in done.stderr
    assert engine(cloud)["profile"] is None
