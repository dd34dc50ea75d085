"""What the machine may refuse: space, files, rights, locks, a home, a clock that goes forward.

A command runs under a fault, ends well or says in one line what is wrong, and the same command
without the fault ends as if nothing had been.
"""

import contextlib
import errno
import fcntl
import os
import random
import resource
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from core.workflow import session as session_module
from tests.weather.cells import Cell, Disturbance, Running, Step, finished
from tests.weather.kills import place_for

# Faults that a process can be put under from within.


def _limited(what: int, most: int) -> None:
    resource.setrlimit(what, (most, resource.getrlimit(what)[1]))


def _refusing(module: Any, name: str, number: int, after: int = 0) -> None:
    """Let a function of a module fail with an error of the system, after so many calls."""
    function, left = getattr(module, name), after

    def refuse(*arguments: Any, **named: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(number, os.strerror(number))
        return function(*arguments, **named)

    setattr(module, name, refuse)


def _without_home() -> None:
    for name in list(os.environ):
        if name == "HOME" or name.startswith("XDG_"):
            del os.environ[name]


def _home_is_nowhere() -> None:
    _without_home()
    os.environ["HOME"] = "/proc/nowhere"


def _clock_set_back() -> None:
    real = time.time
    setattr(time, "time", lambda: real() - 86_400.0)  # noqa: B010
    setattr(session_module, "now", lambda: "2026-01-01T00:00:00Z")  # noqa: B010


def _umask(mask: int) -> None:
    os.umask(mask)


FAULTS: dict[str, Disturbance] = {
    "ulimit -n 64": partial(_limited, resource.RLIMIT_NOFILE, 64),
    "ulimit -n 20": partial(_limited, resource.RLIMIT_NOFILE, 20),
    "ulimit -n 12": partial(_limited, resource.RLIMIT_NOFILE, 12),
    "ulimit -f 0": partial(_limited, resource.RLIMIT_FSIZE, 0),
    "ulimit -f 1 KiB": partial(_limited, resource.RLIMIT_FSIZE, 1 << 10),
    "ulimit -f 16 KiB": partial(_limited, resource.RLIMIT_FSIZE, 16 << 10),
    "no locks (ENOLCK)": partial(_refusing, fcntl, "flock", errno.ENOLCK),
    "no locks (ENOTSUP)": partial(_refusing, fcntl, "flock", errno.ENOTSUP),
    "no locks (ENOSYS)": partial(_refusing, fcntl, "flock", errno.ENOSYS),
    "no locks later": partial(_refusing, fcntl, "flock", errno.ENOLCK, 12),
    "no home": _without_home,
    "home is nowhere": _home_is_nowhere,
    "clock set back": _clock_set_back,
    "umask 777": partial(_umask, 0o777),
    **{
        f"{name} after {after} writes": partial(_refusing, os, function, number, after)
        for name, function, number in (
            ("disk full", "fsync", errno.ENOSPC),
            ("disk fault", "fsync", errno.EIO),
            ("turned read-only", "replace", errno.EROFS),
        )
        for after in (0, 3, 8)
    },
}


def within(step: Step, root: Path, names: tuple[str, ...] = tuple(FAULTS)) -> Iterator[Cell]:
    """A step under each fault that a process can be put under."""
    for name in names:
        with place_for(root) as place:
            step.stage(place)
            ended = Running(step.command(), place, FAULTS[name]).wait()
            yield finished(name, step, place, ended, is_killed=False)


# A folder that vanishes, or a disk that fills up or turns read-only, at a random moment.


def vanishing(step: Step, root: Path, count: int, random_: random.Random) -> Iterator[Cell]:
    """The session's folder is moved away while a step runs, and comes back."""
    for _ in range(count if step.before is not None else 0):
        with place_for(root) as place:
            session = step.stage(place)
            running = Running(step.command(), place)
            running.wait_until(time.monotonic() + random_.uniform(0.0, step.seconds))
            away = session.rename(place / "away")
            ended = running.wait()
            if session.exists():
                yield Cell("folder vanishes", step.name, "BAD", "the folder was made anew")
                continue
            away.rename(session)
            yield finished("folder vanishes", step, place, ended, is_killed=False)


def can_mount(root: Path) -> bool:
    """Whether this user may mount a small file system of its own."""
    with contextlib.suppress(OSError, subprocess.CalledProcessError), _mounted(root / "probe"):
        return True
    return False


@contextlib.contextmanager
def _mounted(place: Path, mebibytes: int = 48) -> Iterator[Path]:
    place.mkdir(parents=True, exist_ok=True)
    _mount("-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", str(place))
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True, capture_output=True)


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


def on_small_disks(step: Step, root: Path, random_: random.Random) -> Iterator[Cell]:
    """A step on a disk of its own with little space left, or that turns read-only meanwhile."""
    for left in (0, 8 << 10, 64 << 10, 400 << 10):
        name = f"{left >> 10} KiB left on the disk"
        yield from _on_disk(name, step, root, partial(_fill, left), _free)
    for _ in range(3):
        wait_s = random_.uniform(0.0, step.seconds)
        yield from _on_disk("disk turns read-only", step, root, None, _writable, wait_s)


def _on_disk(
    name: str,
    step: Step,
    root: Path,
    before: Callable[[Path], None] | None,
    after: Callable[[Path], None],
    read_only_s: float | None = None,
) -> Iterator[Cell]:
    with place_for(root) as outer, _mounted(outer / "disk") as place:
        step.stage(place)
        if before is not None:
            before(place)
        running = Running(step.command(), place)
        if read_only_s is not None:
            running.wait_until(time.monotonic() + read_only_s)
            _turn_read_only(place, running)
        ended = running.wait()
        after(place)
        yield finished(name, step, place, ended, is_killed=False)


def _turn_read_only(place: Path, running: Running) -> None:
    """As soon as no file is open for writing; the kernel refuses it before."""
    while not running.has_ended():
        with contextlib.suppress(subprocess.CalledProcessError):
            _mount("-o", "remount,ro", str(place))
            return


def _writable(place: Path) -> None:
    _mount("-o", "remount,rw", str(place))


def _fill(left: int, place: Path) -> None:
    """Leave about so many bytes on the disk of a folder."""
    free = shutil.disk_usage(place).free
    with (place / "filler").open("wb") as file, contextlib.suppress(OSError):
        for _ in range(max(free - left, 0) // 4096):
            file.write(b"\0" * 4096)
            file.flush()


def _free(place: Path) -> None:
    (place / "filler").unlink()
