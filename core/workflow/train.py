"""The train step: plan the classifiers of a run, create them, fetch their metrics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from core.comprehend.engine import Clients, require_bucket, require_role
from core.comprehend.jobs import new_token
from core.comprehend.pricing import (
    Estimate,
    PriceList,
    keeping_estimate,
    scoring_estimate,
    total_estimate,
    training_estimate,
)
from core.comprehend.requests import resource_name, training_request
from core.dataset.documents import Mode
from core.dataset.label_groups import RETURNED, LabelGroup, plan_groups
from core.errors import InvalidInput
from core.progress import UNWATCHED, Watch
from core.text import command_word, plural, printable
from core.tuning.curves import Curve
from core.tuning.objectives import LEAST_RETURNED_SHARE
from core.workflow.health import require_health
from core.workflow.jobs import launch, replace_failed, session_clients, wait_for
from core.workflow.metrics import MetricsFile, collect_training, has_output, load_metrics
from core.workflow.money import PlanRow, exceeds_budget, left_usd, require_budget
from core.workflow.parts import load_part
from core.workflow.recorded import is_as_recorded, verified
from core.workflow.score import part_units, untrained_labels
from core.workflow.sending import PlannedUpload, planned_uploads
from core.workflow.session import Session, check_name, now
from core.workflow.split import (
    ClassifierFiles,
    group_files,
    main_files,
    unscored_part,
    write_group_files,
)
from core.workflow.state import (
    ClassifierState,
    JobState,
    OversamplingState,
    PartFile,
    RunState,
    SessionState,
    SplitState,
)

# Which labels need a classifier that returns every score, and the groups that give it to them.


GroupKind = Literal["single", "rare", "complete"]
"""One classifier for all labels; extra ones for the labels in need; extra ones for every label."""
HIDDEN_F1 = 0.05
"""A label is in need when its unknown scores may hide more of its best F1 than this."""


class LabelInNeed(msgspec.Struct, frozen=True, kw_only=True):
    """A label that the returned scores say too little of."""

    label: str
    returned_share: float
    """Share of its positives in the tuning part whose score was returned."""
    hidden_f1: float
    """How much higher its best F1 may be than what the returned scores prove."""
    reason: str


def labels_in_need(session: Session, state: SessionState, run: RunState) -> tuple[LabelInNeed, ...]:
    """The labels of a run whose scores were returned too seldom, by its tuning part.

    A label is in need when less than half of its positives were returned, so that it cannot be
    tuned at all, or when the scores that were not returned may hide more than `HIDDEN_F1` of its
    best F1. The none-label never is, and neither is a label without positives in the part, or one
    that no training document has.

    Raises:
        InvalidInput: the tuning part was not scored, or a file is damaged.
    """
    data = load_part(session, state, run, state.split_of(run).tuning_part)
    if data.mode == "multi-class":
        return ()
    untrained = set() if run.is_adopted else untrained_labels(state, run)
    needs = [
        _need(label, curve)
        for label, curve in data.curves().items()
        if label != data.none_label and label not in untrained and curve.positives
    ]
    return tuple(need for need in needs if need.reason)


def _need(label: str, curve: Curve) -> LabelInNeed:
    share = curve.returned_share
    hidden = float(curve.f1_high.max() - curve.f1_low.max()) if len(curve) else 1.0
    reason = ""
    if share < LEAST_RETURNED_SHARE:
        reason = f"cannot be tuned: the scores of {share:.0%} of its positives were returned"
    elif hidden > HIDDEN_F1:
        reason = f"scores that were not returned may hide up to {hidden:.2f} of its best F1"
    return LabelInNeed(label=label, returned_share=share, hidden_f1=hidden, reason=reason)


def wanted_groups(
    session: Session, state: SessionState, split: SplitState, kind: GroupKind, labels: Sequence[str]
) -> tuple[LabelGroup, ...]:
    """The groups that a kind of run needs; none for a single classifier.

    Args:
        labels: the labels to cover; those in need, or all, when empty.

    Raises:
        InvalidInput: labels cannot be grouped here, none is in need, or it cannot be told yet.
    """
    if kind == "single":
        if labels:
            raise InvalidInput(
                "No label groups", "a single classifier covers every label", "leave out --labels"
            )
        return ()
    _require_groupable(state)
    in_need = _chosen(state, labels) if labels else _all_in_need(session, state, split, kind)
    membership = unscored_part(session, state, split, "train").truth.astype(np.float32)
    together = (membership.T @ membership).astype(np.int64)
    dataset = state.dataset
    return plan_groups(dataset.labels, dataset.none_label, in_need, together=together)


def parse_labels(given: Sequence[str], labels: Sequence[str]) -> tuple[str, ...]:
    """Read label names separated by commas; what is a label as a whole is not taken apart."""
    names: list[str] = []
    for text in given:
        names += [text] if text in labels else [name.strip() for name in text.split(",")]
    return tuple(dict.fromkeys(name for name in names if name))


def _require_groupable(state: SessionState) -> None:
    if state.dataset.mode == "multi-class":
        raise InvalidInput(
            "No label groups",
            "classes compete within one classifier: scores of several cannot be ranked",
            "groups are for sets of labels; train a single classifier",
        )
    if len(state.dataset.labels) <= RETURNED:
        raise InvalidInput(
            "No label groups",
            f"a classifier with at most {RETURNED} labels returns every score already",
            "train a single classifier",
        )


def _chosen(state: SessionState, labels: Sequence[str]) -> tuple[str, ...]:
    none_label = state.dataset.none_label
    if none_label is not None and none_label in labels:
        raise InvalidInput(
            "No group for the none-label",
            f"{printable(none_label, 60)!r} means that a document has no other label",
            "name other labels",
        )
    return tuple(labels)


def _all_in_need(
    session: Session, state: SessionState, split: SplitState, kind: GroupKind
) -> tuple[str, ...]:
    if kind == "complete":
        return state.dataset.labels
    run = state.single_run(split, state.oversampling_of(split))
    part = split.tuning_part
    if run is None or part not in run.scores:
        raise InvalidInput(
            "Not scored yet",
            f"which labels are in need shows in the scores of the {part} part",
            "score first: comprehend-tuner score; or name them: train --groups rare --labels A,B",
        )
    needs = labels_in_need(session, state, run)
    if not needs:
        raise InvalidInput(
            "No label is in need",
            f"run {printable(run.name)}: the returned scores tell enough of every label",
            "go on with: comprehend-tuner thresholds",
        )
    return tuple(need.label for need in needs)


# Put the runs and trainings that are about to start into the state, before any call is made.


@dataclass(frozen=True)
class NewRun:
    """A run that is not there yet."""

    name: str
    groups: tuple[LabelGroup, ...]
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
    run = state.single_run(split, over)
    if run is None:
        return None
    main = run.classifiers[0]
    if not main.is_trained:
        raise InvalidInput(
            "Not trained yet",
            f"the groups stand beside the classifier of run {printable(run.name)}, which is not"
            " trained yet",
            f"finish it first: comprehend-tuner train --run {command_word(run.name)}",
        )
    is_scored = all(main.is_scored(part) for part in split.held_out_parts)
    return run if is_scored or not state.is_deleted(main.training.arn) else None


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
    if new.trained:
        _require_trainable(split, over)
    files = [ClassifierFiles(main_files(split, over), split.delimiter), *group_files]
    revision = state.revision_of(split)
    label_sets = [revision.labels, *(group.all_labels for group in new.groups)]
    shared = state.find_run(new.shared)
    classifiers = [_shared(shared.classifiers[0])] if shared is not None else []
    for number, (own, labels) in enumerate(zip(files, label_sets, strict=True), start=1):
        classifier_id = f"c{number}"
        if classifier_id not in new.trained:
            continue
        training = _first_attempt(state, clients, revision.mode, new.name, classifier_id, own)
        name = training.request["DocumentClassifierName"]
        classifiers.append(
            ClassifierState(
                id=classifier_id, labels=labels, name=name, version="v1", training=training
            )
        )
    if not new.experiment:
        state.adopted = ""
    state.runs.append(
        RunState(
            name=new.name,
            split=split.id,
            inputs=split.training_inputs(over),
            oversampled=dict(over.after) if over is not None else {},
            classifiers=classifiers,
            experiment=new.experiment,
            notes=shared.notes if shared is not None else (),
            made_at=now(),
        )
    )


def replace_failed_trainings(state: SessionState, clients: Clients, run: RunState) -> None:
    """Intend every training of a run anew that failed, from the same files."""
    for classifier in run.classifiers:
        failed = classifier.training
        if not replace_failed(run, failed):
            continue
        classifier.training = _next_attempt(state, clients, run, classifier.id, failed)
        classifier.version = classifier.training.request["VersionName"]


def _shared(main: ClassifierState) -> ClassifierState:
    """The main classifier of another run with its jobs."""
    return msgspec.structs.replace(
        main,
        training=msgspec.structs.replace(main.training),
        scoring={
            part: msgspec.structs.replace(job)
            for part, job in main.scoring.items()
            if job.is_usable
        },
    )


def _first_attempt(
    state: SessionState,
    clients: Clients,
    mode: Mode,
    run_name: str,
    classifier_id: str,
    own: ClassifierFiles,
) -> JobState:
    """The intent of a training that was never asked for."""
    bucket = require_bucket(clients.info)
    base = state.object_base(bucket, run_name, classifier_id)
    uris = _training_uris(state, bucket, run_name, classifier_id, own.files)
    request = training_request(
        name=resource_name("ct", state.name, state.uid, run_name, classifier_id),
        version="v1",
        train_uri=uris["train"],
        test_uri=uris.get("test"),
        output_uri=f"{base}/training-output/",
        role_arn=require_role(clients.info),
        mode=mode,
        delimiter=own.delimiter,
        token=new_token(),
        tags=state.tags_of(run_name),
    )
    return JobState(
        id=f"{run_name}/{classifier_id}/train",
        kind="training",
        token=request["ClientRequestToken"],
        request=request,
        uploads={own.files[part].path: uri for part, uri in uris.items()},
        fingerprints={own.files[part].path: own.files[part].fingerprint for part in uris},
        intended_at=now(),
        estimate=training_estimate(own.files["train"].documents, 1, state.prices),
    )


def _next_attempt(
    state: SessionState, clients: Clients, run: RunState, classifier_id: str, failed: JobState
) -> JobState:
    """The intent of the same training once more, as another version with a token of its own."""
    require_bucket(clients.info)
    earlier = [job for job in run.replaced_jobs if job.kind == "training"]
    attempt = sum(job.id.startswith(f"{run.name}/{classifier_id}/") for job in earlier) + 1
    inputs = failed.request["InputDataConfig"]
    request = training_request(
        name=resource_name("ct", state.name, state.uid, run.name, classifier_id),
        version=f"v{attempt}",
        train_uri=inputs["S3Uri"],
        test_uri=inputs.get("TestS3Uri"),
        output_uri=failed.request["OutputDataConfig"]["S3Uri"],
        role_arn=require_role(clients.info),
        mode=state.revision_of(state.split_of(run)).mode,
        delimiter=inputs.get("LabelDelimiter", "|"),
        token=new_token(),
        tags=state.tags_of(run.name),
    )
    return JobState(
        id=f"{run.name}/{classifier_id}/train-{attempt}",
        kind="training",
        token=request["ClientRequestToken"],
        request=request,
        uploads=dict(failed.uploads),
        fingerprints={
            path: failed.fingerprints[path]
            for path in failed.uploads
            if path in failed.fingerprints
        },
        intended_at=now(),
        estimate=failed.estimate,
    )


# Which run a training is: one that is there with the same inputs, or a new one with its name.


_LONGEST_STEM = 28


def run_to_train(
    state: SessionState,
    split: SplitState,
    over: OversamplingState | None,
    given: str | None,
    groups: tuple[LabelGroup, ...] | None,
    kind: GroupKind,
) -> NewRun:
    """The run to train: one that is there with the same inputs and groups, or a new one.

    An arm of an experiment will do as well: training the same file again would pay for it twice.
    The base of an experiment that is not started yet is started by it; the names of its other arms
    are taken.

    Args:
        groups: those that it must have; None when any run of these inputs will do.
    """
    if given is not None:
        return named_run(state, split, over, given, groups)
    inputs = split.training_inputs(over)
    own = [run for run in state.runs if not run.experiment]
    arms = [run for run in state.runs if run.experiment]
    for run in reversed([*arms, *own]):
        if run.inputs == inputs and groups in (None, run.groups):
            return NewRun(run.name, run.groups, "")
    taken = state.taken_names
    names = ("base" if number == 1 else f"run{number}" for number in range(1, 10_000))
    planned = _planned_base(state, split, over, groups)
    if not groups:
        return NewRun(planned or next(name for name in names if name not in taken), (), "")
    shared = shareable_run(state, split, over)
    stem = shared.name[:_LONGEST_STEM] if shared else next(n for n in names if n not in taken)
    named = (f"{stem}-{kind}" + (f"-{n}" if n > 1 else "") for n in range(1, 10_000))
    name = planned or next(name for name in named if name not in taken)
    return NewRun(name, groups, shared.name if shared else "")


def _planned_base(
    state: SessionState,
    split: SplitState,
    over: OversamplingState | None,
    groups: tuple[LabelGroup, ...] | None,
) -> str | None:
    """The name that an experiment has for these trainings, which it has not started yet."""
    there = {run.name for run in state.runs}
    for experiment in state.experiments if over is None else ():
        base = experiment.arms[0]
        is_own = base.run.startswith(f"{experiment.id}-")
        if experiment.split == split.id and experiment.groups == (groups or ()) and not is_own:
            if base.run not in there:
                return base.run
    return None


def named_run(
    state: SessionState,
    split: SplitState,
    over: OversamplingState | None,
    name: str,
    groups: tuple[LabelGroup, ...] | None,
) -> NewRun:
    """The run of this name, which may be there when it has the same inputs and groups.

    Raises:
        InvalidInput: it has others, or the name is an experiment's that is to begin with it.
    """
    hint = "give the new run another name with --run NAME"
    run = state.find_run(name)
    if run is None:
        if name in state.taken_names and name != _planned_base(state, split, over, groups):
            message = f"run {printable(name)} is an arm of an experiment, not started yet"
            raise InvalidInput("Name is taken", message, hint)
        shared = shareable_run(state, split, over) if groups else None
        return NewRun(check_name(name), groups or (), shared.name if shared else "")
    if run.inputs != split.training_inputs(over):
        message = f"run {printable(name)} was trained on other data"
        raise InvalidInput("Run exists", message, hint)
    if groups not in (None, run.groups):
        message = f"run {printable(name)} has other label groups"
        raise InvalidInput("Run exists", message, hint)
    return NewRun(name, run.groups, "")


@dataclass(frozen=True)
class TrainingPlan:
    """What a training would upload, create and cost."""

    run: str
    is_resumed: bool
    """Whether the run exists and is only carried on."""
    split: str
    mode: str
    labels: tuple[str, ...]
    groups: tuple[LabelGroup, ...]
    """Labels of the classifiers beside the main one: ``c2``, ``c3`` …"""
    shared: str
    """The run whose main classifier a new run takes over, not trained again; empty for none."""
    uploads: tuple[tuple[str, int], ...]
    """Session files with their size in bytes; those of groups are written when they start."""
    sends: tuple[PlannedUpload, ...]
    """Everything that is sent, and where to."""
    classifiers: int
    documents: int
    rows: tuple[PlanRow, ...]
    """Price of each training that is still to be started."""
    estimate: Estimate
    """Their sum, without keeping the classifiers."""
    keeping: Estimate
    """Keeping the classifiers that these trainings make, per month."""
    scoring: Estimate
    """Scoring the held-out parts with the classifiers that these trainings make."""
    budget_usd: float | None
    left_usd: float | None
    """What the budget leaves beside everything started and intended; None without a budget."""
    is_over_budget: bool
    """Whether what is new would be refused."""
    engine: str
    is_paid: bool


def plan_training(
    session: Session,
    run_name: str | None = None,
    groups: GroupKind | None = None,
    labels: Sequence[str] = (),
) -> TrainingPlan:
    """Say what `train` would do, without doing it.

    A run with groups has the main classifier, taken over from the run that has it already, and one
    classifier per group of labels, which returns their every score.

    Args:
        groups: None carries on the newest run of these inputs, or plans a single classifier.
        labels: what the groups must cover; the labels in need, or all, when empty.

    Raises:
        InvalidInput: there is no split of the present dataset, the run's name is taken, or it
            cannot be told which labels are in need.
    """
    state = session.state()
    split = state.present_split()
    if groups is None and labels:
        groups = "rare"
    chosen = None if groups is None else wanted_groups(session, state, split, groups, labels)
    over = state.oversampling_of(split)
    new = run_to_train(state, split, over, run_name, chosen, groups or "single")
    clients = session_clients(session)
    files = main_files(split, over)
    run = state.find_run(new.name)
    trainings = _trainings_to_start(run, new)
    documents = files["train"].documents
    units = sum(part_units(session, state, split).values())
    if trainings:
        _require_trainable(split, over)
    sends = _sends(session, state, split, over, new)
    return TrainingPlan(
        run=new.name,
        is_resumed=run is not None,
        split=split.id,
        mode=state.dataset.mode,
        labels=state.dataset.labels,
        groups=new.groups,
        shared=new.shared,
        uploads=tuple((s.path, s.size_bytes) for s in sends if s.size_bytes is not None),
        sends=sends,
        classifiers=len(trainings) if run is None else len(run.classifiers),
        documents=documents,
        rows=_plan_rows(trainings, documents, state.prices),
        estimate=_training_price(len(trainings), documents, state.prices),
        keeping=keeping_estimate(len(trainings), state.prices),
        scoring=scoring_estimate(units * len(trainings), state.prices),
        budget_usd=state.budget_usd,
        left_usd=left_usd(state),
        is_over_budget=exceeds_budget(state, _new_price(state, split, new)),
        engine=clients.info.label,
        is_paid=clients.info.is_paid,
    )


def start_training_run(
    session: Session, plan: TrainingPlan, despite_findings: bool = False, watch: Watch = UNWATCHED
) -> RunState:
    """Create the run's classifiers, or carry on where an interrupted call stopped.

    Raises:
        InvalidInput: there is no split of the present dataset, or no bucket or role was chosen.
        Refused: the health gate is closed, the budget does not allow what is new, or something else
            than was planned would be sent.
        TryAgain: another terminal runs a step of this session.
        TunerError: an upload or a call failed.
    """
    with session.working():
        state = session.state()
        clients = session_clients(session)
        split = state.present_split()
        over = state.oversampling_of(split)
        new = named_run(state, split, over, plan.run, plan.groups)
        exists = state.find_run(new.name) is not None
        if not exists and "c1" in new.trained:
            for file in main_files(split, over).values():
                verified(session, state, file.path)
        if not exists or any(c.training.is_failed for c in state.run_named(new.name).classifiers):
            require_health(state, despite_findings)
        files = []
        if not exists or not has_files(session, state, state.run_named(new.name)):
            files = write_group_files(session, state, split, over, new.groups, watch)
        with session.editing() as state:
            require_budget(state, _new_price(state, split, new))
            if exists:
                if state.run is None or state.run.name != new.name:
                    state.adopted = new.name
                replace_failed_trainings(state, clients, state.run_named(new.name))
            else:
                add_run(state, split, over, clients, new, files)
        for classifier in session.state().run_named(new.name).classifiers:
            launch(session, clients, new.name, classifier.training.id, watch, plan.sends)
        return session.state().run_named(new.name)


def finish_training(
    session: Session, run_name: str, watch: Watch = UNWATCHED
) -> tuple[MetricsFile, ...]:
    """Wait for the run's trainings and fetch their metrics; interrupting leaves them running.

    Metrics that are gone or not as recorded are fetched once more.

    Raises:
        OperationFailed: a training failed.
        Interrupted: cancelled; the trainings go on.
    """
    clients = session_clients(session)
    state = session.state()
    for classifier in state.run_named(run_name).classifiers:
        if not classifier.is_trained:
            wait_for(session, clients, run_name, classifier.training.id, watch)
        elif has_output(session, state, classifier):
            continue
        collect_training(session, clients, run_name, classifier.id, watch)
    return load_metrics(session, run_name)


def _require_trainable(split: SplitState, over: OversamplingState | None) -> None:
    """Refuse a training that the service would end in error, before anything is paid.

    Raises:
        InvalidInput: a label of the test part is on no training document.
    """
    trained = over.after if over is not None else split.positives("train")
    tested = split.positives("test")
    lacking = [label for label, count in tested.items() if count and not trained.get(label)]
    if lacking:
        names = ", ".join(repr(printable(label, 40)) for label in lacking[:8])
        one = len(lacking) == 1
        raise InvalidInput(
            "Label without training documents",
            f"{names} {'is' if one else 'are'} on documents of the test part and on none of the"
            " training part: the service ends such a training in error",
            "deal the documents anew: comprehend-tuner split; or merge or drop the label with:"
            " comprehend-tuner health",
        )


def _sends(
    session: Session,
    state: SessionState,
    split: SplitState,
    over: OversamplingState | None,
    new: NewRun,
) -> tuple[PlannedUpload, ...]:
    """What the trainings that are not started will send: as intended, or as will be.

    Raises:
        NotAsRecorded: a file of the split, or the changed training file, was changed since.
    """
    run = state.find_run(new.name)
    files = main_files(split, over)
    sends: list[PlannedUpload] = []
    if run is not None:
        for classifier in run.classifiers:
            job = classifier.training
            if not job.is_started or job.is_failed:
                sends += planned_uploads(session, job.uploads, job.fingerprints)
    else:
        bucket = session_clients(session).info.bucket
        groups = [group_files(split, over, group) for group in new.groups]
        for number, own in enumerate([files, *groups], start=1):
            if f"c{number}" in new.trained:
                uris = _training_uris(state, bucket, new.name, f"c{number}", own)
                uploads = {file.path: uris[part] for part, file in own.items()}
                prints = {file.path: file.fingerprint for file in own.values()}
                sends += planned_uploads(session, uploads, prints)
    for file in files.values():
        if any(file.path == upload.path for upload in sends):
            verified(session, state, file.path)
    return tuple(sends)


def _training_uris(
    state: SessionState,
    bucket: str,
    run_name: str,
    classifier_id: str,
    files: Mapping[str, PartFile],
) -> dict[str, str]:
    """Where the files of a classifier go, by part; empty without a bucket."""
    base = state.object_base(bucket, run_name, classifier_id)
    return {
        part: f"{base}/{part}-data/{Path(file.path).name}" if bucket else ""
        for part, file in files.items()
    }


def has_files(session: Session, state: SessionState, run: RunState) -> bool:
    """Whether what the trainings of a run are still to send is here, as recorded."""
    waiting = [c.training for c in run.classifiers if not c.training.is_started]
    return all(is_as_recorded(session, state, *job.uploads) for job in waiting)


def _trainings_to_start(run: RunState | None, new: NewRun) -> list[str]:
    """Ids of the classifiers whose training was not started, or failed and is started anew."""
    if run is None:
        return list(new.trained)
    return [c.id for c in run.classifiers if not c.training.arn or c.training.is_failed]


def _plan_rows(trainings: list[str], documents: int, prices: PriceList) -> tuple[PlanRow, ...]:
    price = training_estimate(documents, 1, prices)
    return tuple(
        PlanRow(f"{classifier} training", documents, None, price.low_usd, price.high_usd)
        for classifier in trainings
    )


def _training_price(n_trainings: int, documents: int, prices: PriceList) -> Estimate:
    if not n_trainings:
        return Estimate(0.0, 0.0, "nothing is left to be started")
    return training_estimate(documents, n_trainings, prices)


def new_classifiers_price(state: SessionState, count: int, documents: int) -> Estimate:
    """Price of trainings that no intent was saved for, with a month of their classifiers."""
    price = _training_price(count, documents, state.prices)
    return total_estimate([price, keeping_estimate(count, state.prices)])


def _new_price(state: SessionState, split: SplitState, new: NewRun) -> Estimate:
    run = state.find_run(new.name)
    count = len(new.trained) if run is None else sum(c.training.is_failed for c in run.classifiers)
    documents = main_files(split, state.oversampling_of(split))["train"].documents
    return new_classifiers_price(state, count, documents)


# The proposal of label groups: which labels are in need, what would help, and at what price.


_SHOWN = 4


@dataclass(frozen=True)
class Proposal:
    """Extra classifiers that would return every score of the labels in need."""

    run: str
    """The run whose scores show the need."""
    part: str
    """The part that they are of."""
    labels: tuple[LabelInNeed, ...]
    groups: tuple[LabelGroup, ...]
    training: Estimate
    """The extra trainings."""
    scoring: Estimate
    """Scoring the held-out parts with the extra classifiers."""
    keeping: Estimate
    """Keeping the extra classifiers, per month."""
    is_paid: bool
    command: str
    """What plans and starts them."""


def propose_groups(session: Session, run_name: str | None = None) -> Proposal | None:
    """What label groups would give a run, and what they would cost; nothing is started.

    Args:
        run_name: the run; the newest when None.

    Returns:
        None when no label is in need, the tuning part was not scored, groups are not possible, or
        a run has them already.
    """
    state = session.state()
    try:
        run = state.run_named(run_name)
        part = state.split_of(run).tuning_part
        needs = labels_in_need(session, state, run) if part in run.scores else ()
        plan = plan_training(session, groups="rare") if needs else None
    except InvalidInput:
        return None
    if plan is None or plan.is_resumed:
        return None
    return Proposal(
        run=run.name,
        part=part,
        labels=needs,
        groups=plan.groups,
        training=plan.estimate,
        scoring=plan.scoring,
        keeping=plan.keeping,
        is_paid=plan.is_paid,
        command="comprehend-tuner train --groups rare",
    )


def need_words(proposal: Proposal) -> str:
    """Which labels are in need, in words."""
    named = [
        f"{printable(need.label, 30)} ({need.returned_share:.0%} returned)"
        for need in proposal.labels[:_SHOWN]
    ]
    more = len(proposal.labels) - _SHOWN
    names = ", ".join([*named, f"{more} more"] if more > 0 else named)
    what = plural(len(proposal.labels), "label")
    verb = "needs" if len(proposal.labels) == 1 else "need"
    return f"{what} {verb} every score: {names}"


def price_words(proposal: Proposal) -> str:
    """What the groups would cost, in words."""
    where = "" if proposal.is_paid else " on AWS (nothing offline)"
    return (
        f"{plural(len(proposal.groups), 'more classifier')}:"
        f" training {proposal.training.shown}, scoring {proposal.scoring.shown},"
        f" keeping {proposal.keeping.shown} a month{where}"
    )


def proposal_lines(proposal: Proposal | None, command: str = "") -> list[str]:
    """The proposal for the output of a command; nothing without one.

    Args:
        command: what plans it when the session must be named.
    """
    if proposal is None:
        return []
    return [
        need_words(proposal),
        f"label groups return them: {price_words(proposal)}",
        f"plan them with: {command or proposal.command}",
    ]


def group_lines(plan: TrainingPlan) -> list[str]:
    """The classifiers of a plan with groups, one a line; nothing for a single one."""
    if not plan.groups:
        return []
    main = f"taken over from run {printable(plan.shared)}, not trained again" if plan.shared else ""
    lines = [f"c1 all labels{f': {main}' if main else ''}"]
    for number, group in enumerate(plan.groups, start=2):
        names = " + ".join(printable(name, 40) for name in group.labels)
        lines.append(f"c{number} {names}, {group.none_label} for the rest")
    return lines
