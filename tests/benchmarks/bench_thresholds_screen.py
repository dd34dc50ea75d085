"""From key press to updated frame on the thresholds screen, at 159,571 documents and 7 labels.

Run with ``python -m tests.benchmarks.bench_thresholds_screen``. A key is pressed in an app without
a terminal that holds the body of the screen; the frame is updated when the chart is painted with
the marker at its new place. The next key follows when the app is at rest. Writing to a terminal is
not included. The scores have four decimals, as the service writes them.
"""

import asyncio
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import RenderableType
from textual.app import App, ComposeResult
from textual.screen import Screen

from core.tuning.aim import Aim
from core.tuning.objectives import choose
from core.tuning.part import Part
from core.workflow.parts import RunCurves
from core.workflow.working_thresholds import WorkingThresholds, moved
from tests.benchmarks.bench_curves import LABELS, N_DOCUMENTS, problem
from tui.widgets.thresholds_board import BoardView, CurveView, ThresholdsBoard

TARGET_MS = 30
PRESSES = 120


class Bench(App[None]):
    """The board of the thresholds screen and its two busiest keys."""

    CSS_PATH = Path(__file__).resolve().parents[2] / "tui" / "app.tcss"
    BINDINGS = [("left", "move(-1)"), ("right", "move(1)")]  # noqa: RUF012

    def __init__(self, view: BoardView) -> None:
        super().__init__()
        self.view = view
        self.animation_level = "none"
        self.frame_at = 0.0
        """When the last frame was complete."""

    def compose(self) -> ComposeResult:
        """The board alone."""
        yield ThresholdsBoard(ascii_only=False)

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        super()._display(screen, renderable)
        self.frame_at = time.perf_counter()

    def action_move(self, steps: int) -> None:
        """What the screen does on an arrow key."""
        board = self.query_one(ThresholdsBoard)
        label = board.table.selected
        assert label is not None
        curve = self.view.curves.of(self.view.part)[label]
        value = moved(self.view.working.values[label], steps, curve, self.view.log_axis)
        self.view.working.set(label, value)
        board.show_moved(label, self.view)


def synthetic_view(log_axis: bool) -> BoardView:
    """A run of synthetic scores, tuned."""
    scores, truth = problem()
    rounded = np.round(scores.astype(np.float64), 4).astype(np.float32)
    run = RunCurves("base", "", "test", {"test": Part("test", tuple(LABELS), rounded, truth)})
    values = {label: choose(curve).threshold for label, curve in run.of("test").items()}
    working = WorkingThresholds(values, frozenset(), "", "test", Aim(), Aim(), dict(values))
    return BoardView(run, working, "test", log_axis=log_axis)


async def frame_times_ms(size: tuple[int, int], log_axis: bool) -> list[float]:
    """Milliseconds from each key press to the frame that shows it."""
    app = Bench(synthetic_view(log_axis))
    times = []
    async with app.run_test(size=size) as pilot:
        board = app.query_one(ThresholdsBoard)
        board.show(app.view)
        board.table.focus()
        chart = app.query_one(CurveView)
        await pilot.pause()
        for number in range(PRESSES):
            if number % 20 == 0:
                await pilot.press("down")
                await pilot.pause()
                shown = chart.drawn_marker
            key = "left" if number % 2 else "right"
            start = time.perf_counter()
            app.simulate_key(key)
            while chart.drawn_marker == shown or app.frame_at < start:
                await asyncio.sleep(0.0005)
            times.append((app.frame_at - start) * 1e3)
            shown = chart.drawn_marker
            await pilot.pause()
    return times


def main() -> bool:
    """Run at three sizes; return whether the target is met."""
    print(f"key press to updated frame, {N_DOCUMENTS:,} × {len(LABELS)} scores, {PRESSES} presses")
    met = True
    for size, log_axis in (((80, 24), False), ((80, 24), True), ((120, 40), False)):
        times = asyncio.run(frame_times_ms(size, log_axis))
        median, high = statistics.median(times), sorted(times)[int(0.95 * len(times))]
        is_met = median < TARGET_MS
        met &= is_met
        axis = "log" if log_axis else "linear"
        print(
            f"  {size[0]}×{size[1]} {axis:<6}  median {median:6.1f} ms   95th {high:6.1f} ms   "
            f"target < {TARGET_MS} ms  {'ok' if is_met else 'BELOW TARGET'}"
        )
    return met


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
