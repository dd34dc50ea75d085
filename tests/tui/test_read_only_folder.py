"""The app on a session that cannot be written, that vanishes, or that is damaged beside others."""

import os
from pathlib import Path

import pytest

from core.workflow.session import Session
from tests.tui.conftest import OpenApp, screen_text
from tui.widgets.chrome import Banner


async def test_a_session_that_cannot_be_written_opens_read_only(
    tickets_session: Path, open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, how, **more: how != os.W_OK)
    async with open_app(tickets_session, "train") as (app, pilot):
        assert app.settings.read_only
        assert "MicroF1Score" in screen_text(app)
        await pilot.press("r")
        await pilot.pause()
        said = app.screen.query_one(Banner).text
        assert "training is not done" in said
        assert "copy it and open the copy" in said


async def test_a_session_that_vanishes_does_not_end_the_app(
    tickets_session: Path, open_app: OpenApp, tmp_path: Path
) -> None:
    async with open_app(tickets_session, "thresholds") as (app, pilot):
        moved = tickets_session.rename(tmp_path / "moved")
        app.reload()
        await pilot.pause()
        assert app.is_running
        moved.rename(tickets_session)
        app.reload()
        assert app.overview is not None
        assert app.overview.state == Session(tickets_session).state()
