"""What becomes of a job whose worker is missing, and of a resource whose deletion is due."""

import contextlib
import shutil
from pathlib import Path

from msgspec.structs import replace

from core.errors import TryAgain
from core.files import locked
from core.offline.processes import is_running, reserved, spawn
from core.offline.records import (
    ACTIVE,
    COUNTS,
    COUNTS_LOCK,
    RECORD,
    Record,
    TrainingRecord,
    Twin,
    clock,
    load_record,
    remove_job,
    root_of,
    save_record,
)

_ATTEMPTS = 3
_COUNTS_TIMEOUT_S = 10.0
_KILLED = (
    "INTERNAL_FAILURE: The worker process ended before the job did: it was killed, "
    "ran out of memory, or the machine restarted."
)
_NEVER_CAME_UP = "INTERNAL_FAILURE: The worker process did not come up; its log.txt says why."


def submit(folder: Path, record: Record) -> None:
    """Make a new job visible and start its worker; the caller holds the twin's lock."""
    with reserved(folder) as lock:
        save_record(folder, record)
        _start(folder, lock)


def current(twin: Twin, folder: Path) -> Record | None:
    """Return a job's record as it stands now; None when there is no such job."""
    record = load_record(folder)
    if record is None or not _needs_care(folder, record):
        return record
    with twin.lock():
        return settled(folder)


def settled(folder: Path) -> Record | None:
    """As `current`, for a caller that holds the twin's lock."""
    record = load_record(folder)
    if record is None or not _needs_care(folder, record):
        return record
    if record.status == "DELETING":
        remove_job(folder)
        _forget_texts(root_of(folder))
        return None
    if record.status == "STOP_REQUESTED":
        record = replace(record, status="STOPPED", ended_at=clock())
    elif record.is_taken:
        record = failed(record, _KILLED)
    elif record.attempts >= _ATTEMPTS:
        record = failed(record, _NEVER_CAME_UP)
    else:
        return _restarted(folder, record)
    save_record(folder, record)
    return record


def failed(record: Record, message: str) -> Record:
    """Return the record of a job that ended with an error."""
    status = "IN_ERROR" if isinstance(record, TrainingRecord) else "FAILED"
    return replace(record, status=status, message=message, ended_at=clock())


def _needs_care(folder: Path, record: Record) -> bool:
    if record.status == "DELETING":
        return clock() >= (record.deleted_at or 0) + record.behaviour.delete_s
    return record.status in ACTIVE and not is_running(folder)


def _restarted(folder: Path, record: Record) -> Record:
    record = replace(record, attempts=record.attempts + 1)
    with reserved(folder) as lock:
        save_record(folder, record)
        _start(folder, lock)
    return record


def _start(folder: Path, lock: int) -> None:
    """Start the worker; when the machine cannot, the next describe tries again."""
    with contextlib.suppress(OSError):
        spawn(folder, lock)


def _forget_texts(root: Path) -> None:
    """Remove the counts of texts with the last classifier of a twin, whatever its region.

    A worker keeps counts under the same lock and while its job has a record, so none can bring
    them back.
    """
    if any(root.glob(f"*/classifiers/*/{RECORD}")):
        return
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(TryAgain):
            lock = locked(root / COUNTS_LOCK, "the offline twin's counts", _COUNTS_TIMEOUT_S)
            stack.enter_context(lock)
        shutil.rmtree(root / COUNTS, ignore_errors=True)
