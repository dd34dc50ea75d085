"""What ``session.json`` holds, as typed structs.

Paths are relative to the session's folder, so the folder can be moved. Times are ISO 8601 in UTC.
Every artefact names the fingerprint of what it was made from; `core.workflow.steps` derives from
these whether a step is done or stale.
"""

from typing import Any, Literal

import msgspec

from core.comprehend.engine import EngineSettings, TwinOptions
from core.comprehend.jobs import JobStatus
from core.comprehend.ledger import LedgerEntry
from core.comprehend.pricing import DEFAULT_PRICES, Estimate, PriceList
from core.dataset.arms import ArmsRequest, PlannedArm
from core.dataset.documents import Mode
from core.dataset.formats.sources import ImportReport, SourceSettings
from core.dataset.health.findings import Finding
from core.dataset.label_groups import Group
from core.dataset.resampling import Recipe

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
    made_at: str


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
    groups: tuple[Group, ...] = ()
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


class ClassifierState(msgspec.Struct, kw_only=True):
    """One trained classifier of a run with the jobs that used it."""

    id: str
    """``c1``, ``c2`` …"""
    labels: tuple[str, ...]
    name: str
    version: str
    training: JobState
    scoring: dict[str, JobState] = {}


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

    @property
    def run(self) -> RunState | None:
        """The run that the session is about: the adopted arm, or the newest run that is no arm."""
        own = [run for run in self.runs if not run.experiment]
        adopted = [run for run in self.runs if run.name == self.adopted]
        runs = adopted or own
        return runs[-1] if runs else None
