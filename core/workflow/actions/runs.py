"""Find runs and jobs in a session, and name what belongs to them."""

from core.comprehend.clients import Clients
from core.errors import InvalidInput, TryAgain
from core.text import printable
from core.workflow.state import JobState, RunState, SessionState


def find_run(state: SessionState, name: str) -> RunState:
    """The run called `name`, which must exist."""
    return next(run for run in state.runs if run.name == name)


def find_job(run: RunState, job_id: str) -> JobState:
    """The job of a run called `job_id`.

    Raises:
        TryAgain: it does not count any more, because another terminal has started it anew.
    """
    for job in run.jobs():
        if job.id == job_id:
            return job
    raise TryAgain("Job replaced", f"{printable(job_id)} was started anew", "repeat the step")


def pick_run(state: SessionState, name: str | None) -> RunState:
    """The run called `name`, or the one that the session is about.

    Raises:
        InvalidInput: there is none.
    """
    if name is None and state.run is not None:
        return state.run
    for run in state.runs:
        if run.name == name:
            return run
    if name is None:
        raise InvalidInput(
            "No run yet", "nothing was trained in this session", "run: comprehend-tuner train"
        )
    known = ", ".join(run.name for run in state.runs) or "none yet"
    raise InvalidInput(
        "No such run",
        f"run {printable(name)!r} is not in this session",
        f"runs: {known}; start one with: comprehend-tuner train",
    )


def require_label(state: SessionState, run_name: str | None, label: str) -> None:
    """Make sure that a run's classifiers know a label.

    Raises:
        InvalidInput: they do not, or there is no such run.
    """
    run = pick_run(state, run_name)
    labels = run.classifiers[0].labels
    if label not in labels:
        raise InvalidInput(
            "No such label",
            f"{printable(label, 60)!r} is not a label of run {printable(run.name)}",
            f"labels: {', '.join(printable(name, 40) for name in labels)}",
        )


def object_base(state: SessionState, clients: Clients, run_name: str, classifier_id: str) -> str:
    """Where the objects of one classifier go; no other session or run writes there."""
    return (
        f"s3://{clients.info.bucket}/comprehend-tuner/{state.name}-{state.uid}"
        f"/{run_name}/{classifier_id}"
    )


def resource_tags(state: SessionState, run_name: str) -> dict[str, str]:
    """Tags of everything that a session creates, by which clean-up knows it again."""
    return {
        "comprehend-tuner:session": f"{state.name}-{state.uid}",
        "comprehend-tuner:run": run_name,
    }
