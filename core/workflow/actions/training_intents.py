"""Put the runs and trainings that are about to start into the state, before any call is made."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from core.comprehend.clients import Clients, require_bucket, require_role
from core.comprehend.jobs import new_token, resource_name, training_request
from core.comprehend.pricing import training_estimate
from core.dataset.documents import Mode
from core.dataset.label_groups import Group
from core.errors import InvalidInput
from core.text import printable
from core.workflow.actions.label_needs import single_run
from core.workflow.actions.launching import replace_failed
from core.workflow.actions.runs import object_base, resource_tags
from core.workflow.actions.training_files import ClassifierFiles, main_files
from core.workflow.session import now
from core.workflow.state import (
    ClassifierState,
    JobState,
    OversamplingState,
    RunState,
    SessionState,
    SplitState,
)
from core.workflow.steps import (
    held_out_parts,
    is_trained,
    is_usable,
    split_of,
    training_inputs,
)


@dataclass(frozen=True)
class NewRun:
    """A run that is not there yet."""

    name: str
    groups: tuple[Group, ...]
    shared: str
    """The run whose main classifier it takes over; empty when it trains its own."""
    experiment: str = ""
    """The experiment that it is an arm of; empty for a run of its own."""

    @property
    def trained(self) -> tuple[str, ...]:
        """Ids of the classifiers that it trains."""
        own = () if self.shared else ("c1",)
        return (*own, *(f"c{number}" for number in range(2, 2 + len(self.groups))))


def shareable_run(
    state: SessionState, split: SplitState, over: OversamplingState | None
) -> RunState | None:
    """The run whose main classifier a run with groups can take over; None to train another.

    Raises:
        InvalidInput: there is one that is not trained yet; another would be paid a second time.
    """
    run = single_run(state, split, over)
    if run is None:
        return None
    main = run.classifiers[0]
    if not is_trained(main):
        raise InvalidInput(
            "Not trained yet",
            f"the groups stand beside the classifier of run {printable(run.name)}, which is not"
            " trained yet",
            f"finish it first: comprehend-tuner train --run {printable(run.name)}",
        )
    deleted = {entry.name for entry in state.ledger if entry.state == "deleted"}
    parts = held_out_parts(split)
    is_scored = all(part in main.scoring and is_usable(main.scoring[part]) for part in parts)
    return run if is_scored or main.training.arn not in deleted else None


def add_run(
    state: SessionState,
    split: SplitState,
    over: OversamplingState | None,
    clients: Clients,
    new: NewRun,
    group_files: Sequence[ClassifierFiles],
) -> None:
    """Put a run and the intent of each of its trainings into the state.

    A run of its own becomes the one that the session is about; an arm does not.

    A main classifier that another run has keeps that run's jobs: they have one id, are paid once
    and are cleaned up once.
    """
    files = [ClassifierFiles(main_files(split, over), split.delimiter), *group_files]
    revision = state.revision_of(split)
    label_sets = [revision.labels, *(group.all_labels for group in new.groups)]
    classifiers = []
    for number, (own, labels) in enumerate(zip(files, label_sets, strict=True), start=1):
        if number == 1 and new.shared:
            classifiers.append(_shared(state, new.shared))
            continue
        classifier_id = f"c{number}"
        classifiers.append(
            ClassifierState(
                id=classifier_id,
                labels=labels,
                name=resource_name("ct", state.name, state.uid, new.name, classifier_id),
                version="v1",
                training=_training_job(state, clients, revision.mode, new.name, classifier_id, own),
            )
        )
    if not new.experiment:
        state.adopted = ""
    state.runs.append(
        RunState(
            name=new.name,
            split=split.id,
            inputs=training_inputs(split, over),
            oversampled=dict(over.after) if over is not None else {},
            classifiers=classifiers,
            experiment=new.experiment,
            notes=_notes(state, new),
            made_at=now(),
        )
    )


def replace_failed_trainings(state: SessionState, clients: Clients, run: RunState) -> None:
    """Intend every training of a run anew that failed, from the same files."""
    for classifier in run.classifiers:
        failed = classifier.training
        if not replace_failed(run, failed):
            continue
        stem = f"{run.name}/{classifier.id}/"
        earlier = [job for job in run.replaced_jobs if job.kind == "training"]
        attempt = sum(job.id.startswith(stem) for job in earlier) + 1
        classifier.version = f"v{attempt}"
        classifier.training = _attempt(state, clients, run, classifier.id, failed, attempt)


def _shared(state: SessionState, run_name: str) -> ClassifierState:
    """The main classifier of another run with its jobs."""
    main = next(run for run in state.runs if run.name == run_name).classifiers[0]
    usable = {part: job for part, job in main.scoring.items() if is_usable(job)}
    return msgspec.structs.replace(
        main,
        training=msgspec.structs.replace(main.training),
        scoring={part: msgspec.structs.replace(job) for part, job in usable.items()},
    )


def _notes(state: SessionState, new: NewRun) -> tuple[str, ...]:
    """What is known of the classifier that is taken over holds for the new run too."""
    return next((run.notes for run in state.runs if run.name == new.shared), ())


def _training_job(
    state: SessionState,
    clients: Clients,
    mode: Mode,
    run_name: str,
    classifier_id: str,
    own: ClassifierFiles,
) -> JobState:
    """The first attempt at a training."""
    require_bucket(clients.info)
    base = object_base(state, clients, run_name, classifier_id)
    uris = {part: f"{base}/{part}-data/{Path(file.path).name}" for part, file in own.files.items()}
    token = new_token()
    request = training_request(
        name=resource_name("ct", state.name, state.uid, run_name, classifier_id),
        version="v1",
        train_uri=uris["train"],
        test_uri=uris.get("test"),
        output_uri=f"{base}/training-output/",
        role_arn=require_role(clients.info),
        mode=mode,
        delimiter=own.delimiter,
        token=token,
        tags=resource_tags(state, run_name),
    )
    return JobState(
        id=f"{run_name}/{classifier_id}/train",
        kind="training",
        token=token,
        request=request,
        uploads={own.files[part].path: uri for part, uri in uris.items()},
        intended_at=now(),
        estimate=training_estimate(own.files["train"].documents, 1, state.prices),
    )


def _attempt(
    state: SessionState,
    clients: Clients,
    run: RunState,
    classifier_id: str,
    failed: JobState,
    attempt: int,
) -> JobState:
    """The same training once more, as another version with a token of its own."""
    require_bucket(clients.info)
    token = new_token()
    inputs = failed.request["InputDataConfig"]
    request = training_request(
        name=resource_name("ct", state.name, state.uid, run.name, classifier_id),
        version=f"v{attempt}",
        train_uri=inputs["S3Uri"],
        test_uri=inputs.get("TestS3Uri"),
        output_uri=failed.request["OutputDataConfig"]["S3Uri"],
        role_arn=require_role(clients.info),
        mode=state.revision_of(split_of(state, run)).mode,
        delimiter=inputs.get("LabelDelimiter", "|"),
        token=token,
        tags=resource_tags(state, run.name),
    )
    return JobState(
        id=f"{run.name}/{classifier_id}/train-{attempt}",
        kind="training",
        token=token,
        request=request,
        uploads=dict(failed.uploads),
        intended_at=now(),
        estimate=failed.estimate,
    )
