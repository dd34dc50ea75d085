"""One file per screen; a screen is imported when it is opened."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.screens.base import StepScreen


SCREEN_CLASSES: dict[str, str] = {
    "data": "DataScreen",
    "health": "HealthScreen",
    "split": "SplitScreen",
    "train": "TrainScreen",
    "score": "ScoreScreen",
    "jobs": "JobsScreen",
    "thresholds": "ThresholdsScreen",
    "review": "ReviewScreen",
    "oversample": "OversampleScreen",
    "cleanup": "CleanupScreen",
    "endpoint": "EndpointScreen",
}
"""Class of each step screen by its id, which is also its module's name."""


def step_screen(step_id: str) -> "StepScreen":
    """A new screen of one step."""
    module = importlib.import_module(f"tui.screens.{step_id}")
    screen: StepScreen = getattr(module, SCREEN_CLASSES[step_id])()
    return screen
