"""The twin's jobs as threads of the server's process: the real engine, without a new process."""

import contextlib
import os
import threading
import time
from pathlib import Path
from typing import Any

from core.offline import processes, worker
from core.offline.processes import take_slot
from core.offline.records import Record, change_record, load_record, root_of
from core.offline.work import Work, _stopped

_PAUSE_S = 0.01
_lifecycle: Any = processes
_worker: Any = worker
_closing: dict[Path, threading.Event] = {}


class WorkHere(Work):
    """Work of a thread: it ends by leaving its thread, where a process would exit."""

    def watch(self) -> None:
        """Nothing watches; every report looks instead."""

    def queue(self) -> None:
        """Wait as `Work.queue` does, looking for a request to stop."""
        self.report("waiting for its turn", 0, None)
        until = time.monotonic() + self.record.behaviour.queue_s
        while time.monotonic() < until:
            self._ended.wait(min(_PAUSE_S, max(until - time.monotonic(), 0)))
            self._obey_here()
        slots = root_of(self.folder) / "slots"
        while (slot := take_slot(slots, os.cpu_count() or 1)) is None:
            self._ended.wait(_PAUSE_S)
            self._obey_here()
        self._slot = slot

    def report(self, stage: str, done: int, total: int | None) -> None:
        """Publish progress.

        Raises:
            SystemExit: the job is to stop, was removed, or its server ends.
        """
        self._obey_here()
        super().report(stage, done, total)

    def _obey_here(self) -> None:
        record = load_record(self.folder)
        if record is None or _closing[root_of(self.folder)].is_set():
            raise SystemExit(0)
        if record.status == "STOP_REQUESTED":
            change_record(self.folder, _stopped)
            raise SystemExit(0)


def _work(folder: Path, record: Record) -> Work:
    return (WorkHere if root_of(folder) in _closing else Work)(folder, record)


class JobsHere:
    """Runs the jobs of one twin in threads, from `start` to `stop`.

    Args:
        root: the twin's folder; jobs of other twins get processes as ever.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._threads: list[threading.Thread] = []
        self._spawn_before: Any = _lifecycle.spawn
        self._work_before: Any = Work

    def start(self) -> None:
        """Take over the twin's jobs."""
        _closing[self._root] = threading.Event()
        self._spawn_before, self._work_before = _lifecycle.spawn, _worker.Work
        _lifecycle.spawn = self._spawn
        _worker.Work = _work

    def stop(self) -> None:
        """End the jobs under way where they stand."""
        _closing[self._root].set()
        for thread in self._threads:
            thread.join()
        _lifecycle.spawn, _worker.Work = self._spawn_before, self._work_before
        del _closing[self._root]

    def _spawn(self, folder: Path, lock: int) -> None:
        if self._root not in folder.resolve().parents:
            self._spawn_before(folder, lock)
            return
        thread = threading.Thread(target=_run, args=(folder, os.dup(lock)), daemon=True)
        self._threads.append(thread)
        thread.start()


def _run(folder: Path, lock: int) -> None:
    try:
        with contextlib.suppress(SystemExit):
            worker.main([str(folder), str(lock)])
    finally:
        os.close(lock)
