"""The budget over HTTP: a launch that could exceed it uploads nothing and creates nothing."""

from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from core.cli.main import cli
from core.dataset.formats.sources import SourceSettings
from core.errors import InvalidInput, Refused, TunerError
from core.workflow.data import NewSession, create_session
from core.workflow.health import check_health
from core.workflow.money import committed_usd, set_budget
from core.workflow.score import plan_scoring, start_scoring_jobs
from core.workflow.session import Session
from core.workflow.split import split_dataset
from core.workflow.train import finish_training, plan_training, start_training_run
from tests.aws.server import AwsServer
from tests.aws.sessions import set_up


@pytest.fixture
def session(
    aws: AwsServer, small_source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Session:
    """A session with a split, on the server; training may cost $2.00 and keeping $0.50."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / ".comprehend-tuner" / "paid"
    new = NewSession(folder, small_source, SourceSettings(), engine=aws.settings)
    session = create_session(new).session
    check_health(session)
    split_dataset(session, (0.6, 0.2, 0.2), 3)
    return session


def writes(aws: AwsServer) -> list[str]:
    """What was uploaded, created or started."""
    return [
        call.operation
        for call in aws.calls
        if call.operation.startswith(("Put", "Create", "Start"))
    ]


def test_a_training_over_the_budget_uploads_and_creates_nothing(
    aws: AwsServer, session: Session
) -> None:
    set_budget(session, 2.49)
    plan = plan_training(session)
    assert plan.is_over_budget and plan.left_usd == 2.49
    before = session.state_path.read_bytes()
    with pytest.raises(Refused, match="Over the budget"):
        start_training_run(session, plan)
    assert writes(aws) == [] and aws.creates() == 0
    assert session.state_path.read_bytes() == before, "an intent was saved"


def test_the_command_exits_4_and_names_the_way_out(aws: AwsServer, session: Session) -> None:
    set_budget(session, 1.0)
    done = CliRunner().invoke(cli, ["--yes", "train"])
    assert isinstance(done.exception, Refused) and done.exception.exit_code == 4
    assert "cost --budget 3" in done.exception.hint
    assert "budget: $1.00, of which $1.00 is left: too little" in done.stderr
    assert writes(aws) == [] and aws.creates() == 0


def test_a_resumed_launch_is_not_blocked_by_its_own_estimate(
    aws: AwsServer, session: Session
) -> None:
    set_budget(session, 2.5)
    aws.denied.add("s3:PutObject")
    with pytest.raises(TunerError):
        start_training_run(session, plan_training(session))
    assert aws.creates() == 0
    assert committed_usd(session.state()) == pytest.approx(2.5)
    aws.denied.clear()
    plan = plan_training(session)
    assert plan.is_resumed and not plan.is_over_budget
    run = start_training_run(session, plan)
    assert run.classifiers[0].training.arn and aws.creates("classifier") == 1
    assert not plan_training(session).rows, "a started training is not priced again"
    assert committed_usd(session.state()) == pytest.approx(2.5)


def test_scoring_over_the_budget_starts_no_job_and_passes_once_it_is_raised(
    aws: AwsServer, session: Session
) -> None:
    start_training_run(session, plan_training(session))
    finish_training(session, "base")
    committed = committed_usd(session.state())
    assert 0.5 <= committed < 1.0, "a finished training counts by its times"
    plan = plan_scoring(session)
    set_budget(session, committed + plan.estimate.high_usd - 0.01)
    made = writes(aws)
    with pytest.raises(Refused, match="Over the budget"):
        start_scoring_jobs(session, plan)
    assert writes(aws) == made and aws.creates("job") == 0
    assert session.state().runs[0].classifiers[0].scoring == {}
    set_budget(session, committed + plan.estimate.high_usd + 0.01)
    start_scoring_jobs(session, plan)
    assert aws.creates("job") == 2


@pytest.mark.parametrize("missing", ["bucket", "role_arn"])
def test_without_bucket_or_role_the_plan_is_priced_and_nothing_is_launched(
    aws: AwsServer, session: Session, missing: str
) -> None:
    with set_up(session) as state:
        state.engine = msgspec.structs.replace(state.engine, **{missing: None})
    plan = plan_training(session)
    assert plan.estimate.high_usd == pytest.approx(2.0)
    with pytest.raises(InvalidInput) as error:
        start_training_run(session, plan)
    assert missing.replace("_", "-") in error.value.hint
    assert writes(aws) == [] and session.state().runs == []
