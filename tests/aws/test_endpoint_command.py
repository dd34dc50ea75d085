"""``endpoint`` as a user with an account calls it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from core.cli.main import cli
from core.workflow import endpoint_keeper
from core.workflow.session import Session
from tests.aws.endpoints import LABEL_COUNT, listed, start, trained_session
from tests.aws.server import AwsServer
from tests.core.workflow.endpoints import make_due

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def session(aws: AwsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A session with a trained classifier on the server."""
    monkeypatch.chdir(tmp_path)
    session = trained_session(aws, tmp_path)
    aws.calls.clear()
    return session


@pytest.fixture
def command(session: Session, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Calls ``endpoint`` in this process; keepers that it started end with the test."""

    def call(*arguments: str, text: str = "") -> tuple[int, str, str]:
        done = CliRunner().invoke(cli, [*arguments], input=text, catch_exceptions=True)
        code = getattr(done.exception, "exit_code", done.exit_code) if done.exception else 0
        return code, done.stdout, done.stderr + str(done.exception or "")

    monkeypatch.setattr("subprocess.Popen", _Nobody)
    monkeypatch.setattr(endpoint_keeper, "_children", {})
    return call


def test_the_command_asks_before_it_pays(command: Command, aws: AwsServer) -> None:
    code, _, said = command("endpoint", "start")
    assert code == 4 and "$1.80 an hour" in said and "$0.90 for 30 minutes" in said
    code, out, _ = command("--dry-run", "--json", "endpoint", "start", "--minutes", "10")
    assert code == 0 and json.loads(out)["estimate"]["high_usd"] == pytest.approx(0.3)
    code, _, said = command("--read-only", "--yes", "endpoint", "start")
    assert code == 4 and "Read-only" in said
    assert aws.creates("endpoint") == 0


def test_the_command_goes_through_the_life_of_an_endpoint(
    command: Command, aws: AwsServer, session: Session
) -> None:
    assert command("--yes", "endpoint", "start")[0] == 0
    code, out, _ = command("endpoint", "try", "--json", "-", text="charged\ntwice")
    trial = json.loads(out)
    assert code == 0 and len(trial["rows"]) == LABEL_COUNT and not trial["has_thresholds"]
    code, out, _ = command("endpoint", "try", "charged twice")
    assert code == 0 and "not tuned yet" in out and "threshold" in out
    code, _, said = command("endpoint", "keep", "--minutes", "90")
    assert code == 4 and "more" in said, "a later time costs more"
    assert command("endpoint", "keep", "--minutes", "90", "--yes")[0] == 0
    code, out, _ = command("endpoint", "--json")
    assert json.loads(out)["endpoints"][0]["state"] == "IN_SERVICE"
    assert command("--read-only", "endpoint", "stop")[0] == 4
    code, out, _ = command("endpoint", "stop")
    assert code == 0 and "gone since" in out and listed(aws) == []
    assert command("endpoint", "try", "x")[0] == 2


def test_looking_at_endpoints_names_what_is_overdue_and_deletes_nothing(
    command: Command, aws: AwsServer, session: Session
) -> None:
    endpoint = start(session)
    make_due(session)
    assert "overdue since" in command("--read-only", "endpoint", "status")[1]
    assert listed(aws) == [endpoint.arn]
    said = command("endpoint", "status")[2]
    assert f"endpoint stop --endpoint {endpoint.name}" in said and listed(aws) == [endpoint.arn]
    done = command("endpoint", "stop", "--endpoint", endpoint.name)
    assert done[0] == 0 and listed(aws) == [], done


class _Nobody:
    """A process that is never started."""

    def __init__(self, command: list[str], **options: object) -> None:
        assert command[3] == "core.workflow.endpoint_keeper" and options["start_new_session"]

    def poll(self) -> None:
        """It seems to run."""
