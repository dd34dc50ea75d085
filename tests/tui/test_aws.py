"""The app on Amazon's side: checked before it pays, paid for by ``y`` alone, left as it was."""

import json
import re
from pathlib import Path

import msgspec
import pytest

from core.workflow.app_request import GivenEngine
from core.workflow.session import Session
from tests.aws.accounts import account
from tests.aws.journey import DECOYS, plant_decoys
from tests.aws.server import BUCKET, ROLE_ARN, AwsServer
from tests.aws.sessions import set_up
from tests.tui import aws_app
from tests.tui.aws_app import banner, is_on, press, words_on
from tests.tui.conftest import OpenApp, screen_text, wait_for_jobs
from tui.screens.train import TrainScreen
from tui.widgets.chrome import SessionLine
from tui.widgets.preflight import PreflightPanel
from tui.windows import DestroyModal, PayModal, TextModal

aws = aws_app.aws
split_folder = aws_app.split_folder
split_session = aws_app.split_session

WRITES = ("Put", "Delete", "Create", "Start", "Stop", "Upload", "Tag")


def writes(aws: AwsServer) -> list[str]:
    """The operations served that change something."""
    return [name for name in aws.operations() if name.startswith(WRITES)]


async def test_the_whole_workflow_leaves_the_account_as_it_was(
    aws: AwsServer, open_app: OpenApp, small_source: Path, tmp_path: Path
) -> None:
    plant_decoys(aws)
    before = account(aws)
    (tmp_path / "mail.csv").write_bytes(small_source.read_bytes())
    given = GivenEngine(
        "aws", "us-east-1", bucket=BUCKET, role_arn=ROLE_ARN, endpoint_url=aws.url, poll_s=0.02
    )
    async with open_app(None, directory=tmp_path, engine=given) as (app, pilot):
        assert "nothing here is charged" not in screen_text(app)
        await press(app, pilot, "a", *"ma", "tab")
        await press(app, pilot, "enter", "r")
        assert app.overview is not None and app.overview.state.engine == aws.settings
        assert re.search(r"AWS 1234… us-east-1", app.screen.query_one(SessionLine).render().plain)
        await press(app, pilot, "2")
        await press(app, pilot, "r")
        await press(app, pilot, "3")
        await press(app, pilot, "r")
        assert len(writes(aws)) == len(DECOYS), "nothing is sent before a paid step"
        await press(app, pilot, "4")
        assert "not checked yet" in words_on(app)
        await press(app, pilot, "r")
        assert is_on(app, PayModal)
        shown = words_on(app)
        assert "$0.50 to $2.00, estimated" in shown and "prices of" in shown
        assert "1 classifier, multi-label" in shown and "19 passed" in shown
        assert aws.creates() == 0
        await press(app, pilot, "y")
        assert aws.creates("classifier") == 1
        await press(app, pilot, "5")
        await press(app, pilot, "r")
        assert is_on(app, PayModal)
        assert "units" in words_on(app) and aws.creates("job") == 0
        await press(app, pilot, "y")
        assert aws.creates("job") == 2
        await press(app, pilot, "6")
        await press(app, pilot, "B", "s")
        await press(app, pilot, "enter", "escape")
        session = Session(tmp_path / ".comprehend-tuner" / "mail")
        saved = session.state().runs[-1].thresholds
        assert saved is not None
        labels = json.loads(session.path(saved.path).read_text())["labels"]
        assert set(labels) == set(session.state().dataset.labels)
        await press(app, pilot, "9")
        await press(app, pilot, "D")
        assert is_on(app, DestroyModal)
        await press(app, pilot, *"mail", "enter")
    assert {entry.state for entry in session.state().ledger} == {"deleted"}
    assert account(aws) == before
    assert aws.creates() == 3


async def test_only_y_pays(aws: AwsServer, open_app: OpenApp, split_session: Session) -> None:
    async with open_app(split_session.folder, "train") as (app, pilot):
        for key in ("enter", "escape", "n", "q"):
            await press(app, pilot, "r")
            assert is_on(app, PayModal)
            await press(app, pilot, key)
            assert is_on(app, TrainScreen)
        assert split_session.state().runs == []
        assert aws.creates() == 0 and not account(aws)["objects"]
        await press(app, pilot, "r", "y")
    assert aws.creates() == 1


async def test_a_passed_check_is_not_repeated_for_the_next_question(
    aws: AwsServer, open_app: OpenApp, split_session: Session
) -> None:
    async with open_app(split_session.folder, "train") as (app, pilot):
        await press(app, pilot, "d")
        assert "19 passed" in words_on(app) and app.screen.query_one(PreflightPanel).display
        await press(app, pilot, "escape")
        assert "creates" in screen_text(app), "the plan is back"
        asked = aws.operations("sts").count("GetCallerIdentity")
        await press(app, pilot, "r")
        assert is_on(app, PayModal)
        assert aws.operations("sts").count("GetCallerIdentity") == asked


async def test_a_failed_check_closes_the_gate_and_gives_the_policy(
    aws: AwsServer, open_app: OpenApp, split_session: Session
) -> None:
    aws.denied.add("s3:PutObject")
    async with open_app(split_session.folder, "train") as (app, pilot):
        await press(app, pilot, "r")
        screen = app.screen
        assert isinstance(screen, TrainScreen)
        assert "nothing was created and nothing is charged" in banner(app)
        assert "r then checks again" in banner(app)
        assert "✗ failed" in screen_text(app) and "to do" in screen_text(app)
        policy = json.loads(screen.copied_value())
        assert policy["Version"] == "2012-10-17" and "s3:PutObject" in json.dumps(policy)
        await press(app, pilot, "enter")
        assert isinstance(app.screen, TextModal)
        assert '"s3:PutObject"' in app.screen.text
        await press(app, pilot, "escape")
        assert split_session.state().runs == [] and aws.creates() == 0
        aws.denied.clear()
        await press(app, pilot, "r")
        assert is_on(app, PayModal)


async def test_a_missing_bucket_is_said_before_anything_is_sent(
    aws: AwsServer, open_app: OpenApp, split_session: Session
) -> None:
    with set_up(split_session) as state:
        state.engine = msgspec.structs.replace(state.engine, bucket=None)
    async with open_app(split_session.folder, "train") as (app, pilot):
        await press(app, pilot, "r")
        assert is_on(app, TrainScreen)
        assert "--bucket" in words_on(app)
    assert writes(aws) == [] and split_session.state().runs == []


async def test_read_only_sends_no_write_and_its_check_writes_no_probe(
    aws: AwsServer, open_app: OpenApp, split_session: Session
) -> None:
    async with open_app(split_session.folder, "train", read_only=True) as (app, pilot):
        await press(app, pilot, "r")
        assert "Read-only" in banner(app)
        assert aws.operations() == []
        await press(app, pilot, "d")
        assert "passed" in words_on(app)
        await press(app, pilot, "9")
        await press(app, pilot, "D")
        assert not is_on(app, DestroyModal)
    assert writes(aws) == [] and split_session.state().runs == []


async def test_a_training_over_the_budget_is_refused_with_its_hint(
    aws: AwsServer, open_app: OpenApp, split_session: Session
) -> None:
    with split_session.editing() as state:
        state.budget_usd = 1.0
    async with open_app(split_session.folder, "train") as (app, pilot):
        assert "too little" in words_on(app)
        await press(app, pilot, "r")
        assert is_on(app, TrainScreen)
        assert "Over the budget" in banner(app) and "cost --budget" in banner(app)
    assert aws.operations() == []


async def test_expired_credentials_pause_the_wait_which_says_so_and_goes_on(
    aws: AwsServer, open_app: OpenApp, split_session: Session
) -> None:
    expiry = aws.faults.add("expired", "DescribeDocumentClassifier", times=10_000)
    async with open_app(split_session.folder, "train") as (app, pilot):
        await press(app, pilot, "r")
        await pilot.press("y")
        while "expired" not in banner(app) or "sign in" not in banner(app):
            await pilot.pause(0.02)
            assert len(app.jobs), banner(app)
        expiry.times = 0
        await wait_for_jobs(app, pilot)
        assert split_session.state().runs[-1].classifiers[0].is_trained
    assert aws.creates() == 1


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (120, 40)])
async def test_check_and_question_fit_every_size(
    size: tuple[int, int], aws: AwsServer, open_app: OpenApp, split_session: Session
) -> None:
    aws.denied.add("iam:PassRole")
    opened = open_app(split_session.folder, "train", size=size, ascii_only=True)
    async with opened as (app, pilot):
        await press(app, pilot, "d")
        text = screen_text(app)
        assert "x failed" in text and "PassRole" in text
        assert not {sign for sign in text if sign in "✗✓…·│─"}
        aws.denied.clear()
        await press(app, pilot, "r")
        assert is_on(app, PayModal)
        assert "$0.50 to $2.00" in screen_text(app), "the price is among what is seen at once"
        assert "Cancel" in screen_text(app) and "upload and train" in screen_text(app)
        assert app.focused is not None and app.focused.id == "cancel"


async def test_a_session_from_elsewhere_asks_before_anything_is_sent(
    aws: AwsServer,
    open_app: OpenApp,
    split_session: Session,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "another-user"))
    async with open_app(split_session.folder, "train") as (app, pilot):
        await press(app, pilot, "r")
        assert is_on(app, PayModal)
        shown = words_on(app)
        assert BUCKET in shown and aws.url in shown and "not made here" in shown
        await press(app, pilot, "escape")
        assert is_on(app, TrainScreen) and aws.calls == []
        await press(app, pilot, "r", "y")
        assert "trusted from now on" in banner(app) and aws.calls == []
        await press(app, pilot, "r")
        assert is_on(app, PayModal) and aws.calls != []
    assert split_session.state().runs == []


async def test_an_address_that_is_not_amazons_is_on_every_screen(
    aws: AwsServer, open_app: OpenApp, split_session: Session
) -> None:
    with set_up(split_session) as state:
        state.engine = msgspec.structs.replace(state.engine, endpoint_url="https://far.example")
    async with open_app(split_session.folder, "health") as (app, pilot):
        for step in ("health", "split", "train", "jobs"):
            app.show_step(step)
            await wait_for_jobs(app, pilot)
            assert "via far.example" in screen_text(app).split("\n")[0], step
