"""Run one reader on many inputs in a process of its own, within limits of time and memory."""

import gc
import json
import os
import resource
import shutil
import signal
import tempfile
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FrameType

from core.errors import TunerError
from tests.fuzz.readers import READERS

LONGEST_S = 2.0
"""Of the processor's time, since others may use the machine as well."""
MOST_BYTES = 512 << 20
_HUNG_S = 20.0
"""After so long within one input the process is ended from outside."""


class TooSlow(BaseException):
    """An input took longer than it may."""


@dataclass
class Result:
    """What came of the inputs of one reader."""

    inputs: int = 0
    read: int = 0
    refused: int = 0
    failures: dict[str, list[int]] = field(default_factory=dict)
    """Numbers of the inputs by kind: the exception and where it was raised."""
    slowest_s: float = 0.0
    peak_bytes: int = 0
    """Memory beyond that of a process which has read nothing."""

    def add(self, line: dict[str, object]) -> None:
        """Count what one input came to."""
        self.inputs += 1
        kind = str(line["outcome"])
        if kind in ("read", "refused"):
            setattr(self, kind, getattr(self, kind) + 1)
        else:
            self.failures.setdefault(kind, []).append(int(str(line["number"])))
        self.slowest_s = max(self.slowest_s, float(str(line.get("took_s", 0))))
        self.peak_bytes = max(self.peak_bytes, int(str(line.get("grown", 0))))


def case_of(name: str, seed: int, number: int) -> tuple[tuple[str, bytes], Random]:
    """The input of a number, and the random state that goes on from it; always the same."""
    random = Random(f"{seed}/{name}/{number}")
    return READERS[name].make(random), random


def outcome(name: str, folder: Path, seed: int, number: int) -> tuple[str, float]:
    """Read one input: ``read``, ``refused`` or the kind of failure, and how long it took."""
    case, random = case_of(name, seed, number)
    began = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, LONGEST_S * 2, LONGEST_S)
    try:
        READERS[name].read(folder, case, random)
        kind = "read"
    except TunerError as error:
        kind = "refused" if error.title and error.message else "an error without words"
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        kind = _kind(error)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    took_s = time.process_time() - began
    return (f"slow ({case[0]})" if took_s > LONGEST_S and kind == "read" else kind), took_s


def _kind(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "/core/" in frame.filename or "/tests/" in frame.filename]
    last = own[-1] if own else frames[-1]
    at = "/".join(Path(last.filename).parts[-2:])
    return f"{type(error).__name__} at {at}:{last.lineno} in {last.name}"


def _alarm(signum: int, frame: FrameType | None) -> None:
    raise TooSlow


def _grown(before: int) -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() - before


def _child(name: str, seed: int, numbers: range, output: Path, has_limit: bool) -> None:
    signal.signal(signal.SIGPROF, _alarm)
    folder = Path(tempfile.mkdtemp(prefix="fuzz-", dir=_fast_folder()))
    os.environ["HOME"] = str(folder)
    if has_limit:
        with open("/proc/self/statm") as file:
            held = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (held + MOST_BYTES, held + MOST_BYTES))
    before = _grown(0)
    try:
        with output.open("a") as file:
            for number in numbers:
                print(json.dumps({"begun": number}), file=file, flush=True)
                kind, took_s = outcome(name, folder, seed, number)
                line = {"number": number, "outcome": kind, "took_s": took_s}
                line["grown"] = _grown(before)
                print(json.dumps(line), file=file, flush=True)
    finally:
        os.chdir("/")
        shutil.rmtree(folder, ignore_errors=True)


def _fast_folder() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


_CHUNK = 2500
"""Inputs for one process; then a new one, so that nothing adds up."""


def run(name: str, seed: int, count: int, has_limit: bool = True) -> Iterator[Result]:
    """Read inputs 0 to `count`, and yield what they came to so far, now and then.

    A process that dies or hangs is a failure of the input that it was at; the next one goes on
    behind it.
    """
    result = Result()
    next_number = 0
    gc.collect()
    while next_number < count:
        numbers = range(next_number, min(next_number + _CHUNK, count))
        with tempfile.TemporaryDirectory() as scratch:
            output = Path(scratch) / "lines"
            output.touch()
            status = _watched(name, seed, numbers, output, has_limit)
            lines = [json.loads(line) for line in output.read_text().splitlines()]
        for line in lines:
            if "number" in line:
                result.add(line)
        next_number = numbers.stop
        if lines and "begun" in lines[-1]:
            result.add({"number": lines[-1]["begun"], "outcome": f"process ended by {status}"})
            next_number = lines[-1]["begun"] + 1
        elif status or not lines:
            raise RuntimeError(f"a process for {name} ended by {status}")
        yield result


def _watched(name: str, seed: int, numbers: range, output: Path, has_limit: bool) -> int:
    """Fork, wait, and end the process when one input lasts far too long; its wait status."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            _child(name, seed, numbers, output, has_limit)
            code = 0
        finally:
            os._exit(code)
    size, changed = -1, time.monotonic()
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status
        if output.stat().st_size != size:
            size, changed = output.stat().st_size, time.monotonic()
        elif time.monotonic() - changed > _HUNG_S:
            os.kill(child, signal.SIGKILL)
        time.sleep(0.02)


def kept(name: str, seed: int, number: int, folder: Path) -> Path:
    """Write an input to a folder, so that it can be looked at."""
    (file_name, data), _ = case_of(name, seed, number)
    path = folder / f"{name.replace(' ', '-')}-{seed}-{number}-{Path(file_name).name}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
