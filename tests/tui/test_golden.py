"""What the screens show at 80×24, as text that a reviewer can read and compare.

Screens whose figures come from trained models are left out: other processors round otherwise.
``UPDATE_GOLDEN=1`` writes the files anew.
"""

import os
import re
from pathlib import Path

import pytest

from tests.tui.conftest import OpenApp, screen_text, wait_for_jobs
from tui.screens import SCREEN_CLASSES

GOLDEN = Path(__file__).parent / "golden"
UPDATE = os.environ.get("UPDATE_GOLDEN") == "1"
_CHANGING = (
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?"), "DATE"),
    (re.compile(r"/\S*small\.csv"), "SOURCE"),
    (re.compile(r"· (just now|\d+ (minute|hour|day)s? ago)"), "· AGE"),
)


def check(name: str, text: str) -> None:
    """Compare with the golden file of `name`."""
    for pattern, word in _CHANGING:
        text = pattern.sub(word, text)
    text = "\n".join(line.rstrip() for line in text.split("\n")).rstrip() + "\n"
    path = GOLDEN / f"{name}.txt"
    if UPDATE:
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


async def test_the_sessions_screen(open_app: OpenApp, tickets_session: Path) -> None:
    async with open_app(None, directory=tickets_session.parents[1]) as (app, _):
        check("sessions", screen_text(app))


@pytest.mark.parametrize("step", ["health", "split", "oversample"])
async def test_screens_of_the_dataset(step: str, open_app: OpenApp, tickets_session: Path) -> None:
    async with open_app(tickets_session, step) as (app, _):
        check(step, screen_text(app))


@pytest.mark.parametrize("step", SCREEN_CLASSES)
async def test_help_of_every_step(step: str, open_app: OpenApp, tickets_session: Path) -> None:
    async with open_app(tickets_session, step) as (app, pilot):
        await pilot.press("question_mark")
        await wait_for_jobs(app, pilot)
        window = [line[4:76] for line in screen_text(app).split("\n") if "│" in line[3:6]]
        check(f"help-{step}", "\n".join(window))


async def test_a_paid_question(open_app: OpenApp, tickets_session: Path) -> None:
    from tui.windows import PayModal

    async with open_app(tickets_session, "oversample") as (app, pilot):
        facts = ["1 classifier on AWS 1234… eu-west-1", "$1.40 to $3.00, estimated"]
        app.push_screen(PayModal("Train run base", facts, "train"))
        await pilot.pause()
        check("pay", screen_text(app))
