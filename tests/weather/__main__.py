"""``python -m tests.weather [--seed N] [GROUP …]``: bad weather, and what came of it.

Groups: kills workers app faults disks races. The table counts the cells by kind and step; the exit
code is 1 when any is BAD.
"""

import argparse
import collections
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tests.weather import faults, kills, races
from tests.weather.cells import Cell, Step, kill_workers
from tests.weather.steps import prepared

Steps = dict[str, Step]
Group = Callable[[Steps, Path, random.Random], Iterator[Cell]]
_SLOW = ("train", "score", "oversample")
"""Steps that wait for workers, which start anew for every cell."""


def _kills(steps: Steps, root: Path, random_: random.Random) -> Iterator[Cell]:
    for name, step in steps.items():
        yield from kills.planned(step, root, every=3 if name in _SLOW else 1)
        yield from kills.at_random(step, root, 8 if name in _SLOW else 12, random_)


def _workers(steps: Steps, root: Path, random_: random.Random) -> Iterator[Cell]:
    for name in _SLOW:
        yield from kills.workers_at_random(steps[name], root, 15, random_)
        yield from kills.workers_at_random(steps[name], root, 10, random_, with_command=True)


def _app(steps: Steps, root: Path, random_: random.Random) -> Iterator[Cell]:
    for name in ("train", "score"):
        yield from kills.app_at_random(steps[name], root, 10, random_)


def _faults(steps: Steps, root: Path, random_: random.Random) -> Iterator[Cell]:
    for step in steps.values():
        yield from faults.within(step, root)
        yield from faults.vanishing(step, root, 4, random_)


def _disks(steps: Steps, root: Path, random_: random.Random) -> Iterator[Cell]:
    if not faults.can_mount(root):
        sys.stdout.write("disks: no file system may be mounted here; left out\n")
        return
    for step in steps.values():
        yield from faults.on_small_disks(step, root, random_)


def _races(steps: Steps, root: Path, random_: random.Random) -> Iterator[Cell]:
    yield from races.rounds(steps["thresholds"], root, 50, random_)


GROUPS: dict[str, Group] = {
    "kills": _kills,
    "workers": _workers,
    "app": _app,
    "faults": _faults,
    "disks": _disks,
    "races": _races,
}


def main(arguments: list[str]) -> int:
    """Run the groups; print each bad cell at once and the table at the end."""
    parser = argparse.ArgumentParser(prog="python -m tests.weather", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=" ".join(GROUPS))
    parser.add_argument("--seed", type=int, default=20261130)
    given = parser.parse_args(arguments)
    chosen = [name for name in GROUPS if not given.groups or name in given.groups]
    began = time.monotonic()
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))
    root = Path(tempfile.mkdtemp(prefix="weather-"))
    os.environ["HOME"] = str(root / "home")
    cells: list[Cell] = []
    try:
        steps = prepared(root / "steps")
        for name in chosen:
            random_ = random.Random(f"{given.seed} {name}")
            for cell in GROUPS[name](steps, root, random_):
                cells.append(cell)
                if cell.outcome == "BAD":
                    _say(f"BAD {cell.kind} | {cell.step} | {cell.why}")
            _say(f"{name}: {len(cells)} cells so far, {time.monotonic() - began:.0f} s")
    finally:
        kill_workers(root)
        shutil.rmtree(root, ignore_errors=True)
    _say(table(cells))
    return int(any(cell.outcome == "BAD" for cell in cells))


OUTCOMES = ("undisturbed", "told", "BAD")


def table(cells: Iterable[Cell]) -> str:
    """Cells counted by kind, with totals."""
    cells = list(cells)
    head = f"{'disturbance':<32}{'steps':>6}{'cells':>7}{'kills':>7}"
    kinds = {cell.kind: [other for other in cells if other.kind == cell.kind] for cell in cells}
    lines = [_line(kind, of_kind) for kind, of_kind in kinds.items()]
    return "\n".join(["  ".join((head, *OUTCOMES)), *lines, _line("total", cells)])


def _line(kind: str, cells: list[Cell]) -> str:
    steps = len({cell.step for cell in cells})
    kills_ = sum(cell.kills for cell in cells)
    counts = collections.Counter(cell.outcome for cell in cells)
    shown = (f"{counts[outcome]:>{len(outcome)}}" for outcome in OUTCOMES)
    return "  ".join((f"{kind:<32}{steps:>6}{len(cells):>7}{kills_:>7}", *shown))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
