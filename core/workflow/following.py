"""The jobs of a session: list, refresh, fetch what has ended, stop a training."""

import datetime
from dataclasses import dataclass

from core.comprehend.engine import Clients
from core.comprehend.jobs import stop_training
from core.comprehend.service_errors import code_of, is_expired
from core.errors import InvalidInput, TunerError
from core.text import printable
from core.workflow.jobs import refresh, session_clients
from core.workflow.metrics import collect_training
from core.workflow.score import collect_scores
from core.workflow.session import Session
from core.workflow.state import JobState, RunState


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
    fault: str = ""
    """Why the engine could not be asked about it just now; its state is then the last known one."""
    is_expired: bool = False
    """Whether that was because the credentials have expired."""


def job_rows(session: Session, refreshed: bool = True) -> tuple[JobRow, ...]:
    """Every job of the session, newest run last; one that runs share stands with the first.

    Args:
        refreshed: ask the engine about the jobs that have not ended.

    A job that cannot be asked about keeps its last known state and says why; the others are asked
    all the same, unless nobody answers or the credentials have expired.

    Raises:
        InvalidInput: the engine's settings are incomplete.
    """
    clients = session_clients(session) if refreshed else None
    rows = []
    seen: set[str] = set()
    silence: TunerError | None = None
    for run in session.state().runs:
        for job in run.all_jobs():
            if job.id in seen:
                continue
            seen.add(job.id)
            is_current = job not in run.replaced_jobs
            progress, fault = "", None
            if clients is not None and is_current and job.arn and not job.is_final:
                try:
                    progress = "" if silence else _looked_at(session, clients, run, job)
                except TunerError as error:
                    fault = error
                    silence = error if is_expired(error) or not code_of(error) else None
                fault = fault or silence
            rows.append(_row(run, job, progress, fault))
    return tuple(rows)


def _looked_at(session: Session, clients: Clients, run: RunState, job: JobState) -> str:
    """Refresh one job in place; return the engine's own word on its progress."""
    job.status = refresh(session, clients, run.name, job.id)
    now_at = None if job.is_final else clients.progress(job.arn)
    if now_at is None:
        return ""
    amount = f"{now_at.done:,}/{now_at.total:,}" if now_at.total else ""
    return f"{now_at.stage} {amount}".strip()


def collect_finished(session: Session) -> tuple[str, ...]:
    """Fetch the output of every job that has ended well; return what was fetched.

    Output that cannot be fetched does not keep the others from being fetched.

    Raises:
        TunerError: an archive cannot be fetched or read; the first such error, raised at the end.
    """
    clients = session_clients(session)
    fetched: list[str] = []
    faults: list[TunerError] = []
    for run in session.state().runs:
        for classifier in run.classifiers:
            if classifier.training.has_new_output:
                try:
                    collect_training(session, clients, run.name, classifier.id)
                    fetched.append(classifier.training.id)
                except TunerError as error:
                    faults.append(error)
        for part in parts_to_join(run):
            try:
                collect_scores(session, clients, run.name, part)
                fetched.extend(classifier.scoring[part].id for classifier in run.classifiers)
            except TunerError as error:
                faults.append(error)
    if faults:
        raise faults[0]
    return tuple(fetched)


def parts_to_join(run: RunState) -> list[str]:
    """The parts that every classifier has scored and that were not joined since."""
    to_join = []
    for part in run.asked_parts():
        jobs = [c.scoring[part] for c in run.classifiers if part in c.scoring]
        is_whole = len(jobs) == len(run.classifiers)
        if is_whole and all(job.has_new_output or job.is_usable for job in jobs):
            if any(job.has_new_output for job in jobs) or part not in run.scores:
                to_join.append(part)
    return to_join


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
            if not job.arn or job.is_final:
                raise InvalidInput("Not running", f"{printable(job_id)} is not running", "")
            stop_training(clients.comprehend, job.arn)
            session.record("stop", job=job_id)
            return refresh(session, clients, run.name, job_id).state
    names = ", ".join(job.id for run in session.state().runs for job in run.jobs()) or "none"
    raise InvalidInput("No such job", f"{printable(job_id)!r} is not a job", f"jobs: {names}")


def _row(run: RunState, job: JobState, progress: str, fault: TunerError | None) -> JobRow:
    status = job.status
    estimate = job.estimate
    said = f"{fault.title}: {fault.message}" if fault else ""
    return JobRow(
        run=run.name,
        id=job.id,
        kind=job.kind,
        part=job.part,
        state=job.state,
        is_final=job.is_final,
        elapsed_s=_elapsed_s(job),
        message=said or (status.message if status else ""),
        progress=progress,
        estimate_usd=(estimate.low_usd, estimate.high_usd) if estimate else None,
        arn=job.arn,
        fault=said,
        is_expired=is_expired(fault) if fault else False,
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
