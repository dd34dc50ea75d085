"""Start, watch and fetch jobs so that no kill loses one or pays for one twice.

The order never changes: the intent with its token is saved, then the call is made, then its answer
is saved. Repeating any part of it with the saved token starts nothing a second time.
"""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from core.comprehend.clients import Clients, open_clients
from core.comprehend.jobs import (
    JobStatus,
    check_job_belongs,
    describe_scoring,
    describe_training,
    require_single_object,
    start_scoring,
    start_training,
    wait_until_final,
)
from core.comprehend.resources import Kind, LedgerEntry
from core.errors import OperationFailed
from core.progress import CancelToken, Reporter, silent
from core.text import printable
from core.workflow.actions.runs import find_job, find_run
from core.workflow.session import Session, now
from core.workflow.state import JobState, RunState, SessionState
from core.workflow.steps import is_failed

Result = TypeVar("Result")


def session_clients(session: Session) -> Clients:
    """The clients of a session's engine.

    Raises:
        InvalidInput: the engine's settings are incomplete.
    """
    state = session.state()
    return open_clients(state.engine, session.folder, state.twin)


def intended(kind: Kind, name: str, run: str) -> LedgerEntry:
    """A ledger entry for something that is about to be created."""
    return LedgerEntry(kind=kind, name=name, created_at=now(), run=run, state="intended")


def note_in_ledger(state: SessionState, kind: Kind, name: str, run: str) -> None:
    """Enter a created thing into the ledger, in place of its intent when there is one."""
    state.ledger = [entry for entry in state.ledger if entry.name != name]
    state.ledger.append(
        LedgerEntry(kind=kind, name=name, created_at=now(), run=run, state="created")
    )


def launch(
    session: Session,
    clients: Clients,
    run_name: str,
    job_id: str,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> None:
    """Upload a job's files and start it, unless it was started already.

    Raises:
        TunerError: an upload or the call failed; repeating goes on where it stopped.
        Interrupted: cancelled during an upload.
    """
    job = find_job(find_run(session.state(), run_name), job_id)
    if job.arn:
        return
    for file, uri in job.uploads.items():
        with session.editing() as state:
            if all(e.name != uri or e.state == "deleted" for e in state.ledger):
                state.ledger = [e for e in state.ledger if e.name != uri]
                state.ledger.append(intended("object", uri, run_name))
        clients.store.upload(session.path(file), uri, reporter, cancel)
        require_single_object(clients.store, uri)
        with session.editing() as state:
            note_in_ledger(state, "object", uri, run_name)
    if job.kind == "training":
        arn, service_id = start_training(clients.comprehend, job.request), ""
    else:
        service_id, arn = start_scoring(clients.comprehend, job.request)
    with session.editing() as state:
        saved = find_job(find_run(state, run_name), job_id)
        saved.arn, saved.job_id, saved.started_at = arn, service_id, now()
        if job.kind == "training":
            note_in_ledger(state, "classifier", arn, run_name)
    session.record("started", job=job_id, arn=arn, token=job.token)


def refresh(session: Session, clients: Clients, run_name: str, job_id: str) -> JobStatus:
    """Describe a started job and save its status.

    Raises:
        TunerError: the service cannot be reached or does not know the job.
    """
    job = find_job(find_run(session.state(), run_name), job_id)
    status = describe(clients, job)
    if job.kind == "scoring":
        check_job_belongs(
            status,
            input_uri=job.request["InputDataConfig"]["S3Uri"],
            classifier_arn=job.request["DocumentClassifierArn"],
        )
    if status != job.status:
        with session.editing() as state:
            find_job(find_run(state, run_name), job_id).status = status
        if job.status is None or status.state != job.status.state:
            session.record("state", job=job_id, state=status.state, message=status.message)
    return status


def describe(clients: Clients, job: JobState) -> JobStatus:
    """Ask the service how a started job stands."""
    if job.kind == "training":
        return describe_training(clients.comprehend, job.arn)
    return describe_scoring(clients.comprehend, job.job_id)


def wait_for(
    session: Session,
    clients: Clients,
    run_name: str,
    job_id: str,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> JobStatus:
    """Watch a started job until it ends; interrupting leaves it running.

    Raises:
        OperationFailed: the job ended without usable output.
        Interrupted: cancelled; the job goes on.
    """
    job = find_job(find_run(session.state(), run_name), job_id)
    status = wait_until_final(
        lambda: refresh(session, clients, run_name, job_id),
        reporter,
        cancel,
        task=f"{job.kind} {printable(job_id)}",
        progress=lambda: clients.progress(job.arn),
        first_interval_s=clients.poll_s,
        longest_interval_s=clients.longest_poll_s,
    )
    if not status.is_usable:
        raise job_failure(job_id, status)
    return status


def job_failure(job_id: str, status: JobStatus) -> OperationFailed:
    """The error that says how a job ended and what to do."""
    from core.comprehend.service_errors import explain_job_message

    message = printable(status.message, 300) or "the service gave no reason"
    return OperationFailed(
        "Job failed",
        f"{printable(job_id)} ended {printable(status.state, 40)}: {message}",
        explain_job_message(status.message) or "repeat the step to start it anew",
    )


def fetch(
    session: Session,
    clients: Clients,
    run_name: str,
    job_id: str,
    read: Callable[[Path], Result],
) -> Result:
    """Download a finished job's archive, read it, and only then record it as here.

    Args:
        read: reads the archive and writes what is kept of it; called again after a kill.

    Raises:
        TunerError: the download failed or the archive cannot be read.
    """
    job = find_job(find_run(session.state(), run_name), job_id)
    if job.status is None or job.status.output_uri is None:
        raise OperationFailed("No output", f"{printable(job_id)} has no output", "")
    relative = f"runs/{job_id}/output.tar.gz"
    path = session.path(relative)
    if not path.exists():
        with session.editing() as state:
            note_in_ledger(state, "object", job.status.output_uri, run_name)
        clients.store.download(job.status.output_uri, path)
    result = read(path)
    with session.editing() as state:
        find_job(find_run(state, run_name), job_id).artifact = relative
    return result


def replace_failed(run: RunState, job: JobState) -> bool:
    """Whether a job must be started anew; when so it is moved to the run's replaced jobs."""
    if not is_failed(job):
        return False
    run.replaced_jobs.append(job)
    return True


@contextlib.contextmanager
def naming_resume(command: str) -> Iterator[None]:
    """Add to an interruption how to go on."""
    from core.errors import Interrupted

    try:
        yield
    except Interrupted as error:
        raise Interrupted(
            error.title, "the jobs go on without this terminal", f"come back with: {command}"
        ) from error
