"""The jobs screen on Amazon's side: a fault of one job hides nothing; looks keep their pace."""

import msgspec
import pytest

from core.workflow.session import Session
from core.workflow.train import plan_training, start_training_run
from tests.aws.server import AwsServer
from tests.aws.sessions import set_up
from tests.tui import aws_app
from tests.tui.aws_app import banner, press, words_on
from tests.tui.conftest import OpenApp, screen_text

aws = aws_app.aws
split_folder = aws_app.split_folder
split_session = aws_app.split_session


async def test_a_fault_of_one_job_leaves_the_list_of_jobs(
    aws: AwsServer, open_app: OpenApp, split_session: Session
) -> None:
    start_training_run(split_session, plan_training(split_session))
    aws.faults.add("denied", "DescribeDocumentClassifier", times=10_000)
    async with open_app(split_session.folder, "jobs") as (app, pilot):
        shown = words_on(app)
        assert "1 job, 1 running" in shown and "base/c1/train" in shown
        assert "denies access" in shown
        aws.faults.clear()
        while not split_session.state().runs[-1].classifiers[0].is_trained:
            await press(app, pilot, "r")
        assert "✓ TRAINED" in screen_text(app)


async def test_output_that_cannot_be_fetched_is_said_above_the_jobs(
    aws: AwsServer, open_app: OpenApp, split_session: Session
) -> None:
    start_training_run(split_session, plan_training(split_session))
    aws.faults.add("denied", "GetObject", times=10_000)
    aws.faults.add("denied", "HeadObject", times=10_000)
    async with open_app(split_session.folder, "jobs") as (app, pilot):
        while "TRAINED" not in screen_text(app):
            await press(app, pilot, "r")
        await press(app, pilot, "r")
        assert "denies access" in banner(app)
        assert "base/c1/train" in screen_text(app) and "to be fetched" in screen_text(app)
        aws.faults.clear()
        await press(app, pilot, "r")
        assert "denies access" not in banner(app)
        assert split_session.state().runs[-1].classifiers[0].is_trained


@pytest.mark.parametrize(("poll_s", "shown"), [(7.0, "every 7 s"), (None, "every 30 s")])
async def test_the_jobs_screen_looks_as_often_as_the_session_says(
    poll_s: float | None, shown: str, aws: AwsServer, open_app: OpenApp, split_session: Session
) -> None:
    aws.options = msgspec.structs.replace(aws.options, queue_s=600)
    start_training_run(split_session, plan_training(split_session))
    with set_up(split_session) as state:
        state.engine = msgspec.structs.replace(state.engine, poll_s=poll_s)
    async with open_app(split_session.folder, "jobs") as (app, _):
        assert f"asked again {shown}" in words_on(app)
