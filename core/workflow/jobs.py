"""Jobs of a session: upload, start, watch and fetch; no kill loses one or pays twice."""

import contextlib
import datetime
import time
from collections.abc import Callable, Collection, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec

from core.comprehend.clients import open_clients
from core.comprehend.engine import Clients
from core.comprehend.jobs import (
    SPACING_S,
    JobStatus,
    check_job_belongs,
    describe_scoring,
    describe_training,
    find_scoring,
    require_single_object,
    send_patiently,
    start_scoring,
    start_training,
    take_turn,
    wait_until_final,
)
from core.comprehend.ledger import EntryState, LedgerEntry, ResourceKind
from core.comprehend.service_errors import code_of
from core.errors import InvalidInput, OperationFailed, TryAgain
from core.files import file_fingerprint
from core.progress import UNWATCHED, Watch
from core.text import command_word, printable
from core.workflow.recorded import is_as_recorded, sent_file
from core.workflow.sending import PlannedUpload, require_planned
from core.workflow.session import Session, now
from core.workflow.state import JobState, RunState, SessionState
from core.workflow.trust import require_trust

# Start, watch and fetch jobs so that no kill loses one or pays for one twice.
#
# The order never changes: the intent with its token is saved, then the call is made, then its
# answer is saved. Repeating any part of it with the saved token starts nothing a second time.


Result = TypeVar("Result")

TOKEN_TRUSTED_S = 600.0
"""Seconds after the intent during which the service surely knows a request's token again; for an
older intent the jobs are listed before anything is sent."""
GRACE_S = 600.0
"""Seconds after its start during which a job may be unknown to parts of the service."""


def session_clients(session: Session) -> Clients:
    """The clients of a session's engine.

    Raises:
        InvalidInput: the engine's settings are incomplete.
        Untrusted: at the first request to Amazon, when the session was not made here.
    """
    state = session.state()
    return open_clients(
        state.engine, session.folder, state.twin, allow=lambda: require_trust(session)
    )


def note_in_ledger(
    state: SessionState, kind: ResourceKind, name: str, run: str, how_far: EntryState = "created"
) -> None:
    """Enter a thing into the ledger: its intent before the call, the thing itself in its place."""
    state.enter(LedgerEntry(kind=kind, name=name, created_at=now(), run=run, state=how_far))


def launch(
    session: Session,
    clients: Clients,
    run_name: str,
    job_id: str,
    watch: Watch = UNWATCHED,
    planned: Collection[PlannedUpload] | None = None,
) -> None:
    """Upload a job's files and start it, unless it was started already.

    Throttling, faults of the service and lost connections are borne for a while, and a missing slot
    for an hour; each time the same request is sent with the same token.

    Args:
        planned: what the user was told would be sent; None where nobody was told.

    Raises:
        Refused: something else than was planned would be sent.
        TunerError: an upload or the call failed; repeating goes on where it stopped.
        Interrupted: cancelled during an upload or between two attempts.
    """
    run = session.state().run_named(run_name)
    job = run.job_named(job_id)
    if job.arn:
        return
    for file in job.uploads:
        sent_file(session, run, job, file)
    if planned is not None:
        require_planned(session, job, planned)
    patiently = sender(clients, job_id, watch)
    for file, uri in job.uploads.items():
        with session.editing() as state:
            if not state.in_ledger(uri):
                note_in_ledger(state, "object", uri, run_name, "intended")
        patiently(partial(_put, session, clients, run, job, file, watch))
        with session.editing() as state:
            note_in_ledger(state, "object", uri, run_name)
    service_id, arn = patiently(lambda: _start(session, clients, job))
    with session.editing() as state:
        saved = state.run_named(run_name).job_named(job_id)
        saved.arn, saved.job_id, saved.started_at = arn, service_id, now()
        if job.kind == "training":
            note_in_ledger(state, "classifier", arn, run_name)
    session.record("started", job=job_id, arn=arn, token=job.token)


def _put(
    session: Session, clients: Clients, run: RunState, job: JobState, file: str, watch: Watch
) -> None:
    uri = job.uploads[file]
    clients.store.upload(sent_file(session, run, job, file), uri, watch)
    require_single_object(clients.store, uri)


def _start(session: Session, clients: Clients, job: JobState) -> tuple[str, str]:
    """Send the saved request; return the service's id (of a scoring job) and the ARN."""
    if job.kind == "training":
        return "", start_training(clients.comprehend, job.request)
    if time.time() - _epoch_s(job.intended_at) > TOKEN_TRUSTED_S:
        arns = {j.arn for run in session.state().runs for j in run.all_jobs()}
        started = find_scoring(clients.comprehend, job.request, arns)
        if started is not None:
            return started
    return start_scoring(clients.comprehend, job.request)


def sender(clients: Clients, task: str, watch: Watch) -> Callable[[Callable[[], Result]], Result]:
    """What makes the calls of one task patiently, at the pace of these clients."""

    def send(call: Callable[[], Result]) -> Result:
        return send_patiently(
            call,
            watch,
            task=printable(task),
            first_pause_s=clients.poll_s / 4,
            longest_pause_s=clients.longest_poll_s,
        )

    return send


def refresh(session: Session, clients: Clients, run_name: str, job_id: str) -> JobStatus:
    """Describe a started job and save its status.

    A classifier that is being deleted counts as ended, so that nothing waits for it.

    Raises:
        TunerError: the service cannot be reached or does not know the job.
    """
    job = session.state().run_named(run_name).job_named(job_id)
    status = describe(clients, job)
    if job.kind == "scoring":
        check_job_belongs(
            status,
            input_uri=job.request["InputDataConfig"]["S3Uri"],
            classifier_arn=job.request["DocumentClassifierArn"],
        )
    if status.state == "DELETING":
        status = msgspec.structs.replace(
            status, is_final=True, message=status.message or "it is being deleted"
        )
    if status != job.status:
        with session.editing() as state:
            state.run_named(run_name).job_named(job_id).status = status
            _note_output(state, job, status, run_name)
        if job.status is None or status.state != job.status.state:
            session.record("state", job=job_id, state=status.state, message=status.message)
    return status


def _note_output(state: SessionState, job: JobState, status: JobStatus, run_name: str) -> None:
    """Enter what a job wrote into the ledger, as soon as it is known to have ended well."""
    uri = status.output_uri
    if status.is_usable and uri and not job.is_adopted:
        if all(entry.name != uri for entry in state.ledger):
            note_in_ledger(state, "object", uri, run_name)


def describe(clients: Clients, job: JobState) -> JobStatus:
    """Ask the service how a started job stands, within the rate that it allows."""
    if clients.info.is_paid:
        take_turn(min(SPACING_S, clients.poll_s))
    if job.kind == "training":
        return describe_training(clients.comprehend, job.arn)
    return describe_scoring(clients.comprehend, job.job_id)


def wait_for(
    session: Session, clients: Clients, run_name: str, job_id: str, watch: Watch = UNWATCHED
) -> JobStatus:
    """Watch a started job until it ends; interrupting leaves it running.

    Raises:
        OperationFailed: the job ended without usable output.
        Interrupted: cancelled; the job goes on.
    """
    job = session.state().run_named(run_name).job_named(job_id)
    status = wait_until_final(
        lambda: look(session, clients, run_name, job),
        watch,
        task=f"{job.kind} {printable(job_id)}",
        progress=lambda: clients.progress(job.arn),
        first_interval_s=clients.poll_s,
        longest_interval_s=clients.longest_poll_s,
    )
    if not status.is_usable:
        raise job_failure(job_id, status)
    return status


def look(session: Session, clients: Clients, run_name: str, job: JobState) -> JobStatus:
    """Refresh a job; one that has just been started need not be known everywhere yet."""
    try:
        return refresh(session, clients, run_name, job.id)
    except InvalidInput as error:
        if code_of(error) not in ("ResourceNotFoundException", "JobNotFoundException"):
            raise
        if job.started_at and time.time() < _epoch_s(job.started_at) + GRACE_S:
            raise TryAgain("Not known to the service yet", error.message) from error
        raise OperationFailed(
            "The job does not exist",
            f"{printable(job.id)}: {error.message}",
            "look at --profile and --region first; what was really deleted is made anew in a new"
            " run: comprehend-tuner train --run NAME",
        ) from error


def job_failure(job_id: str, status: JobStatus) -> OperationFailed:
    """The error that says how a job ended and what to do."""
    from core.comprehend.service_errors import explain_job_message

    message = printable(status.message, 300) or "the service gave no reason"
    return OperationFailed(
        "Job failed",
        f"{printable(job_id)} ended {printable(status.state, 40)}: {message}",
        explain_job_message(status.message) or "repeat the step to start it anew",
    )


def replace_failed(run: RunState, job: JobState) -> bool:
    """Whether a job must be started anew; when so it is moved to the run's replaced jobs."""
    if not job.is_failed:
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


def _epoch_s(moment: str) -> float:
    return datetime.datetime.fromisoformat(moment).timestamp()


# Fetch the output of an ended job: download, read, and only then call it here.


def fetch(
    session: Session,
    clients: Clients,
    run_name: str,
    job_id: str,
    read: Callable[[Path], Result],
    watch: Watch = UNWATCHED,
    note: Callable[[SessionState, Result], object] | None = None,
) -> Result:
    """Download a finished job's archive, read it, and only then record it as here.

    A download that breaks is repeated, and an archive that is not as recorded, cannot be read or
    does not fit is fetched once more, because the copy here may be the damaged one.

    Args:
        read: reads the archive and writes what is kept of it; called again after a kill or when its
            first reading failed.
        note: enters what was read into the state, together with the archive or not at all.

    Raises:
        OperationFailed: the output does not exist any more.
        TunerError: the download failed or the archive cannot be read.
        Interrupted: cancelled; nothing of it was kept.
    """
    job = session.state().run_named(run_name).job_named(job_id)
    if job.status is None or job.status.output_uri is None:
        raise OperationFailed("No output", f"{printable(job_id)} has no output", "")
    relative = f"runs/{job_id}/output.tar.gz"
    path = session.path(relative)
    patiently = sender(clients, job_id, watch)
    download = partial(_download, session, clients, run_name, job, path, watch)
    if not path.exists() or not is_as_recorded(session, session.state(), relative):
        patiently(download)
    try:
        result = read(path)
    except (InvalidInput, OperationFailed):
        patiently(download)
        result = read(path)
    with session.editing() as state:
        state.run_named(run_name).job_named(job_id).artifact = relative
        state.note_output(job_id, relative, file_fingerprint(path))
        if note is not None:
            note(state, result)
    return result


def _download(
    session: Session, clients: Clients, run_name: str, job: JobState, path: Path, watch: Watch
) -> None:
    """Copy a job's output to `path`; our own output is entered into the ledger beforehand."""
    uri = (job.status.output_uri if job.status else None) or ""
    if not job.is_adopted:
        with session.editing() as state:
            note_in_ledger(state, "object", uri, run_name)
    try:
        clients.store.download(uri, path, watch)
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
            saved = state.run_named(run_name).job_named(job.id)
            saved.status = msgspec.structs.replace(
                job.status, is_usable=False, message="its output was deleted before it was fetched"
            )
        hint = f"score the part again: comprehend-tuner score --parts {command_word(job.part)}"
    else:
        hint = (
            "go on without its confusion matrix:"
            f" comprehend-tuner attach --classifier {command_word(job.arn)}"
        )
    return OperationFailed(
        "The output was deleted", f"{printable(job.id)} ended well, but nothing is at {place}", hint
    )
