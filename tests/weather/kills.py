"""SIGKILL: commands at planned and random moments, their workers, both, and the app."""

import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from core.files import append_line
from core.workflow import session as session_module
from tests.test_terminal import Terminal
from tests.weather.cells import CELL, Cell, Running, Step, finished, kill_workers, workers

_PLANNED = ("before", "after", "torn")
_MOST_PLANNED = 60


@contextmanager
def place_for(root: Path) -> Iterator[Path]:
    """An empty folder for one cell; nothing is left of it, no worker either."""
    place = Path(tempfile.mkdtemp(prefix=CELL, dir=root))
    try:
        yield place
    finally:
        while kill_workers(place):
            time.sleep(0.05)
        shutil.rmtree(place, ignore_errors=True)


def planned(step: Step, root: Path, most: int = _MOST_PLANNED, every: int = 1) -> Iterator[Cell]:
    """Kill a command before and after each of its file replacements, and within event lines."""
    for moment in _PLANNED:
        for number in range(1, most + 1, every):
            with place_for(root) as place:
                step.stage(place)
                disturb = partial(_die_at, number, moment)
                ended = Running(step.command(), place, disturb).wait()
                if ended.code != -signal.SIGKILL:
                    break
                yield finished(f"killed {moment} write", step, place, ended, kills=1)


def _die_at(number: int, moment: str) -> None:
    """Arrange that this process dies around its n-th file replacement or event line."""
    left = number
    replace = os.replace

    def counted() -> bool:
        nonlocal left
        left -= 1
        return left == 0

    def dying_replace(source: Any, target: Any) -> None:
        is_last = counted()
        if is_last and moment == "after":
            replace(source, target)
        if is_last:
            os.kill(os.getpid(), signal.SIGKILL)
        replace(source, target)

    def dying_append(path: Path, line: bytes) -> None:
        if counted():
            with path.open("ab") as file:
                file.write(line[: len(line) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        append_line(path, line)

    if moment == "torn":
        setattr(session_module, "append_line", dying_append)  # noqa: B010
    else:
        setattr(os, "replace", dying_replace)  # noqa: B010


def at_random(step: Step, root: Path, count: int, random_: random.Random) -> Iterator[Cell]:
    """Kill a command at random moments."""
    for _ in range(count):
        with place_for(root) as place:
            step.stage(place)
            running = Running(step.command(), place)
            kills = _kill_at(running, random_.uniform(0.0, step.seconds))
            yield finished("killed at random", step, place, running.wait(), kills)


def _kill_at(running: Running, seconds: float) -> int:
    is_running = running.wait_until(time.monotonic() + seconds)
    if is_running:
        running.kill()
    return int(is_running)


def workers_at_random(
    step: Step, root: Path, count: int, random_: random.Random, with_command: bool = False
) -> Iterator[Cell]:
    """Kill the workers of a command while they work, up to three; the command too when asked."""
    for _ in range(count):
        with place_for(root) as place:
            step.stage(place)
            running = Running(step.command(), place)
            kills = 0
            for _ in range(3):
                while not workers(place) and not running.has_ended():
                    time.sleep(0.002)
                if not running.wait_until(time.monotonic() + random_.uniform(0.0, 0.15)):
                    break
                kills += kill_workers(place)
            if with_command and not running.has_ended():
                running.kill()
                kills += 1 + kill_workers(place)
            kind = "worker and command killed" if with_command else "workers killed"
            yield finished(kind, step, place, running.wait(), kills)


_SHOWN = {"train": "gate +✓ open", "score": "units"}
"""What the app shows when it has opened a session at a step that can be started."""


def app_at_random(step: Step, root: Path, count: int, random_: random.Random) -> Iterator[Cell]:
    """Kill the app in a terminal while it does a step by its keys, then repeat by command."""
    for _ in range(count):
        with place_for(root) as place:
            step.stage(place)
            terminal = Terminal(place, "--session", "./s")
            try:
                terminal.wait_for(_SHOWN[step.name])
                terminal.press("r")
                terminal.read(random_.uniform(0.0, step.seconds + 0.5))
                kills = kill_workers(place) if random_.random() < 0.3 else 0
                with suppress(ProcessLookupError):
                    os.kill(terminal.process.pid, signal.SIGKILL)
                    kills += 1
            finally:
                terminal.process.close(force=True)
            ended = Running(step.command(), place).wait()
            yield finished("app killed", step, place, ended, kills)
