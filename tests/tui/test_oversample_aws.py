"""Oversample on Amazon's side: the price of the whole sweep is asked for before anything starts."""

from textual.widgets import Input

from core.workflow.experiments.compare import load_comparison
from core.workflow.money import set_budget
from core.workflow.session import Session
from tests.aws.accounts import account
from tests.aws.server import AwsServer
from tests.tui import aws_app
from tests.tui.aws_app import is_on, press, words_on
from tests.tui.conftest import OpenApp
from tui.screens.oversample import OversampleScreen
from tui.windows import PayModal

aws = aws_app.aws
split_folder = aws_app.split_folder
split_session = aws_app.split_session


async def test_only_y_starts_a_sweep_after_its_price_and_its_keeping(
    aws: AwsServer, open_app: OpenApp, split_session: Session
) -> None:
    async with open_app(split_session.folder, "oversample") as (app, pilot):
        await press(app, pilot, "space", "a")
        app.screen.query_one("#oversample-input", Input).value = "20"
        await press(app, pilot, "enter")
        for key in ("enter", "escape", "n"):
            await press(app, pilot, "r")
            assert is_on(app, PayModal)
            shown = words_on(app)
            assert "Train 2 classifiers and score them?" in shown
            assert "estimated" in shown and "$1.00 a month until they are deleted" in shown
            assert "arms base, n20" in shown
            await press(app, pilot, key)
            assert is_on(app, OversampleScreen)
        assert split_session.state().experiments == []
        assert aws.creates() == 0 and not account(aws)["objects"]
        await press(app, pilot, "r", "y")
        await press(app, pilot)
        assert aws.creates("classifier") == 2 and aws.creates("job") == 4
        experiment = split_session.state().experiments[0]
        assert load_comparison(split_session, experiment) is not None
        assert "measured on test" in words_on(app)


async def test_a_sweep_over_the_budget_is_refused_before_the_question(
    aws: AwsServer, open_app: OpenApp, split_session: Session
) -> None:
    set_budget(split_session, 1.0)
    async with open_app(split_session.folder, "oversample") as (app, pilot):
        await press(app, pilot, "space")
        assert "budget $1.00, of which $1.00 is left: too little" in words_on(app)
        await press(app, pilot, "r")
        assert is_on(app, OversampleScreen)
        assert "Over the budget" in words_on(app)
    assert split_session.state().experiments == [] and aws.creates() == 0
