"""The jobs of a session: list, refresh, fetch what has ended, stop a training."""

import datetime
from dataclasses import dataclass

from core.comprehend.jobs import stop_training
from core.errors import InvalidInput
from core.text import printable
from core.workflow.actions.joining import collect_scores
from core.workflow.actions.launching import refresh, session_clients
from core.workflow.actions.metrics import collect_training
from core.workflow.session import Session
from core.workflow.state import JobState, RunState
from core.workflow.steps import is_usable


@dataclass(frozen=True)
class JobRow:
    """One job as a person wants to see it."""

    run: str
    id: str
    kind: str
    part: str
    state: str
    """The service's own word; "to be started" before the call has answered."""
    is_final: bool
    elapsed_s: float | None
    """From submission to the end, or until now."""
    message: str
    progress: str
    """What the offline twin says of its work; the service says nothing."""
    estimate_usd: tuple[float, float] | None
    arn: str


def job_rows(session: Session, refreshed: bool = True) -> tuple[JobRow, ...]:
    """Every job of the session, newest run last.

    Args:
        refreshed: ask the engine about the jobs that have not ended.

    Raises:
        TunerError: the engine cannot be reached.
    """
    clients = session_clients(session) if refreshed else None
    rows = []
    for run in session.state().runs:
        for job in (*run.replaced_jobs, *run.jobs()):
            progress = ""
            is_current = job not in run.replaced_jobs
            if clients is not None and is_current and job.arn and not _is_final(job):
                job.status = refresh(session, clients, run.name, job.id)
                now_at = None if _is_final(job) else clients.progress(job.arn)
                if now_at is not None:
                    amount = f"{now_at.done:,}/{now_at.total:,}" if now_at.total else ""
                    progress = f"{now_at.stage} {amount}".strip()
            rows.append(_row(run, job, progress))
    return tuple(rows)


def collect_finished(session: Session) -> tuple[str, ...]:
    """Fetch the output of every job that has ended well; return what was fetched.

    Raises:
        TunerError: an archive cannot be fetched or read.
    """
    clients = session_clients(session)
    fetched = []
    for run in session.state().runs:
        for classifier in run.classifiers:
            if _has_new_output(classifier.training):
                collect_training(session, clients, run.name, classifier.id)
                fetched.append(classifier.training.id)
        for part in {part for classifier in run.classifiers for part in classifier.scoring}:
            jobs = [c.scoring[part] for c in run.classifiers if part in c.scoring]
            is_whole = len(jobs) == len(run.classifiers)
            if is_whole and all(_has_new_output(job) or is_usable(job) for job in jobs):
                if any(_has_new_output(job) for job in jobs) or part not in run.scores:
                    collect_scores(session, clients, run.name, part)
                    fetched.extend(job.id for job in jobs)
    return tuple(fetched)


def stop_job(session: Session, job_id: str) -> str:
    """Ask a training to stop; return the state that the engine then reports.

    Raises:
        InvalidInput: no such job, or one that the service cannot stop.
    """
    clients = session_clients(session)
    for run in session.state().runs:
        for job in run.jobs():
            if job.id != job_id:
                continue
            if job.kind != "training":
                raise InvalidInput(
                    "Cannot be stopped",
                    f"{printable(job_id)} is a scoring job; the service offers no stop for these",
                    "wait until it ends",
                )
            if not job.arn or _is_final(job):
                raise InvalidInput("Not running", f"{printable(job_id)} is not running", "")
            stop_training(clients.comprehend, job.arn)
            session.record("stop", job=job_id)
            return refresh(session, clients, run.name, job_id).state
    known = ", ".join(job.id for run in session.state().runs for job in run.jobs()) or "none"
    raise InvalidInput("No such job", f"{printable(job_id)!r} is not a job", f"jobs: {known}")


def _row(run: RunState, job: JobState, progress: str) -> JobRow:
    status = job.status
    estimate = job.estimate
    return JobRow(
        run=run.name,
        id=job.id,
        kind=job.kind,
        part=job.part,
        state=status.state if status else ("SUBMITTED" if job.arn else "to be started"),
        is_final=_is_final(job),
        elapsed_s=_elapsed_s(job),
        message=status.message if status else "",
        progress=progress,
        estimate_usd=(estimate.low_usd, estimate.high_usd) if estimate else None,
        arn=job.arn,
    )


def _elapsed_s(job: JobState) -> float | None:
    if job.status is None or job.status.submitted_at is None:
        return None
    begin = datetime.datetime.fromisoformat(job.status.submitted_at)
    if job.status.ended_at is not None:
        end = datetime.datetime.fromisoformat(job.status.ended_at)
    else:
        end = datetime.datetime.now(datetime.UTC)
    return max((end - begin).total_seconds(), 0.0)


def _is_final(job: JobState) -> bool:
    return job.status is not None and job.status.is_final


def _has_new_output(job: JobState) -> bool:
    return job.status is not None and job.status.is_usable and not job.artifact
