"""Fetch the output of an ended job: download, read, and only then call it here."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec

from core.comprehend.clients import Clients
from core.errors import InvalidInput, OperationFailed
from core.progress import CancelToken, Reporter, silent
from core.text import printable
from core.workflow.actions.launching import note_in_ledger, sender
from core.workflow.actions.runs import find_job, find_run
from core.workflow.session import Session
from core.workflow.state import JobState

Result = TypeVar("Result")


def fetch(
    session: Session,
    clients: Clients,
    run_name: str,
    job_id: str,
    read: Callable[[Path], Result],
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> Result:
    """Download a finished job's archive, read it, and only then record it as here.

    A download that breaks is repeated, and an archive that cannot be read or does not fit is
    fetched once more, because the copy here may be the damaged one.

    Args:
        read: reads the archive and writes what is kept of it; called again after a kill or when its
            first reading failed.

    Raises:
        OperationFailed: the output does not exist any more.
        TunerError: the download failed or the archive cannot be read.
        Interrupted: cancelled; nothing of it was kept.
    """
    job = find_job(find_run(session.state(), run_name), job_id)
    if job.status is None or job.status.output_uri is None:
        raise OperationFailed("No output", f"{printable(job_id)} has no output", "")
    relative = f"runs/{job_id}/output.tar.gz"
    path = session.path(relative)
    patiently = sender(clients, job_id, reporter, cancel)
    download = partial(_download, session, clients, run_name, job, path, reporter, cancel)
    if not path.exists():
        patiently(download)
    try:
        result = read(path)
    except (InvalidInput, OperationFailed):
        patiently(download)
        result = read(path)
    with session.editing() as state:
        find_job(find_run(state, run_name), job_id).artifact = relative
    return result


def _download(
    session: Session,
    clients: Clients,
    run_name: str,
    job: JobState,
    path: Path,
    reporter: Reporter,
    cancel: CancelToken | None,
) -> None:
    """Copy a job's output to `path`; our own output is entered into the ledger beforehand."""
    uri = (job.status.output_uri if job.status else None) or ""
    if not job.is_adopted:
        with session.editing() as state:
            note_in_ledger(state, "object", uri, run_name)
    try:
        clients.store.download(uri, path, reporter, cancel)
    except (InvalidInput, OperationFailed) as error:
        if any(entry.uri == uri for entry in clients.store.list(uri)):
            raise
        raise _gone(session, run_name, job) from error


def _gone(session: Session, run_name: str, job: JobState) -> OperationFailed:
    """The error for output that nobody can fetch; a scoring job is then to be done anew."""
    assert job.status is not None
    place = printable(job.status.output_uri or "", 300)
    if job.kind == "scoring":
        with session.editing() as state:
            saved = find_job(find_run(state, run_name), job.id)
            saved.status = msgspec.structs.replace(
                job.status, is_usable=False, message="its output was deleted before it was fetched"
            )
        hint = f"score the part again: comprehend-tuner score --parts {printable(job.part)}"
    else:
        hint = (
            "go on without its confusion matrix:"
            f" comprehend-tuner attach --classifier {printable(job.arn, 300)}"
        )
    return OperationFailed(
        "The output was deleted",
        f"{printable(job.id)} ended well, but nothing is at {place}",
        hint,
    )
