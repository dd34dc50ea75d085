"""Draw the README's pictures of a session: ``python -m tests.screenshots SESSION_FOLDER``."""

import asyncio
import re
import sys
from pathlib import Path

from textual.pilot import Pilot

from tui.app import TunerApp
from tui.settings import AppSettings

TARGET = Path(__file__).resolve().parents[1] / "tui" / "screenshots"
SHOTS = {
    "thresholds": ("thresholds", "textual-dark", ("down", "down", "down", "x")),
    "health": ("health", "textual-dark", ()),
    "train": ("train", "textual-light", ()),
    "oversample": ("oversample", "textual-dark", ("down",) * 6),
}


async def draw(folder: Path) -> None:
    """Write every picture."""
    TARGET.mkdir(exist_ok=True)
    for name, (step, theme, keys) in SHOTS.items():
        settings = AppSettings(
            directory=folder.parents[1], session_folder=folder, step=step, theme=theme
        )
        app = TunerApp(settings)
        async with app.run_test(size=(100, 28)) as pilot:
            await _settle(app, pilot)
            for key in keys:
                await pilot.press(key)
            await _settle(app, pilot)
            picture = app.export_screenshot(title=f"comprehend-tuner · {step}", simplify=True)
        without_fonts = re.sub(r"@font-face \{.*?\}", "", picture, flags=re.DOTALL)
        (TARGET / f"{name}.svg").write_text(without_fonts, encoding="utf-8")


async def _settle(app: TunerApp, pilot: Pilot[int]) -> None:
    await pilot.pause()
    while len(app.jobs):
        await pilot.pause(0.05)
    await pilot.pause()
    await pilot.pause()


if __name__ == "__main__":
    asyncio.run(draw(Path(sys.argv[1]).resolve()))
