"""What ``session.json`` holds, as typed structs.

Paths are relative to the session's folder, so the folder can be moved. Times are ISO 8601 in UTC.
Every artefact names the fingerprint of what it was made from; `core.workflow.steps` derives from
these whether a step is done or stale. What can be told from the state alone, the structs tell
themselves; nothing of that is stored.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Literal

import msgspec

from core.comprehend.engine import EngineSettings, TwinOptions
from core.comprehend.jobs import JobStatus
from core.comprehend.ledger import EntryState, LedgerEntry, ResourceKind
from core.comprehend.pricing import DEFAULT_PRICES, Estimate, PriceList
from core.dataset.arms import ArmsRequest, PlannedArm
from core.dataset.documents import Mode
from core.dataset.formats.sources import ImportReport, SourceSettings
from core.dataset.health.findings import Finding
from core.dataset.label_groups import LabelGroup
from core.dataset.resampling import Recipe
from core.errors import InvalidInput, TryAgain
from core.files import fingerprint
from core.text import printable

# The dataset, its revisions, findings, splits and resampled training parts, as they are saved.


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """One state of the dataset: the import, or a fix applied to the revision before."""

    id: str
    """``r1``, ``r2`` …"""
    path: str
    fingerprint: str
    documents: int
    labels: tuple[str, ...]
    mode: Mode
    none_label: str | None
    how: str
    """What made it, in words."""
    fix: str = ""
    """Id of the applied fix; empty for the import."""
    made_at: str


class HealthState(msgspec.Struct, frozen=True, kw_only=True):
    """Findings on one dataset revision."""

    dataset: str
    """Fingerprint of the revision that was checked."""
    findings: tuple[Finding, ...]
    made_at: str


class PartFile(msgspec.Struct, frozen=True, kw_only=True):
    """A prepared file of one part."""

    path: str
    fingerprint: str
    documents: int
    units: int = 0
    """Charged units of 100 characters; only for files that are scored."""
    line_map: str = ""
    """Path of the line map; only for files that are scored."""
    line_map_fingerprint: str = ""
    """Of the line map; empty where an earlier version did not record it."""


class SplitState(msgspec.Struct, frozen=True, kw_only=True):
    """A split of one dataset revision and the files prepared from it."""

    id: str
    """``s1``, ``s2`` …; also its folder below ``data/``."""
    dataset: str
    """Fingerprint of the revision that was split."""
    revision: str
    ratios: tuple[float, ...]
    part_names: tuple[str, ...]
    seed: int
    sizes: tuple[int, ...]
    delimiter: str
    worst_deviation: float
    """Largest relative deviation of a label's share in a part from the wanted share."""
    fingerprint: str
    """Fingerprint of the assignment of documents to parts."""
    support: dict[str, dict[str, int]]
    """Positives by label and part."""
    training: dict[str, PartFile]
    """``train`` and ``test`` in the classifier's two-column format."""
    scoring: dict[str, PartFile]
    """Text-only files by part, one document a line."""
    findings: tuple[Finding, ...] = ()
    """Checks that need the parts: labels missing from one, texts in two."""
    truth_fingerprint: str = ""
    """Of the file of parts and labels; empty where an earlier version did not record it."""
    made_at: str

    @property
    def tuning_part(self) -> str:
        """The part that thresholds are tuned on: calibration, or test when there is none."""
        return "calibration" if "calibration" in self.part_names else "test"

    @property
    def held_out_parts(self) -> tuple[str, ...]:
        """The parts that a run must score before its thresholds can be tuned and measured."""
        return tuple(part for part in self.part_names if part != "train")

    def positives(self, part: str) -> dict[str, int]:
        """Positives of every label in one part."""
        return {label: parts[part] for label, parts in self.support.items()}

    def training_inputs(self, over: "OversamplingState | None") -> str:
        """Fingerprint of everything that training on the split, or on a changed one, depends on."""
        repeated = over.training.fingerprint if over is not None else ""
        files = [self.training[part].fingerprint for part in sorted(self.training)]
        return fingerprint("training", self.delimiter, repeated, *files)


class OversamplingState(msgspec.Struct, frozen=True, kw_only=True):
    """A training part with positives of rare labels repeated, or with some left out."""

    split: str
    """Fingerprint of the split whose training part was changed."""
    targets: dict[str, int]
    distinct: dict[str, int] = {}
    growth: float = 0.0
    is_shuffled: bool = False
    seed: int
    added: int
    removed: int = 0
    before: dict[str, int]
    """Positives of every label in the training part as it was split."""
    after: dict[str, int]
    """Positives of every label in the changed one."""
    training: PartFile
    made_at: str

    @property
    def recipe(self) -> Recipe:
        """How the training part was changed."""
        return Recipe(
            targets=self.targets,
            distinct=self.distinct,
            growth=self.growth,
            is_shuffled=self.is_shuffled,
            seed=self.seed,
        )


# Oversampling experiments: arms, each trained as a run, as they are saved.


class ArmState(msgspec.Struct, frozen=True, kw_only=True):
    """One arm of an experiment."""

    plan: PlannedArm
    run: str
    """The run that it is trained as; the base arm may be a run that was there before."""
    before: dict[str, int]
    """Positives of every label in the training part as it was split."""
    after: dict[str, int]
    """Positives of every label in the arm's training part, copies included."""
    distinct: dict[str, int]
    """The same without copies."""
    added: int
    removed: int
    documents: int
    size_bytes: int
    """Size of the training file."""
    made: OversamplingState | None = None
    """The training file, once it is written; None before and for a base as it was split."""
    skipped: str = ""
    """Why it is not trained; empty when it is, or is to be."""


class ComparisonState(msgspec.Struct, frozen=True, kw_only=True):
    """The last comparison of an experiment's arms."""

    inputs: str
    """Fingerprint of the scores that were compared."""
    path: str
    """The report in JSON."""
    fingerprint: str = ""
    """Of the report; empty where an earlier version did not record it."""
    verdicts: dict[str, str]
    """In words, by arm."""
    made_at: str


class ExperimentState(msgspec.Struct, kw_only=True):
    """A sweep of arms on one split."""

    id: str
    """``e1``, ``e2`` …"""
    split: str
    """Id of the split."""
    request: ArmsRequest
    groups: tuple[LabelGroup, ...] = ()
    """Label groups that every arm has, as the base does."""
    objective: str = "max_f1"
    """What every arm's thresholds are chosen for, on the tuning part."""
    patience: int | None = None
    """Stop after so many arms in a row without gain; None trains every arm."""
    arms: list[ArmState]
    """Base first, then in ascending order."""
    comparison: ComparisonState | None = None
    made_at: str

    def arm(self, arm_id: str) -> ArmState:
        """The arm called `arm_id`, which must exist."""
        return next(arm for arm in self.arms if arm.plan.id == arm_id)


# Jobs, classifiers and endpoints, as they are saved.


class JobState(msgspec.Struct, kw_only=True):
    """A training or scoring job, written ahead of the call that starts it."""

    id: str
    """Name within the session, such as ``base/c1/train``."""
    kind: Literal["training", "scoring"]
    part: str = ""
    """The part that a scoring job reads."""
    token: str
    """ClientRequestToken: repeating the call with it starts nothing a second time."""
    request: dict[str, Any]
    uploads: dict[str, str]
    """Object URI by the session file that is uploaded to it."""
    fingerprints: dict[str, str] = {}
    """By session file: of what is uploaded, when intended, and of what was kept of the output."""
    intended_at: str
    arn: str = ""
    """Empty until the call that starts the job has answered."""
    job_id: str = ""
    status: JobStatus | None = None
    artifact: str = ""
    """The fetched output archive; empty until it is here and was read."""
    estimate: Estimate | None = None
    twin: TwinOptions | None = None
    """The twin's quirks that a scoring job ran with; None on Amazon's side."""
    started_at: str = ""
    """When the call that starts the job was answered; empty before, and for an adopted job."""
    is_adopted: bool = False
    """Whether it was started elsewhere; an adopted job's things are never cleaned up."""

    @property
    def is_started(self) -> bool:
        """Whether the call that starts it has answered."""
        return bool(self.arn)

    @property
    def is_final(self) -> bool:
        """Whether it has ended, well or not."""
        return self.status is not None and self.status.is_final

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended, as last seen."""
        return self.is_started and not self.is_final

    @property
    def is_usable(self) -> bool:
        """Whether it ended well and its output is here."""
        return bool(self.artifact) and self.has_succeeded

    @property
    def has_succeeded(self) -> bool:
        """Whether it ended well, be its output here or not."""
        return self.status is not None and self.status.is_usable

    @property
    def has_new_output(self) -> bool:
        """Whether it ended well and its output is still to be fetched."""
        return self.has_succeeded and not self.artifact

    @property
    def is_failed(self) -> bool:
        """Whether it ended without usable output."""
        return self.is_final and not self.has_succeeded

    @property
    def state(self) -> str:
        """The service's own word; "to be started" before the call has answered."""
        return self.status.state if self.status else ("SUBMITTED" if self.arn else "to be started")


class ClassifierState(msgspec.Struct, kw_only=True):
    """One trained classifier of a run with the jobs that used it."""

    id: str
    """``c1``, ``c2`` …"""
    labels: tuple[str, ...]
    name: str
    version: str
    training: JobState
    scoring: dict[str, JobState] = {}

    @property
    def is_trained(self) -> bool:
        """Whether it is trained and its metrics are here."""
        return self.training.is_usable

    def is_scored(self, part: str) -> bool:
        """Whether its scores of a part are here."""
        return part in self.scoring and self.scoring[part].is_usable


class EndpointState(msgspec.Struct, kw_only=True):
    """An endpoint of one classifier, written ahead of the call that creates it."""

    name: str
    """Endpoint name, at most 40 characters."""
    run: str
    classifier: str
    """Id of the classifier within the run."""
    token: str
    """ClientRequestToken: repeating the call with it creates nothing a second time."""
    request: dict[str, Any]
    inference_units: int
    intended_at: str
    delete_at: str
    """When it is to be deleted; ISO time, UTC."""
    arn: str = ""
    """Empty until the creating call has answered."""
    created_at: str = ""
    """When the creating call was answered; the price counts from here."""
    state: str = ""
    """The service's own word, as last seen; ``DELETED`` once it is gone."""
    message: str = ""
    deleted_at: str = ""
    """When it was found gone; empty while it may exist."""

    def seconds_left(self, moment: datetime) -> float:
        """Seconds until it is to be deleted; 0 or less when it is due."""
        return (datetime.fromisoformat(self.delete_at) - moment).total_seconds()

    def lived_s(self, moment: datetime) -> float:
        """Seconds that it has existed, or existed until it was found gone."""
        begin = datetime.fromisoformat(self.created_at or self.intended_at)
        end = datetime.fromisoformat(self.deleted_at) if self.deleted_at else moment
        return max((end - begin).total_seconds(), 0.0)

    def planned_s(self, moment: datetime) -> float:
        """Seconds from its creation to its deletion, done or to come; longer when overdue."""
        left = 0.0 if self.deleted_at else max(self.seconds_left(moment), 0.0)
        return self.lived_s(moment) + left


# Runs with their scores and thresholds, as they are saved.


class ScoresState(msgspec.Struct, frozen=True, kw_only=True):
    """The merged score matrix of one part."""

    path: str
    fingerprint: str
    documents: int
    missing: int
    duplicated: int
    conflicting: int
    extra: int
    errored: int
    returned_share: dict[str, float | None]
    """Share of a label's positives whose score was returned; None without positives."""
    jobs: tuple[str, ...] = ()
    """Ids of the scoring jobs whose output was joined; empty where this was not noted."""
    made_at: str


class ThresholdsState(msgspec.Struct, frozen=True, kw_only=True):
    """The thresholds of a run."""

    inputs: str
    """Fingerprint of the scores that they were tuned and measured on."""
    objective: str
    tuned_on: str
    measured_on: str
    values: dict[str, float]
    edited: tuple[str, ...] = ()
    """Labels whose threshold was set by hand."""
    per_label: dict[str, str] = {}
    """Objectives of single labels, where they are not `objective`."""
    adopted: tuple[str, ...] = ()
    """Labels whose tuned threshold the user adopted although the evidence keeps the default."""
    path: str
    """The thresholds file."""
    report: str
    """The report in JSON."""
    fingerprint: str = ""
    """Of the thresholds file; empty where an earlier version did not record it."""
    report_fingerprint: str = ""
    made_at: str


class RunState(msgspec.Struct, kw_only=True):
    """One or more trained classifiers, their merged scores and their thresholds."""

    name: str
    split: str
    """Id of the split it was trained on."""
    inputs: str
    """Fingerprint of everything that training depends on."""
    oversampled: dict[str, int] = {}
    classifiers: list[ClassifierState]
    scores: dict[str, ScoresState] = {}
    thresholds: ThresholdsState | None = None
    replaced_jobs: list[JobState] = []
    """Jobs that failed or ran with other settings, and were started anew."""
    experiment: str = ""
    """Id of the experiment whose arm the run was trained as; empty for a run of its own."""
    notes: tuple[str, ...] = ()
    """What a reader of the run's figures must know, such as that its training file is unknown."""
    made_at: str

    def jobs(self) -> list[JobState]:
        """The jobs that count, training first in each classifier."""
        return [
            job
            for classifier in self.classifiers
            for job in (classifier.training, *classifier.scoring.values())
        ]

    def all_jobs(self) -> list[JobState]:
        """The jobs that were replaced, and then those that count."""
        return [*self.replaced_jobs, *self.jobs()]

    def asked_parts(self) -> list[str]:
        """The parts that any classifier has a scoring job of, in alphabetical order."""
        return sorted({part for classifier in self.classifiers for part in classifier.scoring})

    def job_named(self, job_id: str) -> JobState:
        """The job called `job_id`.

        Raises:
            TryAgain: it does not count any more, because another terminal has started it anew.
        """
        for job in self.jobs():
            if job.id == job_id:
                return job
        raise TryAgain("Job replaced", f"{printable(job_id)} was started anew", "repeat the step")

    def classifier_named(self, classifier_id: str) -> ClassifierState:
        """The classifier called `classifier_id`, which must exist."""
        return next(c for c in self.classifiers if c.id == classifier_id)

    @property
    def failed_jobs(self) -> list[JobState]:
        """The jobs that ended without usable output."""
        return [job for job in self.jobs() if job.is_failed]

    @property
    def is_trained(self) -> bool:
        """Whether every classifier is trained and its metrics are here."""
        return all(classifier.is_trained for classifier in self.classifiers)

    @property
    def is_adopted(self) -> bool:
        """Whether a classifier was trained elsewhere."""
        return any(classifier.training.is_adopted for classifier in self.classifiers)

    def is_scored(self, *parts: str) -> bool:
        """Whether the scores of these parts were joined."""
        return self.scores.keys() >= set(parts)

    def is_behind(self, part: str) -> bool:
        """Whether the joined scores of a part are of earlier jobs than those that count now."""
        jobs = tuple(c.scoring[part].id for c in self.classifiers if part in c.scoring)
        return bool(self.scores[part].jobs) and self.scores[part].jobs != jobs

    @property
    def scores_fingerprint(self) -> str:
        """Fingerprint of the scores of all parts."""
        return fingerprint(
            "scores", *(f"{part}={self.scores[part].fingerprint}" for part in sorted(self.scores))
        )

    @property
    def groups(self) -> tuple[LabelGroup, ...]:
        """The label groups beside the main classifier."""
        return tuple(
            LabelGroup(labels=classifier.labels[:-1], none_label=classifier.labels[-1])
            for classifier in self.classifiers[1:]
        )

    def require_label(self, label: str) -> None:
        """Make sure that the classifiers know a label.

        Raises:
            InvalidInput: they do not.
        """
        labels = self.classifiers[0].labels
        if label not in labels:
            raise InvalidInput(
                "No such label",
                f"{printable(label, 60)!r} is not a label of run {printable(self.name)}",
                f"labels: {', '.join(printable(name, 40) for name in labels)}",
            )


# The whole of ``session.json``.


SCHEMA_VERSION = 1


class SessionState(msgspec.Struct, kw_only=True):
    """The whole of ``session.json``."""

    schema_version: int = SCHEMA_VERSION
    name: str
    uid: str
    """Eight random hexadecimal digits: keeps equal session names apart in one bucket."""
    created_at: str
    engine: EngineSettings
    twin: TwinOptions
    source: SourceSettings
    imported: ImportReport
    revisions: list[Revision]
    health: HealthState | None = None
    splits: list[SplitState] = []
    oversampling: OversamplingState | None = None
    runs: list[RunState] = []
    experiments: list[ExperimentState] = []
    adopted: str = ""
    """The arm's run that the user adopted; empty when the newest run of its own is meant."""
    ledger: list[LedgerEntry] = []
    endpoints: list[EndpointState] = []
    prices: PriceList = DEFAULT_PRICES
    """The prices that estimates use; the user may replace them."""
    budget_usd: float | None = None
    """Most that the session may cost; a launch that could exceed it is refused."""
    test_looks: int = 0
    """How often thresholds were measured on the test part."""

    @property
    def dataset(self) -> Revision:
        """The newest revision of the dataset."""
        return self.revisions[-1]

    @property
    def split(self) -> SplitState | None:
        """The newest split."""
        return self.splits[-1] if self.splits else None

    def revision_of(self, split: SplitState) -> Revision:
        """The revision of the dataset that was split."""
        return next(revision for revision in self.revisions if revision.id == split.revision)

    def present_split(self) -> SplitState:
        """The split of the present dataset.

        Raises:
            InvalidInput: there is none.
        """
        if self.split is None or self.split.dataset != self.dataset.fingerprint:
            raise InvalidInput(
                "No split", "the present dataset is not split yet", "run: comprehend-tuner split"
            )
        return self.split

    def split_of(self, work: RunState | ExperimentState) -> SplitState:
        """The split that a run was trained on, or that an experiment's arms change."""
        return next(split for split in self.splits if split.id == work.split)

    def oversampling_of(self, split: SplitState) -> OversamplingState | None:
        """What the next run of a split is trained on instead of its training part as it is."""
        over = self.oversampling
        return over if over is not None and over.split == split.fingerprint else None

    # Runs.

    @property
    def run(self) -> RunState | None:
        """The run that the session is about: the adopted arm, or the newest run that is no arm."""
        own = [run for run in self.runs if not run.experiment]
        adopted = [run for run in self.runs if run.name == self.adopted]
        runs = adopted or own
        return runs[-1] if runs else None

    def find_run(self, name: str) -> RunState | None:
        """The run called `name`; None without one."""
        return next((run for run in self.runs if run.name == name), None)

    def run_named(self, name: str | None = None) -> RunState:
        """The run called `name`, or the one that the session is about.

        Raises:
            InvalidInput: there is none.
        """
        run = self.run if name is None else self.find_run(name)
        if run is not None:
            return run
        if name is None:
            raise InvalidInput(
                "No run yet", "nothing was trained in this session", "run: comprehend-tuner train"
            )
        names = ", ".join(run.name for run in self.runs) or "none yet"
        raise InvalidInput(
            "No such run",
            f"run {printable(name)!r} is not in this session",
            f"runs: {names}; start one with: comprehend-tuner train",
        )

    def note_output(self, job_id: str, path: str, fingerprint: str) -> None:
        """Record what was kept of a job's output, in every run that has the job."""
        for run in self.runs:
            for job in run.jobs():
                if job.id == job_id:
                    job.fingerprints = {**job.fingerprints, path: fingerprint}

    def lost_classifiers(self, run: RunState) -> list[str]:
        """Ids of the classifiers of a run that were deleted before they were asked for all."""
        parts = self.split_of(run).held_out_parts
        return [
            classifier.id
            for classifier in run.classifiers
            if self.is_deleted(classifier.training.arn)
            and not all(p in classifier.scoring and classifier.scoring[p].is_started for p in parts)
        ]

    def single_run(self, split: SplitState, over: OversamplingState | None) -> RunState | None:
        """The newest run of one classifier that was trained on a split, or on a changed one."""
        inputs = split.training_inputs(over)
        runs = [run for run in self.runs if run.inputs == inputs and len(run.classifiers) == 1]
        return runs[-1] if runs else None

    def trained_run(
        self,
        split: SplitState,
        groups: tuple[LabelGroup, ...] | None,
        over: OversamplingState | None = None,
    ) -> RunState | None:
        """The run trained on a split, as it is or changed: the session's own, or the newest such.

        A run that was deleted before it was scored is none: nothing could be compared with it.

        Args:
            groups: the label groups that it must have; None when any will do.
            over: the changed training part; None for the part as it was split.
        """
        inputs = split.training_inputs(over)
        runs = [
            run
            for run in self.runs
            if run.inputs == inputs
            and groups in (None, run.groups)
            and run.split == split.id
            and not self.lost_classifiers(run)
        ]
        if self.run is not None and self.run in runs:
            return self.run
        return runs[-1] if runs else None

    @property
    def taken_names(self) -> set[str]:
        """Names of runs, and of the runs that arms are to be trained as."""
        arms = (arm for experiment in self.experiments for arm in experiment.arms)
        return {run.name for run in self.runs} | {arm.run for arm in arms}

    # Experiments.

    @property
    def experiment(self) -> ExperimentState | None:
        """The experiment that was begun or carried on last; None without any."""
        return self.experiments[-1] if self.experiments else None

    def experiment_named(self, experiment_id: str | None = None) -> ExperimentState:
        """The experiment of this id, or the newest.

        Raises:
            InvalidInput: there is none.
        """
        for experiment in reversed(self.experiments):
            if experiment_id in (None, experiment.id):
                return experiment
        names = ", ".join(experiment.id for experiment in self.experiments)
        raise InvalidInput(
            "No such experiment" if names else "No experiment yet",
            f"there is no experiment {printable(experiment_id or '', 40)!r}"
            if experiment_id
            else "no arms were trained in this session",
            f"experiments: {names}"
            if names
            else "start one with: comprehend-tuner oversample --labels LABEL",
        )

    def arm_of(self, run: RunState) -> tuple[ExperimentState, ArmState] | None:
        """The arm that a run was trained as, of the newest such experiment; None without one."""
        for experiment in reversed(self.experiments):
            for arm in experiment.arms:
                if arm.run == run.name:
                    return experiment, arm
        return None

    # Endpoints.

    @property
    def live_endpoints(self) -> tuple[EndpointState, ...]:
        """The endpoints that were not found gone, oldest first."""
        return tuple(endpoint for endpoint in self.endpoints if not endpoint.deleted_at)

    def live_endpoint_of(self, run: str, classifier: str) -> EndpointState | None:
        """The live endpoint of a classifier; there is one at most."""
        live = self.live_endpoints
        return next((e for e in live if (e.run, e.classifier) == (run, classifier)), None)

    def live_endpoint_named(self, name: str | None = None) -> EndpointState:
        """The live endpoint called `name`, or the newest.

        Raises:
            InvalidInput: there is none.
        """
        for endpoint in reversed(self.live_endpoints):
            if name in (None, endpoint.name):
                return endpoint
        names = ", ".join(endpoint.name for endpoint in self.live_endpoints)
        raise InvalidInput(
            "No such endpoint" if name else "No endpoint",
            f"{printable(name, 60)!r} is not alive"
            if name
            else "no endpoint of this session exists",
            f"alive: {names}" if names else "start one with: comprehend-tuner endpoint start",
        )

    def endpoint_named(self, name: str) -> EndpointState:
        """The endpoint called `name`, also when it is gone.

        Raises:
            InvalidInput: there never was one.
        """
        for endpoint in self.endpoints:
            if endpoint.name == name:
                return endpoint
        raise InvalidInput(
            "No such endpoint", f"{printable(name, 60)!r} is not of this session", ""
        )

    # What the session has created.

    def ledger_entries(
        self, kind: ResourceKind | None = None, state: EntryState | None = None
    ) -> list[LedgerEntry]:
        """The entries of the ledger of one kind and in one state; None for any."""
        return [
            entry
            for entry in self.ledger
            if kind in (None, entry.kind) and state in (None, entry.state)
        ]

    def in_ledger(self, name: str) -> bool:
        """Whether something is intended or created, and not found deleted."""
        return any(entry.name == name and entry.state != "deleted" for entry in self.ledger)

    def is_deleted(self, name: str) -> bool:
        """Whether something was created and found deleted."""
        return any(entry.name == name and entry.state == "deleted" for entry in self.ledger)

    def enter(self, entry: LedgerEntry) -> None:
        """Put an entry into the ledger, in place of those of the same name."""
        self.ledger = [*(other for other in self.ledger if other.name != entry.name), entry]

    def strike(self, kind: ResourceKind, name: str) -> None:
        """Take what surely does not exist, or has another name now, out of the ledger."""
        self.ledger = [entry for entry in self.ledger if (entry.kind, entry.name) != (kind, name)]

    def mark_in_ledger(
        self, state: EntryState, entries: Collection[tuple[ResourceKind, str]]
    ) -> None:
        """Note how far the entries of these kinds and names have come."""
        self.ledger = [
            msgspec.structs.replace(entry, state=state)
            if (entry.kind, entry.name) in entries
            else entry
            for entry in self.ledger
        ]

    def object_base(self, bucket: str, *names: str) -> str:
        """Where the objects of the session go; no other one writes there.

        Args:
            names: a run, and a classifier of it, whose own folder is meant.
        """
        return "/".join((f"s3://{bucket}/comprehend-tuner/{self.name}-{self.uid}", *names))

    @property
    def own_tag(self) -> dict[str, str]:
        """The tag by which clean-up knows what the session created."""
        return {"comprehend-tuner:session": f"{self.name}-{self.uid}"}

    def tags_of(self, run_name: str) -> dict[str, str]:
        """Tags of everything that the session creates for a run."""
        return {**self.own_tag, "comprehend-tuner:run": run_name}
