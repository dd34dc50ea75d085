"""One job in a process of its own: ``python -m core.offline.worker JOB_FOLDER [LOCK]``.

`LOCK` is the descriptor of the job's lock file, held since before the job was visible. The process
belongs to no terminal; whatever ends it, the lock is released and the next describe tells.
"""

import errno
import os
import sys
import traceback
from pathlib import Path

from msgspec.structs import replace

from core.errors import TunerError, is_refusal
from core.files import never_make, open_private, take_lock
from core.offline.inputs import InvalidData
from core.offline.processes import remove_leftovers
from core.offline.records import ACTIVE, Record, TrainingRecord, change_record, root_of
from core.offline.work import Work


def main(arguments: list[str]) -> int:
    """Run the job of a folder to its end; return the exit code of the process."""
    folder = Path(arguments[0]).resolve()
    if not _hold_lock(folder, arguments[1:]):
        sys.stderr.write(f"another worker has the job in {folder}\n")
        return 1
    never_make(root_of(folder).parent)
    record = change_record(folder, _taken)
    if record is None or record.status not in ACTIVE:
        return 0
    work = Work(folder, record)
    work.watch()
    try:
        remove_leftovers(folder, record)
        work.queue()
        work.begin()
        _run(work)
    except Exception as error:
        _give_up(work, error)
    finally:
        work.close()
    return 0


def _give_up(work: Work, error: Exception) -> None:
    """End the job with its error, or leave it to another worker when the machine is short."""
    refused = _refused(error)
    if refused is not None:
        traceback.print_exc()
        remove_leftovers(work.folder, work.record)
        work.leave(refused)
    elif isinstance(error, InvalidData):
        work.fail(str(error))
    elif isinstance(error, TunerError):
        work.fail(f"INTERNAL_FAILURE: {error}")
    else:
        traceback.print_exc()
        work.fail(f"INTERNAL_FAILURE: {type(error).__name__}: {error}")


_NOT_THE_MACHINE = (errno.ENOENT, errno.ENOTDIR)
"""Files that are absent are the request's fault."""


def _refused(error: BaseException | None) -> OSError | MemoryError | None:
    """What the machine refused, at the bottom of an error; None when something else is wrong."""
    while error is not None:
        if is_refusal(error) and getattr(error, "errno", None) not in _NOT_THE_MACHINE:
            return error
        error = error.__cause__ or error.__context__
    return None


def _hold_lock(folder: Path, inherited: list[str]) -> bool:
    """Keep the job's lock for the life of the process; children do not get it."""
    if inherited:
        os.set_inheritable(int(inherited[0]), False)
        return True
    path = folder / "worker.lock"
    return take_lock(open_private(path, os.O_RDWR), path)


def _taken(record: Record) -> Record:
    return replace(record, is_taken=True) if record.status in ACTIVE else record


def _run(work: Work) -> None:
    if work.record.behaviour.fail is not None:
        raise InvalidData(work.record.behaviour.fail)
    if isinstance(work.record, TrainingRecord):
        from core.offline.trainings import run_training

        run_training(work, work.record)
    else:
        from core.offline.scorings import run_scoring

        run_scoring(work, work.record)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
