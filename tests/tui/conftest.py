"""Open the app without a terminal, wait for its jobs, read its screen."""

import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tui.app import TunerApp
from tui.settings import AppSettings

Opened = tuple[TunerApp, Pilot[int]]
OpenApp = Callable[..., AbstractAsyncContextManager[Opened]]


def screen_text(app: TunerApp) -> str:
    """What the open screen shows, line by line."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


async def wait_for_jobs(app: TunerApp, pilot: Pilot[int]) -> None:
    """Wait until every job of the app has ended and was told to its screen."""
    await pilot.pause()
    while len(app.jobs):
        await pilot.pause(0.02)
    await pilot.pause()
    await pilot.pause()


@contextlib.asynccontextmanager
async def _open(
    folder: Path | None, step: str = "", size: tuple[int, int] = (80, 24), **settings: Any
) -> AsyncIterator[Opened]:
    directory = folder.parents[1] if folder else settings.pop("directory")
    app = TunerApp(AppSettings(directory=directory, session_folder=folder, step=step, **settings))
    async with app.run_test(size=size) as pilot:
        await wait_for_jobs(app, pilot)
        yield app, pilot


@pytest.fixture
def open_app() -> OpenApp:
    """``async with open_app(folder, step, size=(80, 24)) as (app, pilot)``."""
    return _open
