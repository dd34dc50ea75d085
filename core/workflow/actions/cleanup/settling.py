"""Bringing a session's jobs to rest before what they use is deleted."""

import contextlib

import msgspec

from core.comprehend.clients import Clients
from core.comprehend.jobs import SCORING_STATES
from core.comprehend.resources import DENIED
from core.comprehend.service_errors import code_of, explained
from core.errors import TryAgain, TunerError
from core.text import printable
from core.workflow.actions.cleanup.scope import Scope, runs_of
from core.workflow.actions.launching import refresh
from core.workflow.actions.watch import collect_finished
from core.workflow.session import Session
from core.workflow.state import JobState
from core.workflow.steps import is_usable


def settle_jobs(session: Session, clients: Clients, scope: Scope) -> None:
    """Fetch finished output; refuse while a scoring job runs; give up output that stays behind.

    Raises:
        TryAgain: a scoring job runs, which the service cannot stop.
        TunerError: the engine cannot be asked.
    """
    for run in runs_of(session.state(), scope):
        for job in run.jobs():
            if not job.is_adopted and _runs_on(session, clients, run.name, job):
                raise TryAgain(
                    "A scoring job runs",
                    f"{printable(job.id)} uses the classifier, and the service cannot stop it",
                    "clean up once it has ended; watch it with: comprehend-tuner jobs --watch",
                )
    with contextlib.suppress(TunerError):
        collect_finished(session)
    with session.editing() as state:
        for job in (job for run in runs_of(state, scope) for job in run.jobs()):
            status = job.status
            is_unread = status is not None and status.is_usable and not is_usable(job)
            if status is not None and is_unread and not job.is_adopted:
                job.status = msgspec.structs.replace(
                    status, is_usable=False, message="its output was cleaned up unread"
                )


def _runs_on(session: Session, clients: Clients, run_name: str, job: JobState) -> bool:
    """Whether a scoring job is under way; a training is stopped when its turn comes."""
    if job.status is not None and job.status.is_final:
        return False
    if not job.arn:
        return job.kind == "scoring" and _is_listed_as_running(clients, job)
    try:
        return not refresh(session, clients, run_name, job.id).is_final and job.kind == "scoring"
    except TunerError as error:
        if code_of(error) in ("ResourceNotFoundException", "JobNotFoundException"):
            return False
        raise


def _is_listed_as_running(clients: Clients, job: JobState) -> bool:
    """Whether a job whose start was never answered runs; its name holds the session's digits."""
    try:
        with explained():
            answer = clients.comprehend.list_document_classification_jobs(
                Filter={"JobName": job.request["JobName"]}
            )
    except TunerError as error:
        if code_of(error) in DENIED:
            return False
        raise
    return any(
        not SCORING_STATES.get(str(entry["JobStatus"]), (False, False))[0]
        for entry in answer["DocumentClassificationJobPropertiesList"]
    )
