"""What a worker knows about its job: the record, the store, progress, and being asked to stop."""

import os
import threading
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from core.comprehend.engine import JobProgress
from core.offline.processes import failed_record, hindered, in_line, take_slot, write_progress
from core.offline.records import (
    ACTIVE,
    COUNTS,
    COUNTS_LOCK,
    RECORD,
    Record,
    TrainingRecord,
    change_record,
    clock,
    load_record,
    root_of,
)
from core.offline.store import FolderStore

if TYPE_CHECKING:
    from core.offline.counts import Count

_WATCH_INTERVAL_S = 0.1
_FRONT_INTERVAL_S = 0.02
_PROGRESS_INTERVAL_S = 0.25


class Work:
    """One job in the hands of one worker process.

    Args:
        folder: the job's folder.
        record: its record when the worker took it.
    """

    def __init__(self, folder: Path, record: Record) -> None:
        self.folder = folder
        self.record = record
        self.store = FolderStore(root_of(folder) / "bucket")
        self._stage = ""
        self._next_progress = 0.0
        self._ended = threading.Event()
        self._slot: int | None = None

    def watch(self) -> None:
        """Watch for a stop request in a thread; when it comes, or the job is removed, exit."""
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        seen = (0, 0)
        while not self._ended.wait(_WATCH_INTERVAL_S):
            try:
                status = (self.folder / RECORD).stat()
            except FileNotFoundError:
                os._exit(0)
            version = (status.st_ino, status.st_mtime_ns)
            if version != seen:
                seen = version
                self._obey()

    def _obey(self) -> None:
        record = load_record(self.folder)
        if record is not None and record.status == "STOP_REQUESTED":
            record = change_record(self.folder, _stopped)
            if record is not None and record.status == "STOPPED":
                os._exit(0)

    def queue(self) -> None:
        """Wait as SUBMITTED for the delay of the options and for a free processor.

        Jobs that wait get their processors in the order in which they were submitted.
        """
        self.report("waiting for its turn", 0, None)
        self._ended.wait(self.record.behaviour.queue_s)
        root = root_of(self.folder)
        with in_line(root, self.folder, self.record.submitted_at) as number_before:
            while (before := number_before()) or not self._take_slot(root / "slots"):
                self._ended.wait(_FRONT_INTERVAL_S if before < 2 else _WATCH_INTERVAL_S)

    def _take_slot(self, slots: Path) -> bool:
        self._slot = take_slot(slots, os.cpu_count() or 1)
        return self._slot is not None

    def close(self) -> None:
        """Stop watching and give the processor back."""
        self._ended.set()
        if self._slot is not None:
            os.close(self._slot)
            self._slot = None

    def begin(self) -> None:
        """Say that the work has begun.

        Raises:
            SystemExit: the job was stopped before.
        """
        running = "TRAINING" if isinstance(self.record, TrainingRecord) else "IN_PROGRESS"

        def change(record: Record) -> Record:
            if record.status == "STOP_REQUESTED":
                return _stopped(record)
            return replace(record, status=running, started_at=record.started_at or clock())

        record = change_record(self.folder, change)
        if record is None or record.status != running:
            raise SystemExit(0)
        self.record = record

    @cached_property
    def count(self) -> "Count":
        """What counts words, with the counts that other jobs of the twin have kept."""
        from core.offline.counts import CountStore

        root = root_of(self.folder)
        record = self.folder / RECORD
        return CountStore(root / COUNTS, root / COUNTS_LOCK, record.exists).count

    def report(self, stage: str, done: int, total: int | None) -> None:
        """Publish progress: every new stage, and at most a few events a second within one."""
        now = time.monotonic()
        if stage != self._stage or now >= self._next_progress:
            self._stage = stage
            self._next_progress = now + _PROGRESS_INTERVAL_S
            write_progress(self.folder, JobProgress(done, total, stage))

    def finish(self, change: Callable[[Record], Record]) -> None:
        """Write the record with which this worker ends, unless the job was stopped meanwhile."""
        change_record(
            self.folder, lambda record: change(record) if record.status in ACTIVE else record
        )

    def leave(self, error: OSError | MemoryError) -> None:
        """Leave the job to another worker and say what the machine refused this one."""
        self.finish(lambda record: hindered(record, error))

    def fail(self, message: str) -> None:
        """End the job with an error."""
        self.finish(lambda record: failed_record(record, message))


def _stopped(record: Record) -> Record:
    if record.status != "STOP_REQUESTED":
        return record
    return replace(record, status="STOPPED", ended_at=clock())
