"""Put the scoring jobs that are about to start into the state, before any call is made."""

from pathlib import Path

import msgspec

from core.comprehend.clients import Clients, require_bucket, require_role
from core.comprehend.jobs import new_token, resource_name, scoring_request
from core.comprehend.pricing import Estimate
from core.errors import InvalidInput
from core.text import printable
from core.workflow.actions.launching import replace_failed
from core.workflow.actions.runs import object_base, resource_tags
from core.workflow.session import now
from core.workflow.state import ClassifierState, JobState, PartFile, RunState, SessionState
from core.workflow.steps import is_failed


def jobs_to_start(
    state: SessionState, run: RunState, parts: tuple[str, ...]
) -> list[tuple[ClassifierState, str]]:
    """Classifiers and parts without a started job that counts.

    Raises:
        InvalidInput: such a classifier was deleted.
    """
    found = [
        (classifier, part)
        for part in parts
        for classifier in run.classifiers
        if needs_intent(state, classifier, part) or not classifier.scoring[part].arn
    ]
    deleted = {entry.name for entry in state.ledger if entry.state == "deleted"}
    gone = {classifier.id for classifier, _ in found if classifier.training.arn in deleted}
    if gone:
        raise InvalidInput(
            "Classifier deleted",
            f"classifier {', '.join(sorted(gone))} of run {printable(run.name)} was deleted by the"
            " clean-up and cannot score any more",
            "train a new run: comprehend-tuner train --run NAME",
        )
    return found


def share_jobs(state: SessionState, run: RunState, parts: tuple[str, ...]) -> None:
    """Take over jobs that other runs have of the same classifiers, so that nothing is paid twice.

    Such a job keeps its id, and with it its place in the session's folder.
    """
    for classifier in run.classifiers:
        for part in parts:
            if not needs_intent(state, classifier, part):
                continue
            found = _job_elsewhere(state, run, classifier, part)
            if found is not None:
                set_aside(run, classifier, part)
                classifier.scoring[part] = msgspec.structs.replace(found)


def _job_elsewhere(
    state: SessionState, run: RunState, classifier: ClassifierState, part: str
) -> JobState | None:
    """A started job of another run that would do for a classifier and a part of `run`."""
    for other in state.runs:
        if other.name == run.name or other.split != run.split:
            continue
        for same in other.classifiers:
            is_same = same.training.arn and same.training.arn == classifier.training.arn
            if is_same and not needs_intent(state, same, part) and same.scoring[part].arn:
                return same.scoring[part]
    return None


def needs_intent(state: SessionState, classifier: ClassifierState, part: str) -> bool:
    """Whether a classifier has no job of a part that counts: none, a failed or an outdated one."""
    job = classifier.scoring.get(part)
    if job is None:
        return True
    if is_failed(job) or job.is_adopted:
        return is_failed(job)
    return job.twin != (None if state.engine.name == "aws" else state.twin)


def add_job(
    state: SessionState,
    clients: Clients,
    run: RunState,
    classifier: ClassifierState,
    part: str,
    file: PartFile,
    price: Estimate,
) -> None:
    """Put the intent of a scoring job into the state; the call comes after saving."""
    require_bucket(clients.info)
    set_aside(run, classifier, part)
    earlier = [job for job in run.replaced_jobs if job.kind == "scoring" and job.part == part]
    attempt = 1 + sum(job.id.startswith(f"{run.name}/{classifier.id}/") for job in earlier)
    job_id = f"{run.name}/{classifier.id}/score-{part}" + (f"-{attempt}" if attempt > 1 else "")
    base = object_base(state, clients, run.name, classifier.id)
    uri = f"{base}/scoring/{part}/{Path(file.path).name}"
    token = new_token()
    classifier.scoring[part] = JobState(
        id=job_id,
        kind="scoring",
        part=part,
        token=token,
        request=scoring_request(
            job_name=resource_name("ct", state.name, state.uid, run.name, classifier.id, part),
            classifier_arn=classifier.training.arn,
            input_uri=uri,
            output_uri=f"{base}/scoring-output/{part}/",
            role_arn=require_role(clients.info),
            token=token,
            tags=resource_tags(state, run.name),
        ),
        uploads={file.path: uri},
        intended_at=now(),
        estimate=price,
        twin=None if clients.info.name == "aws" else state.twin,
    )


def set_aside(run: RunState, classifier: ClassifierState, part: str) -> None:
    """Put the job that no longer counts to the replaced ones, unless it is another run's."""
    former = classifier.scoring.get(part)
    if former is None or not former.id.startswith(f"{run.name}/"):
        return
    if not replace_failed(run, former):
        run.replaced_jobs.append(former)
