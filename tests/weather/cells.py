"""One cell of bad weather: a command is disturbed, then repeated, and must end as if undisturbed.

A command runs in a forked child of this process, which has loaded everything already, and so do
the workers that it starts; only the app and its workers are programs of their own. What a session
holds is compared after ids, times and tokens have been replaced by their order of appearance.
"""

import fcntl
import importlib
import json
import os
import re
import shutil
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import files
from core.cli import options
from core.cli.main import main
from core.offline import processes, worker
from core.offline.store import FolderStore
from core.workflow import session as session_module

for _name in (
    "scipy.sparse",
    "scipy.special",
    "scipy.stats",
    "sklearn.feature_extraction.text",
    "core.offline.artifacts",
    "core.offline.counts",
    "core.offline.model",
    "core.offline.scorings",
    "core.offline.trainings",
):
    importlib.import_module(_name)

Disturbance = Callable[[], object]
"""Done in the child before the command begins."""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    """Exit code, or minus the signal."""
    out: str
    err: str
    seconds: float

    @property
    def complaint(self) -> str:
        """The line that says what was wrong; empty when nothing was."""
        lines = [line for line in self.err.splitlines() if line.startswith("comprehend-tuner: ")]
        return lines[-1] if lines else ""

    @property
    def is_clear(self) -> bool:
        """Whether it succeeded, was killed, or said in one line of its own what was wrong."""
        if self.code <= 0:
            return "Traceback" not in self.err
        said = [line for line in self.err.splitlines() if line.startswith("comprehend-tuner: ")]
        return (
            self.code in (1, 2, 3, 4, 130)
            and len(said) == 1
            and "Traceback" not in self.err
            and "Unexpected error" not in self.err
        )


@dataclass(frozen=True)
class Cell:
    """What came of one disturbance."""

    kind: str
    step: str
    outcome: str
    """``undisturbed``, ``told`` (one clear line, then like undisturbed), or ``BAD``."""
    why: str = ""
    kills: int = 0
    """Processes that were killed."""


class Running:
    """A command in a child process."""

    def __init__(
        self, arguments: Sequence[str], folder: Path, disturb: Disturbance | None = None
    ) -> None:
        self._pipes = [_pipe(), _pipe()]
        self._began = time.monotonic()
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            self._run(list(arguments), folder, disturb)
        for _, writing in self._pipes:
            os.close(writing)

    def _run(self, arguments: list[str], folder: Path, disturb: Disturbance | None) -> None:
        code = 70
        try:
            os.chdir(folder)
            for number, (_, writing) in enumerate(self._pipes, start=1):
                os.dup2(writing, number)
            os.closerange(3, 256)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            sys.stdout = open(1, "w", encoding="utf-8", closefd=False)
            sys.stderr = open(2, "w", encoding="utf-8", closefd=False)
            options.cancel = type(options.cancel)()
            setattr(processes, "spawn", _fork_worker)  # noqa: B010
            if disturb is not None:
                disturb()
            ended = main(arguments)
            code = ended if isinstance(ended, int) else 71
        except BaseException as error:
            sys.stderr.write(f"Traceback: {type(error).__name__}: {error}\n")
        finally:
            with suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal; one that has ended is left alone, as it was not waited for yet."""
        os.kill(self.pid, number)

    def wait_until(self, moment: float) -> bool:
        """Wait until a moment of the monotonic clock; whether the command still runs then."""
        while time.monotonic() < moment:
            if self.has_ended():
                return False
            time.sleep(0.002)
        return not self.has_ended()

    def has_ended(self) -> bool:
        """Whether it has ended; it stays to be waited for."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def wait(self, seconds: float = 120.0) -> Ended:
        """Wait for the end; what hangs is killed and counts as unclear."""
        hung = self.wait_until(time.monotonic() + seconds)
        if hung:
            self.kill()
        _, status = os.waitpid(self.pid, 0)
        code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        out, err = (_taken(reading) for reading, _ in self._pipes)
        if hung:
            code, err = 72, f"{err}\nTraceback: hung for {seconds:g} s\n"
        return Ended(code, out, err, time.monotonic() - self._began)


def _pipe() -> tuple[int, int]:
    """A pipe that takes a megabyte before anybody reads: no limit of a file holds for it."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 1 << 20)
    os.set_blocking(reading, False)
    return reading, writing


def _taken(reading: int) -> str:
    data = b""
    with suppress(BlockingIOError):
        while block := os.read(reading, 1 << 16):
            data += block
    os.close(reading)
    return data.decode("utf-8", "replace")


CELL = "c-"
"""How the folder of a cell is called, with eight letters after it."""
_REPLACE, _APPEND = os.replace, files.append_line


def _fork_worker(folder: Path, lock: int) -> None:
    """Start a worker as the twin does, by a fork of what is loaded already instead of anew.

    Limits and refusals hold for it too; only what kills the command at a write is taken back.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    if os.fork():
        return
    code = 70
    try:
        os.setsid()
        os.chdir(folder)
        os.set_inheritable(lock, True)
        os.closerange(3, lock)
        os.closerange(lock + 1, 256)
        setattr(os, "replace", _REPLACE)  # noqa: B010
        setattr(session_module, "append_line", _APPEND)  # noqa: B010
        name = next((part for part in folder.parts if part.startswith(CELL)), "none")
        Path("/proc/self/comm").write_text(f"w{name}", encoding="utf-8")
        log = files.open_private(folder / processes.LOG, os.O_WRONLY | os.O_APPEND)
        for number in (1, 2):
            os.dup2(log, number)
        code = worker.main([str(folder), str(lock)])
    finally:
        os._exit(code)


def workers(folder: Path) -> list[int]:
    """Process ids of the living offline workers whose jobs lie below `folder`."""
    cell = next((part for part in folder.parts if part.startswith(CELL)), None)
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            name = (process / "comm").read_text("utf-8").strip()
            is_own = b"core.offline.worker" in words and any(
                word.startswith(os.fsencode(folder)) for word in words
            )
            is_forked = name == f"w{cell}" if cell else name.startswith(f"w{CELL}")
            if (is_own or is_forked) and ") Z " not in (process / "stat").read_text("utf-8"):
                found.append(int(process.name))
    return found


def kill_workers(folder: Path) -> int:
    """SIGKILL the workers below `folder`; return how many there were."""
    killed = 0
    for pid in workers(folder):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            killed += 1
    return killed


# What a session holds, comparable with another of the same origin.


_ID = re.compile(
    r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
)
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)?")
Picture = dict[str, Any]


def picture(folder: Path) -> Picture:
    """State, ledger, bucket, classifiers, jobs and figures of a session, without ids and times."""
    text = (folder / "session.json").read_text("utf-8")
    uid = json.loads(text)["uid"]
    state = json.loads(_plain(text, uid))
    ledger = sorted((e["kind"], e["name"], e["run"], e["state"]) for e in state.pop("ledger"))
    state.pop("test_looks", None)
    for job in _jobs(state):  # what came out of a job holds its time
        job["fingerprints"] = {
            file: "" if file.startswith("runs/") else value
            for file, value in job.get("fingerprints", {}).items()
        }
    for run in state["runs"]:
        for name in ("fingerprint", "report_fingerprint"):
            if run.get("thresholds"):
                run["thresholds"][name] = ""
    for experiment in state["experiments"]:
        if experiment.get("comparison"):
            experiment["comparison"]["fingerprint"] = ""
    store = FolderStore(folder / "offline" / "bucket")
    names = [bucket.name for bucket in store.root.iterdir()] if store.root.is_dir() else []
    stored = [entry for name in names for entry in store.list(f"s3://{name}/")]
    twin = folder / "offline" / "us-east-1"
    versions = [path.parent.name for path in twin.glob("classifiers/*/record.json")]
    return {
        "state": state,
        "ledger": _unordered(ledger, uid),
        "bucket": _unordered(
            [[e.uri, 0 if e.uri.endswith(".gz") else e.size] for e in stored], uid
        ),
        "classifiers": sorted(_plain(name, uid) for name in versions),
        "jobs": len(list(twin.glob("jobs/*/record.json"))),
        "figures": {
            str(path.relative_to(folder)): json.loads(_plain(path.read_text("utf-8"), uid))
            for name in ("report.json", "thresholds.json", "comparison.json")
            for path in sorted(folder.glob(f"*/*/{name}"))
        },
        "left": sorted(str(p.relative_to(folder)) for p in (folder / "offline").rglob("*.tmp")),
    }


def _jobs(state: dict[str, Any]) -> list[dict[str, Any]]:
    """Every job of a session's state, the replaced ones too."""
    return [
        job
        for run in state["runs"]
        for classifier in run["classifiers"]
        for job in (classifier["training"], *classifier["scoring"].values())
    ] + [job for run in state["runs"] for job in run["replaced_jobs"]]


def _plain(text: str, uid: str) -> str:
    """A text whose ids are replaced by their order of appearance, and whose times are gone."""
    seen: dict[str, str] = {}
    text = _ID.sub(lambda match: seen.setdefault(match[0], f"id{len(seen)}"), text)
    return _TIME.sub("TIME", text).replace(uid, "UID")


def _unordered(entries: Sequence[Any], uid: str) -> list[Any]:
    """Entries whose ids say nothing, since their order does not either."""
    return sorted(
        json.loads(_TIME.sub("TIME", _ID.sub("ID", json.dumps(entry))).replace(uid, "UID"))
        for entry in entries
    )


def differences(one: Any, other: Any, place: str = "") -> list[str]:
    """Places where two pictures differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        return [
            found
            for key in sorted({*one, *other})
            for found in differences(one.get(key), other.get(key), f"{place}.{key}")
        ]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [
            found
            for number, pair in enumerate(zip(one, other, strict=True))
            for found in differences(*pair, f"{place}[{number}]")
        ]
    return [] if one == other else [f"{place}: {_short(one)} / {_short(other)}"]


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) < 90 else text[:87] + "…"


# A step: where it begins, the command, and how it ends undisturbed.


@dataclass(frozen=True)
class Step:
    """A command with the session that it begins on."""

    name: str
    before: Path | None
    """The session's folder; None when the command makes it."""
    arguments: tuple[str, ...]
    after: Picture
    """How it ends undisturbed."""
    noise: frozenset[str]
    """Places that differ between two undisturbed runs."""
    seconds: float
    """How long it takes undisturbed."""

    def stage(self, place: Path) -> Path:
        """A copy of the session to work on, in an empty folder; return the session's folder."""
        session = place / "s"
        if self.before is not None:
            shutil.copytree(self.before, session)
        return session

    def command(self) -> tuple[str, ...]:
        """The command line below the folder that `stage` was given."""
        if self.before is None:
            return self.arguments
        return ("--session", "./s", *self.arguments)

    def differs(self, session: Path) -> str:
        """How a session differs from the undisturbed one; empty when it does not."""
        found = [
            line
            for line in differences(self.after, picture(session))
            if line.split(": ")[0] not in self.noise
        ]
        return "; ".join(found[:4])


def measured(name: str, before: Path | None, arguments: Sequence[str], place: Path) -> Step:
    """Run a command twice undisturbed to know what it leaves and what is chance in that."""
    step = Step(name, before, tuple(arguments), {}, frozenset(), 0.0)
    pictures, seconds = [], []
    for number in (1, 2):
        folder = place / f"{name}-{number}"
        folder.mkdir(parents=True)
        session = step.stage(folder)
        ended = Running(step.command(), folder).wait()
        if ended.code:
            raise AssertionError(f"{name} fails undisturbed: {ended.err}")
        pictures.append(picture(session))
        seconds.append(ended.seconds)
    noise = frozenset(line.split(": ")[0] for line in differences(pictures[0], pictures[1]))
    return Step(name, before, tuple(arguments), pictures[0], noise, max(seconds))


MOST_REPEATS = 3


def finished(
    kind: str,
    step: Step,
    place: Path,
    ended: Ended,
    kills: int = 0,
    is_killed: bool = True,
) -> Cell:
    """Repeat a disturbed command until it succeeds, and judge what is there then.

    Args:
        is_killed: whether the first repetition must succeed; else it may say why not yet.
    """
    tries = [ended]
    while tries[-1].code and len(tries) <= MOST_REPEATS:
        if step.name == "new" and (place / "s" / "session.json").exists():
            break
        tries.append(Running(step.command(), place).wait())
    unclear = [one for one in tries if not one.is_clear]
    told = [one.complaint for one in tries if one.code > 0]
    why = " | ".join(line.removeprefix("comprehend-tuner: ")[:110] for line in told)
    if unclear:
        return Cell(kind, step.name, "BAD", f"unclear: {unclear[0].err[-300:]}", kills)
    if step.name != "new" and tries[-1].code:
        return Cell(kind, step.name, "BAD", f"never succeeds: {why}", kills)
    if is_killed and told:
        return Cell(kind, step.name, "BAD", f"the same command does not go on: {why}", kills)
    found = step.differs(place / "s")
    if found:
        return Cell(kind, step.name, "BAD", f"differs: {found} | {why}", kills)
    return Cell(kind, step.name, "told" if told else "undisturbed", why, kills)
